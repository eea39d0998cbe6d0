"""`dslt figure`: draw a figure of the paper from result files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

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


@command.command(short_help="Boxes of several cells on the same frames.")
@click.option(
    "--index", required=True, type=click.Path(path_type=Path), help="Index of the benchmark."
)
@click.option(
    "--tracks",
    multiple=True,
    required=True,
    metavar="CELL=DIR",
    help="Folder with a cell's boxes, SEQUENCE.txt each. Repeat for each cell.",
)
@click.option(
    "--sequences",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Show this many sequences: those on which the cells' mean overlaps differ most.",
)
@click.option("--sequence", "named", multiple=True, help="Show this sequence instead. Repeat.")
@click.option(
    "--frames",
    default=5,
    show_default=True,
    type=click.IntRange(1, 8),
    help="Frames per sequence, evenly spaced over those with a visible target.",
)
@LABEL
@OUT
def fig01(
    index: Path,
    tracks: tuple[str, ...],
    sequences: int,
    named: tuple[str, ...],
    frames: int,
    labels: tuple[str, ...],
    out: Path,
) -> None:
    """Fig. 1: boxes of several cells on the same frames."""
    from dslt.figures import fig01 as module

    folders = _paths(tracks, "--tracks", "CELL=DIR")
    strips = module.load(index, folders, sequences, frames, named)
    _write(module.figure, out, strips, _labels(labels))


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


@command.command(short_help="Success and precision plots of the ablation.")
@click.option(
    "--score",
    "scores",
    multiple=True,
    required=True,
    type=click.Path(path_type=Path),
    help="Score file; it names its cell, benchmark and seed. Seeds of a cell are averaged. Repeat.",
)
@LABEL
@OUT
def fig15(scores: tuple[Path, ...], labels: tuple[str, ...], out: Path) -> None:
    """Fig. 15: success and precision plots, one row per benchmark."""
    from dslt.figures import fig15 as module

    _write(module.figure, out, module.load(scores), _labels(labels))


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
