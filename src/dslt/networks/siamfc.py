"""SiamFC: one correlation of template and search region (Bertinetto et al., 2016)."""

import torch
from torch import Tensor, nn

from dslt.core.device import seeded
from dslt.core.errors import DsltError
from dslt.networks.backbones.efficientnet_lite import leave_padding_out
from dslt.networks.siamese import SiameseNet, correlate, correlate_each
from dslt.networks.trunk import make_trunk
from dslt.settings.siamfc import SiamFcTraining

TAPS = {"alexnet_groups": "layer5", "efficientnet_lite0": "block5"}
# EfficientNet-Lite0's cells at stride 8 see 67 pixels. Its padding would put them 3 off the middle
# of the crop; without it they lie symmetrically, 2 pixels on each side are seen by no cell, and the
# network is as free of borders as AlexNet.
LITE_SEEN = slice(2, -2)


class Neck(nn.Sequential):
    """The trained part on a frozen light backbone: 1x1 then unpadded 3x3 convolution.

    The last batch norm gives every channel unit variance, whatever the backbone's magnitudes.

    Maps `(B, inputs, H, W)` to `(B, channels, H - 2, W - 2)`.
    """

    def __init__(self, inputs: int, channels: int):
        super().__init__(
            nn.Conv2d(inputs, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, bias=False),
            nn.BatchNorm2d(channels),
        )


class SiamFcNet(SiameseNet):
    """SiamFC on the grouped AlexNet, or a light one on EfficientNet-Lite0.

    With a template of 127 pixels, 255 pixels give 17 x 17 logits and 239 give 15 x 15. On AlexNet
    the features are 6 x 6 and 22 x 22 (255); on the light backbone 8 x 8 and 24 x 24, or with a
    neck 6 x 6 and 22 x 22 too.

    Args:
        settings: Training settings; backbone, neck, gain and crops are used.
        seed: Seed of random weights.
        load: False leaves the backbone random, for a state that is read afterwards.

    Raises:
        DsltError: Another backbone, sides that leave cells off-centre, or weights are missing.
    """

    def __init__(self, settings: SiamFcTraining, seed: int = 0, *, load: bool = True):
        name = settings.backbone.name
        if name not in TAPS:
            raise DsltError(f"backbone.name of SiamFC: {name}; expected {' or '.join(TAPS)}")
        super().__init__(make_trunk(settings.backbone, seed, load=load), settings.crops)
        self.light = name == "efficientnet_lite0"
        if self.light:
            leave_padding_out(self.backbone)
        self.tap = TAPS[name]
        self.gain = settings.gain
        inputs = self.backbone.channels[self.tap]
        with seeded(seed):
            self.neck = Neck(inputs, settings.channels) if settings.channels else nn.Identity()
        self.bias = nn.Parameter(torch.zeros(()))

    def features(self, images: Tensor) -> Tensor:
        """Extract what the backbone gives, before the neck: `(B, C, H, W)`."""
        if not self.light:
            return self.backbone(images, (self.tap,))[0]  # type: ignore[no-any-return]
        images = images[..., LITE_SEEN, LITE_SEEN]
        # A CPU's cache holds the maps of one image, not of a batch: twice as fast.
        parts = images.chunk(len(images)) if images.device.type == "cpu" else (images,)
        return torch.cat([self.backbone(part, (self.tap,))[0] for part in parts])

    def template(self, z: Tensor) -> Tensor:
        """Turn templates `(B, 3, template, template)` into features `(B, C, h, w)`."""
        return self.neck(self.features(z))  # type: ignore[no-any-return]

    def response(self, template: Tensor, x: Tensor) -> Tensor:
        """Correlate features of templates with search regions.

        Args:
            template: What `template` returned, batch of 1 or `B`.
            x: Search regions `(B, 3, S, S)`.

        Returns:
            Float32 logits `(B, 1, H, W)`, `H = W = response_side(S)`: `gain` times the
            correlation, plus the trained bias.
        """
        return self.gain * correlate(template, self.neck(self.features(x))) + self.bias

    def responses(self, templates: Tensor, x: Tensor) -> Tensor:
        """Correlate search regions, equally many of each target, with its template.

        Args:
            templates: Features `(L, C, h, w)` of the templates.
            x: Search regions `(L * S, 3, side, side)`, those of a target together.

        Returns:
            Float32 logits `(L, S, H, W)`, as those of `response`.
        """
        features = self.neck(self.features(x))
        maps = features.view(len(templates), -1, *features.shape[1:])
        return self.gain * correlate_each(templates, maps) + self.bias

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Return the logits of the search regions `x` for the templates `z`."""
        return self.response(self.template(z), x)
