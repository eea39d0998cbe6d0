"""Definitions in YAML: how they are read and changed, and where the project's own are."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dslt.core.errors import DsltError, cut, quote
from dslt.core.text import merge

BENCHMARKS = "benchmarks.yaml"
CELLS = "cells.tsv"
DOWNLOADS = "downloads.yaml"
PROTOCOLS = "protocols.yaml"
TRAINING_SETS = "training_sets.yaml"
WEIGHTS = "weights.yaml"
# What PyYAML raises beside its own errors: about `2020-99-99`, `!!int _`, `!!bool x`, `[[[[...`.
_NO_YAML = (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError)
_DEEPEST = 50  # brackets in each other; the scanner looks at every open one for every character


class _Loader(yaml.SafeLoader):
    """Safe YAML with bounds on its depth and its numbers."""

    flow_level: int

    def fetch_flow_collection_start(self, token: type[yaml.Token]) -> None:
        """Open a bracket.

        Raises:
            yaml.YAMLError: Too many are open.
        """
        if self.flow_level >= _DEEPEST:
            raise yaml.YAMLError(f"more than {_DEEPEST} brackets in each other")
        super().fetch_flow_collection_start(token)  # type: ignore[no-untyped-call]

    def whole_number(self, node: yaml.ScalarNode) -> int:
        """Read a whole number.

        Raises:
            ValueError: It has more digits than Python writes; hexadecimal ones it reads.
        """
        value: int = self.construct_yaml_int(node)  # type: ignore[no-untyped-call]
        return int(str(value))


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.whole_number)


def own_config() -> Path:
    """Give the folder of the project's own configuration: of the installed package, or checkout."""
    packed = Path(__file__).parents[1] / "config"
    return packed if packed.is_dir() else Path(__file__).parents[3] / "config"


def own_study() -> Path:
    """Give the file of the default study, which stands beside `own_config`."""
    return own_config().parent / "config.yaml"


def config_file(name: str) -> Path:
    """Find a file of `config/`: of the working directory, else the project's own.

    Raises:
        DsltError: It is in neither.
    """
    places = [Path("config", name), own_config() / name]
    for place in places:
        if place.is_file():
            return place
    raise DsltError(f"{' and '.join(map(str, places))}: no such file of the configuration")


def read_definitions(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the entries of a YAML file of definitions, unchecked.

    Raises:
        DsltError: The file is missing, not YAML, or not a mapping, or a name is no text.
    """
    where = os.fspath(path)
    try:
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DsltError(f"{where}: no such file of definitions") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{where}: not a readable file of definitions ({error})") from error
    values = parse_yaml(text, where)
    if not isinstance(values, dict):
        raise DsltError(f"{where}: expected a mapping of names to definitions")
    for name in values:
        if not isinstance(name, str):
            raise DsltError(f"{where}: the name {quote(name)} is no text; write it in quotes")
    return values


def parse_yaml(text: str, where: str) -> Any:
    """Read YAML.

    Raises:
        DsltError: The text is not YAML; the message starts with `where`.
    """
    try:
        return yaml.load(text, _Loader)
    except _NO_YAML as error:
        raise DsltError(f"{where}: not readable as YAML ({cut(error, 1000)})") from error


def changed_definitions(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Lay entries over others: one with a `kind` replaces, one without changes some keys.

    Raises:
        DsltError: The changes or an entry are no mapping.
    """
    if not isinstance(changes, Mapping):
        raise DsltError(f"definitions {quote(changes)}; expected a mapping of names to definitions")
    for name, values in changes.items():
        for entry in (values, known.get(name, {})):
            if not isinstance(entry, Mapping):
                raise DsltError(f"definition of {quote(name)}: {quote(entry)}; expected a mapping")
    new = {
        name: values if "kind" in values else merge(known.get(name, {}), values)
        for name, values in changes.items()
    }
    return {**known, **new}
