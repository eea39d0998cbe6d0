"""What the study of config/paper.yaml costs: pairs, frames, hours and disk.

    python benchmarks/paper_scale.py                                   amounts only
    python benchmarks/paper_scale.py --measure 60 --device cuda        hours on this machine
    python benchmarks/paper_scale.py --pairs alexnet=1000 --frames alexnet=100

Networks are named by their backbones. `--measure` times every network without `--pairs` or
`--frames`, untrained: the steps of its last, slowest epoch on one procedural batch, and its tracker
on a made-up video. Hours are amounts over rates, nothing else: decoding of frames and waiting for
pairs come on top. Disk is that of the archives, where their hosts say it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import numpy as np
import yaml
from training import Bench, training_of

from dslt.cells import Cell, apply_overrides, load_cells, load_presets
from dslt.data.pairs.heldout import heldout
from dslt.device import Device, choose_device, limit_threads
from dslt.dslt_settings import DsltSettings
from dslt.settings import merge
from dslt.siamese.make import make_network
from dslt.siamese_settings import SiamFcSettings, SiamRpnSettings
from dslt.tracker_settings import parse_tracker
from dslt.trackers.base import Tracker
from dslt.trackers.dslt import DsltTracker
from dslt.trackers.run import run_tracker
from dslt.trackers.siamese import siamese_tracker

ROOT = Path(__file__).parents[1]
TRACKERS = ROOT / "config" / "trackers"
# Sequences and frames that are scored; VOT restarts trackers and skips a few frames after failures.
BENCHMARKS = {
    "OTB-2013": (51, 29_486),
    "OTB-2015": (100, 59_035),
    "UAV123": (123, 112_578),
    "LaSOT": (280, 685_360),
    "VOT-2016": (60, 21_455),
    "VOT-2018": (60, 21_356),
}
# Gigabytes (10^9 bytes); None: the host does not say.
DISK: dict[str, float | None] = {
    "OTB-2015": None,
    "UAV123": 14,
    "LaSOT": 240,
    "VOT-2016": None,
    "VOT-2018": None,
    "vid": 92,
    "det": 49,
    "coco": 18,
    "youtube_bb": 400,
    "got10k": None,
}
SAME_FILES = {"OTB-2013": "OTB-2015", "vid_trainval": "vid"}


@dataclass(frozen=True)
class Rates:
    """What is known of each network.

    Attributes:
        pairs: training pairs per second.
        frames: frames per second after the first one.
        first: seconds of the first frame.
    """

    pairs: dict[str, float]
    frames: dict[str, float]
    first: dict[str, float]


def paper_cells() -> list[Cell]:
    """Read the cells of the paper's study."""
    files = (ROOT / "config.yaml", ROOT / "config" / "paper.yaml")
    default, overlay = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in files)
    return list(load_cells(ROOT / merge(default, overlay)["cells"], TRACKERS).values())


def network(cell: Cell) -> str:
    """Name the network of a cell."""
    assert isinstance(cell.settings, DsltSettings | SiamFcSettings | SiamRpnSettings)
    return cell.settings.training.backbone.name


def is_offline(cell: Cell) -> bool:
    """Tell whether a cell is trained before it tracks."""
    return isinstance(cell.settings, SiamFcSettings | SiamRpnSettings)


def pairs_of(cell: Cell) -> int:
    """Count the training pairs of one run."""
    assert isinstance(cell.settings, SiamFcSettings | SiamRpnSettings)
    training = cell.settings.training
    return training.pairs.per_epoch * training.schedule.epochs


# ---------------------------------------------------------------------- measuring


def measure_pairs(cell: Cell, seconds: float, device: str, batch: int | None) -> float:
    """Time the training of an untrained network; pairs per second."""
    changes = ["training.backbone.weights=random"]
    if batch is not None:
        changes += [f"training.schedule.batch={batch}", "training.schedule.micro_batches=1"]
    training = training_of(cell.base, "; ".join(changes))
    return Bench(training, workers=0, device=device).network(seconds)


def untrained_tracker(cell: Cell, device: str) -> Tracker:
    """Make a cell's tracker with random weights, which cost what trained ones do."""
    name, _, preset = cell.base.partition("/")
    values = load_presets(TRACKERS / f"{name}.yaml")[preset]
    changes = f"training.backbone.name={network(cell)}; training.backbone.weights=random"
    settings = parse_tracker(apply_overrides(values, changes, cell.id), cell.id)
    if isinstance(settings, DsltSettings):
        return DsltTracker(settings, 0, device)
    assert isinstance(settings, SiamFcSettings | SiamRpnSettings)
    return siamese_tracker(settings, make_network(settings.training), device)


def measure_frames(cell: Cell, seconds: float, device: str) -> tuple[float, float]:
    """Time the tracker of an untrained network; seconds of the first frame, frames per second."""
    tracker = untrained_tracker(cell, device)
    # Enough frames for a median; more as long as they are quick.
    frames, start = 5, time.perf_counter()
    while True:
        (sequence,) = heldout(1, 0, frames, 0)
        run = run_tracker(tracker, sequence.frames, sequence.initial_box, cell.id)
        if time.perf_counter() - start > seconds or frames >= 80:
            return float(run.seconds[0]), float(1 / np.median(run.seconds[1:]))
        frames *= 4


