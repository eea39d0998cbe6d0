"""Sequences of an index (`dslt index`) as a source of pairs."""

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.pairs.source import DamagedError, ImageView, View
from dslt.data.pairs.videos import RawTrack, Track, Video, VideoTable
from dslt.data.sequences.frames import FrameSource
from dslt.geometry.boxes import Boxes

_OPEN = 16  # sequences kept open


@dataclass(frozen=True, eq=False)
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

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Read one annotated frame; see `PairSource.view`."""
        try:
            frames = _opened(self.index, track.name, os.getpid())
            view = ImageView(frames[int(track.frames[position])])
        except DsltError as error:
            raise DamagedError(str(error)) from error
        return view, track.boxes[position]


@functools.lru_cache(maxsize=_OPEN)
def _opened(index: BenchmarkIndex, name: str, process: int) -> FrameSource:
    """Open a sequence, in each `process` anew: an open video must not be shared after a fork."""
    return index.sequence(name).frames


def index_tracks(index: BenchmarkIndex) -> Iterator[RawTrack]:
    """Tracks of the sequences of an index, those of one video together."""
    for entry in sorted(index.sequences, key=lambda entry: entry.video):
        yield entry.video, entry.name, range(entry.frames), entry.boxes()
