"""Fetch what publishers hand out: verified, resumable, unpacked, with a receipt at the end."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import filelock

from dslt.core.errors import DsltError
from dslt.core.files import (
    atomic_write,
    sha256_file,
    verify_sha256,
    write_error,
)
from dslt.core.jsonfile import read_json
from dslt.core.names import NAME
from dslt.data.downloads.adopt import (
    adopt,
    looked_for,
    take_manifest,
    unprovided,
)
from dslt.data.downloads.definitions import (
    DOWNLOADS,
    Download,
    FilesDownload,
    PublishedFile,
    receipt_file,
)
from dslt.data.downloads.groups import Group, grouped
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.receipts import (
    Receipt,
    ReceivedFile,
    UnpackedFile,
    definition_digest,
    write_receipt,
)
from dslt.data.downloads.sources import UrlFile
from dslt.data.downloads.space import check_space
from dslt.data.downloads.transfer import Policy, fetch_file
from dslt.data.downloads.vot_manifest import MANIFEST, manifest_files
from dslt.data.downloads.work import (
    Meter,
    Todo,
    Work,
    outstanding,
)


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
        job = _Job(
            name, download, Path(data), Ledger(data, name), jobs, progress, policy or Policy()
        )
        if verify:
            job.ledger.distrust()
        groups = job.groups(copy, agreed, fetch_missing)
        if copy is not None:
            with job.meter() as meter:
                adopt(
                    download,
                    groups,
                    copy,
                    job.ledger,
                    in_part=fetch_missing,
                    jobs=jobs,
                    progress=meter,
                )
        todos = outstanding(groups, job.ledger)
        job.may_fetch(groups, todos, agreed)
        total = check_space(name, download, todos, job.ledger, jobs, job.policy)
        with job.meter(total) as meter:
            Work(name, job.ledger, meter, job.policy).run(todos, jobs)
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


def fetch_url(source: UrlFile, out: str | os.PathLike[str]) -> list[Path]:
    """Download one file into a folder; a file that is there with the right checksum is kept.

    Args:
        source: The file's address and checksum.
        out: The folder.

    Returns:
        The file's path, alone.

    Raises:
        DsltError: No network, no such address, a wrong checksum, a full disk.
    """
    path = Path(out) / source.file
    if path.is_file() and sha256_file(path) == source.sha256:
        return [path]
    try:
        if source.url.startswith("file:"):
            _copy(Path(url2pathname(urlsplit(source.url).path)), path, source.sha256)
        else:
            fetch_file([source.url], path, checksum=f"sha256:{source.sha256}")
    except DsltError as error:
        raise DsltError(
            f"{error}; or get the file elsewhere and put it at {path}, where its SHA-256 will be "
            "checked"
        ) from error
    return [path]


def _copy(origin: Path, path: Path, sha256: str) -> None:
    with atomic_write(path) as temporary:
        try:
            shutil.copyfile(origin, temporary)
        except FileNotFoundError:
            raise DsltError(f"{origin}: no such file") from None
        verify_sha256(temporary, sha256, f"from {origin}")


@contextlib.contextmanager
def _alone(name: str, data: str | os.PathLike[str]) -> Iterator[None]:
    """Hold the lock of a download.

    Raises:
        DsltError: Another run holds it, or the name is no plain folder name.
    """
    if not NAME.fullmatch(name):
        raise DsltError(f"download {name!r}: the name has a space, a slash or a quote in it")
    lock = Path(data) / DOWNLOADS / f".{name}.lock"
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


@dataclass(frozen=True)
class _Job:
    """One call of `fetch_download`."""

    name: str
    download: Download
    data: Path
    ledger: Ledger
    jobs: int
    shown: bool
    policy: Policy

    @contextlib.contextmanager
    def meter(self, total: int | None = None) -> Iterator[Meter]:
        """A progress bar."""
        meter = Meter(self.name, total, self.shown)
        try:
            yield meter
        finally:
            meter.close()

    def groups(self, copy: Path | None, agreed: bool, fetch_missing: bool) -> list[Group]:
        """The files, grouped; the manifest of a stack is fetched, or taken from the copy, first."""
        where = f"download {self.name}"
        if isinstance(self.download, FilesDownload):
            return grouped(self.download.files, where)
        manifest = PublishedFile(urls=(self.download.url,), file=MANIFEST, unpack="none")
        own = Group("", (manifest,))
        path = self.ledger.originals / MANIFEST
        if not path.is_file() and not (copy and take_manifest(copy, self.ledger)):
            if copy and not fetch_missing:
                raise DsltError(
                    f"--from {copy}: lacks {MANIFEST}, which lists the files; give --fetch-missing "
                    f"to fetch it from {self.download.url}, or save it there"
                )
            self._check_agreed(agreed)
        with self.meter() as meter:
            Work(self.name, self.ledger, meter, self.policy).run(outstanding([own], self.ledger), 1)
        files = manifest_files(read_json(path), self.download.url, str(path))
        return [own, *grouped(files, where)]

    def may_fetch(self, groups: Sequence[Group], todos: Sequence[Todo], agreed: bool) -> None:
        """Refuse what a person has to do first, in words that say what."""
        absent = [piece for todo in todos for piece in todo.absent]
        by_hand = [piece.file for piece in absent if not piece.urls]
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
            self._check_agreed(agreed)

    def _check_agreed(self, agreed: bool) -> None:
        if self.download.access == "agreement" and not agreed:
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
        """What was fetched, verified and unpacked."""
        files, unpacked = [], []
        for group in groups:
            for piece in group.pieces:
                if known := self.ledger.recorded(piece.file):
                    url = piece.urls[0] if piece.urls else None
                    files.append(
                        ReceivedFile(
                            file=piece.file, url=url, bytes=known.bytes, sha256=known.sha256
                        )
                    )
            unpacked += [UnpackedFile(into=file.into, file=file.file) for file in group.unpacked]
        unpacked += [UnpackedFile(into=p, file=None) for p in unprovided(self.download, groups)]
        return Receipt(
            download=self.name,
            definition=definition_digest(self.download),
            files=tuple(sorted(files, key=lambda file: file.file)),
            unpacked=tuple(sorted(unpacked, key=lambda one: one.into)),
            adopted=self.ledger.adopted,
        )
