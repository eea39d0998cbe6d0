"""From settings to a tracker."""

from __future__ import annotations

from dslt.device import Device, choose_device
from dslt.errors import DsltError
from dslt.tracker_settings import ExternalSettings, OpenCvSettings, TrackerSettings
from dslt.trackers.base import Tracker


def make_tracker(settings: TrackerSettings, seed: int = 0, device: Device = "cpu") -> Tracker:
    """Make a tracker.

    Args:
        settings: typed settings.
        seed: of everything random in it.
        device: where it runs; trackers of OpenCV always run on the CPU.

    Raises:
        DsltError: if the device is not there, weights are missing, or there is nothing to run.
    """
    if isinstance(settings, ExternalSettings):
        raise DsltError(f"results of another tracker, {settings.results!r}, cannot be run")
    if isinstance(settings, OpenCvSettings):
        from dslt.trackers.opencv import OpenCvTracker

        return OpenCvTracker(settings)
    from dslt.trackers.dslt import DsltTracker

    return DsltTracker(settings, seed, choose_device(device))
