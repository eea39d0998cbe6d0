"""From settings to a tracker."""

from __future__ import annotations

from pathlib import Path

from dslt.core.device import Device, choose_device
from dslt.core.errors import DsltError
from dslt.settings.dslt import DsltSettings
from dslt.settings.trackers import (
    ExternalSettings,
    OpenCvSettings,
    SiameseSettings,
    TrackerSettings,
)
from dslt.trackers.base import Tracker


def make_tracker(
    settings: TrackerSettings,
    seed: int = 0,
    device: Device = "cpu",
    weights: Path | None = None,
) -> Tracker:
    """Make a tracker.

    Args:
        settings: typed settings.
        seed: of everything random in it.
        device: where it runs; trackers of OpenCV always run on the CPU.
        weights: `model.pt` of `dslt train`, for the trackers that learn offline.

    Raises:
        DsltError: if the device is not there, weights are missing, or there is nothing to run.
    """
    if isinstance(settings, ExternalSettings):
        raise DsltError(f"results of another tracker, {settings.results!r}, cannot be run")
    if isinstance(settings, OpenCvSettings):
        from dslt.trackers.opencv import OpenCvTracker

        return OpenCvTracker(settings)
    if isinstance(settings, DsltSettings):
        from dslt.trackers.dslt import DsltTracker

        return DsltTracker(settings, seed, choose_device(device))
    return _siamese(settings, choose_device(device), weights)


def _siamese(settings: SiameseSettings, device: str, weights: Path | None) -> Tracker:
    """Make a Siamese tracker with trained weights."""
    from dslt.networks.saved import read_model
    from dslt.trackers.siamese import siamese_tracker

    if weights is None:
        raise DsltError(
            f"{settings.tracker}: no weights; give with --weights the file model.pt that "
            "`dslt train` wrote for these training settings"
        )
    return siamese_tracker(settings, read_model(weights, settings.training), device)
