"""`dslt respond`: what a trained Siamese network answers to one frame (Fig. 7)."""

from pathlib import Path
from typing import cast

import click

from dslt.commands.options import CELL, DEVICE, ENGINE, INDEX, PATH, THREADS
from dslt.core.device import Device, limit_threads
from dslt.core.errors import DsltError
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.index_file import load_index
from dslt.settings.offline import SiameseTraining
from dslt.settings.registry import parse_tracker, require
from dslt.settings.tracker import TrackerSettings


def responding_settings(text: str, cell: str) -> TrackerSettings:
    """Read the settings of a tracker whose network answers to one frame with a map.

    Raises:
        DsltError: They are no JSON, not valid, or those of another kind of tracker.
    """
    where = f"settings of cell {cell!r}"
    settings = parse_tracker(parse_json(text, where), where)
    lacks = "has no classification that was trained offline"
    require(settings, lambda entry: entry.responds, where, lacks)
    return settings


@click.command()
@CELL
@click.option("--settings", "text", required=True, help="Resolved settings as JSON.")
@click.option("--weights", required=True, type=PATH, help="Its model.pt.")
@INDEX
@click.option("--sequence", required=True, help="Sequence whose target is looked for.")
@click.option(
    "--frame", type=int, help="Frame that is looked at, counted from 0.  [default: the middle one]"
)
@THREADS
@DEVICE
@ENGINE
@click.option("--out", required=True, type=PATH, help="File, npz.")
def command(
    cell: str,
    text: str,
    weights: Path,
    index: Path,
    sequence: str,
    frame: int | None,
    threads: int,
    device: Device,
    out: Path,
) -> None:
    """Keep what a trained Siamese network answers to one frame."""
    from dslt.track.responses import respond, write_response
    from dslt.trackers.make import make_tracker
    from dslt.trackers.siamese import SiameseTracker

    limit_threads(threads)
    settings = responding_settings(text, cell)
    if not weights.exists():
        raise DsltError(
            f"{weights}: no such file; the weights of {cell} are made by rule `train` "
            "(`dslt train`)"
        )
    video = load_index(index).sequence(sequence)
    tracker = cast(SiameseTracker, make_tracker(settings, 0, device, weights))
    loss = cast(SiameseTraining, settings.learnt).loss.name
    write_response(respond(tracker, video, loss, frame, f"{index}, sequence {sequence}"), out)
