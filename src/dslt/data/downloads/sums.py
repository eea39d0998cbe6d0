"""Checksums of a stream, and what is wrong with a file by its length and checksum."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dslt.data.downloads.unpacking.parts import Progress

_CHUNK = 1 << 20


class Sums:
    """Length, SHA-256 and one more sum of bytes as they pass.

    Attributes:
        length: Bytes so far.
    """

    def __init__(self, checksum: str | None) -> None:
        """Begin.

        Args:
            checksum: The one to compare with, `sha256:...`, `sha1:...` or `md5:...`, or None.
        """
        self.length = 0
        algorithm, _, self._expected = (checksum or "sha256:").partition(":")
        self._sha256 = hashlib.sha256()
        self._compared = hashlib.new(algorithm, usedforsecurity=False)

    def update(self, chunk: bytes) -> None:
        """Take bytes in."""
        self.length += len(chunk)
        self._sha256.update(chunk)
        if self._compared.name != "sha256":
            self._compared.update(chunk)

    @property
    def sha256(self) -> str:
        """SHA-256 so far, hexadecimal."""
        return self._sha256.hexdigest()

    def fault(self, length: int | None) -> str:
        """Say what is wrong with the bytes, empty if nothing is known to be.

        Args:
            length: The expected one, None where it is not known.
        """
        if length is not None and self.length != length:
            return f"it has {self.length} bytes, expected {length}"
        same = self._sha256 if self._compared.name == "sha256" else self._compared
        if self._expected and same.hexdigest() != self._expected:
            kind = self._compared.name.upper()
            return f"wrong checksum: expected {kind} {self._expected}, got {same.hexdigest()}"
        return ""


def file_sums(path: Path, checksum: str | None, progress: Progress) -> Sums:
    """Read a file and sum it up."""
    sums = Sums(checksum)
    with path.open("rb") as handle:
        while chunk := handle.read(_CHUNK):
            sums.update(chunk)
            progress(len(chunk))
    return sums
