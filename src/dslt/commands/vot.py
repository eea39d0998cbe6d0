"""`dslt vot`: our trackers under the official VOT toolkit."""

import shlex
import sys
from pathlib import Path
from typing import get_args

import click

from dslt.commands.options import DEVICE, ENGINE, PATH, SEED, THREADS, WEIGHTS
from dslt.core.definitions import CELLS, config_file
from dslt.core.device import Device, limit_threads
from dslt.core.errors import DsltError, unknown
from dslt.core.jsonfile import parse_json
from dslt.settings.registry import parse_tracker
from dslt.settings.tracker import TrackerSettings
from dslt.study.cells import load_cells, presets_of, resolve_settings
from dslt.track.vot_toolkit import InitialBox, serve
from dslt.trackers.make import prepare

TIMEOUT = 600  # seconds; a first-frame training on a slow CPU takes more than the toolkit's 30


@click.group()
def command() -> None:
    """Run our trackers under the official VOT toolkit (docs/vot.md)."""


def find_settings(cell: str, settings: str | None, cells: Path | None) -> TrackerSettings:
    """Find a cell's settings: those given as JSON, else `tracker/preset`, else the sheet's.

    Raises:
        DsltError: there is no such cell, or its settings are wrong.
    """
    if settings is not None:
        where = f"settings of cell {cell!r}"
        return parse_tracker(parse_json(settings, where), where)
    sheet = cells or config_file(CELLS)
    if "/" in cell:
        return resolve_settings(cell, "", presets_of(sheet), f"--cell {cell}")
    known = load_cells(sheet, presets_of(sheet))
    if cell not in known:
        raise DsltError(f"{sheet}: {unknown('cell', cell, known)}")
    return known[cell].settings


@command.command()
@click.option("--cell", required=True, help="Cell of the sheet, or tracker/preset.")
@click.option("--settings", help="Resolved settings as JSON. Default: the cell's.")
@click.option(
    "--cells",
    type=PATH,
    help="Sheet of cells, beside the folder trackers/. Default: the project's.",
)
@SEED
@THREADS
@DEVICE
@ENGINE
@click.option(
    "--initial-box",
    type=click.Choice(get_args(InitialBox)),
    default="area_preserving",
    show_default=True,
    help="How a polygon becomes the tracker's first box.",
)
@WEIGHTS
def run(
    cell: str,
    settings: str | None,
    cells: Path | None,
    seed: int,
    threads: int,
    device: Device,
    initial_box: InitialBox,
    weights: Path | None,
) -> None:
    """Be the tracker process: the toolkit starts this command and talks to it."""
    parsed = find_settings(cell, settings, cells)
    limit_threads(threads)
    serve(prepare(parsed, seed, device, weights), cell, initial_box)


@command.command()
@click.option("--cell", required=True, help="Cell of the sheet, or tracker/preset.")
@click.option("--cells", type=PATH, help="As for run.")
@click.option("--name", help="Name in the toolkit. Default: the cell's.")
@WEIGHTS
def ini(cell: str, cells: Path | None, name: str | None, weights: Path | None) -> None:
    """Print an entry for the toolkit's trackers.ini that runs a cell from this environment."""
    sheet = cells or config_file(CELLS)
    find_settings(cell, None, sheet)  # refuses what could not run
    words = [sys.executable, "-m", "dslt", "vot", "run", "--cell", cell]
    for option, path in (("--cells", sheet), ("--weights", weights)):
        words += [option, str(path.resolve())] if path is not None else []
    text = shlex.join(words).replace("%", "%%")  # the ini format's own escape
    click.echo(
        f"[{(name or cell).replace('/', '_')}]\n"
        f"label = {cell}\n"
        "protocol = trax\n"
        f"command = {text}\n"
        f"timeout = {TIMEOUT}"
    )
