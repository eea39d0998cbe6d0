"""SiamFC on a video: correlate the first frame's template with a search region, at a few scales.

The rules are those of the authors' MATLAB code (Bertinetto et al., 2016); the network learnt
offline and nothing is updated here.
"""

import numpy as np
import torch
from torch import Tensor

from dslt.core.images import Frame
from dslt.geometry.crops import Region
from dslt.geometry.squares import cosine_window, padded_crop, to_batch
from dslt.networks.siamese import STRIDE
from dslt.networks.siamfc import SiamFcNet
from dslt.settings.siamfc import SiamFcSettings, SiamFcTracking
from dslt.trackers.base import Prediction
from dslt.trackers.peak import find_peaks, upsampled
from dslt.trackers.scales import scale_factors
from dslt.trackers.siamese import SiameseTracker, check_finite


class SiamFcTracker(SiameseTracker):
    """SiamFC with a trained network; see `SiameseTracker`."""

    settings: SiamFcTracking
    net: SiamFcNet

    def __init__(self, settings: SiamFcSettings, net: SiamFcNet, device: str = "cpu"):
        super().__init__(settings, net, device)
        self.factors = scale_factors(self.settings.step, self.settings.scales)

    @torch.inference_mode()
    def update(self, frame: Frame) -> Prediction:
        """Choose the scale, then the position in its response.

        Raises:
            DsltError: The network's response is not finite.
        """
        regions = [self.region(self.center, self.size, factor) for factor in self.factors]
        logits = self._respond(frame, regions)
        responses = (logits - self.net.bias)[:, 0]
        best = self._best_scale(responses)
        point = self._find(upsampled(responses[best : best + 1], self.settings.upsample)[0])
        height, width = frame.shape[:2]
        self.center = np.clip(regions[best].to_image(point), 0, (width, height))
        self._resize(self.factors[best])
        return self.predict(float(torch.sigmoid(logits[best].amax())))

    def logits(self, batch: Tensor) -> Tensor:
        """Return the target's logits `(n, n)` over one search region `(1, 3, S, S)`."""
        return self.net.response(self.features, batch)[0, 0]

    def _respond(self, frame: Frame, regions: list[Region]) -> Tensor:
        """Return the network's logits `(scales, 1, n, n)`."""
        patches = [padded_crop(frame, region, self.color) for region in regions]
        logits = self.net.response(self.features, to_batch(patches, self.device)).float()
        check_finite("SiamFC: the response holds", logits)
        return logits

    def _best_scale(self, responses: Tensor) -> int:
        """Choose the scale by the peak of its response; a change of scale is penalised."""
        if len(responses) == 1:
            return 0
        found = find_peaks(responses, self.settings.upsample)
        peaks = np.array([peak.value for peak in found])
        change = np.array([factor != 1.0 for factor in self.factors])
        # The published factor on the peak, turned round for negative peaks, where it would favour
        # a change.
        return int(np.argmax(peaks - change * (1 - self.settings.penalty) * np.abs(peaks)))

    def _find(self, fine: Tensor) -> tuple[float, float]:
        """Find the target in an up-sampled correlation; return its search-region pixel `(x, y)`."""
        response = fine.cpu().double().numpy()
        response = response - response.min()
        window, weight = cosine_window(len(response)), self.settings.window
        mixed = (1 - weight) * response / max(response.sum(), np.finfo(np.float64).tiny)
        mixed += weight * window / window.sum()
        row, column = np.unravel_index(int(mixed.argmax()), mixed.shape)
        # The response's middle is the region's middle, whatever the padding of the network.
        step, middle = STRIDE / self.settings.upsample, self.settings.instance / 2
        x, y = (middle + (index - (len(mixed) - 1) / 2) * step for index in (column, row))
        return float(x), float(y)

    def _resize(self, factor: float) -> None:
        """Move the size towards the chosen scale, within its limits."""
        ratio = self.size[0] / self.initial_size[0] * (1 + self.settings.rate * (factor - 1))
        self.size = self.initial_size * np.clip(ratio, *self.settings.limits)
