"""Bring the files of a download, several at a time, and unpack each group once it is complete."""

import shutil
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from tqdm import tqdm

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.data.downloads.definitions import PublishedFile
from dslt.data.downloads.groups import Group
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.sums import file_sums
from dslt.data.downloads.transfer import NotServedError, Policy, fetch_file
from dslt.data.downloads.unpacking.unpack import unpack


class _StoppedError(Exception):
    """The work is given up."""


class Meter(tqdm):  # type: ignore[type-arg]
    """The progress bar, in bytes fetched, hashed and unpacked; also where work can be stopped.

    Attributes:
        stop: Set when the work is given up.
    """

    def __init__(self, title: str, *, shown: bool) -> None:
        """Show a bar on a terminal before long, and nothing elsewhere."""
        self.stop, self._counting = threading.Event(), threading.Lock()
        super().__init__(
            desc=title,
            unit="B",
            unit_scale=True,
            delay=0.1,
            file=sys.stderr,
            disable=None if shown else True,
        )

    def wait(self, seconds: float) -> None:
        """Wait, unless the work is given up."""
        self.stop.wait(seconds)

    def count(self, number: int) -> None:
        """Count bytes.

        Raises:
            _StoppedError: The work is given up.
        """
        if self.stop.is_set():
            raise _StoppedError
        with self._counting:
            self.update(number)


@dataclass
class Fetcher:
    """Fetches, checks and unpacks the files of one download.

    Attributes:
        ledger: Records of the download.
        meter: Told the bytes that are dealt with.
        jobs: Number of groups that are dealt with at a time.
        policy: Tries, waits and time-outs of the transfers.
    """

    ledger: Ledger
    meter: Meter
    jobs: int
    policy: Policy
    _given_up: bool = False

    def run(self, groups: Sequence[Group]) -> None:
        """Fetch, check and unpack what is not there, whole groups at a time.

        A file that no address has does not keep the others from coming; a network or a disk that
        fails keeps those from starting that have not begun.

        Raises:
            DsltError: Some of it failed; the message has each failure.
        """
        if self.policy.sleep is time.sleep:
            self.policy = replace(self.policy, sleep=self.meter.wait)
        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                outcomes = list(pool.map(self._bring, groups))
            except BaseException:  # an interrupt ends soon, not after hours of downloads
                self.meter.stop.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        failures = [str(failure) for failed, _ in outcomes for failure in failed]
        skipped = sum(count for _, count in outcomes)
        if len(failures) == 1 and not skipped:
            raise DsltError(f"{self.ledger.name}: {failures[0]}")
        if failures:
            rest = [f"{skipped} more were not tried"] if skipped else []
            lines = [f"{self.ledger.name}: {len(failures)} files failed:", *failures, *rest]
            raise DsltError("\n".join(lines))

    def _bring(self, group: Group) -> tuple[list[DsltError], int]:
        """Bring a group; gives its failures, and the number of files that were not tried."""
        if self.ledger.is_adopted(group):
            return [], 0
        absent = self.ledger.absent(group)
        left = [file for file in group if file in absent or self.ledger.path(file).is_file()]
        failures: list[DsltError] = []
        try:
            while left and not self._given_up:
                try:
                    self._bring_file(left.pop(0))
                except NotServedError as error:
                    failures.append(error)
            if not left and not failures:
                self._unpack(group)
        except DsltError as error:
            failures.append(error)
            self._given_up |= not isinstance(error, NotServedError)
        return failures, len(left)

    def _bring_file(self, file: PublishedFile) -> None:
        """Fetch a file, or check the one that is there, by its bytes unless it is unchanged."""
        path = self.ledger.path(file)
        if not path.is_file():
            sha256 = fetch_file(
                file.urls,
                path,
                bytes=file.bytes,
                checksum=file.checksum,
                drive=file.drive,
                progress=self.meter.count,
                policy=self.policy,
            )
            self.ledger.note(file, sha256)
            return
        if self.ledger.is_unchanged(file):
            return
        known = self.ledger.recorded(file)
        sums = file_sums(path, file.checksum, self.meter.count)
        fault = sums.fault(file.bytes)
        if not fault and file.checksum is None and known and known.sha256 != sums.sha256:
            fault = f"it has changed since it was fetched (SHA-256 was {known.sha256})"
        if fault:
            raise NotServedError(f"{path}: {fault}; remove it and run this again")
        self.ledger.note(file, sums.sha256)

    def _unpack(self, group: Group) -> None:
        """Unpack what is not unpacked yet; archives that are not kept go last."""
        placed = [file for file in group if file.placed]
        for file in placed:
            if not self.ledger.is_made(file):
                self.ledger.clear(file.into)
                self.ledger.note_made(file, whole=False)
                try:
                    self._unpack_file(file)
                except DsltError as error:
                    if isinstance(error.__cause__, OSError):  # the disk, not the archive
                        raise
                    path = self.ledger.path(file)
                    raise NotServedError(f"{error}; remove {path} to fetch it again") from error
                self.ledger.note_made(file, whole=True)
        for file in placed:
            if not file.keep and self.ledger.path(file).is_file():
                self.ledger.remove(file)

    def _unpack_file(self, file: PublishedFile) -> None:
        archive, target = self.ledger.path(file), self.ledger.unpacked / file.into
        if file.unpack == "none":
            with atomic_write(target) as temporary:
                shutil.copyfile(archive, temporary)
            return
        unpack(
            archive,
            target,
            strip=file.strip,
            only=file.only,
            images=file.unpack == "all",
            progress=self.meter.count,
        )
