"""`dslt index`: describe a benchmark, or a training set, in one file."""

from pathlib import Path
from typing import Any, get_args

import click

from dslt.commands.definitions import find_definition
from dslt.commands.options import PATH
from dslt.core.definitions import BENCHMARKS, TRAINING_SETS
from dslt.core.jsonfile import parse_json
from dslt.core.workers import available_cores
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.checks import ImageCheck
from dslt.data.benchmarks.definitions import Benchmark, parse_benchmark
from dslt.data.benchmarks.index_file import write_index
from dslt.data.downloads.definitions import Download, find_download, parse_download
from dslt.data.pairs.sets.kinds import is_training_set, parse_training_set

INDEXES = Path("results", "data")


@click.command()
@click.argument("name")
@click.option("--definition", help="Its entry as JSON; default: the one in the files.")
@click.option(
    "--definitions",
    multiple=True,
    help=f"YAML files that NAME is looked up in; default: config/{BENCHMARKS} and"
    f" config/{TRAINING_SETS}.",
)
@click.option("--download-definition", help="The download that it names as JSON.")
@click.option("--data", default="data", show_default=True, help="Folder with fetched files.")
@click.option(
    "--check-images",
    "images",
    type=click.Choice(get_args(ImageCheck)),
    default="sampled",
    show_default=True,
    help="Images of a benchmark that are decoded: the first of each sequence only; that, the last"
    " one and two more; or all.",
)
@click.option("--jobs", type=click.IntRange(1), help="Processes.  [default: the number of cores]")
@click.option(
    "--out",
    type=PATH,
    help="The index to write.  [default: results/data/NAME.parquet, of a training set"
    " results/data/sets/NAME.parquet]",
)
def command(
    name: str,
    definition: str | None,
    definitions: tuple[str, ...],
    download_definition: str | None,
    data: str,
    images: ImageCheck,
    jobs: int | None,
    out: Path | None,
) -> None:
    """Index the benchmark or training set NAME: sequences, frames, boxes, attributes.

    What is there is checked, and everything that is wrong is listed.
    """
    values = find_definition(name, definition, definitions, (BENCHMARKS, TRAINING_SETS))
    processes = jobs or available_cores()
    if is_training_set(values):
        target = out or INDEXES / "sets" / f"{name}.parquet"
        _index_training_set(name, values, data, processes, target)
        return
    target = out or INDEXES / f"{name}.parquet"
    benchmark = parse_benchmark(name, values)
    download = _download(benchmark, download_definition)
    index = build_index(name, benchmark, data, download=download, images=images, jobs=processes)
    write_index(target, index)
    for note in index.notes:
        click.echo(f"note: {name}: {note}", err=True)
    frames = sum(entry.frames for entry in index.sequences)
    click.echo(f"{name}: {len(index.names)} sequences, {frames} frames -> {target}")


def _index_training_set(name: str, values: Any, data: str, jobs: int, out: Path) -> None:
    """Index a training set, and say what is in it."""
    from dslt.data.pairs.sets.open import index_training_set

    table = index_training_set(name, parse_training_set(name, values), out, data, jobs)
    videos, tracks, boxes = len(table), len(table.tracks), len(table.frames)
    click.echo(f"{name}: {videos} videos, {tracks} tracks, {boxes} boxes -> {out}")


def _download(benchmark: Benchmark, definition: str | None) -> Download | None:
    """The download that a benchmark's files are from, where they are from one."""
    if not isinstance(benchmark, AnnotationsBenchmark) or benchmark.root is not None:
        return None
    if benchmark.download is None:
        return None
    if definition is None:
        return find_download(benchmark.download)
    return parse_download(benchmark.download, parse_json(definition, "--download-definition"))
