"""The Siamese networks: sizes, strides, parameters, weights, and what is frozen."""

import copy

import pytest
import torch
from torch.nn import functional as F

from dslt.core.device import plain_torch
from dslt.core.errors import DsltError
from dslt.networks.backbones import resnet_dilated
from dslt.networks.backbones.efficientnet_lite import SameConv
from dslt.networks.make import make_network
from dslt.networks.siamese import correlate, correlate_channels
from siamese_examples import siamfc, siamrpn, siamrpn_pp


@pytest.fixture(scope="module")
def alex():
    return make_network(siamfc()).eval()


@pytest.fixture(scope="module")
def light():
    return make_network(siamfc("efficientnet_lite0", "pretrained", channels=16)).eval()


@pytest.fixture(scope="module")
def rpn():
    return make_network(siamrpn()).eval()


@pytest.fixture(scope="module")
def pp():
    return make_network(siamrpn_pp()).eval()


def images(count, side, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, side, side, generator=generator) * 255


def count(network):
    return sum(value.numel() for value in network.parameters())


@pytest.mark.parametrize("name", ["alex", "light"])
@pytest.mark.parametrize(("search", "cells", "side"), [(255, 22, 17), (239, 20, 15)])
@torch.no_grad()
def test_siamfc_sizes(name, search, cells, side, request):
    net = request.getfixturevalue(name)
    z = net.template(images(2, 127))
    assert z.shape[-2:] == (6, 6)
    assert net.template(images(1, search)).shape[-2:] == (cells, cells)
    response = net.response(z, images(2, search))
    assert response.shape == (2, 1, side, side)
    assert response.dtype == torch.float32
    assert net.response_side(search) == side


@torch.no_grad()
def test_light_features_of_a_batch_are_those_of_its_images(light):
    """On a CPU they are computed one by one; what the others of a batch are changes nothing."""
    batch = images(3, 127)
    assert torch.equal(light.features(batch)[1:2], light.features(batch[1:2]))


@torch.no_grad()
def test_light_siamfc_without_a_neck():
    net = make_network(siamfc("efficientnet_lite0")).eval()
    z = net.template(images(1, 127))
    assert z.shape == (1, 40, 8, 8)
    assert net.response(z, images(1, 255)).shape[-2:] == (17, 17)


@pytest.mark.parametrize(("search", "side"), [(255, 17), (271, 19), (287, 21)])
@torch.no_grad()
def test_siamrpn_sizes(rpn, search, side):
    cls, loc = rpn.heads(rpn.template(images(1, 127)), images(1, search))
    assert cls.shape == (1, 2, 5, side, side)
    assert loc.shape == (1, 4, 5, side, side)
    assert rpn.response_side(search) == side


@torch.no_grad()
def test_siamrpn_pp_sizes(pp):
    taps = pp.features(images(1, 127))
    assert [tuple(tap.shape[1:]) for tap in taps] == [(c, 15, 15) for c in (512, 1024, 2048)]
    kernels = pp.kernels(taps)
    assert {tuple(kernel.shape) for pair in kernels for kernel in pair} == {(1, 256, 5, 5)}
    taps = pp.features(images(1, 255))
    assert {tap.shape[-2:] for tap in taps} == {(31, 31)}
    cls, loc = pp.propose(kernels, taps)
    assert cls.shape == (1, 2, 5, 25, 25)
    assert loc.shape == (1, 4, 5, 25, 25)
    assert pp.response_side(255) == 25


def test_parameter_counts(alex, rpn, pp):
    """Counted by hand from the layers of the reference."""
    assert count(alex) == 2_336_320 + 1
    assert count(rpn.backbone) == 3_749_952
    assert count(rpn) == 3_749_952 + 2_501_150
    assert count(pp.backbone) == 23_508_032 + 8 * (256 * 512 + 512 * 1024 + 1024 * 2048)
    assert count(pp.necks) == (512 + 1024 + 2048 + 3 * 2) * 256
    assert count(pp) == 45_528_128 + 919_040 + 3 * 2_501_150 + 6


