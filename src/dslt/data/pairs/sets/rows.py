"""Annotations of one box each, brought together by the track that they belong to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError

Box = tuple[float, ...]
"""A box `(x, y, w, h)`."""


def by_track(rows: Iterable[tuple[Any, int, Box]]) -> list[tuple[Any, list[int], list[Box]]]:
    """Bring rows (track, frame number, box) together: sorted tracks, their frames and boxes."""
    found: dict[Any, tuple[list[int], list[Box]]] = defaultdict(lambda: ([], []))
    for track, frame, box in rows:
        frames, boxes = found[track]
        frames.append(frame)
        boxes.append(box)
    return [(track, *found[track]) for track in sorted(found)]


def numbered_files(folder: Path, example: str) -> Iterator[tuple[int, Path]]:
    """Give the files of a folder that are called as `example` is, with the numbers in their names.

    Raises:
        DsltError: A name is no number.
    """
    for path in sorted(folder.glob(f"*{Path(example).suffix}")):
        if not path.stem.isdecimal():
            raise DsltError(f"{path}: expected a frame number as file name, as in {example}")
        yield int(path.stem), path
