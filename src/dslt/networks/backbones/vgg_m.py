"""VGG-M's conv1 to conv3 as RT-MDNet has them: no padding, no second pool, a dilated conv3.

Sources: Chatfield et al., Return of the Devil in the Details (2014), for the layers and weights;
Jung et al., Real-Time MDNet (2018), for the dilation of 3 in place of the pool. Its stride is 8 and
its cells see 75 pixels: cell `i` those from `8 i` on. The normalisation is VGG-M's own, across
channels, or that of the released code, whose window is a single channel:

    x / (2 + 1e-4 (sum of the squares in the window))^0.75
"""

from typing import Literal

from torch import Tensor, nn

from dslt.networks.backbones.spec import Pixels

Lrn = Literal["across_channels", "window_1"]
STRIDE, FIELD = 8, 75
CHANNELS = {"conv1": 96, "conv2": 256, "conv3": 512}
PIXELS = Pixels(mean=(128.0,) * 3)
WINDOWS: dict[Lrn, int] = {"across_channels": 5, "window_1": 1}
# The places of the convolutions in the published network.
PUBLISHED = {"conv1": "features.0", "conv2": "features.4", "conv3": "features.8"}


def parts(lrn: Lrn) -> dict[str, nn.Module]:
    """Make `conv1` to `conv3` with random weights (He-normal over the outputs, no bias).

    A square of 107 pixels becomes 5 x 5 cells of 512 channels.

    Args:
        lrn: Window of both normalisations.
    """
    made: dict[str, nn.Module] = {
        "conv1": nn.Sequential(
            nn.Conv2d(3, 96, 7, stride=2), nn.ReLU(inplace=True), _norm(lrn), nn.MaxPool2d(3, 2)
        ),
        "conv2": nn.Sequential(nn.Conv2d(96, 256, 5, stride=2), nn.ReLU(inplace=True), _norm(lrn)),
        "conv3": nn.Sequential(nn.Conv2d(256, 512, 3, dilation=3), nn.ReLU(inplace=True)),
    }
    for part in made.values():
        for layer in part.modules():
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)
    return made


class ResponseNorm(nn.LocalResponseNorm):
    """Torch's, over rows of cells: its pool of maps has no gradient that a GPU repeats."""

    def forward(self, x: Tensor) -> Tensor:
        """Normalise maps `(N, C, H, W)`."""
        return super().forward(x.flatten(2)).view_as(x)


def _norm(lrn: Lrn) -> nn.Module:
    """Make a normalisation; torch divides `alpha` by the window."""
    window = WINDOWS[lrn]
    return ResponseNorm(window, alpha=1e-4 * window, beta=0.75, k=2.0)


def fitted(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Take conv1 to conv3 out of the published state, and turn its blue-first input round.

    Raises:
        ValueError: One of their tensors is missing.
    """
    found: dict[str, Tensor] = {}
    for part, place in PUBLISHED.items():
        for kind in ("weight", "bias"):
            if (key := f"{place}.{kind}") not in state:
                raise ValueError(f"no {key} in the file; it has {', '.join(list(state)[:4])}, ...")
            found[f"{part}.0.{kind}"] = state[key]
    found["conv1.0.weight"] = found["conv1.0.weight"].flip(1)
    return found