def measure(
    cells: Sequence[Cell], rates: Rates, seconds: float, device: str, batch: int | None
) -> None:
    """Fill in the rates that were not given, network by network."""
    for cell in {network(cell): cell for cell in reversed(cells)}.values():
        name = network(cell)
        if is_offline(cell) and name not in rates.pairs:
            rates.pairs[name] = measure_pairs(cell, seconds, device, batch)
        if name not in rates.frames:
            rates.first[name], rates.frames[name] = measure_frames(cell, seconds, device)


# ---------------------------------------------------------------------- tables


def hours(amount: float, rate: float | None, extra: float = 0.0) -> str:
    """Say how long an amount takes; empty without a rate."""
    return "" if rate is None else f"{(amount / rate + extra) / 3600:,.0f}"


def table(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a Markdown table."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines) + "\n"


def training_table(cells: Sequence[Cell], rates: dict[str, float]) -> str:
    """Group the trainings by preset; cells with the same training are trained once."""
    once = {cell.training_json(): cell for cell in reversed(cells) if is_offline(cell)}
    by_base: dict[str, list[Cell]] = {}
    for cell in reversed(list(once.values())):
        by_base.setdefault(cell.base, []).append(cell)
    rows, total = [], 0.0
    for base, group in by_base.items():
        runs = sum(len(cell.seeds) for cell in group)
        pairs, name = pairs_of(group[0]), network(group[0])
        rate = rates.get(name)
        total += runs * pairs / rate if rate else 0.0
        one, every = hours(pairs, rate), hours(runs * pairs, rate)
        rows.append((base, name, runs, f"{pairs / 1e6:.2f}", one, every))
    if rates:
        rows.append(("all", "", sum(int(row[2]) for row in rows), "", "", hours(total, 1.0)))
    titles = ("preset", "network", "trainings", "10^6 pairs of one", "hours of one", "hours of all")
    return table(titles, rows)


def tracking_table(cells: Sequence[Cell], rates: Rates) -> str:
    """Group the runs by network and benchmark."""
    runs: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        for benchmark in cell.benchmarks:
            runs[network(cell), benchmark] += len(cell.seeds)
    rows, total = [], 0.0
    for (name, benchmark), count in runs.items():
        sequences, frames = BENCHMARKS[benchmark]
        rate, start = rates.frames.get(name), sequences * rates.first.get(name, 0.0)
        total += count * (frames / rate + start) if rate else 0.0
        one, every = hours(frames, rate, start), hours(count * frames, rate, count * start)
        rows.append((name, benchmark, count, f"{frames:,}", one, every))
    if rates.frames:
        rows.append(("all", "", sum(runs.values()), "", "", hours(total, 1.0)))
    titles = ("network", "benchmark", "runs", "frames of one", "hours of one", "hours of all")
    return table(titles, rows)


def disk_table(cells: Sequence[Cell]) -> str:
    """List what has to lie on the disk."""
    used = dict.fromkeys(name for cell in cells for name in cell.benchmarks)
    for cell in cells:
        if isinstance(cell.settings, SiamFcSettings | SiamRpnSettings):
            used |= dict.fromkeys(cell.settings.training.pairs.sources)
    files = dict.fromkeys(SAME_FILES.get(name, name) for name in used)
    stated = {name: size for name in files if (size := DISK[name]) is not None}
    rows = [(name, stated.get(name, "not stated")) for name in files]
    return table(("data", "GB"), [*rows, ("all that is stated", sum(stated.values()))])


def rates_of(texts: Sequence[str]) -> dict[str, float]:
    """Read `NETWORK=NUMBER` options."""
    try:
        return {name: float(rate) for name, rate in (text.split("=") for text in texts)}
    except ValueError:
        raise click.UsageError(f"{' '.join(texts)}: expected NETWORK=NUMBER") from None


@click.command()
@click.option("--pairs", multiple=True, metavar="NETWORK=RATE", help="Training, pairs per second.")
@click.option("--frames", multiple=True, metavar="NETWORK=RATE", help="Tracking, frames/s.")
@click.option("--first", multiple=True, metavar="NETWORK=S", help="Seconds of the first frame.")
@click.option("--measure", "seconds", type=float, help="Time what is not given, so long each.")
@click.option("--batch", type=int, help="Pairs per step while measuring; default: the preset's.")
@click.option("--device", default="auto", show_default=True)
@click.option("--threads", default=1, show_default=True)
def main(
    pairs: tuple[str, ...],
    frames: tuple[str, ...],
    first: tuple[str, ...],
    seconds: float | None,
    batch: int | None,
    device: Device,
    threads: int,
) -> None:
    """Print the tables of docs/paper_scale.md."""
    rates = Rates(rates_of(pairs), rates_of(frames), rates_of(first))
    every = paper_cells()
    cells = [cell for cell in every if cell.benchmarks]
    if seconds is not None:
        limit_threads(threads)
        place = choose_device(device)
        measure(cells, rates, seconds, place, batch)
        click.echo(f"on {place}, {threads} threads, as options:")
        for option, found in asdict(rates).items():
            click.echo(" ".join(f"--{option} {name}={rate:.3g}" for name, rate in found.items()))
    others = [cell.id for cell in every if not cell.benchmarks]
    click.echo(f"\nNot counted, for they run on no benchmark: {', '.join(others)}\n")
    click.echo(training_table(cells, rates.pairs))
    click.echo(tracking_table(cells, rates))
    click.echo(disk_table(cells))


if __name__ == "__main__":
    main()
