"""Checks that the figures share."""

import contextlib
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from dslt.core.errors import DsltError

_DAMAGE = (
    *(OSError, zipfile.BadZipFile, zlib.error, EOFError),  # of archives
    *(ValueError, KeyError, SyntaxError, tokenize.TokenError, NotImplementedError, MemoryError),
)  # and of the headers of arrays


def existing(path: Path, made_by: str) -> Path:
    """Return `path` if it exists.

    Raises:
        DsltError: The path is missing; the message says which rule or command makes it.
    """
    if not path.exists():
        raise DsltError(f"{path}: no such file or folder; it is made by {made_by}")
    return path


@contextlib.contextmanager
def open_npz(path: Path, made_by: str) -> Iterator[np.lib.npyio.NpzFile]:
    """Open an archive of arrays, which are read inside the block.

    Raises:
        DsltError: The file is missing, damaged or no archive; the message says what makes it.
    """
    try:
        archive = np.load(existing(path, made_by), allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise DsltError(f"{path}: not an npz file but a single array; it is made by {made_by}")
        with archive:
            yield archive
    except _DAMAGE as error:
        raise DsltError(f"{path}: not an npz file ({error}); it is made by {made_by}") from error
