"""Bring the files of a download, several at a time, and unpack each group once it is complete."""

from __future__ import annotations

import hashlib
import shutil
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace

from tqdm import tqdm

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.data.downloads.definitions import PublishedFile
from dslt.data.downloads.groups import (
    Group,
    Piece,
    made_from,
    pieces,
)
from dslt.data.downloads.ledger import Ledger, Made
from dslt.data.downloads.sums import file_sums
from dslt.data.downloads.transfer import NotServedError, Policy, fetch_file
from dslt.data.downloads.unpacking.unpack import unpack


class _Stopped(Exception):  # noqa: N818
    """The work has ended, or is given up."""


class Meter:
    """The progress bar, in bytes fetched, hashed and unpacked; also where work can be stopped."""

    def __init__(self, title: str, total: int | None, shown: bool) -> None:
        """Show a bar on a terminal, and nothing elsewhere."""
        self.stop = threading.Event()
        self._bar = tqdm(
            desc=title,
            total=total,
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            disable=None if shown else True,
        )
        self._lock = threading.Lock()

    def __call__(self, count: int) -> None:
        """Count bytes.

        Raises:
            _Stopped: The work has ended.
        """
        if self.stop.is_set():
            raise _Stopped
        with self._lock:
            self._bar.update(count)

    def wait(self, seconds: float) -> None:
        """Wait, unless the work ends."""
        self.stop.wait(seconds)

    def close(self) -> None:
        """Leave the bar as it is."""
        self._bar.close()


@dataclass(frozen=True)
class Todo:
    """What one group lacks.

    Attributes:
        group: The group.
        absent: Files to fetch.
        present: Files that are there.
    """

    group: Group
    absent: tuple[Piece, ...]
    present: tuple[Piece, ...]


def outstanding(groups: Sequence[Group], ledger: Ledger) -> list[Todo]:
    """What is to be fetched, checked or unpacked of each group.

    Nothing is of a group that is taken from an adopted copy, and no file that was removed after it
    was unpacked.
    """
    todos = []
    for group in groups:
        if group.unpacked and all(_is_link(file, ledger) for file in group.unpacked):
            continue
        absent: list[Piece] = []
        present: list[Piece] = []
        for file in group.files:
            gone = not file.keep and is_made(file, ledger)
            for piece in pieces(file):
                if (ledger.originals / piece.file).is_file():
                    present.append(piece)
                elif not gone:
                    absent.append(piece)
        if absent or present:
            todos.append(Todo(group, tuple(absent), tuple(present)))
    return todos


def _is_link(file: PublishedFile, ledger: Ledger) -> bool:
    made = ledger.made(file.into)
    return made is not None and made.link is not None


def is_made(file: PublishedFile, ledger: Ledger) -> bool:
    """Whether a file is unpacked as its entry says, from the bytes that were fetched."""
    made, archive = ledger.made(file.into), _archive_sum(file, ledger)
    return made is not None and archive is not None and made == _made(file, archive)


def _made(file: PublishedFile, archive: str, whole: bool = True) -> Made:
    return Made(archive=archive, settings=made_from(file, archive), whole=whole)


def _archive_sum(file: PublishedFile, ledger: Ledger) -> str | None:
    """SHA-256 of an archive, of the sums of its parts where it has parts."""
    known = [ledger.recorded(piece.file) for piece in pieces(file)]
    sums = [original.sha256 for original in known if original is not None]
    if len(sums) < len(known):
        return None
    return sums[0] if not file.parts else hashlib.sha256("".join(sums).encode()).hexdigest()


