"""Look an entry up for a command: as JSON, or by its name in the project's files."""

import os
from collections.abc import Iterable
from typing import Any

from dslt.core.definitions import config_file, read_definitions
from dslt.core.errors import unknown
from dslt.core.jsonfile import parse_json


def find_definition(
    name: str,
    definition: str | None,
    files: Iterable[str | os.PathLike[str]],
    default: Iterable[str],
    kind: str = "benchmark",
) -> Any:
    """Give a definition that is JSON, or else the entry `name` of the YAML files, unchecked.

    Args:
        name: Name of the entry.
        definition: The entry as JSON.
        files: The YAML files; of entries of one name, the one in the last file is taken.
        default: Names of the project's own files, which are read where no file is given.
        kind: What the files have, in the user's words.

    Raises:
        DsltError: The JSON is broken, or no file has the entry; the error lists those there are.
    """
    if definition is not None:
        return parse_json(definition, f"--definition of {name}")
    paths = tuple(files) or map(config_file, default)
    entries = {key: value for path in paths for key, value in read_definitions(path).items()}
    if name not in entries:
        raise unknown(kind, name, entries)
    return entries[name]
