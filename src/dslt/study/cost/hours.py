"""Hours: amounts of work over measured speeds, in groups of cells that cost the same.

Decoding of frames where no speed includes it, restarts on VOT, validations and the start of a job
come on top.
"""

import functools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.study import paths
from dslt.study.cost.amounts import Amount, total
from dslt.study.cost.speeds import Speeds
from dslt.study.study import Study

HOUR = 3600.0
# Frames of a sequence of which nothing is known, a guess: clips and made-up videos have some 70.
SEQUENCE = 100
KINDS = ("trainings", "runs", "records")
# What trainings, records and runs leave; a run leaves such a file for each sequence.
_OUTPUT = re.compile(
    r"results/(?:train|track)/(?P<cell>[^/]+)/(?:(?P<benchmark>[^/]+)/)?seed(?P<seed>\d+)"
    r"(?:/model\.pt|\.csv|/(?P<sequence>[^/]+)\.txt)"
)


class LongTask(NamedTuple):
    """One offline training, run of a tracker, or recorded first-frame training.

    Attributes:
        kind: One of `KINDS`.
        cell: Cell that is trained or run.
        benchmark: Benchmark that it runs on; empty for offline trainings.
        seed: Seed of everything random.
    """

    kind: str
    cell: str
    benchmark: str
    seed: int


Tasks = Mapping[LongTask, tuple[str, ...]]
"""The sequences of each task; none for offline trainings."""


class TaskCost(NamedTuple):
    """What a task costs.

    Attributes:
        size: Its pairs, frames or sequences.
        hours: Its hours, tracked as the study says; one by one where lockstep was not measured.
        alone: Its hours, tracked one by one; nothing where nothing is tracked.
        lockstep: The same in lockstep.
    """

    size: Amount
    hours: Amount
    alone: Amount
    lockstep: Amount


_FREE = TaskCost(*[Amount()] * 4)


@dataclass(frozen=True)
class TaskGroup:
    """Tasks of one kind that are alike.

    Attributes:
        names: Preset and network, or network and benchmark.
        left: Number of tasks that have anything left to do.
        of: Number of tasks of the whole study.
        size: Pairs, frames or sequences of one task, on average.
        one: Hours of one task, on average.
        size_left: Sum of pairs, frames or sequences that are left.
        hours_left: Sum of hours that are left, as in `TaskCost`.
        alone_left: The same one by one.
        lockstep_left: The same in lockstep.
        hours: Sum of hours of the whole study.
    """

    names: tuple[str, str]
    left: int
    of: int
    size: Amount
    one: Amount
    size_left: Amount
    hours_left: Amount
    alone_left: Amount
    lockstep_left: Amount
    hours: Amount


def whole_tasks(study: Study) -> Tasks:
    """List the tasks of a study, whatever of them is done."""
    weights = [
        path
        for cell in study.cells_run
        for seed in study.cells[cell].seeds
        for path in study.weights(cell, seed)
    ]
    return tasks_of([*weights, *study.tracked(), *study.records(study.converged).values()], study)


def tasks_of(paths: Iterable[str], study: Study) -> Tasks:
    """List the tasks that make some files, in the order of the study's cells."""
    tasks: dict[LongTask, tuple[str, ...]] = {}
    for found in filter(None, map(_OUTPUT.fullmatch, paths)):
        cell, benchmark, seed, sequence = found.group("cell", "benchmark", "seed", "sequence")
        kind = "runs" if sequence else "records" if benchmark else "trainings"
        task = LongTask(kind, cell, benchmark or "", int(seed))
        one = (sequence,) if sequence else study.sequences[benchmark] if benchmark else ()
        tasks[task] = (*tasks.get(task, ()), *one)
    order = list(study.cells)
    return dict(sorted(tasks.items(), key=lambda item: order.index(item[0].cell)))


