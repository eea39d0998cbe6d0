"""What DSLT learns from the first frame: geometry, samples, and the regression network."""

from collections.abc import Callable

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.geometry.boxes import Box, centers
from dslt.geometry.crops import PatchShape, Region, crop, patch_shape
from dslt.losses import regression as losses
from dslt.losses.labels import gaussian_map, soft_label
from dslt.networks.backbones.make import build
from dslt.networks.regression import Optimiser, RegressionNetwork
from dslt.settings.dslt import DsltTraining
from dslt.trackers.base import TrainingRecord

Point = tuple[float, float]
Settled = Callable[[TrainingRecord], bool]
BACKGROUND_LABEL = 0.01
STOP_WINDOW = 5
FINE = 16  # pixels; every tap has whole cells
COARSE = 64  # pixels; sides of coarse patches are multiples of it


class Grid:
    """The geometry of one sequence: patch, kernel, response map; fixed by the first box.

    Attributes:
        shape: Size of the patch and of the target in it.
        stride: Pixels of a response cell.
        cells: Size `(width, height)` of the target in cells.
        kernel: Size `(rows, columns)` of the heads.
        map_shape: Size `(rows, columns)` of the response.
        middle: Middle `(x, y)` of the patch in pixels.

    Coarse sides of patch and kernel are multiples of more, so that more targets have the same.
    """

    def __init__(
        self,
        target: Floats,
        settings: DsltTraining,
        stride: int,
        origin: float,
        *,
        coarse: bool = False,
    ):
        self.shape: PatchShape = patch_shape(target, settings.patch, COARSE if coarse else FINE)
        self.stride, self.origin = stride, origin
        self.cells = (self.shape.target[0] / stride, self.shape.target[1] / stride)
        columns, rows = self.shape.size[0] // stride, self.shape.size[1] // stride
        same = settings.head.padding == "same"
        width, height = (
            _kernel_side(side, limit, odd=same, step=4 if coarse else 2)
            for side, limit in zip(self.cells, (columns, rows), strict=True)
        )
        self.kernel = (height, width)
        # Response cell 0, in cells of the feature map.
        first = (0, 0) if same else (self.kernel[1] - 1, self.kernel[0] - 1)
        self.first_cell = (first[0] / 2, first[1] / 2)
        self.map_shape = (rows - first[1], columns - first[0])
        self.middle: Point = (self.shape.size[0] / 2, self.shape.size[1] / 2)

    def to_cell(self, point: Point) -> Point:
        """Map a patch point in pixels to response cells."""
        x, y = ((value - self.origin) / self.stride for value in point)
        return x - self.first_cell[0], y - self.first_cell[1]

    def to_point(self, cell: Point) -> Point:
        """Map response cells to a patch point in pixels."""
        x, y = cell[0] + self.first_cell[0], cell[1] + self.first_cell[1]
        return x * self.stride + self.origin, y * self.stride + self.origin

    def peak_point(self, row: int, column: int) -> Point:
        """Map a pixel of the response, up-sampled by the stride, to a patch point."""
        return self.to_point(((column + 0.5) / self.stride - 0.5, (row + 0.5) / self.stride - 0.5))

    def prior(self, sigma: float) -> Tensor:
        """Make the motion prior about the patch's middle, on the response up-sampled by stride.

        Args:
            sigma: Standard deviation over the target's size, per axis.
        """
        step = self.stride
        x, y = self.to_cell(self.middle)
        return gaussian_map(
            (self.map_shape[0] * step, self.map_shape[1] * step),
            ((x + 0.5) * step - 0.5, (y + 0.5) * step - 0.5),
            (sigma * self.cells[0] * step, sigma * self.cells[1] * step),
            normalise=False,
        )


