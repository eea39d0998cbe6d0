"""SiamRPN and SiamRPN++: region proposals by depth-wise correlation (Li et al., 2018, 2019)."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from dslt.core.device import seeded
from dslt.core.errors import DsltError
from dslt.networks.backbones import resnet_dilated
from dslt.networks.siamese import SiameseNet, correlate_channels
from dslt.networks.trunk import Trunk, make_trunk
from dslt.settings.siamrpn import SiamRpnTraining

BACKBONES = ("alexnet", "resnet50_dilated")
KEPT = 7  # cells of a template's middle that ResNet's branches use
Kernels = list[tuple[Tensor, Tensor]]


class Branch(nn.Module):
    """Classification or regression on one layer: depth-wise correlation, then two 1x1 layers."""

    def __init__(self, inputs: int, channels: int, outputs: int):
        super().__init__()
        self.kernel = _convolution(inputs, channels, 3)
        self.search = _convolution(inputs, channels, 3)
        self.head = nn.Sequential(
            _convolution(channels, channels, 1), nn.Conv2d(channels, outputs, 1)
        )

    def forward(self, kernel: Tensor, features: Tensor) -> Tensor:
        """Correlate `self.kernel(template features)` with search features `(B, C, H, W)`."""
        return self.head(correlate_channels(kernel, self.search(features)))  # type: ignore[no-any-return]


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Make an unpadded convolution with batch norm and rectifier."""
    convolution = nn.Conv2d(inputs, outputs, kernel, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))


