"""Do verdicts about pairs of cells depend on constants of tracking?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from dslt.compare.paper import read_rows
from dslt.compare.scorecard_row import shown
from dslt.compare.stacks import ScoreTables, check_pair, difference
from dslt.compare.verdicts import INCONCLUSIVE, SAME, Evidence, judge
from dslt.core.names import moved

COMPARED = ("success_auc", "precision_20")
AS_IS = "as it is"
DEPENDS = "the verdict depends on constants of tracking"
NOT_LOOKED_AT = "whether it depends on tracking constants was not looked at (target sensitivity)"
NOT_MOVED = "constants of tracking are not moved for these cells or this metric (sensitivity)"
STALE = (
    "whether it depends on tracking constants was looked at with other settings, data or code"
    " (target sensitivity)"
)


@dataclass(frozen=True)
class Verdict:
    """One pair of cells with one change, on one benchmark, by one metric.

    Attributes:
        better: The cell that a claim calls better.
        worse: The other one.
        benchmark: Where they were compared.
        metric: One of `COMPARED`.
        change: Name of the change of both cells; `AS_IS` for none.
        difference: Of the metric, better minus worse, percentage points.
        low: Lower end of its interval; empty where there is none.
        high: Upper end.
        videos: Number of source videos.
        verdict: What the claim would be judged, if it were the only one; never "no difference".
        key: What all of this was computed with.
    """

    better: str
    worse: str
    benchmark: str
    metric: str
    change: str
    difference: str
    low: str
    high: str
    videos: str
    verdict: str
    key: str

    def judged(self, same_within: float | None) -> str:
        """Give the verdict; differences up to `same_within` percentage points are none."""
        if same_within is None or self.verdict != INCONCLUSIVE or not (self.low and self.high):
            return self.verdict
        farthest = max(abs(float(self.low)), abs(float(self.high)))
        return SAME if farthest <= same_within else INCONCLUSIVE


COLUMNS = tuple(one.name for one in fields(Verdict))


def verdicts(
    pairs: Iterable[tuple[str, str]],
    changes: Iterable[str],
    tables: ScoreTables,
    key: str,
) -> list[Verdict]:
    """Judge each pair as it is and with each change, wherever both cells were scored.

    Args:
        pairs: Cells, the better one by the claim first.
        changes: Names of changes; a cell with one is called `moved(cell, change)`.
        tables: (cell, benchmark) to its scores.
        key: What they were computed with.

    Raises:
        DsltError: Two cells were scored on different sequences of one benchmark.
    """
    benchmarks = dict.fromkeys(benchmark for _, benchmark in tables)
    names = ("", *changes)
    return [
        found
        for pair in pairs
        for benchmark in benchmarks
        for metric in COMPARED
        for change in names
        if (found := _verdict(pair, benchmark, metric, change, tables, key))
    ]


def _verdict(
    pair: tuple[str, str],
    benchmark: str,
    metric: str,
    change: str,
    tables: ScoreTables,
    key: str,
) -> Verdict | None:
    """Judge one pair; None where one of its cells was not scored, or not by this metric."""
    first, second = (tables.get((moved(cell, change), benchmark)) for cell in pair)
    if first is None or second is None:
        return None
    if metric not in first.values or metric not in second.values:
        return None
    check_pair(first, second, f"{' and '.join(pair)} ({change or AS_IS}) on {benchmark}")
    interval = difference(first, second, metric)
    written = shown(interval.value, interval.low, interval.high, metric)
    return Verdict(
        better=pair[0],
        worse=pair[1],
        benchmark=benchmark,
        metric=metric,
        change=change or AS_IS,
        difference=written["ours"],
        low=written.get("low", ""),
        high=written.get("high", ""),
        videos=str(interval.videos),
        verdict=judge(Evidence(interval, metric), interval.chance() or 0.0, claims=1)[0],
        key=key,
    )


def read_verdicts(path: Path) -> list[Verdict]:
    """Read what `dslt compare sensitivity` wrote.

    Raises:
        DsltError: The file is missing or malformed.
    """
    return [Verdict(*(row[name] for name in COLUMNS)) for row in read_rows(path, COLUMNS)]


@dataclass(frozen=True)
class Sensitivity:
    """What is known of the pairs, for those who judge claims about them.

    Attributes:
        pairs: The pairs that the study names.
        stale: Whether what was found belongs to other settings, data or code.
        found: (better, worse, benchmark, metric) to change to what was found.
    """

    pairs: frozenset[tuple[str, str]] = frozenset()
    stale: bool = False
    found: Mapping[tuple[str, str, str, str], Mapping[str, Verdict]] = field(default_factory=dict)

    def look(
        self,
        at: tuple[str, str, str, str],
        difference: str,
        verdict: str,
        same_within: float | None = None,
    ) -> tuple[bool, str]:
        """Say whether constants of tracking change a verdict.

        Args:
            at: Better cell, worse cell, benchmark, metric.
            difference: As it is, percentage points.
            verdict: As it is.
            same_within: Differences up to this, in percentage points, are none.

        Returns:
            Whether it is no verdict any more, and a note: with which change, or why nobody knows
            or looks; empty where nothing is to be said.
        """
        if at[:2] not in self.pairs or at[3] not in COMPARED:
            return False, NOT_MOVED
        others = self.found.get(at)
        if others is None:
            return False, NOT_LOOKED_AT
        if self.stale or AS_IS not in others or others[AS_IS].difference != difference:
            return False, STALE
        if verdict == INCONCLUSIVE:
            return False, ""
        judged = {row.change: row.judged(same_within) for row in others.values()}
        changed = [
            f"{found} with {change}" for change, found in judged.items() if found != judged[AS_IS]
        ]
        note = f"{DEPENDS}: {', '.join(changed)}"
        return bool(changed), note if changed else ""


NOTHING_KNOWN = Sensitivity()


def load_sensitivity(path: Path | None, key: str, pairs: Iterable[tuple[str, str]]) -> Sensitivity:
    """Read the last result, if there is one.

    Args:
        path: The file of the target `sensitivity`, which may not be there.
        key: What it must have been computed with.
        pairs: The pairs that the study names.
    """
    rows = read_verdicts(path) if path is not None and path.is_file() else []
    found: dict[tuple[str, str, str, str], dict[str, Verdict]] = {}
    for row in rows:
        at = (row.better, row.worse, row.benchmark, row.metric)
        found.setdefault(at, {})[row.change] = row
    return Sensitivity(frozenset(pairs), any(row.key != key for row in rows), found)
