"""Regression losses of the paper (Section 3.2).

`P` is the predicted response map, `Y` the soft label, `l = |P - Y|`; both `(..., H, W)`. Every loss
is summed over the map and averaged over the leading dimensions, in float32 (or float64 when given
float64) whatever the input's precision.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from dslt.settings.dslt import LossSettings

Loss = Callable[[Tensor, Tensor], Tensor]
RELEASED_EXPONENT = 1.6


def _promote(*tensors: Tensor) -> list[Tensor]:
    """Lift half precisions to float32: squares of large errors overflow below that."""
    return [t if t.dtype == torch.float64 else t.float() for t in tensors]


def modulation(l: Tensor, a: float, c: float) -> Tensor:  # noqa: E741
    """Return the modulating factor of the shrinkage loss, `1 / (1 + exp(a (c - l)))` (Eq. 5)."""
    return torch.sigmoid(a * (l - c))


def importance(Y: Tensor, kind: str) -> Tensor:
    """Return the weight of each cell by its label.

    Args:
        Y: Label `(..., H, W)`, in [0, 1].
        kind: Rule of the weight: `none` (1), `exp` (exp(Y), Eq. 7) or `released` (the authors'
            code: the square of `Y exp(1.6 Y)` over its maximum per map).
    """
    if kind == "none":
        return torch.ones_like(Y)
    if kind == "exp":
        return torch.exp(Y)
    u = Y * torch.exp(RELEASED_EXPONENT * Y)
    peak = u.amax(dim=(-2, -1), keepdim=True).clamp_min(torch.finfo(u.dtype).tiny)
    return (u / peak) ** 2


def l2(P: Tensor, Y: Tensor) -> Tensor:
    """Return the square loss of each cell (Eq. 3)."""
    return (P - Y) ** 2


def l3(P: Tensor, Y: Tensor) -> Tensor:
    """Return the cubic loss of each cell, the focal loss of a regression with gamma = 1 (Eq. 4)."""
    return (P - Y).abs() ** 3


def shrinkage(P: Tensor, Y: Tensor, a: float, c: float) -> Tensor:
    """Return the shrinkage loss of each cell, without importance (Eq. 6)."""
    error = (P - Y).abs()
    return error**2 * modulation(error, a, c)


def ohnm(P: Tensor, Y: Tensor, threshold: float) -> Tensor:
    """Return the square loss of the hard cells, `|P - Y| >= threshold` (Section 5.3, 0.01)."""
    error = P - Y
    return torch.where(error.abs() >= threshold, error**2, torch.zeros_like(error))


class _OneSided(torch.autograd.Function):
    """The released code's loss: its value, and its gradient without the sign of `P - Y`."""

    @staticmethod
    def forward(ctx: Any, P: Tensor, Y: Tensor, u: Tensor, a: float, c: float) -> Tensor:
        error = (P - Y).abs()
        factor = modulation(error, a, c)
        ctx.save_for_backward(-u * (2 * error * factor + a * error**2 * factor * (1 - factor)))
        return u * error**2 * factor

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Any:
        (delta,) = ctx.saved_tensors
        return grads[0] * delta, None, None, None, None


def released(P: Tensor, Y: Tensor, a: float, c: float) -> Tensor:
    """Return the loss of the authors' released code for each cell, importance included.

    Its backward pass is the code's own: it only ever pushes the response up, which is right below
    the label and wrong above it.
    """
    weighted: Tensor = _OneSided.apply(P, Y, importance(Y, "released"), a, c)  # type: ignore[no-untyped-call]
    return weighted


def elementwise(settings: LossSettings) -> Loss:
    """Return the loss of `settings` per cell, weighted by importance, before any sum."""

    def loss(P: Tensor, Y: Tensor) -> Tensor:
        P, Y = _promote(P, Y)
        if settings.name == "released":
            return released(P, Y, settings.a, settings.c)
        if settings.name == "shrinkage":
            value = shrinkage(P, Y, settings.a, settings.c)
        elif settings.name == "ohnm":
            value = ohnm(P, Y, settings.threshold)
        else:
            value = l3(P, Y) if settings.name == "l3" else l2(P, Y)
        return importance(Y, settings.importance) * value

    return loss


def build(settings: LossSettings) -> Loss:
    """Return the loss of `settings`: `(P, Y) -> scalar`, summed over maps, averaged over samples.

    The weight decay of Eq. 7 is the optimiser's.
    """
    per_cell = elementwise(settings)

    def loss(P: Tensor, Y: Tensor) -> Tensor:
        return per_cell(P, Y).sum(dim=(-2, -1)).mean()

    return loss


def convergence_criterion(P: Tensor, Y: Tensor) -> Tensor:
    """Sum of `exp(Y) (P - Y)^2` per map: one yardstick for the training under every loss.

    Args:
        P: Responses `(..., n, h, w)`.
        Y: Labels of the same shape.

    Returns:
        Its mean over n maps, `(...)`.
    """
    P, Y = _promote(P, Y)
    return (importance(Y, "exp") * l2(P, Y)).sum(dim=(-2, -1)).mean(dim=-1)
