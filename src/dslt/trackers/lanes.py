"""What a tracker adds to its two methods to follow several targets at once, each in a lane.

One by one, a GPU waits for the host most of the time. In lockstep the targets of a few sequences
advance together: `dslt.track.lockstep` runs the sequences, `dslt.track.team` gives each a lane, and
a tracker's `Lanes` do the arithmetic of a fixed number of targets, the first axis of its tensors.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.geometry.lane_crops import make_cutter
from dslt.trackers.base import Prediction, TrainingRecord, not_finite

Kind = Hashable


@dataclass(frozen=True)
class Start:
    """The first frame of a target.

    Attributes:
        frame: RGB uint8 `(H, W, 3)`.
        box: Its box `(x, y, w, h)`, float64, 0-based, pixels; it was checked.
    """

    frame: Frame
    box: Box


class Lanes(ABC):
    """A fixed number of targets of one kind that one tracker follows together on one device.

    A frame is two calls. `load` brings the frames to the device; `step` does all the rest there: it
    reads nothing back, has the same shapes in every frame, masks in place of branches, and changes
    the tensors of `state` in place. So with one lane `step` is what a CUDA graph captures for one
    stream (one graph for each value of `learn`), and with many lanes the host reads once a frame
    for all of them. What it returns is the next call's to overwrite when it is a graph's. (Lanes
    that read within a step, once for each block, are no graph's: `graphs` of the registry's entry
    says so.)

    The answer of a lane depends neither on its number nor on what its neighbours see.

    Args:
        size: Number of lanes.
        device: Where they are.

    Attributes:
        broken: What to say, before "nan or inf", of an answer that is not finite.
        state: What is remembered of the targets, tensors `(size, ...)`, by name.
        errors: What else is wrong with the last answers, by lane, where the host knows.
    """

    broken = "the response holds"

    def __init__(self, size: int, device: torch.device):
        self.size, self.device = size, device
        self.cutter = make_cutter(size, device)
        self.state: dict[str, Tensor] = {}
        self.records = [TrainingRecord() for _ in range(size)]
        self.errors: dict[int, DsltError] = {}

    @abstractmethod
    def begin(self, starts: Mapping[int, Start]) -> None:
        """Learn targets from their first frames, together; other lanes stay as they are.

        Args:
            starts: First frames by the lane's number, below `size`.

        Raises:
            DsltError: One of them cannot be learnt; all of these lanes are then as good as empty.
        """

    def load(self, frames: Mapping[int, Frame]) -> bool:
        """Bring the next frames of some lanes to the device.

        Returns:
            Whether something has to be learnt from these frames, as far as the host knows: what
            `step` is called with.
        """
        self.cutter.load(frames)
        return False

    @abstractmethod
    def step(self, learn: bool) -> Tensor:
        """Find all targets in the frames that were loaded last, and learn from what was found.

        Returns:
            `(size, 6)`, float64, on the device: box `(x, y, w, h)`, score, and 1 where the
            tracker's answer is finite, else 0; DSLT, whose training may diverge, stays where it is
            and says 1. Rows of lanes without a target mean nothing.
        """

    def record(self, lane: int) -> TrainingRecord:
        """The first-frame training of a lane's target; empty for trackers without one."""
        return self.records[lane]

    def read(self, lane: int, values: Floats) -> Prediction:
        """Read a lane's row of what `step` returned.

        Raises:
            DsltError: The tracker's answer is not finite, or there is none.
        """
        if lane in self.errors:
            raise self.errors[lane]
        if not values[5]:
            raise not_finite(self.broken)
        return Prediction(values[:4].copy(), float(values[4]))

    def move(self, lane: int, to: "Lanes", place: int) -> None:
        """Copy a lane's target into a lane of others of the same kind."""
        for name, values in self.state.items():
            to.state[name][place] = values[lane]
        to.records[place] = self.records[lane]


class LaneMaker(Protocol):
    """Makes the lanes of one tracker; the registry's entry names its class (`lanes`).

    It is called as the tracker is, and by keyword with `coarse`: whether patches may differ from
    those of the exact path, so that more sequences are of one kind.
    """

    def kind(self, box: Box) -> Kind:
        """Name what a target has to have in common with others to share their lanes.

        Args:
            box: Its first box.
        """

    def make(self, kind: Kind, size: int) -> Lanes:
        """Make lanes for targets of one kind."""

    def memory(self, kind: Kind) -> int:
        """Bytes that a lane of a kind takes on the device, about; its frames left out."""
