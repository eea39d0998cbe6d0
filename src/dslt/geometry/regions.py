"""Regions with corners: what VOT annotates and overlaps, where boxes are not enough.

A region is a polygon of K corners `(x, y)` in pixels, 0-based, a float64 array (K, 2); polygons
with fewer corners than the array holds repeat their last one. A row of NaN says that the target is
absent. Boxes are regions of four corners, marked as rectangles because toolkits differ in where
the last pixel of a box lies.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.geometry.boxes import as_boxes
from dslt.geometry.raster import LARGEST, raster_overlaps

# Pixels. Exact areas are taken on this grid: without one, an edge that crosses a corner all but
# exactly can make the shared area come out as 0.
GRID = 1e-9

Rule = Literal["raster", "polygon"]
Rectangles = Literal["edges", "pixels"]


def box_corners(boxes: ArrayLike) -> Floats:
    """Corners of boxes, clockwise from the top left, up to x + w and y + h.

    Args:
        boxes: (N, 4) boxes.

    Returns:
        (N, 4, 2) corners; NaN where the box is NaN.
    """
    array = as_boxes(boxes)
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float64)
    return np.asarray(array[..., None, :2] + array[..., None, 2:] * unit)


def bounding_boxes(corners: ArrayLike) -> Floats:
    """Smallest boxes around polygons.

    Args:
        corners: (N, K, 2) corners.

    Returns:
        (N, 4) boxes; NaN where a corner is NaN.
    """
    array = _as_corners(corners)
    low, high = array.min(axis=-2), array.max(axis=-2)
    boxes = np.concatenate([low, high - low], axis=-1)
    boxes[np.isnan(boxes).any(axis=-1)] = np.nan
    return boxes


def area_preserving_boxes(corners: ArrayLike) -> Floats:
    """Boxes with the centre, the area and the bounding box's shape of polygons.

    The usual way to start a tracker that takes boxes from a rotated one: the bounding box would
    hold up to half background. The centre is the mean of the corners. Toolkits that count the last
    pixel as part of a box make the sides one pixel longer; boxes here end at x + w.

    Args:
        corners: (N, K, 2) corners.

    Returns:
        (N, 4) boxes; NaN where a corner is NaN. A polygon without an area keeps its bounding
        box's size.
    """
    array = _as_corners(corners)
    size = bounding_boxes(array)[..., 2:]
    around, area = size.prod(axis=-1), polygon_areas(array)
    kept = (around > 0) & (area > 0)
    scale = np.sqrt(np.divide(area, around, out=np.ones_like(around), where=kept))
    size = size * scale[..., None]
    return np.concatenate([_centres(array) - size / 2, size], axis=-1)


def _centres(corners: Floats) -> Floats:
    """Mean of the distinct corners, (N, 2): a repeated last corner counts once."""
    repeated = np.zeros(corners.shape[:-1], dtype=bool)
    repeated[:, 1:] = (corners[:, 1:] == corners[:, :-1]).all(axis=-1)
    weight = np.where(repeated, 0.0, 1.0)[..., None]
    return np.asarray((corners * weight).sum(axis=-2) / weight.sum(axis=-2))


def polygon_areas(corners: ArrayLike) -> Floats:
    """Areas (N,) of polygons (N, K, 2) that do not cross themselves; NaN where a corner is."""
    array = _as_corners(corners)
    array = array - array[..., :1, :]  # near the origin the products keep their digits
    ahead = np.roll(array, -1, axis=-2)
    cross = array[..., 0] * ahead[..., 1] - ahead[..., 0] * array[..., 1]
    return np.asarray(np.abs(cross.sum(axis=-1)) / 2)


def overlaps(
    first: ArrayLike,
    first_rectangles: ArrayLike,
    second: ArrayLike,
    second_rectangles: ArrayLike,
    *,
    rule: Rule,
    rectangles: Rectangles = "edges",
    size: tuple[float, float] | None = None,
) -> Floats:
    """Intersection over union of pairs of regions.

    Args:
        first: (N, K, 2) corners.
        first_rectangles: (N,) which of them are boxes, with corners as `box_corners` makes them.
        second: (N, J, 2) corners.
        second_rectangles: (N,) as above.
        rule: `raster` counts the pixels of regions drawn at rounded corners
            (`dslt.geometry.raster`), as the VOT toolkits do; `polygon` takes exact areas.
        rectangles: Whether boxes reach to x + w (`edges`) or to x + w - 1 (`pixels`).
        size: Width and height of the image that regions are clipped to; None leaves them whole.

    Returns:
        (N,) overlaps in [0, 1]: NaN where a region is NaN, 0 where a box has no positive width
        and height and where neither region reaches into the image.

    Raises:
        DsltError: A corner is infinite, or a region is too large to be drawn.
        ValueError: The arrays do not fit together.
    """
    limit = LARGEST / 2 if size is not None else np.inf
    one, solid = _prepared(first, first_rectangles, rectangles, limit)
    other, also = _prepared(second, second_rectangles, rectangles, limit)
    if len(one) != len(other):
        raise ValueError(f"{len(one)} regions cannot be paired with {len(other)}")
    known = ~(np.isnan(one).any(axis=(1, 2)) | np.isnan(other).any(axis=(1, 2)))
    overlap = np.where(known, 0.0, np.nan)
    scored = np.flatnonzero(known & solid & also)
    if rule == "polygon":
        overlap[scored] = _exact(one[scored], other[scored], size)
    else:
        last = np.array([np.inf, np.inf]) if size is None else np.array(size, dtype=float) - 1
        last = np.broadcast_to(last, (len(scored), 2))
        overlap[scored] = raster_overlaps(one[scored], other[scored], last)
    return overlap


def _prepared(
    corners: ArrayLike, flags: ArrayLike, rectangles: Rectangles, limit: float
) -> tuple[Floats, Mask]:
    """Corners under the convention for boxes, and which regions are not boxes without area.

    Boxes are cut at `limit`, far outside the image that clips them, where one is given.
    """
    array, boxed = _as_corners(corners), np.asarray(flags, dtype=bool)
    if np.isinf(array).any():
        raise DsltError(
            f"region {int(np.isinf(array).any(axis=(1, 2)).argmax()) + 1} of {len(array)} has an"
            " infinite corner; expected finite numbers, or NaN where there is no region"
        )
    if boxed.shape != array.shape[:1]:
        raise ValueError(f"{len(array)} regions need as many flags, got shape {boxed.shape}")
    if not boxed.any():
        return array, np.ones(len(array), dtype=bool)
    if array.shape[1] < 4:
        raise ValueError(f"boxes have 4 corners, got {array.shape[1]}")
    low, high = array[:, 0], array[:, 2]
    solid = np.asarray(~boxed | (high > low).all(axis=1))
    if (
        rectangles == "edges"
        and not np.abs(array).max(initial=0, where=boxed[:, None, None]) > limit
    ):
        return array, solid
    if rectangles == "pixels":
        high = np.maximum(high - 1, low)
    low, high = np.clip(low, -limit, limit), np.clip(high, -limit, limit)
    array = array.copy()
    array[boxed, :4] = box_corners(np.concatenate([low, high - low], axis=1))[boxed]
    array[boxed, 4:] = array[boxed, 3:4]
    return array, solid


def _exact(first: Floats, second: Floats, size: tuple[float, float] | None) -> Floats:
    """Overlaps by exact areas; of a polygon that crosses itself, by the parts it encloses."""
    import shapely  # only this rule needs it, and loading it takes time

    def faces(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
        """Leave out points and lines, which an overlay on a grid refuses beside polygons."""
        parts, owners = shapes, np.arange(len(shapes))
        for _ in range(2):  # a collection holds collections
            parts, inner = shapely.get_parts(parts, return_index=True)
            owners = owners[inner]
        solid = shapely.get_dimensions(parts) == 2
        joined = np.full(len(shapes), shapely.MultiPolygon())
        shapely.multipolygons(parts[solid], indices=owners[solid], out=joined)
        return joined

    shapes = [shapely.polygons(corners) for corners in (first, second)]
    for index, polygons in enumerate(shapes):
        crossed = ~shapely.is_valid(polygons)
        polygons[crossed] = faces(shapely.make_valid(polygons[crossed]))
        if size is not None:
            image = shapely.box(0, 0, *size)
            shapes[index] = faces(shapely.intersection(polygons, image, grid_size=GRID))
    shared = shapely.area(shapely.intersection(*shapes, grid_size=GRID))
    union = shapely.area(shapes[0]) + shapely.area(shapes[1]) - shared
    overlap = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    return np.asarray(np.clip(overlap, 0, 1))


def _as_corners(corners: ArrayLike) -> Floats:
    """Corners as a float64 array (N, K, 2) with K of at least 3."""
    array = np.asarray(corners, dtype=np.float64)
    if array.ndim != 3 or array.shape[1] < 3 or array.shape[2] != 2:
        raise ValueError(f"corners need the shape (N, K, 2) with K >= 3, got {array.shape}")
    return array
