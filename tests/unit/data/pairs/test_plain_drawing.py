"""What is drawn fast is, bit for bit, what plain NumPy makes of the same random numbers."""

import cv2
import numpy as np
import pytest

from dslt.data.pairs.augment import Jitter, draw_jitter, finish
from dslt.data.pairs.procedural import training_world
from dslt.data.pairs.sampling import generator
from dslt.data.pairs.source import ImageView
from dslt.data.synthetic import shapes
from dslt.data.synthetic.photographs import LINEAR
from dslt.data.synthetic.screen import SCREEN, Area
from dslt.geometry.crops import Region
from dslt.geometry.squares import mean_color, padded_crop
from dslt.settings.offline import JitterSettings

NO_JITTER = JitterSettings(shift=0, scale=0, blur=0, color=0, flip=0)


def plain_shape(shape):
    """Blend the parts of a shape by broadcasting, all of them onto an empty image."""
    if shape.draw.func is shapes._recolor:
        whole, change = shape.draw.args
        pixels = plain_shape(whole)
        color = cv2.transform(np.ascontiguousarray(pixels[..., :3]), change)
        pixels[..., :3] = np.clip(color, 0, 255 * pixels[..., 3:])
        return pixels
    parts, middle, cloths, views, size = shape.draw.args
    pixels = np.zeros((size[1], size[0], 4), dtype=np.float32)
    for part, cloth, view in zip(parts, cloths, views, strict=True):
        opaque = part.opacity(part.center - middle + np.array(size) / 2, size)[..., None]
        texture = shapes._texture(cloth, *view, size)
        pixels = np.concatenate([texture * opaque, opaque], axis=2) + pixels * (1 - opaque)
    return pixels


def plain_frame(world, frame, area):
    """Render an area of a frame by broadcasting."""
    canvas = world._background(frame, area)
    for drifter in world.objects:
        middle, matrix = drifter.poses(frame)
        half = np.array(drifter.shape.size) / 2
        reach = np.abs(matrix) @ half + 1
        ends = np.concatenate([np.floor(middle - reach), np.ceil(middle + reach)])
        part = Area(*ends.astype(int).tolist()).common(area)
        if part is None:
            continue
        inverse = np.linalg.inv(matrix)
        offset = inverse @ (np.array(part[:2]) + 0.5 - middle) + half - 0.5
        to_shape = np.column_stack([inverse, offset])
        layer = cv2.warpAffine(plain_shape(drifter.shape), to_shape, part.size, flags=LINEAR)
        under = canvas[part.within(area)]
        under *= 1 - layer[..., 3:]
        under += layer[..., :3]
    canvas *= np.float32(world._gain(frame))
    canvas += world._noise(frame, area)
    return np.asarray(np.clip(canvas + np.float32(0.5), 0, 255), dtype=np.uint8)


@pytest.mark.parametrize("number", range(8))
def test_frames(number):
    world = training_world(0, number)
    for frame, area in ((3 * number, SCREEN), (50, Area(31, 17, 200, 140))):
        assert np.array_equal(world.render(frame, area), plain_frame(world, frame, area))


def test_all_kinds_of_shapes_are_among_them():
    drawn = [one.shape for number in range(8) for one in training_world(0, number).objects]
    assert any(shape.draw.func is shapes._recolor for shape in drawn)
    assert {len(shape.cloths) for shape in drawn} == {1, 2, 3}


def test_one_of_a_few_is_numpys_choice():
    ours, theirs = generator(1), generator(1)
    for values in (shapes._PARTS, shapes._POWERS) * 50:
        assert shapes.one_of(ours, values) == theirs.choice(values)
        assert ours.random() == theirs.random()


def test_length_of_the_blur_is_numpys_choice():
    ours, theirs = generator(2), generator(2)
    for _ in range(50):
        jitter = draw_jitter(NO_JITTER.model_copy(update={"blur": 1}), ours)
        theirs.uniform(-1, 1, (2, 2))
        assert jitter.blur == (theirs.choice(np.arange(5, 46, 2)), theirs.random())
        theirs.standard_normal(3)
        theirs.random(3)
        assert ours.bit_generator.state["state"]["counter"].tolist() == (
            theirs.bit_generator.state["state"]["counter"].tolist()
        )


@pytest.mark.parametrize("flip", [False, True])
def test_augmented_crop(flip):
    random = generator(3)
    patch = random.integers(0, 256, (23, 23, 3), dtype=np.uint8)
    color = 20 * random.standard_normal(3)
    jitter = Jitter(shift=np.zeros(2), scale=np.ones(2), blur=None, color=color, flip=flip)
    plain = patch[:, ::-1] if flip else patch
    plain = np.ascontiguousarray(plain.transpose(2, 0, 1), dtype=np.float32)
    plain += color.astype(np.float32)[:, None, None]
    assert np.array_equal(finish(patch, jitter, gray=False), plain)


@pytest.mark.parametrize("center", [(15.0, 12.0), (10.0, 10.0), (9.9, 12.0), (15.0, 14.5)])
def test_crop_has_the_mean_colour_where_it_reaches_over_an_edge(center):
    pixels = generator(4).integers(0, 256, (24, 30, 3), dtype=np.uint8)
    region = Region(center, (1.25, 1.25), (16, 16))
    expected = padded_crop(pixels, region, mean_color(pixels))
    assert np.array_equal(ImageView(pixels).crop(region), expected)
