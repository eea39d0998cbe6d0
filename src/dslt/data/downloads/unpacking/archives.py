"""Read zip and tar archives that may be hostile: no member is handed out before it is checked."""

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from dslt.core.errors import DsltError
from dslt.data.downloads.unpacking.gate import Gate

_CHUNK = 1 << 20
_LONGEST_HEADERS = 64 << 10  # bytes before a member of a tar, which are kept in memory
_LOCAL_HEADER = 30  # bytes before the name of a zip's member
_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"\xfd7zXZ\0": lzma.open,
    b"BZh": bz2.open,
}
DAMAGE = (
    zipfile.BadZipFile,
    tarfile.TarError,
    lzma.LZMAError,
    zlib.error,
    struct.error,
    EOFError,
    # What the libraries say to impossible numbers, names and features.
    ValueError,
    OverflowError,
    RecursionError,
    NotImplementedError,
)


class Readable(Protocol):
    """A stream of bytes."""

    def read(self, size: int, /) -> bytes:
        """Read up to `size` bytes; none at the end."""
        ...


@contextlib.contextmanager
def damage(where: str) -> Iterator[None]:
    """Turn what the libraries raise about broken archives into the user's error."""
    try:
        yield
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the file system; those of the decompressors have no number
        text = f"{where}: damaged archive ({error}); nothing was unpacked: fetch it again"
        raise DsltError(text) from error


class _ArchiveFile(io.FileIO):
    """The archive itself; it reports how far it has been read, and its errors name it.

    Attributes:
        progress: Called with the number of bytes that were read since the last call.
    """

    progress: Callable[[int], object] | None = None
    _reported = 0

    def __init__(self, path: Path) -> None:
        with _readable(path):
            super().__init__(path)

    def readinto(self, buffer: Any) -> int:
        with _readable(self.name):
            count = super().readinto(buffer)
        self.report(self.tell())
        return count or 0

    def report(self, place: int) -> None:
        """Report that the bytes before a place are dealt with."""
        if self.progress is not None and place > self._reported:
            self.progress(place - self._reported)
            self._reported = place


@contextlib.contextmanager
def _readable(path: object) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DsltError(f"{path}: unreadable ({error.strerror})") from error


def read_members(
    path: Path, gate: Gate, progress: Callable[[int], object] | None = None
) -> Generator[tuple[str | None, Callable[[], Readable]], None, None]:
    """Read a zip, a tar (compressed or not) or a `.gz` in one pass.

    The members of a zip are all checked before the first one is handed out; those of a tar as they
    come, for it is read only once and may have millions, which are not kept in memory.

    Args:
        path: The archive.
        gate: Decides what may come out of it.
        progress: Called with the bytes of the archive that were read since the last call.

    Yields:
        The path of a plain file, null if the archive is one compressed file, and what opens its
        bytes, which are read before the next member is asked for.

    Raises:
        DsltError: A member is refused, the archive is unreadable or is none. What the libraries
            raise about damage is left for `damage`.
    """
    with _ArchiveFile(path) as raw, io.BufferedReader(raw, _CHUNK) as file:
        magic = file.read(8)
        if magic.startswith(b"PK") and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                files = zip_files(archive, gate)
                raw.progress = progress
                for name, info in files.items():
                    yield name, partial(archive.open, info)
        else:
            raw.progress = progress
            file.seek(0)
            opener = next((_OPENERS[key] for key in _OPENERS if magic.startswith(key)), None)
            yield from _streamed(opener(file) if opener else file, gate, compressed=bool(opener))
        raw.report(path.stat().st_size)


def zip_files(archive: zipfile.ZipFile, gate: Gate) -> dict[str, zipfile.ZipInfo]:
    """List the plain files of a zip by path, in the order of their places.

    Raises:
        DsltError: A member is refused.
    """
    files: dict[str, zipfile.ZipInfo] = {}
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        path = gate.path(info)
        if path in files:
            raise gate.refusal(info.orig_filename, "occurs twice")
        if info.header_offset < end:
            raise gate.refusal(info.orig_filename, "lies over another one (a bomb?)")
        end = info.header_offset + _LOCAL_HEADER + len(info.orig_filename) + info.compress_size
        if path is not None:
            files[path] = info
    # No member gives more bytes than it declares: zipfile stops there, and compares the CRC.
    gate.expect(sum(info.file_size for info in files.values()))
    return files


class _Tape:
    """Unpacked bytes that are counted, read forward only, and only as far as it is allowed.

    Attributes:
        allowed: Bytes that may be read (not skipped) until this is set again.
        last: What was read last.
    """

    def __init__(self, stream: Readable, gate: Gate) -> None:
        self._stream, self._gate, self._place = stream, gate, 0
        self.allowed, self.last = _LONGEST_HEADERS, b""

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        if place < self._place:
            raise tarfile.StreamError("a header points backwards")
        while self._place < place and self.skip(min(place - self._place, _CHUNK)):
            pass

    def read(self, size: int, /) -> bytes:
        if not 0 <= size <= self.allowed:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self.allowed -= size
        self.last = self.skip(size)
        return self.last

    def skip(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._gate.spend(len(data))
        self._place += len(data)
        return data


def _streamed(
    stream: Any, gate: Gate, *, compressed: bool
) -> Iterator[tuple[str | None, Callable[[], Readable]]]:
    """Members of a tar, or a single compressed file."""
    is_tar = _is_tar(stream.read(tarfile.BLOCKSIZE))
    stream.seek(0)
    tape = _Tape(stream, gate)
    if is_tar:
        yield from _tar_members(tape, gate)
    elif compressed and gate.where.endswith(".gz") and not gate.where.endswith(".tar.gz"):
        tape.allowed = sys.maxsize
        yield None, lambda: tape
    else:
        raise DsltError(f"{gate.where}: neither a zip nor a tar archive (a broken download?)")


def _is_tar(head: bytes) -> bool:
    """Whether this is the first block of a tar (of an empty one, too)."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return head == bytes(tarfile.BLOCKSIZE)
    return True


def _tar_members(tape: _Tape, gate: Gate) -> Iterator[tuple[str, Callable[[], Readable]]]:
    with tarfile.TarFile(fileobj=tape) as archive:  # type: ignore[arg-type]
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else all headers are kept
            path = gate.path(info)
            if path is not None:
                gate.expect(info.size)
                yield path, partial(_open_member, archive, info, tape)
            tape.allowed = _LONGEST_HEADERS
    if tape.last != bytes(tarfile.BLOCKSIZE):  # tarfile takes any broken header for the end
        raise tarfile.ReadError("a broken header")
    while tape.skip(_CHUNK):
        pass  # a compressed stream is checked at its very end


def _open_member(archive: tarfile.TarFile, info: tarfile.TarInfo, tape: _Tape) -> Readable:
    opened = archive.extractfile(info)
    assert opened is not None  # only links and devices have no bytes
    tape.allowed = info.size
    return opened
