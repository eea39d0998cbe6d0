"""Videos of a training set and the tracks of the targets in them."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.arrays import Ints
from dslt.core.errors import DsltError, cut, quote
from dslt.geometry.boxes import Boxes, as_boxes

RawTrack = tuple[str, str, Iterable[int], ArrayLike]
"""Name of a video, name of a target in it, numbers of its frames, and boxes (N, 4)."""

TEXTS = np.dtypes.StringDType()
"""Type of arrays of names, which need little memory and are shared by processes."""


@dataclass(frozen=True, eq=False)
class Track:
    """One target in one video.

    Attributes:
        name: Unique in its video.
        frames: Numbers (N,) of the annotated frames, N >= 1.
        boxes: `(x, y, w, h)` in them, (N, 4), 0-based pixels with w, h > 0.
    """

    name: str
    frames: Ints
    boxes: Boxes


@dataclass(frozen=True, eq=False)
class Video:
    """A video, or an image, with the tracks of its targets, at least one."""

    name: str
    tracks: tuple[Track, ...]


@dataclass(frozen=True, eq=False)
class VideoTable:
    """Videos in flat arrays, which worker processes share and which need little memory.

    Attributes:
        names: Names (V,) of the videos, texts of `TEXTS`.
        tracks: Names (T,) of the tracks, those of one video together.
        track_start: First track of each video, and T at the end, (V + 1,).
        row_start: First row of each track, and R at the end, (T + 1,).
        frames: Numbers (R,) of the frames.
        boxes: Boxes `(x, y, w, h)`, (R, 4).
    """

    names: NDArray[Any]
    tracks: NDArray[Any]
    track_start: Ints
    row_start: Ints
    frames: Ints
    boxes: Boxes

    @classmethod
    def collect(cls, tracks: Iterable[RawTrack], where: str) -> VideoTable:
        """Collect tracks; those of one video follow one another.

        Rows without a box (NaN, or without area) are dropped, and so are tracks without rows.

        Args:
            tracks: The tracks.
            where: Name of the training set in the error.

        Raises:
            DsltError: There is no usable track, one is not made of numbers, or a video comes again
                after another one.
        """
        names: list[str] = []
        met: set[str] = set()
        targets: list[str] = []
        track_start, row_start = array("q", [0]), array("q", [0])
        frames, boxes = array("q"), array("d")
        for video, track, numbers, rows in tracks:
            try:
                kept, places = _usable(numbers, rows)
            except (TypeError, ValueError, OverflowError) as error:
                raise DsltError(
                    f"{where}: target {quote(track)} of {quote(video)}: not a number and a box (4"
                    f" numbers) for each frame ({cut(error)})"
                ) from None
            if not len(kept):
                continue
            if not names or names[-1] != video:
                if video in met:
                    raise DsltError(
                        f"{where}: video {quote(video)} comes again after another one; expected "
                        "all its targets together, and each video once in a list"
                    )
                met.add(video)
                names.append(video)
                track_start.append(track_start[-1])
            targets.append(track)
            track_start[-1] += 1
            frames.extend(kept.tolist())
            boxes.extend(places.ravel().tolist())
            row_start.append(len(frames))
        try:
            table = cls(
                np.array(names, dtype=TEXTS),
                np.array(targets, dtype=TEXTS),
                np.array(track_start, dtype=np.int64),
                np.array(row_start, dtype=np.int64),
                np.array(frames, dtype=np.int64),
                np.array(boxes, dtype=np.float64).reshape(-1, 4),
            )
        except UnicodeEncodeError as error:
            raise DsltError(f"{where}: a name that is no text ({cut(error)})") from None
        return table.checked(where)

    def checked(self, where: str) -> VideoTable:
        """Return the table itself.

        Raises:
            DsltError: It has no track.
        """
        if not len(self.tracks):
            raise DsltError(
                f"{where}: no usable pair; expected at least one target with a box of positive"
                " width and height: check the root and the split"
            )
        return self

    def __len__(self) -> int:
        """Return the number of videos."""
        return len(self.names)

    def __getitem__(self, index: int) -> Video:
        """Return video `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"video {index} of {len(self)}")
        first, last = self.track_start[index : index + 2].tolist()
        return Video(self.names[index], tuple(self._track(row) for row in range(first, last)))

    def _track(self, index: int) -> Track:
        rows = slice(*self.row_start[index : index + 2].tolist())
        return Track(self.tracks[index], self.frames[rows], self.boxes[rows])

    def part(self, keep: Callable[[str], bool]) -> VideoTable:
        """Return the videos whose names `keep` accepts."""
        kept = np.array([False, *(keep(name) for name in self.names), False])
        if kept[1:-1].all():
            return self
        runs = np.flatnonzero(np.diff(kept)).reshape(-1, 2)  # first and last + 1
        tracks = self.track_start[runs]
        rows = self.row_start[tracks]
        return VideoTable(
            _spans(self.names, runs),
            _spans(self.tracks, tracks),
            _starts(_spans(np.diff(self.track_start), runs)),
            _starts(_spans(np.diff(self.row_start), tracks)),
            _spans(self.frames, rows),
            _spans(self.boxes, rows),
        )


def _starts(counts: Ints) -> Ints:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def _spans(values: NDArray[Any], spans: Ints) -> NDArray[Any]:
    """Return the rows of an array, span after span."""
    return np.concatenate([values[:0], *(values[first:last] for first, last in spans.tolist())])


def _usable(numbers: Iterable[int], rows: ArrayLike) -> tuple[Ints, Boxes]:
    """Return numbers (M,) and boxes (M, 4) of the rows that have a box, sorted by number."""
    frames = np.array(list(numbers), dtype=np.int64)
    boxes = as_boxes(np.asarray(rows, dtype=np.float64).reshape(len(frames), 4))
    order = np.argsort(frames, kind="stable")
    frames, boxes = frames[order], boxes[order]
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    return frames[good], boxes[good]


def is_held_out(name: str, share: float) -> bool:
    """Tell whether a video belongs to the held-out share: by its name, so always the same ones."""
    return zlib.crc32(name.encode()) < share * 2**32
