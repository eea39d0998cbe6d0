"""From a trained network to its tracker."""

from __future__ import annotations

from dslt.networks.siamfc import SiamFcNet
from dslt.networks.siamrpn import SiamRpnNet
from dslt.settings.siamese import SiamFcSettings
from dslt.settings.trackers import SiameseSettings
from dslt.trackers.siamfc import SiamFcTracker
from dslt.trackers.siamrpn import SiamRpnTracker


def siamese_tracker(
    settings: SiameseSettings, net: SiamFcNet | SiamRpnNet, device: str = "cpu"
) -> SiamFcTracker | SiamRpnTracker:
    """Make the tracker of a network.

    Args:
        settings: of the tracker.
        net: made with the same training settings.
        device: where it runs.

    Raises:
        DsltError: the search region has a side that does not fit the network.
    """
    if isinstance(settings, SiamFcSettings):
        assert isinstance(net, SiamFcNet)
        return SiamFcTracker(settings, net, device)
    assert isinstance(net, SiamRpnNet)
    return SiamRpnTracker(settings, net, device)
