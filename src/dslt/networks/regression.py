"""The regression network of DSLT (Fig. 2) and its optimisation."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from dslt.core.device import seeded
from dslt.settings.dslt import AdamSettings, HeadSettings, ReductionSettings

QUIET = 0.1  # part of the mean deviation below which a channel is not scaled up further
SMALLEST_LEVEL = 1e-6  # of the features of a frame without any texture


class RegressionNetwork(nn.Module):
    """Reductions of two taps, their fusion, and two regression heads whose responses add up.

    Section 3.1: `R = head_fused(shallow' + deep') + head_deep(deep')`, where `deep'` is the deep
    tap reduced and up-sampled to the shallow tap's grid.
    """

    shallow_shift: Tensor
    shallow_scale: Tensor
    deep_shift: Tensor
    deep_scale: Tensor
    gain: Tensor

    def __init__(
        self,
        channels: tuple[int, int],
        kernel: tuple[int, int],
        reduction: ReductionSettings,
        head: HeadSettings,
        seed: int,
    ):
        super().__init__()
        self.settings = head
        width = reduction.channels
        side = reduction.kernel
        with seeded(seed):
            self.reductions = nn.ModuleList(
                nn.Conv2d(count, width, side, padding=side // 2, bias=False) for count in channels
            )
            self.fused_head = nn.Parameter(torch.randn(width, *kernel) * head.init_std)
            self.deep_head = nn.Parameter(torch.randn(width, *kernel) * head.init_std)
            self.fused_bias = nn.Parameter(torch.zeros(())) if head.bias else None
            self.deep_bias = nn.Parameter(torch.zeros(())) if head.bias else None
            orthogonal = reduction.init == "orthogonal"
            start = nn.init.orthogonal_ if orthogonal else nn.init.kaiming_normal_
            for weight in self.reductions.parameters():
                start(weight)
        for name, count in zip(("shallow", "deep"), channels, strict=True):
            self.register_buffer(f"{name}_shift", torch.zeros(1, count, 1, 1))
            self.register_buffer(f"{name}_scale", torch.ones(1, count, 1, 1))
        self.register_buffer("gain", torch.ones(()))

    @torch.no_grad()
    def normalise(self, taps: tuple[Tensor, Tensor], kind: str) -> None:
        """Fix the feature scale from the taps of the first frame's samples `(N, C, H, W)`.

        Args:
            taps: The shallow and the deep tap.
            kind: Rule of the scale: `channel` standardises each channel of the taps; `map` only
                brings both reduced maps to a mean absolute value of 1.
        """
        for name, layer, tap in zip(("shallow", "deep"), self.reductions, taps, strict=True):
            if kind == "channel":
                deviation, mean = torch.std_mean(tap, dim=(0, 2, 3), keepdim=True, correction=0)
                self.get_buffer(f"{name}_shift").copy_(mean)
                # A channel that is silent on the first frame must not drown the others later.
                heard = deviation.clamp_min(QUIET * float(deviation.mean()))
                self.get_buffer(f"{name}_scale").copy_(1 / (heard + 1e-5))
            else:
                self.get_buffer(f"{name}_scale").fill_(
                    1 / max(float(layer(tap).abs().mean()), SMALLEST_LEVEL)
                )

    @torch.no_grad()
    def equalise(self, taps: tuple[Tensor, Tensor], growth: float, rate: float) -> None:
        """Scale the heads' inputs so that an Adam step of `rate` lifts the peak by `growth`.

        A step moves every weight of the deep head by about `rate`, so that the response under the
        kernel grows by `rate * channels * kernel area * mean |x|`.
        """
        maps = self.inputs(*self.reduce(*taps))
        level = float(maps[:, maps.shape[1] // 2 :].abs().mean())
        self.gain.fill_(growth / (rate * self.deep_head.numel() * max(level, SMALLEST_LEVEL)))

    def reduce(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """Map the taps to two maps of `channels` channels on the shallow tap's grid."""
        low: Tensor = self.reductions[0]((shallow - self.shallow_shift) * self.shallow_scale)
        high: Tensor = self.reductions[1]((deep - self.deep_shift) * self.deep_scale)
        if high.shape[-2:] != low.shape[-2:]:
            high = F.interpolate(high, low.shape[-2:], mode="bilinear", align_corners=False)
        return low, high

    def inputs(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """Return what the two heads see, `(N, 2 channels, H, W)`: the fused and the deep map."""
        a, b = self.settings.fusion
        fused = a * shallow + b * deep if self.settings.fuse else shallow
        maps = torch.cat([fused, deep], dim=1)
        return (F.relu(maps) if self.settings.relu else maps) * self.gain

    def respond(self, maps: Tensor) -> Tensor:
        """Return the summed response of both heads, `(N, h, w)`, to maps from `inputs`.

        A convolution with one output channel, written as a matrix product with every kernel
        position and a sum of the shifted products: four times faster than `conv2d` on a CPU.
        """
        rows, columns = maps.shape[-2:]
        height, width = self.deep_head.shape[-2:]
        taps = torch.cat([self.fused_head, self.deep_head]).flatten(1).flip(1).t()
        full = (rows + height - 1, columns + width - 1)
        response = F.fold(taps @ maps.flatten(2), full, (height, width))[:, 0]
        same = self.settings.padding == "same"
        top, left = (height // 2, width // 2) if same else (height - 1, width - 1)
        response = response[:, top : full[0] - top, left : full[1] - left]
        if self.fused_bias is not None and self.deep_bias is not None:
            response = response + self.fused_bias + self.deep_bias
        return response

    def groups(self, adam: AdamSettings, *, reductions: bool) -> list[dict[str, object]]:
        """Split the trained parameters by learning rate."""
        deep: list[nn.Parameter] = [self.deep_head]
        slow: list[nn.Parameter] = [self.fused_head]
        if self.fused_bias is not None and self.deep_bias is not None:
            deep.append(self.deep_bias)
            slow.append(self.fused_bias)
        if reductions:
            slow += list(self.reductions.parameters())
        return [
            {"params": deep, "lr": adam.lr_deep},
            {"params": slow, "lr": adam.lr_shallow},
        ]


class Optimiser:
    """Adam over a regression network, with the released code's quirk as a setting."""

    def __init__(self, network: RegressionNetwork, settings: AdamSettings, *, reductions: bool):
        self.frozen = settings.frozen_bias_correction
        self.adam = torch.optim.Adam(
            network.groups(settings, reductions=reductions),
            betas=settings.betas,
            eps=1e-8,
            weight_decay=settings.weight_decay,
        )

    def step(self, loss: Tensor) -> None:
        """Descend one step along the gradient of `loss`."""
        self.adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.frozen:
            # The step count decides the bias correction and nothing else.
            for state in self.adam.state.values():
                state["step"].zero_()
        self.adam.step()
