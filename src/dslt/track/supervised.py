"""The reset-based experiment of the VOT challenges: a lost tracker is started again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.frames import FrameSource, iterate, validate_initial_box
from dslt.data.sequences.target import (
    FAILED,
    INITIALIZED,
    SKIPPED,
    TRACKED,
    Target,
    Trajectory,
)
from dslt.geometry.boxes import Box
from dslt.geometry.regions import (
    area_preserving_boxes,
    bounding_boxes,
    box_corners,
    overlaps,
)
from dslt.settings.protocols import VotProtocol
from dslt.track.one_pass import (
    RECORD,
    record_row,
    timed,
    write_training,
)
from dslt.trackers.base import Tracker, TrainingRecord

STATE_NAMES = {
    SKIPPED: "skipped",
    INITIALIZED: "initialized",
    FAILED: "failed",
    TRACKED: "tracked",
}


@dataclass(frozen=True)
class SupervisedRun:
    """One supervised pass over a sequence.

    Attributes:
        states: `(N,)` int8, the codes of `dslt.data.sequences.target`.
        boxes: `(N, 4)`, 0-based: what was tracked, the initial box where the tracker was
            initialised, the box that failed where it failed; NaN where it was skipped.
        scores: `(N,)`, NaN where the tracker was not asked.
        seconds: `(N,)` of tracking alone, decoding excluded; NaN where it was skipped.
        record: the training on the first frame of the first initialisation.
    """

    states: NDArray[np.int8]
    boxes: Floats
    scores: Floats
    seconds: Floats
    record: TrainingRecord

    @property
    def trajectory(self) -> Trajectory:
        """The run as it is scored."""
        tracked = self.states == TRACKED
        corners = box_corners(np.where(tracked[:, None], self.boxes, np.nan))
        return Trajectory(self.states, corners, tracked)


def run_supervised(
    make: Callable[[], Tracker],
    frames: FrameSource,
    target: Target,
    protocol: VotProtocol,
    where: str,
    progress: Callable[[], object] = lambda: None,
) -> SupervisedRun:
    """Track one target; after each failure, start a fresh tracker on the truth.

    A failure is an overlap of 0, by the protocol's rule, or a box that is no number. The next
    initialisation is `reinitialize_after` frames later, or on the first frame from there on whose
    truth is a box in the image. A frame without truth is no failure: nothing can be said of it, and
    accuracy leaves it out. (The challenges have a truth in every frame; where there is none, the
    official toolkit counts a failure and cannot start again on such a frame.)

    Args:
        make: makes a fresh tracker.
        frames: the frames; one is enough.
        target: their ground truth; the first frame must have one.
        protocol: the conventions.
        where: names the sequence in errors.
        progress: called once per frame.

    Raises:
        DsltError: if a frame is unreadable, frames and truth differ in number, or the first
            frame's truth is unusable.
    """
    if len(frames) != len(target.truth):
        raise DsltError(
            f"{where}: {len(frames)} frames, but ground truth of {len(target.truth)} frames"
        )
    supervisor = _Supervisor(make, target, protocol, where)
    for index, frame in enumerate(iterate(frames)):
        supervisor.take(index, frame)
        progress()
    return SupervisedRun(
        supervisor.states,
        supervisor.boxes,
        supervisor.scores,
        supervisor.seconds,
        supervisor.record,
    )


def initial_boxes(target: Target, protocol: VotProtocol) -> Floats:
    """The boxes `(N, 4)` that a tracker is started from; NaN where there is no truth.

    Polygons become boxes by the protocol's `initial_box`; boxes stay as they are.
    """
    if target.corners is None:
        return target.truth
    by_rule = {"area_preserving": area_preserving_boxes, "bounding": bounding_boxes}
    return by_rule[protocol.initial_box](target.corners)


class _Supervisor:
    """Feeds a tracker frame by frame, judges it, and notes what happened."""

    def __init__(
        self, make: Callable[[], Tracker], target: Target, protocol: VotProtocol, where: str
    ) -> None:
        count = len(target.truth)
        self.make, self.target, self.protocol, self.where = make, target, protocol, where
        self.starts = initial_boxes(target, protocol)
        self.is_box = target.corners is None
        self.truth = box_corners(target.truth) if target.corners is None else target.corners
        self.states = np.full(count, SKIPPED, np.int8)
        self.boxes = np.full((count, 4), np.nan)
        self.scores = np.full(count, np.nan)
        self.seconds = np.full(count, np.nan)
        self.record = TrainingRecord()
        self.tracker: Tracker | None = None
        self.resume = 0

    def take(self, index: int, frame: Frame) -> None:
        """Deal with the next frame: track, start again, or skip it."""
        if self.tracker is not None:
            self._track(self.tracker, index, frame)
        elif index == 0 or (index >= self.resume and _can_start(self.starts[index], frame)):
            self._start(index, frame)

    def _start(self, index: int, frame: Frame) -> None:
        """Initialise a fresh tracker on the truth."""
        where = f"{self.where}, frame {index}"
        box = validate_initial_box(self.starts[index], frame.shape, where)
        self.tracker = self.make()
        _, self.seconds[index] = timed(self.tracker.initialize, frame, box)
        self.boxes[index], self.states[index] = box, INITIALIZED
        if index == 0:
            self.record = self.tracker.record

    def _track(self, tracker: Tracker, index: int, frame: Frame) -> None:
        """Ask the tracker and judge its answer."""
        found, self.seconds[index] = timed(tracker.update, frame)
        self.boxes[index], self.scores[index] = found.box, found.score
        if self._has_failed(found.box, index, frame):
            self.states[index] = FAILED
            self.tracker = None
            self.resume = index + self.protocol.reinitialize_after
        else:
            self.states[index] = TRACKED

    def _has_failed(self, box: Box, index: int, frame: Frame) -> bool:
        """Tell whether a box has nothing in common with the truth, where there is one."""
        truth = self.truth[index : index + 1]
        if not np.isfinite(box).all():
            return True
        if np.isnan(truth).any():
            return False
        height, width = frame.shape[:2]
        overlap = overlaps(
            box_corners(box[None]),
            np.array([True]),
            truth,
            np.array([self.is_box]),
            rule=self.protocol.overlap,
            rectangles=self.protocol.rectangles,
            size=(width, height) if self.protocol.bounds == "image" else None,
        )[0]
        return bool(overlap <= 0)


def _can_start(box: Box, frame: Frame) -> bool:
    """Tell whether a box has an area that reaches into the image; false where it is NaN."""
    height, width = frame.shape[:2]
    x, y, w, h = box
    return bool(w > 0 and h > 0 and x < width and y < height and x + w > 0 and y + h > 0)


def vot_line(state: int, box: Box) -> str:
    """One line of a VOT result file: a code, or the box `x,y,w,h` with four decimals."""
    return ",".join(f"{value:.4f}" for value in box) if state == TRACKED else str(state)


def write_supervised_run(run: SupervisedRun, folder: Path, name: str) -> None:
    """Write a run's regions (VOT text), its frames and the first training.

    Boxes count pixels from 0, as VOT's files do. The regions come last: where they are, the rest
    is.

    Raises:
        DsltError: if a file cannot be written; nothing is left half-written.
    """
    write_training(run.record, folder, name)
    frames = zip(run.boxes, run.scores, run.seconds, run.states.tolist(), strict=True)
    write_rows(
        folder / f"{name}.csv",
        (*RECORD, "state"),
        (
            (*record_row(index, *values), STATE_NAMES[state])
            for index, (*values, state) in enumerate(frames)
        ),
    )
    pairs = zip(run.states.tolist(), run.boxes, strict=True)
    with atomic_write(folder / f"{name}.txt") as temporary:
        temporary.write_text("".join(f"{vot_line(*pair)}\n" for pair in pairs), encoding="utf-8")
