"""Whether the disks have room for a download, asked before the first byte is written."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.data.downloads.answers import AgainError, RefusedError
from dslt.data.downloads.definitions import Download, PublishedFile
from dslt.data.downloads.groups import Group
from dslt.data.downloads.partial import part_file
from dslt.data.downloads.transfer import remote_size
from dslt.data.downloads.work import Fetcher


def check_space(download: Download, groups: Sequence[Group], fetcher: Fetcher) -> int | None:
    """Check that there is room for what is to be fetched and unpacked.

    Lengths that no entry states are asked for. What is still not known is guessed from the
    download's own; an archive of images unpacks to about its own length.

    Returns:
        Bytes to fetch and to unpack, None where lengths are missing.

    Raises:
        DsltError: A disk has too little room.
    """
    ledger = fetcher.ledger
    absent = [file for group in groups for file in ledger.absent(group)]
    present = [
        file
        for group in groups
        if not ledger.is_adopted(group)
        for file in group
        if ledger.path(file).is_file()
    ]
    sizes = _remote_sizes(absent, fetcher)
    guess = (download.bytes or 0) // max(1, len(absent) + len(present))
    whole = {file: size or guess for file, size in zip(absent, sizes, strict=True)}
    parts = {file: part_file(ledger.path(file)) for file in absent}
    arrived = {file: part.stat().st_size for file, part in parts.items() if part.is_file()}
    left = {file: max(0, whole[file] - arrived.get(file, 0)) for file in absent}
    kept = sum(length for file, length in left.items() if file.keep)
    passing = sorted(length for file, length in left.items() if not file.keep)
    whole |= {file: ledger.path(file).stat().st_size for file in present}
    packed = {file: length for file, length in whole.items() if not ledger.is_made(file)}
    archives = sum(length for file, length in packed.items() if file.unpack == "all")
    fresh = archives and not ledger.unpacked.exists()
    unpacked = download.unpacked_bytes if fresh and download.unpacked_bytes else archives
    check_room(
        ledger.name,
        {ledger.originals: kept + sum(passing[-fetcher.jobs :]), ledger.unpacked: unpacked},
    )
    return sum(left.values()) + sum(packed.values()) if all(sizes) else None


def _remote_sizes(files: Sequence[PublishedFile], fetcher: Fetcher) -> list[int | None]:
    """Give the lengths of files; once a server does not answer, no more are asked for."""
    silent = threading.Event()

    def ask(file: PublishedFile) -> int | None:
        if file.bytes is not None or file.drive or silent.is_set():
            return file.bytes
        try:
            return remote_size(file.urls[0], fetcher.policy)
        except (AgainError, RefusedError):
            silent.set()
            return None

    with ThreadPoolExecutor(fetcher.jobs) as pool:
        return list(pool.map(ask, files))


def check_room(name: str, needs: Mapping[Path, int]) -> None:
    """Check that the disks have room for what folders will get.

    Args:
        name: Name of the download, for the error.
        needs: Bytes by folder; the folders need not exist yet.

    Raises:
        DsltError: A disk has too little room for all its folders together.
    """
    disks: dict[int, list[Path]] = defaultdict(list)
    for folder in needs:
        disks[_existing(folder).stat().st_dev].append(folder)
    for folders in disks.values():
        needed = sum(needs[folder] for folder in folders)
        free = shutil.disk_usage(_existing(folders[0])).free
        if needed > free:
            parts = " and ".join(f"{size(needs[folder])} in {folder}" for folder in folders)
            raise DsltError(
                f"{name}: needs about {parts}, but only {size(free)} are free there; nothing was "
                "fetched. Free some space, or let the folder be a link to a larger disk"
            )


def size(number: int | None) -> str:
    """Write bytes for a person, in decimal units."""
    if number is None:
        return "?"
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} bytes"


def _existing(path: Path) -> Path:
    """Find the nearest folder that exists already."""
    path = path.resolve()
    return next(folder for folder in (path, *path.parents) if folder.exists())
