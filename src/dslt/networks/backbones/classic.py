"""ResNet-50 (Res3d, Res4f) and VGG-16 (conv4_3, conv5_3), the paper's two backbones.

And their nearest stand-ins of the package index: VGG-16 tuned for edges, and a ResNet-152 out of a
model of how memorable an image is.
"""

from pathlib import Path

import torch
from torch import Tensor, nn

from dslt.core.errors import DsltError
from dslt.networks.backbones.spec import Pixels, Spec
from dslt.networks.backbones.weights import find_weights, load_weights
from dslt.settings.dslt import DsltBackboneSettings

IMAGENET = Pixels(mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375))
# RGB in [0, 1]: a cat and an espresso are classified as such, and not with ImageNet's means.
RESMEM = Pixels(std=(255.0, 255.0, 255.0))
# Blue, green, red means of the edge detector's input, given here in RGB order.
HED = Pixels(mean=(122.679, 116.669, 104.007), bgr=True)
POOL3, POOL4 = 16, 23
CONV4_3, CONV5_3 = 22, 29  # the ReLU after each


def taps(settings: DsltBackboneSettings) -> tuple[list[nn.Module], Spec]:
    """Cut a ResNet or VGG-16 at the paper's two taps (Section 3.1)."""
    return _resnet(settings) if settings.name.startswith("resnet") else _vgg16(settings)


def _calibrate(network: nn.Module) -> None:
    """Take the batch norms' statistics from noise: random weights leave them meaningless."""
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in norms:
        layer.momentum = 1.0
    with torch.no_grad():
        network.train()(torch.randn(2, 3, 128, 128))
    for layer in norms:
        layer.momentum = 0.1


def _resnet(settings: DsltBackboneSettings) -> tuple[list[nn.Module], Spec]:
    """Cut a ResNet after conv3_x (stride 8, 512 channels) and conv4_x (stride 16, 1024)."""
    from torchvision.models import resnet50, resnet152

    if settings.name == "resnet50":
        network, pixels = resnet50(weights=None), IMAGENET
        loaded = load_weights(network, settings)
    else:
        network, pixels = resnet152(weights=None), RESMEM
        loaded = load_weights(network, settings, _of_resmem)
    if not loaded:
        _calibrate(network)
    stem = (network.conv1, network.bn1, network.relu, network.maxpool)
    shallow = nn.Sequential(*stem, network.layer1, network.layer2)
    return [shallow, network.layer3], Spec((512, 1024), (8, 16), origin=0.5, pixels=pixels)


def _of_resmem(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take the ImageNet network out of the state of the model that it is a part of."""
    prefix = "features."
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _vgg16(settings: DsltBackboneSettings) -> tuple[list[nn.Module], Spec]:
    """Cut VGG-16 after the ReLU of conv4_3 and of conv5_3 (512 channels each)."""
    from torchvision.models import vgg16

    network = vgg16(weights=None)
    edges = settings.name == "vgg16_hed"
    if edges and settings.weights != "random":
        network.features.load_state_dict(_read_hed(find_weights(settings)))
    else:
        load_weights(network, settings)
    removed = () if settings.keep_pools else (POOL3, POOL4)
    layers = [
        nn.Identity() if index in removed else layer
        for index, layer in enumerate(network.features[: CONV5_3 + 1])
    ]
    cut = CONV4_3 + 1
    strides, origin = ((8, 16), 4.0) if settings.keep_pools else ((4, 4), 2.0)
    spec = Spec((512, 512), strides, origin, HED if edges else IMAGENET)
    return [nn.Sequential(*layers[:cut]), nn.Sequential(*layers[cut:])], spec


def _read_hed(path: Path) -> dict[str, Tensor]:
    """Read the 13 convolutions of an edge detector's Keras file as `vgg16().features` state.

    Raises:
        DsltError: The file has another layout.
    """
    import h5py

    convolutions = [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    counts = (2, 2, 3, 3, 3)
    names = [
        f"block{block}/layers/conv2d{f'_{index}' if index else ''}/vars"
        for block, count in enumerate(counts, 1)
        for index in range(count)
    ]
    state: dict[str, Tensor] = {}
    try:
        with h5py.File(path, "r") as file:
            for layer, name in zip(convolutions, names, strict=True):
                kernel = torch.from_numpy(file[f"{name}/0"][()])
                state[f"{layer}.weight"] = kernel.permute(3, 2, 0, 1).contiguous()
                state[f"{layer}.bias"] = torch.from_numpy(file[f"{name}/1"][()])
    except (OSError, KeyError) as error:
        raise DsltError(f"{path}: not the expected HED weights ({error})") from error
    return state