class Work:
    """Fetching, checking and unpacking of one download."""

    def __init__(self, name: str, ledger: Ledger, meter: Meter, policy: Policy) -> None:
        """Prepare the work; nothing is done yet."""
        self.name, self.ledger, self.meter = name, ledger, meter
        self.policy = replace(policy, sleep=meter.wait) if policy.sleep is _SLEEP else policy
        self._lock = threading.Lock()
        self._left: dict[str, int] = {}
        self._given_up = False

    def run(self, todos: Sequence[Todo], jobs: int) -> None:
        """Do all of it.

        A file that no address has does not keep the others from coming; a network or a disk that
        fails keeps those from starting that have not begun.

        Raises:
            DsltError: Some of it failed; the message has each failure.
        """
        with self._pool(jobs) as pool:
            futures: list[Future[None]] = []
            for todo in todos:
                self._left[todo.group.pieces[0].file] = len(todo.absent) + len(todo.present)
                for piece in (*todo.present, *todo.absent):
                    futures.append(pool.submit(self._try, todo.group, piece))
            errors = [future.exception() for future in futures]
        failures = [error for error in errors if isinstance(error, DsltError)]
        skipped = sum(isinstance(error, _Stopped) for error in errors)
        for error in errors:
            if error is not None and not isinstance(error, DsltError | _Stopped):
                raise error
        if failures:
            raise _failed(self.name, failures, skipped)

    @contextmanager
    def _pool(self, jobs: int) -> Iterator[ThreadPoolExecutor]:
        """A pool that an interrupt ends soon, not after hours of downloads."""
        with ThreadPoolExecutor(jobs) as pool:
            try:
                yield pool
            except BaseException:
                self.meter.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _try(self, group: Group, piece: Piece) -> None:
        """Bring one file, unless one before it failed for a reason that holds for all."""
        if self._given_up:
            raise _Stopped
        try:
            self._bring(group, piece)
        except NotServedError:
            raise
        except Exception:
            self._given_up = True
            raise

    def _bring(self, group: Group, piece: Piece) -> None:
        """Bring one file; who brings the last of a group unpacks it."""
        if (self.ledger.originals / piece.file).is_file():
            self._check(piece)
        else:
            sha256 = fetch_file(
                piece.urls,
                self.ledger.originals / piece.file,
                bytes=piece.published.bytes,
                checksum=piece.published.checksum,
                drive=piece.published.drive,
                progress=self.meter,
                policy=self.policy,
            )
            self.ledger.note(piece.file, sha256)
        key = group.pieces[0].file
        with self._lock:
            self._left[key] -= 1
            last = self._left[key] == 0
        if last:
            self._unpack(group)

    def _check(self, piece: Piece) -> None:
        """Check a file that is there, by its length and time or else by its bytes."""
        path, published = self.ledger.originals / piece.file, piece.published
        known = self.ledger.trusted(piece.file)
        if known is not None and known.bytes == (published.bytes or known.bytes):
            return
        sums = file_sums(path, published.checksum, self.meter)
        fault = sums.fault(published.bytes)
        before = self.ledger.recorded(piece.file)
        if not fault and published.checksum is None and before and before.sha256 != sums.sha256:
            fault = f"it has changed since it was fetched (SHA-256 was {before.sha256})"
        if fault:
            raise NotServedError(f"{path}: {fault}; remove it and run this again")
        self.ledger.note(piece.file, sums.sha256)

    def _unpack(self, group: Group) -> None:
        """Unpack what is not unpacked yet; archives that are not kept go last."""
        for file in group.unpacked:
            if not is_made(file, self.ledger):
                archive = _archive_sum(file, self.ledger)
                assert archive is not None  # all pieces were noted
                self.ledger.clear(file.into)
                self.ledger.note_made(file.into, _made(file, archive, whole=False))
                try:
                    self._unpack_file(file)
                except DsltError as error:
                    if isinstance(error.__cause__, OSError):  # the disk, not the archive
                        raise
                    path = self.ledger.originals / pieces(file)[0].file
                    raise NotServedError(f"{error}; remove {path} to fetch it again") from error
                self.ledger.note_made(file.into, _made(file, archive))
        for file in group.unpacked:
            if not file.keep:
                for piece in pieces(file):
                    self.ledger.remove(piece.file)

    def _unpack_file(self, file: PublishedFile) -> None:
        archives = [self.ledger.originals / piece.file for piece in pieces(file)]
        target = self.ledger.unpacked / file.into
        if file.unpack == "none":
            with atomic_write(target) as temporary:
                shutil.copyfile(archives[0], temporary)
            return
        unpack(
            archives,
            target,
            strip=file.strip,
            only=file.only,
            images=file.unpack == "all",
            progress=self.meter,
        )


_SLEEP = Policy().sleep


def _failed(name: str, failures: list[DsltError], skipped: int) -> DsltError:
    lines = [str(failure) for failure in failures]
    if len(lines) == 1 and not skipped:
        return DsltError(f"{name}: {lines[0]}")
    rest = f"\n{skipped} more were not tried" if skipped else ""
    return DsltError(f"{name}: {len(lines)} files failed:\n" + "\n".join(lines) + rest)
