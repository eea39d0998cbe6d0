"""Polygons as pixels, drawn by inclusive scan lines as the VOT toolkits draw them.

Corners are rounded to whole pixels first. Row y of a polygon then holds the pixels between the
points where its edges meet the line at y, rounded down, both ends included; so a box of w by h
covers w + 1 by h + 1 pixels, and no polygon is empty. A row is kept as a few disjoint spans of
pixels: the work grows with the height of a region, not with its area. Coordinates are whole
numbers in float64, which the divisions below keep exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints, Mask
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
    plain = _is_plain(first) & _is_plain(second)
    for draw, chosen in ((_draw_plain, plain), (_draw_any, ~plain)):
        indices = np.flatnonzero(chosen)
        for begin in range(0, len(indices), BLOCK):
            block = indices[begin : begin + BLOCK]
            one, other = draw(first[block], last[block]), draw(second[block], last[block])
            shared = _shared(one, other)
            union = one.areas() + other.areas() - shared
            overlap[block] = np.divide(shared, union, out=np.zeros(len(block)), where=union > 0)
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


def _is_plain(corners: Floats) -> Mask:
    """Tell the polygons whose rows are one span each between a way down and a way up.

    Their boundary turns from down to up once, and has no horizontal step on either way. Convex
    polygons are plain.
    """
    step = np.roll(corners, -1, axis=1) - corners
    sign = np.sign(step[..., 1])
    before, after = _nearest_sign(sign), _nearest_sign(sign[:, ::-1])[:, ::-1]
    turns = (before != np.roll(before, 1, axis=1)).sum(axis=1)
    stepped = (sign == 0) & (step[..., 0] != 0) & (before == after) & (before != 0)
    return np.asarray((turns <= 2) & ~stepped.any(axis=1))


def _nearest_sign(sign: Floats) -> Floats:
    """Each edge's sign, or the last non-zero one before it around the polygon, (N, K)."""
    count = sign.shape[1]
    twice = np.concatenate([sign, sign], axis=1)
    at = np.where(twice != 0, np.arange(2 * count), 0)
    return np.take_along_axis(twice, np.maximum.accumulate(at, axis=1), axis=1)[:, count:]


def _layout(corners: Floats, last: Floats) -> tuple[Ints, Ints, Ints]:
    """Top row, number of rows and index of the first row of each region."""
    top, bottom = _row_range(corners, last)
    rows = (bottom - top + 1).astype(np.int64)
    return top.astype(np.int64), rows, np.cumsum(rows) - rows


def _draw_plain(corners: Floats, last: Floats) -> _Drawn:
    """Draw plain polygons: each row reaches from one way to the other.

    An edge writes its crossing into every row that it meets. Where two edges of one way meet they
    cross the row at the same corner, so the order of writing does not matter.
    """
    top, rows, start = _layout(corners, last)
    total = int(rows.sum())
    x = corners[..., 0]
    ways = np.concatenate([np.repeat(x.min(axis=1), rows), np.repeat(x.max(axis=1), rows)])
    begin, end = corners, np.roll(corners, -1, axis=1)
    upper = np.maximum(np.minimum(begin[..., 1], end[..., 1]), top[:, None])
    lower = np.minimum(np.maximum(begin[..., 1], end[..., 1]), (top + rows - 1)[:, None])
    height = end[..., 1] - begin[..., 1]
    met = np.where(height != 0, np.maximum(lower - upper + 1, 0), 0).astype(np.int64).ravel()
    way = np.where(height < 0, total, 0)
    into = (start - top)[:, None] + way + upper.astype(np.int64)
    offset = np.arange(met.sum()) - np.repeat(np.cumsum(met) - met, met)
    width = (end - begin)[..., 0]
    ahead = ((upper - begin[..., 1]) * width).ravel()
    # The product and the quotient of whole numbers: exact, so floor never falls short.
    crossing = np.repeat(ahead, met) + offset * np.repeat(width.ravel(), met)
    crossing /= np.repeat(height.ravel(), met)
    np.floor(crossing, out=crossing)
    crossing += np.repeat(begin[..., 0].ravel(), met)
    ways[np.repeat(into.ravel(), met) + offset] = crossing
    down, up = ways[:total], ways[total:]
    spans = np.minimum(down, up)[None], np.maximum(down, up)[None]
    return _Drawn(top, rows, start, *_clipped(*spans, np.repeat(last[:, 0], rows)))


def _draw_any(corners: Floats, last: Floats) -> _Drawn:
    """Draw polygons of any shape: the sorted crossings of a row are joined two by two."""
    top, rows, start = _layout(corners, last)
    owner = np.repeat(np.arange(len(corners)), rows)
    y = (np.arange(len(owner)) - start[owner] + top[owner])[:, None]
    begin = corners[owner]
    end = np.roll(begin, -1, axis=1)
    height = end[..., 1] - begin[..., 1]
    low, high = np.minimum(begin[..., 1], end[..., 1]), np.maximum(begin[..., 1], end[..., 1])
    met = (height != 0) & (low <= y) & (y <= high)
    ahead = (y - begin[..., 1]) * (end - begin)[..., 0]
    crossing = np.floor(ahead / np.where(met, height, 1)) + begin[..., 0]
    nodes = np.sort(np.where(met, crossing, np.inf), axis=1)
    left, right = _joined(nodes, met.sum(axis=1))
    flat = ~met.any(axis=1)  # a polygon of one row has no edge that crosses it
    left[0, flat], right[0, flat] = (
        begin[flat, :, 0].min(axis=1, initial=np.inf),
        begin[flat, :, 0].max(axis=1, initial=-np.inf),
    )
    return _Drawn(top, rows, start, *_clipped(left, right, last[owner, 0]))


def _joined(nodes: Floats, count: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Spans (M, T) of sorted crossings (T, K), of which each row has `count`.

    Two edges that meet in a row cross it twice at one place: the first of two equal crossings is
    passed over, unless they are the last ones. Spans that touch are cut apart.
    """
    height, most = len(nodes), max(nodes.shape[1] // 2, 1)
    left, right = np.zeros((most, height)), np.full((most, height), -1.0)
    slot, following = np.zeros(height, dtype=np.intp), np.zeros(height, dtype=np.intp)
    reached = np.full(height, -np.inf)
    for node in range(nodes.shape[1] - 1):
        here = (following == node) & (node < count - 1)
        again = here & (nodes[:, node] == nodes[:, node + 1]) & (node < count - 2)
        closed = np.flatnonzero(here & ~again)
        following += again
        following[closed] += 2
        left[slot[closed], closed] = np.maximum(nodes[closed, node], reached[closed] + 1)
        right[slot[closed], closed] = reached[closed] = nodes[closed, node + 1]
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
