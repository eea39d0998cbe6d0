"""From settings to a backbone with its weights."""

import functools

import torch

from dslt.core.device import seeded
from dslt.networks.backbones import classic, efficientnet_lite
from dslt.networks.backbones.base import Backbone
from dslt.settings.dslt import DsltBackboneSettings


@functools.lru_cache(maxsize=1)
def build(settings: DsltBackboneSettings, device: torch.device, seed: int = 0) -> Backbone:
    """Make a backbone with its weights; the next tracker with the same settings shares it.

    Args:
        settings: Names of the network and of its weights.
        device: Where it runs; on a GPU in half precision.
        seed: Seed of random weights.

    Raises:
        DsltError: The weights are missing or are not those expected.
    """
    makers = efficientnet_lite if settings.name == "efficientnet_lite0" else classic
    with seeded(seed):
        stages, spec = makers.taps(settings)
    return Backbone(stages, spec, device)
