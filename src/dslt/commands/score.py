"""`dslt score`: raw results to scores."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from dslt.commands.options import PATH, SpreadCommand
from dslt.compare import trackers
from dslt.core.definitions import BENCHMARKS, PROTOCOLS, config_file, read_definitions
from dslt.core.errors import DsltError, unknown
from dslt.core.files import atomic_write
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.benchmarks.index_file import load_index
from dslt.data.sequences.target import Target
from dslt.score.evaluate import Suite, evaluate
from dslt.score.formats.found import scan, some
from dslt.score.scores import Scores, to_json
from dslt.settings.protocols import Protocol, load_protocols, parse_protocol

# Names of folders that say nothing about the tracker.
EXPERIMENTS = ("baseline", "supervised", "unsupervised")


@click.command(cls=SpreadCommand)
@click.option(
    "--benchmark", help="OTB-2015, UAV123, LaSOT, VOT-2018, ... (config/benchmarks.yaml)."
)
@click.option("--annotations", type=PATH, help="Folder (or JSON file) of its ground truth.")
@click.option("--index", "index_path", type=PATH, help="Instead: an index made by `dslt index`.")
@click.option("--sequence", "sequences", multiple=True, help="Score this sequence only; repeat.")
@click.option(
    "--results",
    multiple=True,
    type=PATH,
    help="Folder of one tracker's raw results. Several folders give one comparison.",
)
@click.option("--trackers", "parent", type=PATH, help="Folder with one such folder per tracker.")
@click.option(
    "--box-origin",
    "origins",
    multiple=True,
    type=click.IntRange(0, 1),
    help="Where the result files count pixels from: one for all, or one for each folder; never"
    " guessed.  [default: as the benchmark's annotations; of supervised runs 0]",
)
@click.option("--protocol", "protocol_name", help="Another entry of config/protocols.yaml.")
@click.option("--protocol-definition", help="The protocol as JSON.")
@click.option("--alternatives", is_flag=True, help="Score by the named alternatives, too.")
@click.option("--cell", help="Name of the tracker.  [default: its folder's]")
@click.option("--seed", default=0, show_default=True, help="Seed of the run.")
@click.option("--json", "out", type=PATH, help="Write the scores to this file.")
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
    folders = [*results, *_folders_in(parent)]
    if not folders:
        raise DsltError("no results: give --results DIR, once for each tracker, or --trackers DIR")
    if cell is not None and len(folders) > 1:
        raise DsltError(f"--cell {cell!r} names one tracker, but there are {len(folders)}")
    suite = _suite(benchmark, annotations, index_path, protocol_name, protocol_definition)
    suite = _part(suite, sequences)
    found = []
    for folder, origin in zip(folders, _origins(origins, len(folders), suite), strict=True):
        name = cell or tracker_name(folder)
        found.append(evaluate(name, suite, folder, origin, seed=seed, others=alternatives))
    _check_same(found)
    together = trackers.contest(found)
    if out is not None:
        record = found[0] if len(found) == 1 else together
        with atomic_write(out) as temporary:
            temporary.write_text(to_json(record), encoding="utf-8")
    _print(together, out)


def tracker_name(folder: Path) -> str:
    """Name a tracker by its folder."""
    path = folder.resolve()
    if re.fullmatch(r"seed\d+", path.name):  # CELL/BENCHMARK/seed<n>, our own
        return path.parents[1].name
    return path.parent.name if path.name in EXPERIMENTS else path.name


def _folders_in(parent: Path | None) -> list[Path]:
    """List the trackers of a folder."""
    if parent is None:
        return []
    if not parent.is_dir():
        raise DsltError(f"{parent}: no such folder of trackers")
    found = [parent / name for name in scan(parent)[1]]
    if not found:
        raise DsltError(f"{parent}: no folders in it; expected one per tracker")
    return found


def _origins(given: tuple[int, ...], count: int, suite: Suite) -> tuple[int, ...]:
    """Say for each folder where its files count from."""
    if len(given) not in (0, 1, count):
        raise DsltError(f"--box-origin: {len(given)} given for {count} folders of results")
    values = given or (suite.usual_origin,)
    return values * count if len(values) == 1 else values


def _suite(
    benchmark: str | None,
    annotations: Path | None,
    index_path: Path | None,
    protocol_name: str | None,
    protocol_definition: str | None,
) -> Suite:
    """Load the ground truth and the protocol that results are scored by."""
    if index_path is not None:
        if benchmark is not None or annotations is not None:
            raise DsltError(
                "--index says what the benchmark is: leave --benchmark and --annotations"
            )
        index = load_index(index_path)
        usual = index.protocol
        parts: dict[str, Any] = {
            "benchmark": index.benchmark,
            "targets": {entry.name: entry for entry in index.sequences},
            "origin": index.box_origin,
            "skipped": {entry.name: entry.skipped for entry in index.sequences if entry.skipped},
            "complete": index.complete,
        }
    elif benchmark is None or annotations is None:
        raise DsltError("no ground truth: give --benchmark NAME and --annotations DIR, or --index")
    else:
        name, definition = find_benchmark(read_definitions(config_file(BENCHMARKS)), benchmark)
        if not isinstance(definition, AnnotationsBenchmark):
            raise DsltError(f"--benchmark {name}: has no annotations of its own; give its --index")
        usual = definition.protocol
        targets, notes = load_targets(definition, annotations)
        lacking = _lacking(definition, targets)
        parts = {
            "benchmark": name,
            "targets": targets,
            "origin": definition.box_origin,
            "skipped": {n: row - 1 for n, row in definition.scored_from.items() if n in targets},
            "notes": (*lacking, *notes),
            "complete": not lacking and set(definition.sequences or targets) <= set(targets),
        }
    key = protocol_name or usual
    return Suite(protocol=_protocol(key, protocol_definition), name=key, **parts)


def _lacking(benchmark: AnnotationsBenchmark, targets: Mapping[str, Target]) -> list[str]:
    """Say so where all sequences are there, but not all rows of their annotations."""
    totals = benchmark.totals
    if totals is None or totals.frames is None or len(targets) != totals.sequences:
        return []
    rows = sum(benchmark.annotated_rows.get(n, len(one.truth)) for n, one in targets.items())
    if rows == totals.frames:
        return []
    return [
        f"{rows} annotated frames, but {benchmark.title} has {totals.frames}: files lack rows or"
        f" have some too many; not a score of {benchmark.title}"
    ]


def _part(suite: Suite, sequences: tuple[str, ...]) -> Suite:
    """Leave the sequences that are named; all of them where none is.

    Raises:
        DsltError: There is no such sequence.
    """
    for name in sequences:
        if name not in suite.targets:
            raise unknown("--sequence", name, suite.targets)
    if not sequences:
        return suite
    kept = {name: target for name, target in suite.targets.items() if name in sequences}
    return replace(suite, targets=kept, complete=suite.complete and len(kept) == len(suite.targets))


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


def _protocol(name: str, definition: str | None) -> Protocol:
    """Read a protocol from JSON or by its name."""
    if definition is not None:
        where = f"protocol {name!r}"
        return parse_protocol(parse_json(definition, where), where)
    known = load_protocols(config_file(PROTOCOLS))
    if name not in known:
        raise unknown("protocol", name, known)
    return known[name]


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
