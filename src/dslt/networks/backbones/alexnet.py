"""The AlexNet of Siamese trackers: no padding, batch norm, total stride 8, five parts.

Sources: Bertinetto et al., Fully-Convolutional Siamese Networks (2016): groups in the second,
fourth and fifth convolution, no batch norm after the fifth; Li et al., SiamRPN (2018), as published
with SiamRPN++: no groups, batch norm after all.
"""

from torch import nn

# (inputs, outputs, kernel, stride, grouped, pooled)
LAYERS = (
    (3, 96, 11, 2, False, True),
    (96, 256, 5, 1, True, True),
    (256, 384, 3, 1, False, False),
    (384, 384, 3, 1, True, False),
    (384, 256, 3, 1, True, False),
)


def parts(*, grouped: bool) -> dict[str, nn.Module]:
    """Make `layer1` to `layer5` with random weights (He-normal over the outputs, no bias).

    A square of 127 pixels becomes 6 x 6 cells, 255 become 22 x 22, of 256 channels.

    Args:
        grouped: True for SiamFC's network, false for SiamRPN's.
    """
    made: dict[str, nn.Module] = {}
    for index, (inputs, outputs, kernel, stride, groups, pooled) in enumerate(LAYERS, 1):
        last = index == len(LAYERS)
        convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, groups=2 if grouped and groups else 1
        )
        nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        assert convolution.bias is not None
        nn.init.zeros_(convolution.bias)
        layers: list[nn.Module] = [convolution]
        if not (last and grouped):
            layers.append(nn.BatchNorm2d(outputs))
        if pooled:
            layers.append(nn.MaxPool2d(3, 2))
        if not last:
            layers.append(nn.ReLU(inplace=True))
        made[f"layer{index}"] = nn.Sequential(*layers)
    return made


def channels() -> dict[str, int]:
    """Return the number of channels that each part puts out."""
    return {f"layer{index}": layer[1] for index, layer in enumerate(LAYERS, 1)}
