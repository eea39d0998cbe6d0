"""Take a download from a copy that is there already: by link, nothing in the copy is touched."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import write_error
from dslt.data.downloads.definitions import Download
from dslt.data.downloads.groups import Group, Piece
from dslt.data.downloads.ledger import Ledger, Made
from dslt.data.downloads.sums import file_sums
from dslt.data.downloads.unpacking.parts import Progress
from dslt.data.downloads.vot_manifest import MANIFEST
from dslt.data.downloads.work import outstanding

_NAMED = 5  # missing files that an error names


@dataclass(frozen=True)
class _Found:
    """One thing that can be taken: archives, or what they unpack to."""

    archives: tuple[tuple[Piece, Path, str], ...] = ()  # with their SHA-256
    folders: tuple[tuple[str, Path], ...] = ()  # what is unpacked, the outermost first


def unprovided(download: Download, groups: Sequence[Group]) -> list[str]:
    """Paths that must be there and that no published file unpacks to."""
    folders = [group.into for group in groups if group.unpacked]
    return [path for path in download.expected if not _provided(path, folders)]


def _provided(path: str, folders: Sequence[str]) -> bool:
    return any(
        folder in (".", path) or path.startswith(f"{folder}/") or folder.startswith(f"{path}/")
        for folder in folders
    )


def looked_for(download: Download, groups: Sequence[Group]) -> str:
    """Say what a copy has to hold, in words."""
    things = [_either(group, download) for group in groups]
    things += [f"the folder {path}" for path in unprovided(download, groups)]
    shown = ", and ".join(things[:3])
    return shown if len(things) <= 3 else f"{shown}, and {len(things) - 3} more of the kind"


def _either(group: Group, download: Download) -> str:
    archives = ", ".join(piece.file for piece in group.pieces)
    if not group.unpacked:
        return archives
    if group.into != ".":
        return f"{archives} (or, unpacked, {', '.join(file.into for file in group.unpacked)})"
    if not download.expected:
        return archives
    return f"{archives} (or, unpacked, {', '.join(download.expected)})"


def adopt(
    download: Download,
    groups: Sequence[Group],
    source: Path,
    ledger: Ledger,
    *,
    in_part: bool,
    jobs: int,
    progress: Progress,
) -> None:
    """Take from a folder what a download lacks.

    Archives are linked (hard, else symbolic) under their names; a group's unpacked folder is linked
    as a whole. Everything is checked before anything is taken.

    Args:
        download: Its definition.
        groups: Its files.
        source: Folder of the copy: archives, unpacked folders, or both.
        ledger: Its records.
        in_part: Take what is there even if something is missing.
        jobs: Files that are hashed at a time.
        progress: Told the bytes that are hashed.

    Raises:
        DsltError: The folder does not exist, or (unless `in_part`) something is missing in it or
            is damaged; the message names the first ones.
    """
    if not source.is_dir():
        raise DsltError(f"--from {source}: no such folder")
    source = source.resolve()
    if ledger.unpacked.resolve().is_relative_to(source) and ledger.unpacked.exists():
        raise DsltError(f"--from {source}: holds {ledger.unpacked} itself; name another folder")
    wanted = [todo.group for todo in outstanding(groups, ledger) if todo.absent]
    faults: list[str] = []
    found: list[_Found] = []
    with ThreadPoolExecutor(jobs) as pool:
        for one, fault in pool.map(
            lambda group: _find(group, download, source, ledger, progress), wanted
        ):
            found += [one] if one else []
            faults += [fault] if fault else []
    for path in unprovided(download, groups):
        if ledger.made(path) is None:
            here = (source / path).exists()
            found += [_Found(folders=((path, source / path),))] if here else []
            faults += [] if here else [path]
    if faults and not in_part:
        more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise DsltError(
            f"--from {source}: {len(faults)} of {len(faults) + len(found)} are missing or damaged: "
            f"{'; '.join(faults[:_NAMED])}{more}; nothing was taken. Give --fetch-missing to fetch "
            "only these"
        )
    for one in found:
        _take(one, ledger)
    if found:
        ledger.note_adopted(source)


def take_manifest(source: Path, ledger: Ledger) -> bool:
    """Link a manifest that lies in a copy; False where there is none."""
    if (source / MANIFEST).is_file():
        _link(source / MANIFEST, ledger.originals / MANIFEST)
        return True
    return False


def _find(
    group: Group, download: Download, source: Path, ledger: Ledger, progress: Progress
) -> tuple[_Found | None, str]:
    """Look for a group: for what has to be unpacked as a whole, first unpacked."""
    folders, lacking = _folders(group, download, source)
    if folders is not None and all(file.unpack == "all" for file in group.unpacked):
        return folders, ""
    archives, fault = _archives(group, download, source, ledger, progress)
    if archives is None and folders is not None:
        return folders, ""
    return archives, lacking or fault


def _folders(group: Group, download: Download, source: Path) -> tuple[_Found | None, str]:
    """The unpacked folders of a group if all are there, or what one that is there lacks."""
    if not group.unpacked:
        return None, ""
    for file in group.unpacked:
        place = source / file.into
        if not (place.is_file() or (place.is_dir() and any(place.iterdir()))):
            return None, ""
        inside = (*download.expected, *file.only) if file.into == "." else file.only
        lacking = [name for name in inside if not (place / name).exists()]
        if file.into == "." and (lacking or not inside):
            return None, ""  # any folder is `.`: what it lacks says nothing
        if lacking:
            return None, f"{place} lacks {', '.join(lacking[:_NAMED])} ({len(lacking)} in all)"
    return _Found(folders=tuple((file.into, source / file.into) for file in group.unpacked)), ""


def _archives(
    group: Group, download: Download, source: Path, ledger: Ledger, progress: Progress
) -> tuple[_Found | None, str]:
    """The absent files of a group, checked, or what is wrong with the first that is not right."""
    found = []
    for piece in group.pieces:
        if (ledger.originals / piece.file).is_file():
            continue
        places = [source / piece.file, source / Path(piece.file).name]
        path = next((place for place in places if place.is_file()), None)
        if path is None:
            return None, _either(group, download)
        fault = "" if piece.published.parts else _does_not_open(path)
        if not fault:
            sums = file_sums(path, piece.published.checksum, progress)
            fault = sums.fault(piece.published.bytes)
        if fault:
            return None, f"{path}: {fault}"
        found.append((piece, path, sums.sha256))
    return _Found(archives=tuple(found)), ""


def _does_not_open(path: Path) -> str:
    """Say if a file is not what its name promises; only its beginning or its list is read."""
    try:
        if path.suffix == ".zip":
            zipfile.ZipFile(path).close()
        elif path.name.endswith((".tar", ".tar.gz", ".tgz")):
            with tarfile.open(path) as archive:
                archive.next()
        elif path.suffix == ".gz":
            with gzip.open(path) as stream:
                stream.read(1)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        return f"does not open ({error}); a broken download?"
    return ""


def _take(found: _Found, ledger: Ledger) -> None:
    for piece, path, sha256 in found.archives:
        _link(path, ledger.originals / piece.file)
        ledger.note(piece.file, sha256)
    outer = next(iter(found.folders), None)
    for into, path in found.folders:
        ledger.clear(into)
        ledger.note_made(into, Made(link=str(path), whole=False))
        if (into, path) == outer:
            place = ledger.unpacked / into
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path, target_is_directory=path.is_dir())
        ledger.note_made(into, Made(link=str(path)))


def _link(path: Path, place: Path) -> None:
    """Link a file: hard where both are on one disk, so that it stays if the copy goes."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), place)
        except OSError:
            place.symlink_to(path.resolve())
    except OSError as error:
        raise write_error(place, error) from error
