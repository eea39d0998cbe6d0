"""The regression network of DSLT (Fig. 2) and its optimisation."""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.adam import adam

from dslt.core.device import seeded
from dslt.networks.correlation import Correlation, as_cells, as_planes, cut_of
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
            kind: Rule of the scale: `channel` standardises each channel of the taps; `map` brings
                each reduced map to a mean absolute value of 1; `common` divides both by the deep
                one's, so that what lies between them stays.
        """
        if kind != "channel":
            levels = [
                max(float(layer(tap).abs().mean()), SMALLEST_LEVEL)
                for layer, tap in zip(self.reductions, taps, strict=True)
            ]
            self.shallow_scale.fill_(1 / levels[0 if kind == "map" else 1])
            self.deep_scale.fill_(1 / levels[1])
            return
        for name, tap in zip(("shallow", "deep"), taps, strict=True):
            deviation, mean = torch.std_mean(tap, dim=(0, 2, 3), keepdim=True, correction=0)
            self.get_buffer(f"{name}_shift").copy_(mean)
            # A channel that is silent on the first frame must not drown the others later.
            heard = deviation.clamp_min(QUIET * float(deviation.mean()))
            self.get_buffer(f"{name}_scale").copy_(1 / (heard + 1e-5))

    @torch.no_grad()
    def equalise(self, taps: tuple[Tensor, Tensor], growth: float, rate: float) -> None:
        """Scale the heads so that an Adam step of `rate` lifts the peak by `growth`.

        The taps `(N, C, H, W)` are those from `standardise`.

        A step moves every weight of the deep head by about `rate`, so that the response under the
        kernel grows by `rate * channels * kernel area * mean |x|`.
        """
        maps = self.inputs(*self.reduce(*taps))
        level = float(maps[:, maps.shape[1] // 2 :].abs().mean())
        self.gain.fill_(growth / (rate * self.deep_head.numel() * max(level, SMALLEST_LEVEL)))

    def standardise(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """Bring taps `(N, C, H, W)` to the feature scale that `normalise` fixed."""
        return (
            (shallow - self.shallow_shift) * self.shallow_scale,
            (deep - self.deep_shift) * self.deep_scale,
        )

    def reduce(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """Map taps from `standardise` to two maps of `channels` channels on the shallow grid."""
        low, high = map(_reduced, self.reductions, (shallow, deep))
        if high.shape[-2:] != low.shape[-2:]:
            high = F.interpolate(high, low.shape[-2:], mode="bilinear", align_corners=False)
        return low, high

    def inputs(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """Return what the two heads see, `(N, 2 channels, H, W)`; see `fuse`."""
        return as_planes(fuse(self.settings, shallow, deep))

    def forward(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """Return the response `(N, h, w)` to taps from `standardise`, for a trained reduction."""
        pieces = zip(_pieces([shallow]), _pieces([deep]), strict=True)
        return self.respond(self.inputs(*self.reduce(*piece)) for piece in pieces)

    def respond(self, maps: Iterable[Tensor]) -> Tensor:
        """Return the summed response of both heads, `(N, h, w)`, to maps from `inputs`.

        Args:
            maps: Tensors `(n, 2 channels, H, W)`, `N` maps together.
        """
        height, width = self.deep_head.shape[-2:]
        heads = torch.cat([self.fused_head, self.deep_head]) * self.gain
        taps = heads.flatten(1).flip(1).t().contiguous()
        kernel = (height, width)
        cut = cut_of(kernel, self.settings.padding)
        correlate: Any = Correlation.apply
        response = torch.cat([correlate(piece, taps, kernel, cut) for piece in _pieces(maps)])
        if self.fused_bias is not None and self.deep_bias is not None:
            response = response + self.fused_bias + self.deep_bias
        return response  # type: ignore[no-any-return]

    @torch.no_grad()
    def fused_share(self, maps: Tensor) -> float:
        """Return the fused head's part of the peak for one sample's `inputs`; NaN without one."""
        fused = maps.clone()
        fused[:, maps.shape[1] // 2 :] = 0
        whole, part, offset = (
            self.respond([some])[0] for some in (maps, fused, torch.zeros_like(maps))
        )
        peak = int(whole.argmax())
        # The biases belong to neither head.
        share, height = (float((some - offset).flatten()[peak]) for some in (part, whole))
        return share / height if height > 0 else float("nan")

    def groups(
        self, settings: AdamSettings, *, reductions: bool
    ) -> list[tuple[float, list[nn.Parameter]]]:
        """Split the trained parameters by learning rate."""
        deep: list[nn.Parameter] = [self.deep_head]
        slow: list[nn.Parameter] = [self.fused_head]
        if self.fused_bias is not None and self.deep_bias is not None:
            deep.append(self.deep_bias)
            slow.append(self.fused_bias)
        if reductions:
            slow += list(self.reductions.parameters())
        return [(settings.lr_deep, deep), (settings.lr_shallow, slow)]


def fuse(settings: HeadSettings, shallow: Tensor, deep: Tensor) -> Tensor:
    """Return what the heads see of reduced maps `(N, C, H, W)`: the fused and the deep map.

    Returns:
        `(N, H, W, 2 C)`.
    """
    a, b = settings.fusion
    fused = shallow
    if settings.fuse:
        fused = torch.add(shallow if a == 1 else a * shallow, deep, alpha=b)
    cells = torch.cat([as_cells(fused), as_cells(deep)], dim=3)
    return cells.relu_() if settings.relu else cells


def _pieces(maps: Iterable[Tensor]) -> Iterator[Tensor]:
    """Give single samples, one by one, on a CPU, whose cache holds those of one; else join them."""
    rest = iter(maps)
    for some in rest:
        if some.device.type == "cpu":
            yield from torch.split(some, 1)
        else:
            yield torch.cat([some, *rest])


def _reduced(layer: nn.Module, tap: Tensor) -> Tensor:
    """Apply a reduction; as a matrix product where it is 1x1, which one thread does faster."""
    weight = layer.weight
    assert isinstance(weight, Tensor)
    if weight.shape[-1] > 1:
        reduced: Tensor = layer(tap)
        return reduced
    return as_planes(as_cells(tap) @ weight.flatten(1).t())


class Optimiser:
    """Adam over a regression network, with the released code's quirk as a setting.

    Torch's function, not its class, the first of which in a process imports torch's compiler: two
    seconds, more than a first frame takes to learn.
    """

    def __init__(self, network: RegressionNetwork, settings: AdamSettings, *, reductions: bool):
        self.settings = settings
        self.groups = [
            (rate, parameters, [_Moments(value) for value in parameters])
            for rate, parameters in network.groups(settings, reductions=reductions)
        ]

    def step(self, loss: Tensor) -> None:
        """Descend one step along the gradient of `loss`."""
        loss.backward()  # type: ignore[no-untyped-call]
        for rate, parameters, moments in self.groups:
            self._descend(rate, parameters, moments)

    @torch.no_grad()
    def _descend(
        self, rate: float, parameters: list[nn.Parameter], moments: list["_Moments"]
    ) -> None:
        """Move parameters, and forget their gradients."""
        if self.settings.frozen_bias_correction:
            # The step count decides the bias correction and nothing else.
            for moment in moments:
                moment.step.zero_()
        beta1, beta2 = self.settings.betas
        adam(
            parameters,  # type: ignore[arg-type]
            [value.grad for value in parameters],  # type: ignore[misc]
            [moment.first for moment in moments],
            [moment.second for moment in moments],
            [],
            [moment.step for moment in moments],
            amsgrad=False,
            beta1=beta1,
            beta2=beta2,
            lr=rate,
            weight_decay=self.settings.weight_decay,
            eps=1e-8,
            maximize=False,
        )
        for value in parameters:
            value.grad = None


class _Moments:
    """What Adam remembers of a parameter."""

    def __init__(self, parameter: Tensor):
        self.first, self.second = torch.zeros_like(parameter), torch.zeros_like(parameter)
        self.step = torch.zeros(())
