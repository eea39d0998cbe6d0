"""SiamRPN and SiamRPN++ in lockstep; the rules are those of `dslt.trackers.siamrpn`."""

from typing import Any

import torch
from torch import Tensor

from dslt.geometry.squares import cosine_window
from dslt.losses.classification import two_class_logits
from dslt.networks.anchors import anchor_grid, decode
from dslt.trackers.siamese_lanes import SiameseLanes, SiameseMaker, square_side
from dslt.trackers.siamrpn import LARGEST_ZOOM, SMALLEST_SIDE


class SiamRpnLanes(SiameseLanes):
    """Targets of SiamRPN or SiamRPN++; see `SiameseLanes`."""

    broken = "SiamRPN: the proposals hold"

    def __init__(self, settings: Any, net: Any, size: int, device: torch.device):
        super().__init__(settings, net, size, device)
        side = net.response_side(self.settings.instance)
        anchors = settings.training.anchors
        kinds = len(anchors.ratios) * len(anchors.scales)
        self.anchors = anchor_grid(anchors, side).to(device)
        self.window = torch.from_numpy(cosine_window(side).ravel()).to(device).repeat(kinds)
        self.factors = torch.ones(1, dtype=torch.float64, device=device)

    def template(self, patch: Tensor) -> dict[str, Tensor]:
        """See `SiameseLanes`."""
        kernels = self.net.template(patch)
        names = ("classify", "regress")
        return {
            f"{name}{layer}": kernel[0]
            for layer, pair in enumerate(kernels)
            for name, kernel in zip(names, pair, strict=True)
        }

    @torch.no_grad()
    def step(self, learn: bool) -> Tensor:
        """See `Lanes`."""
        steps, patches = self.search(self.factors)
        kernels = [
            (self.state[f"classify{layer}"], self.state[f"regress{layer}"])
            for layer in range(len(self.net.layers))
        ]
        classes, offsets = self.net.heads(kernels, patches)
        logits, offsets = two_class_logits(classes), offsets.float()
        finite = (logits.isfinite().flatten(1).all(1)) & (offsets.isfinite().flatten(1).all(1))
        zooms = offsets[:, 2:].clamp(-LARGEST_ZOOM, LARGEST_ZOOM)
        boxes = decode(self.anchors, torch.cat([offsets[:, :2], zooms], dim=1))
        boxes = boxes.view(self.size, -1, 4).double()
        scores = logits.double().sigmoid().flatten(1)
        center, extent = self.state["center"], self.state["extent"]
        penalty = self._penalty(boxes[..., 2:] * steps[..., None], extent[:, None])
        weight = self.settings.window
        best = ((1 - weight) * penalty * scores + weight * self.window).argmax(dim=1)
        lanes = torch.arange(self.size, device=self.device)
        score, box = scores[lanes, best], boxes[lanes, best] * steps
        # A proposal that is likely and of a likely shape may change the size faster.
        rate = (penalty[lanes, best] * score * self.settings.rate)[:, None]
        limits = self.cutter.sizes
        moved = (center + box[:, :2]).clamp_min(0).minimum(limits)
        resized = ((1 - rate) * extent + rate * box[:, 2:]).clamp_min(SMALLEST_SIDE).minimum(limits)
        # Where a NaN is, nothing can be cut; the lane may go on for a frame before it is released.
        for old, new in ((center, moved), (extent, resized)):
            old.copy_(torch.where(finite[:, None], new, old))
        return self.boxes(score, finite)

    def _penalty(self, sizes: Tensor, extent: Tensor) -> Tensor:
        """Weigh proposals `(L, N, 2)`, image pixels, down by their change of size and ratio."""
        context = self.crops.context
        size = _change(square_side(sizes, context) / square_side(extent, context))
        ratio = _change((sizes[..., 0] / sizes[..., 1]) / (extent[..., 0] / extent[..., 1]))
        strength: float = self.settings.penalty
        return ((1 - size * ratio) * strength).exp()


def _change(ratio: Tensor) -> Tensor:
    """Return a ratio or its inverse, whichever is larger."""
    return torch.maximum(ratio, 1 / ratio)


class SiamRpnMaker(SiameseMaker):
    """Makes lanes of SiamRPN and SiamRPN++."""

    lanes = SiamRpnLanes
