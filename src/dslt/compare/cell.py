"""One cell: scores with intervals, the difference to the reference cell, the printed numbers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dslt.compare.intervals import Interval, interval_of_mean
from dslt.compare.paper import PrintedNumber
from dslt.compare.stacks import CellScores, ScoreTables, check_pair, difference
from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.score.metrics import METRICS
from dslt.settings.base import Settings, validate


class CellInfo(Settings):
    """What the sheet says about a cell; the backbone and its training decide comparability."""

    label: str
    base: str
    preset: str
    backbone: str
    training_data: str = ""
    trained: bool = False
    shown_in: tuple[str, ...] = ()


class DifferenceValue(Settings):
    """A paired difference with its interval."""

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, interval: Interval) -> DifferenceValue:
        """Keep an interval as a record."""
        return cls(value=interval.value, low=interval.low, high=interval.high)


class Value(DifferenceValue):
    """A metric with its interval, over all sequences and seeds together; and over the seeds.

    Attributes:
        seed_mean: Mean of the metric of each seed, another one where it is no mean over sequences.
        seed_sd: Deviation over the seeds; None with one.
    """

    seed_mean: float | None = None
    seed_sd: float | None = None


class Difference(Settings):
    """This cell minus `cell`, for each metric that is a ratio of sums."""

    cell: str
    metrics: dict[str, DifferenceValue]


class Speed(Settings):
    """Frames per second after the first frame, the median over sequences and seeds."""

    median: float | None = None


class BenchmarkResult(Settings):
    """A cell on one benchmark; `metrics` are those that its protocol defines."""

    protocol: str
    complete: bool = True
    sequences: int
    videos: int
    seeds: tuple[int, ...]
    metrics: dict[str, Value]
    fps: Speed
    difference_to: Difference | None = None
    notes: tuple[str, ...]

    def gap(self, metric: str) -> DifferenceValue | None:
        """The difference to the reference in a metric, if there is one."""
        return self.difference_to.metrics.get(metric) if self.difference_to else None


class PaperValue(Settings):
    """A printed number in our unit (parts of 1 for percent)."""

    source: str
    item: str
    benchmark: str
    metric: str
    value: float


class CellComparison(CellInfo):
    """The content of `results/compare/<cell>.json`."""

    cell: str
    benchmarks: dict[str, BenchmarkResult]
    paper: tuple[PaperValue, ...]


def compare_cell(
    cell: str,
    info: CellInfo,
    tables: ScoreTables,
    reference: str,
    numbers: Sequence[PrintedNumber],
) -> CellComparison:
    """Put a cell's comparison together.

    Args:
        cell: Id of the cell.
        info: What the sheet says about it.
        tables: Scores of the cell and, where it ran, of the reference cell.
        reference: Id of the reference cell; its difference to itself is not stated.
        numbers: The paper's numbers.

    Raises:
        DsltError: There is no score of the cell, or it cannot be paired with the reference.
    """
    own = {benchmark: table for (name, benchmark), table in tables.items() if name == cell}
    if not own:
        raise DsltError(f"no scores of cell {cell!r} among the given score files")
    benchmarks = {}
    for benchmark, table in sorted(own.items()):
        other = tables.get((reference, benchmark)) if reference != cell else None
        gap = None
        if other is not None:
            where = f"{cell} and {reference} on {benchmark}"
            gap = Difference(cell=reference, metrics=differences(table, other, where))
        benchmarks[benchmark] = _benchmark(table, gap)
    return CellComparison(
        cell=cell, benchmarks=benchmarks, paper=_printed(cell, numbers), **info.model_dump()
    )


def _printed(cell: str, numbers: Sequence[PrintedNumber]) -> tuple[PaperValue, ...]:
    """The paper's numbers that the cell stands for."""
    shared = set(PaperValue.model_fields) - {"value"}
    return tuple(
        PaperValue(value=number.fraction, **number.model_dump(include=shared))
        for number in numbers
        if cell in number.cells
    )


def differences(first: CellScores, second: CellScores, where: str) -> dict[str, DifferenceValue]:
    """`first` minus `second`, for each metric that both have and that is a ratio of sums.

    Raises:
        DsltError: They were scored on other sequences or otherwise; the message starts with
            `where`.
    """
    check_pair(first, second, where)
    shared = [metric for metric in first.values if metric in second.values]
    return {m: DifferenceValue.of(difference(first, second, m)) for m in shared}


def intervals_of(table: CellScores) -> dict[str, Interval]:
    """Interval of each metric of a cell that has one."""
    return {
        metric: interval_of_mean(values, table.videos, METRICS[metric].bounds)
        for metric, values in table.values.items()
    }


def _benchmark(table: CellScores, gap: Difference | None) -> BenchmarkResult:
    """A cell on one benchmark."""
    intervals = intervals_of(table)
    notes = [note for interval in intervals.values() for note in interval.notes]
    return BenchmarkResult(
        protocol=str(table.conventions.get("protocol", "")),
        complete=table.complete,
        sequences=len(table.names),
        videos=len(set(table.videos)),
        seeds=table.seeds,
        metrics={m: _value(v, intervals.get(m)) for m, v in table.overall.items()},
        fps=Speed(median=float(np.median(table.fps)) if table.fps else None),
        difference_to=gap,
        notes=tuple(dict.fromkeys(notes)),
    )


def _value(per_seed: Floats, interval: Interval | None) -> Value:
    """A metric as a record, with the deviation over seeds (none from one seed)."""
    mean = float(per_seed.mean())
    found = interval or Interval(mean)
    deviation = float(per_seed.std(ddof=1)) if len(per_seed) > 1 else None
    return Value(
        value=found.value, low=found.low, high=found.high, seed_mean=mean, seed_sd=deviation
    )


def load_comparison(path: Path) -> CellComparison:
    """Read a cell's comparison.

    Raises:
        DsltError: The file is missing or not what `compare_cell` makes.
    """
    return validate(CellComparison, read_json(path), str(path))
