"""The work of a study that takes hours: trainings, runs of trackers, recorded first frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.definitions import Benchmark
from dslt.study.cost.amounts import Amount
from dslt.study.cost.jobs import Job
from dslt.study.study import Study

# Frames of a sequence of which nothing is known, a guess: clips and made-up videos have some 70.
SEQUENCE = 100
INDEX = "results/data/{}.parquet"
_TRAINED = re.compile(r"results/train/([^/]+)/seed(\d+)/model\.pt")
_RECORDED = re.compile(r"results/train/([^/]+)/([^/]+)/seed\d+\.csv")
_TRACKED = re.compile(r"results/track/([^/]+)/([^/]+)/seed(\d+)/([^/]+)\.txt")

Run = tuple[str, str, int]


@dataclass(frozen=True)
class Work:
    """What is computed at length.

    Attributes:
        trainings: Cell and seed of each offline training.
        runs: Cell, benchmark and seed -> the sequences that are tracked.
        records: Cell and benchmark of each recorded first-frame training, all sequences.
    """

    trainings: tuple[tuple[str, int], ...] = ()
    runs: Mapping[Run, tuple[str, ...]] = field(default_factory=dict)
    records: tuple[tuple[str, str], ...] = ()


def whole_work(study: Study) -> Work:
    """All of a study, whatever of it is done."""
    trainings = {
        (study.trained_as[cell], seed): None
        for cell in study.cells_run
        if cell in study.offline
        for seed in study.cells[cell].seeds
    }
    runs = {
        (cell, benchmark, seed): study.sequences[benchmark]
        for benchmark, cells in study.runs.items()
        for cell in cells
        if not study.is_external(cell)
        for seed in study.cells[cell].seeds
    }
    records = tuple((cell, name) for name, cells in study.converged.items() for cell in cells)
    order = {cell: number for number, cell in enumerate(study.cells)}
    ordered = dict(sorted(runs.items(), key=lambda run: order[run[0][0]]))
    return Work(tuple(trainings), ordered, records)


def planned_work(jobs: Iterable[Job]) -> Work:
    """The part of it that jobs make."""
    trainings: list[tuple[str, int]] = []
    records: list[tuple[str, str]] = []
    runs: dict[Run, tuple[str, ...]] = {}
    for path in (path for job in jobs for path in job.outputs):
        if found := _TRAINED.fullmatch(path):
            trainings.append((found[1], int(found[2])))
        elif found := _RECORDED.fullmatch(path):
            records.append((found[1], found[2]))
        elif found := _TRACKED.fullmatch(path):
            run = (found[1], found[2], int(found[3]))
            runs[run] = (*runs.get(run, ()), found[4])
    return Work(tuple(trainings), runs, tuple(records))


class Frames:
    """How many frames sequences have: by the benchmark's totals, its index, or a guess.

    Attributes:
        lengths: Benchmark -> frames of each of its sequences, of the indexes that were read.
    """

    def __init__(self, study: Study) -> None:
        self._study = study
        self.lengths: dict[str, dict[str, int]] = {}

    def of(self, benchmark: str, names: tuple[str, ...]) -> Amount:
        """Count the frames of some sequences of a benchmark."""
        definition = self._study.benchmarks[benchmark]
        totals = definition.totals if isinstance(definition, AnnotationsBenchmark) else None
        if totals and totals.frames and len(names) == totals.sequences:
            return Amount(totals.frames)
        lengths = self._lengths(benchmark)
        if lengths.keys() >= set(names):
            return Amount(sum(lengths[name] for name in names))
        return Amount(self._mean(definition) * len(names), guess=True)

    def _mean(self, definition: Benchmark) -> float:
        """Guess the length of a sequence: by the benchmark's totals, or those of its family."""
        if not isinstance(definition, AnnotationsBenchmark):
            return SEQUENCE
        alike = [
            known.totals
            for known in self._study.benchmarks.values()
            if isinstance(known, AnnotationsBenchmark) and known.family == definition.family
        ]
        means = [t.frames / t.sequences for t in (definition.totals, *alike) if t and t.frames]
        return means[0] if means else SEQUENCE

    def _lengths(self, benchmark: str) -> dict[str, int]:
        """Frames of each sequence by the index; empty where there is none yet."""
        if benchmark not in self.lengths:
            from dslt.data.benchmarks.index_file import load_index

            path = Path(INDEX.format(benchmark))
            entries = load_index(path).sequences if path.is_file() else ()
            self.lengths[benchmark] = {entry.name: entry.frames for entry in entries}
        return self.lengths[benchmark]
