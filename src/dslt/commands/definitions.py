"""Look an entry up for a command: as JSON, or by its name in the project's files."""

from __future__ import annotations

from typing import Any

from dslt.core.definitions import BENCHMARKS, WEIGHTS, config_file, read_definitions
from dslt.core.errors import unknown
from dslt.core.jsonfile import parse_json


def find_definition(name: str, definition: str | None, files: tuple[str, ...]) -> Any:
    """A definition given as JSON, or else the entry `name` of the YAML files, unchecked.

    Raises:
        DsltError: The JSON is broken, or no file has the entry; the error lists those there are.
    """
    if definition is not None:
        return parse_json(definition, f"--definition of {name}")
    places = files or (config_file(BENCHMARKS), config_file(WEIGHTS))
    entries = {key: value for file in places for key, value in read_definitions(file).items()}
    if name not in entries:
        raise unknown("benchmark", name, entries)
    return entries[name]
