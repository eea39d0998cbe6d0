"""Sequences and their frames: read lazily, in the background, never half."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.errors import DsltError
from dslt.core.images import SUFFIXES, Frame
from dslt.data.sequences.images import ImageDecoder, checked_index, image_sizes, read_bytes
from dslt.data.sequences.order import frame_order
from dslt.geometry.boxes import Box, Boxes, as_boxes, format_number


class FrameSource(Protocol):
    """Frames of one sequence, made or read when they are asked for."""

    def __len__(self) -> int:
        """Number of frames."""

    def __getitem__(self, index: int) -> Frame:
        """RGB uint8 (H, W, 3) of frame `index`, 0 <= index < len; a new array on each call.

        Raises:
            DsltError: The frame cannot be read; the message names the file or the frame.
            IndexError: There is no such frame.
        """


@dataclass(frozen=True, eq=False)
class Sequence:
    """One target in one video.

    Attributes:
        name: Unique within its benchmark.
        frames: The frames.
        ground_truth: Boxes (N, 4), 0-based, NaN rows where the target is absent.
        attributes: Codes of its OTB attributes (OCC, SV, ...).
        video: Source video; sequences of one video are one cluster when resampled.

    Raises:
        DsltError: Frames and boxes differ in number.
    """

    name: str
    frames: FrameSource
    ground_truth: Boxes
    attributes: tuple[str, ...] = ()
    video: str = ""

    def __post_init__(self) -> None:
        boxes = as_boxes(self.ground_truth)
        if boxes.ndim != 2 or len(boxes) != len(self.frames):
            raise DsltError(
                f"sequence {self.name}: {len(self.frames)} frames but ground truth of "
                f"{len(boxes)} boxes"
            )
        boxes.flags.writeable = False
        object.__setattr__(self, "ground_truth", boxes)

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.frames)

    @property
    def initial_box(self) -> Boxes:
        """Ground truth of the first frame, shape (4,)."""
        box: Boxes = self.ground_truth[0].copy()
        return box


STRETCHED = (
    "frames of 16 bits of which few values are used: those of each sequence's first frame, and a "
    "quarter of their range more on either side, become 8 bits"
)
FLATTENED = (
    "frames of 16 bits, of which some keep fewer than 32 grey levels of several times as many in 8 "
    "bits (the sequence's first frame is flat, or unlike the others?)"
)


class ImageFrames(ABC):
    """Frames that are images, all of one size, and as long in bytes as when they were indexed.

    Attributes:
        left_out: What to know about pictures beside them.
    """

    def __init__(self, count: int, sizes: Iterable[int] | None) -> None:
        """Take the number of frames and, where they are checked, their lengths in bytes.

        Raises:
            DsltError: There are no frames.
        """
        self._count = count
        self._bytes = None if sizes is None else list(sizes)
        self._decoder = ImageDecoder()
        self.left_out: list[str] = []
        if not count:
            raise DsltError("a sequence of image files needs at least one frame")

    @abstractmethod
    def _where(self, position: int) -> str:
        """Name the image in an error."""

    @abstractmethod
    def _data(self, position: int) -> bytes:
        """All bytes of the image."""

    def __len__(self) -> int:
        """Number of frames."""
        return self._count

    def __getitem__(self, index: int) -> Frame:
        """Read frame `index` as RGB uint8 (H, W, 3); see `FrameSource`."""
        position = checked_index(index, len(self))
        if self._decoder.shape is None and position:
            self._decoder.decode(self._data(0), self._where(0))
        data = self._data(position)
        frame = self._decoder.decode(data, self._where(position))
        if self._bytes is not None and len(data) != self._bytes[position]:
            raise DsltError(
                f"{self._where(position)}: {len(data)} bytes, but {self._bytes[position]} when it "
                "was indexed; the frames were exchanged: make the index again"
            )
        return frame

    def notes(self) -> list[str]:
        """What to know about the images; about their pixels, of those that were read."""
        levels = self._decoder.levels
        stretched = [STRETCHED] * (levels is not None and levels.narrow)
        return self.left_out + stretched + [FLATTENED] * self._decoder.flattened


class ImageFolder(ImageFrames):
    """Frames that are image files, all of one size."""

    def __init__(
        self, files: Iterable[str | os.PathLike[str]], sizes: Iterable[int] | None = None
    ) -> None:
        """Take the files in their order.

        Args:
            files: Image files, one per frame.
            sizes: Lengths of the files in bytes when they were indexed; a file that has another
                length now is an error. Default: lengths are not checked.

        Raises:
            DsltError: There are no files.
        """
        self.files = [Path(file) for file in files]
        super().__init__(len(self.files), sizes)

    @classmethod
    def scan(cls, folder: str | os.PathLike[str]) -> ImageFolder:
        """Take the frames in a folder in the order of their numbers; see `frame_order`.

        Raises:
            DsltError: The folder is missing or holds no image, or the order is ambiguous.
        """
        base = Path(folder)
        if not base.is_dir():
            raise DsltError(f"{base}: no such folder of frames")
        names = list(image_sizes(base))
        if not names:
            suffixes = ", ".join(sorted(SUFFIXES))
            raise DsltError(f"{base}: no frames in the folder; expected {suffixes}")
        order, notes = frame_order(names, str(base))
        frames = cls(base / names[position] for position in order)
        frames.left_out = notes
        return frames

    def _where(self, position: int) -> str:
        return str(self.files[position])

    def _data(self, position: int) -> bytes:
        return read_bytes(self.files[position])


def iterate(frames: FrameSource, start: int = 0, depth: int = 4) -> Iterator[Frame]:
    """Yield frames from `start` on, in order, decoding up to `depth` ahead in the background.

    An exception of the source is raised at its frame. The thread ends with the generator.
    """
    if depth < 1:
        raise ValueError(f"depth must be at least 1, got {depth}")
    numbers = iter(range(start, len(frames)))
    pool = ThreadPoolExecutor(1, "dslt-frames")
    try:
        ahead = deque(pool.submit(frames.__getitem__, number) for number in islice(numbers, depth))
        while ahead:
            frame = ahead.popleft().result()
            ahead.extend(pool.submit(frames.__getitem__, number) for number in islice(numbers, 1))
            yield frame
    finally:
        pool.shutdown(cancel_futures=True)


def validate_initial_box(
    box: ArrayLike, frame_shape: tuple[int, ...], where: str
) -> NDArray[np.float64]:
    """Check a box that a tracker is to start from, and return it as float64 (4,).

    Args:
        box: The box `(x, y, w, h)`, 0-based; it may reach over the frame's edge.
        frame_shape: Shape `(H, W, ...)` of the frame.
        where: Names the box in the error (sequence, file).

    Raises:
        DsltError: The box is NaN, has no area or less than a pixel, or lies outside the frame.
    """
    array = as_boxes(box).reshape(4)
    if fault := initial_box_fault(array, frame_shape):
        text = ",".join(map(format_number, array.tolist()))
        raise DsltError(f"{where}: the initial box {text} {fault}")
    return array


def initial_box_fault(box: Box, frame_shape: tuple[int, ...]) -> str:
    """Say why no tracker can start from a box `(x, y, w, h)`; empty where one can."""
    height, width = frame_shape[:2]
    x, y, w, h = box.tolist()
    if not np.isfinite(box).all():
        return "is not a number; a target is needed"
    if w <= 0 or h <= 0:
        return "(x,y,w,h) has no area"
    if w < 1 and h < 1:
        return (
            "(x,y,w,h) is smaller than a pixel; if these are fractions of the frame, multiply them"
            " by its width and height"
        )
    if x >= width or y >= height or x + w <= 0 or y + h <= 0:
        return f"(x,y,w,h from 0) lies outside the frame of {width}x{height} pixels"
    return ""
