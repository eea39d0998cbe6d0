"""`dslt track`: run one cell over sequences of an indexed benchmark."""

from collections.abc import Callable
from pathlib import Path

import click
from tqdm import tqdm

from dslt.commands.options import (
    CELL,
    DEVICE,
    ENGINE,
    INDEX,
    PATH,
    SEED,
    THREADS,
    WEIGHTS,
    SpreadCommand,
)
from dslt.core.device import Device, limit_threads
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.settings.protocols import Protocol, VotProtocol, parse_protocol
from dslt.settings.registry import parse_tracker
from dslt.track.one_pass import run_tracker, write_run
from dslt.track.supervised import run_supervised, write_supervised_run
from dslt.trackers.base import Tracker
from dslt.trackers.make import prepare


@click.command(cls=SpreadCommand)
@CELL
@click.option("--settings", required=True, help="Resolved settings as JSON.")
@INDEX
@click.option("--sequence", "names", multiple=True, help="Sequence; repeat. Default: all.")
@SEED
@THREADS
@DEVICE
@ENGINE
@click.option(
    "--protocol-definition",
    "definition",
    help="Protocol as JSON: one of kind vot starts a lost tracker again. Default: one pass.",
)
@WEIGHTS
@click.option("--out", required=True, type=PATH, help="Folder of the runs.")
def command(
    cell: str,
    settings: str,
    index: Path,
    names: tuple[str, ...],
    seed: int,
    threads: int,
    device: Device,
    definition: str | None,
    weights: Path | None,
    out: Path,
) -> None:
    """Run one cell over sequences; three files per sequence."""
    limit_threads(threads)
    where = f"settings of cell {cell!r}"
    parsed = parse_tracker(parse_json(settings, where), where)
    option = "--protocol-definition"
    protocol = parse_protocol(parse_json(definition, option), option) if definition else None
    benchmark = load_index(index)
    make = prepare(parsed, seed, device, weights)
    for name in names or benchmark.names:
        with tqdm(total=benchmark.entry(name).frames, desc=f"{cell} {name}", unit="frame") as bar:
            _run(benchmark, name, make, protocol, out, f"{index}, sequence {name}", bar.update)


def _run(
    benchmark: BenchmarkIndex,
    name: str,
    make: Callable[[], Tracker],
    protocol: Protocol | None,
    out: Path,
    where: str,
    progress: Callable[[], object],
) -> None:
    """Run one sequence as the protocol says, and write what comes of it."""
    sequence = benchmark.sequence(name)
    if isinstance(protocol, VotProtocol):
        target = benchmark.entry(name)
        run = run_supervised(make, sequence.frames, target, protocol, where, progress)
        write_supervised_run(run, out, name)
    else:
        passed = run_tracker(make(), sequence.frames, sequence.initial_box, where, progress)
        write_run(passed, out, name)
