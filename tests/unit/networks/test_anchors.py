"""Anchors, their labels, and the boxes that come of them."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dslt.geometry.boxes import iou
from dslt.losses.offsets import box_loss
from dslt.networks.anchors import (
    anchor_grid,
    anchor_labels,
    anchor_sizes,
    centred,
    decode,
    encode,
    overlaps,
)
from dslt.settings.siamrpn import AnchorSettings


def settings(**changes):
    values = {
        "stride": 8,
        "ratios": (0.33, 0.5, 1.0, 2.0, 3.0),
        "scales": (8.0,),
        "positive": 0.6,
        "negative": 0.3,
        "sampling": "all",
        "positives": 16,
        "total": 64,
        "ignore_band": True,
    }
    return AnchorSettings(**(values | changes))


GRID = anchor_grid(settings(), 17)
coordinates = st.floats(-80, 80)
sides = st.floats(5, 200)
boxes = st.tuples(coordinates, coordinates, sides, sides)


def label(boxes, positive=True, seed=0, **changes):
    boxes = torch.tensor(boxes, dtype=torch.float32)
    flags = torch.full((len(boxes),), positive)
    generator = torch.Generator().manual_seed(seed)
    return anchor_labels(settings(**changes), GRID, boxes, flags, generator)


def test_published_sizes():
    expected = [[104, 32], [88, 40], [64, 64], [40, 80], [32, 96]]
    assert anchor_sizes(settings()).tolist() == expected


def test_two_scales_stand_side_by_side():
    sizes = anchor_sizes(settings(ratios=(1.0, 2.0), scales=(4.0, 8.0)))
    assert sizes.tolist() == [[32, 32], [64, 64], [20, 40], [40, 80]]


@pytest.mark.parametrize("side", [17, 25])
def test_grid_is_centred(side):
    grid = anchor_grid(settings(), side)
    middle = (side - 1) // 2
    assert grid.shape == (5, side, side, 4)
    assert grid[2, middle, middle].tolist() == [0, 0, 64, 64]
    assert grid[2, middle - 1, middle + 2].tolist() == [16, -8, 64, 64]
    assert torch.allclose(grid[..., :2], -grid.flip(1, 2)[..., :2])


def test_centred_boxes():
    found = centred(torch.tensor([[95.5, 99.5, 64.0, 64.0]]), 255)
    assert found.tolist() == [[0, 4, 64, 64]]


@given(box=boxes)
def test_decode_inverts_encode(box):
    box = torch.tensor([box])
    found = decode(GRID, encode(GRID, box))
    assert torch.allclose(found, box[:, None, None, None].expand_as(found), rtol=1e-4, atol=1e-3)


@given(box=boxes)
def test_overlaps_agree_with_the_evaluation(box):
    corner = GRID.clone()
    corner[..., :2] -= corner[..., 2:] / 2
    ours = corner.reshape(-1, 4).double().numpy()
    x, y, w, h = box
    theirs = torch.tensor([[x - w / 2, y - h / 2, w, h]]).double().numpy()
    expected = torch.from_numpy(iou(ours, theirs.repeat(len(ours), axis=0)))
    found = overlaps(GRID, torch.tensor([box]))[0].flatten().double()
    assert torch.allclose(found, expected, atol=1e-4)


def test_labels_by_overlap():
    found = label([[0.0, 0, 64, 64]])
    overlap = overlaps(GRID, torch.tensor([[0.0, 0, 64, 64]]))
    assert found.classes[0, 2, 8, 8] == 1
    assert torch.equal(found.positive, overlap > 0.6)
    assert torch.equal(found.classes == 0, overlap < 0.3)
    assert (found.classes == -1).any()
    assert torch.equal(found.valid, found.classes != -1)
    assert found.offsets[0, :, 2, 8, 8].tolist() == [0, 0, 0, 0]


def test_without_the_ignore_band_the_rest_is_negative():
    found = label([[0.0, 0, 64, 64]], ignore_band=False)
    assert found.valid.all()
    assert torch.equal(found.positive, label([[0.0, 0, 64, 64]]).positive)


@given(box=boxes, seed=st.integers(0, 1000))
def test_sampling_keeps_part_of_all(box, seed):
    everything, sampled = label([box]), label([box], seed=seed, sampling="sampled")
    positives, negatives = (int((sampled.classes == value).sum()) for value in (1, 0))
    assert positives == min(16, int(everything.positive.sum()))
    assert negatives == min(48, int((everything.classes == 0).sum()))
    assert (everything.classes[sampled.valid] == sampled.classes[sampled.valid]).all()


def test_sampling_follows_the_generator():
    box = [[3.0, -5, 60, 70]]
    a, b, c = (label(box, seed=seed, sampling="sampled").classes for seed in (1, 1, 2))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_negative_pairs():
    """All anchors are negative, or 16 of those within three cells of the wrong target."""
    box = [[17.0, -9, 64, 64]]
    assert (label(box, positive=False).classes == 0).all()
    sampled = label(box, positive=False, sampling="sampled").classes[0]
    assert not (sampled == 1).any()
    _, rows, columns = torch.nonzero(sampled == 0, as_tuple=True)
    assert len(rows) == 16
    assert (columns - 10).abs().max() <= 3  # 17 px are two cells right of 8
    assert (rows - 7).abs().max() <= 3


def test_pairs_of_a_batch_are_independent():
    two = [[0.0, 0, 64, 64], [20.0, 10, 90, 40]]
    together = label(two).classes
    assert torch.equal(together, torch.cat([label([box]).classes for box in two]))


def test_box_loss_averages_over_each_pairs_positives():
    positive = torch.zeros(2, 1, 2, 2, dtype=torch.bool)
    positive[0, 0, 0] = True  # two anchors of the first pair, none of the second
    wanted = torch.zeros(2, 4, 1, 2, 2)
    offsets = torch.full((2, 4, 1, 2, 2), 3.0)
    offsets[0, :, 0, 0, 1] = 0.5
    assert box_loss("l1", offsets, wanted, positive).item() == pytest.approx((12 + 2) / 2 / 2)
    smooth = box_loss("smooth_l1", offsets, wanted, positive).item()
    assert smooth == pytest.approx((4 * 2.5 + 4 * 0.125) / 2 / 2)
    assert box_loss("l1", offsets.half(), wanted, positive).dtype == torch.float32
