"""What the commands of `dslt figure` share: options, how they are read, how a figure is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

TRACKS = click.option(
    "--tracks",
    multiple=True,
    required=True,
    metavar="CELL[@BENCHMARK]=DIR",
    help="Folder with a cell's boxes, SEQUENCE.txt each. Repeat for each cell and benchmark;"
    " with one index its name may be left out.",
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


def pairs_of(texts: Iterable[str], option: str, form: str) -> dict[str, str]:
    """Read repeated KEY=VALUE options, each key once.

    Raises:
        DsltError: A text has another form, or a key stands twice.
    """
    from dslt.core.errors import DsltError
    from dslt.figures.inputs import split_pair

    pairs: dict[str, str] = {}
    for text in texts:
        key, value = split_pair(text, f"{option} {form}")
        if key in pairs:
            raise DsltError(f"{option}: {key} was given twice")
        pairs[key] = value
    return pairs


def paths_of(texts: Iterable[str], option: str, form: str) -> dict[str, Path]:
    """Read repeated KEY=PATH options."""
    return {key: Path(value) for key, value in pairs_of(texts, option, form).items()}


def labels_of(texts: Iterable[str]) -> dict[str, str]:
    """Read `LABEL` options."""
    return pairs_of(texts, "--label", "CELL=TEXT")


def write(draw: Callable[..., Any], out: Path, *arguments: Any) -> None:
    """Draw, save, and say what was written."""
    from dslt.figures.style import save

    for path in save(draw(*arguments), out):
        click.echo(path)
