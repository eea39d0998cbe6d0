"""What decoding all of a video shows: how many frames there are, and what to know about them."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorTrc, Interpolation, VideoReformatter
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.data.sequences.ending import cut_short
from dslt.data.sequences.levels import Levels
from dslt.data.sequences.video import Tally, decode_video, open_video, to_rgb

_HDR = {ColorTrc.SMPTE2084.value: "PQ", ColorTrc.ARIB_STD_B67.value: "HLG"}
_SHORT = 0.95  # of the announced time, where the number of frames is not announced
_GRID = (32, 24)  # pixels that are looked at for frames of one colour
_RESIDUE = 2  # grey levels between pixels of one colour that a lossy codec may leave
_FLAT = 0.1  # of the frames; fewer are a fade
_UNEVEN = 0.01  # of the frames, that a tool that evens out the rate would add


@dataclass(frozen=True)
class Survey:
    """A video that was decoded as a whole.

    Attributes:
        frames: Number of frames.
        rate: Frames per second, None where the container does not say.
        notes: What to know, in sentences.
        times: When each frame is shown, in seconds from the first, rising; empty where the
            container does not say.
    """

    frames: int
    rate: float | None
    notes: tuple[str, ...]
    times: tuple[float, ...] = ()


@dataclass
class _Seen:
    """What the frames of a video are like."""

    frames: int = 0
    interlaced: int = 0
    damaged: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    flat: int = 0
    _small: VideoReformatter = field(default_factory=VideoReformatter)

    def add(self, frame: av.VideoFrame, where: str) -> None:
        """Look at the next frame."""
        if not self.frames:
            self.first = _first_frame(frame, where)
        self.interlaced += frame.interlaced_frame
        if frame.is_corrupt:
            self.damaged.append(self.frames)
        self.flat += self._is_flat(frame)
        if frame.time is not None:
            self.times.append(frame.time)
        self.frames += 1

    def _is_flat(self, frame: av.VideoFrame) -> bool:
        """Whether all pixels have one colour; a few of them tell it of most frames."""
        few = self._small.reformat(
            frame, *_GRID, format="rgb24", interpolation=Interpolation.POINT, threads=1
        )
        if few is None or not _one_colour(few.to_ndarray()):
            return False
        return _one_colour(frame.to_ndarray(format="rgb24", threads=1))

    @property
    def last_damaged(self) -> bool:
        """Whether the last frame is damaged."""
        return bool(self.damaged) and self.damaged[-1] == self.frames - 1

    @property
    def rising(self) -> tuple[float, ...]:
        """Times of all frames from the first one's on; empty where they do not rise."""
        times = np.array(self.times)
        if len(times) != self.frames or (np.diff(times) <= 0).any():
            return ()
        return tuple((times - times[0]).tolist())

    @property
    def step(self) -> float:
        """Usual time between frames, 0 where it is not known."""
        steps = np.diff(np.sort(np.array(self.times)))
        return float(np.median(steps)) if len(steps) else 0.0


@dataclass(frozen=True)
class _Announced:
    """What a container says before its frames are read; 0 is unknown."""

    format: str
    frames: int
    rate: float
    start: float
    seconds: float


def survey_video(
    path: str | os.PathLike[str], progress: Callable[[], object] = lambda: None
) -> Survey:
    """Decode all of a video, and compare it with what its container says.

    Args:
        path: The video file.
        progress: Called once per frame; a video that is not sound may be decoded twice.

    Raises:
        DsltError: The file is missing, not a video, or a video without frames.
    """
    source = Path(path)
    announced = _announced(source)
    seen, tally = _look(source, 0, progress)
    if seen.damaged or tally.undecodable or seen.frames != tally.packets:
        seen, tally = _look(source, 1, progress)  # as the frames are read for tracking
    if not seen.frames:
        raise DsltError(f"{source}: empty video, no frame can be decoded")
    lacking = _of_packets(announced, tally, seen)
    if missing := cut_short(source, announced.format, tally.end):
        lacking.insert(0, f"{missing}: the file was cut off (a download that did not end?)")
    notes = lacking or _of_times(seen)  # what is missing makes times uneven
    notes += _of_frames(seen) + seen.first
    rate = announced.rate or None
    named = tuple(f"{source}: {note}" for note in notes)
    return Survey(seen.frames, rate, named, seen.rising)


