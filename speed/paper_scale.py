"""Speeds of the networks of config/paper.yaml on this machine, as an entry of config/speeds.yaml.

    python speed/paper_scale.py --measure 60 --device cuda
    python speed/paper_scale.py --measure 20 --device cpu --cells config/cells.tsv

Every network is timed untrained: the steps of its last, slowest epoch on one procedural batch, and
its tracker on a made-up video; so drawing of pairs and decoding of frames come on top. The entry is
printed as YAML; `dslt plan` computes hours from it, or from the options that are printed below it.
"""

from __future__ import annotations

import datetime
import shlex
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import click
import numpy as np
import torch
import yaml
from training import Bench, training_of

from dslt.core.device import Device, choose_device, limit_threads
from dslt.data.pairs.heldout import heldout
from dslt.networks.backbones.make import build
from dslt.networks.make import make_network
from dslt.study.cells import Cell, load_cells, resolve_settings
from dslt.study.cost.speeds import NetworkSpeed
from dslt.track.one_pass import run_tracker
from dslt.trackers.base import Tracker
from dslt.trackers.make import start_tracker

ROOT = Path(__file__).parents[1]
TRACKERS = ROOT / "config" / "trackers"


def changes(cell: Cell) -> str:
    """Write what an untrained cell changes in its preset; nothing where nothing is learnt."""
    learnt = cell.settings.learnt
    if learnt is None:
        return ""
    return f"training.backbone.name={learnt.backbone.name}; training.backbone.weights=random"


def measure_pairs(cell: Cell, seconds: float, device: str, batch: int | None) -> float:
    """Time the training of an untrained network; pairs per second."""
    words = [changes(cell)]
    if batch is not None:
        words += [f"training.schedule.batch={batch}", "training.schedule.micro_batches=1"]
    training = training_of(cell.base, "; ".join(words))
    return Bench(training, workers=0, device=device).network(seconds)


def untrained_tracker(cell: Cell, device: str) -> Tracker:
    """Make a cell's tracker with random weights, which cost what trained ones do."""
    settings = resolve_settings(cell.base, changes(cell), TRACKERS, cell.id)
    net = make_network(settings.learnt) if cell.offline and settings.learnt else None
    return start_tracker(settings, net, device=device)


def measure_frames(cell: Cell, seconds: float, device: str) -> tuple[float, float]:
    """Time the tracker of an untrained network; seconds of the first frame, frames per second."""
    # Enough frames for a median; more as long as they are quick.
    frames, start = 5, time.perf_counter()
    while True:
        build.cache_clear()  # or the first frame would find its network compiled
        tracker = untrained_tracker(cell, device)
        (sequence,) = heldout(1, 0, frames, 0)
        run = run_tracker(tracker, sequence.frames, sequence.initial_box, cell.id)
        if time.perf_counter() - start > seconds or frames >= 80:
            return float(run.seconds[0]), float(1 / np.median(run.seconds[1:]))
        frames *= 4


def measure(cell: Cell, seconds: float, device: str, batch: int | None) -> NetworkSpeed:
    """Time a cell's network in training, if it is trained offline, and in tracking."""
    pairs = measure_pairs(cell, seconds, device, batch) if cell.offline else None
    first, frames = measure_frames(cell, seconds, device)
    return NetworkSpeed(
        preset=cell.base,
        pairs=None if pairs is None else rounded(pairs),
        precision=cell.offline.schedule.precision if cell.offline else "full",
        frames=rounded(frames),
        first=rounded(first),
    )


def rounded(value: float) -> float:
    """Keep three digits."""
    return float(f"{value:.3g}")


def spoken(speed: NetworkSpeed) -> dict[str, object]:
    """Leave out what was not measured."""
    unused = set() if speed.pairs else {"precision"}
    return speed.model_dump(exclude_none=True, exclude=unused)


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
    for rate in ("pairs", "frames", "first"):
        known = {name: getattr(speed, rate) for name, speed in found.items()}
        click.echo(" ".join(f"--{rate} {name}={v:g}" for name, v in known.items() if v is not None))


if __name__ == "__main__":
    main()
