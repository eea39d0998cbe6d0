"""`dslt track`: run one cell over sequences of an indexed benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click
from tqdm import tqdm

from dslt.data.index import load_index
from dslt.device import Device, limit_threads
from dslt.tracker_settings import parse_tracker, read_settings
from dslt.trackers.make import make_tracker
from dslt.trackers.run import run_tracker, write_run


@click.command()
@click.option("--cell", required=True, help="Name of the cell, for messages.")
@click.option("--settings", required=True, help="Resolved settings as JSON.")
@click.option("--index", required=True, type=click.Path(path_type=Path), help="Benchmark index.")
@click.option("--sequence", "names", multiple=True, help="Sequence; repeat. Default: all.")
@click.option("--seed", default=0, show_default=True)
@click.option("--threads", default=1, show_default=True, help="Threads of torch and OpenCV.")
@click.option("--device", type=click.Choice(get_args(Device)), default="auto", show_default=True)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the runs.")
def command(
    cell: str,
    settings: str,
    index: Path,
    names: tuple[str, ...],
    seed: int,
    threads: int,
    device: Device,
    out: Path,
) -> None:
    """Run one cell over sequences; three files per sequence."""
    limit_threads(threads)
    parsed = parse_tracker(read_settings(settings, cell), f"settings of cell {cell!r}")
    benchmark = load_index(index)
    for name in names or benchmark.names:
        sequence = benchmark.sequence(name)
        tracker = make_tracker(parsed, seed, device)
        with tqdm(total=len(sequence), desc=f"{cell} {name}", unit="frame") as bar:
            where = f"{index}, sequence {name}"
            run = run_tracker(tracker, sequence.frames, sequence.initial_box, where, bar.update)
        write_run(run, out, name)
