"""`dslt figure`: draw a figure of the paper from result files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

Drawing = tuple[Callable[..., Any], Callable[..., Any]]  # what loads, what draws
OUT = click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to write, without suffix: OUT.pdf and OUT.png.",
)
LABEL = click.option(
    "--label",
    "labels",
    multiple=True,
    metavar="CELL=TEXT",
    help="Name a cell in the legend; known cells have names, others show their id.",
)


def _pairs(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    """Read repeated KEY=VALUE options, each key once."""
    from dslt.errors import DsltError
    from dslt.figures.inputs import split_pair

    pairs: dict[str, str] = {}
    for text in texts:
        key, value = split_pair(text, f"{option} {form}")
        if key in pairs:
            raise DsltError(f"{option}: {key} was given twice")
        pairs[key] = value
    return pairs


def _paths(texts: Iterable[str], option: str, form: str) -> dict[str, Path]:
    return {key: Path(value) for key, value in _pairs(texts, option, form).items()}


def _labels(texts: Iterable[str]) -> dict[str, str]:
    return _pairs(texts, "--label", "CELL=TEXT")


def _write(draw: Callable[..., Any], out: Path, *arguments: Any) -> None:
    """Draw, save, and say what was written."""
    from dslt.figures.style import save

    for path in save(draw(*arguments), out):
        click.echo(path)


@click.group()
def command() -> None:
    """Draw a figure of the paper from results, as PDF and PNG."""


def _strips(name: str, words: str, rule: str, sequences: int) -> None:
    """Add the command of one figure of strips."""

    @command.command(name, short_help=f"{words[0].upper()}{words[1:]}.")
    @click.option(
        "--index",
        "indexes",
        multiple=True,
        required=True,
        type=click.Path(path_type=Path),
        help="Index of a benchmark. Repeat.",
    )
    @click.option(
        "--tracks",
        multiple=True,
        required=True,
        metavar="CELL[@BENCHMARK]=DIR",
        help="Folder with a cell's boxes, SEQUENCE.txt each. Repeat for each cell and benchmark;"
        " with one index its name may be left out.",
    )
    @click.option("--reference", default="", help="Cell that the choice of sequences is about.")
    @click.option(
        "--sequences",
        default=sequences,
        show_default=True,
        type=click.IntRange(1),
        help=f"Show up to this many sequences of each benchmark: {rule}.",
    )
    @click.option("--sequence", "named", multiple=True, help="Show this sequence instead. Repeat.")
    @click.option(
        "--frames",
        default=5,
        show_default=True,
        type=click.IntRange(1, 8),
        help="Frames per sequence.",
    )
    @LABEL
    @OUT
    def strips(
        indexes: tuple[Path, ...],
        tracks: tuple[str, ...],
        reference: str,
        sequences: int,
        named: tuple[str, ...],
        frames: int,
        labels: tuple[str, ...],
        out: Path,
    ) -> None:
        from dslt.figures.boxes_on_frames import figure
        from dslt.figures.strips import Request, load

        request = Request(name, reference, sequences, frames, named)
        _write(figure, out, load(indexes, tracks, request), _labels(labels))

    strips.help = f"Fig. {int(name[3:])}: {words}."


_strips(
    "fig01",
    "boxes of several cells on the same frames",
    "those on which the cells' mean overlaps differ most",
    4,
)
_strips(
    "fig17",
    "boxes where the reference does best",
    "those on which its mean overlap exceeds the median of the others' most",
    2,
)
_strips(
    "fig18",
    "boxes where the reference fails",
    "those on which its mean overlap is lowest, around its first failure",
    2,
)


@command.command(short_help="Patch, label, responses, histogram of the errors.")
@click.option(
    "--maps",
    multiple=True,
    required=True,
    metavar="CELL=NPZ",
    help="Maps of a cell from `dslt converge`. Repeat; the paper shows L2 and shrinkage.",
)
@click.option("--sequence", help="Sequence to show.  [default: the first in the first file]")
@LABEL
@OUT
def fig03(maps: tuple[str, ...], sequence: str | None, labels: tuple[str, ...], out: Path) -> None:
    """Fig. 3: patch, label, responses and histogram of the errors."""
    from dslt.figures import fig03 as module

    found = module.load(_paths(maps, "--maps", "CELL=NPZ"), sequence)
    _write(module.figure, out, found, _labels(labels))


@command.command(short_help="Modulating factors and losses.")
@click.option(
    "--pair",
    "pairs",
    multiple=True,
    metavar="A,C",
    help="Setting of the modulating factor, at most six; the first is drawn in the second panel"
    " too.  [default: the four of Table 3]",
)
@OUT
def fig04(pairs: tuple[str, ...], out: Path) -> None:
    """Fig. 4: modulating factors and losses."""
    from dslt.figures import fig04 as module

    _write(module.figure, out, module.parse_pairs(pairs) if pairs else module.PAIRS)


# Imports stand in functions, where the fingerprint of the code finds them and --help is quick.
def _one_pass() -> Drawing:
    from dslt.figures.one_pass import figure, load

    return load, figure


def _eao() -> Drawing:
    from dslt.figures.eao import figure, load

    return load, figure


def _attributes() -> Drawing:
    from dslt.figures.attributes import figure, load

    return load, figure


def _scored(name: str, words: str, drawing: Callable[[], Drawing]) -> None:
    """Add the command of one figure that is drawn from score files."""

    @command.command(name, short_help=f"{words[0].upper()}{words[1:]}.")
    @click.option(
        "--score",
        "scores",
        multiple=True,
        required=True,
        type=click.Path(path_type=Path),
        help="Score file; it names its cell, benchmark and seed. Seeds of a cell are averaged."
        " Repeat.",
    )
    @click.option(
        "--paper",
        type=click.Path(path_type=Path),
        help="Folder of the printed numbers (config/paper), to be shown beside ours.",
    )
    @click.option(
        "--rescored",
        multiple=True,
        metavar="CELL",
        help="Mark a cell whose boxes are published ones, scored here. Repeat.",
    )
    @LABEL
    @OUT
    def scored(
        scores: tuple[Path, ...],
        paper: Path | None,
        rescored: tuple[str, ...],
        labels: tuple[str, ...],
        out: Path,
    ) -> None:
        from dslt.figures import printed

        load, figure = drawing()
        _write(figure, out, load(scores), _labels(labels), printed.load(name, paper), rescored)

    number = f"Fig. {int(name[3:])}: " if name.startswith("fig") else ""
    scored.help = f"{number}{words if number else words.capitalize()}."


for _name in ("fig08", "fig09", "fig11", "fig13", "fig15"):
    _scored(_name, "success and precision plots, a block per benchmark", _one_pass)
for _name in ("fig10", "fig12"):
    _scored(_name, "ranking by expected average overlap, and its curves", _eao)
_scored("attributes", "scores by attribute, a panel per benchmark", _attributes)


@command.command(short_help="Convergence of the first-frame training.")
@click.option(
    "--convergence",
    multiple=True,
    required=True,
    metavar="CELL[@BENCHMARK]=CSV",
    help="Record of `dslt converge`. Repeat for each cell and seed; with more than one benchmark"
    " name it, they are never averaged together.",
)
@LABEL
@OUT
def fig16(convergence: tuple[str, ...], labels: tuple[str, ...], out: Path) -> None:
    """Fig. 16: convergence of the first-frame training."""
    from dslt.figures import fig16 as module

    _write(module.figure, out, module.load(convergence), _labels(labels))
