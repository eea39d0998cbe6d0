"""Read zip and tar archives that may be hostile: no member is handed out before it is checked."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from dslt.core.errors import DsltError
from dslt.data.downloads.unpacking.gate import Gate, Limits
from dslt.data.downloads.unpacking.parts import Parts, Progress

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
        """Up to `size` bytes, none at the end."""
        ...


@dataclass(frozen=True)
class Member:
    """A plain file in an archive.

    Attributes:
        path: With `/` between its parts; null: the archive is this one compressed file.
        open: Opens its bytes, which are read before the next member is asked for.
    """

    path: str | None
    open: Callable[[], Readable]


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


class _Stream:
    """A stream out of an archive; its bytes are counted and its damage is the user's error."""

    def __init__(self, stream: Readable, gate: Gate, *, counted: bool = True) -> None:
        self._stream, self._gate, self._counted = stream, gate, counted
        self._ahead = b""

    def read(self, size: int, /) -> bytes:
        """Up to `size` bytes, none at the end."""
        if self._ahead:
            data, self._ahead = self._ahead[:size], self._ahead[size:]
            return data
        with damage(self._gate.where):
            data = self._stream.read(size)
        if self._counted:
            self._gate.spend(len(data))
        return data

    def head(self, size: int) -> bytes:
        """The first bytes, which stay to be read."""
        data = b""
        while len(data) < size and (more := self.read(size - len(data))):
            data += more
        self._ahead = data
        return data


def read_members(
    parts: Parts, limits: Limits | None = None, progress: Progress | None = None
) -> Generator[Member, None, None]:
    """Read a zip, a tar (compressed or not) or a `.gz` in one pass.

    The members of a zip are all checked before the first one is handed out; those of a tar as they
    come, for it is read only once and may have millions, which are not kept in memory.

    Raises:
        DsltError: A member is refused, the archive is damaged or is none.
    """
    gate = Gate(parts.name, parts.size, limits)
    with io.BufferedReader(parts, _CHUNK) as file, damage(gate.where):
        magic = file.read(8)
        if magic.startswith(b"PK") and zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                files = zip_files(archive, gate)
                parts.report(progress)
                for path, info in files.items():
                    yield Member(path, partial(_zip_stream, archive, info, gate))
        else:
            parts.report(progress)
            file.seek(0)
            opener = next((_OPENERS[key] for key in _OPENERS if magic.startswith(key)), None)
            stream = _Stream(opener(file) if opener else file, gate)
            yield from _streamed(stream, gate, compressed=opener is not None)
        parts.finish()


def zip_files(archive: zipfile.ZipFile, gate: Gate) -> dict[str, zipfile.ZipInfo]:
    """Plain files of a zip by path, in the order of their places.

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
    gate.expect(sum(info.file_size for info in files.values()))
    return files


def _zip_stream(archive: zipfile.ZipFile, info: zipfile.ZipInfo, gate: Gate) -> Readable:
    with damage(gate.where):
        return _Stream(archive.open(info), gate)


def _streamed(stream: _Stream, gate: Gate, *, compressed: bool) -> Iterator[Member]:
    """Members of a tar, or a single compressed file."""
    if _is_tar(stream.head(tarfile.BLOCKSIZE)):
        yield from _tar_members(stream, gate)
    elif compressed and gate.where.endswith(".gz") and not gate.where.endswith(".tar.gz"):
        yield Member(None, lambda: stream)
    else:
        raise DsltError(f"{gate.where}: neither a zip nor a tar archive (a broken download?)")


def _is_tar(head: bytes) -> bool:
    """Whether this is the first block of a tar (of an empty one, too)."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
        return True
    except tarfile.HeaderError:
        return False
    return True


class _Header(tarfile.TarInfo):
    """A header of a tar; where tarfile takes a broken one, or none, for the end, this does not."""

    @classmethod
    def fromtarfile(cls, tar: tarfile.TarFile) -> _Header:
        """Read the next header; the end is where a block of zeros says so."""
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            raise
        except tarfile.HeaderError as error:
            raise tarfile.ReadError(str(error)) from error


class _Tape:
    """What tarfile reads: it goes forward only, and as far as it is allowed to.

    Attributes:
        allowed: Bytes that may be read (not skipped) until this is set again.
    """

    def __init__(self, stream: _Stream) -> None:
        self._stream, self._place = stream, 0
        self.allowed = _LONGEST_HEADERS

    def tell(self) -> int:
        return self._place

    def seek(self, place: int) -> None:
        if place < self._place:
            raise tarfile.StreamError("a header points backwards")
        while self._place < place and self._next(place - self._place):
            pass

    def read(self, size: int) -> bytes:
        if not 0 <= size <= self.allowed:
            raise tarfile.ReadError(f"a header of {size} bytes")
        self.allowed -= size
        end, pieces = self._place + size, []
        while self._place < end and (piece := self._next(end - self._place)):
            pieces.append(piece)
        return b"".join(pieces)

    def _next(self, size: int) -> bytes:
        data = self._stream.read(min(size, _CHUNK))
        self._place += len(data)
        return data


def _tar_members(stream: _Stream, gate: Gate) -> Iterator[Member]:
    tape = _Tape(stream)
    with tarfile.TarFile(fileobj=tape, tarinfo=_Header) as archive:  # type: ignore[arg-type]
        while (info := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # else all headers are kept
            path = gate.path(info)
            if path is not None:
                gate.expect(info.size)
                yield Member(path, partial(_tar_stream, archive, info, tape, gate))
            tape.allowed = _LONGEST_HEADERS
    while stream.read(_CHUNK):
        pass  # a compressed stream is checked at its very end


def _tar_stream(
    archive: tarfile.TarFile, info: tarfile.TarInfo, tape: _Tape, gate: Gate
) -> Readable:
    opened = archive.extractfile(info)
    assert opened is not None  # only links and devices have no bytes
    tape.allowed = info.size
    return _Stream(opened, gate, counted=False)  # what the tape reads is counted
