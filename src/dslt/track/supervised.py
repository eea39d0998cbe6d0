"""The reset-based experiment of the VOT challenges: a lost tracker is started again."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.frames import (
    FrameSource,
    initial_box_fault,
    iterate,
    validate_initial_box,
)
from dslt.data.sequences.target import FAILED, INITIALIZED, SKIPPED, TRACKED, Target, Trajectory
from dslt.geometry.boxes import Box
from dslt.geometry.regions import area_preserving_boxes, bounding_boxes, box_corners, overlaps
from dslt.settings.protocols import VotProtocol
from dslt.track.one_pass import Ask, Course, TrackerRun, write_records
from dslt.trackers.base import TrainingRecord

STATES = {SKIPPED: "skipped", INITIALIZED: "initialized", FAILED: "failed", TRACKED: "tracked"}
INITIAL_BOXES = {"area_preserving": area_preserving_boxes, "bounding": bounding_boxes}
"""How polygons `(N, K, 2)` become the boxes `(N, 4)` of a tracker."""


@dataclass(frozen=True)
class SupervisedRun(TrackerRun):
    """One supervised pass over a sequence.

    A box is what was tracked, the initial one where the tracker was initialised, and the one that
    failed where it failed; boxes and seconds are NaN where it was skipped, scores wherever it was
    not asked. The training is that of the first initialisation.

    Attributes:
        states: State `(N,)` of each frame, int8, the codes of `dslt.data.sequences.target`.
    """

    states: NDArray[np.int8]

    @property
    def trajectory(self) -> Trajectory:
        """The run as it is scored."""
        tracked = self.states == TRACKED
        corners = box_corners(np.where(tracked[:, None], self.boxes, np.nan))
        return Trajectory(self.states, corners, tracked)


def supervised(
    frames: FrameSource,
    target: Target,
    protocol: VotProtocol,
    where: str,
    progress: Callable[[], object] = lambda: None,
) -> Course[SupervisedRun]:
    """Track one target; after each failure, start a fresh tracker on the truth.

    A failure is an overlap of 0, by the protocol's rule, or a box that is no number. The next
    initialisation is `reinitialize_after` frames later, or on the first frame from there on whose
    truth is a box in the image. A frame without truth is no failure: nothing can be said of it, and
    accuracy leaves it out. (The challenges have a truth in every frame; where there is none, the
    official toolkit counts a failure and cannot start again on such a frame.)

    Args:
        frames: The frames; one is enough.
        target: Their ground truth; the first frame must have one.
        protocol: The conventions.
        where: Name of the sequence in errors.
        progress: Called once per frame.

    Raises:
        DsltError: A frame is unreadable, frames and truth differ in number, or the truth of the
            first frame is unusable.
    """
    count = len(target.truth)
    if len(frames) != count:
        raise DsltError(f"{where}: {len(frames)} frames, but ground truth of {count} frames")
    starts = initial_boxes(target, protocol)
    states, boxes = np.full(count, SKIPPED, np.int8), np.full((count, 4), np.nan)
    scores, seconds = np.full((2, count), np.nan)
    record, resume = TrainingRecord(), 0
    following = False
    for index, frame in enumerate(iterate(frames)):
        if following:
            found, seconds[index], _ = yield Ask(frame, None)
            boxes[index], scores[index], states[index] = found.box, found.score, TRACKED
            if _has_failed(found.box, index, frame, target, protocol):
                states[index] = FAILED
                following, resume = False, index + protocol.reinitialize_after
        elif index == 0 or (index >= resume and not initial_box_fault(starts[index], frame.shape)):
            box = validate_initial_box(starts[index], frame.shape, f"{where}, frame {index}")
            _, seconds[index], learnt = yield Ask(frame, box)
            boxes[index], states[index] = box, INITIALIZED
            record = learnt if index == 0 else record
            following = True
        progress()
    return SupervisedRun(boxes, scores, seconds, record, states)


def initial_boxes(target: Target, protocol: VotProtocol) -> Floats:
    """Return the boxes `(N, 4)` that a tracker is started from; NaN where there is no truth.

    Polygons become boxes by the protocol's `initial_box`; boxes stay as they are.
    """
    if target.corners is None:
        return target.truth
    return INITIAL_BOXES[protocol.initial_box](target.corners)


def _has_failed(box: Box, index: int, frame: Frame, target: Target, protocol: VotProtocol) -> bool:
    """Tell whether a box has nothing in common with the truth, where there is one."""
    corners = target.corners
    truth = box_corners(target.truth[[index]]) if corners is None else corners[[index]]
    if not np.isfinite(box).all():
        return True
    if np.isnan(truth).any():
        return False
    height, width = frame.shape[:2]
    overlap = overlaps(
        box_corners(box[None]),
        np.array([True]),
        truth,
        np.array([corners is None]),
        rule=protocol.overlap,
        rectangles=protocol.rectangles,
        size=(width, height) if protocol.bounds == "image" else None,
    )[0]
    return bool(overlap <= 0)


def vot_line(state: int, box: Box) -> str:
    """Write one line of a VOT result file: a code, or the box `x,y,w,h` with four decimals."""
    return ",".join(f"{value:.4f}" for value in box) if state == TRACKED else str(state)


def write_supervised_run(run: SupervisedRun, folder: Path, name: str) -> None:
    """Write a run's regions (VOT text), its frames and the first training.

    Boxes count pixels from 0, as VOT's files do. The regions come last: where they are, the rest
    is.

    Raises:
        DsltError: A file cannot be written; nothing is left half-written.
    """
    states = run.states.tolist()
    write_records(run, folder, name, state=[STATES[state] for state in states])
    with atomic_write(folder / f"{name}.txt") as temporary:
        lines = map(vot_line, states, run.boxes)
        temporary.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
