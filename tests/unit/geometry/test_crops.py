"""Crops, labels and the grid: a patch pixel is where the image says it is."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dslt.geometry.crops import Region, crop, patch_shape
from dslt.losses.labels import gaussian_map, soft_label
from dslt.settings.dslt import PatchSettings


def patch_settings(rule="per_area", **changes):
    values = {
        "rule": rule,
        "context": (4, 4) if rule == "per_area" else (8, 4),
        "context_follows_zoom": False,
        "target_cap": 80,
        "min_side": 200,
        "target_side": 64,
    }
    return PatchSettings(**(values | changes))


def ramp(width, height):
    """An image whose red is the column and green the row."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)


@given(x=st.floats(60, 140), y=st.floats(60, 100), step=st.floats(0.3, 1.4), u=st.floats(0, 32))
def test_points_round_trip(x, y, step, u):
    region = Region((x, y), (step, step * 1.1), (32, 48))
    assert region.to_patch(region.to_image((u, u / 2))) == pytest.approx((u, u / 2), abs=1e-9)


@given(x=st.floats(80, 120), y=st.floats(80, 120), step=st.floats(0.4, 3.6))
def test_patch_pixels_come_from_their_place(x, y, step):
    patch = crop(ramp(200, 200), Region((x, y), (step, step), (20, 16)))
    region = Region((x, y), (step, step), (20, 16))
    for u, v in ((2, 3), (10, 8), (17, 12)):
        # The middle of patch pixel (u, v) in image pixel indices.
        expected = np.array(region.to_image((u + 0.5, v + 0.5))) - 0.5
        assert patch[v, u, :2].astype(float) == pytest.approx(expected, abs=0.55 + 0.5 * step)


def test_border_repeats():
    patch = crop(ramp(50, 40), Region((0.0, 20.0), (1.0, 1.0), (20, 10)))
    assert (patch[:, :10, 0] == 0).all()
    assert patch[5, 15, 0] == 5


@pytest.mark.parametrize("block", [2, 3, 5])
def test_shrinking_averages(block):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (300, 300, 3), dtype=np.uint8)
    patch = crop(image, Region((150.0, 150.0), (float(block), float(block)), (20, 20)))
    corner = 150 - 10 * block
    area = image[corner : corner + 20 * block, corner : corner + 20 * block].astype(float)
    means = area.reshape(20, block, 20, block, 3).mean(axis=(1, 3))
    # Blocks and patch pixels need not coincide; the spread must fall like an average's.
    assert patch.std() == pytest.approx(means.std(), rel=0.35)
    assert patch.std() < image.std() / 1.5


def test_rotation():
    image = ramp(100, 100)
    base = crop(image, Region((50.0, 50.0), (1.0, 1.0), (20, 20)))
    turned = crop(image, Region((50.0, 50.0), (1.0, 1.0), (20, 20), angle=90))
    assert np.abs(turned[10, 10, :2].astype(int) - base[10, 10, :2]).max() <= 1


def test_paper_search_area_is_nine_by_five():
    shape = patch_shape(np.array([40.0, 40.0]), patch_settings("per_axis"))
    assert shape.size == (368, 208)  # 360 x 200, to whole cells of 16
    assert shape.target == pytest.approx((40, 40))
    region = shape.region((0, 0), np.array([40.0, 40.0]))
    assert region.step == pytest.approx((1.0, 1.0))


def test_paper_caps_large_targets_and_enlarges_small_patches():
    large = patch_shape(np.array([160.0, 80.0]), patch_settings("per_axis"))
    assert large.target == pytest.approx((80, 40))
    small = patch_shape(np.array([10.0, 10.0]), patch_settings("per_axis"))
    assert np.prod(small.size) >= 0.8 * 200**2


@given(w=st.floats(4, 400), h=st.floats(4, 400))
def test_patch_pixels_are_square(w, h):
    shape = patch_shape(np.array([w, h]), patch_settings())
    step = shape.region((0, 0), np.array([w, h])).step
    assert step[0] == pytest.approx(step[1])
    assert shape.size[0] % 16 == 0
    assert np.sqrt(np.prod(shape.target)) == pytest.approx(64)


def test_label_peaks_at_one_between_cells():
    label = soft_label((11, 11), (4.5, 5.0), (8, 8), 0.1, 0.6)
    assert label.max() == 1
    assert label.min() == 0
    assert label[5, 4] == label[5, 5] == 1


def test_label_is_anisotropic_and_bounded_below():
    label = soft_label((31, 31), (15, 15), (20, 5), 0.1, 0.6)
    assert label[15, 17].item() == pytest.approx(np.exp(-0.5), abs=1e-3)
    assert label[16, 15].item() == pytest.approx(np.exp(-0.5 / 0.36), abs=1e-3)


def test_map_of_one_cell():
    assert torch.equal(gaussian_map((1, 1), (0, 0), (1, 1)), torch.ones(1, 1))
