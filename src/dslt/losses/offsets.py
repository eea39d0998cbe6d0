"""The regression loss of SiamRPN."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F


def box_loss(
    name: Literal["l1", "smooth_l1"], offsets: Tensor, wanted: Tensor, positive: Tensor
) -> Tensor:
    """Average the error of the boxes over each pair's positive anchors, then over the pairs.

    Computed in float32, or in float64 when given it. A pair without positives counts as 0, in the
    mean too, as in the published code.

    Args:
        name: Name of the error: `l1` (published code), or `smooth_l1` (the paper; quadratic below
            1).
        offsets: Offsets of the network, `(B, 4, A, H, W)`.
        wanted: Offsets of the labels, of the same shape.
        positive: Anchors that count, bool `(B, A, H, W)`.

    Returns:
        A scalar: per anchor the sum of the four errors.
    """
    offsets = offsets if offsets.dtype == torch.float64 else offsets.float()
    wanted = wanted.to(offsets.dtype)
    error = F.l1_loss if name == "l1" else F.smooth_l1_loss
    errors = error(offsets, wanted, reduction="none").sum(dim=1)
    weights = positive / positive.flatten(1).sum(dim=1).clamp_min(1)[:, None, None, None]
    return (errors * weights).sum() / len(offsets)
