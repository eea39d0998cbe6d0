"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

WEIGHTS = click.option(
    "--weights",
    type=click.Path(path_type=Path),
    help="model.pt of `dslt train`, for a tracker that learns offline.",
)
