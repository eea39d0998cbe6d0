"""YouTube-VOS: outlines as images whose pixels are the numbers of the objects."""

import io
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from dslt.core.errors import DsltError
from dslt.core.workers import spread
from dslt.data.pairs.sets.kinds import YoutubeVosSet
from dslt.data.pairs.sets.rows import Box, by_track, numbered_files
from dslt.data.pairs.videos import RawTrack

IMAGE = "JPEGImages/{video}/{frame:05d}.jpg"
_MASKS = "Annotations"
_UNDECIDED = 255  # pixels that belong to no object and not to the background


def youtube_vos_tracks(_entry: YoutubeVosSet, root: Path, jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of `Annotations/<video>/<frame>.png`: the box around each object's pixels.

    A frame in which an object has no pixel is none of its track, so a track starts where the object
    is first annotated.

    Args:
        root: The folder `train`.
        jobs: Processes that read outlines.

    Raises:
        DsltError: There are no outlines, or a file is none.
    """
    base = root / _MASKS
    videos = sorted(path.name for path in base.iterdir() if path.is_dir()) if base.is_dir() else []
    if not videos:
        raise DsltError(f"{base}: no folders of outlines; expected YouTube-VOS's `train`")
    read = partial(_read_video, base)
    return chain.from_iterable(spread(read, videos, jobs, "YouTube-VOS", "videos"))


def _read_video(base: Path, video: str) -> list[RawTrack]:
    rows = (
        (target, frame, box)
        for frame, path in numbered_files(base / video, "00000.png")
        for target, box in _boxes(path)
    )
    return [(video, str(target), frames, boxes) for target, frames, boxes in by_track(rows)]


def _boxes(path: Path) -> Iterator[tuple[int, Box]]:
    """Number and box `(x, y, w, h)`, 0-based, of every object of an outline image."""
    try:
        # Of bytes, a length that is damaged asks for no more memory than there are.
        with Image.open(io.BytesIO(path.read_bytes())) as image:
            mode = image.mode
            mask = np.array(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DsltError(f"{path}: unreadable outlines ({error})") from error
    if mode not in ("P", "L"):
        raise DsltError(f"{path}: pixels of kind {mode!r}; expected numbers of objects (P or L)")
    mask[mask == _UNDECIDED] = 0
    for number, place in enumerate(ndimage.find_objects(mask), 1):
        if place is not None:
            rows, columns = place
            size = columns.stop - columns.start, rows.stop - rows.start
            yield number, (columns.start, rows.start, *size)
