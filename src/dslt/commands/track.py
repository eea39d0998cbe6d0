"""`dslt track`: run one cell over sequences of an indexed benchmark."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
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
    STATES,
    THREADS,
    WEIGHTS,
    SpreadCommand,
)
from dslt.core.device import Device, choose_device, limit_threads
from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError, atomic_write
from dslt.core.fingerprint import code_of
from dslt.core.jsonfile import parse_json
from dslt.core.parts import Parts
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.data.sequences.frames import FrameSource
from dslt.settings.protocols import Protocol, VotProtocol, parse_protocol
from dslt.settings.registry import entry_of, parse_tracker
from dslt.track.identity import contents_to_keep, parts_of
from dslt.track.one_pass import run_tracker, write_run
from dslt.track.supervised import run_supervised, write_supervised_run
from dslt.trackers.base import Tracker
from dslt.trackers.make import prepare

WRITTEN = ("training.csv", "csv", "txt")
"""Suffixes of the files of a sequence; where the last one is, the rest is."""


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
@STATES
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
    states: Path | None,
    out: Path,
) -> None:
    """Run one cell over sequences; three files per sequence.

    A sequence that cannot be tracked does not keep the others from it.
    """
    limit_threads(threads)
    where = f"settings of cell {cell!r}"
    parsed = parse_tracker(parse_json(settings, where), where)
    option = "--protocol-definition"
    protocol = parse_protocol(parse_json(definition, option), option) if definition else None
    benchmark = load_index(index)
    make = prepare(parsed, seed, device, weights)
    entry = entry_of(parsed)
    chosen = names or benchmark.names
    _check_out(out, chosen)
    parts = parts_of(
        states,
        parsed,
        parsed.learnt,
        weights,
        cell=cell,
        benchmark=benchmark.benchmark,
        device="cpu" if entry.learns == "never" else choose_device(device),
        protocol=definition,
        seed=seed,
        threads=threads,
        code=code_of(__name__, *entry.modules("tracker", "network")),
    )
    unit = _Unit(cell, benchmark, str(index), make, protocol, parts, out)
    for name in chosen:
        with parts.attempt(name):
            unit.do(name)
    parts.check()
    parts.clear()


def _check_out(out: Path, names: Iterable[str]) -> None:
    """Refuse to write over boxes that have no records of ours beside them, such as annotations.

    Raises:
        DsltError: Naming such a file.
    """
    *records, boxes = WRITTEN
    for name in names:
        there = out / f"{name}.{boxes}"
        if there.exists() and not all((out / f"{name}.{kind}").exists() for kind in records):
            raise DsltError(
                f"{there}: is there already, without the {name}.{records[-1]} that would show that"
                " dslt track wrote it; choose another --out, or move it"
            )


@dataclass(frozen=True)
class _Unit:
    """The sequences of one job.

    Attributes:
        cell: Name of the cell.
        benchmark: Where the sequences are from.
        where: Its file, for errors.
        make: Makes a fresh tracker.
        protocol: How they are run; None: in one pass.
        parts: What is done of them.
        out: Folder of their files.
    """

    cell: str
    benchmark: BenchmarkIndex
    where: str
    make: Callable[[], Tracker]
    protocol: Protocol | None
    parts: Parts
    out: Path

    def do(self, name: str) -> None:
        """Run one sequence and write what comes of it, or write what came of it before."""
        entry = self.benchmark.entry(name)
        contents = contents_to_keep(self.parts, entry)
        done = self.parts.read(name, contents)
        if done is not None:
            click.echo(f"{self.cell} {name}: kept from a run that was broken off", err=True)
            for file, content in done.items():
                with atomic_write(self.out / file) as temporary:
                    temporary.write_bytes(content)
            return
        frames = self.benchmark.sequence(name).frames
        with tqdm(total=entry.frames, desc=f"{self.cell} {name}", unit="frame") as bar:
            try:
                self._run(entry, frames, bar.update)
            except NotWrittenError:
                raise
            except DsltError as error:
                raise DsltError(f"frame {bar.n}: {error}") from error
        files = [f"{name}.{suffix}" for suffix in WRITTEN]
        self.parts.keep(name, contents, {file: (self.out / file).read_bytes() for file in files})

    def _run(self, entry: IndexEntry, frames: FrameSource, progress: Callable[[], object]) -> None:
        """Run one sequence as the protocol says, and write what comes of it."""
        where = f"{self.where}, sequence {entry.name}"
        if isinstance(self.protocol, VotProtocol):
            run = run_supervised(self.make, frames, entry, self.protocol, where, progress)
            write_supervised_run(run, self.out, entry.name)
        else:
            passed = run_tracker(self.make(), frames, entry.boxes()[0], where, progress)
            write_run(passed, self.out, entry.name)
