"""Sequences of an index (`dslt index`) as a source of pairs."""

import functools
import os
from collections.abc import Iterator
from dataclasses import dataclass

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.pairs.source import DamagedError, ImageView, PairSource, View
from dslt.data.pairs.videos import RawTrack, Track, Video
from dslt.data.sequences.frames import FrameSource
from dslt.geometry.boxes import Boxes

_OPEN = 16  # sequences kept open


@dataclass(frozen=True, eq=False)
class IndexSource(PairSource):
    """Sequences of an index.

    A video file is decoded from its start whenever an earlier frame is wanted, which is slow for
    pairs: such videos are better unpacked into images.

    Attributes:
        index: The index.
    """

    index: BenchmarkIndex

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
    """Yield the tracks of the sequences of an index, those of one video together.

    Frames that are flagged as absent are left out.
    """
    for entry in sorted(index.sequences, key=lambda entry: entry.video):
        yield entry.video, entry.name, range(entry.frames), entry.visible()
