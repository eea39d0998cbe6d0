"""Hours: amounts over measured speeds, in groups of cells that cost the same.

Drawing of pairs, decoding of frames, restarts on VOT, validations and the start of a job come on
top.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from dslt.study.cells import Cell
from dslt.study.cost.amounts import Amount, total
from dslt.study.cost.speeds import Speeds, network_of
from dslt.study.cost.work import Frames, Work
from dslt.study.study import Study

HOUR = 3600.0


@dataclass(frozen=True)
class Row:
    """Trainings, runs or records that are alike.

    Attributes:
        names: Preset and network, or network and benchmark.
        left: How many have anything left to do.
        of: How many the study has.
        size: Of one, on average: pairs, frames, or sequences.
        one: Hours of one, on average.
        size_left: Pairs, frames or sequences that are left, of all together.
        hours_left: Of what is left.
        hours: Of all.
    """

    names: tuple[str, str]
    left: int
    of: int
    size: Amount
    one: Amount
    size_left: Amount
    hours_left: Amount
    hours: Amount


@dataclass(frozen=True)
class _Item:
    """One training, run or record."""

    names: tuple[str, str]
    size: Amount
    hours: Amount


class Costs:
    """What the work of a study takes on a device."""

    def __init__(self, study: Study, speeds: Speeds, frames: Frames) -> None:
        self._study, self.speeds, self._frames = study, speeds, frames

    def trainings(self, left: Work, whole: Work) -> list[Row]:
        """Group offline trainings by preset."""
        return _rows(left.trainings, whole.trainings, self._training)

    def runs(self, left: Work, whole: Work) -> list[Row]:
        """Group runs of trackers by network and benchmark."""
        return _rows(left.runs.items(), whole.runs.items(), self._run)

    def records(self, left: Work, whole: Work) -> list[Row]:
        """Group recorded first-frame trainings by network and benchmark."""
        return _rows(left.records, whole.records, self._record)

    def _training(self, training: tuple[str, int]) -> _Item:
        cell = self._study.cells[training[0]]
        assert cell.offline  # only such cells are trained
        settings = cell.offline
        pairs = Amount(settings.pairs.per_epoch * settings.schedule.epochs)
        hours = self.speeds.seconds("pairs", cell) * pairs * (1 / HOUR)
        return _Item((cell.base, network_of(cell)), pairs, hours)

    def _run(self, run: tuple[tuple[str, str, int], tuple[str, ...]]) -> _Item:
        (name, benchmark, _), sequences = run
        cell, frames = self._study.cells[name], self._frames.of(benchmark, sequences)
        seconds = self.speeds.seconds("frames", cell) * frames
        seconds += self.speeds.seconds("first", cell) * len(sequences)
        return _Item((network_of(cell), benchmark), frames, seconds * (1 / HOUR))

    def _record(self, record: tuple[str, str]) -> _Item:
        name, benchmark = record
        cell, count = self._study.cells[name], len(self._study.sequences[benchmark])
        hours = self._first_frame_to_cap(cell) * count * (1 / HOUR)
        return _Item((network_of(cell), benchmark), Amount(count), hours)

    def _first_frame_to_cap(self, cell: Cell) -> Amount:
        """Guess seconds from those of a first frame, by the number of iterations."""
        first = self.speeds.seconds("first", cell)
        if not first.value:
            return Amount(unknown=(f"seconds of the first frame of {network_of(cell)}",))
        learnt = cell.settings.learnt
        iterations = learnt.first_frame_iterations if learnt else None
        assert iterations  # only trackers that learn on the first frame are recorded
        cap = self._study.settings.convergence.iterations / iterations
        return first * Amount(cap, guess=True)


def _rows(
    left: Iterable[Hashable], whole: Iterable[Hashable], item: Callable[..., _Item]
) -> list[Row]:
    """Group items of equal names, in the study's order; all of them, and those that are left."""
    groups: dict[tuple[str, str], tuple[list[_Item], list[_Item]]] = {}
    for place, things in enumerate((whole, left)):
        for made in map(item, things):
            groups.setdefault(made.names, ([], []))[place].append(made)
    return [_row(names, *items) for names, items in groups.items()]


def _row(names: tuple[str, str], every: list[_Item], left: list[_Item]) -> Row:
    items = every or left
    share = 1 / len(items)
    return Row(
        names=names,
        left=len(left),
        of=len(every),
        size=total(item.size for item in items) * share,
        one=total(item.hours for item in items) * share,
        size_left=total(item.size for item in left),
        hours_left=total(item.hours for item in left),
        hours=total(item.hours for item in every),
    )
