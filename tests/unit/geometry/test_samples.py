"""Boxes drawn about a target, and the scenes that they lie in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dslt.geometry.boxes import centers, iou
from dslt.geometry.samples import SMALLEST_SCENE, draw_boxes, make_scene, repeated
from dslt.settings.samples import BoxDraw, SceneSettings

TARGET = np.array([100.0, 80.0, 40.0, 24.0])
FRAME = (320, 240)
POSITIVE = BoxDraw(kind="gaussian", trans=0.1, scale=1.2, aspect=1.1, overlap=(0.7, 1))
NEGATIVE = BoxDraw(kind="uniform", trans=1, scale=1.2, aspect=1.1, overlap=(0, 0.5))


def drawn(draw, count=200, seed=0, target=TARGET, **options):
    return draw_boxes(draw, target, FRAME, count, np.random.default_rng(seed), **options)


@pytest.mark.parametrize("draw", [POSITIVE, NEGATIVE])
def test_overlaps_are_within_their_bounds(draw):
    boxes = drawn(draw)
    overlaps = iou(boxes, TARGET)
    assert boxes.shape == (200, 4)
    assert draw.overlap[0] <= overlaps.min() <= overlaps.max() <= draw.overlap[1]


def test_same_seed_same_boxes():
    assert np.array_equal(drawn(NEGATIVE), drawn(NEGATIVE))
    assert not np.array_equal(drawn(NEGATIVE), drawn(NEGATIVE, seed=1))


def test_reach_of_centres_and_sizes():
    free = NEGATIVE.model_copy(update={"overlap": (0, 1), "aspect": 1.0})
    boxes = drawn(free, 5000)
    reach = np.abs(centers(boxes) - centers(TARGET)).max(axis=0)
    assert np.allclose(reach, 32, atol=0.5)  # the mean of both sides
    zoom = boxes[:, 2:] / TARGET[2:]
    assert np.allclose(zoom[:, 0], zoom[:, 1])
    assert np.allclose([zoom.min(), zoom.max()], [1 / 1.2, 1.2], atol=0.01)


def test_gaussian_is_cut_at_its_reach():
    boxes = drawn(POSITIVE.model_copy(update={"overlap": (0, 1), "trans": 0.5}), 5000)
    moved = (centers(boxes) - centers(TARGET)) / 32
    assert np.abs(moved).max() == pytest.approx(0.5)
    assert moved.std() == pytest.approx(0.5 * 0.44, abs=0.02)  # a half, cut at two of them


def test_area_and_inside():
    wide = BoxDraw(kind="uniform", trans=0.3, scale=1.5, aspect=1.1, overlap=(0.6, 1))
    ratios = drawn(wide, area=(1, 2))[:, 2:].prod(axis=1) / TARGET[2:].prod()
    assert 1 <= ratios.min() <= ratios.max() <= 2
    corner = np.array([-10.0, -5.0, 40.0, 24.0])
    boxes = drawn(NEGATIVE.model_copy(update={"overlap": (0, 1)}), target=corner, inside=True)
    assert boxes[:, :2].min() >= 0
    outside = drawn(NEGATIVE.model_copy(update={"overlap": (0, 1)}), target=corner)
    assert centers(outside).min() == 0
    assert outside[:, :2].min() < 0


def test_impossible_bounds_give_fewer_boxes():
    never = NEGATIVE.model_copy(update={"trans": 0.0, "scale": 1.0, "aspect": 1.0})
    assert drawn(never).shape == (0, 4)


def test_about_a_target_that_fills_the_frame_there_are_negatives():
    whole = np.array([0.0, 0.0, *FRAME])
    boxes = drawn(NEGATIVE, target=whole)
    assert len(boxes) == 200
    assert iou(boxes, whole).max() <= 0.5


@given(st.floats(0.3, 30), st.floats(0.3, 30))
@hypothesis_settings(max_examples=25, deadline=None)
def test_a_tiny_target_has_positives(width, height):
    target = np.array([100.0, 80.0, width, height])
    boxes = drawn(POSITIVE, 20, target=target)
    assert len(boxes) == 20
    assert iou(boxes, target).min() >= 0.7


def test_repeated():
    boxes = np.arange(12.0).reshape(3, 4)
    assert np.array_equal(repeated(boxes, 7), boxes[[0, 1, 2, 0, 1, 2, 0]])
    assert np.array_equal(repeated(boxes, 2), boxes[:2])


SQUARE = SceneSettings(rule="square", target=107, side=267)
HULL = SceneSettings(rule="hull", target=107, side=1600)
WHOLE = SceneSettings(rule="frame", target=107, side=1600)


def test_the_target_is_a_square_in_the_middle_of_a_square_scene():
    scene = make_scene(SQUARE, TARGET, FRAME, TARGET[None], 1.2)
    assert scene.region.size == (267, 267)
    assert np.allclose(scene.place(TARGET[None]), [[80, 80, 107, 107]])


def test_a_hull_holds_the_padded_boxes_and_has_whole_cells():
    boxes = drawn(NEGATIVE)
    scene = make_scene(HULL, TARGET, FRAME, boxes, 1.2)
    placed = scene.place(boxes)
    margin = 0.1 * placed[:, 2:]
    width, height = scene.region.size
    assert width % 8 == height % 8 == 0
    assert (placed[:, :2] - margin).min() >= 0
    assert ((placed[:, :2] + placed[:, 2:] + margin) <= (width, height)).all()
    assert np.allclose(scene.place(TARGET[None])[0, 2:], 107)


def test_a_whole_frame_is_made_smaller_where_the_target_is_tiny():
    target = np.array([10.0, 20.0, 2.0, 3.0])
    scene = make_scene(WHOLE, target, FRAME, target[None], 1.2)
    assert max(scene.region.size) == 1600
    assert scene.region.to_image((0, 0))[0] == pytest.approx(0)
    sides = scene.place(target[None])[0, 2:]
    assert sides[0] == pytest.approx(sides[1])  # still a square, of 10 pixels


def test_no_scene_is_smaller_than_the_network_needs():
    box = np.array([[100.0, 80.0, 40.0, 24.0]])
    narrow = SceneSettings(rule="hull", target=20, side=400)
    assert make_scene(narrow, TARGET, FRAME, box, 1).region.size == (SMALLEST_SCENE,) * 2


def test_jitter_moves_the_scene_and_makes_it_finer():
    scene = make_scene(SQUARE, TARGET, FRAME, TARGET[None], 1.2).jittered((-4, 0), 1.1)
    placed = scene.place(TARGET[None])[0]
    assert np.allclose(placed[2:], 1.1 * 107)
    assert np.allclose(centers(placed), (267 / 2 + 4 * 1.1, 267 / 2))
    grown = make_scene(HULL, TARGET, FRAME, drawn(NEGATIVE), 1.2)
    assert grown.jittered((0, 0), 1.1).region.size[0] >= 1.1 * grown.region.size[0] - 8
