"""Following several targets through one footage, each with a tracker of its own."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.data.sequences.frames import validate_initial_box
from dslt.demo.drawing import Mark
from dslt.demo.footage import Footage
from dslt.demo.lost import LostRule
from dslt.demo.targets import NamedTarget
from dslt.geometry.boxes import Boxes
from dslt.track.one_pass import timed
from dslt.trackers.base import Prediction, Tracker


@dataclass
class TargetTrack:
    """What became of one target, a row per frame; row 0 is where it was started.

    Attributes:
        target: The target.
        rule: Judges its scores.
        predictions: Boxes and scores; the first score is NaN.
        lost: Whether it counts as lost; None: not judged.
        seconds: Seconds of tracking alone.
    """

    target: NamedTarget
    rule: LostRule
    predictions: list[Prediction] = field(default_factory=list)
    lost: list[bool | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, prediction: Prediction, seconds: float) -> None:
        """Keep what the tracker says of the next frame."""
        self.lost.append(self.rule.lost(prediction.score) if self.predictions else None)
        self.predictions.append(prediction)
        self.seconds.append(seconds)

    @property
    def boxes(self) -> Boxes:
        """Boxes `(N, 4)`."""
        return np.array([prediction.box for prediction in self.predictions])

    @property
    def scores(self) -> Floats:
        """Scores `(N,)`."""
        return np.array([prediction.score for prediction in self.predictions])

    def mark(self) -> Mark:
        """What to draw of the last frame."""
        last, target = self.predictions[-1], self.target
        return Mark(target.name, target.colour, last.box, last.score, bool(self.lost[-1]))


@dataclass
class DemoRun:
    """A demo while it goes on, and after it.

    Attributes:
        tracks: One per target.
        times: Times of the frames so far, in seconds.
        size: Width and height of the frames.
    """

    tracks: Sequence[TargetTrack]
    times: list[float] = field(default_factory=list)
    size: tuple[int, int] = (0, 0)

    def through(
        self, footage: Footage, make: Callable[[], Tracker], where: str
    ) -> Iterator[tuple[Frame, float, list[Mark]]]:
        """Track all targets, and yield each frame with its time and what to draw.

        A frame is decoded once for all targets.

        Args:
            footage: The frames.
            make: Makes a fresh tracker.
            where: Names the source in errors.

        Raises:
            DsltError: A frame is unreadable, or the box of a target unusable.
        """
        trackers: list[Tracker] = []
        for frame, seconds in footage.frames:
            if not trackers:
                self.size = frame.shape[1], frame.shape[0]
                boxes = [
                    validate_initial_box(
                        track.target.box, frame.shape, f"{where}, --box {track.target.name}"
                    )
                    for track in self.tracks
                ]
                trackers = [make() for _ in boxes]
                for track, tracker, box in zip(self.tracks, trackers, boxes, strict=True):
                    _, elapsed = timed(tracker.initialize, frame, box)
                    track.add(Prediction(box, float("nan")), elapsed)
            else:
                for track, tracker in zip(self.tracks, trackers, strict=True):
                    track.add(*timed(tracker.update, frame))
            self.times.append(seconds)
            yield frame, seconds, [track.mark() for track in self.tracks]
