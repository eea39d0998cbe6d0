"""`dslt figure`: draw a figure of the paper from result files, a verb for each of the catalog."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from dslt.commands.options import INDEX, PATH, Decorator, SpreadCommand, pair_option
from dslt.core.errors import DsltError
from dslt.settings.catalog import FIGURES, FigureEntry, Source

POSITIVE = click.IntRange(1)
MANY_PATHS: dict[str, Any] = {"multiple": True, "required": True, "type": PATH}
FIRST_SEQUENCE = "Sequence to show.  [default: the first in the first file]"
WIDEST_SEQUENCE = "Sequence to show.  [default: that on which the cells' mean overlaps differ most]"
TRACKS = click.option(
    "--tracks",
    multiple=True,
    required=True,
    metavar="CELL[@BENCHMARK]=DIR",
    help="Folder with a cell's boxes, SEQUENCE.txt each. Repeat for each cell and benchmark;"
    " with one index its name may be left out.",
)
PUBLISHED = click.option(
    "--published",
    multiple=True,
    metavar="CELL[@BENCHMARK]=DIR",
    help="Folder with another tracker's raw results, in a layout that `dslt score` reads. Repeat.",
)
AMONG = click.option(
    "--among", multiple=True, help="Choose among these sequences only; repeat.  [default: all]"
)
FRAMES = click.option(
    "--frames",
    default=5,
    show_default=True,
    type=click.IntRange(1, 8),
    help="Frames per sequence.",
)
FACTORS = click.option(
    "--pair",
    "factors",
    multiple=True,
    metavar="A,C",
    help="Setting of the modulating factor, at most six; the first is drawn in the second panel"
    " too.  [default: the four of Table 3]",
)
SCORES = click.option(
    "--score",
    "scores",
    help="Score file; it names its cell, benchmark and seed. Seeds of a cell are averaged. Repeat.",
    **MANY_PATHS,
)
PAPER = click.option(
    "--paper",
    type=PATH,
    help="Folder of the printed numbers (config/paper), to be shown beside ours.",
)
RESCORED = click.option(
    "--rescored",
    multiple=True,
    metavar="CELL",
    help="Mark a cell whose boxes are published ones, scored here. Repeat.",
)
MAPS = pair_option(
    "--maps",
    "CELL=NPZ",
    "maps",
    "Maps of a cell from `dslt converge`. Repeat; the paper shows L2 and shrinkage.",
    required=True,
)
RESPONSES = click.option(
    "--maps",
    multiple=True,
    required=True,
    metavar="CELL[@ROW]=NPZ",
    help="A cell's file of `dslt respond`. Repeat for each cell; files of several sequences or"
    " frames need the name of a row each.",
)
CONVERGENCE = click.option(
    "--convergence",
    multiple=True,
    metavar="CELL[@BENCHMARK]=CSV",
    help="Record of `dslt converge`. Repeat for each cell and seed; with more than one benchmark"
    " name it, they are never averaged together.",
)
VALIDATION = click.option(
    "--validation",
    multiple=True,
    metavar="CELL@SEED=CSV",
    help="Record of `dslt train`, validation.csv. Repeat for each cell and seed.",
)
OUT = click.option(
    "--out", required=True, type=PATH, help="Where to write, without suffix: OUT.pdf and OUT.png."
)
CONFIDENCES = click.option(
    "--confidence", "confidences", help="Confidence file of a cell. Repeat.", **MANY_PATHS
)
BENCHMARKS = click.option(
    "--benchmark", "benchmarks", multiple=True, help="Benchmark to show; repeat.  [default: all]"
)
LABELS = pair_option(
    "--label",
    "CELL=TEXT",
    "labels",
    "Name a cell in the legend; known cells have names, others show their id. Repeat.",
)


@click.group()
def command() -> None:
    """Draw a figure of the paper from results, as PDF and PNG."""


def _strips(entry: FigureEntry) -> list[Decorator]:
    """List the options of strips, whose help says how a figure chooses its sequences."""
    number = entry.defaults.get("sequences", 2)
    text = f"Show up to this many sequences of each benchmark: {entry.rule}."
    named = "Show this sequence instead, on the benchmark that has it. Repeat."
    return [
        click.option("--index", "indexes", help="Index of a benchmark. Repeat.", **MANY_PATHS),
        TRACKS,
        click.option("--reference", default="", help="Cell that the choice of sequences is about."),
        click.option("--sequences", default=number, show_default=True, type=POSITIVE, help=text),
        click.option("--sequence", "named", multiple=True, help=named),
        PUBLISHED,
        pair_option(
            "--origin",
            "CELL=0|1",
            "origins",
            "Pixel that a published cell's files count from: 0 or 1.",
        ),
        AMONG,
        FRAMES,
    ]


# The options of a figure, by what it is drawn from.
OPTIONS: Mapping[Source, Callable[[FigureEntry], list[Decorator]]] = {
    "nothing": lambda entry: [],
    "factors": lambda entry: [FACTORS],
    "scores": lambda entry: [SCORES, PAPER, RESCORED],
    "boxes": _strips,
    "maps": lambda entry: [MAPS, click.option("--sequence", help=FIRST_SEQUENCE)],
    "responses": lambda entry: [RESPONSES],
    "timeline": lambda entry: [
        INDEX,
        TRACKS,
        click.option("--sequence", help=WIDEST_SEQUENCE),
        AMONG,
        FRAMES,
    ],
    "records": lambda entry: [CONVERGENCE, VALIDATION],
    "confidence": lambda entry: [CONFIDENCES, BENCHMARKS],
}


def _scores(
    name: str, module: Any, labels: Any, scores: Any, paper: Path | None, rescored: Any
) -> Any:
    from dslt.figures import printed

    return module.figure(module.load(scores), labels, printed.load(name, paper, rescored))


def _boxes(
    name: str,
    module: Any,
    labels: Any,
    indexes: Any,
    tracks: Any,
    reference: str,
    sequences: int,
    named: Any,
    published: Any,
    origins: Any,
    among: Any,
    frames: int,
) -> Any:
    from dslt.figures.strips import Published, Request, load

    request = Request(name, reference, sequences, frames, named, among)
    others = Published(published, {cell: _origin(cell, text) for cell, text in origins.items()})
    return module.figure(load(indexes, tracks, request, others), labels)


def _origin(cell: str, text: str) -> int:
    """Read where the files of a cell count pixels from.

    Raises:
        DsltError: It is neither 0 nor 1.
    """
    if text not in ("0", "1"):
        raise DsltError(f"--origin {cell}={text}: expected 0 or 1")
    return int(text)


def _records(name: str, module: Any, labels: Any, convergence: Any, validation: Any) -> Any:
    from dslt.score.validation import read_validations

    return module.figure(module.load(convergence), labels, read_validations(validation))


def _maps(name: str, module: Any, labels: Any, maps: Any, sequence: str | None) -> Any:
    paths = {cell: Path(file) for cell, file in maps.items()}
    return module.figure(module.load(paths, sequence), labels)


def _responses(name: str, module: Any, labels: Any, maps: Any) -> Any:
    return module.figure(module.load(maps), labels)


def _timeline(name: str, module: Any, labels: Any, **options: Any) -> Any:
    return module.figure(module.load(**options), labels)


def _factors(name: str, module: Any, labels: Any, factors: Any) -> Any:
    return module.figure(module.parse_pairs(factors) if factors else module.PAIRS)


def _confidence(name: str, module: Any, labels: Any, confidences: Any, benchmarks: Any) -> Any:
    return module.figure(module.load(confidences, benchmarks), labels)


# How a figure's module is called, by what the figure is drawn from.
DRAWINGS: Mapping[Source, Callable[..., Any]] = {
    "nothing": lambda name, module, labels: module.figure(),
    "factors": _factors,
    "scores": _scores,
    "boxes": _boxes,
    "maps": _maps,
    "responses": _responses,
    "timeline": _timeline,
    "records": _records,
    "confidence": _confidence,
}


def _add(name: str, entry: FigureEntry) -> None:
    """Add the command of one figure."""

    def draw(out: Path, labels: Any = None, **options: Any) -> None:
        from dslt.figures.style import save

        module = importlib.import_module(entry.module)
        for path in save(DRAWINGS[entry.source](name, module, labels, **options), out):
            click.echo(path)

    labels = [] if entry.source in ("nothing", "factors") else [LABELS]
    options = [*OPTIONS[entry.source](entry), *labels, OUT]
    callback: Any = draw
    for option in reversed(options):
        callback = option(callback)
    shown = entry.words or entry.title
    words = f"{shown[0].upper()}{shown[1:]}."
    text = f"Fig. {entry.number}: {shown}." if entry.number else words
    command.command(name, cls=SpreadCommand, help=text, short_help=words)(callback)


for _name, _entry in FIGURES.items():
    _add(_name, _entry)
