"""Folders of results before a run: no file shared with a cache, nothing half-written."""

import os
import re
import secrets
import shutil
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import write_errors

_HALF = re.compile(r"\..*\.[0-9a-f]{12}\.part(\.[^.]*)?")
"""Names that `atomic_write` gives to what is not finished."""


def own_files(places: Iterable[str | os.PathLike[str]]) -> int:
    """Replace links, hard and symbolic, by copies; give their number.

    DVC links a workspace to its cache (`cache.type`), in which nothing may be written: Snakemake
    writes its records in place, and takes outputs that cannot be written for protected ones.

    Args:
        places: Files, and folders with all that is below them; they need not be there.

    Raises:
        DsltError: A copy cannot be written, or a link leads nowhere.
    """
    count = 0
    for path in (path for place in places for path in _files(Path(place))):
        try:
            status = path.lstat()
        except FileNotFoundError:  # what a job was writing has its own name by now
            continue
        is_soft = stat.S_ISLNK(status.st_mode)
        if is_soft or (stat.S_ISREG(status.st_mode) and status.st_nlink > 1):
            with write_errors(path):
                _own(path)
            count += 1
    return count


def _own(path: Path) -> None:
    """Put a copy in the place of a link, with the time of what it links to."""
    if not path.exists():
        raise DsltError(
            f"{path} leads to {path.readlink()}, which is not there: is the disk of DVC's cache "
            "mounted? Mount it, or remove such links (find results .snakemake -xtype l -delete)"
        )
    if path.is_file():
        copy = path.with_name(f".{secrets.token_hex(6)}.{secrets.token_hex(6)}.part")
        try:
            shutil.copyfile(path, copy)
            times = path.stat()
            os.utime(copy, ns=(times.st_atime_ns, times.st_mtime_ns))
            copy.replace(path)
        finally:
            copy.unlink(missing_ok=True)


def remove_halves(place: str | os.PathLike[str]) -> None:
    """Remove what killed processes left half-written below a folder that nobody works in."""
    for path in _files(Path(place)):
        if _HALF.fullmatch(path.name):
            path.unlink(missing_ok=True)


def remove_halves_of(path: Path) -> None:
    """Remove what killed processes left half-written of a file that nobody else writes."""
    half = re.compile(
        rf"\.{re.escape(path.stem[:80])}\.[0-9a-f]{{12}}\.part{re.escape(path.suffix)}"
    )
    for other in path.parent.iterdir() if path.parent.is_dir() else ():
        if half.fullmatch(other.name):
            other.unlink(missing_ok=True)


def _files(place: Path) -> Iterator[Path]:
    """List all files below a folder, links included; a file is itself."""
    if not place.is_dir():
        yield from [place] if place.is_symlink() or place.exists() else []
    for folder, _, files in os.walk(place):
        yield from (Path(folder, name) for name in files)
