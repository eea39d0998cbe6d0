"""DSLT and DSLT*: deep regression tracking with shrinkage loss (Sections 3.1 to 3.3)."""

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from dslt.core.images import Frame
from dslt.geometry.boxes import Box, centers
from dslt.geometry.crops import Region, crop
from dslt.networks.regression import Optimiser
from dslt.settings.dslt import DsltSettings
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.first_frame import FirstFrame, Point
from dslt.trackers.peak import Prior, find_peaks
from dslt.trackers.scales import scale_factors

SMALLEST_SIDE = 5.0  # pixels; a smaller target carries no features
Sample = tuple[Tensor, Tensor]  # the heads' inputs `(1, 2 C, H, W)` and the label `(1, h, w)`


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        score: Peak of the raw response at the best level.
        factor: Zoom of the best level.
        region: Place where the best level's patch was cut.
        point: Target in that patch, in pixels.
        maps: The heads' inputs of that patch, `(1, 2 C, H, W)`.
    """

    score: float
    factor: float
    region: Region
    point: Point
    maps: Tensor


class DsltTracker:
    """One-stage regression tracker on a frozen backbone.

    The presets of `config/trackers/dslt.yaml` make it DSLT*, DSLT, DSLT_mul or our light variant.

    Args:
        settings: Typed settings.
        seed: See `FirstFrame`.
        device: Where it runs.
    """

    def __init__(self, settings: DsltSettings, seed: int = 0, device: str = "cpu"):
        self.settings = settings.tracking
        self.model = FirstFrame(settings.training, seed, device)

    @property
    def record(self) -> TrainingRecord:
        """The first-frame training."""
        return self.model.record

    def initialize(self, frame: Frame, box: Box) -> None:
        """Train the regression network on the first frame (Section 3.3)."""
        update = self.settings.update
        self.model.fit(frame, box)
        self.center, self.size = centers(box), np.array(box[2:], dtype=np.float64)
        self.initial_size = self.size.copy()
        self.frames = 0
        maps, labels = self.model.maps(update.first), self.model.labels[: update.first]
        self.first = [(maps[i : i + 1], labels[i : i + 1]) for i in range(len(maps))]
        self.latest: deque[Sample] = deque(maxlen=update.memory - len(self.first))
        self.optimiser = Optimiser(self.model.network, update.adam, reductions=False)
        grid = self.model.grid
        factors = grid.prior(self.settings.motion.sigma).to(self.model.device)
        self.prior = Prior.of(factors, grid.stride)

    def update(self, frame: Frame) -> Prediction:
        """Localise the target, estimate its scale, and learn from what was found."""
        self.frames += 1
        scale = self.settings.scale
        pyramid = scale_factors(scale.step, scale.levels)
        found = self._search(frame, [1.0] if scale.recenter else pyramid)
        # Where nothing responds at all, the maximum is anywhere.
        if found.score > 0:
            height, width = frame.shape[:2]
            self.center = np.clip(found.region.to_image(found.point), 0, (width, height))
            sized = found
            if found.score > scale.gate:
                sized = self._search(frame, pyramid) if scale.recenter else found
                self._resize(sized.factor)
            if self.settings.update.steps and self.frames % self.settings.update.every == 0:
                self._learn(frame, found, sized)
        return Prediction(np.concatenate([self.center - self.size / 2, self.size]), found.score)

    @torch.no_grad()
    def _search(self, frame: Frame, factors: list[float]) -> Found:
        """Find the target in the best level of a pyramid, zoomed out by `factors`."""
        grid = self.model.grid
        regions = [grid.shape.region(self.center, self.size, factor) for factor in factors]
        maps = self.model.inputs(self.model.backbone([crop(frame, r) for r in regions]))
        raw = self.model.network.respond([maps])
        peaks = find_peaks(raw, grid.stride, self.prior)
        weights = [1.0 if factor == 1.0 else self.settings.scale.penalty for factor in factors]
        best = int(np.argmax(np.array([peak.value for peak in peaks]) * weights))
        row, column = peaks[best].row, peaks[best].column
        point, part = grid.peak_point(row, column), maps[best : best + 1]
        return Found(float(raw[best].amax()), factors[best], regions[best], point, part)

    def _resize(self, factor: float) -> None:
        """Move the size towards the winning level, within its limits."""
        if factor == 1:
            return
        scale = self.settings.scale
        ratio = self.size[0] / self.initial_size[0] * (1 + scale.rate * (factor - 1))
        low = max(scale.limits[0], min(SMALLEST_SIDE / self.initial_size.min(), 1.0))
        self.size = self.initial_size * np.clip(ratio, low, scale.limits[1])

    def _learn(self, frame: Frame, found: Found, sized: Found) -> None:
        """Store the new sample and take the online steps over the memory.

        Args:
            frame: The frame.
            found: What its search found.
            sized: What the last search found, which mostly cut the patch that is wanted here.
        """
        update, model = self.settings.update, self.model
        if update.recrop:
            region = model.grid.shape.region(self.center, self.size)
            if region == sized.region:
                maps = sized.maps.clone()
            else:
                maps = model.inputs(model.backbone([crop(frame, region)]))
            label = model.label(model.grid.middle)
        else:
            maps, label = found.maps.clone(), model.label(found.point)
        self.latest.append((maps, label[None].to(model.device)))
        memory = [*self.first, *self.latest]
        for samples in [memory] if update.together else [[sample] for sample in memory]:
            seen, wanted = zip(*samples, strict=True)
            labels = torch.cat(wanted)
            for _ in range(update.steps):
                self.optimiser.step(model.loss(model.network.respond(seen), labels))
