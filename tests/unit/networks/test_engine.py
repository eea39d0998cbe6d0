"""OpenVINO computes what torch computes, for every frozen network."""

import copy
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

from dslt.core import device
from dslt.core.device import choose_engine, frozen_networks
from dslt.core.errors import DsltError
from dslt.networks.backbones import engine as engines
from dslt.networks.backbones.efficientnet_lite import leave_padding_out
from dslt.networks.backbones.engine import Engine
from dslt.networks.backbones.make import build
from dslt.networks.backbones.spec import Pixels
from dslt.networks.trunk import make_trunk
from dslt.settings.dslt import DsltBackboneSettings
from dslt.settings.offline import SiameseBackboneSettings

pytest.importorskip("openvino", reason="no wheel of openvino for this platform")

# Decided before anything was measured: of the largest value of a map. Float32 has 24 bits; some
# thousand products are added up in another order, layer after layer.
TOLERANCE = 1e-4
TRUNKS = {
    "alexnet_groups": "layer5",
    "alexnet": "layer5",
    "resnet50_dilated": "layer4",
    "efficientnet_lite0": "block5",
}


@pytest.fixture(autouse=True)
def chosen():
    before = frozen_networks()
    yield
    choose_engine(before.engine, before.precision)


def unusual_norms(network):
    """Give batch norms moments that are not those of a new network."""
    random = torch.Generator().manual_seed(1)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1, generator=random)
            layer.running_var.uniform_(0.5, 2, generator=random)


def assert_close(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        assert one.dtype == torch.float32
        assert float((one - other).abs().max()) <= TOLERANCE * float(other.abs().max())


def both(call):
    results = []
    for name in ("torch", "openvino"):
        choose_engine(name)
        with torch.no_grad():
            results.append(call())
    return results


@pytest.mark.parametrize(
    ("name", "source", "keep_pools"),
    [
        ("efficientnet_lite0", "pretrained", True),
        ("resnet50", "random", True),
        ("vgg16", "random", True),
        ("vgg16_hed", "random", False),
    ],
)
@pytest.mark.parametrize("size", [(96, 64), (80, 112)])
def test_backbones(name, source, keep_pools, size):
    settings = DsltBackboneSettings(name=name, weights=source, keep_pools=keep_pools)
    backbone = build(settings, torch.device("cpu"))
    random = np.random.default_rng(0)
    patches = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(2)]
    expected, found = both(lambda: backbone(patches))
    assert_close(found, expected)


@pytest.mark.parametrize(
    ("name", "side"),
    # With 255, all layers of AlexNet but the first go by minimal filtering.
    [*((name, side) for name in TRUNKS for side in (127, 135)), ("alexnet", 255)],
)
def test_trunks(name, side):
    trunk = make_trunk(SiameseBackboneSettings(name=name, weights="random"), 0).eval()
    unusual_norms(trunk)
    trunk.requires_grad_(False)
    images = torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(0)) * 255
    expected, found = both(lambda: trunk(images, (TRUNKS[name],)))
    assert_close(found, expected)


def test_a_trunk_without_padding():
    settings = SiameseBackboneSettings(name="efficientnet_lite0", weights="random")
    trunk = make_trunk(settings, 0).eval()
    leave_padding_out(trunk)
    trunk.requires_grad_(False)
    images = torch.rand(2, 3, 123, 139, generator=torch.Generator().manual_seed(0)) * 255
    expected, found = both(lambda: trunk(images, ("block5",)))
    assert found[0].shape == (2, 40, 8, 10)
    assert_close(found, expected)


def test_only_what_is_frozen_is_compiled():
    trunk = make_trunk(SiameseBackboneSettings(name="alexnet", weights="random"), 0).eval()
    trunk.requires_grad_(False)
    trunk.layer4.requires_grad_(True)
    images = torch.rand(1, 3, 127, 127) * 255
    taps = ("layer2", "layer5")
    expected, found = both(lambda: trunk(images, taps))
    assert_close(found, expected)
    assert list(trunk.engines) == [("layer2", "layer3")]
    choose_engine("openvino")
    trunk(images, taps)[1].sum().backward()
    assert trunk.layer4[0].weight.grad is not None


