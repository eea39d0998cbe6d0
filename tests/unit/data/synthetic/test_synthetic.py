"""Synthetic videos: the same bytes everywhere, exact boxes, the attributes they claim."""

import hashlib

import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.data.sequences.frames import iterate
from dslt.data.synthetic import development_scenes
from dslt.data.synthetic.curves import evaluate
from dslt.data.synthetic.integer_raster import blend, blur, sample_view, shifts
from dslt.data.synthetic.render import SyntheticFrames, find_scene
from dslt.data.synthetic.scene_list import SCENES
from dslt.data.synthetic.screen import Area
from dslt.geometry.boxes import centers

NAMES = list(SCENES)
CODES = {"IV", "SV", "OCC", "DEF", "MB", "FM", "IPR", "OPR", "OV", "BC", "LR"}

# SHA-256 over frames 0, 31 and the last one of each scene, and over all boxes, at seed 0.
GOLDEN_FRAMES = "4266b8d8fc23e490bfc5a68740a473d48b44d3bb154604fbc764c8375c75af19"
GOLDEN_BOXES = "e730c6c26114fc2d0599aaac845ed6e2434371b82d14b7c653fb039634ec76f5"


def digest_of_frames():
    digest = hashlib.sha256()
    for name in NAMES:
        frames = SyntheticFrames(name, 0)
        for index in (0, 31, len(frames) - 1):
            digest.update(frames[index].tobytes())
    return digest.hexdigest()


def digest_of_boxes():
    digest = hashlib.sha256()
    for name in NAMES:
        digest.update(np.char.mod("%.4f", SyntheticFrames(name, 0).boxes()).astype("S16").tobytes())
    return digest.hexdigest()


def test_the_bytes_are_the_same_on_every_machine():
    assert digest_of_frames() == GOLDEN_FRAMES


def test_the_boxes_are_the_same_on_every_machine():
    assert digest_of_boxes() == GOLDEN_BOXES


def test_there_are_enough_of_them_with_every_attribute():
    assert len(NAMES) >= 12
    claimed = {code for name in NAMES for code in find_scene(name).take.attributes}
    assert claimed == CODES - {"OPR"}  # nothing here has a back side
    for name in NAMES:
        assert len(SyntheticFrames(name, 0)) >= 60


def photographs(scenes):
    actors = [a for scene in scenes.values() for a in (scene.target, *scene.behind, *scene.front)]
    return {actor.cutout.photo for actor in actors} | {
        scene.take.backdrop.photo for scene in scenes.values()
    }


def test_development_videos_share_nothing_with_the_reported_ones():
    scenes = development_scenes.SCENES
    assert len(scenes) >= 8
    assert not set(scenes) & set(NAMES)
    assert not photographs(scenes) & photographs(SCENES)
    for name in scenes:
        frames = SyntheticFrames(name, 0)
        boxes = frames.boxes()
        seen = np.isfinite(boxes[:, 0])
        assert seen[0]
        assert seen.mean() > 0.7
        assert np.ptp(centers(boxes[seen]), axis=0).max() > 20
        assert frames[0].shape == (240, 320, 3)


@pytest.mark.parametrize("name", NAMES)
def test_frames_do_not_depend_on_the_order_of_reading(name):
    frames = SyntheticFrames(name, 3)
    in_order = {index: frame for index, frame in enumerate(iterate(frames)) if index % 17 == 0}
    for index in sorted(in_order, reverse=True):
        np.testing.assert_array_equal(SyntheticFrames(name, 3)[index], in_order[index])
    assert in_order[0].shape == (240, 320, 3)
    assert in_order[0].dtype == np.uint8


@pytest.mark.parametrize("name", NAMES)
def test_boxes_are_usable(name):
    boxes = SyntheticFrames(name, 0).boxes()
    assert len(boxes) == len(SyntheticFrames(name, 0))
    x, y, w, h = boxes[0]
    assert x >= 0
    assert y >= 0
    assert x + w <= 320
    assert y + h <= 240
    seen = boxes[~np.isnan(boxes[:, 0])]
    assert (seen[:, 2:] > 5).all()
    assert len(seen) > 0.6 * len(boxes)


def test_seeds_make_different_videos():
    one, other = SyntheticFrames("cat-posts", 0), SyntheticFrames("cat-posts", 1)
    assert (one[10] != other[10]).mean() > 0.5
    assert not np.array_equal(one.boxes(), other.boxes())


