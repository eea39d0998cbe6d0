"""`dslt track`: run one cell over sequences of an indexed benchmark."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, get_args

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
from dslt.core.device import Device, LockstepName, choose_device, choose_lockstep, limit_threads
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.fingerprint import code_of
from dslt.core.jsonfile import parse_json
from dslt.core.parts import Parts
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.settings.protocols import Protocol, VotProtocol, parse_protocol
from dslt.settings.registry import entry_of, parse_tracker
from dslt.track.identity import contents_to_keep, parts_of
from dslt.track.lockstep import FRAME, SIZE, SequenceJob, choose_lanes, run_lockstep
from dslt.track.one_pass import Course, TrackerRun, alone, one_pass, write_run
from dslt.track.supervised import SupervisedRun, supervised, write_supervised_run
from dslt.track.team import Team
from dslt.trackers.base import Tracker
from dslt.trackers.lanes import LaneMaker
from dslt.trackers.make import prepare, prepare_lanes, prepare_stream

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
@click.option(
    "--lockstep",
    type=click.Choice(get_args(LockstepName)),
    default="auto",
    show_default=True,
    help="Whether sequences advance together; `lockstep` of config.yaml.",
)
@click.option("--lanes", type=click.IntRange(1), help="Most at a time. Default: by free memory.")
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
    lockstep: LockstepName,
    lanes: int | None,
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
    entry = entry_of(parsed)
    place = "cpu" if entry.learns == "never" else choose_device(device)
    together = choose_lockstep(lockstep, place, bool(entry.lanes), entry.graphs)
    chosen = names or benchmark.names
    click.echo(f"{cell}: on {place}, lockstep {together}", err=True)
    _check_out(out, chosen)
    parts = parts_of(
        states,
        parsed,
        parsed.learnt,
        weights,
        cell=cell,
        benchmark=benchmark.benchmark,
        device=place,
        protocol=definition,
        seed=seed,
        threads=threads,
        lockstep=together,
        code=code_of(__name__, *entry.modules("tracker", "network", "lanes")),
    )
    unit = _Unit(cell, benchmark, str(index), protocol, parts, out)
    if together in ("never", "graphs"):
        ready = prepare if together == "never" else prepare_stream
        make = ready(parsed, seed, device, weights)
        for name in chosen:
            with parts.attempt(name):
                unit.do(name, make)
    else:
        maker = prepare_lanes(parsed, seed, device, weights, coarse=together == "coarse")
        unit.do_together(chosen, maker, place, lanes)
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
        protocol: How they are run; None: in one pass.
        parts: What is done of them.
        out: Folder of their files.
        contents: What a sequence is made of, summed up before it is run.
    """

    cell: str
    benchmark: BenchmarkIndex
    where: str
    protocol: Protocol | None
    parts: Parts
    out: Path
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def do(self, name: str, make: Callable[[], Tracker]) -> None:
        """Run one sequence and write what comes of it, or write what came of it before."""
        if self._is_kept(name):
            return
        with self._bar(name, self.benchmark.entry(name).frames) as bar:
            course = self._course(name, bar.update)
            try:
                run = alone(course, make)
            except DsltError as error:
                raise DsltError(f"frame {bar.n}: {error}") from error
        self._write(name, run)

    def do_together(
        self, names: Iterable[str], maker: LaneMaker, device: str, lanes: int | None
    ) -> None:
        """Run sequences in lockstep; each is written as soon as it is done."""
        left = []
        for name in names:
            with self.parts.attempt(name):
                left += [] if self._is_kept(name) else [name]
        if not left:
            return
        entries = [self.benchmark.entry(name) for name in left]
        boxes = {entry.name: entry.boxes()[0] for entry in entries}
        frame = max(3 * entry.size[0] * entry.size[1] if entry.size else FRAME for entry in entries)
        lanes = choose_lanes(lanes, maker, boxes.values(), device, frame)
        click.echo(f"{self.cell}: {len(left)} sequences in lockstep, {lanes} at a time", err=True)
        done = dict.fromkeys(left, 0)
        with self._bar("in lockstep", sum(entry.frames for entry in entries)) as bar:

            def count(name: str) -> None:
                done[name] += 1
                bar.update()

            jobs = [
                SequenceJob(
                    entry.name,
                    partial(self._course, entry.name, partial(count, entry.name)),
                    boxes[entry.name],
                    entry.frames,
                )
                for entry in entries
            ]
            for name, run in run_lockstep(jobs, Team(maker, SIZE.get(device, 1)), lanes):
                with self.parts.attempt(name):
                    if isinstance(run, DsltError):
                        raise DsltError(f"frame {done[name]}: {run}") from run
                    self._write(name, run)

    def _bar(self, what: str, frames: int) -> "tqdm[NoReturn]":
        """Make a bar."""
        return tqdm(total=frames, desc=f"{self.cell} {what}", unit="frame")

    def _is_kept(self, name: str) -> bool:
        """Write what came of a sequence before, if it was done."""
        contents = contents_to_keep(self.parts, self.benchmark.entry(name))
        self.contents[name] = contents
        done = self.parts.read(name, contents)
        if done is None:
            return False
        click.echo(f"{self.cell} {name}: kept from a run that was broken off", err=True)
        for file, content in done.items():
            with atomic_write(self.out / file) as temporary:
                temporary.write_bytes(content)
        return True

    def _course(self, name: str, progress: Callable[[], object]) -> Course[TrackerRun]:
        """Open the course of one sequence, as the protocol says."""
        entry, frames = self.benchmark.entry(name), self.benchmark.sequence(name).frames
        where = f"{self.where}, sequence {name}"
        if isinstance(self.protocol, VotProtocol):
            return supervised(frames, entry, self.protocol, where, progress)
        return one_pass(frames, entry.boxes()[0], where, progress)

    def _write(self, name: str, run: TrackerRun) -> None:
        """Write what came of a sequence, and keep it."""
        write: Any = write_supervised_run if isinstance(run, SupervisedRun) else write_run
        write(run, self.out, name)
        files = [f"{name}.{suffix}" for suffix in WRITTEN]
        contents = self.contents[name]
        self.parts.keep(name, contents, {file: (self.out / file).read_bytes() for file in files})
