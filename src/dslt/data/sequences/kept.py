"""Decoded frames of videos that are kept on a disk of this machine, where the user names one.

A video is decoded from its start whenever an earlier frame is wanted; a training wants frames in
any order, and many cells want the same ones. What is kept is no result: it may be deleted at any
time.
"""

import contextlib
import errno
import os
import secrets
import shutil
import struct
import zlib
from pathlib import Path

import av
import numpy as np

from dslt.core.errors import DsltError
from dslt.core.files import write_error
from dslt.core.images import Frame
from dslt.data.sequences.frames import FrameSource
from dslt.data.sequences.images import checked_index

FOLDER = "DSLT_FRAMES"
"""Environment variable: folder of the frames, with variables of the place where a job runs."""
_SPARE = 0.1  # of the disk, which others need
_HEAD = struct.Struct("<III")  # height, width, CRC-32 of the pixels
_FULL = (errno.ENOSPC, errno.EDQUOT)


def keep_frames(video: FrameSource, sha256: str, first_frame: int) -> FrameSource:
    """Let frames of a video be kept, if `DSLT_FRAMES` names a folder; else give the video back.

    Args:
        video: Frames that are cheap to read forward only.
        sha256: Checksum of the video file.
        first_frame: Number in the file of the first of them.

    Raises:
        DsltError: A variable in the folder's name is not set.
    """
    folder = os.path.expandvars(os.environ.get(FOLDER, ""))
    if "$" in folder:
        raise DsltError(f"{FOLDER}: {folder}: not a folder; a variable in its name is not set here")
    if not folder:
        return video
    return KeptFrames(video, Path(folder, f"av-{av.__version__}", sha256), first_frame)


class KeptFrames:
    """Frames of a video, each decoded once as long as the disk has room; one file per frame."""

    def __init__(self, video: FrameSource, folder: Path, first_frame: int) -> None:
        self._video, self._folder, self._first = video, folder, first_frame

    def __len__(self) -> int:
        """Number of frames."""
        return len(self._video)

    def __getitem__(self, index: int) -> Frame:
        """Read frame `index`, or decode and keep all up to it; see `FrameSource`."""
        wanted = checked_index(index, len(self))
        frame = _read(self._path(wanted))
        if frame is not None:
            return frame
        for number in range(wanted):  # on the way to it, the video is decoded from its start
            if not self._path(number).exists() and self._room():
                self._keep(number, self._video[number])
        frame = self._video[wanted]
        if self._room():
            self._keep(wanted, frame)
        return frame

    def _path(self, number: int) -> Path:
        """Name the file of a frame; sequences of one video share it."""
        return self._folder / f"{self._first + number:07d}"

    def _room(self) -> bool:
        """Tell whether the disk has room; also makes the folder."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            usage = shutil.disk_usage(self._folder)
        except OSError as error:
            raise write_error(self._folder, error) from error
        return usage.free > _SPARE * usage.total

    def _keep(self, number: int, frame: Frame) -> None:
        """Write a frame whole or not at all; without a flush, for a reader sees by its sum."""
        temporary = self._folder / f".{secrets.token_hex(6)}.part"
        pixels = np.ascontiguousarray(frame)
        try:
            with temporary.open("wb") as file:
                file.write(_HEAD.pack(*pixels.shape[:2], zlib.crc32(pixels.data)))
                file.write(pixels.data)
            temporary.replace(self._path(number))
        except OSError as error:
            if error.errno not in _FULL:
                raise write_error(self._path(number), error) from error
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def _read(path: Path) -> Frame | None:
    """Read a kept frame; None where there is none, or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < _HEAD.size:
        return None
    height, width, crc = _HEAD.unpack_from(data)
    pixels = np.frombuffer(data, np.uint8, offset=_HEAD.size)
    if pixels.size != height * width * 3 or zlib.crc32(pixels.data) != crc:
        return None
    return pixels.reshape(height, width, 3).copy()
