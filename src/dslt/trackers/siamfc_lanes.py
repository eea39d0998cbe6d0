"""SiamFC in lockstep; the rules are those of `dslt.trackers.siamfc`."""

from typing import Any

import torch
from torch import Tensor

from dslt.geometry.squares import cosine_window
from dslt.networks.siamese import STRIDE
from dslt.trackers.peak import peaks_of, upsampled
from dslt.trackers.scales import scale_factors
from dslt.trackers.siamese_lanes import SiameseLanes, SiameseMaker


class SiamFcLanes(SiameseLanes):
    """Targets of SiamFC; see `SiameseLanes`."""

    broken = "SiamFC: the response holds"

    def __init__(self, settings: Any, net: Any, size: int, device: torch.device):
        super().__init__(settings, net, size, device)
        factors = scale_factors(self.settings.step, self.settings.scales)
        self.factors = torch.tensor(factors, dtype=torch.float64, device=device)
        cells = net.response_side(self.settings.instance) * self.settings.upsample
        window = torch.from_numpy(cosine_window(cells)).to(device)
        self.window = self.settings.window * window / window.sum()

    def template(self, patch: Tensor) -> dict[str, Tensor]:
        """See `SiameseLanes`."""
        return {"features": self.net.template(patch)[0]}

    @torch.no_grad()
    def step(self, learn: bool) -> Tensor:
        """See `Lanes`."""
        steps, patches = self.search(self.factors)
        logits = self.net.responses(self.state["features"], patches).float()
        finite = logits.flatten(1).isfinite().all(dim=1)
        responses = logits - self.net.bias
        best = self._best_scale(responses)
        lanes = torch.arange(self.size, device=self.device)
        x, y = self._find(upsampled(responses[lanes, best], self.settings.upsample).double())
        center, extent, initial = (self.state[n] for n in ("center", "extent", "initial"))
        offset = (torch.stack([x, y], dim=1)) * steps[lanes, best, None]
        center.copy_((center + offset).clamp_min(0).minimum(self.cutter.sizes))
        zoom = 1 + self.settings.rate * (self.factors[best] - 1)
        ratio = (extent[:, 0] / initial[:, 0] * zoom).clamp(*self.settings.limits)
        extent.copy_(initial * ratio[:, None])
        score = torch.sigmoid(logits[lanes, best].amax(dim=(1, 2)))
        return self.boxes(score, finite)

    def _best_scale(self, responses: Tensor) -> Tensor:
        """Choose each lane's scale `(L,)` by the peaks of its responses `(L, S, n, n)`."""
        lanes, scales = responses.shape[:2]
        if scales == 1:
            return torch.zeros(lanes, dtype=torch.long, device=self.device)
        found = peaks_of(responses.flatten(0, 1), self.settings.upsample).value
        peaks = found.view(lanes, scales).double()
        change = (self.factors != 1.0).double()
        loss: float = 1 - self.settings.penalty
        return (peaks - change * loss * peaks.abs()).argmax(dim=1)

    def _find(self, fine: Tensor) -> tuple[Tensor, Tensor]:
        """Find targets in up-sampled correlations `(L, N, N)`; offsets from the region's middle."""
        fine = fine - fine.amin(dim=(1, 2), keepdim=True)
        total = fine.sum(dim=(1, 2), keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)
        mixed = (1 - self.settings.window) * fine / total + self.window
        place = mixed.flatten(1).argmax(dim=1)
        side = fine.shape[-1]
        step = STRIDE / self.settings.upsample
        row, column = place // side, place % side
        return (column - (side - 1) / 2) * step, (row - (side - 1) / 2) * step


class SiamFcMaker(SiameseMaker):
    """Makes lanes of SiamFC."""

    lanes = SiamFcLanes
