"""Adaptive RoIAlign: features of boxes out of one feature map (Jung et al., Real-Time MDNet, 2018).

As the released code has it: a box has the "+1" convention; on a grid of 7 x 7 places, at the start
of each bin, one bilinear sample is taken whose four neighbours are `max(1, round(bin))` cells apart
instead of one; a 3 x 3 max-pool with stride 2 follows. The nearer neighbours' indices are at most
the map's side minus 2. Places outside the map give 0. Where the released code reads beyond the map,
the map's last row or column stands here.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

GRID = 7
POOLED = 3  # cells on a side after the pool


def sampled(maps: Tensor, boxes: Tensor, index: Tensor, *, adaptive: bool = True) -> Tensor:
    """Sample the grid of each box.

    Args:
        maps: Feature maps `(B, C, H, W)`.
        boxes: First and last cells `(x1, y1, x2, y2)` of the boxes, `(N, 4)`, fractional.
        index: The map of each box, `(N,)`, integers.
        adaptive: False keeps the neighbours one cell apart and the bins at a sixth of the box, as
            plain RoIAlign does.

    Returns:
        `(N, C, GRID, GRID)`; gradients flow to the maps, not to the boxes.
    """
    count, channels, height, width = maps.shape
    boxes = boxes.detach().to(maps.device)
    rows, row_weights = _axis(boxes[:, 1], boxes[:, 3], height, adaptive)
    columns, column_weights = _axis(boxes[:, 0], boxes[:, 2], width, adaptive)
    first = index.to(maps.device).view(-1, 1, 1, 1, 1) * (height * width)
    places = first + rows[:, :, None, :, None] * width + columns[:, None, :, None, :]
    weights = row_weights[:, :, None, :, None] * column_weights[:, None, :, None, :]
    table = maps.permute(0, 2, 3, 1).reshape(count * height * width, channels)
    found = F.embedding_bag(
        places.reshape(-1, 4),
        table,
        mode="sum",
        per_sample_weights=weights.reshape(-1, 4).to(table.dtype),
    )
    return found.view(-1, GRID, GRID, channels).permute(0, 3, 1, 2)


def aligned(maps: Tensor, boxes: Tensor, index: Tensor, *, adaptive: bool = True) -> Tensor:
    """Return the pooled features of boxes, `(N, C, POOLED, POOLED)`; see `sampled`."""
    return F.max_pool2d(sampled(maps, boxes, index, adaptive=adaptive), POOLED, stride=2)


def _axis(first: Tensor, last: Tensor, cells: int, adaptive: bool) -> tuple[Tensor, Tensor]:
    """Return the two neighbours `(N, GRID, 2)` of each place on an axis, and their weights."""
    size = (last - first + 1).clamp(min=0)
    step = size / (GRID if adaptive else GRID - 1)
    reach = torch.floor(step + 0.5).clamp(min=1) if adaptive else torch.ones_like(step)
    places = first[:, None] + step[:, None] * torch.arange(GRID, device=first.device)
    near = places.floor().clamp(max=cells - 2)
    off, reach = places - near, reach[:, None]
    shares = (1 - off / reach, 1 - (off - reach).abs() / reach) if adaptive else (1 - off, off)
    inside = (places >= 0) & (places < cells)
    weights = torch.stack(shares, dim=-1) * inside[..., None]
    neighbours = torch.stack([near, near + reach], dim=-1).clamp(0, cells - 1)
    return neighbours.long(), weights
