"""From settings to a backbone with its weights."""

import torch

from dslt.networks.backbones.base import Backbone
from dslt.settings.dslt import DsltBackboneSettings


def build(settings: DsltBackboneSettings, device: torch.device, seed: int = 0) -> Backbone:
    """Make a backbone with its weights.

    Args:
        settings: which network and which weights.
        device: where it runs; on a GPU in half precision.
        seed: of random weights.

    Raises:
        DsltError: if the weights are missing or are not those expected.
    """
    if settings.name == "efficientnet_lite0":
        from dslt.networks.backbones.efficientnet_lite import taps
    else:
        from dslt.networks.backbones.classic import taps  # type: ignore[no-redef]
    stages, spec = taps(settings, seed)
    return Backbone(stages, spec, device)
