"""Where the frames of a demo come from: a video, images or a camera, or a span of them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.images import Frame, is_image
from dslt.data.sequences.frames import FrameSource, ImageFolder, iterate
from dslt.data.sequences.survey import survey_video
from dslt.data.sequences.video import VideoClip
from dslt.train.stopping import stop_request

FALLBACK_RATE = 25.0  # of images, and of what does not say
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d{1,2}(?:\.\d*)?)", re.ASCII)
_SECONDS = re.compile(r"(\d+(?:\.\d*)?|\.\d+)s", re.ASCII)
_NUMBER = re.compile(r"\d+", re.ASCII)
_CAMERA = re.compile(r"\d{1,4}", re.ASCII)  # OpenCV's numbers, those of its backends included

Moment = int | float
"""The number of a frame, or seconds from the first one."""


@dataclass(frozen=True)
class Footage:
    """Frames to track in, which can be gone through once.

    Attributes:
        frames: The frames and their times in seconds, in order.
        rate: Usual frames per second.
        even: Whether the frames come at that rate.
        first: Number in the source of the first frame, from 0.
        count: Number of frames, None where that is not known before the end.
        notes: Says what to know about the frames, of those that were read.
    """

    frames: Iterator[tuple[Frame, float]]
    rate: float
    even: bool
    first: int
    count: int | None
    notes: Callable[[], list[str]]

    def shown_first(self) -> tuple[Frame, Footage]:
        """Look at the first frame; the other footage returned has it still, and takes this place.

        Raises:
            DsltError: It is unreadable.
        """
        first = next(self.frames)
        return first[0], replace(self, frames=chain([first], self.frames))


def parse_moment(text: str, where: str) -> Moment:
    """Read the number of a frame (`120`), or a time (`4.8s`, `1:04.8`, `0:01:04`).

    Raises:
        DsltError: It is neither; the message starts with `where`.
    """
    if _NUMBER.fullmatch(text):
        return int(text)
    if found := _SECONDS.fullmatch(text):
        return float(found[1])
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (float(part or 0) for part in found.groups())
        return 3600 * hours + 60 * minutes + seconds
    raise DsltError(
        f"{where} {text}: expected the number of a frame such as 120, or a time such as 4.8s or "
        "1:04.8"
    )


def open_footage(source: Path, start: Moment | None = None, end: Moment | None = None) -> Footage:
    """Open a video, a folder of images, an image, or a camera by its number.

    Args:
        source: Their path; up to four digits that are no file are a camera.
        start: First frame; default: the first one there is.
        end: Last frame; default, or past the end: the last one there is. A camera goes on until
            Ctrl-C without it.

    Raises:
        DsltError: There is nothing to read, or no frame between start and end.
    """
    if not source.exists() and _CAMERA.fullmatch(str(source)):
        if start is not None:
            raise DsltError(f"--start: camera {source} starts when it is opened; leave it out")
        return _camera(int(str(source)), end)
    if source.is_dir() or is_image(source.name):
        images = ImageFolder.scan(source) if source.is_dir() else ImageFolder([source])
        images[0]  # before its notes
        times = np.arange(len(images)) / FALLBACK_RATE

        def told() -> list[str]:
            return [f"{source}: {note}" for note in images.notes()]

        return _span(images, times, FALLBACK_RATE, (start, end), source, told)
    if not source.is_file():
        raise DsltError(f"{source}: no such video or folder of images (nor a camera's number)")
    with tqdm(desc="checking", unit="frame", leave=False) as bar:
        video = survey_video(source, bar.update)
    rate = video.rate or FALLBACK_RATE
    times = np.array(video.times or np.arange(video.frames) / rate)
    clip = VideoClip(source, frames=video.frames)
    return _span(clip, times, rate, (start, end), source, lambda: list(video.notes))


def _span(
    frames: FrameSource,
    times: Floats,
    rate: float,
    limits: tuple[Moment | None, Moment | None],
    source: Path,
    notes: Callable[[], list[str]],
) -> Footage:
    """Take the frames between two moments, both included."""
    first, last = 0, len(frames) - 1
    start, end = limits
    if start is not None:
        first = start if isinstance(start, int) else int(np.searchsorted(times, start - 1e-6))
    if isinstance(end, int):
        last = min(last, end)
    elif end is not None:
        last = int(np.searchsorted(times, end + 1e-6)) - 1
    if first > last:
        raise DsltError(
            f"{source}: no frame between --start and --end; it has the frames 0 to "
            f"{len(frames) - 1}, at 0 to {times[-1]:.2f} s"
        )
    taken = times[first : last + 1]
    late = np.abs(taken - taken[0] - np.arange(len(taken)) / rate).max()
    shown = zip(islice(iterate(frames, first), len(taken)), taken.tolist(), strict=True)
    return Footage(shown, rate, bool(late < 0.5 / rate), first, len(taken), notes)


def _camera(number: int, end: Moment | None) -> Footage:
    """Open a camera; its frames count from when the first one came.

    Raises:
        DsltError: It is not there, or gives no frame.
    """
    capture = cv2.VideoCapture(number)
    found, first = capture.read() if capture.isOpened() else (False, None)
    if not found:
        raise DsltError(
            f"camera {number}: gives no frame; is it connected, free, and may this user read it?"
        )
    rate = float(capture.get(cv2.CAP_PROP_FPS)) or FALLBACK_RATE
    count = end + 1 if isinstance(end, int) else None
    return Footage(_live(capture, first, rate, end), rate, False, 0, count, list)


def _live(
    capture: cv2.VideoCapture, image: Any, rate: float, end: Moment | None
) -> Iterator[tuple[Frame, float]]:
    """Yield frames of a camera until the end, until it stops, or until Ctrl-C.

    The clock starts when the second one is asked for: drawing boxes and learning take no time.
    """
    number, seconds = 0, 0.0
    with stop_request() as stop, ExitStack() as stack:
        stack.callback(capture.release)
        while not stop.number:
            yield np.ascontiguousarray(image[..., ::-1]), seconds
            if not number:
                begin = time.monotonic() - 1 / rate
            found, image = capture.read()
            number, seconds = number + 1, time.monotonic() - begin
            over = end is not None and (number if isinstance(end, int) else seconds) > end
            if over or not found:
                break
