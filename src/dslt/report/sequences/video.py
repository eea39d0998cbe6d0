"""A sequence's frames as a small video that browsers play."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from dslt.core.images import Frame
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.sequences.frames import iterate
from dslt.data.sequences.recording import scaled, write_video

RATE = 25.0  # frames per second: 40 ms each, which WebM's times hold exactly
LONGEST = 640  # pixels of the longer side
KEY_SECONDS = 0.5  # a step backwards decodes as much at most


def write_videos(index: BenchmarkIndex, names: Iterable[str], folder: Path) -> Iterator[Path]:
    """Write `<name>.webm` for sequences of an index; yields each file when it is written.

    Raises:
        DsltError: A sequence or its frames are missing, or a file cannot be written.
    """
    for name in names:
        out = folder / f"{name}.webm"
        frames = index.sequence(name).frames
        write_video(out, map(small, iterate(frames)), RATE, key_seconds=KEY_SECONDS)
        yield out


def small(frame: Frame) -> Frame:
    """Scale a frame (H, W, 3) down to `LONGEST` pixels; a smaller one stays as it is."""
    return scaled(frame, LONGEST) if max(frame.shape[:2]) > LONGEST else frame
