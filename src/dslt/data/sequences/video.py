"""Video files, by exact frame numbers."""

import os
import threading
from pathlib import Path

import cv2
import numpy as np

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.data.sequences.images import checked_index, size_text


class VideoClip:
    """A range of frames of a video file, counted while decoding from its start.

    Containers' own seeking and frame counts are not exact, so neither is used: reading forward
    decodes each frame once, reading backward decodes from the start again.
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
        self._capture: cv2.VideoCapture | None = None
        self._next = 0
        self._shape: tuple[int, ...] | None = None
        self._lock = threading.Lock()
        if frames is None:
            frames = count_frames(self.path) - first_frame
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
            if self._capture is None or wanted < self._next:
                self.close()
                self._capture = _open_video(self.path)
            while self._next < wanted and self._capture.grab():
                self._next += 1
            decoded, frame = self._capture.read() if self._next == wanted else (False, None)
            if not decoded or frame is None:
                raise DsltError(
                    f"{self.path}: frame {wanted} cannot be decoded; the video ends or is damaged "
                    f"after {self._next} frames"
                )
            self._next += 1
        return self._checked(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8), wanted)

    def _checked(self, frame: Frame, number: int) -> Frame:
        if self._shape is not None and frame.shape != self._shape:
            raise DsltError(
                f"{self.path}: frame {number} has {size_text(frame.shape)} pixels, the ones before "
                f"{size_text(self._shape)}"
            )
        self._shape = frame.shape
        return frame

    def close(self) -> None:
        """Close the file; it is opened again when the next frame is read."""
        if self._capture is not None:
            self._capture.release()
        self._capture, self._next = None, 0


def _open_video(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise DsltError(f"{path}: no such video")
    capture = cv2.VideoCapture(os.fspath(path))
    if not capture.isOpened():
        raise DsltError(f"{path}: not a video that can be opened ({path.stat().st_size} bytes)")
    return capture


def count_frames(path: str | os.PathLike[str]) -> int:
    """Number of frames of a video, by decoding all of it.

    Raises:
        DsltError: The file is missing, not a video, or a video without frames.
    """
    capture = _open_video(Path(path))
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    if not count:
        raise DsltError(f"{os.fspath(path)}: empty video, no frame can be decoded")
    return count
