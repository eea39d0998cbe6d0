"""Where the project's own definitions are when a command is called by hand."""

from __future__ import annotations

from pathlib import Path

import dslt
from dslt.errors import DsltError

BENCHMARKS = "benchmarks.yaml"
DOWNLOADS = "downloads.yaml"
PROTOCOLS = "protocols.yaml"
TRAINING_SETS = "training_sets.yaml"


def config_file(name: str) -> Path:
    """Find a file of `config/`: of the working directory, else of the installed checkout.

    Raises:
        DsltError: It is in neither.
    """
    places = [Path("config", name), Path(dslt.__file__).parents[2] / "config" / name]
    for place in places:
        if place.is_file():
            return place
    raise DsltError(
        f"{' and '.join(map(str, places))}: no such file; call this in the project's folder"
    )
