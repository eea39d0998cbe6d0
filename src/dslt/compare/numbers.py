"""The paper's printed numbers with ours beside them, and their verdicts.

A number is compared only where preset, backbone, training data, benchmark and protocol are the
same, by the spread over seeds: the paper used the same sequences, so what another choice of videos
would change is no part of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from dslt.compare.cell import BenchmarkResult, CellComparison, Value
from dslt.compare.intervals import interval_half_over_seeds
from dslt.compare.paper import PrintedNumber
from dslt.compare.scorecard_row import ScorecardRow, join, shown
from dslt.compare.verdicts import INCONCLUSIVE, NOT_COMPARABLE, SUPPORTED, judge_number
from dslt.core.names import same_name
from dslt.score.metrics import METRICS

NO_CELL = "no cell of any sheet"
OTHER_MACHINE = "hardware, and perhaps what is timed"


def number_rows(
    numbers: Iterable[PrintedNumber],
    tolerances: Mapping[str, float],
    comparisons: Mapping[str, CellComparison],
) -> list[ScorecardRow]:
    """Judge the numbers of the paper's own methods: a row for each cell and benchmark of ours.

    Args:
        numbers: The paper's numbers; those of a table's row follow each other.
        tolerances: Metric to how far ours may lie from a printed number, in the unit of print;
            what is in no list of them is never comparable.
        comparisons: Cell id to its comparison.
    """
    own = [number for number in numbers if number.reproduce]
    return [
        row
        for _, group in groupby(own, key=_printed_row)
        for row in _rows_of_row(list(group), tolerances, comparisons)
    ]


def _printed_row(number: PrintedNumber) -> tuple[str, ...]:
    """What the numbers of one row of a table have in common."""
    return number.source, number.item, number.tracker, number.benchmark, *number.cells


def _rows_of_row(
    numbers: Sequence[PrintedNumber],
    tolerances: Mapping[str, float],
    comparisons: Mapping[str, CellComparison],
) -> list[ScorecardRow]:
    """Rows of the numbers that stand in one row of a table: they are supported only together."""
    rows = [row for one in numbers for row in _rows_of_number(one, tolerances, comparisons)]
    return [_with_its_row(row, rows) for row in rows]


def _with_its_row(row: ScorecardRow, rows: Iterable[ScorecardRow]) -> ScorecardRow:
    """Take a verdict back where another number of the same tracker is not supported."""
    others = [
        other.metric
        for other in rows
        if (other.cell, other.our_benchmark) == (row.cell, row.our_benchmark)
        and other.verdict != SUPPORTED
    ]
    if row.verdict != SUPPORTED or not others:
        return row
    reason = f"within the tolerance, but not with {', '.join(others)} of the same row"
    return replace(row, verdict=INCONCLUSIVE, note=join(reason, row.note))


def _rows_of_number(
    number: PrintedNumber,
    tolerances: Mapping[str, float],
    comparisons: Mapping[str, CellComparison],
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
        (cell, benchmark, result, value)
        for cell in (comparisons[name] for name in number.cells if name in comparisons)
        for benchmark, result in cell.benchmarks.items()
        if (value := _value(result, number.metric)) is not None
    ]
    if not ours:
        yield replace(blank, note=join("" if number.cells else NO_CELL, number.note))
    for cell, benchmark, result, value in ours:
        row = replace(blank, cell=cell.cell, our_benchmark=benchmark)
        differs = conditions(number, cell, benchmark, result.protocol)
        if not result.complete:
            differs.append(f"sequences (ours {result.sequences}, paper all)")
        yield _compared(row, number, differs, result, value, tolerances)


def _value(result: BenchmarkResult, metric: str) -> Value | None:
    """Ours in a metric; of the speed the median."""
    if metric != "fps":
        return result.metrics.get(metric)
    return None if result.fps.median is None else Value(value=result.fps.median)


def _compared(
    row: ScorecardRow,
    number: PrintedNumber,
    differs: list[str],
    result: BenchmarkResult,
    value: Value,
    tolerances: Mapping[str, float],
) -> ScorecardRow:
    """Ours beside a printed number; `differs` says what makes them not comparable."""
    factor, decimals = METRICS[number.metric].factor, METRICS[number.metric].decimals
    seeds = len(result.seeds)
    half = interval_half_over_seeds(value.seed_sd, seeds)
    mean = value.value if value.seed_mean is None else value.seed_mean
    gap = factor * mean - number.value
    tolerance = tolerances.get(number.metric)
    if number.metric == "fps":
        differs = [*differs, OTHER_MACHINE]
    if differs:
        verdict, reason = NOT_COMPARABLE, "differs in " + "; ".join(differs)
    elif tolerance is None:
        verdict, reason = NOT_COMPARABLE, f"no tolerance is stated for {number.metric}"
    else:
        scaled = None if half is None else factor * half
        verdict, reason = judge_number(gap, scaled, tolerance, seeds)
        reason = join(f"ours minus printed {gap:+.{decimals}f}, tolerance {tolerance:g}", reason)
    least, most = METRICS[number.metric].bounds
    low, high = (None, None) if half is None else (max(mean - half, least), min(mean + half, most))
    return replace(
        row,
        sequences=str(result.sequences),
        videos=str(result.videos),
        seeds=str(seeds),
        verdict=verdict,
        note=join(reason, number.note),
        **shown(mean, low, high, number.metric),
    )


def conditions(
    number: PrintedNumber, cell: CellComparison, benchmark: str, protocol: str
) -> list[str]:
    """List what differs between a printed number and ours; empty means comparable.

    What the paper or our sheet does not say counts as different.
    """
    pairs = {
        "preset": (cell.preset, number.preset),
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
