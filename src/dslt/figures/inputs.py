"""Checks that the figures share."""

import zipfile
from pathlib import Path

import numpy as np

from dslt.core.errors import DsltError


def existing(path: Path, made_by: str) -> Path:
    """Return `path` if it exists.

    Raises:
        DsltError: The path is missing; the message says which rule or command makes it.
    """
    if not path.exists():
        raise DsltError(f"{path}: no such file or folder; it is made by {made_by}")
    return path


def open_npz(path: Path, made_by: str) -> np.lib.npyio.NpzFile:
    """Open an archive of arrays.

    Raises:
        DsltError: The file is missing, or no archive; the message says what makes it.
    """
    try:
        archive = np.load(existing(path, made_by), allow_pickle=False)
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise DsltError(f"{path}: not an npz file ({error}); it is made by {made_by}") from error
    if not isinstance(archive, np.lib.npyio.NpzFile):
        raise DsltError(f"{path}: not an npz file but a single array; it is made by {made_by}")
    return archive
