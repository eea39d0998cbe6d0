"""SiamRPN and SiamRPN++ on a video: the best proposal of a search region, smoothed in size.

The rules are those of PySOT (Li et al., 2018 and 2019); the network learnt offline and nothing is
updated here.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.geometry.squares import cosine_window, padded_crop, template_side, to_batch
from dslt.losses.classification import two_class_logits
from dslt.networks.anchors import anchor_grid, decode
from dslt.networks.siamrpn import SiamRpnNet
from dslt.settings.siamrpn import SiamRpnSettings, SiamRpnTracking
from dslt.trackers.base import Prediction
from dslt.trackers.siamese import SiameseTracker, check_finite

SMALLEST_SIDE = 10.0  # pixels of a box, as published
LARGEST_ZOOM = 4.0  # bound of |log(side / anchor side)|: an untrained head must not overflow


@dataclass(frozen=True)
class Proposals:
    """The proposals of one search region.

    Attributes:
        scores: Probabilities `(N,)` of the target.
        centers: Offsets `(x, y)` from the region's middle, `(N, 2)`, search-region pixels.
        sizes: Widths and heights, `(N, 2)`, search-region pixels.
        window: Cosine window `(N,)` at each proposal's cell.
    """

    scores: Floats
    centers: Floats
    sizes: Floats
    window: Floats


class SiamRpnTracker(SiameseTracker):
    """SiamRPN or SiamRPN++ with a trained network; see `SiameseTracker`."""

    settings: SiamRpnTracking
    net: SiamRpnNet

    def __init__(self, settings: SiamRpnSettings, net: SiamRpnNet, device: str = "cpu"):
        super().__init__(settings, net, device)
        self.anchors = settings.training.anchors

    @torch.inference_mode()
    def update(self, frame: Frame) -> Prediction:
        """Take the best proposal's position, and move the size towards its size.

        Raises:
            DsltError: The network's proposals are not finite.
        """
        region = self.region(self.center, self.size)
        proposals = self._propose(padded_crop(frame, region, self.color))
        step = region.step[0]
        penalty = self._penalty(proposals.sizes * step)
        weight = self.settings.window
        ranks = (1 - weight) * penalty * proposals.scores + weight * proposals.window
        best = int(np.argmax(ranks))
        score = float(proposals.scores[best])
        # A proposal that is likely and of a likely shape may change the size faster.
        rate = float(penalty[best]) * score * self.settings.rate
        limits = np.array(frame.shape[1::-1], dtype=np.float64)
        self.center = np.clip(self.center + proposals.centers[best] * step, 0, limits)
        size = (1 - rate) * self.size + rate * proposals.sizes[best] * step
        self.size = np.minimum(np.maximum(size, SMALLEST_SIDE), limits)
        return self.predict(score)

    def logits(self, batch: Tensor) -> Tensor:
        """Return the largest logits of the anchors `(n, n)` over a search region `(1, 3, S, S)`."""
        classes, _ = self.net.heads(self.features, batch)
        return two_class_logits(classes)[0].amax(dim=0)

    def _propose(self, patch: Frame) -> Proposals:
        """Run the network over a search region and decode its proposals."""
        classes, offsets = self.net.heads(self.features, to_batch([patch], self.device))
        logits = two_class_logits(classes)[0].cpu()
        offsets = offsets.float().cpu()
        check_finite("SiamRPN: the proposals hold", logits, offsets)
        kinds, side = logits.shape[0], logits.shape[-1]
        offsets = torch.cat([offsets[:, :2], offsets[:, 2:].clamp(-LARGEST_ZOOM, LARGEST_ZOOM)], 1)
        boxes = decode(anchor_grid(self.anchors, side), offsets).view(-1, 4).double().numpy()
        return Proposals(
            scores=logits.double().sigmoid().flatten().numpy(),
            centers=boxes[:, :2],
            sizes=boxes[:, 2:],
            window=np.tile(cosine_window(side).ravel(), kinds),
        )

    def _penalty(self, sizes: Floats) -> Floats:
        """Weigh proposals `(N, 2)`, image pixels, down by their change of size and ratio."""
        context = self.crops.context
        size = _change(template_side(sizes, context) / template_side(self.size, context))
        ratio = _change((sizes[:, 0] / sizes[:, 1]) / (self.size[0] / self.size[1]))
        return np.exp((1 - size * ratio) * self.settings.penalty)


def _change(ratio: Floats) -> Floats:
    """Return a ratio or its inverse, whichever is larger."""
    return np.maximum(ratio, 1 / ratio)
