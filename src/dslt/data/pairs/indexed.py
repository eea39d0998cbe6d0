"""Sequences of an index (`dslt index`) as a source of pairs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.pairs.source import DamagedError, ImageView, View
from dslt.data.pairs.videos import RawTrack, Track, Video, VideoTable
from dslt.data.sequences.frames import FrameSource
from dslt.geometry.boxes import Boxes

_OPEN = 16  # sequences kept open


@dataclass(eq=False)
class IndexSource:
    """Sequences of an index; see `PairSource`.

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
        """Read one annotated frame; see `PairSource.view`."""
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


def index_tracks(index: BenchmarkIndex) -> Iterator[RawTrack]:
    """Tracks of the sequences of an index, those of one video together."""
    for entry in sorted(index.sequences, key=lambda entry: entry.video):
        yield entry.video, entry.name, range(entry.frames), entry.boxes()
