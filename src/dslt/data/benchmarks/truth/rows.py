"""Ground truth as rows of numbers: boxes of four, polygons of six or more."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.data.benchmarks.truth.source import read_text
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import from_file_origin, parse_numbers


def read_rows(path: Path) -> list[list[float]]:
    """Read one region per line: `x,y,w,h` or `x1,y1,x2,y2,...`.

    Raises:
        DsltError: A line is no region; the message names file and line.
    """
    lines = read_text(path).rstrip().splitlines()
    if not lines:
        raise DsltError(f"{path}: no regions in the file; expected one line per frame")
    return [_read_row(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]


def _read_row(line: str, where: str) -> list[float]:
    if line.lstrip().startswith("m"):
        raise DsltError(f"{where}: a mask; expected a box x,y,w,h or a polygon x1,y1,x2,y2,...")
    return checked_row(parse_numbers(line, where), where)


def checked_row(row: Sequence[float], where: str) -> list[float]:
    """Check that a row is a box or a polygon.

    Raises:
        DsltError: It has another number of values.
    """
    if len(row) != 4 and (len(row) < 6 or len(row) % 2):
        raise DsltError(
            f"{where}: {len(row)} values; expected 4 (x,y,w,h) or pairs x,y of 3 corners or more"
        )
    return list(row)


def region_target(
    rows: Sequence[Sequence[float]],
    origin: int,
    *,
    attributes: tuple[str, ...] = (),
    absent: Mask | None = None,
    tags: Mapping[str, Mask] | None = None,
    size: tuple[int, int] | None = None,
) -> Target:
    """Make a target of regions: of boxes alone, or of polygons where there is one.

    Args:
        rows: Rows of `checked_row`, N of them; where a row has a NaN, the target is absent.
        origin: 0 or 1, where the rows count pixels from.
        attributes: Attribute codes of the sequence.
        absent: Flags (N,) of the frames without target.
        tags: Flags (N,) of the frames that carry an attribute, by its name.
        size: Width and height of the frames in pixels.
    """
    known = [not any(value != value for value in row) for row in rows]
    if all(len(row) == 4 for row, here in zip(rows, known, strict=True) if here):
        nothing = (np.nan,) * 4
        boxes = [row if here else nothing for row, here in zip(rows, known, strict=True)]
        truth, corners = from_file_origin(np.array(boxes, dtype=np.float64), origin), None
    else:
        corners = _corners(rows, known) - origin
        low = corners.min(axis=1)
        truth = np.concatenate([low, corners.max(axis=1) - low], axis=1)
    return Target(
        truth, attributes, "", corners=corners, absent=absent, tags=dict(tags or {}), size=size
    )


def _corners(rows: Sequence[Sequence[float]], known: Sequence[bool]) -> Floats:
    """Corners (N, K, 2); boxes become their four corners, short polygons repeat their last one."""
    most = max(len(row) for row in rows) // 2
    corners = np.full((len(rows), max(most, 4), 2), np.nan)
    for place, row, here in zip(corners, rows, known, strict=True):
        if not here:
            continue
        points = np.array(row if len(row) > 4 else _box_corners(*row)).reshape(-1, 2)
        place[: len(points)] = points
        place[len(points) :] = points[-1]
    return corners


def _box_corners(x: float, y: float, w: float, h: float) -> list[float]:
    return [x, y, x + w, y, x + w, y + h, x, y + h]
