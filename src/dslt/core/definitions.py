"""Definitions in YAML: how they are read and changed, and where the project's own are."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dslt.core.errors import DsltError
from dslt.core.text import merge

BENCHMARKS = "benchmarks.yaml"
DOWNLOADS = "downloads.yaml"
PROTOCOLS = "protocols.yaml"
TRAINING_SETS = "training_sets.yaml"
WEIGHTS = "weights.yaml"


def config_file(name: str) -> Path:
    """Find a file of `config/`: of the working directory, else of the installed checkout.

    Raises:
        DsltError: It is in neither.
    """
    places = [Path("config", name), Path(__file__).parents[3] / "config" / name]
    for place in places:
        if place.is_file():
            return place
    raise DsltError(
        f"{' and '.join(map(str, places))}: no such file; call this in the project's folder"
    )


def read_definitions(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the entries of a YAML file of definitions, unchecked.

    Raises:
        DsltError: The file is missing, not YAML, or not a mapping.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DsltError(f"{os.fspath(path)}: no such file of definitions") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DsltError(f"{os.fspath(path)}: not a readable YAML file ({error})") from error
    if not isinstance(values, dict):
        raise DsltError(f"{os.fspath(path)}: expected a mapping of names to definitions")
    return values


def changed_definitions(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay entries over others: one with a `kind` replaces, one without changes some keys."""
    new = {
        name: values if "kind" in values else merge(known.get(name, {}), values)
        for name, values in changes.items()
    }
    return {**known, **new}
