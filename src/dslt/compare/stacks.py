"""All seeds of a cell on a benchmark, stacked for intervals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from dslt.compare.intervals import Interval, interval_of_difference
from dslt.compare.ratios import RatioSums, Resampled
from dslt.compare.runs import check_comparable, group_runs
from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.names import same_name
from dslt.score.metrics import METRICS, SCORES
from dslt.score.scores import Scores, SequenceScore


@dataclass(frozen=True)
class CellScores:
    """The scores of one cell on one benchmark, all seeds.

    Attributes:
        names: (N,) sequences, in alphabetical order.
        videos: (N,) source videos.
        seeds: (S,) seeds, ascending.
        values: Metric to what it is without each video and seed, for metrics that have intervals.
        overall: Metric to its value with each seed, (S,), of score files.
        fps: Speeds of all sequences and seeds that have one.
        conventions: Everything that must be equal between tables that are compared.
        complete: False where sequences of the benchmark are missing.
        censored: Metric to the number of values that are only a lower bound.
    """

    names: tuple[str, ...]
    videos: tuple[str, ...]
    seeds: tuple[int, ...]
    values: Mapping[str, Resampled]
    overall: Mapping[str, Floats] = field(default_factory=dict)
    fps: tuple[float, ...] = ()
    conventions: Mapping[str, object] = field(default_factory=dict)
    complete: bool = True
    censored: Mapping[str, int] = field(default_factory=dict)

    @property
    def cases(self) -> int:
        """Number of sequences times seeds."""
        return len(self.names) * len(self.seeds)


ScoreTables = dict[tuple[str, str], CellScores]


def load_tables(paths: Iterable[Path]) -> ScoreTables:
    """Read score files and stack the seeds of each cell and benchmark.

    Returns:
        (cell, benchmark) to its table.

    Raises:
        DsltError: A file is malformed, a seed occurs twice, or the seeds of a cell disagree about
            the sequences or the conventions.
    """
    return {
        (cell, benchmark): stack(sorted(runs, key=lambda run: run[1].seed))
        for benchmark, cells in group_runs(paths).items()
        for cell, runs in cells.items()
    }


def stack(runs: Sequence[tuple[object, Scores]]) -> CellScores:
    """Stack the seeds of one cell and benchmark, in ascending order.

    Args:
        runs: What names each run in errors, and its scores.

    Raises:
        DsltError: The seeds disagree about the sequences or the conventions.
    """
    check_comparable(runs)
    first = runs[0][1]
    names = sorted(first.sequences)
    sequences = [[run.sequences[name] for _, run in runs] for name in names]
    scores = [run.overall.defined() for _, run in runs]
    overall = {
        metric: np.array([one[metric] for one in scores])
        for metric in SCORES
        if all(metric in one for one in scores)
    }
    return CellScores(
        names=tuple(names),
        videos=tuple(first.sequences[name].video for name in names),
        seeds=tuple(run.seed for _, run in runs),
        values=_sums(sequences, overall),
        overall=overall,
        fps=tuple(one.fps for row in sequences for one in row if one.fps is not None),
        conventions=first.conventions,
        complete=first.complete,
    )


def _sums(
    sequences: Sequence[Sequence[SequenceScore]], metrics: Iterable[str]
) -> dict[str, RatioSums]:
    """Collect what each sequence (row) and seed (column) adds to each metric that is a ratio."""
    found = {}
    for metric in metrics:
        parts = [[one.sums(metric) for one in row] for row in sequences]
        known = [[part for part in row if part is not None] for row in parts]
        if all(len(some) == len(row) for some, row in zip(known, parts, strict=True)):
            table = np.array(known, dtype=np.float64)  # (N, S, 2, K)
            found[metric] = RatioSums(table[:, :, 0], table[:, :, 1])
    return found


def pool(tables: ScoreTables, wanted: Iterable[str]) -> ScoreTables:
    """Put benchmarks together that the paper averages over as one.

    Args:
        tables: (cell, benchmark) to its table.
        wanted: Names such as `OTB-2015+UAV-123`, as the paper writes them.

    Returns:
        (cell, `OTB-2015+UAV123`) to the table of all sequences, for each cell that has all parts
        with the same seeds.
    """
    found: ScoreTables = {}
    for name in wanted:
        for cell in dict.fromkeys(cell for cell, _ in tables):
            parts = {
                benchmark: table
                for part in name.split("+")
                for (own, benchmark), table in tables.items()
                if own == cell and same_name(part, benchmark)
            }
            seeds = {table.seeds for table in parts.values()}
            if len(parts) == len(name.split("+")) and len(seeds) == 1:
                found[cell, "+".join(parts)] = _together(parts)
    return found


def _together(parts: Mapping[str, CellScores]) -> CellScores:
    """Put the tables of several benchmarks together."""
    tables = list(parts.values())
    sums = {
        metric: [v for table in tables if isinstance(v := table.values.get(metric), RatioSums)]
        for metric in tables[0].values
    }
    values = {m: RatioSums.together(some) for m, some in sums.items() if len(some) == len(tables)}
    protocols = [str(table.conventions.get("protocol", "")) for table in tables]
    return CellScores(
        names=tuple(f"{name}/{one}" for name, table in parts.items() for one in table.names),
        videos=tuple(f"{name}/{one}" for name, table in parts.items() for one in table.videos),
        seeds=tables[0].seeds,
        values=values,
        overall={metric: sums.per_seed() for metric, sums in values.items()},
        fps=tuple(speed for table in tables for speed in table.fps),
        conventions={"protocol": "+".join(protocols), "parts": [t.conventions for t in tables]},
        complete=all(table.complete for table in tables),
    )


def check_pair(first: CellScores, second: CellScores, where: str) -> None:
    """Refuse to compare tables of different sequences or conventions.

    Raises:
        DsltError: They differ; the message says in what.
    """
    if first.names != second.names or first.videos != second.videos:
        odd = sorted(set(first.names) ^ set(second.names)) or ["their source videos"]
        raise DsltError(f"{where}: cannot be paired, the sequences differ: {', '.join(odd[:8])}")
    if first.conventions != second.conventions:
        raise DsltError(f"{where}: cannot be compared, the scoring conventions differ")


def difference(first: CellScores, second: CellScores, metric: str) -> Interval:
    """Paired interval of `first` minus `second`; both as `check_pair` wants them."""
    return interval_of_difference(
        first.values[metric],
        second.values[metric],
        first.videos,
        METRICS[metric].bounds,
        paired_seeds=first.seeds == second.seeds,
    )
