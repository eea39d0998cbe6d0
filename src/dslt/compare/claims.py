"""The paper's claims with our cells, and their verdicts.

A claim is judged by its family's metric, on the paper's own benchmark where that was run, else on
each of ours apart: by the p value of the paired difference of two cells, corrected for the
comparisons of its family there with cells of the same preset. The rest is shown.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dslt.compare.cell import CellComparison
from dslt.compare.intervals import holm
from dslt.compare.paper import CellPair, Claim, ClaimMetric
from dslt.compare.scorecard_row import ScorecardRow, join, shown
from dslt.compare.sensitivity import NOTHING_KNOWN, Sensitivity
from dslt.compare.stacks import CellScores, ScoreTables, check_pair, difference
from dslt.compare.verdicts import INCONCLUSIVE, NOT_COMPARABLE, SECONDARY, Evidence, judge
from dslt.core.names import same_name
from dslt.score.metrics import CONFIDENCE, METRICS, SCORES


@dataclass(frozen=True)
class Measured:
    """What a study knows.

    Attributes:
        comparisons: Cell id to its comparison.
        scores: (cell, benchmark) to its scores.
        trainings: (cell, benchmark) to its iterations until convergence, or its score on held-out
            videos.
        confidences: (cell, benchmark) to what its scores are worth.
        sensitivity: What is known of verdicts that depend on constants of tracking.
    """

    comparisons: Mapping[str, CellComparison]
    scores: ScoreTables
    trainings: ScoreTables = field(default_factory=dict)
    confidences: ScoreTables = field(default_factory=dict)
    sensitivity: Sensitivity = NOTHING_KNOWN

    def shared(self, pair: CellPair, metric: str) -> Iterator[tuple[str, CellScores, CellScores]]:
        """Benchmarks on which both cells of a pair were measured, with their tables.

        Raises:
            DsltError: The cells were scored on different sequences.
        """
        others = self.confidences if metric in CONFIDENCE else self.trainings
        tables = self.scores if metric in SCORES else others
        for (cell, benchmark), first in sorted(tables.items()):
            second = tables.get((pair.worse, benchmark))
            if cell != pair.better or second is None:
                continue
            if metric in first.values and metric in second.values:
                check_pair(first, second, f"{pair.better} and {pair.worse} on {benchmark}")
                yield benchmark, first, second

    def other_presets(self, pair: CellPair) -> str:
        """Name the cells of a pair that have another preset than it is about."""
        cells = [(cell, self.comparisons.get(cell)) for cell in (pair.better, pair.worse)]
        return "; ".join(
            f"preset of {cell} is {known.preset or 'not stated'}, not {pair.preset}"
            for cell, known in cells
            if known is not None and pair.preset not in ("", known.preset)
        )

    def evidence(
        self, pair: CellPair, metric: str, first: CellScores, second: CellScores
    ) -> Evidence:
        """What a pair is judged by."""
        cells = [self.comparisons.get(cell) for cell in (pair.better, pair.worse)]
        return Evidence(
            difference(first, second, metric),
            metric,
            trained=any(cell is not None and cell.trained for cell in cells),
            seeds=min(len(first.seeds), len(second.seeds)),
        )


@dataclass(frozen=True, eq=False)
class _Comparison:
    """A claim by a pair of cells on one benchmark in one metric."""

    claim: Claim
    metric: ClaimMetric
    pair: CellPair
    benchmark: str
    first: CellScores
    second: CellScores
    evidence: Evidence
    differs: str
    elsewhere: str

    @property
    def family(self) -> tuple[str, str, str]:
        """What it is corrected with."""
        return self.claim.family.family, self.pair.preset, self.benchmark

    @property
    def unjudged(self) -> str:
        """Why it gets no verdict of its own; empty where it does."""
        if self.metric != self.claim.family.metric:
            return f"the claim is judged by {METRICS[self.claim.family.metric].title}"
        return self.elsewhere and f"the claim is judged on {self.elsewhere}"


_Verdict = tuple[float, str, str]


def claim_rows(claims: Iterable[Claim], measured: Measured) -> list[ScorecardRow]:
    """Judge claims: a row for each pair of cells, metric and benchmark, or one that says `not run`.

    Raises:
        DsltError: Two cells of a claim were scored on different sequences of one benchmark.
    """
    found = {claim.id: list(_comparisons(claim, measured)) for claim in claims}
    verdicts = _verdicts([one for of_claim in found.values() for one in of_claim])
    return [
        row
        for claim in claims
        for row in (
            [_row(one, verdicts.get(one), measured) for one in found[claim.id]]
            or [replace(_blank(claim, claim.metrics[0]), note=join(_not_run(claim), claim.note))]
        )
    ]


def _comparisons(claim: Claim, measured: Measured) -> Iterator[_Comparison]:
    for pair in claim.pairs:
        differs = measured.other_presets(pair)
        for metric in claim.metrics:
            shared = list(measured.shared(pair, metric))
            own = [name for name, *_ in shared if same_name(name, claim.benchmark)]
            for benchmark, first, second in shared:
                elsewhere = own[0] if own and benchmark not in own else ""
                evidence = measured.evidence(pair, metric, first, second)
                tables = (benchmark, first, second, evidence)
                yield _Comparison(claim, metric, pair, *tables, differs, elsewhere)


def _verdicts(comparisons: Sequence[_Comparison]) -> dict[_Comparison, _Verdict]:
    """Corrected p value, verdict and reason of each comparison that gets a verdict of its own."""
    families: dict[tuple[str, str, str], list[_Comparison]] = {}
    for one in comparisons:
        if not one.differs and not one.unjudged:
            families.setdefault(one.family, []).append(one)
    found: dict[_Comparison, _Verdict] = {}
    for members in families.values():
        able = {
            one: chance
            for one in members
            if not one.evidence.refusal() and (chance := one.evidence.interval.chance()) is not None
        }
        corrected = dict(zip(able, holm(list(able.values())), strict=True))
        for one in members:
            p = corrected.get(one, 1.0)
            found[one] = (p, *judge(one.evidence, p, len(able), one.claim.family.same_within))
    return found


def _blank(claim: Claim, metric: ClaimMetric) -> ScorecardRow:
    """What is printed of a claim."""
    printed = claim.printed[metric]
    return ScorecardRow(
        kind="claim",
        source=claim.source,
        item=claim.text,
        claim=claim.id,
        family=claim.family.family,
        benchmark_paper=claim.benchmark,
        paper_value="" if printed is None else f"{printed:+g}",
        metric=metric,
        unit=METRICS[metric].unit.replace("%", "percentage points"),
    )


def _row(one: _Comparison, judged: _Verdict | None, measured: Measured) -> ScorecardRow:
    """A claim's row for one comparison."""
    pair, interval = one.pair, one.evidence.interval
    p, verdict, reason = judged or (None, SECONDARY, one.unjudged)
    if one.differs:
        verdict, reason = NOT_COMPARABLE, one.differs
    row = replace(
        _blank(one.claim, one.metric),
        item=one.claim.text + (f" [preset {pair.preset}]" if pair.preset else ""),
        cell=f"{pair.better} - {pair.worse}",
        our_benchmark=one.benchmark,
        p="" if p is None or one.evidence.refusal() else f"{p:.2g}",
        sequences=str(len(one.first.names)),
        videos=str(interval.videos),
        seeds=" / ".join(map(str, sorted({len(one.first.seeds), len(one.second.seeds)}))),
        verdict=verdict,
        **shown(interval.value, interval.low, interval.high, one.metric),
    )
    row, constants = _unless_it_depends(
        row, pair, one.claim.family.same_within, measured.sensitivity
    )
    known = measured.comparisons.get(pair.better)
    notes = (
        *interval.notes,
        "negative supports the claim" if METRICS[one.metric].less_is_better else "",
        *_censored(one),
        f"ours with {known.backbone}" if known and known.backbone else "",
    )
    return replace(row, note=join(constants, reason, *notes, pair.note, one.claim.note))


def _not_run(claim: Claim) -> str:
    """Say why a claim has no row of ours."""
    pairs = ", ".join(f"{pair.better} - {pair.worse}" for pair in claim.pairs)
    return claim.missing or f"no benchmark on which both cells of a pair were run: {pairs}"


def _censored(one: _Comparison) -> Iterator[str]:
    """Say how many trainings of each cell count as the cap."""
    for cell, table in ((one.pair.better, one.first), (one.pair.worse, one.second)):
        if count := table.censored.get(one.metric, 0):
            yield (
                f"{int(count)} of {table.cases} trainings of {cell} never"
                " converged and count as the cap"
            )


def _unless_it_depends(
    row: ScorecardRow, pair: CellPair, same_within: float | None, sensitivity: Sensitivity
) -> tuple[ScorecardRow, str]:
    """Take a verdict back that another constant of tracking would have changed; say so."""
    if row.verdict in (NOT_COMPARABLE, SECONDARY) or row.metric not in SCORES:
        return row, ""
    at = (pair.better, pair.worse, row.our_benchmark, row.metric)
    other, note = sensitivity.look(at, row.ours, row.verdict, same_within)
    return replace(row, verdict=INCONCLUSIVE if other else row.verdict), note
