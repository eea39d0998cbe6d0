"""From settings to a tracker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslt.core.device import Device, choose_device
from dslt.core.errors import DsltError
from dslt.settings.registry import entry_of
from dslt.settings.tracker import TrackerSettings
from dslt.trackers.base import Tracker

if TYPE_CHECKING:
    from torch import nn


def make_tracker(
    settings: TrackerSettings,
    seed: int = 0,
    device: Device = "cpu",
    weights: Path | None = None,
) -> Tracker:
    """Make a tracker, as `prepare` does."""
    return prepare(settings, seed, device, weights)()


def prepare(
    settings: TrackerSettings,
    seed: int = 0,
    device: Device = "cpu",
    weights: Path | None = None,
) -> Callable[[], Tracker]:
    """Get ready to make trackers that are alike; they share a network that learnt offline.

    Args:
        settings: Typed settings.
        seed: Seed of everything random in them.
        device: Where they run; trackers of OpenCV always run on the CPU.
        weights: `model.pt` of `dslt train`, for the trackers that learn offline.

    Returns:
        A function that makes a new tracker.

    Raises:
        DsltError: The device is not there, weights are missing, or there is nothing to run.
    """
    entry = entry_of(settings)
    if not entry.tracker:
        folder = settings.results_of("{benchmark}", 0)
        raise DsltError(f"results of another tracker, {folder!r}, cannot be run")
    if not (entry.offline and settings.learnt):
        place = "cpu" if entry.learns == "never" else choose_device(device)
        return partial(start_tracker, settings, None, seed, place)
    from dslt.networks.saved import read_model

    if weights is None:
        raise DsltError(
            f"{settings.tracker}: no weights; give with --weights the file model.pt that "
            "`dslt train` wrote for these training settings"
        )
    net = read_model(weights, settings.learnt)
    return partial(start_tracker, settings, net, seed, choose_device(device))


def start_tracker(
    settings: TrackerSettings, net: nn.Module | None, seed: int = 0, device: str = "cpu"
) -> Tracker:
    """Make a tracker whose network, if it learns offline, is there already.

    Args:
        settings: Typed settings.
        net: Made with the same training settings; None for the other trackers.
        seed: Seed of everything random in it.
        device: Where it runs, a device of torch.

    Raises:
        DsltError: As the tracker.
    """
    entry = entry_of(settings)
    options: dict[str, Any] = {}
    if entry.learns != "never":
        options["device"] = device
    if entry.on_first_frame:
        options["seed"] = seed
    if entry.offline:
        options["net"] = net
    tracker: Tracker = entry.load("tracker")(settings, **options)
    return tracker
