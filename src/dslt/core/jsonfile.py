"""JSON files and texts with errors that name them."""

import json
import os
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError, quote


def read_json(path: str | os.PathLike[str]) -> Any:
    """Read a JSON file.

    Raises:
        DsltError: The file is missing, unreadable, or not JSON.
    """
    try:
        return json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise DsltError(f"{os.fspath(path)}: no such file") from None
    except (OSError, ValueError, RecursionError) as error:
        raise DsltError(f"{os.fspath(path)}: not a readable JSON file ({error})") from error


def parse_json(text: str, where: str) -> Any:
    """Read JSON text from the command line.

    Raises:
        DsltError: The text is not JSON.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DsltError(f"{where}: not JSON ({error}): {quote(text)}") from None
