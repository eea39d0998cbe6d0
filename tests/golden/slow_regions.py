"""Overlaps of regions for the slow scorer: pixel by row, or exact areas; convex regions only."""

from __future__ import annotations

import math
from functools import cache

Corners = list[tuple[float, float]]


@cache  # of a run that is scored by several protocols
def region_overlap(
    one: tuple[float, ...],
    other: tuple[float, ...],
    overlap: str,
    rectangles: str,
    size: tuple[int, int] | None,
) -> float:
    """Overlap of two convex regions; a box without area overlaps nothing."""
    if any(len(region) == 4 and not (region[2] > 0 and region[3] > 0) for region in (one, other)):
        return 0.0
    first, second = _corners(one, rectangles), _corners(other, rectangles)
    if overlap == "polygon":
        if size is not None:
            image = [(0.0, 0.0), (size[0], 0.0), (size[0], size[1]), (0.0, size[1])]
            first, second = _clipped(first, image), _clipped(second, image)
        areas, shared = _area(first) + _area(second), _area(_clipped(first, second))
    else:
        mine, theirs = _drawn(first, size), _drawn(second, size)
        areas = _count(mine) + _count(theirs)
        shared = sum(
            max(0, min(mine[y][1], theirs[y][1]) - max(mine[y][0], theirs[y][0]) + 1)
            for y in mine.keys() & theirs.keys()
        )
    return shared / (areas - shared) if areas > shared else 0.0


def _corners(region: tuple[float, ...], rectangles: str) -> Corners:
    if len(region) > 4:
        return list(zip(region[::2], region[1::2], strict=True))
    x, y, w, h = region
    if rectangles == "pixels":
        w, h = max(w - 1, 0), max(h - 1, 0)
    return [(x, y), (x + w, y), (x + w, y + h), (x, y + h)]


def _edges(corners: Corners):
    return zip(corners, corners[1:] + corners[:1], strict=True)


def _drawn(corners: Corners, size: tuple[int, int] | None) -> dict[int, tuple[int, int]]:
    """Row to first and last pixel: whole-number corners, outline included, image only."""
    points = [(math.floor(x + 0.5), math.floor(y + 0.5)) for x, y in corners]
    edges = list(_edges(points))
    rows = {}
    for y in range(min(y for _, y in points), max(y for _, y in points) + 1):
        crossings = []
        for (x1, y1), (x2, y2) in edges:
            if y1 == y2 == y:
                crossings += [x1, x2]
            elif y1 != y2 and min(y1, y2) <= y <= max(y1, y2):
                crossings.append(x1 + (y - y1) * (x2 - x1) // (y2 - y1))
        left, right = min(crossings), max(crossings)
        if size is not None:
            left, right = max(left, 0), min(right, size[0] - 1)
            if not 0 <= y < size[1]:
                continue
        if left <= right:
            rows[y] = (left, right)
    return rows


def _count(rows: dict[int, tuple[int, int]]) -> int:
    return sum(right - left + 1 for left, right in rows.values())


def _signed_area(corners: Corners) -> float:
    if not corners:
        return 0.0
    x0, y0 = corners[0]
    return (
        math.fsum(
            (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0) for (x1, y1), (x2, y2) in _edges(corners)
        )
        / 2
    )


def _area(corners: Corners) -> float:
    return abs(_signed_area(corners))


def _clipped(corners: Corners, window: Corners) -> Corners:
    """Cut a convex polygon at each edge of another one in turn."""
    sign = 1 if _signed_area(window) > 0 else -1
    for (x1, y1), (x2, y2) in _edges(window):

        def inside(point, x1=x1, y1=y1, x2=x2, y2=y2):
            return sign * ((x2 - x1) * (point[1] - y1) - (y2 - y1) * (point[0] - x1))

        kept = []
        for one, other in _edges(corners) if corners else ():
            here, there = inside(one), inside(other)
            if here >= 0:
                kept.append(one)
            if (here > 0 > there) or (here < 0 < there):
                part = here / (here - there)
                kept.append(
                    (one[0] + part * (other[0] - one[0]), one[1] + part * (other[1] - one[1]))
                )
        corners = kept
    return corners