class SiamRpnNet(SiameseNet):
    """SiamRPN on AlexNet, or SiamRPN++ on the dilated ResNet-50.

    With a template of 127 pixels, AlexNet gives 17 x 17 cells at 255 and 21 x 21 at 287, ResNet
    25 x 25 at 255. On ResNet every tapped layer has a neck (1x1 to `head.channels`), templates are
    cut to their 7 x 7 middle cells, and the layers' outputs are combined by softmax-normalised
    learnt weights or by their mean.

    Args:
        settings: Training settings; backbone, head, anchors (their number) and crops are used.
        seed: Seed of random weights.
        load: False leaves the backbone random, for a state that is read afterwards.

    Raises:
        DsltError: Another backbone, an unknown layer, sides that leave cells off-centre, or weights
            are missing.
    """

    def __init__(self, settings: SiamRpnTraining, seed: int = 0, *, load: bool = True):
        name, head = settings.backbone.name, settings.head
        if name not in BACKBONES:
            raise DsltError(f"backbone.name of SiamRPN: {name}; expected {' or '.join(BACKBONES)}")
        super().__init__(make_trunk(settings.backbone, seed, load=load), settings.crops)
        self.layers = head.layers
        self.anchors = len(settings.anchors.ratios) * len(settings.anchors.scales)
        self.deep = name == "resnet50_dilated"
        inputs = _channels(self.backbone, head.layers)
        if self.deep:
            _check_middle(settings.crops.template)
        with seeded(seed):
            self.necks = nn.ModuleList(
                _neck(count, head.channels) if self.deep else nn.Identity() for count in inputs
            )
            widths = [head.channels if self.deep else count for count in inputs]
            self.classify = self._branches(widths, head.channels, 2)
            self.regress = self._branches(widths, head.channels, 4)
        learnt = len(inputs) if head.weighted else None
        self.class_weights = None if learnt is None else nn.Parameter(torch.ones(learnt))
        self.box_weights = None if learnt is None else nn.Parameter(torch.ones(learnt))

    def _branches(self, inputs: list[int], channels: int, per_anchor: int) -> nn.ModuleList:
        """Make one branch for every layer."""
        outputs = per_anchor * self.anchors
        return nn.ModuleList(Branch(count, channels, outputs) for count in inputs)

    def _layers(self) -> Iterator[tuple[Any, Any, Any]]:
        """Go through the neck and the two branches of every layer."""
        return zip(self.necks, self.classify, self.regress, strict=True)

    def features(self, images: Tensor) -> tuple[Tensor, ...]:
        """Extract the tapped layers of the backbone, before the necks: `(B, C, H, W)` each."""
        return self.backbone(images, self.layers)  # type: ignore[no-any-return]

    def template(self, z: Tensor) -> Kernels:
        """Turn templates `(B, 3, template, template)` into correlation kernels."""
        return self.kernels(self.features(z))

    def kernels(self, features: Sequence[Tensor]) -> Kernels:
        """Turn the backbone's features of templates into kernels, two for every layer."""
        made: Kernels = []
        for (neck, classify, regress), maps in zip(self._layers(), features, strict=True):
            maps = neck(maps)
            if self.deep:
                first = (maps.shape[-1] - KEPT) // 2
                maps = maps[..., first : first + KEPT, first : first + KEPT]
            made.append((classify.kernel(maps), regress.kernel(maps)))
        return made

    def heads(self, template: Kernels, x: Tensor) -> tuple[Tensor, Tensor]:
        """Propose boxes in search regions.

        Args:
            template: What `template` returned, batch of 1 or `B`.
            x: Search regions `(B, 3, S, S)`.

        Returns:
            Scores `(B, 2, A, H, W)`, background first, before the softmax, and the four offsets of
            the boxes from their anchors `(B, 4, A, H, W)`; see `dslt.networks.anchors`.
        """
        return self.propose(template, self.features(x))

    def propose(self, template: Kernels, features: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Propose boxes from the backbone's features of search regions, as `heads` does."""
        scores, offsets = [], []
        layers = zip(self._layers(), template, features, strict=True)
        for (neck, classify, regress), (class_kernel, box_kernel), maps in layers:
            maps = neck(maps)
            scores.append(classify(class_kernel, maps))
            offsets.append(regress(box_kernel, maps))
        cls, loc = _combine(scores, self.class_weights), _combine(offsets, self.box_weights)
        count, side = len(cls), cls.shape[-1]
        return (
            cls.view(count, 2, self.anchors, side, side),
            loc.view(count, 4, self.anchors, side, side),
        )

    def forward(self, z: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return scores and offsets in the search regions `x` for the templates `z`."""
        return self.heads(self.template(z), x)

    def response_side(self, search: int) -> int:
        """Return the rows and columns of the response to a search region of so many pixels."""
        cut = resnet_dilated.side(self.crops.template) - KEPT if self.deep else 0
        return super().response_side(search) + cut


def _neck(inputs: int, outputs: int) -> nn.Sequential:
    """Make the reduction of one layer's channels; it has no rectifier."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


def _combine(maps: list[Tensor], weights: Tensor | None) -> Tensor:
    """Combine the layers' outputs (the layer-wise aggregation of SiamRPN++)."""
    stack = torch.stack(maps)
    if weights is None:
        return stack.mean(dim=0)
    shares = weights.softmax(dim=0).view(-1, 1, 1, 1, 1)
    return (shares.to(stack.dtype) * stack).sum(dim=0)


def _channels(backbone: Trunk, layers: Sequence[str]) -> list[int]:
    """Look up the channels of the tapped layers."""
    if unknown := sorted(set(layers) - set(backbone.channels)):
        raise DsltError(
            f"head.layers: {', '.join(unknown)}; expected layers of the backbone: "
            f"{', '.join(backbone.channels)}"
        )
    return [backbone.channels[layer] for layer in layers]


def _check_middle(template: int) -> None:
    """Refuse a template whose middle cells are not in its middle."""
    side = resnet_dilated.side(template)
    if side < KEPT or (side - KEPT) % 2:
        raise DsltError(
            f"crops.template: {template} gives {side} cells on a side; expected an odd number from "
            f"{KEPT} on, such as the 15 of 127 pixels"
        )
