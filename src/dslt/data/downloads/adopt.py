"""Take a download from a copy that is there already: by link, nothing in the copy is touched."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import write_errors
from dslt.data.downloads.definitions import Download, PublishedFile
from dslt.data.downloads.groups import Group, is_below
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.sums import does_not_open, file_sums
from dslt.data.downloads.vot_manifest import MANIFEST
from dslt.data.downloads.work import Fetcher, Meter

_NAMED = 5  # missing files that an error names

_Take = Callable[[], None]
"""Takes what was found in a copy."""


def unprovided(download: Download, groups: Sequence[Group]) -> list[str]:
    """List the paths that must be there and that no published file unpacks to."""
    folders = [group[0].into for group in groups if group[0].placed]
    return [
        path
        for path in download.expected
        if not any(is_below(path, folder) or is_below(folder, path) for folder in folders)
    ]


def looked_for(download: Download, groups: Sequence[Group]) -> str:
    """Say what a copy has to hold, in words."""
    things = [_either(group, download) for group in groups]
    things += [f"the folder {path}" for path in unprovided(download, groups)]
    shown = ", and ".join(things[:3])
    return shown if len(things) <= 3 else f"{shown}, and {len(things) - 3} more of the kind"


def _either(group: Group, download: Download) -> str:
    archives = ", ".join(file.file for file in group)
    folders = [file.into for file in group] if group[0].into != "." else download.expected
    if not group[0].placed or not folders:
        return archives
    return f"{archives} (or, unpacked, {', '.join(folders)})"


def adopt(
    download: Download, groups: Sequence[Group], source: Path, fetcher: Fetcher, *, in_part: bool
) -> None:
    """Take from a folder what a download lacks.

    Archives are linked (hard, else symbolic) under their names; a group's unpacked folder is linked
    as a whole. Everything is checked before anything is taken.

    Args:
        download: Its definition.
        groups: Its files.
        source: Folder of the copy: archives, unpacked folders, or both.
        fetcher: Has its records.
        in_part: Take what is there even if something is missing.

    Raises:
        DsltError: The folder does not exist, or (unless `in_part`) something is missing in it or
            is damaged; the message names the first ones.
    """
    if not source.is_dir():
        raise DsltError(f"--from {source}: no such folder")
    source, ledger = source.resolve(), fetcher.ledger
    if ledger.unpacked.resolve().is_relative_to(source) and ledger.unpacked.exists():
        raise DsltError(f"--from {source}: holds {ledger.unpacked} itself; name another folder")
    copy = _Copy(download, source, ledger, fetcher.meter)
    takes: list[_Take] = []
    faults: list[str] = []
    with ThreadPoolExecutor(fetcher.jobs) as pool:
        wanted = [group for group in groups if ledger.absent(group)]
        for take, fault in pool.map(copy.find, wanted):
            takes += [take] if take else []
            faults += [fault] if fault else []
    for path in unprovided(download, groups):
        if ledger.made(path) is None:
            if (source / path).exists():
                takes.append(partial(copy.link_folders, [path]))
            else:
                faults.append(path)
    if faults and not in_part:
        more = f" and {len(faults) - _NAMED} more" if len(faults) > _NAMED else ""
        raise DsltError(
            f"--from {source}: {len(faults)} of {len(faults) + len(takes)} are missing or damaged: "
            f"{'; '.join(faults[:_NAMED])}{more}; nothing was taken. Give --fetch-missing to fetch "
            "only these"
        )
    for take in takes:
        take()
    if takes:
        ledger.note_adopted(source)


def take_manifest(source: Path, ledger: Ledger) -> bool:
    """Link a manifest that lies in a copy; False where there is none."""
    if (source / MANIFEST).is_file():
        _link(source / MANIFEST, ledger.originals / MANIFEST)
        return True
    return False


@dataclass(frozen=True)
class _Copy:
    """A folder that has a download, or a part of it."""

    download: Download
    source: Path
    ledger: Ledger
    meter: Meter

    def find(self, group: Group) -> tuple[_Take | None, str]:
        """Look for a group; gives what takes it, and what is wrong.

        What has to be unpacked as a whole is looked for unpacked first, anything else packed.
        """
        folders, lacking = self._unpacked(group)
        if folders is not None and all(file.unpack == "all" for file in group):
            return folders, ""
        archives, fault = self._archives(group)
        if archives is None and folders is not None:
            return folders, ""
        return archives, lacking or fault

    def _unpacked(self, group: Group) -> tuple[_Take | None, str]:
        """Look for all unpacked folders of a group, or say what one that is there lacks."""
        if not group[0].placed:
            return None, ""
        for file in group:
            place = self.source / file.into
            if not (place.is_file() or (place.is_dir() and any(place.iterdir()))):
                return None, ""
            inside = (*self.download.expected, *file.only) if file.into == "." else file.only
            lacking = [name for name in inside if not (place / name).exists()]
            if file.into == "." and (lacking or not inside):
                return None, ""  # any folder is `.`: what it lacks says nothing
            if lacking:
                return None, f"{place} lacks {', '.join(lacking[:_NAMED])} ({len(lacking)} in all)"
        return partial(self.link_folders, [file.into for file in group]), ""

    def _archives(self, group: Group) -> tuple[_Take | None, str]:
        """Look for the absent files of a group, or say what is wrong with the first bad one."""
        found = []
        for file in group:
            if self.ledger.path(file).is_file():
                continue
            places = [self.source / file.file, self.source / Path(file.file).name]
            path = next((place for place in places if place.is_file()), None)
            if path is None:
                return None, _either(group, self.download)
            fault = does_not_open(path)
            if not fault:
                sums = file_sums(path, file.checksum, self.meter.count)
                fault = sums.fault(file.bytes)
            if fault:
                return None, f"{path}: {fault}"
            found.append((file, path, sums.sha256))
        return partial(self._link_archives, found), ""

    def _link_archives(self, found: Sequence[tuple[PublishedFile, Path, str]]) -> None:
        """Link files under their names, and note their SHA-256."""
        for file, path, sha256 in found:
            _link(path, self.ledger.path(file))
            self.ledger.note(file, sha256)

    def link_folders(self, paths: Sequence[str]) -> None:
        """Link the first of these folders (or files), and note that the others lie in it."""
        for into in paths:
            path, place = self.source / into, self.ledger.unpacked / into
            self.ledger.clear(into)
            self.ledger.note_link(into, path, whole=False)
            if into == paths[0]:
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path, target_is_directory=path.is_dir())
            self.ledger.note_link(into, path, whole=True)


def _link(path: Path, place: Path) -> None:
    """Link a file: hard where both are on one disk, so that it stays if the copy goes."""
    with write_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        try:
            os.link(path.resolve(), place)
        except OSError:
            place.symlink_to(path.resolve())
