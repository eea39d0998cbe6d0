"""Running a tracker over a sequence, and the files that a run leaves."""

import time
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, ParamSpec, TypeVar

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.csvfile import write_rows
from dslt.core.images import Frame
from dslt.data.sequences.frames import FrameSource, iterate, validate_initial_box
from dslt.geometry.boxes import Box, write_boxes
from dslt.trackers.base import Prediction, Tracker, TrainingRecord

P = ParamSpec("P")
T = TypeVar("T")


class Ask(NamedTuple):
    """What the course of a sequence wants of a tracker next.

    Attributes:
        frame: The frame, RGB uint8 `(H, W, 3)`.
        box: Box `(x, y, w, h)` that a fresh tracker starts on; None: the tracker goes on.
    """

    frame: Frame
    box: Box | None


class Told(NamedTuple):
    """What the tracker came to.

    Attributes:
        prediction: Where it believes the target to be; on a start the first box, without a score.
        seconds: What it took.
        record: Its first-frame training.
    """

    prediction: Prediction
    seconds: float
    record: TrainingRecord


Course = Generator[Ask, Told, T]
"""A sequence as its protocol runs it: it asks, frame by frame, and returns what came of it. Whoever
drives it has the tracker: `alone` one of its own, `dslt.track.lockstep` one for many courses."""


@dataclass(frozen=True)
class TrackerRun:
    """One pass over a sequence.

    Attributes:
        boxes: Boxes `(N, 4)`, 0-based; row 0 is the initial box.
        scores: Scores `(N,)`, NaN in row 0.
        seconds: Seconds `(N,)` of tracking alone, decoding excluded; row 0 is the initialisation.
            In lockstep, an equal share of what all sequences took together.
        record: Training on the first frame.
    """

    boxes: Floats
    scores: Floats
    seconds: Floats
    record: TrainingRecord


def run_tracker(
    tracker: Tracker,
    frames: FrameSource,
    box: Box,
    where: str,
    progress: Callable[[], object] = lambda: None,
) -> TrackerRun:
    """Track one target with a fresh tracker; the other arguments and errors as `one_pass`."""
    return alone(one_pass(frames, box, where, progress), lambda: tracker)


def alone(course: Course[T], make: Callable[[], Tracker]) -> T:
    """Run a course with trackers of its own.

    Args:
        course: The course.
        make: Makes a fresh tracker.

    Raises:
        DsltError: As the course or the tracker.
    """
    with closing(course):
        tracker: Tracker | None = None
        try:
            ask = next(course)
            while True:
                if ask.box is None and tracker is not None:
                    prediction, seconds = timed(tracker.update, ask.frame)
                else:
                    assert ask.box is not None
                    tracker = None  # its memory, before the next one's
                    tracker = make()
                    _, seconds = timed(tracker.initialize, ask.frame, ask.box)
                    prediction = Prediction(ask.box, float("nan"))
                ask = course.send(Told(prediction, seconds, tracker.record))
        except StopIteration as end:
            found: T = end.value
            return found


def one_pass(
    frames: FrameSource,
    box: Box,
    where: str,
    progress: Callable[[], object] = lambda: None,
) -> Course[TrackerRun]:
    """Follow one target through all frames, which are decoded ahead in the background.

    Args:
        frames: The frames; one is enough.
        box: Initial box `(x, y, w, h)`, 0-based.
        where: Name of the sequence in errors.
        progress: Called once per frame.

    Raises:
        DsltError: A frame is unreadable, or the initial box is unusable.
    """
    told: list[Told] = []
    for frame in iterate(frames):
        if told:
            told.append((yield Ask(frame, None)))
        else:
            told.append((yield Ask(frame, validate_initial_box(box, frame.shape, where))))
        progress()
    return TrackerRun(
        np.array([one.prediction.box for one in told]),
        np.array([one.prediction.score for one in told]),
        np.array([one.seconds for one in told]),
        told[0].record,
    )


def timed(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Call a function; return its value and the seconds it took."""
    start = time.perf_counter()
    value = call(*args, **kwargs)
    return value, time.perf_counter() - start


def write_run(run: TrackerRun, folder: Path, name: str) -> None:
    """Write a run's boxes (OTB raw form, from 1), its frames and its first-frame training.

    The boxes come last: where they are, the rest is.

    Raises:
        DsltError: A file cannot be written; nothing is left half-written.
    """
    write_records(run, folder, name)
    write_boxes(folder / f"{name}.txt", run.boxes, origin=1)


def write_records(run: TrackerRun, folder: Path, name: str, **more: Iterable[str]) -> None:
    """Write what is known of a run beside its boxes.

    `<name>.training.csv` has one row per iteration on the first frame; `<name>.csv` has one row per
    frame, in which what is NaN stays empty.

    Args:
        run: The run.
        folder: Folder of both files.
        name: Name of the sequence.
        more: Further columns of the frames, by name.

    Raises:
        DsltError: A file cannot be written.
    """
    record = run.record
    iterations = enumerate(zip(record.loss, record.criterion, strict=True))
    write_rows(
        folder / f"{name}.training.csv",
        ("iteration", "loss", "criterion"),
        ((number, f"{loss:.6g}", f"{criterion:.6g}") for number, (loss, criterion) in iterations),
    )
    frames = enumerate(zip(run.boxes, run.scores, run.seconds, *more.values(), strict=True))
    write_rows(
        folder / f"{name}.csv",
        ("frame", "x", "y", "w", "h", "score", "seconds", *more),
        ((number, *_texts(*values[:3]), *values[3:]) for number, values in frames),
    )


def _texts(box: Box, score: float, seconds: float) -> list[str]:
    """Write the numbers of a frame; what is NaN stays empty."""
    texts = (*(f"{value:.4f}" for value in box), f"{score:.6f}", f"{seconds:.6f}")
    return ["" if text == "nan" else text for text in texts]