@pytest.mark.parametrize("name", ["alex", "light"])
@torch.no_grad()
def test_no_cell_sees_a_border(name, request):
    """Features of a part of an image are that part of the image's features: nothing is padded."""
    net = request.getfixturevalue(name)
    image = images(1, 255)
    whole = net.features(image)
    for x, y in ((0, 0), (64, 64), (128, 40)):
        part = net.features(image[..., y : y + 127, x : x + 127])
        n = part.shape[-1]
        expected = whole[..., y // 8 : y // 8 + n, x // 8 : x // 8 + n]
        assert torch.allclose(part, expected, atol=1e-3 * float(expected.abs().max()))


@torch.no_grad()
def test_light_features_are_the_cells_of_the_padded_network_that_see_no_padding(light):
    image = images(1, 127)
    padded = copy.deepcopy(light.backbone)
    for part in padded.modules():
        if isinstance(part, SameConv):
            part.padded = True
    whole = padded(F.pad(image, (3, 5, 3, 5)), (light.tap,))[0]
    found = light.features(image)
    assert torch.allclose(found, whole[..., 4:-5, 4:-5], rtol=1e-5, atol=1e-5)
    assert found.shape == (1, 40, 8, 8)


@pytest.mark.parametrize("name", ["alex", "light"])
@torch.no_grad()
def test_cells_are_symmetric_about_the_middle(name, request):
    """A column of pixels and its mirror image are seen by mirrored cells."""
    net = copy.deepcopy(request.getfixturevalue(name))
    for part in net.backbone_parts.values():
        for layer in part.modules():  # linear but for maxima, no bias, nothing cancels
            if isinstance(layer, torch.nn.Conv2d):
                layer.weight.abs_()
                layer.bias.zero_()
            if isinstance(layer, torch.nn.ReLU6):
                layer.forward = torch.nn.Identity().forward
    base = torch.full((1, 3, 127, 127), 127.0 if net.light else 0.0)
    for pixel in (0, 5, 9, 20, 40, 63):
        seen = []
        for column in (pixel, 126 - pixel):
            image = base.clone()
            image[..., column] += 60
            with plain_torch():  # minimal filtering leaves something where nothing was
                features = net.features(image)
            seen.append((features != 0).any(dim=1)[0].any(dim=0))
        assert torch.equal(seen[0], seen[1].flip(0))
        assert pixel < 20 or seen[0].any()


@pytest.mark.parametrize("name", ["alex", "light"])
@pytest.mark.parametrize("cells", [(0, 0), (3, -5), (-8, 8)])
@torch.no_grad()
def test_response_peaks_where_the_template_is(name, cells, request):
    """Stride 8, zero shift in the middle: the template cut out off the middle is found there."""
    net = request.getfixturevalue(name)
    image = images(1, 255)
    x, y = (64 + 8 * cell for cell in cells)
    z = net.template(image[..., y : y + 127, x : x + 127])
    z = z - z.mean(dim=(-2, -1), keepdim=True)
    response = net.response(z, image)[0, 0]
    row, column = divmod(int(response.argmax()), 17)
    assert (column - 8, row - 8) == cells


def test_correlations_equal_loops():
    z, x = torch.randn(3, 4, 2, 3), torch.randn(3, 4, 5, 6)
    joint, separate = torch.zeros(3, 1, 4, 4), torch.zeros(3, 4, 4, 4)
    for b in range(3):
        for i in range(4):
            for j in range(4):
                products = z[b] * x[b, :, i : i + 2, j : j + 3]
                joint[b, 0, i, j] = products.sum()
                separate[b, :, i, j] = products.sum(dim=(1, 2))
    assert torch.allclose(correlate(z, x), joint, atol=1e-5)
    assert torch.allclose(correlate_channels(z, x), separate, atol=1e-5)


def test_one_template_serves_many_search_regions():
    z, x = torch.randn(1, 4, 2, 2), torch.randn(3, 4, 5, 5)
    many = z.expand(3, -1, -1, -1)
    assert torch.allclose(correlate(z, x), correlate(many, x), atol=1e-5)
    assert torch.allclose(correlate_channels(z, x), correlate_channels(many, x), atol=1e-5)


def test_correlation_in_half_precision_does_not_overflow():
    z = torch.full((2, 256, 6, 6), 30.0, dtype=torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = correlate(z, z)
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.full((2, 1, 1, 1), 256 * 36 * 900.0))


def test_a_wide_shortcut_computes_what_the_narrow_one_did():
    """The rule for 3x3 down-sample kernels, at each layer's stride, padding and dilation."""
    network = resnet_dilated.network()
    for layer, (inputs, outputs, stride, _) in resnet_dilated.SHORTCUTS.items():
        narrow = torch.randn(outputs, inputs, 1, 1)
        key = resnet_dilated.SHORTCUT_KEY.format(layer=layer)
        wide = getattr(network, layer)[0].downsample[0]
        wide.weight.data = resnet_dilated.widen_shortcuts({key: narrow})[key]
        x = torch.randn(1, inputs, 9, 9)
        seen = x[..., 1:-1, 1:-1] if stride == 2 else x
        with torch.no_grad():
            assert torch.allclose(wide(x), F.conv2d(seen, narrow, stride=stride), atol=1e-3)


@torch.no_grad()
def test_dilated_resnet_computes_torchvisions_features():
    """Cells of `layer2` are 7 pixels further than torchvision's, but for that the same."""
    from torchvision.models import resnet50

    theirs = resnet50(weights=None, replace_stride_with_dilation=[False, True, True]).eval()
    ours = resnet_dilated.network().eval()
    ours.load_state_dict(resnet_dilated.widen_shortcuts(theirs.state_dict()))
    image = images(1, 255) / 128 - 1
    x, y = image, image[..., 7:, 7:]
    both = [resnet_dilated.parts(network) for network in (ours, theirs)]
    for layer in ("stem", "layer1", "layer2"):
        x, y = both[0][layer](x), both[1][layer](y)
    assert x.shape == y.shape == (1, 512, 31, 31)
    clean = slice(6, 26)  # a cell of layer2 sees 91 pixels
    x, y = x[..., clean, clean], y[..., clean, clean]
    assert torch.allclose(x, y, rtol=1e-3, atol=1e-4 * float(y.abs().max()))
    for layer in ("layer3", "layer4"):  # no stride: the same up to the border
        y = x = y[..., :9, :9]
        x, y = both[0][layer](x), both[1][layer](y)
        assert torch.allclose(x, y, rtol=1e-3, atol=1e-4 * float(y.abs().max()))


def test_shortcuts_of_a_dilated_file_stay():
    state = resnet_dilated.network().state_dict()
    fitted = resnet_dilated.widen_shortcuts(state)
    assert fitted.keys() == state.keys()
    assert all(torch.equal(fitted[key], state[key]) for key in state)


def test_weights_from_a_file(tmp_path, rpn):
    path = tmp_path / "alex.pt"
    torch.save(rpn.backbone.state_dict(), path)
    net = make_network(siamrpn(weights=str(path)), seed=5)
    assert torch.equal(net.backbone.layer4[0].weight, rpn.backbone.layer4[0].weight)
    assert not torch.equal(net.classify[0].head[1].weight, rpn.classify[0].head[1].weight)
    with pytest.raises(DsltError, match=r"alex.pt weights of alexnet_groups"):
        make_network(siamfc(weights=str(path)))
    with pytest.raises(DsltError, match="no such weights for alexnet_groups"):
        make_network(siamfc(weights=str(tmp_path / "none.pt")))


def test_torchvision_weights_load(tmp_path):
    from torchvision.models import resnet50

    path = tmp_path / "resnet50.pth"
    state = resnet50(weights=None).state_dict()
    torch.save(state, path)
    net = make_network(siamrpn_pp(weights=str(path), channels=8))
    kernel = net.backbone.layer3[0].downsample[0].weight
    assert torch.equal(kernel[:, :, 1, 1], state["layer3.0.downsample.0.weight"][:, :, 0, 0])
    assert torch.count_nonzero(kernel) <= 1024 * 512


def test_alexnet_has_no_published_weights():
    for settings in (siamfc(weights="pretrained"), siamrpn(weights="pretrained")):
        with pytest.raises(DsltError, match="expected 'random' or the path"):
            make_network(settings)


def test_frozen_parts_stay_in_evaluation_mode():
    net = make_network(siamrpn())
    z, x = images(2, 127), images(2, 255)

    def moments():
        return {name: part[1].running_mean.clone() for name, part in net.backbone_parts.items()}

    start = moments()
    cls, loc = net(z, x)
    (cls.sum() + loc.sum()).backward()
    assert all(torch.equal(value, start[name]) for name, value in moments().items())
    assert net.backbone_parameters() == []
    assert all(value.grad is not None for value in net.head_parameters())
    net.unfreeze(("layer4", "layer5"))
    net.zero_grad()
    net(z, x)[0].sum().backward()
    assert [name for name, value in moments().items() if not torch.equal(value, start[name])] == [
        "layer4",
        "layer5",
    ]
    assert all(value.grad is not None for value in net.backbone_parameters())
    assert net.backbone.layer1[0].weight.grad is None
    assert len(net.backbone_parameters()) == 8
    assert net.training
    assert not net.eval().backbone.layer4.training
    net.train()
    assert net.backbone.layer4.training
    assert not net.backbone.layer1.training


def test_unknown_parts(alex):
    with pytest.raises(DsltError, match="layer9; expected parts of the backbone: layer1, layer2"):
        make_network(siamfc()).unfreeze(("layer5", "layer9"))
    with pytest.raises(DsltError, match=r"head.layers: layer7; expected"):
        make_network(siamrpn(layers=("layer5", "layer7")))


def test_wrong_backbones_and_sides():
    with pytest.raises(DsltError, match="resnet50_dilated; expected alexnet_groups or"):
        make_network(siamfc("resnet50_dilated"))
    with pytest.raises(DsltError, match="efficientnet_lite0; expected alexnet or"):
        make_network(siamrpn("efficientnet_lite0"))
    with pytest.raises(DsltError, match=r"crops.search: 256; expected"):
        make_network(siamfc(search=256))
    with pytest.raises(DsltError, match=r"crops.template: 135 gives 16 cells"):
        make_network(siamrpn_pp(template=135, channels=8))


def test_random_weights_follow_the_seed_and_nothing_else():
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    nets = [make_network(siamfc("efficientnet_lite0", channels=8), seed) for seed in (3, 3, 4)]
    assert torch.equal(torch.random.get_rng_state(), before)
    kernels = [net.neck[3].weight for net in nets]
    assert torch.equal(kernels[0], kernels[1])
    assert not torch.equal(kernels[0], kernels[2])


def test_the_head_does_not_depend_on_where_the_backbone_came_from():
    a, b = (
        make_network(siamfc("efficientnet_lite0", weights, channels=8), 3).neck[0].weight
        for weights in ("random", "pretrained")
    )
    assert torch.equal(a, b)


@torch.no_grad()
def test_a_state_restores_a_network_without_the_published_weights(light):
    again = make_network(
        siamfc("efficientnet_lite0", "pretrained", channels=16), seed=9, load=False
    ).eval()
    z, x = images(1, 127), images(1, 239)
    assert not torch.allclose(light(z, x), again(z, x))
    again.load_state_dict(light.state_dict())
    assert torch.equal(light(z, x), again(z, x))


def test_aggregation_weights_start_equal_and_are_normalised(pp):
    """Softmax of equal weights is the mean, as without weights; a large one takes over."""
    net = make_network(siamrpn_pp(channels=8), seed=1).eval()
    mean = make_network(siamrpn_pp(channels=8, weighted=False), seed=1).eval()
    maps = [torch.randn(1, channels, 15, 15) for channels in (512, 1024, 2048)]
    larger = [torch.randn(1, channels, 31, 31) for channels in (512, 1024, 2048)]
    with torch.no_grad():
        kernels = net.kernels(maps)
        for found, expected in zip(
            net.propose(kernels, larger), mean.propose(mean.kernels(maps), larger), strict=True
        ):
            assert torch.allclose(found, expected, atol=1e-5)
        net.class_weights[2] = 50.0
        alone = net.classify[2](kernels[2][0], net.necks[2](larger[2]))
        found = net.propose(kernels, larger)[0].flatten(1, 2)
        assert torch.allclose(found, alone, atol=1e-5)


def test_class_comes_before_anchor(rpn):
    """Channel c of ten is class c // 5 of anchor c % 5, as in the published layout."""
    x = rpn.features(images(1, 255))
    kernels = rpn.template(images(1, 127))
    with torch.no_grad():
        flat = rpn.classify[0](kernels[0][0], x[0])
        cls, _ = rpn.propose(kernels, x)
    assert torch.equal(cls[0, 1, 2], flat[0, 7])
