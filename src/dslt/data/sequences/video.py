"""Video files, by exact frame numbers."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.sidedata.sidedata import SideData

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.sequences.images import checked_index, size_text

_LOCAL = {"protocol_whitelist": "file"}  # a playlist leads to no other machine


def open_file(path: Path) -> av.container.InputContainer:
    """Open a file of sound or pictures, whatever the encoding of its titles.

    Raises:
        av.FFmpegError: It is none.
    """
    return av.open(os.fspath(path.resolve()), options=_LOCAL, metadata_errors="replace")


@dataclass
class Tally:
    """What came of the packets of a video while it was decoded.

    Attributes:
        packets: Packets that were read.
        discarded: Packets that the container says not to show.
        before_key: Packets before the first that can be decoded without others.
        undecodable: Packets that the decoder refused.
        end: Where the last packet ends in the file, in bytes, 0 where that is not known.
        broken_off: Why reading ended before the end of the file, if it did.
    """

    packets: int = 0
    discarded: int = 0
    before_key: int = 0
    undecodable: int = 0
    end: int = 0
    broken_off: str = ""


def open_video(path: Path) -> tuple[av.container.InputContainer, av.VideoStream]:
    """Open a video file, and choose the stream that players show.

    Raises:
        DsltError: The file is missing, or not a video.
    """
    if not path.is_file():
        raise DsltError(f"{path}: no such video")
    try:
        container = open_file(path)
    except (av.FFmpegError, OSError) as error:
        raise DsltError(
            f"{path}: not a video that can be opened ({path.stat().st_size} bytes; "
            f"{error.strerror}); of a download that was cut off, fetch the whole"
        ) from None
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.codec_context is None:
        container.close()
        raise DsltError(f"{path}: no video in the file, or of a kind that cannot be decoded here")
    return container, stream


def decode_video(path: Path, tally: Tally, threads: int = 1) -> Iterator[av.VideoFrame]:
    """Decode a video from its start; packets that cannot be decoded give no frame, and are counted.

    Args:
        path: The video file.
        tally: Counts the packets.
        threads: Threads that decode frames, 0: one per core. With several, a damaged packet may
            take sound frames with it, and how many depends on the number of threads.

    Raises:
        DsltError: The file is missing, or not a video.
    """
    container, stream = open_video(path)
    with container:
        stream.codec_context.thread_count = threads
        if threads != 1:
            stream.thread_type = "AUTO"
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                tally.broken_off = error.strerror or "unreadable"
                return
            if packet is None:
                return
            _count(packet, tally)
            try:
                yield from packet.decode()
            except av.FFmpegError:
                tally.undecodable += 1


def _count(packet: av.Packet[av.VideoStream], tally: Tally) -> None:
    """Count a packet, unless it is the empty one at the end."""
    if not packet.size and packet.dts is None:
        return
    tally.end = 0 if packet.pos is None else packet.pos + packet.size
    if packet.is_discard:
        tally.discarded += 1
        return
    if not packet.is_keyframe and tally.before_key == tally.packets:
        tally.before_key += 1
    tally.packets += 1


def to_rgb(frame: av.VideoFrame, where: str) -> Frame:
    """Convert a decoded frame to RGB uint8 (H, W, 3), turned or mirrored as the video says.

    Raises:
        DsltError: It is to be turned by another angle than a multiple of 90 degrees.
    """
    pixels = np.asarray(frame.to_ndarray(format="rgb24", threads=1), np.uint8)
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if not isinstance(matrix, SideData):
        return pixels
    entries = np.array(struct.unpack("=9i", bytes(matrix)), dtype=np.float64)[[0, 1, 3, 4]]
    (a, b), (c, d) = np.round(entries.reshape(2, 2) / 65536, 2).tolist()
    if a == d == 0:  # x is shown where y was
        pixels, a, d = np.swapaxes(pixels, 0, 1), c, b
    elif b != 0 or c != 0:
        raise DsltError(
            f"{where}: is to be shown turned by {frame.rotation} degrees; expected a multiple of "
            "90: turn it with a video editor first"
        )
    pixels = pixels[:, ::-1] if a < 0 else pixels
    return np.ascontiguousarray(pixels[::-1] if d < 0 else pixels)


class VideoClip:
    """A range of frames of a video file, counted while decoding from its start.

    Containers' own seeking and frame counts are not exact, so neither is used: reading forward
    decodes each frame once, reading backward decodes from the start again. Frames are turned as
    the video says, and interlaced ones are taken as they are.
    """

    def __init__(
        self, path: str | os.PathLike[str], first_frame: int = 0, frames: int | None = None
    ) -> None:
        """Take frames `first_frame ... first_frame + frames - 1` (0-based) of a video.

        Args:
            path: The video file.
            first_frame: Frame of the video that is frame 0 of the sequence.
            frames: Number of frames; default: up to the end, which decodes the whole video once to
                count.

        Raises:
            DsltError: The file is missing or not a video, or has no such frames.
        """
        self.path = Path(path)
        self.first_frame = first_frame
        self._decoded: Iterator[av.VideoFrame] | None = None
        self._next = 0
        self._shape: tuple[int, ...] | None = None
        self._lock = threading.Lock()
        if frames is None:
            frames = sum(1 for _ in decode_video(self.path, Tally())) - first_frame
        if frames < 1 or first_frame < 0:
            raise DsltError(f"{self.path}: no frames from frame {first_frame} on")
        self._frames = frames

    def __len__(self) -> int:
        """Number of frames."""
        return self._frames

    def __getitem__(self, index: int) -> Frame:
        """Decode frame `index` as RGB uint8 (H, W, 3); see `FrameSource`."""
        wanted = self.first_frame + checked_index(index, len(self))
        with self._lock:
            if self._decoded is None or wanted < self._next:
                self._decoded, self._next = decode_video(self.path, Tally()), 0
            for frame in self._decoded:
                self._next += 1
                if self._next > wanted:
                    return self._checked(frame, wanted)
        raise DsltError(
            f"{self.path}: frame {wanted} cannot be decoded; the video ends or is damaged "
            f"after {self._next} frames"
        )

    def _checked(self, decoded: av.VideoFrame, number: int) -> Frame:
        frame = to_rgb(decoded, str(self.path))
        if self._shape is not None and frame.shape != self._shape:
            raise DsltError(
                f"{self.path}: frame {number} has {size_text(frame.shape)} pixels, the ones before "
                f"{size_text(self._shape)}"
            )
        self._shape = frame.shape
        return frame
