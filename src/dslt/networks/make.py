"""From settings to a network."""

from __future__ import annotations

from dslt.networks.siamfc import SiamFcNet
from dslt.networks.siamrpn import SiamRpnNet
from dslt.settings.siamese import SiameseTraining, SiamFcTraining


def make_network(
    settings: SiameseTraining, seed: int = 0, *, load: bool = True
) -> SiamFcNet | SiamRpnNet:
    """Make the network of a Siamese tracker, on the CPU, in training mode, its backbone frozen.

    Args:
        settings: of its training.
        seed: of random weights.
        load: false leaves the backbone random, for a trained state that is read afterwards.

    Raises:
        DsltError: as the networks.
    """
    if isinstance(settings, SiamFcTraining):
        return SiamFcNet(settings, seed, load=load)
    return SiamRpnNet(settings, seed, load=load)
