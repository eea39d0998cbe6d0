"""Anchors of SiamRPN: where they are, what they are trained towards, and how boxes come of them.

Boxes here are `(cx, cy, w, h)` in pixels of the search region, with the region's middle as origin,
so that a grid of cells is the same for training and for a larger region in tracking.
Source: Li et al., SiamRPN (2018), with the sizes of the code published with SiamRPN++.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from dslt.settings.siamrpn import AnchorSettings

NEAR = 3  # cells around a wrong target among which its pair's negatives are drawn


def anchor_sizes(settings: AnchorSettings) -> Tensor:
    """Return the anchors' `(w, h)` in pixels, ratio by ratio, float32 `(A, 2)`.

    Sides are whole numbers, cut off before the scale is applied, as in the published code.
    """
    sizes = []
    for ratio in settings.ratios:
        width = int(math.sqrt(settings.stride**2 / ratio))
        height = int(width * ratio)
        sizes += [(width * scale, height * scale) for scale in settings.scales]
    return torch.tensor(sizes, dtype=torch.float32)


def anchor_grid(settings: AnchorSettings, side: int) -> Tensor:
    """Lay the anchors over a response of `side` x `side` cells, about its middle.

    Returns:
        Float32 `(A, side, side, 4)`: anchor, row, column, `(cx, cy, w, h)`.
    """
    sizes = anchor_sizes(settings)
    cells = (torch.arange(side, dtype=torch.float32) - (side - 1) / 2) * settings.stride
    grid = torch.empty(len(sizes), side, side, 4)
    grid[..., 0] = cells
    grid[..., 1] = cells[:, None]
    grid[..., 2:] = sizes[:, None, None]
    return grid


def centred(boxes: Tensor, search: int) -> Tensor:
    """Turn boxes `(..., 4)` from `(x, y, w, h)` in a region of `search` pixels to this module's."""
    middles = boxes[..., :2] + boxes[..., 2:] / 2 - search / 2
    return torch.cat([middles, boxes[..., 2:]], dim=-1)


def encode(grid: Tensor, boxes: Tensor) -> Tensor:
    """Describe boxes by their offsets from every anchor.

    Args:
        grid: Anchors `(A, H, W, 4)`.
        boxes: Boxes `(B, 4)` of positive size.

    Returns:
        Offsets `(B, 4, A, H, W)`: `dx / w`, `dy / h`, `log(w' / w)`, `log(h' / h)`.
    """
    boxes = boxes[:, None, None, None]
    moves = (boxes[..., :2] - grid[..., :2]) / grid[..., 2:]
    stretches = torch.log(boxes[..., 2:] / grid[..., 2:])
    return torch.cat([moves, stretches], dim=-1).movedim(-1, 1)


def decode(grid: Tensor, offsets: Tensor) -> Tensor:
    """Turn offsets into boxes, the inverse of `encode`.

    Args:
        grid: Anchors `(A, H, W, 4)`.
        offsets: Offsets `(B, 4, A, H, W)`.

    Returns:
        Boxes `(B, A, H, W, 4)`.
    """
    offsets = offsets.movedim(1, -1)
    middles = grid[..., :2] + offsets[..., :2] * grid[..., 2:]
    return torch.cat([middles, grid[..., 2:] * torch.exp(offsets[..., 2:])], dim=-1)


def overlaps(grid: Tensor, boxes: Tensor) -> Tensor:
    """Return the intersection over union of boxes `(B, 4)` with every anchor, `(B, A, H, W)`."""
    boxes = boxes[:, None, None, None]
    low = torch.maximum(grid[..., :2] - grid[..., 2:] / 2, boxes[..., :2] - boxes[..., 2:] / 2)
    high = torch.minimum(grid[..., :2] + grid[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2)
    shared = (high - low).clamp_min(0).prod(dim=-1)
    return shared / (grid[..., 2:].prod(dim=-1) + boxes[..., 2:].prod(dim=-1) - shared)


@dataclass(frozen=True)
class AnchorLabels:
    """What a network should say of every anchor.

    Attributes:
        classes: Class `(B, A, H, W)` of each anchor, int8: 1 positive, 0 negative, -1 ignored.
        offsets: Offsets `(B, 4, A, H, W)`, float32; they count where `classes` is 1.
    """

    classes: Tensor
    offsets: Tensor

    @property
    def positive(self) -> Tensor:
        """Where the target is, bool `(B, A, H, W)`: the labels of the classification."""
        return self.classes == 1

    @property
    def valid(self) -> Tensor:
        """What is not ignored, bool `(B, A, H, W)`: the mask of the classification."""
        return self.classes >= 0


def anchor_labels(
    settings: AnchorSettings,
    grid: Tensor,
    boxes: Tensor,
    positive: Tensor,
    generator: torch.Generator,
) -> AnchorLabels:
    """Label the anchors of a batch.

    Anchors with an overlap above `positive` are positive, below `negative` negative (or all the
    rest, without `ignore_band`). With `sampling: all` every anchor of a negative pair is negative.
    `sampled` keeps, at random, at most `positives` positives and `total - positives` negatives of a
    pair; of a negative pair at most `positives` anchors, as negatives, of those in the cells near
    the wrong target.

    Args:
        settings: Thresholds and sampling.
        grid: Anchors `(A, H, W, 4)`, on the device of the labels.
        boxes: Boxes `(B, 4)`, see `centred`: the target, or the other one of a negative pair.
        positive: Whether the search region shows the template's target, bool `(B,)`.
        generator: Generator of the sampling, on any device.
    """
    same = positive[:, None, None, None]
    overlap = overlaps(grid, boxes)
    is_positive = (overlap > settings.positive) & same
    is_negative = (overlap < settings.negative) if settings.ignore_band else ~is_positive
    is_negative = is_negative | ~same
    if settings.sampling == "sampled":
        near = _near(settings, grid, boxes)
        is_positive = _sample(is_positive, settings.positives, generator)
        rest = max(settings.total - settings.positives, 0)
        of_same = _sample(is_negative & same, rest, generator)
        is_negative = of_same | _sample(near & ~same, settings.positives, generator)
    classes = torch.full_like(overlap, -1, dtype=torch.int8)
    classes[is_negative] = 0
    classes[is_positive] = 1
    return AnchorLabels(classes, encode(grid, boxes))


def _near(settings: AnchorSettings, grid: Tensor, boxes: Tensor) -> Tensor:
    """Find the anchors within `NEAR` cells, on either axis, of the cell nearest to the box."""
    middles = torch.round(boxes[:, None, None, None, :2] / settings.stride) * settings.stride
    away = (grid[..., :2] - middles).abs().amax(dim=-1)
    return away <= (NEAR + 0.5) * settings.stride


def _sample(mask: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Keep at most `count` true cells of each `(A, H, W)`, all with the same chance."""
    draws = torch.rand(mask.shape, generator=generator, device=generator.device).to(mask.device)
    draws = draws.masked_fill(~mask, -1).flatten(1)
    rank = draws.argsort(dim=1, descending=True).argsort(dim=1)
    return mask & (rank < count).view_as(mask)
