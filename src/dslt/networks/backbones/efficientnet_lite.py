"""EfficientNet-Lite0 up to its classifier, in the layout of the published checkpoint.

Source: Tan and Le, EfficientNet (2019), and the Lite variants: no squeeze-and-excitation, ReLU6, a
stem and head of fixed width. TensorFlow's SAME padding and batch-norm epsilon are part of what the
weights were trained with.
"""

import itertools
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dslt.networks.backbones.spec import Pixels, Spec
from dslt.networks.backbones.weights import load_weights
from dslt.settings.tracker import BackboneSettings

BATCH_NORM_EPS = 1e-3
SHALLOW, DEEP = 5, 11  # blocks up to the end of stride 8 and of stride 16
CHANNELS = (40, 112)  # there
PIXELS = Pixels(mean=(127.0,) * 3, std=(128.0,) * 3)
# (expansion, channels, blocks, stride, kernel)
STAGES = (
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's SAME padding: an odd pixel goes right and to the bottom.

    Attributes:
        padded: False leaves the padding out: the output has the cells that see none.
    """

    padded = True

    def pads(self, size: Sequence[int]) -> list[int]:
        """Return the pixels to add left, right, above and below maps of `size` (rows, columns)."""
        if not self.padded:
            return [0, 0, 0, 0]
        pads: list[int] = []
        for pixels, kernel, stride in zip(
            reversed(size), reversed(self.kernel_size), reversed(self.stride), strict=True
        ):
            total = max((-(-pixels // stride) - 1) * stride + kernel - pixels, 0)
            pads += [total // 2, total - total // 2]
        return pads

    def forward(self, input: Tensor) -> Tensor:
        """Convolve `(B, C, H, W)`; the output has `ceil(H / stride)` rows if it is padded."""
        left, right, top, bottom = self.pads(input.shape[-2:])
        padding = (top, left)
        if padding != (bottom, right):
            input, padding = F.pad(input, (left, right, top, bottom)), (0, 0)
        return F.conv2d(
            input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups
        )


def conv_bn(
    inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1
) -> list[nn.Module]:
    """Make a SAME convolution without bias and its batch norm."""
    return [
        SameConv(inputs, outputs, kernel, stride, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=BATCH_NORM_EPS),
    ]


class InvertedResidual(nn.Module):
    """Expansion, depth-wise convolution, linear projection; a shortcut where shapes agree."""

    def __init__(self, inputs: int, outputs: int, expansion: int, kernel: int, stride: int):
        super().__init__()
        width = inputs * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*conv_bn(inputs, width, 1, 1), nn.ReLU6(inplace=True)]
        layers += [*conv_bn(width, width, kernel, stride, groups=width), nn.ReLU6(inplace=True)]
        layers += conv_bn(width, outputs, 1, 1)
        self.layers = nn.Sequential(*layers)
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Map `(B, inputs, H, W)` to `(B, outputs, H / stride, W / stride)`, if it is padded."""
        y: Tensor = self.layers(x)
        if not self.shortcut:
            return y
        rows, columns = (slice(self.border, side - self.border) for side in x.shape[-2:])
        return x[..., rows, columns] + y

    @property
    def border(self) -> int:
        """The cells on each side of its input that a shortcut passes by."""
        convs = [layer for layer in self.layers if isinstance(layer, SameConv)]
        return sum(conv.kernel_size[0] // 2 for conv in convs if not conv.padded)


class Features(nn.Module):
    """The stem and the first inverted residuals, in `blocks`.

    Args:
        count: Number of blocks.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_bn(3, 32, 3, 2), nn.ReLU6(inplace=True))
        blocks: list[nn.Module] = []
        inputs = 32
        for expansion, outputs, repeats, stride, kernel in STAGES:
            for repeat in range(repeats):
                step = stride if repeat == 0 else 1
                if len(blocks) < count:
                    blocks.append(InvertedResidual(inputs, outputs, expansion, kernel, step))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)


class EfficientNetLite0(Features):
    """The network with its 16 blocks.

    Input: RGB scaled to [-1, 1] by `(x - 127) / 128`, `(B, 3, H, W)`.
    """

    def __init__(self) -> None:
        super().__init__(sum(repeats for _, _, repeats, _, _ in STAGES))
        self.head = nn.Sequential(*conv_bn(STAGES[-1][1], 1280, 1, 1), nn.ReLU6(inplace=True))
        self.classifier = nn.Linear(1280, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Return ImageNet logits `(B, 1000)`."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.classifier(self.head(x).mean(dim=(2, 3)))  # type: ignore[no-any-return]

    def fitted(self, state: dict[str, Tensor]) -> dict[str, Tensor]:
        """Rename the checkpoint's tensors, which stand in the same order under other names.

        Raises:
            ValueError: A tensor is missing or left over.
        """
        own = self.state_dict()
        theirs = [value for key, value in state.items() if not key.endswith("num_batches_tracked")]
        keys = [key for key in own if not key.endswith("num_batches_tracked")]
        if len(keys) != len(theirs):
            raise ValueError(f"{len(theirs)} tensors in the checkpoint, {len(keys)} in the network")
        return own | dict(zip(keys, theirs, strict=True))


def leave_padding_out(module: nn.Module) -> None:
    """Let convolutions compute the cells that see no padding, and no others."""
    for part in module.modules():
        if isinstance(part, SameConv):
            part.padded = False


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """Fold each batch norm of `module` (in evaluation mode) into the convolution before it."""
    for child in module.children():
        fold_batch_norms(child)
    if isinstance(module, nn.Sequential):
        layers = list(module.children())
        for index, (conv, norm) in enumerate(itertools.pairwise(layers)):
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                module[index] = torch.nn.utils.fuse_conv_bn_eval(conv.eval(), norm.eval())
                module[index + 1] = nn.Identity()
    return module


def taps(settings: BackboneSettings) -> tuple[list[nn.Module], Spec]:
    """Cut the network after its last block of stride 8 (40 channels) and of stride 16 (112)."""
    network = _folded(settings, DEEP)
    shallow = nn.Sequential(network.stem, *network.blocks[:SHALLOW])
    deep = nn.Sequential(*network.blocks[SHALLOW:])
    return [shallow, deep], Spec(CHANNELS, (8, 16), 7.5, PIXELS)


def parts(settings: BackboneSettings) -> dict[str, nn.Module]:
    """Return what comes before the end of stride 8 (40 channels), first to last."""
    network = _folded(settings, SHALLOW)
    blocks = {f"block{number}": block for number, block in enumerate(network.blocks, 1)}
    return {"stem": network.stem, **blocks}


def _folded(settings: BackboneSettings, count: int) -> Features:
    """Make the first blocks with their weights, in evaluation mode, batch norms folded."""
    if settings.weights == "random":
        network = Features(count)
    else:
        network = EfficientNetLite0()  # a file of weights is of all of it
        load_weights(network, settings, network.fitted)
        network.blocks = network.blocks[:count]
    fold_batch_norms(network.eval())
    return network
