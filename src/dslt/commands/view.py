"""`dslt view`: anybody's results as pages that play the videos."""

from pathlib import Path

import click
from tqdm import tqdm

from dslt.commands import raw_results
from dslt.commands.options import PATH, SpreadCommand
from dslt.core.definitions import BENCHMARKS, config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.report.sequences.load import named
from dslt.report.sequences.view import check_place, images_of, with_frames, write_view
from dslt.score.evaluate import Suite, evaluate
from dslt.score.scores import Scores


@click.command(cls=SpreadCommand)
@raw_results.given("Show")
@click.option(
    "--frames",
    type=PATH,
    help="Folder of the benchmark's images, as it hands them out; an index knows where they are."
    " Without frames boxes are drawn on a blank picture.",
)
@click.option(
    "--out", type=PATH, default=Path("view"), show_default=True, help="Folder of the pages."
)
def command(
    benchmark: str | None,
    annotations: Path | None,
    index_path: Path | None,
    sequences: tuple[str, ...],
    results: tuple[Path, ...],
    parent: Path | None,
    origins: tuple[int, ...],
    protocol_name: str | None,
    frames: Path | None,
    out: Path,
) -> None:
    """Write pages that show raw results of any trackers on video, beside the ground truth.

    Results and ground truth are given as to `dslt score`. The folder can be opened from where it
    lies, or copied to a web server.
    """
    check_place(out)
    folders = raw_results.folders_of(results, parent)
    suite = raw_results.load_suite(benchmark, annotations, index_path, protocol_name, None)
    suite = raw_results.part_of(suite, sequences)
    index, notes = _frames(benchmark, index_path, frames, suite)
    scores: dict[str, dict[int, Scores]] = {}
    runs: dict[tuple[str, int], Path] = {}
    for folder, origin in raw_results.with_origins(folders, origins, suite):
        name, seed = raw_results.tracker_name(folder), raw_results.seed_of(folder)
        if (name, seed) in runs:
            raise DsltError(
                f"{folder} and {runs[name, seed]}: both would be called {name}; rename a folder"
            )
        runs[name, seed] = folder
        scores.setdefault(name, {})[seed] = evaluate(name, suite, folder, origin, seed=seed)
        notes += [f"{name}: {note}" for note in scores[name][seed].notes]
    with tqdm(total=len(index.names), desc="videos", unit="video") as bar:
        first = write_view(suite, named(scores, {}, {}), runs, index, out, bar.update)
    for note in dict.fromkeys(notes):
        click.echo(f"note: {note}", err=True)
    click.echo(first)


def _frames(
    benchmark: str | None, index_path: Path | None, frames: Path | None, suite: Suite
) -> tuple[BenchmarkIndex, list[str]]:
    """Find the frames of the sequences: an index of those that have some, and notes on others."""
    if index_path is not None:
        if frames is not None:
            raise DsltError("--frames: an index knows where its frames are; leave it out")
        return with_frames(load_index(index_path), suite.targets)
    name, definition = find_benchmark(read_definitions(config_file(BENCHMARKS)), str(benchmark))
    assert isinstance(definition, AnnotationsBenchmark)  # or it would have been refused before
    if frames is not None:
        return images_of(definition, frames, suite.targets, name)
    note = "no frames: boxes are drawn on blank pictures; --frames DIR names the images"
    return BenchmarkIndex(name, definition.protocol, definition.box_origin, ()), [note]
