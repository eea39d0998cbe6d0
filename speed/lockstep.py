"""Two jobs in lockstep beside two jobs that run their sequences one by one, on a CPU.

    python speed/lockstep.py --index results/data/synthetic.parquet
    python speed/lockstep.py --index FILE --tracker dslt/paper --sequence a --sequence b --rounds 5

Each job is a process of its own, `dslt track` with one thread on half of the sequences, two at a
time as on a machine with two cores; both ways alternate, and trackers that learn offline get random
weights. Of each tracker it prints the CPU seconds of both jobs one by one and in lockstep (the
least of the rounds), their ratio, the largest memory of a job, and how far the boxes are apart. CPU
seconds, since machines are shared; on a machine of one's own the wall time tells the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from against import options_of

from dslt.data.benchmarks.index_file import load_index
from dslt.geometry.boxes import read_boxes

TRACKERS = ("dslt/lite", "dslt/paper", "siamfc/lite", "siamrpn/pysot", "rtmdnet/lite")


@dataclass(frozen=True)
class Taken:
    """What jobs side by side took.

    Attributes:
        cpu: CPU seconds of all.
        wall: Seconds until the last was done.
        memory: Largest memory of one, MB.
        boxes: Boxes `(N, 4)` by sequence.
    """

    cpu: float
    wall: float
    memory: float
    boxes: dict[str, np.ndarray]


def side_by_side(options: list[str], parts: list[list[str]], out: Path) -> Taken:
    """Run a job for each part of the sequences, all at once.

    Raises:
        ClickException: One failed.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    start, jobs = time.perf_counter(), []
    for part in parts:
        command = [sys.executable, "-m", "dslt", "track", "--cell", "speed", "--device", "cpu"]
        command += [*options, "--out", str(out), "--sequence", *part]
        log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        job = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        jobs.append((job, log))
    cpu, memory = 0.0, 0.0
    try:
        for job, log in jobs:
            _, status, usage = os.wait4(job.pid, 0)
            job.returncode = os.waitstatus_to_exitcode(status)
            if job.returncode:
                log.seek(0)
                raise click.ClickException(log.read()[-2000:])
            log.close()
            cpu += usage.ru_utime + usage.ru_stime
            memory = max(memory, usage.ru_maxrss / 1024)
    finally:
        for job, _ in jobs:  # those beside one that failed
            job.kill()
    names = [name for part in parts for name in part]
    boxes = {name: read_boxes(out / f"{name}.txt") for name in names}
    return Taken(cpu, time.perf_counter() - start, memory, boxes)


@click.command()
@click.option("--index", required=True, type=click.Path(path_type=Path), help="Benchmark index.")
@click.option("--tracker", "bases", multiple=True, default=TRACKERS, show_default=True)
@click.option("--sequence", "names", multiple=True, help="Default: all.")
@click.option("--lanes", default=4, show_default=True)
@click.option("--jobs", default=2, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(
    index: Path,
    bases: tuple[str, ...],
    names: tuple[str, ...],
    lanes: int,
    jobs: int,
    rounds: int,
) -> None:
    """Measure the trackers one after the other."""
    chosen = list(names or load_index(index).names)
    parts = [part for number in range(jobs) if (part := chosen[number::jobs])]
    ways = {"never": [], "exact": ["--lanes", str(lanes)]}
    with tempfile.TemporaryDirectory() as temporary:
        for base in bases:
            folder = Path(temporary) / base.replace("/", "_")
            folder.mkdir()
            options = options_of(base, folder, index)
            taken: dict[str, list[Taken]] = {way: [] for way in ways}
            for number in range(rounds):
                for way, more in ways.items():
                    out = folder / f"{way}{number}"
                    words = [*options, "--lockstep", way, *more]
                    taken[way].append(side_by_side(words, parts, out))
            cpu, wall, memory = (
                [min(getattr(one, what) for one in runs) for runs in taken.values()]
                for what in ("cpu", "wall", "memory")
            )
            old, new = (runs[0].boxes for runs in taken.values())
            apart = max(np.abs(old[name] - new[name]).max() for name in chosen)
            click.echo(
                f"{base:14} CPU {cpu[0]:7.1f} s one by one {cpu[1]:7.1f} s in lockstep"
                f" x{cpu[0] / cpu[1]:.2f}   wall {wall[0]:6.1f} {wall[1]:6.1f} s"
                f" x{wall[0] / wall[1]:.2f}   memory {memory[0]:5.0f} {memory[1]:5.0f} MB   boxes"
                f" {apart:.3g} px apart"
            )


if __name__ == "__main__":
    main()
