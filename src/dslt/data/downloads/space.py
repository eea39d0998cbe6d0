"""Whether the disks have room for a download, asked before the first byte is written."""

from __future__ import annotations

import os
import shutil
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.data.downloads.answers import AgainError, RefusedError
from dslt.data.downloads.definitions import Download
from dslt.data.downloads.groups import Piece
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.partial import part_file
from dslt.data.downloads.transfer import Policy, remote_size
from dslt.data.downloads.work import Todo, is_made


def check_space(
    name: str,
    download: Download,
    todos: Sequence[Todo],
    ledger: Ledger,
    jobs: int,
    policy: Policy,
) -> int | None:
    """Check that there is room for what is to be fetched and unpacked.

    Lengths that no entry states are asked for. What is still not known is guessed from the
    download's own; an archive of images unpacks to about its own length.

    Returns:
        Bytes to fetch and to unpack, None where lengths are missing.

    Raises:
        DsltError: A disk has too little room.
    """
    sizes = _remote_sizes(todos, jobs, policy)
    pieces = sum(len(todo.absent) + len(todo.present) for todo in todos)
    guess = (download.bytes or 0) // max(1, pieces)
    whole = {piece: sizes[piece.file] or guess for todo in todos for piece in todo.absent}
    left = {piece: _left(piece, length, ledger) for piece, length in whole.items()}
    kept = sum(length for piece, length in left.items() if piece.published.keep)
    passing = sorted(length for piece, length in left.items() if not piece.published.keep)
    packed = [one for todo in todos for one in _packed(todo, whole, ledger)]
    archives = sum(length for kind, length in packed if kind == "all")
    fresh = archives and not ledger.unpacked.exists()
    unpacked = download.unpacked_bytes if fresh and download.unpacked_bytes else archives
    check_room(name, {ledger.originals: kept + sum(passing[-jobs:]), ledger.unpacked: unpacked})
    total = sum(left.values()) + sum(length for _, length in packed)
    return total if all(sizes.values()) else None


def _remote_sizes(todos: Sequence[Todo], jobs: int, policy: Policy) -> dict[str, int | None]:
    """Lengths of the absent files; once a server does not answer, no more are asked for."""
    absent = [piece for todo in todos for piece in todo.absent]
    silent = threading.Event()

    def ask(piece: Piece) -> int | None:
        published = piece.published
        if published.bytes is not None or published.drive or silent.is_set():
            return published.bytes
        try:
            return remote_size(piece.urls[0], policy)
        except (AgainError, RefusedError):
            silent.set()
            return None

    with ThreadPoolExecutor(jobs) as pool:
        sizes = list(pool.map(ask, absent))
    return {piece.file: size for piece, size in zip(absent, sizes, strict=True)}


def _left(piece: Piece, length: int, ledger: Ledger) -> int:
    """Bytes that have not come yet."""
    part = part_file(ledger.originals / piece.file)
    return max(0, length - part.stat().st_size) if part.is_file() else length


def _packed(todo: Todo, whole: Mapping[Piece, int], ledger: Ledger) -> Iterator[tuple[str, int]]:
    """How the archives of a group are to be unpacked, and their lengths."""
    for piece in (*todo.absent, *todo.present):
        if not is_made(piece.published, ledger):
            known = whole.get(piece)
            length = (ledger.originals / piece.file).stat().st_size if known is None else known
            yield piece.published.unpack, length


def check_room(name: str, needs: Mapping[Path, int]) -> None:
    """Check that the disks have room for what folders will get.

    Args:
        name: Of the download, for the error.
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
    """Bytes for a person, in decimal units."""
    if number is None:
        return "?"
    for unit, factor in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= factor:
            return f"{number / factor:.1f} {unit}"
    return f"{number} bytes"


def _existing(path: Path) -> Path:
    """The nearest folder that exists already."""
    path = Path(os.path.realpath(path))
    while not path.exists():
        path = path.parent
    return path
