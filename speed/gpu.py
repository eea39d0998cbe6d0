"""What one GPU has to reach, measured in at most twelve minutes.

    python speed/gpu.py --out gpu
    python speed/gpu.py --dry-run --device cpu --out /tmp/gpu

Each part (`gpu_parts.py`) runs in a process of its own, which is stopped when its time is over;
what it had found by then counts. OUT.json has everything; OUT.txt, which is printed too, is a table
of what was found beside the bars, and the entry for config/speeds.yaml. Networks have random
weights, which cost what trained ones do, and videos are made up, so nothing is fetched. A dry run
goes through all of it at tiny sizes, and none of its numbers means anything.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import multiprocessing
import os
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import click
import torch
import yaml
from gpu_parts import BARS, DRY, FULL, PARTS, Bar, Sizes, entry_of_speeds
from paper_scale import device_name
from tabulate import tabulate

from dslt.core.device import Device, choose_device, limit_threads
from dslt.core.files import atomic_write

TOTAL = 690.0  # seconds; twelve minutes with what is around the parts
STUCK = 5.0  # seconds that a part which was killed may hang in its driver


@dataclass(frozen=True)
class Outcome:
    """What became of a part.

    Attributes:
        figures: What it found.
        seconds: How long it took.
        trouble: Why it did not end; empty if it did.
    """

    figures: Mapping[str, Any]
    seconds: float
    trouble: str


def measure(name: str, sizes: Sizes, device: Device, threads: int, limit: float) -> Outcome:
    """Run a part in a process of its own, for so many seconds at most."""
    if limit <= 0:
        return Outcome({}, 0.0, "no time was left")
    start, figures, trouble = time.monotonic(), dict[str, Any](), ""
    # Forked: torch is imported once. This process must not ask for a GPU before.
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(sender, name, sizes, device, threads))
    process.start()
    sender.close()
    ended = False
    try:
        while receiver.poll(max(0.0, start + limit - time.monotonic())):
            try:
                key, value = receiver.recv()
            except EOFError:
                ended = True
                break
            if key:
                figures[key] = value
            else:
                trouble = value
        else:
            trouble = f"stopped after {limit:.0f} s"
    finally:  # also where this process is stopped, which would wait for the part or leave it there
        if trouble or not ended:
            assert process.pid
            _stop(process.pid)
            process.kill()  # should it not have become a group yet
    process.join(STUCK)
    if process.exitcode and not trouble:
        trouble = f"its process ended with {process.exitcode}"
    return Outcome(figures, round(time.monotonic() - start, 1), trouble)


def _work(sender: Connection, name: str, sizes: Sizes, device: Device, threads: int) -> None:
    """Do a part and send what it finds; its process is a group, with what it starts."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    limit_threads(threads)
    try:
        place = choose_device(device)
        sender.send(("device", device_name(place, threads)))
        PARTS[name][0](sizes, place, lambda key, value: sender.send((key, value)))
    except Exception as error:  # whatever it is, the other parts go on
        traceback.print_exc()
        sender.send(("", f"{type(error).__name__}: {error}".splitlines()[0]))


def _stop(group: int) -> None:
    """End a part and what it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def row(bar: Bar, outcome: Outcome, dry: bool) -> tuple[str, ...]:
    """Write a row of the table."""
    value: Any = outcome.figures
    for key in bar.figure:
        value = value.get(key) if isinstance(value, Mapping) else None
    wanted = f"{'at least' if bar.least else 'at most'} {bar.bar:g} {bar.unit}".strip()
    if value is None:
        return bar.title, "not measured", wanted, outcome.trouble or "not found"
    verdict = "dry run" if dry else "reached" if bar.reached(value) else "MISSED"
    return bar.title, f"{value:g} {bar.unit}".strip(), wanted, verdict


def report(outcomes: Mapping[str, Outcome], sizes: Sizes, device: str, *, dry: bool) -> str:
    """Write the table and the entry for config/speeds.yaml."""
    rows = [row(bar, outcomes[bar.part], dry) for bar in BARS if bar.part in outcomes]
    table = tabulate(rows, ("what", "found", "bar", ""), tablefmt="pipe", disable_numparse=True)
    parts = [
        f"{name}: {one.seconds:g} s{f', {one.trouble}' if one.trouble else ''}"
        for name, one in outcomes.items()
    ]
    entry = {
        "device": device,
        "date": datetime.date.today().isoformat(),
        "command": shlex.join(["python", "speed/gpu.py", *sys.argv[1:]]),
        "networks": entry_of_speeds({k: one.figures for k, one in outcomes.items()}, sizes),
    }
    name = next((one.figures["device"] for one in outcomes.values() if "device" in one.figures), "")
    shown = yaml.safe_dump({name or device: entry}, sort_keys=False, width=1000)
    return f"{table}\n\n{'; '.join(parts)}; torch {torch.__version__}\n\n{shown}"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="OUT.json, OUT.txt.")
@click.option("--dry-run", is_flag=True, help="Everything once, at tiny sizes.")
@click.option("--device", default="cuda", show_default=True)
@click.option("--threads", default=4, show_default=True)
@click.option(
    "--workers",
    type=int,
    help=f"Processes that draw pairs. Default: {FULL.workers}, or all cores but two.",
)
@click.option("--part", "parts", multiple=True, type=click.Choice(list(PARTS)), help="Only these.")
@click.option("--seconds", default=TOTAL, show_default=True, help="Of all parts together.")
def main(
    out: Path,
    dry_run: bool,
    device: Device,
    threads: int,
    workers: int | None,
    parts: tuple[str, ...],
    seconds: float,
) -> None:
    """Measure all parts, one after the other, and write what was found."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as an error: its part ends, too
    sizes = DRY if dry_run else FULL
    if workers is None:
        workers = min(sizes.workers, max((os.cpu_count() or 1) - 2, 1))
    sizes = replace(sizes, workers=workers)
    end, outcomes = time.monotonic() + seconds, dict[str, Outcome]()
    for name in parts or PARTS:
        limit = min(PARTS[name][1], end - time.monotonic())
        outcomes[name] = measure(name, sizes, device, threads, limit)
        click.echo(f"{name}: {outcomes[name]}", err=True)
        # After each part: whatever stops this, what is known by then is there.
        values = {key: vars(one) for key, one in outcomes.items()}
        with atomic_write(out.with_suffix(".json")) as temporary:
            temporary.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        text = report(outcomes, sizes, device, dry=dry_run)
        with atomic_write(out.with_suffix(".txt")) as temporary:
            temporary.write_text(text, encoding="utf-8")
    click.echo(text, nl=False)
    if any(one.trouble for one in outcomes.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
