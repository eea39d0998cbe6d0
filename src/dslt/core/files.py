"""Files: written as a whole or not at all, checked by SHA-256, unpacked without surprises."""

import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from dslt.core.errors import DsltError

_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and run again",
    errno.EDQUOT: "the disk quota is used up: free some space and run again",
    errno.EFBIG: "the file is larger than this system allows",
    errno.EACCES: "no permission to write there",
    errno.EPERM: "no permission to write there",
    errno.EROFS: "the file system is read-only",
    errno.EEXIST: "a part of the path is a file, not a folder",
    errno.ENOTDIR: "a part of the path is a file, not a folder",
    errno.EISDIR: "the path is a folder, not a file",
    errno.ENAMETOOLONG: "the name is longer than this file system allows",
}


class NotWrittenError(DsltError):
    """A file could not be written: the disk's fault, which the next file meets, too."""


def write_error(path: str | os.PathLike[str], error: OSError) -> NotWrittenError:
    """Make the user's error for a failed write of `path`."""
    hint = _HINTS.get(error.errno or 0, error.strerror or str(error))
    return NotWrittenError(f"{os.fspath(path)}: could not be written; {hint}; nothing was changed")


@contextlib.contextmanager
def write_errors(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn errors of the file system into the user's error for a failed write of `path`."""
    try:
        yield
    except OSError as error:
        raise write_error(path, error) from error


def check_named(path: Path) -> None:
    """Refuse a path that has no name, such as `.`, for a file.

    Raises:
        DsltError: It has none.
    """
    if not path.name:
        raise DsltError(f"{path}: is a folder; expected the path of a file")


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to, and rename it to `path` on success.

    The temporary name keeps the suffix (writers choose their format by it). Parent folders are
    made. On success the bytes are on the disk before the rename; on any failure, an interrupt
    included, the temporary file is removed and an earlier `path` is untouched.

    Raises:
        DsltError: The path has no name, the disk is full or the place is not writable, or the
            body wrote nothing.
    """
    target = Path(path)
    check_named(target)
    start = os.fsencode(target.stem)[:80].decode(errors="ignore")
    name = f".{start}.{secrets.token_hex(6)}.part{target.suffix}"
    temporary = target.with_name(name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        if not temporary.is_file():
            raise DsltError(f"{target}: could not be written; the writer produced no file")
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    except OSError as error:
        if error.errno in _HINTS:
            raise write_error(target, error) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def files_below(folder: Path) -> list[Path]:
    """List the files in a folder and its folders, in the order of their paths.

    Links are followed, but into each folder once.
    """
    files: list[Path] = []
    met: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        if (real := os.path.realpath(place)) in met:
            folders.clear()
            continue
        met.add(real)
        files += [path for name in names if (path := Path(place, name)).is_file()]
    return sorted(files)


def sync(path: Path) -> None:
    """Flush a file or a folder to the disk."""
    if path.is_dir() and os.name == "nt":
        return  # a folder cannot be opened there
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_file(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Raises:
        DsltError: The file is missing or unreadable.
    """
    try:
        with Path(path).open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except FileNotFoundError:
        raise DsltError(f"{os.fspath(path)}: no such file") from None
    except OSError as error:
        raise DsltError(f"{os.fspath(path)}: unreadable ({error.strerror})") from error


def is_checksum(got: str, expected: str) -> bool:
    """Tell whether a checksum is the expected one, of which eight digits at least are known."""
    return len(expected) >= 8 and got.startswith(expected.lower())


def verify_sha256(path: str | os.PathLike[str], expected: str, hint: str = "") -> None:
    """Check a file's SHA-256, or its first digits where no more is known (`is_checksum`).

    Raises:
        DsltError: It differs; the message gives the file, both sums and the hint.
    """
    got = sha256_file(path)
    if not is_checksum(got, expected):
        advice = f"; {hint}" if hint else ""
        raise DsltError(
            f"{os.fspath(path)}: wrong checksum: expected SHA-256 {expected}, got {got}{advice}"
        )
