"""DSLT's loops as one writes them first, the peer of the real ones; `tracking.py` measures both.

The same tracker, with what costs time left plain: the frozen network and the heads are torch's
convolutions on whole batches, the response is up-sampled everywhere, Adam is torch's class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from unittest import mock

import torch
from torch import Tensor
from torch.nn import functional as F

from dslt.core.errors import DsltError
from dslt.networks.regression import RegressionNetwork
from dslt.settings.dslt import AdamSettings
from dslt.trackers.peak import find_everywhere


class PlainNetwork(RegressionNetwork):
    """The regression network by `conv2d`."""

    def reduce(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, Tensor]:
        """See `RegressionNetwork.reduce`."""
        low, high = (
            layer(tap) for layer, tap in zip(self.reductions, (shallow, deep), strict=True)
        )
        return low, F.interpolate(high, low.shape[-2:], mode="bilinear", align_corners=False)

    def forward(self, shallow: Tensor, deep: Tensor) -> Tensor:
        """See `RegressionNetwork.forward`."""
        return self.respond([self.inputs(*self.reduce(shallow, deep))])

    def respond(self, maps: Iterable[Tensor]) -> Tensor:
        """See `RegressionNetwork.respond`."""
        heads = torch.cat([self.fused_head, self.deep_head])[None] * self.gain
        cut = self.settings.padding == "same"
        response = F.conv2d(torch.cat(list(maps)), heads, padding="same" if cut else "valid")[:, 0]
        if self.fused_bias is not None and self.deep_bias is not None:
            response = response + self.fused_bias + self.deep_bias
        return response


class PlainOptimiser:
    """Adam by torch's class."""

    def __init__(self, network: RegressionNetwork, settings: AdamSettings, *, reductions: bool):
        if settings.frozen_bias_correction:
            raise DsltError("frozen_bias_correction: torch's Adam has no such quirk")
        groups = network.groups(settings, reductions=reductions)
        self.adam = torch.optim.Adam(
            [{"params": parameters, "lr": rate} for rate, parameters in groups],
            betas=settings.betas,
            weight_decay=settings.weight_decay,
        )

    def step(self, loss: Tensor) -> None:
        """Descend one step along the gradient of `loss`."""
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.adam.step()


@contextmanager
def plain_loops() -> Iterator[None]:
    """Let DSLT run with plain loops."""
    first, tracker = "dslt.trackers.first_frame", "dslt.trackers.dslt"
    with (
        mock.patch("dslt.networks.backbones.base.serves", return_value=False),
        mock.patch(f"{first}.RegressionNetwork", PlainNetwork),
        mock.patch(f"{first}.Optimiser", PlainOptimiser),
        mock.patch(f"{tracker}.Optimiser", PlainOptimiser),
        mock.patch(f"{tracker}.find_peaks", find_everywhere),
    ):
        yield