def step(name):
    return np.hypot(*np.diff(centers(SyntheticFrames(name, 0).boxes()), axis=0).T)


def test_attributes_hold():
    for name in NAMES:
        codes, boxes = find_scene(name).take.attributes, SyntheticFrames(name, 0).boxes()
        area = boxes[:, 2] * boxes[:, 3]
        if "FM" in codes:
            assert np.nanmax(step(name)) > 15, name
        if "SV" in codes:
            assert np.nanmax(area / area[0]) > 2 or np.nanmin(area / area[0]) < 0.5, name
        if "LR" in codes:
            assert np.nanmax(area) < 400, name
        if "OV" in codes:
            outside = (boxes[:, 0] < 0) | (boxes[:, 0] + boxes[:, 2] > 320) | np.isnan(area)
            assert outside.sum() > 5, name
        if "IV" in codes:
            frames = SyntheticFrames(name, 0)
            light = [frames[i].mean() for i in range(0, len(frames), 6)]
            assert max(light) > 1.8 * min(light), name


def test_hidden_and_outside_targets_are_absent():
    for name in ("face-exit", "head-hidden"):
        absent = np.isnan(SyntheticFrames(name, 0).boxes()[:, 0])
        assert absent.sum() >= 10, name
        assert not absent[0]
        assert not absent[-1]


def test_boxes_fit_the_pixels_that_differ():
    """The target's own pixels, found by rendering the scene without it, fill its box."""
    for name in ("wheel-roll", "shuttle-spin", "gland-swim", "engine-breathe"):
        frames = SyntheticFrames(name, 0)
        boxes = frames.boxes()
        for index in (5, 40):
            with_target = frames[index].astype(int)
            without = _without_target(name, index).astype(int)
            rows, columns = np.nonzero(np.abs(with_target - without).max(axis=2) > 12)
            x, y, w, h = boxes[index]
            slack = 3.0 + 8.0 * (
                "FM" in find_scene(name).take.attributes
            )  # soft edges, motion blur
            found = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            np.testing.assert_allclose(found, [x, y, x + w, y + h], atol=slack, err_msg=name)


def _without_target(name, index):
    frames = SyntheticFrames(name, 0)
    far = {0.0: -5000.0}
    frames._target = type(frames._target)(**{**vars(frames._target), "x": far})
    return frames[index]


def test_unknown_scenes_list_the_known():
    with pytest.raises(DsltError, match=r"unknown synthetic sequence 'dog'; allowed: .*cat-posts"):
        SyntheticFrames("dog", 0)
    with pytest.raises(IndexError):
        SyntheticFrames("cat-posts", 0)[90]


def test_curves_pass_through_their_keys():
    curve = {0: 1.0, 0.25: 3.0, 1: -2.0}
    for time_of_key, value in curve.items():
        assert evaluate(curve, time_of_key) == pytest.approx(value)
    assert evaluate(curve, -1) == 1
    assert evaluate(curve, 2) == -2
    assert evaluate({0: 0, 1: 10}, 0.3) == pytest.approx(3)


def test_a_view_at_zoom_one_copies_pixels():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    view = sample_view(image, (30, 20), 1, (20, 10))
    np.testing.assert_array_equal(view, image[15:25, 20:40])
    half = sample_view(image, (30.5, 20), 1, (20, 10)).astype(int)
    mean = (image[15:25, 20:40].astype(int) + image[15:25, 21:41]) / 2
    assert np.abs(half - mean).max() <= 1


def test_blur_and_blend_by_hand():
    assert shifts(0, 0) == [(0, 0)]
    motion = shifts(3, 0)
    assert [dx for dx, _ in motion] == [-1, 0, 1]
    image = np.zeros((5, 7, 3), dtype=np.uint8)
    image[2, 3] = 90
    assert blur(image, motion)[2, :, 0].tolist() == [0, 0, 30, 30, 30, 0, 0]
    canvas = np.zeros((5, 7, 3), dtype=np.uint8)
    dot = np.full((1, 1, 4), 255, dtype=np.int32)
    blend(canvas, Area(3, 2, 4, 3), dot, motion)
    assert canvas[2, :, 0].tolist() == [0, 0, 85, 85, 85, 0, 0]
    blend(canvas, Area(-50, 2, -49, 3), dot, motion)
