"""Sources of training pairs: videos, the tracks of targets in them, and views of their frames."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.boxes import Boxes, as_boxes
from dslt.crops import Region
from dslt.data.images import Frame, read_image
from dslt.errors import DsltError
from dslt.trackers.siamese_crops import padded_crop

RawTrack = tuple[str, str, Iterable[int], ArrayLike]
"""Name of a video, name of a target in it, numbers of its frames, and boxes (N, 4)."""


class DamagedError(DsltError):
    """An image cannot be read, or its box does not fit it: the pair may be skipped."""


@dataclass(frozen=True, eq=False)
class Track:
    """One target in one video.

    Attributes:
        name: Unique in its video.
        frames: Numbers (N,) of the annotated frames, N >= 1.
        boxes: `(x, y, w, h)` in them, (N, 4), 0-based pixels with w, h > 0.
    """

    name: str
    frames: NDArray[np.int64]
    boxes: Boxes


@dataclass(frozen=True, eq=False)
class Video:
    """A video, or an image, with the tracks of its targets, at least one."""

    name: str
    tracks: tuple[Track, ...]


class Videos(Protocol):
    """Videos by number; an object is made when it is asked for."""

    def __len__(self) -> int:
        """Number of videos."""
        ...

    def __getitem__(self, index: int) -> Video:
        """Video `index`, 0 <= index < len."""
        ...


class View(Protocol):
    """One frame, of which a part is wanted."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frame in pixels."""
        ...

    def crop(self, region: Region) -> Frame:
        """Cut an upright region, RGB uint8 (h, w, 3); outside the frame stands a mean colour."""
        ...


class Source(Protocol):
    """A training set, or a generator of pairs."""

    @property
    def name(self) -> str:
        """Its entry in `config/training_sets.yaml`."""
        ...

    @property
    def frame_range(self) -> int:
        """Largest distance of the two frames of a pair, in annotated frames."""
        ...

    @property
    def damaged(self) -> float:
        """Share of views that may be damaged."""
        ...

    @property
    def endless(self) -> bool:
        """Whether the videos are made on the spot, and their number means nothing."""
        ...

    @property
    def videos(self) -> Videos:
        """The videos."""
        ...

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Look at one annotated frame.

        Args:
            video: One of `videos`.
            track: One of its tracks.
            position: Which of the track's frames, 0 <= position < N.

        Returns:
            The frame, and the target's box (4,) in its pixels.

        Raises:
            DamagedError: The frame cannot be read.
        """
        ...


class VideoTable:
    """Videos in flat arrays, which worker processes share and which need little memory."""

    def __init__(self, tracks: Iterable[RawTrack], where: str) -> None:
        """Collect tracks; those of one video follow one another.

        Rows without a box (NaN, or without area) are dropped, and so are tracks without rows.

        Args:
            tracks: The tracks.
            where: Names the training set in the error.

        Raises:
            DsltError: There is no usable track.
        """
        self._names: list[str] = []
        self._tracks: list[str] = []
        track_start, row_start = array("q", [0]), array("q", [0])
        frames, boxes = array("q"), array("d")
        for video, track, numbers, rows in tracks:
            kept, places = _usable(numbers, rows)
            if not len(kept):
                continue
            if not self._names or self._names[-1] != video:
                self._names.append(video)
                track_start.append(track_start[-1])
            self._tracks.append(track)
            track_start[-1] += 1
            frames.extend(kept.tolist())
            boxes.extend(places.ravel().tolist())
            row_start.append(len(frames))
        if not self._tracks:
            raise DsltError(
                f"{where}: no usable pair; expected at least one target with a box of positive"
                " width and height: check the root and the split"
            )
        self._track_start = np.array(track_start, dtype=np.int64)
        self._row_start = np.array(row_start, dtype=np.int64)
        self._frames = np.array(frames, dtype=np.int64)
        self._boxes = np.array(boxes, dtype=np.float64).reshape(-1, 4)

    def __len__(self) -> int:
        """Number of videos."""
        return len(self._names)

    def __getitem__(self, index: int) -> Video:
        """Video `index`."""
        if not 0 <= index < len(self):
            raise IndexError(f"video {index} of {len(self)}")
        first, last = self._track_start[index : index + 2].tolist()
        return Video(self._names[index], tuple(self._track(row) for row in range(first, last)))

    def _track(self, index: int) -> Track:
        rows = slice(*self._row_start[index : index + 2].tolist())
        return Track(self._tracks[index], self._frames[rows], self._boxes[rows])


def _usable(numbers: Iterable[int], rows: ArrayLike) -> tuple[NDArray[np.int64], Boxes]:
    """Numbers (M,) and boxes (M, 4) of the rows that have a box, in the order of the numbers."""
    frames = np.array(list(numbers), dtype=np.int64)
    boxes = as_boxes(np.asarray(rows, dtype=np.float64).reshape(len(frames), 4))
    order = np.argsort(frames, kind="stable")
    frames, boxes = frames[order], boxes[order]
    good = np.isfinite(boxes).all(axis=1) & (boxes[:, 2:] > 0).all(axis=1)
    return frames[good], boxes[good]


def is_held_out(name: str, share: float) -> bool:
    """Tell whether a video belongs to the held-out share: by its name, so always the same ones."""
    return zlib.crc32(name.encode()) < share * 2**32


@dataclass(frozen=True, eq=False)
class ImageView:
    """A frame that has been decoded."""

    pixels: Frame

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def crop(self, region: Region) -> Frame:
        """Cut a region; outside stands the frame's mean colour."""
        # The mean of NumPy's axes takes as long as decoding.
        color = np.rint(cv2.mean(self.pixels)[:3]).astype(np.uint8)
        return padded_crop(self.pixels, region, color)


@dataclass(frozen=True, eq=False)
class ImageSource:
    """Annotated image files.

    Attributes:
        name: See `Source`, as for `frame_range`, `damaged` and `videos`.
        root: Folder of the images.
        image: Path of an image under it, with `{video}`, `{track}` and `{frame}`.
        relative: The boxes are parts of the image's width and height.
    """

    name: str
    frame_range: int
    damaged: float
    videos: VideoTable
    root: Path
    image: str
    relative: bool = False
    endless: bool = False

    def path(self, video: Video, track: Track, position: int) -> Path:
        """Path of the image at a position of a track."""
        frame = int(track.frames[position])
        return self.root / self.image.format(video=video.name, track=track.name, frame=frame)

    def view(self, video: Video, track: Track, position: int) -> tuple[View, Boxes]:
        """Decode one annotated frame; see `Source.view`."""
        try:
            view = ImageView(read_image(self.path(video, track, position)))
        except DsltError as error:
            raise DamagedError(str(error)) from error
        scale = np.array(view.size * 2, dtype=np.float64) if self.relative else 1.0
        box: Boxes = track.boxes[position] * scale
        return view, box

    def check(self) -> ImageSource:
        """Return itself after a look for the first image.

        Raises:
            DsltError: It is not where it should be: the root or the layout is another one.
        """
        video = self.videos[0]
        path = self.path(video, video.tracks[0], 0)
        if not path.is_file():
            raise DsltError(
                f"{path}: no such image of training set {self.name}; expected {self.image} under"
                f" {self.root}: check the root, or fetch the images"
            )
        return self


Keep = Callable[[str], bool]
"""Tells by a video's name whether it is used."""
