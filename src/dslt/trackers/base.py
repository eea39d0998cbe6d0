"""The two-method contract of every tracker."""

from dataclasses import dataclass, field
from typing import Protocol

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.geometry.boxes import Box


@dataclass(frozen=True)
class Prediction:
    """Where a tracker believes the target to be.

    Attributes:
        box: Box `(x, y, w, h)`, float64, 0-based top-left, pixels.
        score: Confidence of the tracker itself; NaN where it has none.
    """

    box: Box
    score: float


@dataclass
class TrainingRecord:
    """The first-frame training, one entry per iteration; entry 0 is the untrained network.

    Attributes:
        loss: Loss of the tracker itself.
        criterion: The common yardstick, `dslt.losses.regression.convergence_criterion`.
        peak: Maximum of the response.
        background: Largest absolute response where the label is below 0.01.
    """

    loss: list[float] = field(default_factory=list)
    criterion: list[float] = field(default_factory=list)
    peak: list[float] = field(default_factory=list)
    background: list[float] = field(default_factory=list)


def not_finite(what: str) -> DsltError:
    """Make the error of an answer that holds NaN or infinity; `what` says of it what does."""
    return DsltError(
        f"{what} nan or inf; expected numbers; the weights are broken, train them anew"
    )


class Tracker(Protocol):
    """A tracker knows frames and boxes, and no files, benchmarks or protocols.

    Frames are RGB uint8 `(H, W, 3)`; boxes as in `Prediction`. A tracker is deterministic for a
    given seed on a given machine.
    """

    @property
    def record(self) -> TrainingRecord:
        """The first-frame training; empty for trackers without one."""

    def initialize(self, frame: Frame, box: Box) -> None:
        """Learn the target from the first frame and its box."""

    def update(self, frame: Frame) -> Prediction:
        """Find the target in the next frame."""
