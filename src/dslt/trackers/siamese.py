"""What SiamFC and SiamRPN share on a video: template, search region, and where the target is."""

from abc import ABC, abstractmethod
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dslt.core.arrays import Floats
from dslt.core.device import plain_torch
from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.geometry.crops import Region
from dslt.geometry.squares import first_patch, search_region, to_batch
from dslt.networks.siamese import check_side
from dslt.settings.offline import CropSettings
from dslt.trackers.base import Prediction, TrainingRecord, not_finite


class SiameseTracker(ABC):
    """A tracker whose network learnt offline; nothing is updated here.

    Args:
        settings: Typed settings of the tracker; of the training ones, only the geometry is used.
        net: The network; it is moved to the device and set to evaluation.
        device: Where it runs.

    Attributes:
        color: Mean colour of the first frame, after `initialize`.
        patch: Template cut from the first frame, after `initialize`.
        template_by_torch: Whether torch takes the template; compiling for its size is worth while
            only where many are taken with one network.

    Raises:
        DsltError: The search region has a side that does not fit the network.
    """

    template_by_torch = True

    def __init__(self, settings: Any, net: Any, device: str = "cpu"):
        self.settings = settings.tracking
        self.crops: CropSettings = settings.training.crops
        check_side(self.settings.instance, self.crops, "tracking.instance")
        self.device = torch.device(device)
        self.net = net.to(self.device).eval()
        self.record = TrainingRecord()

    @torch.inference_mode()
    def initialize(self, frame: Frame, box: Box) -> None:
        """Take the template from the first frame."""
        self.center, self.size, self.color, self.patch = first_patch(frame, box, self.crops)
        self.initial_size = self.size.copy()
        with plain_torch() if self.template_by_torch else nullcontext():
            self.features = self.net.template(to_batch([self.patch], self.device))

    @abstractmethod
    def update(self, frame: Frame) -> Prediction:
        """Find the target in the next frame."""

    @abstractmethod
    def logits(self, batch: Tensor) -> Tensor:
        """Return the target's logits `(n, n)` over one search region `(1, 3, S, S)`."""

    def region(self, center: Floats, size: Floats, factor: float = 1.0) -> Region:
        """Place the search region about a target of `size`, zoomed out by `factor`."""
        return search_region(center, size, self.crops, self.settings.instance, factor)

    def predict(self, score: float) -> Prediction:
        """Say where the target is believed to be."""
        return Prediction(np.concatenate([self.center - self.size / 2, self.size]), score)


def check_finite(what: str, *answers: Tensor) -> None:
    """Refuse what a network with broken weights answers.

    Raises:
        DsltError: One of the answers holds NaN or infinity.
    """
    if not all(answer.isfinite().all() for answer in answers):
        raise not_finite(what)