class FirstFrame:
    """The model after the first frame (Section 3.3); it knows training settings only.

    Args:
        settings: Training settings.
        seed: Seed of the reductions, the heads and the order of the samples.
        device: Where it runs.
        coarse: See `Grid`.

    Attributes:
        backbone: The frozen network.
        network: The regression network, after `prepare`; `fit` trains it.
        grid: The geometry, after `prepare`.
        labels: Labels `(N, h, w)` of the samples, after `prepare`.
        taps: The samples' taps in the network's scale, after `prepare`.
        record: The course of the training, after `fit`.
    """

    network: RegressionNetwork
    grid: Grid

    def __init__(
        self, settings: DsltTraining, seed: int = 0, device: str = "cpu", *, coarse: bool = False
    ):
        self.settings, self.coarse = settings, coarse
        self.seed = seed
        self.device = torch.device(device)
        self.backbone = build(settings.backbone, self.device, seed)
        self.loss = losses.build(settings.loss)
        self.loss_of_cells = losses.elementwise(settings.loss)
        self.record = TrainingRecord()

    def fit(self, frame: Frame, box: Box, settled: Settled | None = None) -> None:
        """Train the regression network on the first frame and its box.

        Args:
            frame: First frame `(H, W, 3)`, RGB uint8.
            box: Target `(x, y, w, h)`, float64, 0-based.
            settled: Ends the training early, in place of the settings' own rule.
        """
        self.prepare(frame, box)
        self._train(settled or self.converged)
        self.network.reductions.requires_grad_(False)

    def grid_of(self, box: Box) -> Grid:
        """Choose the geometry for a first box."""
        spec, size = self.backbone.spec, np.array(box[2:], dtype=np.float64)
        return Grid(size, self.settings, spec.strides[0], spec.origin, coarse=self.coarse)

    def prepare(self, frame: Frame, box: Box) -> None:
        """Make the samples of a first frame and the network that is to learn them; see `fit`."""
        settings, spec = self.settings, self.backbone.spec
        size = np.array(box[2:], dtype=np.float64)
        self.grid = self.grid_of(box)
        self.record = TrainingRecord()
        patches, labels = self._samples(frame, centers(box), size)
        self.patch = patches[0]
        taps = self.backbone(patches)
        self.labels = torch.stack(labels).to(self.device)
        self.network = RegressionNetwork(
            spec.channels, self.grid.kernel, settings.reduction, settings.head, self.seed
        ).to(self.device)
        self.network.normalise(taps, settings.reduction.normalise)
        self.taps = self.network.standardise(*taps)
        first = self.taps[0][:1], self.taps[1][:1]
        self.network.equalise(first, settings.reduction.growth, settings.adam.lr_deep)

    def label(self, point: Point, zoom: float = 1.0) -> Tensor:
        """Make the label `(h, w)` of a target at a patch point, seen `zoom` times smaller."""
        settings, grid = self.settings.label, self.grid
        cells = (grid.cells[0] / zoom, grid.cells[1] / zoom)
        cell = grid.to_cell(point)
        return soft_label(grid.map_shape, cell, cells, settings.sigma, settings.min_sigma)

    @torch.no_grad()
    def maps(self, count: int) -> Tensor:
        """Return the heads' inputs of the first `count` samples."""
        network, (shallow, deep) = self.network, self.taps
        return network.inputs(*network.reduce(shallow[:count], deep[:count]))

    @torch.no_grad()
    def inputs(self, taps: tuple[Tensor, Tensor]) -> Tensor:
        """Return what the heads see of the backbone's taps, for a frozen reduction."""
        network = self.network
        return network.inputs(*network.reduce(*network.standardise(*taps)))

    def maps_of_first_sample(self) -> tuple[Frame, NDArray[np.float32], NDArray[np.float32]]:
        """Return the first sample's patch `(H, W, 3)`, label and response `(h, w)`."""
        with torch.no_grad():
            response = self.network.respond([self.maps(1)])[0]
        return self.patch, self.labels[0].cpu().numpy(), response.cpu().numpy()

    def fused_share(self) -> float:
        """Return the part of the first sample's peak that comes from the fused head."""
        return self.network.fused_share(self.maps(1))

    def _samples(
        self, frame: Frame, center: Floats, size: Floats
    ) -> tuple[list[Frame], list[Tensor]]:
        """Cut the augmented patches of the first frame and make their labels."""
        samples, grid = self.settings.samples, self.grid
        base = grid.shape.region(center, size)
        (width, height), middle = grid.shape.size, grid.middle
        upright = crop(frame, base)
        patches = [_blur(upright, blur) for blur in samples.blurs]
        patches += [np.ascontiguousarray(upright[:, ::-1])] * samples.mirrors
        patches += [
            crop(frame, Region(base.center, base.step, base.size, angle))
            for angle in samples.angles
        ]
        labels = [self.label(middle)] * len(patches)
        for x, y in samples.shifts:
            point = (middle[0] + x * grid.shape.target[0], middle[1] + y * grid.shape.target[1])
            away = base.to_image((width - point[0], height - point[1]))
            patches.append(crop(frame, Region(away, base.step, base.size)))
            labels.append(self.label(point))
        for zoom in samples.zooms:
            patches.append(crop(frame, grid.shape.region(center, size, zoom)))
            labels.append(self.label(middle, zoom))
        return patches, labels

    def _train(self, settled: Settled) -> None:
        """Fit the network to the samples, recording each iteration."""
        settings, network = self.settings, self.network
        trained = settings.reduction.train
        network.reductions.requires_grad_(trained)
        optimiser = Optimiser(network, settings.adam, reductions=trained)
        generator = torch.Generator().manual_seed(self.seed)
        taps = self.taps
        fixed = None if trained else self.maps(len(self.labels))
        while True:
            chosen = slice(None)
            if not settings.samples.together:
                pick = int(torch.randint(len(self.labels), (1,), generator=generator))
                chosen = slice(pick, pick + 1)
            if fixed is None:
                response = network(taps[0][chosen], taps[1][chosen])
            else:
                response = network.respond([fixed[chosen]])
            loss = self.loss(response, self.labels[chosen])
            note = noted(loss, response, self.labels[chosen]).tolist()
            for entries, value in zip(vars(self.record).values(), note, strict=True):
                entries.append(value)
            if len(self.record.loss) > settings.iterations or settled(self.record):
                return
            optimiser.step(loss)

    def converged(self, record: TrainingRecord) -> bool:
        """Tell whether the training may stop before its last iteration."""
        loss = record.loss
        if loss[-1] < self.settings.stop_absolute:
            return True
        recent = loss[-STOP_WINDOW:]
        return len(loss) > STOP_WINDOW and sum(recent) < len(recent) * self.settings.stop * loss[0]


