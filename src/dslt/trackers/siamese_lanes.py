"""What SiamFC and SiamRPN share in lockstep: templates, search regions, and boxes."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from dslt.core.device import plain_torch
from dslt.geometry.boxes import Box
from dslt.geometry.squares import first_patch, to_batch
from dslt.networks.siamese import check_side
from dslt.settings.offline import CropSettings
from dslt.trackers.lanes import Kind, Lanes, Start


class SiameseLanes(Lanes):
    """Targets of a tracker whose network learnt offline; see `dslt.trackers.siamese`.

    Args:
        settings: Typed settings of the tracker.
        net: The network, on the device, in evaluation.
        size: Number of lanes.
        device: Where they are.
    """

    def __init__(self, settings: Any, net: Any, size: int, device: torch.device):
        super().__init__(size, device)
        self.settings, self.net = settings.tracking, net
        self.crops: CropSettings = settings.training.crops
        pairs = torch.ones(size, 2, dtype=torch.float64, device=device)
        self.state |= {name: pairs.clone() for name in ("center", "extent", "initial")}
        self.state["color"] = torch.zeros(size, 3, dtype=torch.uint8, device=device)

    @torch.no_grad()
    def begin(self, starts: Mapping[int, Start]) -> None:
        """Take the templates from the first frames; see `Lanes`."""
        for lane, start in starts.items():
            center, extent, color, patch = first_patch(start.frame, start.box, self.crops)
            with plain_torch():
                features = self.template(to_batch([patch], self.device))
            values = {"center": center, "extent": extent, "initial": extent, "color": color}
            found = {name: torch.from_numpy(value) for name, value in values.items()} | features
            for name, value in found.items():
                if name not in self.state:
                    self.state[name] = value.new_zeros(self.size, *value.shape)
                self.state[name][lane] = value.to(self.device)

    @abstractmethod
    def template(self, patch: Tensor) -> dict[str, Tensor]:
        """Return what the network keeps of a template `(1, 3, T, T)`, by name."""

    def search(self, factors: Tensor) -> tuple[Tensor, Tensor]:
        """Cut the search regions about all targets, zoomed out by factors `(S,)`, float64.

        Returns:
            Image pixels per pixel of the region, `(size, S)`, and the regions,
            `(size * S, 3, P, P)`, float32.
        """
        pixels = self.settings.instance
        side = square_side(self.state["extent"], self.crops.context)
        steps = (side * pixels / self.crops.template)[:, None] * factors / pixels
        patches = self.cutter.cut(
            self.state["center"][:, None],
            steps[..., None].expand(-1, -1, 2),
            (pixels, pixels),
            self.state["color"],
        )
        return steps, patches.flatten(0, 1).permute(0, 3, 1, 2).float().contiguous()

    def boxes(self, score: Tensor, finite: Tensor) -> Tensor:
        """Return what `step` does, of scores and of whether the answers are finite, `(size,)`."""
        center, extent = self.state["center"], self.state["extent"]
        rest = torch.stack([score.double(), finite.double()], dim=1)
        return torch.cat([center - extent / 2, extent, rest], dim=1)


class SiameseMaker:
    """Makes lanes of one Siamese tracker; see `dslt.trackers.lanes.LaneMaker`.

    All targets are of one kind: the patches are squares of one size.
    """

    lanes: type[SiameseLanes]

    def __init__(self, settings: Any, net: Any, device: str = "cpu", *, coarse: bool = False):
        check_side(settings.tracking.instance, settings.training.crops, "tracking.instance")
        self.settings, self.device = settings, torch.device(device)
        self.net = net.to(self.device).eval()

    def kind(self, box: Box) -> Kind:
        """See `LaneMaker`."""
        return "square"

    def make(self, kind: Kind, size: int) -> SiameseLanes:
        """See `LaneMaker`."""
        return self.lanes(self.settings, self.net, size, self.device)

    def memory(self, kind: Kind) -> int:
        """See `LaneMaker`: the widest maps of a backbone are 64 channels at stride 2."""
        side: int = self.settings.tracking.instance
        scales: int = getattr(self.settings.tracking, "scales", 1)
        return 4 * scales * 4 * side**2 * (64 // 4 + 3)


def square_side(size: Tensor, context: float) -> Tensor:
    """Return the side of the template's square, as `dslt.geometry.squares.template_side`.

    Args:
        size: `(..., 2)`, width and height of targets in pixels.
        context: Margin, a part of width plus height.
    """
    margin = context * size.sum(dim=-1)
    return ((size[..., 0] + margin) * (size[..., 1] + margin)).sqrt()
