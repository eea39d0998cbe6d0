"""Unpack archives that may be hostile: as a whole or not at all."""

import contextlib
import os
import platform
import re
import secrets
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from dslt.core.errors import DsltError, quote
from dslt.core.files import write_errors
from dslt.core.images import is_image
from dslt.data.downloads.unpacking.archives import Readable, damage, read_members
from dslt.data.downloads.unpacking.gate import Gate, Limits

_CHUNK = 1 << 20
_FILE = "file"  # what the one file of a `.gz` is called until it has its name


def unpack(
    archive: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    members: Collection[str] | None = None,
    *,
    strip: int = 0,
    only: Collection[str] = (),
    images: bool = True,
    limits: Limits | None = None,
    progress: Callable[[int], object] | None = None,
) -> None:
    """Unpack a zip (wheel), a tar (also .gz, .xz, .bz2) or a single `.gz`, whole or not at all.

    Refused are members with an absolute path, `..`, a drive, a backslash or a path too long, links,
    devices, encrypted members, two members in one place, and more bytes than the limits allow,
    declared or really coming out. All is written to a temporary folder beside the target, which is
    renamed at the end. Files are written with the permissions of new files; folders appear with the
    files in them. What file managers add (`__MACOSX`, `.DS_Store`, `._*`) is left out.

    Args:
        archive: The archive.
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
    path, target = Path(archive), Path(folder)
    if not path.is_file():
        raise DsltError(f"{path}: no such archive")
    if target.exists():
        raise DsltError(f"{target}: exists already; nothing was unpacked")
    gate = Gate(str(path), path.stat().st_size, limits)
    choice = _Choice(gate.where, strip, only, images, members)
    with write_errors(target), _temporary_folder(target.parent) as temporary:
        made = temporary
        with (
            damage(gate.where),
            contextlib.closing(read_members(path, gate, progress)) as members_found,
        ):
            for name, open_member in members_found:
                made = temporary if name is not None else temporary / _FILE
                if (place := choice.place(name)) is not None:
                    _write(open_member, temporary, place, gate)
        choice.check()
        made.replace(target)


def unpacked_path(path: str, strip: int, where: str) -> str | None:
    """Say where a member of an archive belongs after `strip`, null where it is left out.

    Raises:
        DsltError: It lies above the folders that are dropped.
    """
    parts = path.split("/")
    if "__MACOSX" in parts or parts[-1] == ".DS_Store" or parts[-1].startswith("._"):
        return None
    if len(parts) <= strip:
        raise DsltError(
            f"{where}: member {quote(path)} is not in {strip} folder(s), which were to be dropped"
            " from all paths; nothing was unpacked"
        )
    return "/".join(parts[strip:])


@dataclass
class _Choice:
    """Which members are unpacked, and where to."""

    where: str
    strip: int
    only: Collection[str]
    images: bool
    members: Collection[str] | None
    found: set[str] = field(default_factory=set)

    def place(self, path: str | None) -> str | None:
        """Say where a member goes, null where it is not wanted."""
        if path is None:
            if self.strip or self.only or self.members is not None or not self.images:
                raise DsltError(f"{self.where}: one compressed file; there is nothing to choose")
            return _FILE
        place = unpacked_path(path, self.strip, self.where)
        if place is None or (self.members is not None and place not in self.members):
            return None
        top, slash, _ = place.partition("/")
        if self.only and not (slash and top in self.only):
            return None
        self.found |= {place, top}
        return place if self.images or not is_image(place) else None

    def check(self) -> None:
        """Refuse an archive without a member or a folder that was asked for."""
        if missing := {*self.only, *(self.members or ())} - self.found:
            raise DsltError(f"{self.where}: no member {quote(min(missing))} in the archive")


def _write(open_member: Callable[[], Readable], folder: Path, place: str, gate: Gate) -> None:
    """Write one member to a new file."""
    target = folder / place
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        out = target.open("xb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        raise gate.refusal(place, "occurs twice, as file or as folder") from error
    with out:
        stream = open_member()
        while chunk := stream.read(_CHUNK):
            out.write(chunk)


@contextlib.contextmanager
def _temporary_folder(parent: Path) -> Iterator[Path]:
    """Make a folder beside the target, removed again unless it was renamed.

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
