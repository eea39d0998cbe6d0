"""From settings to a network."""

from dslt.networks.base import TrainedNet
from dslt.settings.registry import entry_of
from dslt.settings.tracker import TrainingSettings


def make_network(settings: TrainingSettings, seed: int = 0, *, load: bool = True) -> TrainedNet:
    """Make the network of a tracker that learns offline, on the CPU, its backbone frozen.

    Args:
        settings: Its training settings.
        seed: Seed of random weights.
        load: False leaves the backbone random, for a trained state that is read afterwards.

    Raises:
        DsltError: As the networks.
    """
    network: TrainedNet = entry_of(settings).load("network")(settings, seed, load=load)
    return network