@torch.no_grad()
def noted(loss: Tensor, response: Tensor, label: Tensor) -> Tensor:
    """Sum an iteration up as `TrainingRecord` lists it, of one target or of several.

    Args:
        loss: `(...)`.
        response: `(..., n, h, w)`.
        label: The same.

    Returns:
        `(..., 4)`.
    """
    outside = torch.where(label < BACKGROUND_LABEL, response.abs(), torch.zeros_like(response))
    maxima = [values.amax(dim=(-3, -2, -1)) for values in (response, outside)]
    return torch.stack([loss, losses.convergence_criterion(response, label), *maxima], dim=-1)


def _kernel_side(cells: float, limit: int, *, odd: bool, step: int) -> int:
    """Choose a kernel's side for a target of so many cells, no larger than the map.

    Odd and at least 3 where the map has room for it, or else the floor.
    """
    if not odd:
        return min(max(1, step * round(cells / step) if step > 2 else int(cells)), limit)
    return min(max(3, step * round((cells - 1) / step) + 1), limit - 1 + limit % 2)


def _blur(patch: Frame, sigma: float) -> Frame:
    """Blur a patch with a 5 x 5 Gaussian, as the released code's augmentation does."""
    if sigma == 0:
        return patch
    return cv2.GaussianBlur(patch, (5, 5), sigma)  # type: ignore[return-value]
