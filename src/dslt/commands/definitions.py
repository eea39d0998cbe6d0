"""Look an entry up for a command: as JSON, or by its name in the project's files."""

from __future__ import annotations

from typing import Any

from dslt.config_files import BENCHMARKS, config_file
from dslt.data.benchmarks import WEIGHTS_FILE, read_definitions
from dslt.data.jsonfile import parse_json
from dslt.errors import unknown


def find_definition(name: str, definition: str | None, files: tuple[str, ...]) -> Any:
    """A definition given as JSON, or else the entry `name` of the YAML files, unchecked.

    Raises:
        DsltError: The JSON is broken, or no file has the entry; the error lists those there are.
    """
    if definition is not None:
        return parse_json(definition, f"--definition of {name}")
    places = files or (config_file(BENCHMARKS), WEIGHTS_FILE)
    entries = {key: value for file in places for key, value in read_definitions(file).items()}
    if name not in entries:
        raise unknown("benchmark", name, entries)
    return entries[name]
