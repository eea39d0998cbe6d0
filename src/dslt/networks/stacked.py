"""Regression networks of several targets of one geometry, stacked, each with an Adam of its own.

The arithmetic is that of `dslt.networks.regression`; every tensor has a first axis of lanes.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from dslt.core.device import one_at_a_time
from dslt.networks.correlation import Correlation, Size, add_up, as_cells, as_planes, cut_of, spread
from dslt.networks.regression import RegressionNetwork, fuse
from dslt.settings.dslt import AdamSettings, HeadSettings

TRAINED = ("heads", "biases")
REDUCTIONS = ("shallow", "deep")
FIXED = ("gain", "shallow_shift", "shallow_scale", "deep_shift", "deep_scale")


def weights_of(network: RegressionNetwork) -> dict[str, Tensor]:
    """Take a network's tensors as a lane has them.

    Returns:
        `heads`: the positions `(K, 2 C)` of both heads, last to first, fused head first; `biases`:
        `(2,)`, zeros where there are none; `shallow` and `deep`: the reductions; and the buffers.
    """
    heads = torch.cat([network.fused_head, network.deep_head]).flatten(1).flip(1).t()
    biases = heads.new_zeros(2)
    if network.fused_bias is not None and network.deep_bias is not None:
        biases = torch.stack([network.fused_bias, network.deep_bias])
    reductions = dict(zip(REDUCTIONS, network.reductions.parameters(), strict=True))
    fixed = {name: network.get_buffer(name) for name in FIXED}
    found = {"heads": heads, "biases": biases, **reductions, **fixed}
    return {name: value.detach().contiguous() for name, value in found.items()}


class StackedNetworks:
    """What stacked networks compute, of weights that are handed over: it holds none.

    Args:
        settings: Settings of the heads.
        kernel: Rows and columns of the heads.
    """

    def __init__(self, settings: HeadSettings, kernel: Size):
        self.settings, self.kernel = settings, kernel
        self.cut = cut_of(kernel, settings.padding)

    def standardise(
        self, weights: Mapping[str, Tensor], shallow: Tensor, deep: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Bring taps `(L, n, C, H, W)` to the scale of the first frame."""
        return (
            (shallow - weights["shallow_shift"]) * weights["shallow_scale"],
            (deep - weights["deep_shift"]) * weights["deep_scale"],
        )

    def inputs(self, weights: Mapping[str, Tensor], shallow: Tensor, deep: Tensor) -> Tensor:
        """Return what the heads see of taps from `standardise`, cells `(L, n, H, W, 2 C)`."""
        low, high = (
            _reduced(weights[name], tap)
            for name, tap in zip(REDUCTIONS, (shallow, deep), strict=True)
        )
        if high.shape[-2:] != low.shape[-2:]:
            high = F.interpolate(high, low.shape[-2:], mode="bilinear", align_corners=False)
        return spread(fuse(self.settings, low, high), len(shallow))

    def respond(self, weights: Mapping[str, Tensor], cells: Tensor) -> Tensor:
        """Return the summed response of both heads, `(L, n, h, w)`, to cells from `inputs`."""
        taps = weights["heads"] * weights["gain"][:, None, None]
        if one_at_a_time(cells.device):
            one: Any = Correlation.apply
            each = [
                [one(as_planes(part[None]), tap, self.kernel, self.cut) for part in parts]
                for parts, tap in zip(cells, taps, strict=True)
            ]
            response = torch.stack([torch.cat(parts) for parts in each])
        else:
            stacked: Any = _StackedCorrelation.apply
            response = stacked(cells, taps, self.kernel, self.cut)
        if self.settings.bias:
            response = response + weights["biases"].sum(dim=1)[:, None, None, None]
        return response

    def rates(self, settings: AdamSettings, *, reductions: bool) -> dict[str, Tensor]:
        """Return the learning rates of what is trained, in shapes that fit the weights' last axes.

        Args:
            settings: The optimiser.
            reductions: Whether the reductions are trained.
        """
        slow, fast = settings.lr_shallow, settings.lr_deep
        pair = torch.tensor([slow, fast], dtype=torch.float64)
        found = {"heads": pair}  # each stands for half of the channels
        if self.settings.bias:
            found["biases"] = pair
        if reductions:
            found |= dict.fromkeys(REDUCTIONS, torch.tensor(slow, dtype=torch.float64))
        return found


