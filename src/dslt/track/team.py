"""Lanes for sequences of any kind: which target is in which lane, and one step for all of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.lanes import Kind, LaneMaker, Lanes, Start

Answer = Prediction | DsltError


@dataclass(eq=False)
class _Block:
    """Lanes of one kind, and the number of the target in each."""

    kind: Kind
    lanes: Lanes
    targets: dict[int, int] = field(default_factory=dict)

    def free(self) -> list[int]:
        """Lanes without a target."""
        return [lane for lane in range(self.lanes.size) if lane not in self.targets]


class Team:
    """Any number of targets, which advance together.

    Lanes come in blocks of a fixed size, all of one kind. So whatever else is tracked beside it, a
    target's numbers come out of tensors of the same shapes: how many sequences run together, and in
    which order they come, decides nothing.

    Args:
        maker: Makes a tracker's lanes.
        size: Lanes of a block.
    """

    def __init__(self, maker: LaneMaker, size: int):
        self.maker, self.size = maker, size
        self.blocks: list[_Block] = []
        self.places: dict[int, tuple[_Block, int]] = {}

    def start(self, starts: Mapping[int, Start]) -> dict[int, Answer]:
        """Learn new targets, those of one block together.

        Args:
            starts: Their first frames, by a number of the caller's choice; a number that is known
                starts anew.

        Returns:
            The first box of each, or what is wrong with it.
        """
        for number in starts:
            self.release(number)
        for number, start in starts.items():
            self._place(number, self.maker.kind(start.box))
        answers: dict[int, Answer] = {}
        for block in self.blocks:
            new = {number: lane for lane, number in block.targets.items() if number in starts}
            if new:
                answers |= _begin(block.lanes, new, starts)
        self._forget([n for n, answer in answers.items() if isinstance(answer, DsltError)])
        return answers

    def update(self, frames: Mapping[int, Frame]) -> dict[int, Answer]:
        """Find targets in their next frames.

        The host waits for the device once, whatever their number, but for lanes that read
        within a step.

        Args:
            frames: Next frames by the targets' numbers; a target without one is released.

        Returns:
            What was found, or what is wrong with it: such a target is released.
        """
        self._forget(self.places.keys() - frames.keys())
        outputs = []
        for block in self.blocks:
            learn = block.lanes.load({lane: frames[n] for lane, n in block.targets.items()})
            outputs.append(block.lanes.step(learn))
        values = torch.stack(outputs).cpu().numpy() if outputs else ()
        answers: dict[int, Answer] = {}
        for block, found in zip(self.blocks, values, strict=True):
            for lane, number in block.targets.items():
                answers[number] = _answer(found[lane], block.lanes, lane)
        self._forget([n for n, answer in answers.items() if isinstance(answer, DsltError)])
        return answers

    def record(self, number: int) -> TrainingRecord:
        """The first-frame training of a target."""
        block, lane = self.places[number]
        return block.lanes.record(lane)

    def release(self, number: int) -> None:
        """Forget a target, if it is there."""
        self._forget([number] if number in self.places else [])

    def _forget(self, numbers: Collection[int]) -> None:
        """Release targets; of each kind there are no more blocks than the others need."""
        kinds = dict.fromkeys(self.places[number][0].kind for number in numbers)
        # All first: no other may move to a block that learnt nothing.
        for number in numbers:
            block, lane = self.places.pop(number)
            del block.targets[lane]
        self.blocks = [block for block in self.blocks if block.targets]
        for kind in kinds:
            same = [block for block in self.blocks if block.kind == kind]
            same.sort(key=lambda block: len(block.targets), reverse=True)
            while same and sum(len(one.free()) for one in same[:-1]) >= len(same[-1].targets):
                self._spread(same.pop(), same)
        self.blocks = [block for block in self.blocks if block.targets]

    def _place(self, number: int, kind: Kind) -> None:
        """Give a target a lane, in a new block where no other has room."""
        fitting = [block for block in self.blocks if block.kind == kind and block.free()]
        if not fitting:
            fitting = [_Block(kind, self.maker.make(kind, self.size))]
            self.blocks += fitting
        block = fitting[0]
        lane = block.free()[0]
        block.targets[lane] = number
        self.places[number] = block, lane

    def _spread(self, block: _Block, others: Sequence[_Block]) -> None:
        """Move all targets of a block to free lanes of others."""
        free = [(other, place) for other in others for place in other.free()]
        for (lane, number), (other, place) in zip(block.targets.items(), free, strict=False):
            block.lanes.move(lane, other.lanes, place)
            other.targets[place] = number
            self.places[number] = other, place
        block.targets = {}


def _begin(lanes: Lanes, new: Mapping[int, int], starts: Mapping[int, Start]) -> dict[int, Answer]:
    """Learn targets together; where that fails, one after the other, to know which it is.

    Args:
        lanes: Their lanes.
        new: Lane of each, by its number.
        starts: Their first frames, by their numbers.
    """
    answers: dict[int, Answer] = {
        number: Prediction(starts[number].box, float("nan")) for number in new
    }
    try:
        lanes.begin({lane: starts[number] for number, lane in new.items()})
    except DsltError as error:
        if len(new) == 1:
            return dict.fromkeys(new, error)
        for number, lane in new.items():
            answers |= _begin(lanes, {number: lane}, starts)
    return answers


def _answer(values: Floats, lanes: Lanes, lane: int) -> Answer:
    """Read what a lane's tracker found, or what is wrong with it."""
    try:
        return lanes.read(lane, values)
    except DsltError as error:
        return error
