"""Writing frames as a video file."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.video import open_file

_FASTEST, _FINEST = 1000.0, 65535  # a frame rate of MPEG-4 is of two numbers of 16 bits
CODECS = {
    ".mp4": ("mp4", "mpeg4", "yuv420p"),
    ".avi": ("avi", "mjpeg", "yuvj420p"),
    ".mkv": ("matroska", "mpeg4", "yuv420p"),
}
"""Container, codec and kind of pixels by the suffix of a file."""


def write_video(path: Path, frames: Iterable[Frame], rate: float, description: str) -> None:
    """Write frames as a video whose format follows from the suffix.

    Args:
        path: The file.
        frames: The frames, at least one.
        rate: Frames per second.
        description: Kept in the file.

    Raises:
        DsltError: if the format or the file cannot be written.
    """
    try:
        with atomic_write(path) as temporary:
            _encode(temporary, frames, min(rate, _FASTEST), description)
    except av.FFmpegError as error:
        raise DsltError(
            f"{path}: this video cannot be written as {path.suffix} ({error.strerror}); try another"
            f" of {', '.join(CODECS)}"
        ) from error


def _encode(path: Path, frames: Iterable[Frame], rate: float, description: str) -> None:
    """Write frames to a path; an error of the file system is an OSError."""
    kind, codec, pixels = CODECS[path.suffix.lower()]
    exact = Fraction(rate).limit_denominator(min(1001, int(_FINEST / rate)))
    with av.open(str(path), "w", format=kind) as container:
        container.metadata["comment"] = description
        stream = container.add_stream(codec, exact, pix_fmt=pixels)
        assert isinstance(stream, av.VideoStream)
        for number, frame in enumerate(frames):
            if not number:
                stream.height, stream.width = frame.shape[:2]
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def description(path: Path) -> str:
    """What `write_video` kept in a video; empty of other files."""
    try:
        with open_file(path) as container:
            tags = {key.lower(): value for key, value in container.metadata.items()}
    except (av.FFmpegError, OSError):
        return ""
    return tags.get("comment", "")
