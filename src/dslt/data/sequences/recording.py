"""Writing frames as a video file, at a regular rate or at the frames' own times."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError, atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.video import open_file

_FASTEST, _FINEST = 1000.0, 65535  # a frame rate of MPEG-4 is of two numbers of 16 bits
_MILLISECOND = Fraction(1, 1000)  # the times of Matroska and WebM
_BT601 = 6  # FFmpeg's number of how RGB becomes YUV; untold, players guess by the height
_REPEATABLE = {"fflags": "+bitexact"}  # no random numbers and no date
_KEY_SECONDS = 2.0  # a player that seeks decodes from the key frame before


@dataclass(frozen=True)
class Format:
    """How a video is written.

    Attributes:
        container: FFmpeg's name of the container.
        codec: FFmpeg's name of the encoder.
        pixels: Kind of pixels.
        options: Options of the encoder.
        timed: Whether each frame can have a time of its own.
        even: Whether both sides have to be even numbers of pixels.
    """

    container: str
    codec: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)
    timed: bool = True
    even: bool = False


FORMATS: Mapping[str, Format] = {
    # VP9 as it is set for calls: five times as fast as VP8 in as few bytes at a better quality.
    ".webm": Format(
        "webm",
        "libvpx-vp9",
        "yuv420p",
        {"deadline": "realtime", "cpu-used": "8", "row-mt": "1", "crf": "32", "b": "0"},
    ),
    ".mp4": Format(
        "mp4",
        "libx264",
        "yuv420p",
        {"crf": "23", "preset": "veryfast"},
        even=True,
    ),
    ".mkv": Format("matroska", "mpeg4", "yuv420p"),
    ".avi": Format("avi", "mjpeg", "yuvj420p", timed=False),
}
"""Formats by the suffix of a file; browsers play the first two."""


def check_format(path: Path) -> Format:
    """Return the format of a video that is to be written.

    Raises:
        DsltError: The suffix is unknown, or FFmpeg has no such encoder here.
    """
    if path.suffix.lower() not in FORMATS:
        raise DsltError(f"{path}: unknown video suffix; allowed: {', '.join(FORMATS)}")
    chosen = FORMATS[path.suffix.lower()]
    try:
        av.codec.Codec(chosen.codec, "w")
    except av.codec.codec.UnknownCodecError:
        raise DsltError(
            f"{path}: FFmpeg has no encoder {chosen.codec} here; choose another of "
            f"{', '.join(FORMATS)}"
        ) from None
    return chosen


def write_video(
    path: Path,
    frames: Iterable[Frame],
    rate: float,
    description: str = "",
    key_seconds: float = _KEY_SECONDS,
) -> None:
    """Write frames that come at a regular rate; the same frames give the same bytes.

    Args:
        path: The file; its suffix chooses the format.
        frames: The frames, at least one, all of one size.
        rate: Frames per second; above 1000 it is 1000.
        description: Kept in the file.
        key_seconds: Seconds from one frame that needs no other to the next.

    Raises:
        DsltError: The format or the file cannot be written; what was there is there still.
    """
    exact = _exact(rate)
    numbered = ((frame, number) for number, frame in enumerate(frames))
    _write(path, numbered, exact, 1 / exact, description, key_seconds)


def write_timed_video(
    path: Path, frames: Iterable[tuple[Frame, float]], rate: float, description: str = ""
) -> None:
    """Write frames each at its own time, to a millisecond; see `write_video`.

    Args:
        path: The file; an AVI has a rate only, and is refused.
        frames: Frames and their times in seconds; the first one's is where the video begins.
        rate: Their usual rate per second, which players show.
        description: Kept in the file.

    Raises:
        DsltError: As `write_video`.
    """
    if not check_format(path).timed:
        raise DsltError(
            f"{path}: a {path.suffix} has frames at a regular rate only, and these are not; choose "
            f"another of {', '.join(name for name, kind in FORMATS.items() if kind.timed)}"
        )
    _write(path, _ticks(frames), _exact(rate), _MILLISECOND, description)


def description(path: Path) -> str:
    """What `write_video` kept in a video; empty of other files."""
    try:
        with open_file(path) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
    except (av.FFmpegError, OSError):
        return ""
    return tags.get("comment", "")


def _exact(rate: float) -> Fraction:
    rate = min(rate, _FASTEST)
    return Fraction(rate).limit_denominator(min(1001, int(_FINEST / rate)))


def _ticks(frames: Iterable[tuple[Frame, float]]) -> Iterator[tuple[Frame, int]]:
    """Count milliseconds from the first frame; each frame has one of its own."""
    begin, last = 0.0, -1
    for frame, seconds in frames:
        begin = seconds if last < 0 else begin
        last = max(round((seconds - begin) / _MILLISECOND), last + 1)
        yield frame, last


def _write(
    path: Path,
    frames: Iterable[tuple[Frame, int]],
    rate: Fraction,
    tick: Fraction,
    description: str,
    key_seconds: float = _KEY_SECONDS,
) -> None:
    """Write frames at whole numbers of ticks (seconds)."""
    chosen = check_format(path)
    form: dict[str, Any] = {"format": chosen.container, "container_options": _REPEATABLE}
    try:
        with (
            atomic_write(path) as temporary,
            av.open(str(temporary), "w", **form) as container,
        ):
            container.metadata["comment"] = description
            _encode(container, chosen, frames, rate, tick, max(1, round(key_seconds * rate)))
    except av.FFmpegError as error:
        raise NotWrittenError(
            f"{path}: this video cannot be written as {path.suffix} ({error.strerror}); try another"
            f" of {', '.join(FORMATS)}"
        ) from error


def _encode(
    container: av.container.OutputContainer,
    chosen: Format,
    frames: Iterable[tuple[Frame, int]],
    rate: Fraction,
    tick: Fraction,
    key_every: int,
) -> None:
    """Encode frames; an error of the file system is an OSError."""
    stream = container.add_stream(chosen.codec, rate, options=dict(chosen.options))
    assert isinstance(stream, av.VideoStream)
    stream.pix_fmt = chosen.pixels
    stream.codec_context.colorspace = _BT601
    stream.codec_context.time_base = tick
    stream.codec_context.gop_size = key_every
    for frame, number in frames:
        pixels = _evened(frame) if chosen.even else frame
        if not number:
            stream.height, stream.width = pixels.shape[:2]
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        picture.pts, picture.time_base = number, tick
        container.mux(stream.encode(picture))
    container.mux(stream.encode())


def _evened(frame: Frame) -> Frame:
    """Repeat the last row or column where there is an odd number of them."""
    height, width = frame.shape[:2]
    if height % 2 == width % 2 == 0:
        return frame
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


def scaled(frame: Frame, longest: int) -> Frame:
    """Scale a frame (H, W, 3) so that its longer side has `longest` pixels."""
    scale = longest / max(frame.shape[:2])
    width, height = (max(1, round(scale * side)) for side in (frame.shape[1], frame.shape[0]))
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
