"""ResNet-50 with stride 8 throughout, the backbone of SiamRPN++.

Source: Li et al., SiamRPN++ (2019), in the geometry of its published code: the stem and the first
block of `layer2` have no padding, so that cells stay centred; `layer3` and `layer4` are dilated
instead of strided; the shortcuts of the first blocks of `layer2` to `layer4` have 3x3 kernels. 127
pixels become 15 x 15 cells in `layer2` to `layer4`, 255 become 31 x 31.
"""

from typing import Any

import torch
from torch import Tensor, nn

# The shortcut of each layer's first block: (inputs, outputs, stride, dilation).
SHORTCUTS = {"layer2": (256, 512, 2, 1), "layer3": (512, 1024, 1, 1), "layer4": (1024, 2048, 1, 2)}
CHANNELS = {"stem": 64, "layer1": 256, "layer2": 512, "layer3": 1024, "layer4": 2048}
SHORTCUT_KEY = "{layer}.0.downsample.0.weight"


def side(pixels: int) -> int:
    """Return the cells that a square of so many pixels (7 above a multiple of 8) has on a side."""
    return (pixels - 7) // 8


def network() -> nn.Module:
    """Make the network with random weights, in torchvision's layout and without classifier."""
    from torchvision.models import resnet50

    made: Any = resnet50(weights=None, replace_stride_with_dilation=[False, True, True])
    made.conv1.padding = (0, 0)
    made.layer2[0].conv2.padding = (0, 0)
    for layer, (inputs, outputs, stride, dilation) in SHORTCUTS.items():
        padding = 0 if stride > 1 else dilation
        shortcut = nn.Conv2d(inputs, outputs, 3, stride, padding, dilation, bias=False)
        nn.init.kaiming_normal_(shortcut.weight, mode="fan_out", nonlinearity="relu")
        getattr(made, layer)[0].downsample[0] = shortcut
    made.avgpool, made.fc = nn.Identity(), nn.Identity()
    finished: nn.Module = made
    return finished


def parts(made: nn.Module) -> dict[str, nn.Module]:
    """Cut the network into `stem` and `layer1` to `layer4`."""
    stem = nn.Sequential(*(getattr(made, name) for name in ("conv1", "bn1", "relu", "maxpool")))
    return {"stem": stem} | {f"layer{i}": getattr(made, f"layer{i}") for i in range(1, 5)}


def widen_shortcuts(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Fit torchvision's ResNet-50 state to the network, classifier left out.

    A 1x1 shortcut kernel becomes the centre tap of a 3x3 one, which computes the same at the cell
    that the block's unpadded 3x3 convolution is centred on. Kernels that are 3x3 already stay.
    """
    fitted = {key: value for key, value in state.items() if not key.startswith("fc.")}
    for layer in SHORTCUTS:
        key = SHORTCUT_KEY.format(layer=layer)
        kernel = fitted.get(key)
        if kernel is not None and kernel.shape[-2:] == (1, 1):
            wide = torch.zeros(*kernel.shape[:2], 3, 3, dtype=kernel.dtype)
            wide[:, :, 1, 1] = kernel[:, :, 0, 0]
            fitted[key] = wide
    return fitted
