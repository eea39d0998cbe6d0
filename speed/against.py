"""This version beside another one of the project, in alternating runs of one thread.

    git worktree add ../before 3ce417e
    python speed/against.py --before ../before --root FOLDER_OF_SEQUENCES --sequence Deer
    python speed/against.py --before ../before --root FOLDER --tracker opencv/csrt --engine torch
    python speed/against.py --before ../before --training

Each run is a process of its own, `dslt track` or the training script of that version, in this
environment, with the settings of today: the other one must know their keys, which DSLT of 497a745
and before does not. Trackers that learn offline get random weights. Of each tracker it prints,
before and now, the frames/s after the first frame and the seconds of the first one (tracking alone,
the fastest of the rounds), CPU seconds and memory of the process, and how far the boxes are apart.
Machines differ and are shared: compare what stands in one row.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import pandas as pd

from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import write_index
from dslt.geometry.boxes import read_boxes
from dslt.networks.make import make_network
from dslt.networks.saved import write_model
from dslt.settings.identity import identify
from dslt.settings.registry import entry_of
from dslt.study.cells import resolve_settings

ROOT = Path(__file__).parents[1]
TRACKERS = (
    "dslt/lite",
    "dslt/paper",
    "siamfc/lite",
    "siamfc/paper",
    "siamrpn/pysot",
    "siamrpn/pp_pysot",
)
RATE = re.compile(r"(\w+) ([\d.]+) pairs/s")


@dataclass(frozen=True)
class Run:
    """What one process took.

    Attributes:
        frame: Median seconds of a frame after the first.
        first: Seconds of the first frame.
        cpu: CPU seconds of the process.
        memory: Its largest memory, MB.
        boxes: The boxes `(N, 4)`.
    """

    frame: float
    first: float
    cpu: float
    memory: float
    boxes: np.ndarray


def start(tree: Path, arguments: list[str]) -> tuple[str, resource.struct_rusage]:
    """Run Python on a version's source; return what it printed and used.

    Raises:
        ClickException: It failed.
    """
    environment = os.environ | {"PYTHONPATH": str(tree / "src"), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=tree,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if process.returncode:
        raise click.ClickException(f"{tree}: {' '.join(arguments)[:200]}\n{text[-2000:]}")
    return text, usage


def track(tree: Path, options: list[str], sequence: str, out: Path) -> Run:
    """Track one sequence."""
    command = ["-m", "dslt", "track", "--cell", "speed", "--device", "cpu", "--sequence", sequence]
    _, usage = start(tree, [*command, *options, "--out", str(out)])
    seconds = pd.read_csv(out / f"{sequence}.csv")["seconds"].to_numpy()
    boxes = read_boxes(out / f"{sequence}.txt")
    cpu = usage.ru_utime + usage.ru_stime
    return Run(float(np.median(seconds[1:])), seconds[0], cpu, usage.ru_maxrss / 1024, boxes)


def options_of(base: str, folder: Path, index: Path) -> list[str]:
    """Make the options of a tracker, and random weights where it needs some."""
    settings = resolve_settings(base, "", ROOT / "config" / "trackers", base)
    options = ["--settings", settings.model_dump_json(), "--index", str(index)]
    learnt = getattr(settings, "learnt", None)
    if learnt is not None and entry_of(settings).offline:
        weights = folder / base.replace("/", "_")
        weights.mkdir()
        write_model(make_network(learnt, load=False), identify(learnt, 0, {}), weights)
        options += ["--weights", str(weights / "model.pt")]
    return options


def both(
    before: Path, options: list[str], engine: str, sequence: str, folder: Path, rounds: int
) -> tuple[list[Run], list[Run]]:
    """Track with both versions in turn."""
    old, new = [], []
    for number in range(rounds):
        old.append(track(before, options, sequence, folder / f"before{number}"))
        more = [*options, "--engine", engine]
        new.append(track(ROOT, more, sequence, folder / f"now{number}"))
    return old, new


def line(base: str, old: list[Run], new: list[Run]) -> str:
    """Write a row."""
    frames = [1 / min(run.frame for run in runs) for runs in (old, new)]
    firsts = [min(run.first for run in runs) for runs in (old, new)]
    cpus = [min(run.cpu for run in runs) for runs in (old, new)]
    memories = [max(run.memory for run in runs) for runs in (old, new)]
    apart = np.abs(old[0].boxes - new[0].boxes).max()
    repeated = all(np.array_equal(run.boxes, new[0].boxes) for run in new)
    return (
        f"{base:18} frames/s {frames[0]:7.2f} {frames[1]:7.2f} x{frames[1] / frames[0]:.2f}   "
        f"first {firsts[0]:6.3f} {firsts[1]:6.3f} s x{firsts[0] / firsts[1]:.2f}   "
        f"CPU {cpus[0]:6.1f} {cpus[1]:6.1f} s x{cpus[0] / cpus[1]:.2f}   "
        f"memory {memories[0]:5.0f} {memories[1]:5.0f} MB   boxes {apart:.3g} px apart, "
        f"{'repeat' if repeated else 'DO NOT REPEAT'}"
    )


def rates(tree: Path, seconds: float) -> dict[str, float]:
    """Measure the pairs/s of the light SiamFC's training on one thread."""
    script = next(path for path in (tree / "speed", tree / "benchmarks") if path.is_dir())
    arguments = [str(script / "training.py"), "--workers", "0", "--seconds", str(seconds)]
    text, _ = start(tree, arguments)
    return {name: float(value) for name, value in RATE.findall(text)}


def training(before: Path, seconds: float, rounds: int) -> Iterator[str]:
    """Compare the trainings; the fastest of the rounds."""
    pairs = [(rates(before, seconds), rates(ROOT, seconds)) for _ in range(rounds)]
    for name in ("data", "network", "both"):
        old, new = (max(pair[side][name] for pair in pairs) for side in (0, 1))
        yield f"training, {name:8} pairs/s {old:7.1f} {new:7.1f} x{new / old:.2f}"


@click.command()
@click.option("--before", required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--root", type=click.Path(path_type=Path), help="Folder of sequences (OTB layout).")
@click.option("--sequence", "names", multiple=True, help="Default: the first of the folder.")
@click.option("--tracker", "bases", multiple=True, default=TRACKERS, show_default=True)
@click.option("--engine", default="auto", show_default=True, help="Of this version.")
@click.option("--training", "trains", is_flag=True, help="Compare trainings instead.")
@click.option("--seconds", default=10.0, show_default=True, help="Of each training.")
@click.option("--rounds", default=3, show_default=True)
def main(
    before: Path,
    root: Path | None,
    names: tuple[str, ...],
    bases: tuple[str, ...],
    engine: str,
    trains: bool,
    seconds: float,
    rounds: int,
) -> None:
    """Run the two versions in turn."""
    before = before.resolve()
    if trains:
        for text in training(before, seconds, rounds):
            click.echo(text)
        return
    if root is None:
        raise click.UsageError("give --root, or --training")
    definition = {
        "kind": "folder",
        "title": "folder",
        "root": str(root.resolve()),
        "protocol": "otb",
    }
    benchmark = build_index("folder", parse_benchmark("folder", definition), Path("data"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        index = folder / "index.parquet"
        write_index(index, benchmark)
        for base in bases:
            options = options_of(base, folder, index)
            for name in names or benchmark.names[:1]:
                place = folder / base.replace("/", "_") / name
                old, new = both(before, options, engine, name, place, rounds)
                click.echo(line(f"{base} {name}", old, new))


if __name__ == "__main__":
    main()
