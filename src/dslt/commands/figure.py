"""`dslt figure`: draw a figure of the paper from result files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from dslt.commands.figure_parts import (
    AMONG,
    FRAMES,
    LABEL,
    OUT,
    TRACKS,
    labels_of,
    paths_of,
    write,
)

Drawing = tuple[Callable[..., Any], Callable[..., Any]]  # what loads, what draws


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
    @TRACKS
    @click.option("--reference", default="", help="Cell that the choice of sequences is about.")
    @click.option(
        "--sequences",
        default=sequences,
        show_default=True,
        type=click.IntRange(1),
        help=f"Show up to this many sequences of each benchmark: {rule}.",
    )
    @click.option("--sequence", "named", multiple=True, help="Show this sequence instead. Repeat.")
    @AMONG
    @FRAMES
    @LABEL
    @OUT
    def strips(
        indexes: tuple[Path, ...],
        tracks: tuple[str, ...],
        reference: str,
        sequences: int,
        named: tuple[str, ...],
        among: tuple[str, ...],
        frames: int,
        labels: tuple[str, ...],
        out: Path,
    ) -> None:
        from dslt.figures.boxes_on_frames import figure
        from dslt.figures.strips import Request, load

        request = Request(name, reference, sequences, frames, named, among)
        write(figure, out, load(indexes, tracks, request), labels_of(labels))

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

    found = module.load(paths_of(maps, "--maps", "CELL=NPZ"), sequence)
    write(module.figure, out, found, labels_of(labels))


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

    write(module.figure, out, module.parse_pairs(pairs) if pairs else module.PAIRS)


@command.command(short_help="Modulating factors and losses of classification.")
@OUT
def fig06(out: Path) -> None:
    """Fig. 6: modulating factors and losses of classification."""
    from dslt.figures import fig06 as module

    write(module.figure, out)


@command.command(short_help="Responses of Siamese networks to one frame.")
@click.option(
    "--maps",
    multiple=True,
    required=True,
    metavar="CELL[@ROW]=NPZ",
    help="A cell's file of `dslt respond`. Repeat for each cell; files of several sequences or"
    " frames need the name of a row each.",
)
@LABEL
@OUT
def fig07(maps: tuple[str, ...], labels: tuple[str, ...], out: Path) -> None:
    """Fig. 7: responses of Siamese networks to one frame."""
    from dslt.figures import fig07 as module

    write(module.figure, out, module.load(maps), labels_of(labels))


@command.command(short_help="Scores and overlaps over the frames of a sequence.")
@click.option("--index", required=True, type=click.Path(path_type=Path), help="Benchmark index.")
@TRACKS
@click.option(
    "--sequence",
    help="Sequence to show.  [default: that on which the cells' mean overlaps differ most]",
)
@AMONG
@FRAMES
@LABEL
@OUT
def fig14(
    index: Path,
    tracks: tuple[str, ...],
    sequence: str | None,
    among: tuple[str, ...],
    frames: int,
    labels: tuple[str, ...],
    out: Path,
) -> None:
    """Fig. 14: scores and overlaps over the frames of a sequence."""
    from dslt.figures import fig14 as module

    write(
        module.figure, out, module.load(index, tracks, sequence, frames, among), labels_of(labels)
    )


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
        write(figure, out, load(scores), labels_of(labels), printed.load(name, paper), rescored)

    number = f"Fig. {int(name[3:])}: " if name.startswith("fig") else ""
    scored.help = f"{number}{words if number else words.capitalize()}."


for _name in ("fig08", "fig09", "fig11", "fig13", "fig15"):
    _scored(_name, "success and precision plots, a block per benchmark", _one_pass)
for _name in ("fig10", "fig12"):
    _scored(_name, "ranking by expected average overlap, and its curves", _eao)
_scored("attributes", "scores by attribute, a panel per benchmark", _attributes)


@command.command(short_help="Convergence of first-frame and offline training.")
@click.option(
    "--convergence",
    multiple=True,
    metavar="CELL[@BENCHMARK]=CSV",
    help="Record of `dslt converge`. Repeat for each cell and seed; with more than one benchmark"
    " name it, they are never averaged together.",
)
@click.option(
    "--validation",
    multiple=True,
    metavar="CELL@SEED=CSV",
    help="Record of `dslt train`, validation.csv. Repeat for each cell and seed.",
)
@LABEL
@OUT
def fig16(
    convergence: tuple[str, ...], validation: tuple[str, ...], labels: tuple[str, ...], out: Path
) -> None:
    """Fig. 16: convergence of first-frame and offline training."""
    from dslt.figures import fig16 as module
    from dslt.score.validation import read_validations

    validated = read_validations(validation)
    write(module.figure, out, module.load(convergence), labels_of(labels), validated)
