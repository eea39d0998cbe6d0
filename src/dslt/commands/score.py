"""`dslt score`: raw results to scores."""

from collections.abc import Sequence
from pathlib import Path

import click
from tabulate import tabulate

from dslt.commands import raw_results
from dslt.commands.options import FILE, SpreadCommand
from dslt.compare import trackers
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.score.evaluate import evaluate
from dslt.score.formats.found import some
from dslt.score.scores import Scores, to_json


@click.command(cls=SpreadCommand)
@raw_results.given("Score")
@raw_results.PROTOCOL_DEFINITION
@click.option("--alternatives", is_flag=True, help="Score by the named alternatives, too.")
@click.option("--cell", help="Name of the tracker.  [default: its folder's]")
@click.option("--seed", default=0, show_default=True, help="Seed of the run.")
@click.option("--json", "out", type=FILE, help="Write the scores to this file.")
def command(
    benchmark: str | None,
    annotations: Path | None,
    index_path: Path | None,
    sequences: tuple[str, ...],
    results: tuple[Path, ...],
    parent: Path | None,
    origins: tuple[int, ...],
    protocol_name: str | None,
    protocol_definition: str | None,
    alternatives: bool,
    cell: str | None,
    seed: int,
    out: Path | None,
) -> None:
    """Score raw results of any tracker by a benchmark's protocol.

    The ground truth comes from --benchmark and --annotations, or from --index.
    """
    folders = raw_results.folders_of(results, parent)
    if cell is not None and len(folders) > 1:
        raise DsltError(f"--cell {cell!r} names one tracker, but there are {len(folders)}")
    suite = raw_results.load_suite(
        benchmark, annotations, index_path, protocol_name, protocol_definition
    )
    suite = raw_results.part_of(suite, sequences)
    found = []
    for folder, origin in raw_results.with_origins(folders, origins, suite):
        name = cell or raw_results.tracker_name(folder)
        found.append(evaluate(name, suite, folder, origin, seed=seed, others=alternatives))
    _check_same(found)
    together = trackers.contest(found)
    if out is not None:
        record = found[0] if len(found) == 1 else together
        with atomic_write(out) as temporary:
            temporary.write_text(to_json(record), encoding="utf-8")
    _print(together, out)


def _check_same(found: Sequence[Scores]) -> None:
    """Refuse to compare trackers of which some lack sequences that others have.

    Raises:
        DsltError: With the sequences, and what to do.
    """
    names = {one.cell: set(one.sequences) for one in found}
    every, common = set().union(*names.values()), set.intersection(*names.values())
    if every == common:
        return
    lacking = "; ".join(
        f"{name} has no result for {some(sorted(every - there))}"
        for name, there in names.items()
        if there != every
    )
    raise DsltError(
        f"trackers are compared on the same sequences, but {lacking}; name those that all have"
        " (--sequence), or score each tracker alone"
    )


def _print(found: trackers.Contest, out: Path | None) -> None:
    """Print the tables of a comparison."""
    first = next(iter(found.trackers.values()))
    for header, rows in (trackers.sequence_rows(found), trackers.attribute_rows(found)):
        if rows:
            click.echo(_table(header, rows) + "\n")
    for name, scores in found.trackers.items():
        if scores.alternatives:
            title = f"{name}, other conventions:\n" if len(found.trackers) > 1 else ""
            click.echo(title + _table(*trackers.alternative_rows(scores)) + "\n")
    click.echo(_headline(first))
    click.echo(_table(*trackers.overall_rows(found)))
    for scores in found.trackers.values():
        for note in scores.notes:
            click.echo(f"note: {scores.cell}: {note}", err=True)
    if out is not None:
        click.echo(f"-> {out}")


def _headline(scores: Scores) -> str:
    """Say what was scored, and how."""
    title = scores.conventions["title"]
    part = "" if scores.complete else ", A PART OF THE BENCHMARK"
    return f"{scores.benchmark}: {len(scores.sequences)} sequences{part}; {title}"


def _table(header: list[str], rows: list[list[str]]) -> str:
    """A plain table; texts to the left, numbers to the right."""
    align = ["left", *["right"] * (len(header) - 1)]
    return tabulate(rows, header, tablefmt="simple", disable_numparse=True, colalign=align)
