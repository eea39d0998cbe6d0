"""Checksums of a stream, and what is wrong with a file by its length, checksum and kind."""

import gzip
import hashlib
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from dslt.core.files import is_checksum

_CHUNK = 1 << 20
CountBytes = Callable[[int], object]
"""Called with the number of bytes that were dealt with since the last call."""


class Checksums:
    """Length, SHA-256 and one more sum of bytes as they pass.

    Attributes:
        length: Number of bytes so far.
    """

    def __init__(self, checksum: str | None) -> None:
        """Begin.

        Args:
            checksum: The one to compare with, `sha256:...`, `sha1:...` or `md5:...`, whole or its
                first digits (`is_checksum`), or None.
        """
        self.length = 0
        kind, _, self._expected = (checksum or "sha256:").partition(":")
        self._sums = {each: hashlib.new(each, usedforsecurity=False) for each in ("sha256", kind)}
        self._kind = kind

    def update(self, chunk: bytes) -> None:
        """Take bytes in."""
        self.length += len(chunk)
        for each in self._sums.values():
            each.update(chunk)

    @property
    def sha256(self) -> str:
        """SHA-256 so far, hexadecimal."""
        return self._sums["sha256"].hexdigest()

    def fault(self, length: int | None) -> str:
        """Say what is wrong with the bytes, empty if nothing is known to be.

        Args:
            length: The expected one, None where it is not known.
        """
        if length is not None and self.length != length:
            return f"it has {self.length} bytes, expected {length}"
        got = self._sums[self._kind].hexdigest()
        if self._expected and not is_checksum(got, self._expected):
            kind = self._kind.upper()
            return f"wrong checksum: expected {kind} {self._expected}, got {got}"
        return ""


def file_sums(path: Path, checksum: str | None, progress: CountBytes) -> Checksums:
    """Read a file and sum it up."""
    sums = Checksums(checksum)
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            sums.update(chunk)
            progress(len(chunk))
    return sums


def does_not_open(path: Path, name: str = "") -> str:
    """Say if a file is not what its name promises; only its beginning or its list is read.

    Args:
        path: The file.
        name: Its name, where that of the path is another one.
    """
    name = (name or path.name).lower()
    try:
        if name.endswith(".zip"):
            zipfile.ZipFile(path).close()
        elif name.endswith((".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")):
            with tarfile.open(path) as archive:
                archive.next()
        elif name.endswith(".gz"):
            with gzip.open(path) as stream:
                stream.read(1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        return f"does not open ({error}); a broken download?"
    return ""
