"""Regions: conversions, drawing by scan lines, overlaps; drawing against pixel-by-pixel rules."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dslt.core.errors import DsltError
from dslt.geometry.boxes import iou
from dslt.geometry.regions import (
    area_preserving_boxes,
    bounding_boxes,
    box_corners,
    overlaps,
    polygon_areas,
)

NAN = float("nan")
coordinates = st.integers(-120, 250).map(lambda value: value / 4)
quads = arrays(np.float64, (3, 4, 2), elements=coordinates)
pentagons = arrays(np.float64, (3, 5, 2), elements=coordinates)
sizes = st.none() | st.tuples(st.integers(1, 60), st.integers(1, 60))


def raster(first, second, size=None, boxed=False, **options):
    first, second = np.asarray(first, float), np.asarray(second, float)
    flags = np.full(len(first), boxed)
    return overlaps(first, flags, second, flags, rule="raster", size=size, **options)


def exact(first, second, size=None):
    flags = np.zeros(len(first), bool)
    return overlaps(first, flags, second, flags, rule="polygon", size=size)


def pixels(corners, size=None):
    """The pixels of one polygon, one by one and in exact arithmetic."""
    points = [tuple(math.floor(Fraction(v) + Fraction(1, 2)) for v in p) for p in corners.tolist()]
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    drawn = set()
    rows = [y for _, y in points]
    for y in range(min(rows), max(rows) + 1):
        met = [(a, b) for a, b in edges if a[1] != b[1] and min(a[1], b[1]) <= y <= max(a[1], b[1])]
        nodes = sorted(
            math.floor(a[0] + Fraction((y - a[1]) * (b[0] - a[0]), b[1] - a[1])) for a, b in met
        )
        if not nodes:  # the whole polygon is one row
            nodes = [min(x for x, _ in points), max(x for x, _ in points)]
        at = 0
        while at < len(nodes) - 1:
            if nodes[at] == nodes[at + 1] and at < len(nodes) - 2:
                at += 1
                continue
            drawn |= {(x, y) for x in range(nodes[at], nodes[at + 1] + 1)}
            at += 2
    if size is None:
        return drawn
    return {(x, y) for x, y in drawn if 0 <= x < size[0] and 0 <= y < size[1]}


def by_pixels(first, second, size=None):
    pairs = [(pixels(a, size), pixels(b, size)) for a, b in zip(first, second, strict=True)]
    return [len(a & b) / len(a | b) if a | b else 0.0 for a, b in pairs]


def test_box_corners_are_clockwise_from_the_top_left():
    corners = box_corners([[1, 2, 10, 20], [NAN] * 4])
    assert corners[0].tolist() == [[1, 2], [11, 2], [11, 22], [1, 22]]
    assert np.isnan(corners[1]).all()


def test_bounding_boxes():
    corners = np.array([[[5, 0], [10, 5], [5, 10], [0, 5]], [[NAN, 1], [2, 2], [3, 3], [4, 4]]])
    boxes = bounding_boxes(corners)
    assert boxes[0].tolist() == [0, 0, 10, 10]
    assert np.isnan(boxes[1]).all()


def test_area_preserving_box_of_a_rotated_square():
    # Area 50 in a bounding box of 10 by 10: both sides shrink by the root of one half.
    (box,) = area_preserving_boxes([[[5, 0], [10, 5], [5, 10], [0, 5]]])
    side = 50**0.5
    assert box == pytest.approx([5 - side / 2, 5 - side / 2, side, side])


def test_area_preserving_box_of_degenerate_polygons():
    line = [[0, 0], [4, 0], [8, 0], [2, 0]]
    boxes = area_preserving_boxes([line, [[NAN, NAN]] * 4])
    assert boxes[0, 2:].tolist() == [8, 0]
    assert np.isnan(boxes[1]).all()


def test_a_repeated_last_corner_changes_nothing():
    triangle = np.array([[[0, 0], [9, 0], [0, 9.0]]])
    padded = np.concatenate([triangle, triangle[:, -1:], triangle[:, -1:]], axis=1)
    assert np.array_equal(area_preserving_boxes(triangle), area_preserving_boxes(padded))
    other = box_corners([[2, 2, 5, 5]])
    assert raster(triangle, other) == raster(padded, other)
    assert polygon_areas(padded) == polygon_areas(triangle) == 40.5


@given(arrays(np.float64, (4, 4), elements=st.floats(0.5, 300)))
def test_conversions_give_a_box_back(boxes):
    corners = box_corners(boxes)
    assert np.allclose(bounding_boxes(corners), boxes)
    assert np.allclose(area_preserving_boxes(corners), boxes)
    assert np.allclose(polygon_areas(corners), boxes[:, 2] * boxes[:, 3])


@given(quads)
def test_area_preserving_boxes_keep_centre_and_area(corners):
    hull = np.stack([corners[:, 0], corners[:, 0] + [30, 3], corners[:, 0] + [34, 20]], axis=1)
    hull = np.concatenate([hull, corners[:, :1] + [4, 17]], axis=1)
    boxes = area_preserving_boxes(hull)
    assert boxes[:, 2] * boxes[:, 3] == pytest.approx(polygon_areas(hull))
    assert boxes[:, :2] + boxes[:, 2:] / 2 == pytest.approx(hull.mean(axis=1))


def test_drawn_boxes_include_their_last_pixel():
    # 11 by 11 pixels each, shifted by 5: 6 * 11 of 2 * 121 - 66.
    first, second = box_corners([[0, 0, 10, 10]]), box_corners([[5, 0, 10, 10]])
    assert raster(first, second, boxed=True) == 66 / 176
    # As whole pixels: 10 by 10, 5 * 10 of 150, the plain overlap of boxes.
    assert raster(first, second, boxed=True, rectangles="pixels") == 50 / 150


def test_pixel_rectangles_do_not_change_polygons():
    first, second = box_corners([[0, 0, 10, 10]]), box_corners([[5, 0, 10, 10]])
    assert raster(first, second, rectangles="pixels") == 66 / 176


def test_corners_round_half_up():
    assert raster(box_corners([[0.5, 0, 3, 3]]), box_corners([[1, 0, 3, 3]])) == 1
    assert raster(box_corners([[-0.5, 0, 3, 3]]), box_corners([[0, 0, 3, 3]])) == 1


def test_clipping_to_the_image():
    # Columns 0 to 9 stay: 5 and 10 of them by 11 rows.
    first, second = box_corners([[5, 0, 10, 10]]), box_corners([[-5, 0, 30, 10]])
    assert raster(first, second, size=(10, 50)) == 5 / 10
    assert raster(first, second) == 11 / 31
    outside = box_corners([[200, 200, 5, 5]])
    assert raster(outside, outside, size=(100, 100)) == 0
    assert raster(outside, first, size=(100, 100)) == 0
    assert exact(outside, outside, size=(100, 100)) == 0


def test_nan_regions_have_no_overlap():
    box, absent = box_corners([[0, 0, 5, 5]]), np.full((1, 4, 2), NAN)
    for pair in ((box, absent), (absent, box), (absent, absent)):
        assert np.isnan(raster(*pair)).all()
        assert np.isnan(exact(*pair)).all()


@pytest.mark.parametrize("size", [[0, 5], [5, 0], [-3, 5], [-3, -3]])
def test_boxes_without_area_overlap_nothing(size):
    flat, box = box_corners([[2, 2, *size]]), box_corners([[0, 0, 9, 9]])
    assert raster(flat, box, boxed=True) == 0
    assert raster(flat, flat, boxed=True) == 0


def test_broken_regions_are_errors():
    box = box_corners([[0, 0, 5, 5]])
    with pytest.raises(DsltError, match="region 1 of 1 has an infinite corner"):
        raster(np.where(box > 0, np.inf, box), box)
    huge = box_corners([[0, 0, 1e9, 1e9]])
    with pytest.raises(DsltError, match="too large to be drawn"):
        raster(huge, box, boxed=True)
    with pytest.raises(DsltError, match="too large to be drawn"):
        raster(huge, box, size=(10, 10))
    with pytest.raises(ValueError, match="paired"):
        overlaps(box, [False], np.concatenate([box, box]), [False, False], rule="raster")
    with pytest.raises(ValueError, match="as many flags"):
        overlaps(box, [False, True], box, [False], rule="raster")
    with pytest.raises(ValueError, match="shape"):
        bounding_boxes(np.zeros((2, 8)))


def test_a_runaway_box_is_clipped():
    huge, box = box_corners([[-1e12, -1e12, 2e12, 2e12]]), box_corners([[0, 0, 3, 3]])
    assert raster(huge, box, size=(8, 8), boxed=True) == 16 / 64


def test_no_regions():
    none = np.empty((0, 4, 2))
    assert raster(none, none).shape == exact(none, none).shape == (0,)


@settings(max_examples=150)
@given(quads, quads, sizes)
def test_drawing_follows_the_rule_pixel_by_pixel(first, second, size):
    assert raster(first, second, size).tolist() == by_pixels(first, second, size)


@settings(max_examples=100)
@given(pentagons, quads, sizes)
def test_polygons_of_other_shapes(first, second, size):
    assert raster(first, second, size).tolist() == by_pixels(first, second, size)


def test_many_regions_are_drawn_in_blocks():
    rng = np.random.default_rng(3)
    first = rng.integers(0, 30, (2500, 4, 2)).astype(float)
    second = first + rng.integers(-4, 5, (2500, 1, 2))
    assert raster(first, second, (28, 28)).tolist() == by_pixels(first, second, (28, 28))


@given(quads, quads, sizes)
def test_overlap_is_symmetric_and_between_0_and_1(first, second, size):
    overlap = raster(first, second, size)
    assert overlap.tolist() == raster(second, first, size).tolist()
    assert ((overlap >= 0) & (overlap <= 1)).all()
    overlap = exact(first, second, size)
    assert overlap == pytest.approx(exact(second, first, size), abs=1e-6)
    assert ((overlap >= 0) & (overlap <= 1)).all()


@given(quads, quads, st.integers(-1000, 1000), st.integers(-1000, 1000))
def test_shifting_by_whole_pixels_changes_nothing(first, second, x, y):
    by = np.array([x, y])
    assert raster(first + by, second + by).tolist() == raster(first, second).tolist()


@given(quads)
def test_a_region_overlaps_itself(corners):
    assert raster(corners, corners).tolist() == [1, 1, 1]
    assert raster(corners, corners[:, ::-1]).tolist() == [1, 1, 1]
    assert raster(corners, np.roll(corners, 1, axis=1)).tolist() == [1, 1, 1]


@given(*[arrays(np.float64, (5, 4), elements=st.floats(1, 60))] * 2)
def test_exact_overlap_of_boxes_is_their_iou(first, second):
    found = exact(box_corners(first), box_corners(second))
    assert found == pytest.approx(iou(first, second), abs=1e-6)


def test_exact_overlap_of_polygons():
    # A square of side 10 and its inscribed diamond; a bow tie encloses half of the square.
    square = np.array([[[0, 0], [10, 0], [10, 10], [0, 10.0]]])
    diamond = np.array([[[5, 0], [10, 5], [5, 10], [0, 5.0]]])
    bow_tie = np.array([[[0, 0], [10, 10], [10, 0], [0, 10.0]]])
    assert exact(square, diamond) == pytest.approx(0.5)
    assert exact(square, bow_tie) == pytest.approx(0.5)
    assert exact(square, square, size=(5, 5)) == pytest.approx(1)
    assert exact(square, square + np.array([5, 0]), size=(10, 10)) == pytest.approx(0.5)


def test_exact_overlap_where_an_edge_crosses_a_corner_all_but_exactly():
    # Without a grid, GEOS finds 0 in one order and 0.17 / 0.36 in the other.
    triangle = np.array([[[2.25, -0.25], [0, 0], [0, 0], [0.25, 0.25]]])
    crossed = np.array([[[2.25, -0.25], [0.5, 0], [0, 1], [0.25, 0.25]]])
    expected = 39 / (70 + 50 - 39)  # areas in 224ths
    assert exact(triangle, crossed) == pytest.approx(expected)
    assert exact(crossed, triangle) == pytest.approx(expected)


def test_drawing_approaches_the_exact_area():
    rng = np.random.default_rng(1)
    turn = rng.uniform(0, 7, (20, 1)) + np.arange(4) * np.pi / 2
    first = 2000 + 900 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    second = first + rng.uniform(-300, 300, (20, 1, 2))
    assert raster(first, second) == pytest.approx(exact(first, second), abs=0.003)
