"""The scorecard: every printed number and claim with ours beside it, and a verdict.

A printed number is compared only where preset, backbone, training data, benchmark and protocol are
the same. A printed claim is judged by the paired 95 % interval of our own data, not corrected for
the number of claims, on each of our benchmarks apart and only where they have enough source videos.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace

from dslt.compare.bootstrap import VIDEOS_FOR_VERDICT, Interval, Resampling
from dslt.compare.cell import BenchmarkResult, CellComparison, DifferenceValue
from dslt.compare.paper import Claim, PrintedNumber, same_name
from dslt.compare.sensitivity import NOTHING_KNOWN, Sensitivity
from dslt.compare.stacks import CellScores, ScoreTables, check_pair, difference
from dslt.compare.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    NOT_RUN,
    SUPPORTED,
    judge,
)
from dslt.core.csvfile import csv_text
from dslt.score.metrics import METRICS, SCORES

PRINTED_PRESET = "paper"
NO_CELL = "no cell of this study"
NOISE = "says only that our interval holds the printed value; the noisier the data, the easier"


@dataclass(frozen=True)
class ScorecardRow:
    """One line; numbers are in the unit of print, empty text where there is none."""

    kind: str
    source: str
    item: str
    benchmark_paper: str
    paper_value: str
    cell: str = ""
    our_benchmark: str = ""
    metric: str = ""
    unit: str = ""
    ours: str = ""
    low: str = ""
    high: str = ""
    sequences: str = ""
    videos: str = ""
    seeds: str = ""
    verdict: str = NOT_RUN
    note: str = ""


def scorecard(
    claims: Sequence[Claim],
    numbers: Sequence[PrintedNumber],
    comparisons: Mapping[str, CellComparison],
    tables: ScoreTables,
    trainings: ScoreTables,
    plan: Resampling,
    sensitivity: Sensitivity = NOTHING_KNOWN,
) -> list[ScorecardRow]:
    """Judge every claim and every printed number of the paper's own methods.

    Args:
        claims: The paper's claims, in the order in which they are listed.
        numbers: The paper's numbers.
        comparisons: Cell id to its comparison.
        tables: (cell, benchmark) to its scores.
        trainings: (cell, benchmark) to its iterations until convergence, or its score on held-out
            videos.
        plan: How to resample.
        sensitivity: What is known of verdicts that depend on constants of tracking.

    Raises:
        DsltError: Two cells of a claim were scored on different sequences of one benchmark.
    """
    rows: list[ScorecardRow] = []
    for claim in claims:
        measured = tables if claim.metric in SCORES else trainings
        rows.extend(_claim_rows(claim, comparisons, measured, plan, sensitivity))
    for number in numbers:
        if number.reproduce:
            rows.extend(_number_rows(number, comparisons))
    return rows


def to_csv(rows: Sequence[ScorecardRow]) -> str:
    """Text of the scorecard, one header line."""
    names = [field.name for field in fields(ScorecardRow)]
    return csv_text(names, map(astuple, rows))


# ---------------------------------------------------------------------- claims


def _claim_rows(
    claim: Claim,
    comparisons: Mapping[str, CellComparison],
    tables: ScoreTables,
    plan: Resampling,
    sensitivity: Sensitivity,
) -> Iterator[ScorecardRow]:
    """One row per benchmark on which both cells of a claim were measured."""
    preset = f" [preset {claim.preset}]" if claim.preset else ""
    printed = "" if claim.printed_difference is None else f"{claim.printed_difference:+g}"
    blank = ScorecardRow(
        kind="claim",
        source=claim.source,
        item=claim.text + preset,
        benchmark_paper=claim.benchmark,
        paper_value=printed,
        cell=f"{claim.better_cell} - {claim.worse_cell}" if claim.better_cell else "",
        metric=claim.metric,
        unit=METRICS[claim.metric].unit.replace("%", "percentage points"),
    )
    shared = [
        (benchmark, first, second)
        for (cell, benchmark), first in sorted(tables.items())
        if cell == claim.better_cell
        and (second := tables.get((claim.worse_cell, benchmark)))
        and claim.metric in first.values
        and claim.metric in second.values
    ]
    if not shared:
        both = claim.better_cell and claim.worse_cell
        reason = "the two cells have no benchmark in common that was run" if both else NO_CELL
        yield replace(blank, note=_join(claim.note, reason))
    for benchmark, first, second in shared:
        check_pair(first, second, f"{claim.better_cell} and {claim.worse_cell} on {benchmark}")
        row = replace(blank, our_benchmark=benchmark)
        judged = _judged(row, claim, first, second, comparisons, plan)
        yield _unless_it_depends(judged, claim, sensitivity)


def _judged(
    row: ScorecardRow,
    claim: Claim,
    first: CellScores,
    second: CellScores,
    comparisons: Mapping[str, CellComparison],
    plan: Resampling,
) -> ScorecardRow:
    """A claim's row on one benchmark."""
    interval = difference(first, second, claim.metric, plan)
    videos = len(set(first.videos))
    others = _other_presets(claim, comparisons)
    verdict, reason = (NOT_COMPARABLE, others) if others else judge(interval, videos, claim.metric)
    censored = [
        f"{int(count)} of {table.values[claim.metric].cases} trainings of {cell} never converged"
        " and count as the cap"
        for cell, table in ((claim.better_cell, first), (claim.worse_cell, second))
        if (count := table.censored.get(claim.metric, 0))
    ]
    less = "negative supports the claim" if METRICS[claim.metric].less_is_better else ""
    backbone = comparisons[claim.better_cell].backbone if claim.better_cell in comparisons else ""
    ours_on = f"ours with {backbone}" if backbone else ""
    seeds = {len(first.seeds), len(second.seeds)}
    return replace(
        row,
        sequences=str(len(first.names)),
        videos=str(videos),
        seeds=" / ".join(str(count) for count in sorted(seeds)),
        verdict=verdict,
        note=_join(reason, *interval.notes, less, *censored, ours_on, claim.note),
        **_shown(interval, claim.metric),
    )


