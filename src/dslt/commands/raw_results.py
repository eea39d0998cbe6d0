"""Raw results of any tracker: the options that say what they are and what they are scored against.

`dslt score` and `dslt view` share them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from dslt.commands.options import PATH, Decorator
from dslt.core.definitions import BENCHMARKS, PROTOCOLS, config_file, read_definitions
from dslt.core.errors import DsltError, unknown
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.sequences.target import Target
from dslt.score.evaluate import Suite
from dslt.score.formats.found import scan
from dslt.settings.protocols import Protocol, load_protocols, parse_protocol

# Names of folders that say nothing about the tracker.
EXPERIMENTS = ("baseline", "supervised", "unsupervised")

BENCHMARK = click.option(
    "--benchmark", help="OTB-2015, UAV123, LaSOT, VOT-2018, ... (config/benchmarks.yaml)."
)
ANNOTATIONS = click.option(
    "--annotations", type=PATH, help="Folder (or JSON file) of its ground truth."
)
INDEX_INSTEAD = click.option(
    "--index", "index_path", type=PATH, help="Instead: an index made by `dslt index`."
)
RESULTS = click.option(
    "--results",
    multiple=True,
    type=PATH,
    help="Folder of one tracker's raw results. Several folders give one comparison.",
)
TRACKERS = click.option(
    "--trackers", "parent", type=PATH, help="Folder with one such folder per tracker."
)
ORIGINS = click.option(
    "--box-origin",
    "origins",
    multiple=True,
    type=click.IntRange(0, 1),
    help="Where the result files count pixels from: one for all, or one for each folder; never"
    " guessed.  [default: as the benchmark's annotations; of supervised runs 0, of `dslt track`'s"
    " one-pass boxes 1]",
)
PROTOCOL = click.option(
    "--protocol", "protocol_name", help="Another entry of config/protocols.yaml."
)
PROTOCOL_DEFINITION = click.option("--protocol-definition", help="The protocol as JSON.")


def given(does: str) -> Decorator:
    """Make the options that say what raw results are and what they are scored against.

    Args:
        does: What the command does to a sequence, as a verb.
    """
    words = f"{does} this sequence only; repeat."
    sequence = click.option("--sequence", "sequences", multiple=True, help=words)
    options = (
        *(BENCHMARK, ANNOTATIONS, INDEX_INSTEAD, sequence),
        *(RESULTS, TRACKERS, ORIGINS, PROTOCOL),
    )

    def decorate(command: Any) -> Any:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_SEED = re.compile(r"seed(\d+)")  # CELL/BENCHMARK/seed<n>, our own


def seed_of(folder: Path) -> int:
    """Read the seed of a run of ours from its folder; of others it is 0."""
    found = _SEED.fullmatch(folder.resolve().name)
    return int(found[1]) if found else 0


def tracker_name(folder: Path) -> str:
    """Name a tracker by its folder."""
    path = folder.resolve()
    if _SEED.fullmatch(path.name) and len(path.parts) > len(("/", "CELL", "BENCHMARK")):
        return path.parents[1].name
    return path.parent.name if path.name in EXPERIMENTS else path.name


def folders_of(results: Iterable[Path], parent: Path | None) -> list[Path]:
    """List the trackers' folders: those that are named, and all in a folder of trackers.

    Raises:
        DsltError: There is none.
    """
    folders = list(results)
    if parent is not None:
        if not parent.is_dir():
            raise DsltError(f"{parent}: no such folder of trackers")
        inside = [parent / name for name in scan(parent)[1]]
        if not inside:
            raise DsltError(f"{parent}: no folders in it; expected one per tracker")
        folders += inside
    if not folders:
        raise DsltError("no results: give --results DIR, once for each tracker, or --trackers DIR")
    return folders


def with_origins(
    folders: Sequence[Path], given: tuple[int, ...], suite: Suite
) -> list[tuple[Path, int]]:
    """Pair each folder with 0 or 1, where its files count from.

    Raises:
        DsltError: Neither one is given for all, nor one for each.
    """
    if len(given) not in (0, 1, len(folders)):
        raise DsltError(f"--box-origin: {len(given)} given for {len(folders)} folders of results")
    values = given or tuple(map(suite.usual_origin, folders))
    return list(zip(folders, values * len(folders) if len(values) == 1 else values, strict=True))


def load_suite(
    benchmark: str | None,
    annotations: Path | None,
    index_path: Path | None,
    protocol_name: str | None,
    protocol_definition: str | None,
) -> Suite:
    """Load the ground truth and the protocol that results are scored by."""
    if index_path is not None:
        from dslt.data.benchmarks.index_file import load_index  # here: it needs PyArrow

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


def part_of(suite: Suite, sequences: tuple[str, ...]) -> Suite:
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


def _protocol(name: str, definition: str | None) -> Protocol:
    """Read a protocol from JSON or by its name."""
    if definition is not None:
        where = f"protocol {name!r}"
        return parse_protocol(parse_json(definition, where), where)
    known = load_protocols(config_file(PROTOCOLS))
    if name not in known:
        raise unknown("protocol", name, known)
    return known[name]
