"""SiamRPN and SiamRPN++ on a video: the best proposal of a search region, smoothed in size.

The rules are those of PySOT (Li et al., 2018 and 2019); the network learnt offline and nothing is
updated here.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.geometry.squares import (
    cosine_window,
    first_patch,
    padded_crop,
    search_region,
    template_side,
    to_batch,
)
from dslt.losses.classification import two_class_logits
from dslt.networks.anchors import anchor_grid, decode
from dslt.networks.siamese import check_side
from dslt.networks.siamrpn import SiamRpnNet
from dslt.settings.siamrpn import SiamRpnSettings
from dslt.trackers.base import Prediction, TrainingRecord

Array = NDArray[np.float64]
SMALLEST_SIDE = 10.0  # pixels of a box, as published
LARGEST_ZOOM = 4.0  # bound of |log(side / anchor side)|: an untrained head must not overflow


@dataclass(frozen=True)
class Proposals:
    """The proposals of one search region.

    Attributes:
        scores: `(N,)` probabilities of the target.
        centers: `(N, 2)` offsets `(x, y)` from the region's middle, search-region pixels.
        sizes: `(N, 2)` widths and heights, search-region pixels.
        window: `(N,)` cosine window at each proposal's cell.
    """

    scores: Array
    centers: Array
    sizes: Array
    window: Array


class SiamRpnTracker:
    """SiamRPN or SiamRPN++ with a trained network.

    Args:
        settings: typed settings; of the training ones, only the geometry of crops and anchors is
            used.
        net: the network; it is moved to the device and set to evaluation.
        device: where it runs.

    Raises:
        DsltError: the search region has a side that does not fit the network.
    """

    def __init__(self, settings: SiamRpnSettings, net: SiamRpnNet, device: str = "cpu"):
        self.settings = settings.tracking
        self.crops = settings.training.crops
        self.instance = self.settings.instance
        check_side(self.instance, self.crops, "tracking.instance")
        self.anchors = settings.training.anchors
        self.device = torch.device(device)
        self.net = net.to(self.device).eval()
        self.record = TrainingRecord()

    @torch.inference_mode()
    def initialize(self, frame: Frame, box: Box) -> None:
        """Take the template from the first frame."""
        self.center, self.size, self.color, patch = first_patch(frame, box, self.crops)
        self.features = self.net.template(to_batch([patch], self.device))

    @torch.inference_mode()
    def update(self, frame: Frame) -> Prediction:
        """Take the best proposal's position, and move the size towards its size.

        Raises:
            DsltError: the network's proposals are not finite.
        """
        region = search_region(self.center, self.size, self.crops, self.settings.instance)
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
        return Prediction(np.concatenate([self.center - self.size / 2, self.size]), score)

    def logits(self, batch: Tensor) -> Tensor:
        """Return the largest logits of the anchors `(n, n)` over a search region `(1, 3, S, S)`."""
        classes, _ = self.net.heads(self.features, batch)
        return two_class_logits(classes)[0].amax(dim=0)

    def _propose(self, patch: Frame) -> Proposals:
        """Run the network over a search region and decode its proposals."""
        classes, offsets = self.net.heads(self.features, to_batch([patch], self.device))
        logits = two_class_logits(classes)[0].cpu()
        offsets = offsets.float().cpu()
        if not (logits.isfinite().all() and offsets.isfinite().all()):
            raise DsltError(
                "SiamRPN: the proposals hold nan or inf; expected numbers; the weights are "
                "broken, train them anew"
            )
        kinds, side = logits.shape[0], logits.shape[-1]
        offsets = torch.cat([offsets[:, :2], offsets[:, 2:].clamp(-LARGEST_ZOOM, LARGEST_ZOOM)], 1)
        boxes = decode(anchor_grid(self.anchors, side), offsets).view(-1, 4).double().numpy()
        return Proposals(
            scores=logits.double().sigmoid().flatten().numpy(),
            centers=boxes[:, :2],
            sizes=boxes[:, 2:],
            window=np.tile(cosine_window(side).ravel(), kinds),
        )

    def _penalty(self, sizes: Array) -> Array:
        """Weigh proposals `(N, 2)`, image pixels, down by their change of size and ratio."""
        context = self.crops.context
        size = _change(template_side(sizes, context) / template_side(self.size, context))
        ratio = _change((sizes[:, 0] / sizes[:, 1]) / (self.size[0] / self.size[1]))
        return np.exp((1 - size * ratio) * self.settings.penalty)


def _change(ratio: Array) -> Array:
    """Return a ratio or its inverse, whichever is larger."""
    return np.maximum(ratio, 1 / ratio)
