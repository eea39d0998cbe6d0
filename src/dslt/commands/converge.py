"""`dslt converge`: train on first frames only and record the convergence (Fig. 16)."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np
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
    SpreadCommand,
)
from dslt.core.csvfile import write_rows
from dslt.core.device import Device, choose_device, limit_threads
from dslt.core.files import atomic_write
from dslt.core.fingerprint import code_of
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.index_file import load_index
from dslt.data.sequences.frames import validate_initial_box
from dslt.score.convergence import iterations_to_converge
from dslt.settings.registry import entry_of, parse_training, require
from dslt.settings.tracker import TrainingSettings
from dslt.track.identity import contents_to_keep, parts_of

if TYPE_CHECKING:
    from dslt.data.sequences.frames import Sequence
    from dslt.trackers.base import TrainingRecord
    from dslt.trackers.first_frame import FirstFrame

SHORTEST = 100  # iterations that every curve has, converged or not
HEADER = ("sequence", "iteration", "loss", "criterion", "peak", "background")


def first_frame(
    sequence: Sequence, settings: TrainingSettings, seed: int, device: str, where: str
) -> FirstFrame:
    """Train on the first frame of a sequence."""
    frame = sequence.frames[0]
    box = validate_initial_box(sequence.initial_box, frame.shape, where)
    model: FirstFrame = entry_of(settings).load("first_frame")(settings, seed, device)
    model.fit(frame, box, settled)
    return model


def settled(record: TrainingRecord) -> bool:
    """Tell whether the loss and the common criterion have both converged, the curve drawn."""
    if len(record.loss) <= SHORTEST:
        return False
    series = (np.array(record.loss), np.array(record.criterion))
    return all(iterations_to_converge(values) >= 0 for values in series)


def capped(settings: str, iterations: int, cell: str) -> TrainingSettings:
    """Read training settings and let them run to the cap, whatever their own rule to stop.

    Raises:
        DsltError: The text is no JSON or no valid settings, or the tracker's first frame is not
            recorded.
    """
    where = f"training settings of cell {cell!r}"
    training = parse_training(parse_json(settings, where), where)
    lacks = "has no first-frame training to record"
    require(training, lambda entry: entry.first_frame, where, lacks)
    return training.capped(iterations)


@click.command(cls=SpreadCommand)
@CELL
@click.option("--settings", required=True, help="Tracker and training settings as JSON.")
@INDEX
@click.option("--sequence", "sequences", multiple=True, help="Of this one only; repeat.")
@SEED
@THREADS
@click.option("--iterations", default=2000, show_default=True, help="Cap on the iterations.")
@DEVICE
@ENGINE
@STATES
@click.option("--csv", "table", required=True, type=PATH)
@click.option("--maps", required=True, type=PATH, help="Patches, maps and shares.")
def command(
    cell: str,
    settings: str,
    index: Path,
    sequences: tuple[str, ...],
    seed: int,
    threads: int,
    iterations: int,
    device: Device,
    states: Path | None,
    table: Path,
    maps: Path,
) -> None:
    """Train on the first frame of every sequence, up to a cap, and record each iteration.

    A sequence that fails does not keep the others from it.
    """
    limit_threads(threads)
    training = capped(settings, iterations, cell)
    chosen = choose_device(device)
    benchmark = load_index(index).part(sequences)
    parts = parts_of(
        states,
        training,
        training,
        cell=cell,
        benchmark=benchmark.benchmark,
        device=chosen,
        seed=seed,
        threads=threads,
        code=code_of(__name__, *entry_of(training).modules("first_frame")),
    )
    rows: list[tuple[object, ...]] = []
    arrays: dict[str, Any] = {}
    for name in tqdm(benchmark.names, desc=f"{cell} first frames", unit="sequence"):
        with parts.attempt(name):
            contents = contents_to_keep(parts, benchmark.entry(name), 1)
            files = parts.read(name, contents)
            if files is None:
                where = f"{index}, sequence {name}"
                opened = benchmark.sequence(name)
                files = _recorded(first_frame(opened, training, seed, chosen, where))
                parts.keep(name, contents, files)
            rows += [(name, *row) for row in json.loads(files["rows.json"])]
            with np.load(io.BytesIO(files["maps.npz"])) as found:
                arrays |= {f"{name}/{kind}": found[kind] for kind in found.files}
    parts.check()
    with atomic_write(maps) as temporary:
        np.savez_compressed(temporary, **arrays)
    write_rows(table, HEADER, rows)
    parts.clear()


def _recorded(model: FirstFrame) -> dict[str, bytes]:
    """Write down what is kept of one first frame: the rows of its table, and its maps."""
    record = model.record
    series = (record.loss, record.criterion, record.peak, record.background)
    rows = [
        (iteration, *(f"{value:.6g}" for value in values))
        for iteration, values in enumerate(zip(*series, strict=True))
    ]
    patch, label, response = model.maps_of_first_sample()
    maps = io.BytesIO()
    share = np.float64(model.fused_share())
    np.savez(maps, patch=patch, label=label, response=response, fused_share=share)
    return {"rows.json": json.dumps(rows).encode(), "maps.npz": maps.getvalue()}
