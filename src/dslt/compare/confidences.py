"""Confidence files of cells, in the form in which claims are judged and tables are made."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from dslt.compare.ratios import SeedMeans
from dslt.compare.stacks import CellScores, ScoreTables
from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.score.confidence_file import CellConfidence, ConfidenceRun, LeftOut, load_confidence_file
from dslt.score.metrics import CONFIDENCE

# Benchmark -> cell -> its seeds, ascending.
ConfidenceRuns = dict[str, dict[str, list[ConfidenceRun]]]


def load_confidences(paths: Iterable[Path]) -> ConfidenceRuns:
    """Read confidence files.

    Returns:
        The runs by benchmark and cell, cells in the order in which the files are given.

    Raises:
        DsltError: A file is malformed, a run occurs twice, or runs on a benchmark were scored on
            other sequences or by other conventions than others.
    """
    found: ConfidenceRuns = {}
    for path in paths:
        record = load_confidence_file(path)
        for run in record.runs:
            cells = found.setdefault(run.benchmark, {})
            _check(path, record, run, cells)
            cells.setdefault(record.cell, []).append(run)
    for cells in found.values():
        for runs in cells.values():
            runs.sort(key=lambda run: run.seed)
    return found


def _check(
    path: Path, record: CellConfidence, run: ConfidenceRun, cells: Mapping[str, list[ConfidenceRun]]
) -> None:
    """Refuse a run that cannot stand beside those that were read before it."""
    where = f"{path}: {record.cell} on {run.benchmark}, seed {run.seed}"
    if any(run.seed == other.seed for other in cells.get(record.cell, ())):
        raise DsltError(f"{where}: was given twice")
    for cell, (first, *_) in cells.items():
        if run.sequences != first.sequences:
            odd = set(run.sequences.items()) ^ set(first.sequences.items())
            names = ", ".join(sorted({name for name, _ in odd}))
            raise DsltError(f"{where}: scores other sequences or videos than {cell}: {names}")
        if (run.conventions, run.frames) != (first.conventions, first.frames):
            raise DsltError(f"{where}: was scored by other conventions or frames than {cell}")


def confidence_tables(found: ConfidenceRuns) -> ScoreTables:
    """Stack the seeds of each cell and benchmark: (cell, benchmark) to its table.

    A metric that is undefined with a seed is left out.
    """
    return {
        (cell, benchmark): _table(runs)
        for benchmark, cells in found.items()
        for cell, runs in cells.items()
    }


def _table(runs: Sequence[ConfidenceRun]) -> CellScores:
    """Stack the seeds of one cell on one benchmark."""
    first, names = runs[0], sorted(runs[0].sequences)
    metrics = {name: [run.metrics[name] for run in runs] for name in CONFIDENCE}
    values = {name: _means(each, len(names)) for name, each in metrics.items() if _defined(each)}
    return CellScores(
        names=tuple(names),
        videos=tuple(first.sequences[name] for name in names),
        seeds=tuple(run.seed for run in runs),
        values=values,
        overall={name: means.values for name, means in values.items()},
        conventions=first.conventions.model_dump(mode="json"),
        complete=first.complete,
    )


def _defined(metric: Sequence[LeftOut]) -> bool:
    """Tell whether a metric has a value with each seed."""
    return all(one.value is not None for one in metric)


def _means(metric: Sequence[LeftOut], sequences: int) -> SeedMeans:
    """Put the values of all seeds together; what is undefined without a video is NaN."""
    without = np.stack([known(one.without) for one in metric], axis=1)
    return SeedMeans(known([one.value for one in metric]), without, sequences)


def known(values: Iterable[float | None]) -> Floats:
    """Read values of a confidence file (N,); NaN where there is none."""
    return np.array([np.nan if value is None else value for value in values])
