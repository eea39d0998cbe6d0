"""`dslt index`: describe a benchmark in one file."""

from __future__ import annotations

from pathlib import Path

import click

from dslt.commands.fetch import BENCHMARKS_OPTION, find_definition
from dslt.data.benchmarks import parse_benchmark
from dslt.data.index import build_index, write_index


@click.command()
@click.argument("name")
@click.option("--definition", help="The benchmark as JSON; default: its entry in the file.")
@BENCHMARKS_OPTION
@click.option("--data", default="data", show_default=True, help="Folder with fetched files.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The index to write.")
def command(
    name: str, definition: str | None, definitions: tuple[str, ...], data: str, out: Path
) -> None:
    """Index the benchmark NAME: sequences, frames, boxes, attributes."""
    benchmark = parse_benchmark(name, find_definition(name, definition, definitions))
    index = build_index(name, benchmark, data)
    write_index(out, index)
    frames = sum(entry.frames for entry in index.sequences)
    click.echo(f"{name}: {len(index.sequences)} sequences, {frames} frames -> {out}")
