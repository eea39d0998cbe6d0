"""Unpack archives that may be hostile: as a whole or not at all."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath

import psutil

from dslt.core.errors import DsltError
from dslt.core.files import write_error
from dslt.core.images import SUFFIXES
from dslt.data.downloads.unpacking.archives import Readable, read_members
from dslt.data.downloads.unpacking.gate import Limits
from dslt.data.downloads.unpacking.parts import Parts, Progress

_CHUNK = 1 << 20
_FILE = "file"  # what the one file of a `.gz` is called until it has its name
_PathLike = str | os.PathLike[str]


def unpack(
    archive: _PathLike | Sequence[_PathLike],
    folder: _PathLike,
    members: Collection[str] | None = None,
    *,
    strip: int = 0,
    only: Collection[str] = (),
    images: bool = True,
    limits: Limits | None = None,
    progress: Progress | None = None,
) -> None:
    """Unpack a zip (wheel), a tar (also .gz, .xz, .bz2) or a single `.gz`, whole or not at all.

    Refused are members with an absolute path, `..`, a drive, a backslash or a path too long, links,
    devices, encrypted members, two members in one place, and more bytes than the limits allow,
    declared or really coming out. All is written to a temporary folder beside the target, which is
    renamed at the end. Files are written with the permissions of new files; folders appear with the
    files in them. What file managers add (`__MACOSX`, `.DS_Store`, `._*`) is left out.

    Args:
        archive: The archive, or the files that it was cut into, in order.
        folder: The folder to make (for a single `.gz`, the file); it must not exist.
        members: Unpack only these files (after `strip`; they must be there); default all.
        strip: Leading folders that are dropped from all paths; a file above them is an error.
        only: Unpack only these top folders (after `strip`; they must be there); default all.
        images: Whether images are unpacked, too.
        limits: Size limits.
        progress: Called with the bytes of the archive that were read since the last call.

    Raises:
        DsltError: A member is refused, the archive is damaged, or the disk is full.
    """
    paths = [archive] if isinstance(archive, str | os.PathLike) else list(archive)
    parts, target = Parts([Path(path) for path in paths]), Path(folder)
    if target.exists():
        raise DsltError(f"{target}: exists already; nothing was unpacked")
    choice = _Choice(parts.name, strip, only, images, members)
    try:
        with _temporary_folder(target.parent) as temporary:
            if _write_members(parts, temporary, choice, limits, progress):
                temporary = temporary / _FILE
            choice.check()
            temporary.replace(target)
    except OSError as error:
        raise write_error(target, error) from error


def unpacked_path(path: str, strip: int, where: str) -> str | None:
    """Where a member of an archive belongs after `strip`, null where it is left out.

    Raises:
        DsltError: It lies above the folders that are dropped.
    """
    parts = path.split("/")
    if "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._"):
        return None
    if len(parts) <= strip:
        raise DsltError(
            f"{where}: member {path!r} is not in {strip} folder(s), which were to be dropped from"
            " all paths; nothing was unpacked"
        )
    return "/".join(parts[strip:])


class _Choice:
    """Which members are unpacked, and where to."""

    def __init__(
        self,
        where: str,
        strip: int,
        only: Collection[str],
        images: bool,
        members: Collection[str] | None,
    ) -> None:
        self._where, self._strip, self._images = where, strip, images
        self._only, self._members = set(only), None if members is None else set(members)
        self._missing = self._only | (self._members or set())

    @property
    def is_all(self) -> bool:
        """Whether nothing is dropped."""
        return self._images and not self._strip and not self._only and self._members is None

    def place(self, path: str) -> str | None:
        """Where a member goes, null where it is not wanted."""
        place = unpacked_path(path, self._strip, self._where)
        if place is None or (self._members is not None and place not in self._members):
            return None
        top, slash, _ = place.partition("/")
        if self._only and not (slash and top in self._only):
            return None
        self._missing -= {place, top}
        return place if self._images or not is_image(place) else None

    def check(self) -> None:
        """Refuse an archive without a member or a folder that was asked for."""
        if self._missing:
            name = min(self._missing)
            raise DsltError(f"{self._where}: no member {name!r} in the archive")


def is_image(path: str) -> bool:
    """Whether a member is an image, by its name."""
    return PurePosixPath(path).suffix.lower() in SUFFIXES


def _write_members(
    parts: Parts,
    folder: Path,
    choice: _Choice,
    limits: Limits | None,
    progress: Progress | None,
) -> bool:
    """Write the wanted members; true if the archive is a single file and has none."""
    single = False
    with contextlib.closing(read_members(parts, limits, progress)) as members:
        for member in members:
            single = member.path is None
            if single and not choice.is_all:
                raise DsltError(f"{parts.name}: one compressed file; there is nothing to choose")
            place = _FILE if member.path is None else choice.place(member.path)
            if place is not None:
                _write(member.open, folder, place, parts.name)
    return single


def _write(open_member: Callable[[], Readable], folder: Path, place: str, where: str) -> None:
    """Write one member to a new file."""
    target = folder / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        out = target.open("xb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise DsltError(
            f"{where}: member {place!r} occurs twice, as file or as folder; refused, nothing was"
            " unpacked"
        ) from error
    with out:
        stream = open_member()
        while chunk := stream.read(_CHUNK):
            out.write(chunk)


@contextlib.contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    """A folder beside the target, removed again unless it was renamed.

    Its name says which process owns it, so that the next one can remove what a kill left behind.
    """
    parent.mkdir(parents=True, exist_ok=True)
    machine = platform.node()
    for path in parent.iterdir():
        owner = re.fullmatch(rf"\.unpack-(\d+)-{re.escape(machine)}-\w+", path.name)
        if owner and not psutil.pid_exists(int(owner[1])):
            shutil.rmtree(path, ignore_errors=True)
    folder = parent / f".unpack-{os.getpid()}-{machine}-{secrets.token_hex(4)}"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
