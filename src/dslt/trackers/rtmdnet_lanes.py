"""RT-MDNet in lockstep, as far as it goes; the rules are those of `dslt.trackers.rtmdnet`.

The scenes of a block's targets go through the backbone in one batch, and the host reads the best
candidates of all at once. What it decides by them, and each target's learning, take turns, so a
frame is no graph.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from dslt.core.errors import DsltError
from dslt.core.images import Frame
from dslt.geometry.boxes import Box
from dslt.geometry.squares import to_batch
from dslt.networks.roi import POOLED
from dslt.networks.rtmdnet import STRIDE, RtmdNet
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.trackers.lanes import Kind, Lanes, Start
from dslt.trackers.rtmdnet import Question, RtmdNetTracker, Seen, cut


class RtmdNetLanes(Lanes):
    """Targets of RT-MDNet.

    Args:
        settings: Typed settings of the tracker.
        net: The network, on the device, in evaluation.
        seed: See `RtmdNetTracker`; each target has the random numbers that it has by itself.
        size: Number of lanes.
        device: Where they are.
    """

    broken = "RT-MDNet: the scores hold"

    def __init__(
        self, settings: RtmdNetSettings, net: RtmdNet, seed: int, size: int, device: torch.device
    ):
        super().__init__(size, device)
        self.settings, self.net, self.seed = settings, net, seed
        self.trackers: dict[int, RtmdNetTracker] = {}
        self.asked: dict[int, Question] = {}

    def begin(self, starts: Mapping[int, Start]) -> None:
        """Learn the targets one after the other; see `Lanes`."""
        for lane, start in starts.items():
            tracker = RtmdNetTracker(self.settings, self.net, self.seed, str(self.device))
            tracker.initialize(start.frame, start.box)
            self.trackers[lane], self.records[lane] = tracker, tracker.record

    def load(self, frames: Mapping[int, Frame]) -> bool:
        """Draw the candidates; see `Lanes`."""
        self.trackers = {lane: self.trackers[lane] for lane in frames}
        self.asked = {lane: self.trackers[lane].ask(frame) for lane, frame in frames.items()}
        return False

    def move(self, lane: int, to: Lanes, place: int) -> None:
        """See `Lanes`."""
        assert isinstance(to, RtmdNetLanes)
        super().move(lane, to, place)
        to.trackers[place] = self.trackers[lane]

    def step(self, learn: bool) -> Tensor:
        """See `Lanes`; the host reads once, before it decides."""
        seen = self._look()
        scored = [self.trackers[lane].best(one, seen[lane]) for lane, one in self.asked.items()]
        read = torch.split(torch.cat(scored).cpu(), [len(one) for one in scored]) if scored else ()
        rows, self.errors = np.zeros((self.size, 6)), {}
        for (lane, question), best in zip(self.asked.items(), read, strict=True):
            try:
                found = self.trackers[lane].answer(question, seen[lane], best)
            except DsltError as error:
                self.errors[lane] = error
            else:
                rows[lane] = [*found.box, found.score, 1]
        return torch.from_numpy(rows).to(self.device)

    @torch.no_grad()
    def _look(self) -> dict[int, Seen]:
        """Extract the feature maps of the scenes, in one batch where all have one size."""
        if self.settings.tracking.scene.rule != "square":
            return {
                lane: self.trackers[lane].look(one.frame, one.scene)
                for lane, one in self.asked.items()
            }
        side = self.settings.tracking.scene.side
        patches = [np.zeros((side, side, 3), np.uint8)] * self.size  # its size is always the same
        for lane, one in self.asked.items():
            patches[lane] = cut(one.frame, one.scene)
        maps = self.net.maps(to_batch(patches, self.device))
        return {lane: Seen(one.scene, maps[lane, None]) for lane, one in self.asked.items()}


class RtmdNetMaker:
    """Makes lanes of RT-MDNet; see `dslt.trackers.lanes.LaneMaker`.

    All targets are of one kind: where scenes have sizes of their own, each goes by itself.
    """

    def __init__(
        self,
        settings: RtmdNetSettings,
        net: RtmdNet,
        seed: int = 0,
        device: str = "cpu",
        *,
        coarse: bool = False,
    ):
        self.settings, self.seed, self.device = settings, seed, torch.device(device)
        self.net = net.to(self.device).eval()

    def kind(self, box: Box) -> Kind:
        """See `LaneMaker`."""
        return "scene"

    def make(self, kind: Kind, size: int) -> RtmdNetLanes:
        """See `LaneMaker`."""
        return RtmdNetLanes(self.settings, self.net, self.seed, size, self.device)

    def memory(self, kind: Kind) -> int:
        """See `LaneMaker`: what a target keeps, and in a batch the widest maps, 96 at stride 2."""
        tracking = self.settings.tracking
        side, batch = tracking.scene.side, tracking.scene.rule == "square"
        channels = self.net.backbone.channels[self.net.tap]
        first, update = tracking.first, tracking.update
        kept = update.long * update.positives + update.short * update.negatives
        kept += first.positives + first.negatives
        learnt = 4 * self.net.head.hidden  # weights, gradients, their velocities, and a copy
        maps = 2 * 96 * (side // 2) ** 2 if batch else channels * (side // STRIDE) ** 2
        return 4 * (channels * POOLED**2 * (kept + learnt) + maps)
