"""Crops of several lanes, on the host and as a GPU cuts them."""

import numpy as np
import pytest
import torch
from skimage import data

from dslt.geometry.crops import Region, crop
from dslt.geometry.lane_crops import DeviceCutter, HostCutter
from dslt.geometry.squares import padded_crop

COFFEE = data.coffee()
FRAMES = {0: COFFEE, 1: np.ascontiguousarray(COFFEE[:201, :333]), 3: COFFEE[::3, ::3].copy()}
SIZE = (72, 56)


def places(low, high):
    """Centres in the frames, as those of targets are, and steps."""
    random = np.random.default_rng(3)
    sizes = [FRAMES[lane].shape[1::-1] if lane in FRAMES else (1, 1) for lane in range(4)]
    centers = torch.tensor(random.uniform(0, 1, (4, 2, 2)) * np.array(sizes)[:, None])
    return centers, torch.tensor(random.uniform(low, high, (4, 2, 2)))


@pytest.mark.parametrize("filled", [False, True])
def test_the_host_cuts_what_crop_cuts(filled):
    cutter = HostCutter(4)
    cutter.load(FRAMES)
    centers, steps = places(0.5, 3)
    fill = torch.tensor([[1, 2, 3]] * 4, dtype=torch.uint8) if filled else None
    found = cutter.cut(centers, steps, SIZE, fill)
    assert cutter.sizes[[0, 1, 3]].tolist() == [[600, 400], [333, 201], [200, 134]]
    for lane, frame in FRAMES.items():
        for index in range(2):
            middle, step = (tuple(v[lane, index].tolist()) for v in (centers, steps))
            region = Region(middle, step, SIZE)
            wanted = (
                padded_crop(frame, region, fill[lane].numpy()) if filled else crop(frame, region)
            )
            assert np.array_equal(found[lane, index].numpy(), wanted)


def both():
    """A cutter of each kind, with the same frames."""
    host, device = HostCutter(4), DeviceCutter(4, torch.device("cpu"))
    host.load(FRAMES)
    device.load(dict(list(FRAMES.items())[1:]))
    device.load({0: FRAMES[0]})  # a larger one comes later
    assert torch.equal(host.sizes, device.sizes)
    return host, device


@pytest.mark.parametrize(
    ("low", "high"), [(0.1, 0.9), (1, 1), (1, 1.9), (2, 2), (2, 2.9), (3, 6), (4, 4), (6, 16.9)]
)
def test_a_gpu_cuts_the_same_to_the_bit(low, high):
    """All of OpenCV's roundings, over every edge: a pixel that differs makes another track."""
    host, device = both()
    centers, steps = places(low, high)
    fills = [torch.full((4, 3), value, dtype=torch.uint8) for value in (0, 255)]
    for fill in (*fills, None):
        wanted, found = (c.cut(centers, steps, SIZE, fill)[[0, 1, 3]] for c in (host, device))
        assert torch.equal(wanted, found)
    black, white = (c.cut(centers, steps, SIZE, fill) for c, fill in ((device, f) for f in fills))
    assert 0.01 < (black != white).float().mean() < 1, "some of it lies outside"


def test_blocks_beyond_the_margin_are_nearly_the_same():
    host, device = both()
    centers, steps = places(17, 25)
    wanted, found = (c.cut(centers, steps, SIZE)[[0, 1, 3]].int() for c in (host, device))
    assert (wanted - found).abs().float().mean() < 1
