"""RT-MDNet: a feature map of a whole scene, and a classifier of boxes in it (Jung et al., 2018)."""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from dslt.core.device import seeded
from dslt.networks.backbones import vgg_m
from dslt.networks.base import TrainedNet
from dslt.networks.roi import POOLED, aligned
from dslt.networks.trunk import make_trunk
from dslt.settings.rtmdnet import RtmdNetTraining

STRIDE = 8  # pixels of a scene per cell, for both backbones
TAPS = {"vgg_m": "conv3", "efficientnet_lite0": "block5"}
# The pixels of a scene that cell 0 sees: first, and one behind the last. EfficientNet-Lite0's cells
# at stride 8 see 67 pixels about a middle that its padding puts at 7.5.
FIELDS = {"vgg_m": (0, vgg_m.FIELD), "efficientnet_lite0": (-26, 41)}


class DomainScores(NamedTuple):
    """What the network says of the `N` boxes of each of `B` samples.

    Attributes:
        own: Scores `(B, N, 2)` of background and target in the sample's own domain.
        foreground: Scores `(B, N, 1 + M)` of the target in its own domain and in `M` others.
    """

    own: Tensor
    foreground: Tensor


class RtmdNet(TrainedNet):
    """RT-MDNet with a branch for each training domain.

    On a video only `backbone`, `fc4` and `fc5` are used; the branch there is learnt from it.

    Args:
        settings: Training settings; backbone, head and the number of domains are used.
        seed: Seed of random weights.
        load: False leaves the backbone random, for a state that is read afterwards.

    Raises:
        DsltError: Weights are missing, or are those of another network.
    """

    of_videos = ("weight", "bias")  # the branches

    def __init__(self, settings: RtmdNetTraining, seed: int = 0, *, load: bool = True):
        super().__init__(make_trunk(settings.backbone, seed, load=load))
        self.tap, self.field = TAPS[settings.backbone.name], FIELDS[settings.backbone.name]
        self.head = head = settings.head
        domains = sum(settings.pairs.sources.values())
        inputs = self.backbone.channels[self.tap] * POOLED**2
        with seeded(seed):
            self.fc4 = nn.Sequential(nn.Linear(inputs, head.hidden), nn.ReLU())
            self.fc5 = nn.Sequential(
                nn.Dropout(head.dropout), nn.Linear(head.hidden, head.hidden), nn.ReLU()
            )
            self.dropout = nn.Dropout(head.dropout)
            reach = head.hidden**-0.5  # as torch's linear layers
            self.weight = nn.Parameter(torch.empty(domains, 2, head.hidden).uniform_(-reach, reach))
            self.bias = nn.Parameter(torch.empty(domains, 2).uniform_(-reach, reach))

    def maps(self, scenes: Tensor) -> Tensor:
        """Extract the feature maps `(B, C, h, w)` of scenes `(B, 3, H, W)`, RGB in [0, 255]."""
        found: Tensor = self.backbone(scenes, (self.tap,))[0]
        return found

    def cells(self, boxes: Tensor) -> Tensor:
        """Return the first and last cells `(x1, y1, x2, y2)` of padded boxes.

        They are those that see nothing but the padded box; one that is smaller than what a cell
        sees is taken as one pixel, which makes it a cell of features.

        Args:
            boxes: Boxes `(x, y, w, h)` in pixels of the scene, `(N, 4)`.
        """
        corners, sizes = boxes[:, :2], boxes[:, 2:]
        margin = (self.head.padding - 1) / 2 * sizes
        first = corners - margin - self.field[0]
        last = torch.maximum(corners + sizes + margin - self.field[1], first + 1)
        return torch.cat([first, last], dim=1) / STRIDE

    def features(self, maps: Tensor, boxes: Tensor, index: Tensor) -> Tensor:
        """Take the features `(N, C * 9)` of boxes out of feature maps.

        Args:
            maps: What `maps` returned.
            boxes: Boxes `(x, y, w, h)` in pixels of the scenes, `(N, 4)`.
            index: The scene of each, `(N,)`.
        """
        with torch.autocast(maps.device.type, enabled=False):  # sums of few, of float32 weights
            found = aligned(maps.float(), self.cells(boxes), index, adaptive=self.head.adaptive)
        return self.head.gain * found.flatten(1)

    def shared(self, features: Tensor) -> Tensor:
        """Return what the branches see, `(N, hidden)`, of `features`."""
        found: Tensor = self.fc5(self.fc4(features))
        return found

    def forward(
        self, scenes: Tensor, boxes: Tensor, domain: Tensor, others: Tensor
    ) -> DomainScores:
        """Score the boxes of samples, each of one domain.

        Args:
            scenes: Frames `(B, F, 3, H, W)`.
            boxes: Boxes `(x, y, w, h)` in them, `(B, F, K, 4)`.
            domain: Domain of each sample, `(B,)`.
            others: Other domains, `(B, M)`.
        """
        count, frames, each = boxes.shape[:3]
        index = torch.arange(count * frames, device=boxes.device).repeat_interleave(each)
        features = self.features(self.maps(scenes.flatten(0, 1)), boxes.flatten(0, 2), index)
        shared = self.dropout(self.shared(features)).view(count, frames * each, -1)
        own = torch.einsum("bnd,bcd->bnc", shared, self.weight[domain])
        asked = torch.cat([domain[:, None], others], dim=1)
        foreground = torch.einsum("bnd,bmd->bnm", shared, self.weight[asked, 1])
        return DomainScores(
            own + self.bias[domain][:, None], foreground + self.bias[asked, 1][:, None]
        )