@dataclass(frozen=True)
class Hours:
    """The hours of a study's tasks on a device.

    Attributes:
        study: The study.
        speeds: Speeds of the device.
    """

    study: Study
    speeds: Speeds

    def groups(self, left: Tasks, whole: Tasks) -> dict[str, list[TaskGroup]]:
        """Map each kind to its groups of tasks, in the study's order."""
        costs: dict[tuple[str, tuple[str, str]], tuple[list[TaskCost], list[TaskCost]]] = {}
        for place, tasks in enumerate((whole, left)):
            for task, sequences in tasks.items():
                cell = self.study.cells[task.cell]
                network = cell.settings.speed_name
                names = (network, task.benchmark) if task.benchmark else (cell.base, network)
                group = costs.setdefault((task.kind, names), ([], []))
                group[place].append(self._cost(task, sequences))
        return {
            kind: [_group(names, *pair) for (of, names), pair in costs.items() if of == kind]
            for kind in KINDS
        }

    def _cost(self, task: LongTask, sequences: tuple[str, ...]) -> TaskCost:
        """Give what a task costs."""
        cell = self.study.cells[task.cell]
        first = self.speeds.seconds("first", cell)
        alone = lockstep = Amount()
        if cell.offline and task.kind == "trainings":
            training = cell.offline
            size = Amount(training.pairs.per_epoch * training.schedule.epochs)
            seconds = self.speeds.pair(cell, self.study.settings.training.workers) * size
        elif task.kind == "runs":
            size = count_frames(self.study, task.benchmark, sequences)
            alone = self.speeds.seconds("frames", cell) * size + first * len(sequences)
            lockstep = self.speeds.seconds("lockstep", cell) * size
            if not lockstep.unknown:  # first frames alone would look like the whole
                lockstep += self.speeds.seconds("lockstep_first", cell) * len(sequences)
            known = self.speeds.together(cell) and not lockstep.unknown
            seconds = lockstep if known else alone
        else:
            learnt = cell.settings.learnt
            assert learnt
            assert learnt.first_frame_iterations  # nothing else is recorded
            unknown = f"seconds of the first frame of {cell.settings.speed_name}"
            first = first or Amount(unknown=(unknown,))
            cap = self.study.settings.convergence.iterations / learnt.first_frame_iterations
            size = Amount(len(sequences))
            seconds = first * Amount(cap, guess=True) * size
        return TaskCost(size, *(amount * (1 / HOUR) for amount in (seconds, alone, lockstep)))


def count_frames(study: Study, benchmark: str, names: Sequence[str]) -> Amount:
    """Count the frames of some sequences: by the benchmark's totals, its index, or a guess."""
    definition = study.benchmarks[benchmark]
    family = getattr(definition, "family", None)
    alike = [
        known.totals
        for known in (definition, *study.benchmarks.values())
        if isinstance(known, AnnotationsBenchmark) and known.family == family
    ]
    if alike and (own := alike[0]) and own.frames and own.sequences == len(names):
        return Amount(own.frames)
    lengths = index_lengths(Path(paths.INDEX.format(benchmark=benchmark)).absolute())
    if lengths.keys() >= set(names):
        return Amount(sum(lengths[name] for name in names))
    means = (totals.frames / totals.sequences for totals in alike if totals and totals.frames)
    return Amount(next(means, SEQUENCE) * len(names), guess=True)


@functools.cache
def index_lengths(path: Path) -> dict[str, int]:
    """Read the frames of each sequence from a benchmark's index; empty where there is none yet."""
    from dslt.data.benchmarks.index_file import load_index

    entries = load_index(path).sequences if path.is_file() else ()
    return {entry.name: entry.frames for entry in entries}


def _group(names: tuple[str, str], whole: list[TaskCost], left: list[TaskCost]) -> TaskGroup:
    share, counts = 1 / len(whole or left), (len(left), len(whole))
    size, one, *_ = (amount * share for amount in _sums(whole or left))
    return TaskGroup(names, *counts, size, one, *_sums(left), _sums(whole).hours)


def _sums(costs: list[TaskCost]) -> TaskCost:
    """Add up what tasks cost."""
    return TaskCost(*(total(amounts) for amounts in zip(*costs, strict=True))) if costs else _FREE
