"""Unpack zip and tar archives that may be hostile."""

from __future__ import annotations

import contextlib
import lzma
import os
import re
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from dslt.data.files import write_error
from dslt.errors import DsltError

_CHUNK = 1 << 20
_MAX_MEMBERS = 2_000_000
_FREE_BYTES = 64 << 20  # below this a high compression ratio is harmless
_Info = zipfile.ZipInfo | tarfile.TarInfo
_DAMAGE = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to: bytes in all, and bytes per byte of the archive."""

    max_bytes: int = 256 << 30
    max_ratio: int = 100

    def allowance(self, archive_bytes: int) -> int:
        """Bytes that an archive of this size may unpack to."""
        return min(self.max_bytes, max(_FREE_BYTES, archive_bytes * self.max_ratio))


def unpack(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    members: Collection[str] | None = None,
    limits: Limits | None = None,
) -> None:
    """Unpack a zip (wheel) or tar archive into a new folder, as a whole or not at all.

    Every member is checked before the first byte is written: no absolute path, no `..`, no drive or
    backslash, no link, no device, no name twice. The bytes that really come out are counted against
    the limits, whatever the archive declares.

    Args:
        archive: The archive file.
        folder: The folder to make; it must not exist.
        members: Unpack only these files (they must be there); default all.
        limits: Size limits.

    Raises:
        DsltError: A member is refused, the archive is damaged, or the disk is full.
    """
    source, target = Path(archive), Path(folder)
    if target.exists():
        raise DsltError(f"{target}: exists already; nothing was unpacked")
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".unpack-", dir=target.parent))
        _unpack_into(source, temporary, members, limits or Limits())
        temporary.chmod(0o755)
        temporary.replace(target)
    except _DAMAGE as error:
        raise DsltError(f"{source}: damaged archive ({error}); nothing was unpacked") from error
    except OSError as error:
        raise write_error(target, error) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _unpack_into(
    source: Path, folder: Path, members: Collection[str] | None, limits: Limits
) -> None:
    """Check all members, then write the wanted ones."""
    with _opened(source) as archive:
        files = _checked_members(source, archive)
        wanted = set(files) if members is None else set(members)
        missing = sorted(wanted - set(files))
        if missing:
            raise DsltError(f"{source}: no member {missing[0]!r} in the archive")
        budget = limits.allowance(source.stat().st_size)
        for name in sorted(wanted):
            target = folder.joinpath(*name.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            with _member(archive, files[name]) as stream:
                budget -= _copy(stream, target, budget, f"{source}: member {name!r}")


@contextlib.contextmanager
def _opened(source: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    """Open an archive of either kind."""
    if not source.is_file():
        raise DsltError(f"{source}: no such archive")
    if zipfile.is_zipfile(source):
        with zipfile.ZipFile(source) as archive:
            yield archive
    elif tarfile.is_tarfile(source):
        with tarfile.open(source) as tar:
            yield tar
    else:
        raise DsltError(f"{source}: neither a zip nor a tar archive (a broken download?)")


def _checked_members(source: Path, archive: zipfile.ZipFile | tarfile.TarFile) -> dict[str, _Info]:
    """Files of an archive by path; refuses the archive if any member is not plain."""
    files: dict[str, _Info] = {}
    infos: Iterable[_Info] = (
        archive.infolist() if isinstance(archive, zipfile.ZipFile) else archive.getmembers()
    )
    for count, info in enumerate(infos, 1):
        raw = info.orig_filename if isinstance(info, zipfile.ZipInfo) else info.name
        name = "/".join(part for part in raw.split("/") if part not in ("", "."))
        reason = _unsafe_path(raw) or _unsafe_kind(info)
        if name in files:
            reason = reason or "occurs twice"
        if count > _MAX_MEMBERS:
            reason = f"is one of more than {_MAX_MEMBERS}"
        if reason:
            raise DsltError(f"{source}: member {raw!r} {reason}; refused, nothing was unpacked")
        if not (info.is_dir() if isinstance(info, zipfile.ZipInfo) else info.isdir()):
            files[name] = info
    return files


def _unsafe_path(name: str) -> str | None:
    """Say what is wrong with a member's path, if anything."""
    if name.startswith("/") or ".." in name.split("/"):
        return "leaves its folder"
    if "\\" in name or "\0" in name or re.match(r"[A-Za-z]:", name):
        return "has a path that is not portable"
    return None


def _unsafe_kind(info: _Info) -> str | None:
    """Say why a member is no plain file or folder, if so."""
    if isinstance(info, tarfile.TarInfo):
        if info.issym() or info.islnk():
            return f"is a link (to {info.linkname!r})"
        return None if info.isfile() or info.isdir() else "is not a plain file"
    if info.flag_bits & 0x1:
        return "is encrypted"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    # Archives made on other systems carry no file type at all.
    return "is not a plain file" if kind not in (0, stat.S_IFREG, stat.S_IFDIR) else None


def _member(archive: zipfile.ZipFile | tarfile.TarFile, info: _Info) -> IO[bytes]:
    """Open one member's bytes."""
    if isinstance(archive, zipfile.ZipFile):
        assert isinstance(info, zipfile.ZipInfo)
        return archive.open(info)
    assert isinstance(info, tarfile.TarInfo)
    stream = archive.extractfile(info)
    if stream is None:
        raise tarfile.ReadError(f"member {info.name!r} has no data")
    return stream


def _copy(stream: IO[bytes], target: Path, budget: int, where: str) -> int:
    """Copy a stream to a new file and return its length, at most `budget` bytes."""
    written = 0
    with target.open("xb") as out:
        while chunk := stream.read(_CHUNK):
            written += len(chunk)
            if written > budget:
                raise DsltError(
                    f"{where} unpacks to more than the archive may hold (a decompression bomb?); "
                    "refused, nothing was unpacked"
                )
            out.write(chunk)
    return written
