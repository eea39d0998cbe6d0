"""Lanes for sequences of any kind: which target is in which lane, and one step for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.lanes import Kind, LaneMaker, Lanes, Start, read_answer

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
        for number, answer in answers.items():
            if isinstance(answer, DsltError):
                self.release(number)
        return answers

    def update(self, frames: Mapping[int, Frame]) -> dict[int, Answer]:
        """Find targets in their next frames; one wait for the device, whatever their number.

        Args:
            frames: Next frames by the targets' numbers; a target without one is released.

        Returns:
            What was found, or what is wrong with it: such a target is released.
        """
        for number in self.places.keys() - frames.keys():
            self.release(number)
        outputs = []
        for block in self.blocks:
            learn = block.lanes.load({lane: frames[n] for lane, n in block.targets.items()})
            outputs.append(block.lanes.step(learn))
        values = torch.stack(outputs).cpu().numpy() if outputs else ()
        answers: dict[int, Answer] = {}
        for block, found in zip(self.blocks, values, strict=True):
            for lane, number in block.targets.items():
                answers[number] = _answer(found[lane], block.lanes.broken)
        for number, answer in answers.items():
            if isinstance(answer, DsltError):
                self.release(number)
        return answers

    def record(self, number: int) -> TrainingRecord:
        """The first-frame training of a target."""
        block, lane = self.places[number]
        return block.lanes.record(lane)

    def release(self, number: int) -> None:
        """Forget a target, if it is there; blocks that fit into one become one."""
        if number not in self.places:
            return
        block, lane = self.places.pop(number)
        del block.targets[lane]
        for other in self.blocks:
            if other is block or other.kind != block.kind:
                continue
            if len(block.targets) <= len(other.free()):
                self._join(block, other)
                break
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

    def _join(self, block: _Block, other: _Block) -> None:
        """Move all targets of a block into another one."""
        for (lane, number), place in zip(block.targets.items(), other.free(), strict=False):
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


def _answer(values: Floats, broken: str) -> Answer:
    """Read what a lane's tracker found, or what is wrong with it."""
    try:
        return read_answer(values, broken)
    except DsltError as error:
        return error
