"""The part of `dslt index` that reads training sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.pairs.sets.open import index_training_set


def index(name: str, definition: Any, data: str, jobs: int, out: Path) -> None:
    """Index a training set, and say what is in it."""
    table = index_training_set(name, parse_training_set(name, definition), out, data, jobs)
    videos, tracks, boxes = len(table), len(table.tracks), len(table.frames)
    click.echo(f"{name}: {videos} videos, {tracks} tracks, {boxes} boxes -> {out}")
