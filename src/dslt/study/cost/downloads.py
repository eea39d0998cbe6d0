"""What a study needs from elsewhere: how large it is, and what a person has to do for it."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from dslt.data.downloads.definitions import (
    Download,
    FilesDownload,
    parse_download,
    receipt_file,
)
from dslt.study import paths
from dslt.study.cost.amounts import Amount, known_or
from dslt.study.data import StudyData
from dslt.study.study import Study


@dataclass(frozen=True)
class Needed:
    """Something that is fetched once, whoever uses it.

    Attributes:
        name: Name of the download, the weights, the package or the file.
        users: Benchmarks, training sets or trackers that it is for.
        bytes: Bytes to fetch.
        disk: Bytes that stay, packed or unpacked.
        access: `open`, `agreement`, `account`; `file`: it has no known address.
        steps: What a person has to do, as sentences.
        page: Address where a person reads about it, if there is one.
        there: Whether it has been fetched.
    """

    name: str
    users: tuple[str, ...]
    bytes: Amount
    disk: Amount
    access: str = "open"
    steps: str = ""
    page: str = ""
    there: bool = False


def needed(study: Study, fresh: bool = False) -> list[Needed]:
    """List what a study needs: downloads, then packages, then weights.

    Args:
        study: The study.
        fresh: Whether nothing counts as fetched.
    """
    found = [
        _download(name, parse_download(name, json.loads(study.downloads[name])), users)
        for name, users in StudyData(study).users.items()
    ]
    found += [*_packages(study), *_weights(study)]
    return [replace(one, there=False) if fresh else one for one in found]


def _download(name: str, download: Download, users: tuple[str, ...]) -> Needed:
    size = known_or(f"bytes of {name}", download.bytes)
    files = download.files if isinstance(download, FilesDownload) else ()
    kept = size if all(file.keep for file in files) else Amount()
    unpacked = Amount(download.unpacked_bytes or 0.0)
    if download.unpacked_bytes is None and any(file.unpack == "all" for file in files):
        # Images are as large as in their archive, text hardly counts.
        unpacked = known_or(f"unpacked bytes of {name}", download.bytes, guess=True)
    there = receipt_file(paths.DATA, name).is_file()
    return Needed(
        name, users, size, kept + unpacked, download.access, download.steps, download.page, there
    )


def _packages(study: Study) -> Iterator[Needed]:
    """List clips, which ship in packages."""
    data = StudyData(study)
    for fetch in data.fetches.values():
        source = json.loads(fetch.definition)
        users = [name for name in study.runs if set(fetch.files) & set(data.clips(name))]
        if users:
            yield _files(source["package"], users, source["bytes"], fetch.files)


def _weights(study: Study) -> Iterator[Needed]:
    """List ImageNet weights: published ones, and files that only a person can bring."""
    data = StudyData(study)
    users: dict[str, list[str]] = {}
    brought: dict[str, list[str]] = {}
    for cell in (study.cells[name] for name in study.cells_run):
        if (learnt := cell.settings.learnt) and learnt.backbone.weights != "random":
            name = learnt.backbone.published
            known, key = (users, name) if name else (brought, learnt.backbone.weights)
            known.setdefault(key, []).append(cell.settings.tracker)
    for name, trackers in users.items():
        if fetch := data.weights.get(name):
            yield _files(name, trackers, json.loads(fetch.definition)["bytes"], fetch.files)
    for name, trackers in brought.items():
        steps = "Nothing fetches it: put it there."
        yield replace(_files(name, trackers, None, [name]), access="file", steps=steps)


def _files(
    name: str, users: Iterable[str], size: int | None, paths: Iterable[str | Path]
) -> Needed:
    """Describe files that stay as they are fetched."""
    amount = known_or(f"bytes of {name}", size)
    there = all(Path(path).is_file() for path in paths)
    return Needed(name, tuple(dict.fromkeys(users)), amount, amount, there=there)
