"""What all Siamese networks share: crops, and a stride."""

import torch
from torch import Tensor
from torch.nn import functional as F

from dslt.core.device import one_at_a_time
from dslt.core.errors import DsltError
from dslt.networks.base import TrainedNet
from dslt.networks.correlation import add_up, cut_of, spread
from dslt.networks.trunk import Trunk
from dslt.settings.offline import CropSettings

STRIDE = 8  # pixels of a crop per response cell, for every network here
SIDE = 127  # pixels: a crop of this side, or one that differs by whole cells, has centred cells


class SiameseNet(TrainedNet):
    """A template network, a search network with the same weights, and a response.

    Images are RGB in [0, 255], `(B, 3, side, side)`, float. Cell `i` of a response with `n` cells
    stands for a target whose middle is `(i - (n - 1) / 2) * STRIDE` pixels off that of the search
    region. A template batch of 1 serves any number of search regions.
    """

    def __init__(self, backbone: Trunk, crops: CropSettings):
        super().__init__(backbone)
        self.crops = crops
        for name in ("template", "search"):
            check_side(getattr(crops, name), crops, f"crops.{name}")

    def response_side(self, search: int) -> int:
        """Return the rows and columns of the response to a search region of so many pixels."""
        return (search - self.crops.template) // STRIDE + 1


def correlate(templates: Tensor, features: Tensor) -> Tensor:
    """Correlate each search map with its template, all channels together.

    Sums of many products of unnormalised features overflow half a precision, so float32 it is.

    Args:
        templates: Features `(B or 1, C, h, w)` of templates.
        features: Features `(B, C, H, W)` of search regions.

    Returns:
        Float32 `(B, 1, H - h + 1, W - w + 1)`.
    """
    with torch.autocast(features.device.type, enabled=False):
        templates, features = templates.float(), features.float()
        if len(templates) == 1:
            return F.conv2d(features, templates)
        joined = features.flatten(0, 1)[None]
        return F.conv2d(joined, templates, groups=len(templates)).transpose(0, 1)


def correlate_each(templates: Tensor, features: Tensor) -> Tensor:
    """Correlate maps of several targets, each with its own template, all channels together.

    A product with every position of the template and a sum of the shifted products, since a GPU is
    slow at grouped convolutions with one output; a CPU is not, and takes targets one by one.

    Args:
        templates: Features `(L, C, h, w)`.
        features: Features `(L, S, C, H, W)`.

    Returns:
        Float32 `(L, S, H - h + 1, W - w + 1)`.
    """
    if one_at_a_time(features.device):
        each = [correlate(one[None], maps) for one, maps in zip(templates, features, strict=True)]
        return torch.stack(each)[:, :, 0]
    with torch.autocast(features.device.type, enabled=False):
        (rows, columns), (height, width) = templates.shape[-2:], features.shape[-2:]
        kernel = (rows, columns)
        taps = templates.float().flatten(2).flip(2).transpose(1, 2)[:, None]
        products = (taps @ features.float().flatten(3)).flatten(0, 1)
        found = add_up(products, (height, width), kernel, cut_of(kernel, "valid"))
        return spread(found, len(features))


def correlate_channels(templates: Tensor, features: Tensor) -> Tensor:
    """Correlate each search map with its template, channel by channel, as SiamRPN++ does.

    Args:
        templates: Features `(B or 1, C, h, w)` of templates.
        features: Features `(B, C, H, W)` of search regions.

    Returns:
        Maps `(B, C, H - h + 1, W - w + 1)`.
    """
    count, channels = features.shape[:2]
    kernels = templates.expand(count, -1, -1, -1).flatten(0, 1)[:, None]
    joined = F.conv2d(features.flatten(0, 1)[None], kernels, groups=count * channels)
    return joined.view(count, channels, *joined.shape[-2:])


def check_side(side: int, crops: CropSettings, name: str) -> None:
    """Refuse a crop whose cells would not lie symmetrically about the middle.

    Args:
        side: Side of the crop in pixels.
        crops: Crops whose template is correlated with it.
        name: Name of the setting.

    Raises:
        DsltError: The side is smaller than the template's, or none that fits the stride.
    """
    if side < crops.template or (side - SIDE) % STRIDE:
        raise DsltError(
            f"{name}: {side}; expected pixels, not below the template's and a multiple of {STRIDE}"
            f" away from {SIDE}, such as 127, 239, 255, 271 or 287"
        )