class StackedAdam:
    """An Adam for each lane, without a read of the host; see `dslt.networks.regression.Optimiser`.

    Args:
        settings: The optimiser.
        rates: What is trained, and at which rates: see `StackedNetworks.rates`.
        state: Where moments and counts of steps are kept, beside other tensors: `make` puts them
            there.
    """

    def __init__(
        self, settings: AdamSettings, rates: Mapping[str, Tensor], state: dict[str, Tensor]
    ):
        self.settings, self.state = settings, state
        self.rates = dict(rates)

    def make(self, weights: Mapping[str, Tensor]) -> None:
        """Start with moments of zero, for these weights."""
        for name in self.rates:
            value = weights[name]
            rate = self.rates[name].to(value.device)
            if name == "heads":
                rate = rate.repeat_interleave(value.shape[-1] // 2)
            self.rates[name] = rate
            for moment in ("first", "second"):
                self.state[f"{name}_{moment}"] = torch.zeros_like(value)
        lanes = len(weights["heads"])
        self.state["steps"] = torch.zeros(lanes, dtype=torch.float64, device=value.device)

    @torch.no_grad()
    def step(self, loss: Tensor, weights: Mapping[str, Tensor], lanes: Tensor) -> None:
        """Descend one step along the gradient of each lane's loss, in place.

        Args:
            loss: Losses `(L,)`.
            weights: What is trained, and more; those of the rates' names require gradients.
            lanes: Lanes `(L,)` that step, bool; the others stay as they are.
        """
        settings, state = self.settings, self.state
        beta1, beta2 = settings.betas
        values = [weights[name] for name in self.rates]
        gradients = torch.autograd.grad(loss, values, torch.ones_like(loss))
        state["steps"] += lanes
        # The step count decides the bias correction and nothing else.
        count = (
            torch.ones_like(state["steps"]) if settings.frozen_bias_correction else state["steps"]
        )
        scale1 = 1 / (1 - beta1**count)
        scale2 = (1 - beta2**count).sqrt()
        for (name, rate), gradient in zip(self.rates.items(), gradients, strict=True):
            value = weights[name].detach()
            tail = (-1,) + (1,) * (value.dim() - 1)
            moving = lanes.view(tail)
            first, second = state[f"{name}_first"], state[f"{name}_second"]
            gradient = gradient.add(value, alpha=settings.weight_decay)
            new_first = first.lerp(gradient, 1 - beta1)
            new_second = (second * beta2).addcmul(gradient, gradient, value=1 - beta2)
            size = (scale1.view(tail) * rate).float()
            deviation = new_second.sqrt() / scale2.view(tail).float() + 1e-8
            moved = value - size * new_first / deviation
            for old, new in ((first, new_first), (second, new_second), (value, moved)):
                old.copy_(torch.where(moving, new, old))


class _StackedCorrelation(torch.autograd.Function):
    """`Correlation` of every lane with its own taps: a batch of matrix products, and a fold."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, taps: Tensor, kernel: Size, cut: Size) -> Tensor:
        """Correlate cells `(L, n, H, W, C)` with taps `(L, K, C)`; see `Correlation`."""
        ctx.save_for_backward(cells, taps)
        ctx.kernel, ctx.cut = kernel, cut
        products = taps[:, None] @ cells.flatten(2, 3).transpose(2, 3)
        height, width = cells.shape[2:4]
        return spread(add_up(products.flatten(0, 1), (height, width), kernel, cut), len(cells))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, Tensor | None, None, None]:
        """Return the gradients of the cells and of the taps."""
        cells, taps = ctx.saved_tensors
        top, left = ctx.cut
        full = F.pad(grads[0], (left, left, top, top)).flatten(0, 1)[:, None]
        shifted = spread(F.unfold(full, ctx.kernel), len(cells))
        of_cells = of_taps = None
        if ctx.needs_input_grad[0]:
            of_cells = (shifted.transpose(2, 3) @ taps[:, None]).view(cells.shape)
        if ctx.needs_input_grad[1]:
            of_taps = (shifted @ cells.flatten(2, 3)).sum(dim=1)
        return of_cells, of_taps, None, None


def _reduced(weight: Tensor, tap: Tensor) -> Tensor:
    """Apply reductions `(L, C, inputs, k, k)` to taps `(L, n, inputs, H, W)`: `(L n, C, H, W)`."""
    lanes = len(tap)
    side = weight.shape[-1]
    if side > 1:
        each = zip(tap, weight, strict=True)
        return torch.cat([F.conv2d(one, own, padding=side // 2) for one, own in each])
    cells = as_cells(tap.flatten(0, 1))
    rows = cells.reshape(lanes, -1, cells.shape[-1])
    return as_planes((rows @ weight.flatten(2).transpose(1, 2)).view(*cells.shape[:3], -1))
