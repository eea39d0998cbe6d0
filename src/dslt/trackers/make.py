"""From settings to a tracker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslt.core.device import Device, choose_device
from dslt.core.errors import DsltError
from dslt.settings.registry import entry_of, require
from dslt.settings.tracker import TrackerSettings
from dslt.trackers.base import Tracker

if TYPE_CHECKING:
    from torch import nn

    from dslt.trackers.lanes import LaneMaker


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
    place, net = _ready(settings, device, weights)
    return partial(start_tracker, settings, net, seed, place)


def prepare_lanes(
    settings: TrackerSettings,
    seed: int = 0,
    device: Device = "cpu",
    weights: Path | None = None,
    *,
    coarse: bool = False,
) -> LaneMaker:
    """Get ready to run targets of one tracker in lockstep; the other arguments as `prepare`.

    Args:
        settings: Typed settings.
        seed: Seed of everything random in them.
        device: Where they run.
        weights: `model.pt` of `dslt train`, for the trackers that learn offline.
        coarse: See `LaneMaker`.

    Raises:
        DsltError: As `prepare`, or the tracker has no lanes, or the device no float64.
    """
    require(settings, lambda entry: entry.lanes, "lockstep", "runs one sequence at a time")
    place, net = _ready(settings, device, weights)
    if place == "mps":
        raise DsltError(
            "lockstep and graphs compute in float64, which mps does not have; give --device cpu, or"
            " run one sequence by itself"
        )
    return make_lanes(settings, net, seed, place, coarse=coarse)


def prepare_stream(
    settings: TrackerSettings,
    seed: int = 0,
    device: Device = "cpu",
    weights: Path | None = None,
) -> Callable[[], Tracker]:
    """Get ready to make trackers of one stream each, by CUDA graphs; as `prepare`.

    Raises:
        DsltError: As `prepare_lanes`, or the host decides something within a frame.
    """
    lacks = "decides on the host within a frame"
    require(settings, lambda entry: entry.lanes and entry.graphs, "graphs", lacks)
    from dslt.trackers.stream import StreamTracker

    return partial(StreamTracker, prepare_lanes(settings, seed, device, weights))


def _ready(
    settings: TrackerSettings, device: Device, weights: Path | None
) -> tuple[str, nn.Module | None]:
    """Choose the device, and read the network that learnt offline, if there is one."""
    entry = entry_of(settings)
    if not entry.tracker:
        folder = settings.results_of("{benchmark}", 0)
        raise DsltError(f"results of another tracker, {folder!r}, cannot be run")
    if not (entry.offline and settings.learnt):
        return "cpu" if entry.learns == "never" else choose_device(device), None
    from dslt.networks.saved import read_model

    if weights is None:
        raise DsltError(
            f"{settings.tracker}: no weights; give with --weights the file model.pt that "
            "`dslt train` wrote for these training settings"
        )
    net = read_model(weights, settings.learnt)
    return choose_device(device), net


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
    options = _options(settings, net, seed, device)
    tracker: Tracker = entry_of(settings).load("tracker")(settings, **options)
    return tracker


def make_lanes(
    settings: TrackerSettings,
    net: nn.Module | None,
    seed: int = 0,
    device: str = "cpu",
    *,
    coarse: bool = False,
) -> LaneMaker:
    """Make what makes the lanes of a tracker; as `start_tracker` and `prepare_lanes`."""
    options = _options(settings, net, seed, device)
    maker: LaneMaker = entry_of(settings).load("lanes")(settings, **options, coarse=coarse)
    return maker


def _options(
    settings: TrackerSettings, net: nn.Module | None, seed: int, device: str
) -> dict[str, Any]:
    """Name what a tracker of this kind is called with, beside its settings."""
    entry = entry_of(settings)
    options: dict[str, Any] = {}
    if entry.learns != "never":
        options["device"] = device
    if entry.on_first_frame:
        options["seed"] = seed
    if entry.offline:
        options["net"] = net
    return options
