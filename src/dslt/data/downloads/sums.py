"""Checksums of a stream, and what is wrong with a file by its length and checksum."""

import hashlib
from collections.abc import Callable
from pathlib import Path

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
            checksum: The one to compare with, `sha256:...`, `sha1:...` or `md5:...`, or None.
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
        if self._expected not in ("", got):
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
