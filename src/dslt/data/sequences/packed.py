"""Frames that stay in their zip archive and are read from there."""

import contextlib
import functools
import os
import threading
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from dslt.core.errors import DsltError
from dslt.core.images import is_image
from dslt.data.downloads.unpacking.archives import DAMAGE, damage, zip_files
from dslt.data.downloads.unpacking.gate import Gate
from dslt.data.downloads.unpacking.unpack import unpacked_path
from dslt.data.sequences.frames import ImageFrames
from dslt.data.sequences.order import by_numbers

_LARGEST = 1 << 28  # bytes of a frame, unpacked
_KEPT_OPEN = 4  # archives: a directory of 100,000 members takes 100 MB


def packed_frames(archive: str | os.PathLike[str], strip: int, into: str) -> dict[str, list[str]]:
    """Find the images of a zip archive, as if it were unpacked.

    Args:
        archive: The archive.
        strip: Number of leading folders that are dropped from the members' paths.
        into: What the archive's content would become, below the download's folder; `.` is that
            folder.

    Returns:
        Names inside the archive, in the order of their numbers, by the folder that they would be
        in.

    Raises:
        DsltError: The archive is missing, damaged, no zip, or has a member that is refused.
    """
    where, source = os.fspath(archive), Path(archive)
    folders: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with _open_zip(source) as opened:
        for path, info in zip_files(opened, Gate(where, source.stat().st_size)).items():
            place = unpacked_path(path, strip, where)
            if place is not None and is_image(place):
                virtual = PurePosixPath(into, place)
                if not virtual.name.startswith("."):
                    folders[str(virtual.parent)].append((virtual.name, info.filename))
    return {
        folder: [name for _, name in sorted(pairs, key=lambda pair: by_numbers(pair[0]))]
        for folder, pairs in sorted(folders.items())
    }


class PackedFrames(ImageFrames):
    """Frames that are images in one zip archive, all of one size."""

    def __init__(
        self,
        archive: str | os.PathLike[str],
        members: Iterable[str],
        sizes: Iterable[int] | None = None,
    ) -> None:
        """Take the members in their order; the archive is opened when the first one is read.

        Args:
            archive: The archive.
            members: Names of the images inside the archive, one per frame.
            sizes: Lengths of the images in bytes (unpacked) when they were indexed; another length
                now is an error. Default: lengths are not checked.

        Raises:
            DsltError: There are no members.
        """
        self.archive, self.members = Path(archive), list(members)
        super().__init__(len(self.members), sizes)

    def lengths(self) -> list[int]:
        """Lengths in bytes of all frames now, from the archive's directory."""
        archive = _opened(self.archive)
        return [archive.info(member).file_size for member in self.members]

    def checksums(self) -> list[int]:
        """CRC-32 of all frames now, from the archive's directory."""
        archive = _opened(self.archive)
        return [archive.info(member).CRC for member in self.members]

    def _where(self, position: int) -> str:
        return f"{self.archive}!{self.members[position]}"

    def _data(self, position: int) -> bytes:
        return _opened(self.archive).read(self.members[position])


class _OpenArchive:
    """A zip archive that is open in this process; its frames are read by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip = _open_zip(path)
        self._lock = threading.Lock()

    def read(self, member: str) -> bytes:
        """All bytes of a member, checked by its CRC."""
        info = self.info(member)
        if info.file_size > _LARGEST:
            raise DsltError(f"{self._path}!{member}: {info.file_size} bytes are no frame")
        try:
            with self._lock:
                return self._zip.read(info)
        except (*DAMAGE, OSError, RuntimeError) as error:
            raise DsltError(
                f"{self._path}!{member}: unreadable frame, truncated or damaged ({error})"
            ) from error

    def info(self, member: str) -> zipfile.ZipInfo:
        """What the archive's directory says of a member."""
        try:
            return self._zip.getinfo(member)
        except KeyError:
            raise DsltError(f"{self._path}!{member}: missing frame") from None


def _opened(path: Path) -> _OpenArchive:
    """The archive as it is open in this process."""
    with _named(path):
        stat = path.stat()
    state = stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
    return _open_once(path, state, os.getpid())


@functools.lru_cache(maxsize=_KEPT_OPEN)  # closed when the last thread is done with it
def _open_once(path: Path, state: tuple[int, ...], process: int) -> _OpenArchive:
    """Open an archive; `state` and `process` only tell openings apart.

    It is opened anew where it was exchanged, and in a forked process: parent and child would move
    one place in a file.
    """
    return _OpenArchive(path)


def _open_zip(path: Path) -> zipfile.ZipFile:
    with _named(path), damage(str(path)):
        return zipfile.ZipFile(path)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the archive that cannot be opened."""
    try:
        yield
    except FileNotFoundError:
        raise DsltError(
            f"{path}: no such archive; frames are read from it: fetch it again"
        ) from None
    except OSError as error:
        raise DsltError(f"{path}: unreadable ({error.strerror})") from error
