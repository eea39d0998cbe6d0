"""The feature extractor that every regression tracker uses, whatever the network."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


@dataclass(frozen=True)
class Spec:
    """What a tracker must know of a network.

    Attributes:
        channels: Channels of the shallow and of the deep tap.
        strides: Strides of the two taps in pixels.
        origin: Pixel coordinate (continuous, both axes) of the middle of the receptive field of
            the shallow tap's first cell; padding puts it off `stride / 2`.
        mean: Mean of RGB values in [0, 255], which is taken off.
        std: Divisor of what remains.
        bgr: Whether the network wants blue first.
    """

    channels: tuple[int, int]
    strides: tuple[int, int]
    origin: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    bgr: bool = False


class Backbone(nn.Module):
    """A frozen network from patches to two feature maps.

    Attributes:
        spec: What a tracker must know of it.
    """

    def __init__(self, stages: Sequence[nn.Module], spec: Spec, device: torch.device):
        super().__init__()
        self.spec = spec
        self.device = device
        self.dtype = torch.float16 if device.type == "cuda" else torch.float32
        self.stages = nn.ModuleList(stages).eval().requires_grad_(False)
        self.stages.to(device=device, dtype=self.dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]
        shape = (1, 3, 1, 1)
        self.mean = torch.tensor(spec.mean, device=device).view(shape)
        self.scale = 1 / torch.tensor(spec.std, device=device).view(shape)

    @torch.no_grad()
    def forward(self, patches: Sequence[NDArray[np.uint8]]) -> tuple[Tensor, Tensor]:
        """Extract features of patches of one size.

        Args:
            patches: Images `(H, W, 3)`, `B` of them, RGB uint8.

        Returns:
            Float32 maps `(B, channels[0], H / strides[0], W / strides[0])` and the same for the
            deep tap.
        """
        batch = torch.from_numpy(np.stack(patches)).to(self.device).permute(0, 3, 1, 2)
        x = ((batch.float() - self.mean) * self.scale).to(self.dtype)
        if self.spec.bgr:
            x = x.flip(1)
        x = x.contiguous(memory_format=torch.channels_last)
        shallow = self.stages[0](x)
        deep = self.stages[1](shallow)
        return shallow.float(), deep.float()