def _unless_it_depends(row: ScorecardRow, claim: Claim, sensitivity: Sensitivity) -> ScorecardRow:
    """Take a verdict back that another constant of tracking would have changed."""
    if row.verdict == NOT_COMPARABLE or claim.metric not in SCORES:
        return row
    pair = (claim.better_cell, claim.worse_cell)
    other, note = sensitivity.look(*pair, row.our_benchmark, claim.metric, row.verdict)
    return replace(row, verdict=INCONCLUSIVE if other else row.verdict, note=_join(note, row.note))


def _other_presets(claim: Claim, comparisons: Mapping[str, CellComparison]) -> str:
    """Name the cells of a claim that have another preset than the claim is about."""
    return "; ".join(
        f"preset of {cell} is {comparisons[cell].preset or 'not stated'}, not {claim.preset}"
        for cell in (claim.better_cell, claim.worse_cell)
        if claim.preset and cell in comparisons and comparisons[cell].preset != claim.preset
    )


# ---------------------------------------------------------------------- numbers


def _number_rows(
    number: PrintedNumber, comparisons: Mapping[str, CellComparison]
) -> Iterator[ScorecardRow]:
    """One row per cell and benchmark that stand for a printed number."""
    blank = ScorecardRow(
        kind="number",
        source=number.source,
        item=", ".join(dict.fromkeys([number.item, number.tracker])),
        benchmark_paper=number.benchmark,
        paper_value=f"{number.value:g}" if number.value % 1 else f"{number.value:.1f}",
        metric=number.metric,
        unit=METRICS[number.metric].unit,
    )
    ours = [
        (cell, benchmark, result)
        for cell in (comparisons[name] for name in number.cells if name in comparisons)
        for benchmark, result in cell.benchmarks.items()
        if number.metric in result.metrics
    ]
    if not ours:
        yield replace(blank, note=_join("" if number.cells else NO_CELL, number.note))
    for cell, benchmark, result in ours:
        row = replace(blank, cell=cell.cell, our_benchmark=benchmark)
        yield _compared(row, number, conditions(number, cell, benchmark, result.protocol), result)


def _compared(
    row: ScorecardRow, number: PrintedNumber, differs: list[str], result: BenchmarkResult
) -> ScorecardRow:
    """Ours beside a printed number; `differs` says what makes them not comparable."""
    value = result.metrics[number.metric]
    if not result.complete:
        differs = [*differs, f"sequences (ours {result.sequences}, paper all)"]
    if differs:
        verdict = NOT_COMPARABLE
    elif value.low is None or value.high is None or result.videos < VIDEOS_FOR_VERDICT:
        verdict = INCONCLUSIVE
    else:
        verdict = SUPPORTED if value.low <= number.fraction <= value.high else CONTRADICTED
    reason = "differs in " + "; ".join(differs) if differs else ""
    noise = NOISE if verdict == SUPPORTED else ""
    return replace(
        row,
        sequences=str(result.sequences),
        videos=str(result.videos),
        seeds=str(len(result.seeds)),
        verdict=verdict,
        note=_join(reason, noise, *result.notes, number.note),
        **_shown(value, number.metric),
    )


def conditions(
    number: PrintedNumber, cell: CellComparison, benchmark: str, protocol: str
) -> list[str]:
    """List what differs between a printed number and ours; empty means comparable.

    What the paper or our sheet does not say counts as different.
    """
    pairs = {
        "preset": (cell.preset, PRINTED_PRESET),
        "backbone": (cell.backbone, number.backbone),
        "training data": (cell.training_data, number.training_data),
        "benchmark": (benchmark, number.benchmark),
        "protocol": (protocol, number.protocol),
    }
    return [
        f"{what} ({ours or 'not stated'}, paper {paper or 'not stated'})"
        for what, (ours, paper) in pairs.items()
        if not same_name(ours, paper)
    ]


def _shown(value: Interval | DifferenceValue, metric: str) -> dict[str, str]:
    """Ours in the unit of print: two decimals of percent, failures and counts, else four."""
    decimals = 2 if METRICS[metric].unit else 4
    ends = {"ours": value.value, "low": value.low, "high": value.high}
    shown = {
        name: round(end * METRICS[metric].factor, decimals)
        for name, end in ends.items()
        if end is not None
    }
    return {name: f"{end + 0.0:.{decimals}f}" for name, end in shown.items()}  # + 0.0: no -0


def _join(*notes: str) -> str:
    """Join notes, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
