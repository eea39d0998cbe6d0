"""Fetch what publishers hand out: verified, resumable, unpacked, with a receipt at the end."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import filelock

from dslt.core.errors import DsltError, quote
from dslt.core.files import write_errors
from dslt.core.jsonfile import read_json
from dslt.core.names import NAME
from dslt.core.text import canonical, digest
from dslt.data.downloads.adopt import adopt, looked_for, take_manifest, unprovided
from dslt.data.downloads.definitions import (
    Download,
    FilesDownload,
    PublishedFile,
    downloads_folder,
    receipt_file,
)
from dslt.data.downloads.groups import Group, grouped
from dslt.data.downloads.ledger import Ledger
from dslt.data.downloads.receipts import Receipt, ReceivedFile, UnpackedFile, write_receipt
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
        jobs: Number of files that are fetched at a time.
        progress: Whether a progress bar is shown on a terminal.
        policy: Tries, waits and time-outs of the transfers.

    Returns:
        The receipt, which was also written.

    Raises:
        DsltError: A person has to do something first; the disk has no room; a file could not be
            fetched, is not what it should be, or cannot be unpacked; or another run is at it.
    """
    copy = Path(source) if source is not None else None
    with _alone(name, data), Meter(name, shown=progress) as meter:
        fetcher = Fetcher(Ledger(data, name), meter, jobs, policy or Policy())
        if verify:
            fetcher.ledger.distrust()
        if copy is None:
            _check_copy(fetcher.ledger)
        groups = _groups(download, fetcher, agreed, copy, fetch_missing)
        if copy is not None:
            adopt(download, groups, copy, fetcher, in_part=fetch_missing)
        _check_allowed(download, groups, fetcher.ledger, agreed)
        meter.reset(check_space(download, groups, fetcher))
        fetcher.run(groups)
        receipt = _receipt(download, groups, fetcher.ledger)
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
        raise DsltError(f"download {quote(name)}: the name has a space, a slash or a quote in it")
    lock = downloads_folder(data, f".{name}.lock")
    with write_errors(lock):
        lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with filelock.FileLock(lock, timeout=0):
                yield
        except filelock.Timeout:
            raise DsltError(
                f"{name}: another 'dslt fetch {name}' is at work here ({lock}); wait until it ends"
            ) from None


def _groups(
    download: Download, fetcher: Fetcher, agreed: bool, copy: Path | None, fetch_missing: bool
) -> list[Group]:
    """Group the files; the manifest of a stack is fetched, or taken from the copy, first."""
    ledger = fetcher.ledger
    where = f"download {ledger.name}"
    if isinstance(download, FilesDownload):
        return grouped(download.files, where)
    manifest = PublishedFile(urls=(download.url,), file=MANIFEST, unpack="none")
    path = ledger.path(manifest)
    if not path.is_file() and not (copy and take_manifest(copy, ledger)):
        if copy and not fetch_missing:
            raise DsltError(
                f"--from {copy}: lacks {MANIFEST}, which lists the files; give --fetch-missing to "
                f"fetch it from {download.url}, or save it there"
            )
        _check_agreed(download, ledger, agreed)
    fetcher.run([(manifest,)])
    files = manifest_files(read_json(path), download.url, str(path))
    return [(manifest,), *grouped(files, where)]


def _check_copy(ledger: Ledger) -> None:
    """Refuse to fetch again what was taken from a copy that is out of reach."""
    if lost := ledger.lost():
        raise DsltError(
            f"{ledger.name}: {lost[0]} was taken from {ledger.adopted} and leads nowhere now "
            f"({len(lost)} such in all): is its disk mounted? Nothing was fetched. Mount it and "
            f"run again; or give the copy's new place, {_command(ledger, '--from DIR')}; or "
            f"forget it, {_command(ledger, '--undo')}, and fetch it then"
        )


def _check_allowed(
    download: Download, groups: Sequence[Group], ledger: Ledger, agreed: bool
) -> None:
    """Refuse what a person has to do first, in words that say what."""
    absent = [file for group in groups for file in ledger.absent(group)]
    by_hand = [file.file for file in absent if not file.urls]
    by_hand += [path for path in unprovided(download, groups) if not ledger.made(path)]
    unasked = download.access == "account" and ledger.adopted is None and absent
    if by_hand or unasked:
        steps = download.steps or "It has no address here."
        raise DsltError(
            f"{ledger.name} ({download.title}) has to be fetched by hand from {download.page}. "
            f"{steps} Then give the folder: {_command(ledger, '--from DIR')}, where DIR has "
            f"{looked_for(download, groups)}"
        )
    if absent:
        _check_agreed(download, ledger, agreed)


def _check_agreed(download: Download, ledger: Ledger, agreed: bool) -> None:
    if download.access == "agreement" and not agreed:
        raise DsltError(
            f"{ledger.name} ({download.title}) has terms that you have to accept first: "
            f"{download.licence or 'see its page'}. {download.steps} Then run: "
            f"{_command(ledger, '--agree')} (in the workflow: name it in the configuration's "
            "`agreed`)"
        )


def _command(ledger: Ledger, option: str) -> str:
    data = ledger.originals.parents[1]
    own = "" if data == Path("data") else f" --data {data}"
    return f"dslt fetch {ledger.name}{own} {option}"


def _receipt(download: Download, groups: Sequence[Group], ledger: Ledger) -> Receipt:
    """Describe what was fetched, verified and unpacked.

    Raises:
        DsltError: What must be there is not.
    """
    missing = [path for path in download.expected if not (ledger.unpacked / path).exists()]
    if missing:
        raise DsltError(
            f"{ledger.name}: {ledger.unpacked} lacks {', '.join(missing)} after unpacking; was "
            "something else published under this address? Compare with "
            f"{download.page}, and correct `expected` or `strip` in config/downloads.yaml"
        )
    published = [file for group in groups for file in group]
    unpacked = [UnpackedFile(into=file.into, file=file.file) for file in published if file.placed]
    unpacked += [UnpackedFile(into=path, file=None) for path in unprovided(download, groups)]
    received = [
        ReceivedFile(
            file=file.file,
            url=file.urls[0] if file.urls else None,
            bytes=known.bytes,
            sha256=known.sha256,
        )
        for file in published
        if (known := ledger.recorded(file))
    ]
    return Receipt(
        download=ledger.name,
        definition=digest(canonical(download)),
        files=tuple(sorted(received, key=lambda file: file.file)),
        unpacked=tuple(sorted(unpacked, key=lambda one: one.into)),
        adopted=ledger.adopted,
    )