def test_new_weights_are_noticed():
    settings = SiameseBackboneSettings(name="alexnet", weights="random")
    trunk, other = (make_trunk(settings, seed).eval().requires_grad_(False) for seed in (0, 1))
    images = torch.rand(1, 3, 127, 127) * 255
    choose_engine("openvino")
    before = trunk(images, ("layer5",))[0]
    twin = copy.deepcopy(trunk)
    trunk.load_state_dict(other.state_dict())
    assert torch.equal(trunk(images, ("layer5",))[0], other(images, ("layer5",))[0])
    assert torch.equal(twin(images, ("layer5",))[0], before)
    twin.load_state_dict(other.state_dict())
    assert torch.equal(twin(images, ("layer5",))[0], other(images, ("layer5",))[0])


def test_repeats_to_the_bit_and_keeps_few_sizes():
    choose_engine("openvino")
    engine = Engine([nn.Sequential(nn.Conv2d(3, 5, 3, padding=1), nn.ReLU())], Pixels())
    first = torch.rand(2, 3, 8, 8) * 255
    answers = [engine(first)[0].clone()]
    for side in range(9, 9 + engines.KEPT):
        engine(torch.rand(1, 3, side, side))
    assert len(engine.compiled) == engines.KEPT
    answers += [engine(first)[0], torch.cat([engine(one)[0] for one in first.split(1)])]
    assert all(torch.equal(answers[0], answer) for answer in answers[1:])


def test_unknown_layers_are_refused():
    choose_engine("openvino")
    with pytest.raises(DsltError, match=r"how to run Tanh\(\); run it by the engine torch"):
        Engine([nn.Tanh()], Pixels())(torch.rand(1, 3, 8, 8))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect"),
        nn.Conv2d(3, 3, 3, padding="same"),
        nn.MaxPool2d(2, ceil_mode=True),
        nn.MaxPool2d(3, dilation=2),
    ],
    ids=str,
)
def test_options_that_it_would_not_heed_are_refused(layer):
    choose_engine("openvino")
    with pytest.raises(DsltError, match="OpenVINO is not told how to run"):
        Engine([layer], Pixels())(torch.rand(1, 3, 9, 9))


def test_what_is_compiled_does_not_change_with_the_weights():
    choose_engine("openvino")
    layer = nn.Conv2d(3, 4, 3)
    engine, images = Engine([layer], Pixels()), torch.rand(1, 3, 8, 8)
    [before] = engine(images)
    with torch.no_grad():
        layer.weight.mul_(2)
        layer.bias.add_(100)
    assert torch.equal(engine(images)[0], before)


def test_bfloat16_is_coarser_and_near():
    try:
        choose_engine("openvino", "bfloat16")
    except DsltError:
        pytest.skip("this CPU has no bfloat16")
    backbone = build(
        DsltBackboneSettings(name="efficientnet_lite0", weights="pretrained", keep_pools=True),
        torch.device("cpu"),
    )
    patch = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    coarse = backbone([patch])[1]
    choose_engine("openvino", "float32")
    fine = backbone([patch])[1]
    error = float((coarse - fine).abs().mean() / fine.abs().mean())
    assert 1e-4 < error < 0.1


def test_what_cannot_be_had_is_refused(monkeypatch):
    with pytest.raises(DsltError, match="bfloat16 needs the engine openvino"):
        choose_engine("torch", "bfloat16")
    monkeypatch.setattr(device.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(DsltError, match="openvino is not installed"):
        choose_engine("openvino")
    assert choose_engine("auto").engine == "torch"


IMPORT = """
import sys
from dslt.core.device import import_openvino
import_openvino().Core()
print([name for name in sys.modules if name.startswith("openvino_telemetry")])
"""


def test_no_process_tells_the_maker_of_itself(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IMPORT],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == ["[]"]
    assert not list(tmp_path.iterdir())  # the number that it knows the user by
