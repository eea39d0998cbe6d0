"""Files that are the parts of one archive, read as one file."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError

Progress = Callable[[int], object]
"""Called with the number of bytes of the archive that were dealt with since the last call."""


class Parts(io.RawIOBase):
    """Files one after another; none of their bytes is copied."""

    def __init__(self, paths: Sequence[Path]) -> None:
        """Look at the files; each is opened when it is read.

        Raises:
            DsltError: There is none, or one is missing.
        """
        if not paths:
            raise DsltError("an archive needs at least one file")
        for path in paths:
            if not path.is_file():
                raise DsltError(f"{path}: no such archive")
        self._paths = paths
        self._ends = list(accumulate(path.stat().st_size for path in paths))
        self._place = self._reported = 0
        self._progress: Progress | None = None
        self._open: tuple[int, io.FileIO] | None = None

    @property
    def name(self) -> str:
        """The first file, which stands for all of them in messages."""
        return str(self._paths[0])

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self._ends[-1]

    def report(self, progress: Progress | None) -> None:
        """Report from now on how far the files have been read."""
        self._progress = progress

    def finish(self) -> None:
        """Report the rest, which is not needed."""
        self._advance(self.size)

    def readable(self) -> bool:
        """Bytes can be read."""
        return True

    def seekable(self) -> bool:
        """Any place can be reached."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place, counted from the start of the first file."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self.size}[whence]
        if start + offset < 0:
            raise OSError(f"place {start + offset} before the start")
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """The place, counted from the start of the first file."""
        return self._place

    def readinto(self, buffer: Any) -> int:
        """Read at most up to the end of the current file."""
        number = bisect_right(self._ends, self._place)
        if number == len(self._paths):
            return 0
        start = self._ends[number - 1] if number else 0
        try:
            handle = self._handle(number)
            handle.seek(self._place - start)
            count = handle.readinto(memoryview(buffer)[: self._ends[number] - self._place]) or 0
        except OSError as error:
            raise DsltError(f"{self._paths[number]}: unreadable ({error.strerror})") from error
        self._place += count
        self._advance(self._place)
        return count

    def close(self) -> None:
        """Close the file that is open."""
        if self._open is not None:
            self._open[1].close()
        self._open = None
        super().close()

    def _handle(self, number: int) -> io.FileIO:
        if self._open is None or self._open[0] != number:
            if self._open is not None:
                self._open[1].close()
            self._open = number, io.FileIO(self._paths[number])
        return self._open[1]

    def _advance(self, place: int) -> None:
        if self._progress is not None and place > self._reported:
            self._progress(place - self._reported)
            self._reported = place
