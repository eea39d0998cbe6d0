"""Minimal filtering gives what plain sums give, for every geometry that it is chosen for."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import nn

from dslt.networks.backbones import winograd
from dslt.networks.backbones.winograd import Geometry, lower, matrices, suited

NO_PADS = ((0, 0), (0, 0))


def geometry(**changes):
    return Geometry(
        **{"kernel": 3, "pads": NO_PADS, "dilation": 1, "groups": 1, "tile": 4} | changes
    )


@pytest.mark.parametrize(("kernel", "tile"), [(3, 2), (3, 4), (5, 4)])
def test_matrices(kernel, tile):
    inputs, weights, outputs = matrices(geometry(kernel=kernel, tile=tile))
    assert inputs.shape == (tile + kernel - 1,) * 2
    random = np.random.default_rng(0)
    d, g = random.normal(size=len(inputs)), random.normal(size=kernel)
    found = outputs @ ((weights @ g) * (inputs @ d))
    np.testing.assert_allclose(found, np.correlate(d, g, "valid"), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(
    sides=some.tuples(some.integers(17, 24), some.integers(17, 24)),
    pads=some.tuples(*[some.integers(0, 3)] * 4),
    kernel_and_tile=some.sampled_from([(3, 2), (3, 4), (5, 4)]),
    dilation=some.integers(1, 4),
    groups=some.sampled_from([1, 2, 3]),
    seed=some.integers(0, 1000),
)
def test_any_geometry(sides, pads, kernel_and_tile, dilation, groups, seed):
    ov = pytest.importorskip("openvino", reason="no wheel of openvino for this platform")
    kernel, tile = kernel_and_tile
    top, left, bottom, right = pads
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(1, 6, *sides, generator=random)
    weight = torch.randn(12, 6 // groups, kernel, kernel, generator=random)
    how = geometry(
        kernel=kernel,
        tile=tile,
        pads=((top, left), (bottom, right)),
        dilation=dilation,
        groups=groups,
    )
    image = ov.opset13.parameter(list(x.shape), np.float32)
    model = ov.Model([lower(image.output(0), weight.numpy(), how)], [image])
    found = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([x.numpy()])[
        0
    ]
    padded = nn.functional.pad(x, (left, right, top, bottom)).double()
    expected = nn.functional.conv2d(padded, weight.double(), dilation=dilation, groups=groups)
    assert found.shape == expected.shape
    bound = 5e-6 if kernel == 3 else 5e-5
    np.testing.assert_allclose(found, expected, atol=bound * float(expected.abs().max()))


@pytest.mark.parametrize(
    ("layer", "sides", "tile"),
    [
        (nn.Conv2d(64, 64, 3, bias=False), (30, 30), 4),
        (nn.Conv2d(96, 256, 5, groups=2), (30, 30), 4),
        (nn.Conv2d(256, 512, 3), (30, 30), 4),
        (nn.Conv2d(512, 512, 3, dilation=4), (31, 31), 2),  # larger tiles have larger weights
        (nn.Conv2d(1024, 512, 3, groups=2), (31, 31), 4),
        (nn.Conv2d(512, 512, 5), (30, 30), 4),
        (nn.Conv2d(64, 64, 3), (13, 30), None),
        (nn.Conv2d(64, 64, 3), (30, 13), None),
        (nn.Conv2d(64, 64, 3), (14, 14), 4),
        (nn.Conv2d(64, 64, 3, padding=(1, 0)), (12, 14), 4),
        (nn.Conv2d(64, 64, 3, padding=(1, 0)), (14, 12), None),
        (nn.Conv2d(64, 64, 3, dilation=2), (15, 15), None),
        (nn.Conv2d(64, 64, 3, stride=2), (30, 30), None),
        (nn.Conv2d(64, 64, (3, 5)), (30, 30), None),
        (nn.Conv2d(64, 64, 3, dilation=(1, 2)), (30, 30), None),
        (nn.Conv2d(64, 64, 1), (30, 30), None),
        (nn.Conv2d(64, 64, 7), (30, 30), None),
        (nn.Conv2d(31, 64, 3), (30, 30), None),
        (nn.Conv2d(64, 31, 3), (30, 30), None),
        (nn.Conv2d(64, 64, 3, groups=64), (30, 30), None),
    ],
    ids=str,
)
def test_where_it_is_chosen(layer, sides, tile):
    how = suited(layer, sides, (layer.padding, layer.padding))
    assert (how and how.tile) == tile


def test_chosen_layers_are_lowered(monkeypatch):
    """The engine takes it in float32 and leaves other precisions alone."""
    pytest.importorskip("openvino", reason="no wheel of openvino for this platform")
    from dslt.core.device import FrozenNetworks
    from dslt.networks.backbones import engine
    from dslt.networks.backbones.spec import Pixels

    taken = []
    monkeypatch.setattr(winograd, "lower", lambda *arguments: taken.append(1) or lower(*arguments))
    chain = nn.Sequential(nn.Conv2d(3, 32, 1), nn.Conv2d(32, 32, 3)).eval()
    for precision, count in (("bfloat16", 0), ("float32", 1)):
        monkeypatch.setattr(
            engine, "frozen_networks", lambda p=precision: FrozenNetworks("openvino", p)
        )
        engine.Engine([chain], Pixels())(torch.zeros(1, 3, 16, 16))
        assert len(taken) == count
