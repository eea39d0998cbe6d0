"""Running a tracker over a sequence, and the files that a run leaves."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from dslt.core.csvfile import write_rows
from dslt.data.sequences.frames import FrameSource, iterate, validate_initial_box
from dslt.geometry.boxes import Box, write_boxes
from dslt.trackers.base import Prediction, Tracker, TrainingRecord

P = ParamSpec("P")
T = TypeVar("T")
RECORD = ("frame", "x", "y", "w", "h", "score", "seconds")


@dataclass(frozen=True)
class TrackerRun:
    """One pass over a sequence.

    Attributes:
        boxes: `(N, 4)`, 0-based; row 0 is the initial box.
        scores: `(N,)`, NaN in row 0.
        seconds: `(N,)` of tracking alone, decoding excluded; row 0 is the initialisation.
        record: the first-frame training.
    """

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    seconds: NDArray[np.float64]
    record: TrainingRecord


def run_tracker(
    tracker: Tracker,
    frames: FrameSource,
    box: Box,
    where: str,
    progress: Callable[[], object] = lambda: None,
) -> TrackerRun:
    """Track one target through all frames, which are decoded ahead in the background.

    Args:
        tracker: fresh.
        frames: the frames; one is enough.
        box: initial box `(x, y, w, h)`, 0-based.
        where: names the sequence in errors.
        progress: called once per frame.

    Raises:
        DsltError: if a frame is unreadable or the initial box is unusable.
    """
    predictions: list[Prediction] = []
    seconds: list[float] = []
    for frame in iterate(frames):
        if predictions:
            prediction, elapsed = timed(tracker.update, frame)
        else:
            box = validate_initial_box(box, frame.shape, where)
            _, elapsed = timed(tracker.initialize, frame, box)
            prediction = Prediction(box, float("nan"))
        predictions.append(prediction)
        seconds.append(elapsed)
        progress()
    return TrackerRun(
        np.array([prediction.box for prediction in predictions]),
        np.array([prediction.score for prediction in predictions]),
        np.array(seconds),
        tracker.record,
    )


def timed(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """Call a function; return its value and the seconds it took."""
    start = time.perf_counter()
    value = call(*args, **kwargs)
    return value, time.perf_counter() - start


def write_run(run: TrackerRun, folder: Path, name: str, origin: int = 1) -> None:
    """Write a run's boxes (OTB raw form), its frames and its first-frame training.

    The boxes come last: where they are, the rest is.

    Raises:
        DsltError: if a file cannot be written; nothing is left half-written.
    """
    write_training(run.record, folder, name)
    frames = zip(run.boxes, run.scores, run.seconds, strict=True)
    write_rows(
        folder / f"{name}.csv",
        RECORD,
        (record_row(index, *values) for index, values in enumerate(frames)),
    )
    write_boxes(folder / f"{name}.txt", run.boxes, origin)


def write_training(record: TrainingRecord, folder: Path, name: str) -> None:
    """Write a first-frame training, `<name>.training.csv`, one row per iteration.

    Raises:
        DsltError: if the file cannot be written.
    """
    pairs = zip(record.loss, record.criterion, strict=True)
    write_rows(
        folder / f"{name}.training.csv",
        ("iteration", "loss", "criterion"),
        (
            (iteration, f"{loss:.6g}", f"{criterion:.6g}")
            for iteration, (loss, criterion) in enumerate(pairs)
        ),
    )


def record_row(frame: int, box: Box, score: float, seconds: float) -> tuple[object, ...]:
    """Make one row of a per-frame record (columns `RECORD`); what is NaN is left empty."""
    values = (*(f"{value:.4f}" for value in box), f"{score:.6f}", f"{seconds:.6f}")
    return (frame, *("" if value == "nan" else value for value in values))
