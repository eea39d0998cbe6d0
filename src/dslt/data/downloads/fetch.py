"""Fetch what publishers hand out: verified, resumable, unpacked, with a receipt at the end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import filelock

from dslt.core.errors import DsltError
from dslt.core.files import write_error
from dslt.core.jsonfile import read_json
from dslt.core.names import NAME
from dslt.core.text import canonical, digest
from dslt.data.downloads.adopt import (
    adopt,
    looked_for,
    take_manifest,
    unprovided,
)
from dslt.data.downloads.definitions import (
    Download,
    FilesDownload,
    PublishedFile,
    downloads_folder,
    receipt_file,
)
from dslt.data.downloads.groups import Group, grouped
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.receipts import (
    Receipt,
    ReceivedFile,
    UnpackedFile,
    write_receipt,
)
from dslt.data.downloads.space import check_space
from dslt.data.downloads.transfer import Policy
from dslt.data.downloads.vot_manifest import MANIFEST, manifest_files
from dslt.data.downloads.work import Fetcher, Meter


def fetch_download(
    name: str,
    download: Download,
    data: str | os.PathLike[str],
    *,
    agreed: bool = False,
    source: str | os.PathLike[str] | None = None,
    fetch_missing: bool = False,
    verify: bool = False,
    jobs: int = 4,
    progress: bool = True,
    policy: Policy | None = None,
) -> Receipt:
    """Fetch, verify and unpack a download, or take it from a copy; what is there is left alone.

    Args:
        name: Its name.
        download: Its definition.
        data: The folder of all data.
        agreed: Whether a person has accepted its terms.
        source: Folder of a copy to take it from.
        fetch_missing: Fetch what the copy lacks.
        verify: Read all original files again, whatever is known of them.
        jobs: Files at a time.
        progress: Show a progress bar on a terminal.
        policy: Tries, waits and time-outs of the transfers.

    Returns:
        The receipt, which was also written.

    Raises:
        DsltError: A person has to do something first; the disk has no room; a file could not be
            fetched, is not what it should be, or cannot be unpacked; or another run is at it.
    """
    copy = Path(source) if source is not None else None
    with _alone(name, data):
        job = _Job(name, download, Path(data), agreed, progress, policy or Policy())
        if verify:
            job.ledger.distrust()
        groups = job.groups(copy, fetch_missing)
        if copy is not None:
            with job.meter() as meter:
                adopt(
                    download,
                    groups,
                    copy,
                    job.ledger,
                    in_part=fetch_missing,
                    jobs=jobs,
                    progress=meter.count,
                )
        job.may_fetch(groups)
        job.fetch(groups, jobs, check_space(name, download, groups, job.ledger, jobs, job.policy))
        job.check_expected()
        receipt = job.receipt(groups)
        write_receipt(data, receipt)
        return receipt


def undo(name: str, data: str | os.PathLike[str]) -> list[str]:
    """Remove what was unpacked, and links to what was adopted; originals and copies stay.

    Returns:
        Paths that were removed, below the folder of what is unpacked.

    Raises:
        DsltError: Another run is at it, or something cannot be removed.
    """
    with _alone(name, data):
        receipt_file(data, name).unlink(missing_ok=True)
        return Ledger(data, name).clear_all()


@contextlib.contextmanager
def _alone(name: str, data: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a download.

    Raises:
        DsltError: Another run holds it, or the name is no plain folder name.
    """
    if not NAME.fullmatch(name):
        raise DsltError(f"download {name!r}: the name has a space, a slash or a quote in it")
    lock = downloads_folder(data, f".{name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(lock, timeout=0):
            yield
    except filelock.Timeout:
        raise DsltError(
            f"{name}: another 'dslt fetch {name}' is at work here ({lock}); wait until it ends"
        ) from None
    except OSError as error:
        raise write_error(lock, error) from error


class _Job:
    """One call of `fetch_download`."""

    def __init__(
        self, name: str, download: Download, data: Path, agreed: bool, shown: bool, policy: Policy
    ) -> None:
        self.name, self.download, self.data = name, download, data
        self.agreed, self.policy = agreed, policy
        self.ledger = Ledger(data, name)
        self.meter = partial(Meter, name, shown=shown)

    def fetch(self, groups: Sequence[Group], jobs: int, total: int | None = None) -> None:
        """Fetch, check and unpack what is not there."""
        with self.meter(total) as meter:
            Fetcher(self.name, self.ledger, meter, self.policy).run(groups, jobs)

    def groups(self, copy: Path | None, fetch_missing: bool) -> list[Group]:
        """Group the files; the manifest of a stack is fetched, or taken from the copy, first."""
        where = f"download {self.name}"
        if isinstance(self.download, FilesDownload):
            return grouped(self.download.files, where)
        manifest = PublishedFile(urls=(self.download.url,), file=MANIFEST, unpack="none")
        path = self.ledger.path(manifest)
        if not path.is_file() and not (copy and take_manifest(copy, self.ledger)):
            if copy and not fetch_missing:
                raise DsltError(
                    f"--from {copy}: lacks {MANIFEST}, which lists the files; give --fetch-missing "
                    f"to fetch it from {self.download.url}, or save it there"
                )
            self._check_agreed()
        self.fetch([(manifest,)], 1)
        files = manifest_files(read_json(path), self.download.url, str(path))
        return [(manifest,), *grouped(files, where)]

    def may_fetch(self, groups: Sequence[Group]) -> None:
        """Refuse what a person has to do first, in words that say what."""
        absent = [file for group in groups for file in self.ledger.absent(group)]
        by_hand = [file.file for file in absent if not file.urls]
        by_hand += [p for p in unprovided(self.download, groups) if not self.ledger.made(p)]
        unasked = self.download.access == "account" and self.ledger.adopted is None and absent
        if by_hand or unasked:
            steps = self.download.steps or "It has no address here."
            raise DsltError(
                f"{self.name} ({self.download.title}) has to be fetched by hand from "
                f"{self.download.page}. {steps} Then give the folder: {self._command('--from DIR')}"
                f", where DIR has {looked_for(self.download, groups)}"
            )
        if absent:
            self._check_agreed()

    def _check_agreed(self) -> None:
        if self.download.access == "agreement" and not self.agreed:
            raise DsltError(
                f"{self.name} ({self.download.title}) has terms that you have to accept first: "
                f"{self.download.licence or 'see its page'}. {self.download.steps} Then run: "
                f"{self._command('--agree')} (in the workflow: name it in the configuration's "
                "`agreed`)"
            )

    def _command(self, option: str) -> str:
        own = "" if self.data == Path("data") else f" --data {self.data}"
        return f"dslt fetch {self.name}{own} {option}"

    def check_expected(self) -> None:
        """Check that what must be there is there."""
        missing = [p for p in self.download.expected if not (self.ledger.unpacked / p).exists()]
        if missing:
            raise DsltError(
                f"{self.name}: {self.ledger.unpacked} lacks {', '.join(missing)} after unpacking; "
                "was something else published under this address? Compare with "
                f"{self.download.page}, and correct `expected` or `strip` in config/downloads.yaml"
            )

    def receipt(self, groups: Sequence[Group]) -> Receipt:
        """Describe what was fetched, verified and unpacked."""
        files, unpacked = [], []
        for file in chain(*groups):
            if known := self.ledger.recorded(file):
                url = file.urls[0] if file.urls else None
                files.append(
                    ReceivedFile(file=file.file, url=url, bytes=known.bytes, sha256=known.sha256)
                )
            if file.placed:
                unpacked.append(UnpackedFile(into=file.into, file=file.file))
        unpacked += [UnpackedFile(into=p, file=None) for p in unprovided(self.download, groups)]
        return Receipt(
            download=self.name,
            definition=digest(canonical(self.download)),
            files=tuple(sorted(files, key=lambda file: file.file)),
            unpacked=tuple(sorted(unpacked, key=lambda one: one.into)),
            adopted=self.ledger.adopted,
        )
