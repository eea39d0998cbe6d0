"""RT-MDNet's network: published sizes, strides, field, parameters, weights, and RoIAlign."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from dslt.core.device import choose_engine, plain_torch
from dslt.core.errors import DsltError
from dslt.networks.backbones import vgg_m
from dslt.networks.make import make_network
from dslt.networks.roi import GRID, aligned, sampled
from dslt.networks.rtmdnet import FIELDS, STRIDE, RtmdNet
from dslt.networks.saved import load_weights, write_model
from rtmdnet_examples import light, published, training


@pytest.fixture(scope="module")
def net():
    return RtmdNet(published()).eval()


@pytest.fixture(scope="module")
def lite():
    return RtmdNet(light()).eval()


def scene(side, seed=0, count=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator) * 255


def count(module):
    return sum(value.numel() for value in module.parameters())


def test_parameters_are_the_published_ones(net):
    assert [count(part) for part in net.backbone_parts.values()] == [14_208, 614_656, 1_180_160]
    assert count(net.fc4) == 4608 * 512 + 512
    assert count(net.fc5) == 512 * 512 + 512
    assert net.weight.numel() + net.bias.numel() == 512 * 2 + 2
    assert count(net) == 4_432_514


@pytest.mark.parametrize(("side", "cells"), [(75, 1), (83, 2), (107, 5), (267, 25), (535, 58)])
@torch.no_grad()
def test_cells_of_a_scene(net, side, cells):
    assert net.maps(scene(side)).shape == (1, 512, cells, cells)


@pytest.mark.parametrize("name", ["net", "lite"])
def test_receptive_field_and_stride(name, request):
    """Pixels that change a cell: 75 from 8 i on (VGG-M), 67 about 8 i + 7.5 (EfficientNet)."""
    network = request.getfixturevalue(name)
    backbone = "vgg_m" if name == "net" else "efficientnet_lite0"
    first, last = FIELDS[backbone]
    pixels = scene(160).requires_grad_()
    with plain_torch():
        for cell in (5, 6):
            pixels.grad = None
            network.maps(pixels)[0, :, 5, cell].abs().sum().backward()
            seen = pixels.grad.abs().amax(dim=(0, 1)).nonzero()
            columns = (int(seen[:, 1].min()), int(seen[:, 1].max()) + 1)
            assert columns == (STRIDE * cell + first, STRIDE * cell + last)
            assert int(seen[:, 0].min()) == STRIDE * 5 + first


def test_normalisation_of_the_released_code_and_of_vgg_m():
    x = 100 * torch.randn(2, 9, 3, 3, dtype=torch.float64)
    alone = vgg_m.parts("window_1")["conv2"][2](x)
    torch.testing.assert_close(alone, x / (2 + 1e-4 * x**2) ** 0.75)
    across = vgg_m.parts("across_channels")["conv2"][2](x)
    squares = F.pad(x**2, (0, 0, 0, 0, 2, 2))
    window = sum(squares[:, index : index + 9] for index in range(5))
    torch.testing.assert_close(across, x / (2 + 1e-4 * window) ** 0.75)


def test_a_training_that_goes_on_has_branches_of_its_own_videos(tmp_path):
    start = RtmdNet(light(pairs={"sources": {"procedural": 5}}), seed=1)
    write_model(start, {"settings": {}}, tmp_path)
    net = RtmdNet(light(), seed=2)
    before = {name: value.clone() for name, value in net.state_dict().items()}
    with pytest.raises(DsltError, match="size mismatch for weight"):
        load_weights(net, tmp_path / "model.pt")
    load_weights(net, tmp_path / "model.pt", without=net.of_videos)
    found, known = net.state_dict(), start.state_dict()
    for name, value in found.items():
        source = before if name in ("weight", "bias") else known
        assert torch.equal(value, source[name]), name
    assert not torch.equal(found["fc4.0.weight"], before["fc4.0.weight"])


@pytest.mark.parametrize("lrn", ["across_channels", "window_1"])
@torch.no_grad()
def test_openvino_computes_the_same(lrn):
    network = RtmdNet(published(backbone={"lrn": lrn})).eval()
    image = scene(107)
    with plain_torch():
        expected = network.maps(image)
    if choose_engine("auto").engine == "openvino":
        found = network.maps(image)
        assert (found - expected).abs().max() < 1e-3 * expected.abs().max()


def published_file(path, **changes):
    """A file with the names and shapes of the published VGG-M, of its first layers and one more."""
    generator = torch.Generator().manual_seed(1)
    shapes = {"0": (96, 3, 7, 7), "4": (256, 96, 5, 5), "8": (512, 256, 3, 3)}
    state = {"classif.0.bias": torch.zeros(8)}
    for place, shape in (shapes | changes).items():
        state[f"features.{place}.weight"] = torch.randn(shape, generator=generator)
        state[f"features.{place}.bias"] = torch.randn(shape[0], generator=generator)
    torch.save(state, path)
    return state


def test_a_file_of_the_published_names_is_read(tmp_path):
    state = published_file(tmp_path / "vggm.pth")
    network = make_network(published(backbone={"weights": str(tmp_path / "vggm.pth")}))
    conv1, conv2, conv3 = (part[0] for part in network.backbone_parts.values())
    # The published network wants blue first, ours red.
    torch.testing.assert_close(conv1.weight, state["features.0.weight"].flip(1))
    torch.testing.assert_close(conv2.weight, state["features.4.weight"])
    torch.testing.assert_close(conv3.bias, state["features.8.bias"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"8": (512, 256, 5, 5)}, "size mismatch"), ({"8": (9, 9)}, "size mismatch")],
)
def test_another_file_is_refused(changes, said, tmp_path):
    published_file(tmp_path / "other.pth", **changes)
    with pytest.raises(DsltError, match=said):
        make_network(published(backbone={"weights": str(tmp_path / "other.pth")}))


def test_a_file_without_these_layers_is_refused(tmp_path):
    torch.save({"conv1.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(DsltError, match=r"no features\.0\.weight in the file; it has conv1\.wei"):
        make_network(published(backbone={"weights": str(tmp_path / "other.pth")}))


def test_missing_published_weights_say_how_to_get_them(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DsltError, match=r"no vgg_m weights: vggm-786f2434\.pth .*dslt fetch vgg_m"):
        make_network(published(backbone={"weights": "pretrained"}))


def slow_sample(plane, box, row, column, adaptive):
    """One place of the grid of one box in one channel, from the words of the description."""
    value, places = 0.0, []
    x1, y1, x2, y2 = box
    for place, first, last, cells in ((row, y1, y2, len(plane)), (column, x1, x2, len(plane[0]))):
        size = max(last - first + 1, 0)
        step = size / GRID if adaptive else size / (GRID - 1)
        point = first + place * step
        if point < 0 or point >= cells:
            return 0.0
        base = min(math.floor(point), cells - 2)
        reach = max(1, math.floor(step + 0.5)) if adaptive else 1
        off = point - base
        if adaptive:
            weights = (1 - abs(off) / reach, 1 - abs(off - reach) / reach)
        else:
            weights = (1 - off, off)
        places.append([(base, weights[0]), (min(base + reach, cells - 1), weights[1])])
    for y, a in places[0]:
        for x, b in places[1]:
            value += a * b * plane[y][x]
    return value


def boxes(amount=60, seed=0):
    """Boxes in and about a map of 9 x 12 cells: small, large, at the edges, outside, too small."""
    random = np.random.default_rng(seed)
    first = random.uniform(-6, 12, (amount, 2))
    last = first + random.uniform(-2, 30, (amount, 2))
    edges = [(0, 0, 11, 8), (0, 0, 10.5, 7.5), (10.2, 7.3, 12, 9), (-30, -30, -20, -20)]
    return torch.tensor(np.concatenate([np.hstack([first, last]), edges]), dtype=torch.float64)


@pytest.mark.parametrize("adaptive", [True, False])
def test_roi_align_equals_the_slow_loop(adaptive):
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 3, 9, 12, dtype=torch.float64, generator=generator)
    places = boxes()
    index = torch.arange(len(places)) % 2
    found = sampled(maps, places, index, adaptive=adaptive)
    planes = maps.tolist()
    for number, box in enumerate(places.tolist()):
        for channel in range(3):
            plane = planes[int(index[number])][channel]
            expected = [
                [slow_sample(plane, box, row, column, adaptive) for column in range(GRID)]
                for row in range(GRID)
            ]
            assert np.allclose(found[number, channel].numpy(), expected, rtol=0, atol=1e-12)
    pooled = aligned(maps, places, index, adaptive=adaptive)
    assert pooled.shape == (len(places), 3, 3, 3)
    for row in range(3):
        for column in range(3):
            window = found[:, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            torch.testing.assert_close(pooled[:, :, row, column], window.amax(dim=(2, 3)))


@pytest.mark.parametrize("adaptive", [True, False])
def test_gradients_of_roi_align(adaptive):
    generator = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 2, 5, 6, dtype=torch.float64, generator=generator, requires_grad=True)
    places = boxes(5)
    index = torch.arange(len(places)) % 2
    assert torch.autograd.gradcheck(
        lambda values: sampled(values, places, index, adaptive=adaptive), (maps,)
    )


def test_a_box_is_the_cells_that_see_nothing_else(net, lite):
    """Of a padded target of 128.4 pixels, at 100: from its first pixel to the last field in it."""
    box = torch.tensor([[100.0, 200.0, 107.0, 107.0]])
    margin = 0.1 * 107
    for network, (first, last) in ((net, (0, 75)), (lite, (-26, 41))):
        x1, y1, x2, y2 = (8 * network.cells(box))[0].tolist()
        assert x1 + first == pytest.approx(100 - margin)
        assert y1 + first == pytest.approx(200 - margin)
        assert x2 + last == pytest.approx(207 + margin)
        assert y2 + last == pytest.approx(307 + margin)


@torch.no_grad()
def test_a_target_smaller_than_a_cell_has_features(net):
    maps = net.maps(scene(267))
    box = torch.tensor([[100.0, 100.0, 3.0, 5.0]])
    x1, y1, x2, y2 = net.cells(box)[0].tolist()
    assert (x2 - x1, y2 - y1) == pytest.approx((1 / 8, 1 / 8))
    found = net.features(maps, box, torch.zeros(1, dtype=torch.long))
    assert found.shape == (1, 4608)
    assert found.abs().max() > 0


@torch.no_grad()
def test_scores_of_samples_are_those_of_their_domains(lite):
    generator = torch.Generator().manual_seed(0)
    scenes = scene(160, count=4).view(2, 2, 3, 160, 160)
    places = torch.rand(2, 2, 5, 4, generator=generator) * 20 + 40
    domain, others = torch.tensor([2, 0]), torch.tensor([[0, 1], [1, 2]])
    scores = lite(scenes, places, domain, others)
    assert scores.own.shape == (2, 10, 2)
    assert scores.foreground.shape == (2, 10, 3)
    torch.testing.assert_close(scores.foreground[..., 0], scores.own[..., 1])
    maps = lite.maps(scenes[1])
    features = lite.features(maps, places[1].flatten(0, 1), torch.arange(2).repeat_interleave(5))
    shared = lite.shared(features)
    torch.testing.assert_close(scores.own[1], shared @ lite.weight[0].T + lite.bias[0])
    expected = shared @ lite.weight[2, 1] + lite.bias[2, 1]
    torch.testing.assert_close(scores.foreground[1, :, 2], expected)


def test_domains_are_as_many_as_the_settings_say():
    network = make_network(training(pairs={"sources": {"procedural": 4, "vid": 3, "lasot": 0}}))
    assert network.weight.shape == (7, 2, 512)


def test_same_seed_same_weights():
    first, second, other = (RtmdNet(light(), seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert not torch.equal(first["fc4.0.weight"], other["fc4.0.weight"])