def _look(path: Path, threads: int, progress: Callable[[], object]) -> tuple[_Seen, Tally]:
    seen, tally = _Seen(), Tally()
    for frame in decode_video(path, tally, threads):
        seen.add(frame, str(path))
        progress()
    return seen, tally


def _announced(path: Path) -> _Announced:
    container, stream = open_video(path)
    with container:
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        seconds = (container.duration or 0) / av.time_base
        if stream.frames and rate:
            seconds = stream.frames / rate
        start = (container.start_time or 0) / av.time_base
        return _Announced(container.format.name, stream.frames, rate, start, seconds)


def _of_packets(announced: _Announced, tally: Tally, seen: _Seen) -> list[str]:
    """Say what is missing."""
    notes = []
    step = seen.step or (1 / announced.rate if announced.rate else 0.0)
    end = max(seen.times, default=0.0) - announced.start + step
    missing = announced.frames - tally.packets - tally.discarded
    if missing > 0 and announced.format == "avi" and end + step / 2 >= announced.seconds:
        notes.append(f"the container lists {missing} frames without a picture, which are left out")
    elif missing > 0:
        notes.append(
            f"the container lists {announced.frames} frames, but {seen.frames} can be decoded: "
            "the file was cut off (a download that did not end?) or is damaged"
        )
    elif not announced.frames and step and end < _SHORT * announced.seconds:
        notes.append(
            f"the container announces {announced.seconds:.2f} s, but the frames end after "
            f"{end:.2f} s: the file was cut off (a download that did not end?), or its sound is "
            "longer"
        )
    if tally.broken_off:
        notes.append(f"it cannot be read past frame {seen.frames}: {tally.broken_off}")
    if 0 < tally.before_key < tally.packets and seen.frames < tally.packets:
        notes.append(
            f"it begins in the middle of a group of pictures: {tally.before_key} that need earlier "
            "ones come before the first whole one; frame 0 is the first that can be decoded"
        )
    if tally.undecodable:
        notes.append(f"frames that are damaged and left out: {tally.undecodable}")
    return notes


def _of_frames(seen: _Seen) -> list[str]:
    """Say what is odd about the frames that are there."""
    notes = []
    if seen.damaged:
        notes.append(
            f"frames that are damaged and were filled up by the decoder: {len(seen.damaged)}, the "
            f"first is frame {seen.damaged[0]}"
            + (", and the last one is: the file may have been cut off" * seen.last_damaged)
        )
    if seen.flat > _FLAT * seen.frames:
        notes.append(
            f"{seen.flat} of {seen.frames} frames are of one colour: there is nothing to follow"
        )
    if seen.interlaced:
        notes.append(
            f"{seen.interlaced} of {seen.frames} frames are interlaced: what moves looks combed; "
            "to avoid it: ffmpeg -i VIDEO -vf bwdif=mode=send_frame -c:v ffv1 NEW.mkv"
        )
    return notes


def _of_times(seen: _Seen) -> list[str]:
    """Say whether a tool that evens out the rate would count other frames."""
    if not seen.step:
        return []
    even = round((max(seen.times) - min(seen.times)) / seen.step) + 1
    if abs(even - seen.frames) <= max(1, _UNEVEN * seen.frames):
        return []
    return [
        f"frames come at uneven times; each of the {seen.frames} counts as one (as in OpenCV), "
        f"while a tool that evens out the rate makes about {even} of them"
    ]


def _first_frame(frame: av.VideoFrame, where: str) -> list[str]:
    """Say what is odd about the first frame's values."""
    notes = []
    if hdr := _HDR.get(frame.color_trc):
        notes.append(
            f"high dynamic range ({hdr}) is taken without tone mapping, so "
            "pictures look pale; a copy for any screen is tracked more like other videos"
        )
    deep = frame.format.name.startswith("gray16")
    if (
        deep
        and Levels.of(np.asarray(frame.to_ndarray(format="gray16le", threads=1), np.uint16)).narrow
    ):
        notes.append(
            "few of its 16-bit grey values are used, and only their upper 8 bits are taken; write "
            "the frames as PNG (ffmpeg -i VIDEO DIR/%06d.png), of which all values are used"
        )
    pixels = to_rgb(frame, where)
    if _one_colour(pixels):
        notes.append("the first frame is of one colour: there is nothing to follow")
    return notes


def _one_colour(pixels: NDArray[np.generic]) -> bool:
    """Whether pixels of shape (H, W, 3) differ by no more than what compression leaves."""
    return bool(np.ptp(pixels, axis=(0, 1)).max() <= _RESIDUE)
