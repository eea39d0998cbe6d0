"""The feature extractor that every regression tracker uses, whatever the network."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dslt.networks.backbones.engine import Engine, serves
from dslt.networks.backbones.spec import Spec


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
        self.engine = Engine(stages, spec.pixels)
        shape = (1, 3, 1, 1)
        self.mean = torch.tensor(spec.pixels.mean, device=device).view(shape)
        self.scale = 1 / torch.tensor(spec.pixels.std, device=device).view(shape)

    @torch.no_grad()
    def forward(self, patches: Sequence[NDArray[np.uint8]]) -> tuple[Tensor, Tensor]:
        """Extract features of patches of one size.

        Args:
            patches: Images `(H, W, 3)`, `B` of them, RGB uint8.

        Returns:
            Float32 maps `(B, channels[0], H / strides[0], W / strides[0])` and the same for the
            deep tap.
        """
        return self.extract(torch.from_numpy(np.stack(patches)).to(self.device))

    @torch.no_grad()
    def extract(self, patches: Tensor) -> tuple[Tensor, Tensor]:
        """Extract features of patches `(B, H, W, 3)`, uint8, on the device; see `forward`."""
        batch = patches.permute(0, 3, 1, 2)
        if serves(batch):
            shallow, deep = self.engine(batch)
            return shallow, deep
        x = ((batch.float() - self.mean) * self.scale).to(self.dtype)
        if self.spec.pixels.bgr:
            x = x.flip(1)
        x = x.contiguous(memory_format=torch.channels_last)
        shallow = self.stages[0](x)
        deep = self.stages[1](shallow)
        return shallow.float(), deep.float()
