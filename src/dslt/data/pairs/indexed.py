"""Sequences of an index (`dslt index`) as a source of pairs, and sources as sequences."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.pairs.source import DamagedError, ImageSource, ImageView, View
from dslt.data.pairs.videos import Keep, RawTrack, Track, Video, VideoTable
from dslt.data.sequences.frames import FrameSource, Sequence
from dslt.geometry.boxes import Boxes

_OPEN = 16  # sequences kept open


@dataclass(eq=False)
class IndexSource:
    """Sequences of an index; see `Source`.

    A video file is decoded from its start whenever an earlier frame is wanted: slow for pairs.
    Better unpack such videos into images.
    """

    name: str
    frame_range: int
    damaged: float
    index: BenchmarkIndex
    videos: VideoTable
    endless: bool = False
    _open: dict[str, FrameSource] = field(default_factory=dict, init=False, repr=False)
    _process: int = field(default=0, init=False, repr=False)

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Read one annotated frame; see `Source.view`."""
        try:
            view = ImageView(self._frames(track.name)[int(track.frames[position])])
        except DsltError as error:
            raise DamagedError(str(error)) from error
        return view, track.boxes[position]

    def _frames(self, name: str) -> FrameSource:
        """Open a sequence in this process: an open video must not be shared after a fork."""
        if self._process != os.getpid():
            self._open, self._process = {}, os.getpid()
        if name not in self._open:
            if len(self._open) >= _OPEN:
                self._open.pop(next(iter(self._open)))
            self._open[name] = self.index.sequence(name).frames
        return self._open[name]

    def __getstate__(self) -> dict[str, Any]:
        """Leave open sequences behind."""
        return self.__dict__ | {"_open": {}, "_process": 0}


def index_tracks(index: BenchmarkIndex, keep: Keep) -> Iterator[RawTrack]:
    """Tracks of the sequences of an index, those of one video together."""
    for entry in sorted(index.sequences, key=lambda entry: entry.video):
        if keep(entry.video):
            yield entry.video, entry.name, range(entry.frames), entry.boxes()


class TrackFrames:
    """The annotated frames of a track as a `FrameSource`."""

    def __init__(self, source: ImageSource, video: Video, track: Track, count: int) -> None:
        """Take the first `count` frames of a track."""
        self._source, self._video, self._track, self._count = source, video, track, count

    def __len__(self) -> int:
        """Number of frames."""
        return self._count

    def __getitem__(self, index: int) -> Frame:
        """Read frame `index`; see `FrameSource`."""
        if not 0 <= index < self._count:
            raise IndexError(f"frame {index} of a sequence of {self._count} frames")
        view, _ = self._source.view(self._video, self._track, index)
        assert isinstance(view, ImageView)
        return view.pixels


def track_sequences(source: ImageSource, count: int, frames: int, seed: int) -> list[Sequence]:
    """Take sequences from a source, at most one a video, for validation on held-out videos.

    Args:
        source: A source opened with `held_out=True`.
        count: How many sequences.
        frames: Their length; shorter tracks are passed over.
        seed: Of the choice.

    Raises:
        DsltError: There are fewer such videos.
    """
    chosen: list[Sequence] = []
    order = np.random.Generator(np.random.Philox(seed)).permutation(len(source.videos))
    for number in order.tolist():
        video = source.videos[number]
        track = next((track for track in video.tracks if len(track.frames) >= frames), None)
        if track is None or source.relative or len(chosen) == count:
            continue
        images = TrackFrames(source, video, track, frames)
        name = Path(video.name).name
        chosen.append(Sequence(name, images, track.boxes[:frames], video=video.name))
    if len(chosen) < count:
        raise DsltError(
            f"training set {source.name}: {len(chosen)} held-out videos with a track of {frames}"
            f" frames; expected {count}: hold out a larger share, or ask for fewer"
        )
    return chosen
