"""Speeds of the networks of config/paper.yaml on this machine, as an entry of config/speeds.yaml.

    python speed/paper_scale.py --measure 60 --device cuda
    python speed/paper_scale.py --measure 20 --device cpu --cells config/cells.tsv

Every network is timed untrained: the steps of its last, slowest epoch on one procedural batch, and
its tracker on a made-up video of JPEG images, with and without their decoding; drawing of pairs
comes on top. The entry is printed as YAML; `dslt plan` computes hours from it, or from the options
that are printed below it.
"""

from __future__ import annotations

import datetime
import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import click
import numpy as np
import torch
import yaml
from streams import lockstep_speed, many_targets, rounded, stream_speed
from torch import nn
from training import Bench, training_of

from dslt.core.device import Device, choose_device, limit_threads
from dslt.networks.backbones.make import build
from dslt.networks.make import make_network
from dslt.settings.tracker import TrackerSettings
from dslt.study.cells import Cell, load_cells, resolve_settings
from dslt.study.cost.speeds import NetworkSpeed, Rate, TrackingSpeed
from dslt.track.lockstep import MOST, SIZE
from dslt.trackers.base import Tracker
from dslt.trackers.make import make_lanes, start_tracker
from dslt.trackers.stream import StreamTracker

ROOT = Path(__file__).parents[1]
TRACKERS = ROOT / "config" / "trackers"
FRAMES = 80  # of a video, at most


def changes(cell: Cell) -> str:
    """Write what an untrained cell changes in its preset; nothing where nothing is learnt."""
    learnt = cell.settings.learnt
    if learnt is None:
        return ""
    return f"training.backbone.name={learnt.backbone.name}; training.backbone.weights=random"


def measure_pairs(cell: Cell, seconds: float, device: str, batch: int | None) -> float:
    """Time the training of an untrained network; pairs per second."""
    training = training_of(cell.base, changes(cell))
    if batch is not None:
        batch = min(batch, training.schedule.batch)  # RT-MDNet's is of one video, fifty times
        smaller = f"training.schedule.batch={batch}; training.schedule.micro_batches=1"
        training = training_of(cell.base, f"{changes(cell)}; {smaller}")
    return Bench(training, workers=0, device=device).network(seconds)


def untrained(cell: Cell) -> tuple[TrackerSettings, nn.Module | None]:
    """Make a cell's settings and network with random weights, which cost what trained ones do."""
    settings = resolve_settings(cell.base, changes(cell), TRACKERS, cell.id)
    return settings, make_network(settings.learnt) if cell.offline and settings.learnt else None


def untrained_tracker(cell: Cell, device: str) -> Tracker:
    """Make a cell's tracker with random weights."""
    return start_tracker(*untrained(cell), device=device)


def measure_frames(cell: Cell, seconds: float, device: str) -> TrackingSpeed:
    """Time the tracker of an untrained network, one stream."""
    # Enough frames for a median; more as long as they are quick.
    frames, start = 5, time.perf_counter()
    while True:
        build.cache_clear()  # or the first frame would find its network compiled
        speed = stream_speed(untrained_tracker(cell, device), frames)
        if time.perf_counter() - start > seconds or frames >= FRAMES:
            return speed
        frames *= 4


def measure_lanes(
    cell: Cell, seconds: float, device: str, alone: TrackingSpeed
) -> dict[str, TrackingSpeed]:
    """Time an untrained network by CUDA graphs and in lockstep, as far as its tracker has them."""
    if not cell.entry.lanes:
        return {}
    maker = make_lanes(*untrained(cell), device=device)
    found = {}
    if cell.entry.graphs:
        found["graphs"] = stream_speed(StreamTracker(maker), FRAMES)
    # As many frames as are done in the time, by what a frame takes alone.
    count = MOST.get(device, 1)
    if not cell.entry.graphs:  # its targets learn one after the other: a block tells it all
        count = min(count, SIZE["cuda"])
    rate = found.get("graphs", alone).frames or 1
    frames = int(np.clip(seconds * rate / count, 3, FRAMES))
    found["lockstep"] = lockstep_speed(maker, device, many_targets(count, frames))
    return found


def measure(cell: Cell, seconds: float, device: str, batch: int | None) -> NetworkSpeed:
    """Time a cell's network in training, if it is trained offline, and in tracking."""
    pairs = measure_pairs(cell, seconds, device, batch) if cell.offline else None
    known = NetworkSpeed(
        preset=cell.base,
        pairs=None if pairs is None else rounded(pairs),
        precision=cell.offline.schedule.precision if cell.offline else "full",
    )
    alone = measure_frames(cell, seconds, device)
    more = measure_lanes(cell, seconds, device, alone)
    return known.model_copy(update=dict(alone) | more)


def spoken(speed: NetworkSpeed) -> dict[str, object]:
    """Leave out what was not measured."""
    unused = {"preset"} if speed.pairs else {"preset", "precision"}
    return {"preset": speed.preset, **speed.model_dump(exclude_none=True, exclude=unused)}


def networks(cells: Iterable[Cell]) -> dict[str, Cell]:
    """Map each network that runs to its first cell."""
    run = [cell for cell in cells if cell.benchmarks and cell.settings.speed_name]
    return {cell.settings.speed_name: cell for cell in reversed(run)}


def device_name(device: str, threads: int) -> str:
    """Name the device as an entry does."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(models or [device])[0]}, {'one core' if threads == 1 else f'{threads} threads'}"


@click.command()
@click.option("--measure", "seconds", type=float, default=60, show_default=True, help="Of each.")
@click.option("--batch", type=int, help="Pairs per step while measuring; default: the preset's.")
@click.option("--device", default="auto", show_default=True)
@click.option("--threads", default=1, show_default=True)
@click.option("--cells", "sheet", default=str(ROOT / "config" / "paper_cells.tsv"), help="Sheet.")
def main(seconds: float, batch: int | None, device: Device, threads: int, sheet: str) -> None:
    """Print an entry of config/speeds.yaml, then the same as options of `dslt plan`."""
    limit_threads(threads)
    place = choose_device(device)
    found = {}
    for name, cell in networks(load_cells(Path(sheet), TRACKERS).values()).items():
        found[name] = measure(cell, seconds, place, batch)
        click.echo(f"{name}: {found[name]!r}", err=True)
    entry = {
        "device": place,
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "speed/paper_scale.py", *sys.argv[1:]]),
        "networks": {name: spoken(speed) for name, speed in found.items()},
    }
    click.echo(yaml.safe_dump({device_name(place, threads): entry}, sort_keys=False, width=1000))
    for rate in get_args(Rate):
        known = {name: speed.measured(rate) for name, speed in found.items()}
        option = f"--{rate.replace('_', '-')}"
        click.echo(" ".join(f"{option} {name}={v:g}" for name, v in known.items() if v is not None))


if __name__ == "__main__":
    main()
