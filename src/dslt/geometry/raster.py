"""Polygons as pixels, drawn by inclusive scan lines as the VOT toolkits draw them.

Corners are rounded to whole pixels first. Row y of a polygon then holds the pixels between the
points where its edges meet the line at y, rounded down, both ends included; so a box of w by h
covers w + 1 by h + 1 pixels, and no polygon is empty. A row is kept as a few disjoint spans of
pixels: the work grows with the height of a region, not with its area. Coordinates are whole
numbers in float64, which the divisions below keep exact.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints
from dslt.core.errors import DsltError

BLOCK = 1024  # regions drawn at once, which bounds the memory
LARGEST = 2.0**24  # products of two coordinates must stay exact
MOST_ROWS = 50_000_000


@dataclass(frozen=True)
class _Drawn:
    """N regions as spans of pixels.

    Attributes:
        top: (N,) first row.
        rows: (N,) number of rows, 0 for a region without any in the image.
        start: (N,) index of each region's first row among all T rows.
        left: (M, T) first pixel of each row's spans.
        right: (M, T) last pixel; before `left` where a row has fewer than M spans.
    """

    top: Ints
    rows: Ints
    start: Ints
    left: Floats
    right: Floats

    def areas(self) -> Floats:
        """Pixels per region, (N,)."""
        return _sums(_widths(self.left, self.right).sum(axis=0), self.start, self.rows)


def round_corners(corners: Floats) -> Floats:
    """Round to whole pixels; halves go up, so that shifting by whole pixels changes nothing."""
    return np.asarray(np.floor(corners + 0.5))


def raster_overlaps(first: Floats, second: Floats, last: Floats) -> Floats:
    """Intersection over union in pixels of pairs of polygons.

    Args:
        first: (N, K, 2) finite corners in pixels, 0-based.
        second: (N, J, 2) corners.
        last: (N, 2) last column and row of the image that each pair is clipped to, infinite where
            there is no image.

    Returns:
        (N,) overlaps in [0, 1]; 0 where neither region has a pixel in the image.

    Raises:
        DsltError: A region is too large to be drawn.
    """
    overlap = np.empty(len(first))
    first, second = round_corners(first), round_corners(second)
    _check_drawable(first, last)
    _check_drawable(second, last)
    for begin in range(0, len(first), BLOCK):
        block = slice(begin, begin + BLOCK)
        one, other = _draw(first[block], last[block]), _draw(second[block], last[block])
        shared = _shared(one, other)
        union = one.areas() + other.areas() - shared
        overlap[block] = np.divide(shared, union, out=np.zeros(len(union)), where=union > 0)
    return overlap


def _check_drawable(corners: Floats, last: Floats) -> None:
    """Refuse regions beyond exact arithmetic or beyond memory."""
    largest = np.abs(corners).max(initial=0)
    top, bottom = _row_range(corners, last)
    rows = (bottom - top).max(initial=0)
    if not largest < LARGEST or rows * BLOCK > MOST_ROWS:
        raise DsltError(
            f"a region with a coordinate of {largest:g} pixels and {rows + 1:g} rows is too large"
            " to be drawn; expected regions near the image: check the file, or score by the exact"
            " areas (overlap: polygon)"
        )


def _row_range(corners: Floats, last: Floats) -> tuple[Floats, Floats]:
    """First and last row of each polygon in the image; the last is before the first outside."""
    y = corners[..., 1]
    bounded = np.isfinite(last[:, 1])
    top = np.where(bounded, np.maximum(y.min(axis=1), 0), y.min(axis=1))
    return top, np.maximum(np.minimum(y.max(axis=1), last[:, 1]), top - 1)


def _draw(corners: Floats, last: Floats) -> _Drawn:
    """Draw polygons: the sorted crossings of each row with the edges are joined two by two.

    One edge of all polygons at a time, so that every step runs over all rows at once.
    """
    first, bottom = _row_range(corners, last)
    rows = (bottom - first + 1).astype(np.int64)
    top, start = first.astype(np.int64), np.cumsum(rows) - rows
    owner = np.repeat(np.arange(len(corners)), rows)
    y = np.arange(len(owner)) - np.repeat((start - top).astype(np.float64), rows)
    nodes = np.full((corners.shape[1], len(owner)), np.inf)
    count = np.zeros(len(owner), dtype=np.intp)
    ends = np.roll(corners, -1, axis=1)
    for node, begin, end in zip(nodes, corners.swapaxes(0, 1), ends.swapaxes(0, 1), strict=True):
        down = begin[:, 1:] <= end[:, 1:]
        x, highest = np.where(down, begin, end).T
        width, height = np.where(down, end - begin, begin - end).T
        height = np.repeat(np.where(height == 0, -1, height), rows)  # -1: in no row
        below = y - np.repeat(highest, rows)
        met = (below >= 0) & (below <= height)
        # The product and the quotient of whole numbers: exact, so floor never falls short.
        steps = np.floor(below * np.repeat(width, rows) / height)
        np.copyto(node, steps + np.repeat(x, rows), where=met)
        count += met
    nodes.sort(axis=0)
    left, right = _joined(nodes, count)
    flat = count == 0  # a polygon of one row has no edge that crosses it
    x = corners[owner[flat], :, 0]
    left[0, flat], right[0, flat] = x.min(axis=1), x.max(axis=1)
    return _Drawn(top, rows, start, *_clipped(left, right, last[owner, 0]))


def _joined(nodes: Floats, count: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """Spans (M, T) of sorted crossings (K, T), of which each row has `count`.

    Two edges that meet in a row cross it twice at one place: the first of two equal crossings is
    passed over, unless they are the last ones. Spans that touch are cut apart.
    """
    most, height = max(len(nodes) // 2, 1), nodes.shape[1]
    left, right = np.zeros((most, height)), np.full((most, height), -1.0)
    slot, following = np.zeros(height, dtype=np.intp), np.zeros(height, dtype=np.intp)
    reached = np.full(height, -np.inf)
    for index, (node, after) in enumerate(pairwise(nodes)):
        here = (following == index) & (index < count - 1)
        again = here & (node == after) & (index < count - 2)
        closed = np.flatnonzero(here & ~again)
        following += again
        following[closed] += 2
        left[slot[closed], closed] = np.maximum(node[closed], reached[closed] + 1)
        right[slot[closed], closed] = reached[closed] = after[closed]
        slot[closed] += 1
    return left, right


def _clipped(left: Floats, right: Floats, last: Floats) -> tuple[Floats, Floats]:
    """Cut spans to the columns 0 to `last`; an infinite `last` leaves them as they are."""
    first = np.where(np.isfinite(last), 0.0, -np.inf)
    return np.maximum(left, first), np.minimum(right, last)


def _widths(left: Floats, right: Floats) -> Floats:
    """Pixels from `left` to `right`, both included; 0 where `right` comes first."""
    return np.maximum(right - left + 1, 0)


def _shared(one: _Drawn, other: _Drawn) -> Floats:
    """Pixels that the regions of each pair have in common, (N,)."""
    top = np.maximum(one.top, other.top)
    rows = np.maximum(np.minimum(one.top + one.rows, other.top + other.rows) - top, 0)
    start = np.cumsum(rows) - rows
    row = np.arange(rows.sum())
    first = row + np.repeat(one.start + top - one.top - start, rows)
    second = row + np.repeat(other.start + top - other.top - start, rows)
    pixels = np.zeros(len(row))
    for left, right in zip(one.left, one.right, strict=True):
        mine, end = left[first], right[first]
        for begin, stop in zip(other.left, other.right, strict=True):
            pixels += _widths(np.maximum(mine, begin[second]), np.minimum(end, stop[second]))
    return _sums(pixels, start, rows)


def _sums(values: Floats, start: Ints, rows: Ints) -> Floats:
    """Sums of consecutive runs of `values`, 0 for empty ones; whole numbers, so exact."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray(total[start + rows] - total[start])
