"""What a study needs from elsewhere: how large it is, and what a person has to do for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from dslt.core.definitions import WEIGHTS, config_file, read_definitions
from dslt.data.downloads.definitions import (
    Download,
    FilesDownload,
    parse_checked_files,
    parse_download,
    receipt_file,
)
from dslt.data.downloads.sources import PackageFiles
from dslt.settings.trackers import ExternalSettings, OpenCvSettings
from dslt.study.cost.amounts import Amount
from dslt.study.data import DATA, StudyData
from dslt.study.study import Study

FETCHED_WEIGHTS = DATA / "weights"
# Published weights whose definitions name no ImageNet network of their own.
SAME_WEIGHTS = {"resnet50_dilated": "resnet50"}


@dataclass(frozen=True)
class Needed:
    """Something that is fetched once, whoever uses it.

    Attributes:
        name: Of the download, the weights, the package or the file.
        users: Benchmarks, training sets or trackers that it is for.
        bytes: To fetch.
        disk: What stays, packed or unpacked.
        access: `open`, `agreement`, `account`; `file`: it has no known address.
        steps: What a person has to do.
        page: Where a person reads about it, if anywhere.
        there: It has been fetched.
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
    """List what a study needs: benchmarks, then training sets, then weights.

    Args:
        study: The study.
        fresh: As if nothing had been fetched.
    """
    found = [
        _download(name, parse_download(name, json.loads(study.downloads[name])), users)
        for name, users in StudyData(study).users.items()
    ]
    found += [*_packages(study), *_weights(study)]
    return [replace(one, there=False) if fresh else one for one in found]


def _download(name: str, download: Download, users: tuple[str, ...]) -> Needed:
    size = _known(download.bytes, f"bytes of {name}")
    return Needed(
        name=name,
        users=users,
        bytes=size,
        disk=_archives(download, size) + _unpacked(name, download),
        access=download.access,
        steps=download.steps,
        page=download.page,
        there=receipt_file(DATA, name).is_file(),
    )


def _archives(download: Download, size: Amount) -> Amount:
    """What stays of the original files."""
    files = download.files if isinstance(download, FilesDownload) else ()
    return size if all(file.keep for file in files) else Amount()


def _unpacked(name: str, download: Download) -> Amount:
    """What is unpacked: images are as large as in their archive, text hardly counts."""
    if download.unpacked_bytes is not None:
        return Amount(download.unpacked_bytes)
    files = download.files if isinstance(download, FilesDownload) else ()
    if any(file.unpack == "all" for file in files):
        if download.bytes is None:
            return Amount(unknown=(f"unpacked bytes of {name}",))
        return Amount(download.bytes, guess=True)
    return Amount()


def _known(size: int | None, words: str) -> Amount:
    return Amount(unknown=(words,)) if size is None else Amount(size)


def _packages(study: Study) -> Iterator[Needed]:
    """Clips, which ship in packages."""
    for name, fetch in StudyData(study).fetches.items():
        if name in study.runs:
            source = json.loads(fetch.definition)
            size = _known(source["bytes"], f"bytes of {source['package']}")
            there = all(Path(file).is_file() for file in fetch.files)
            yield Needed(source["package"], (name,), size, size, there=there)


def _weights(study: Study) -> Iterator[Needed]:
    """ImageNet weights: published ones once each, then files that only a person can bring."""
    published: dict[str, list[str]] = {}
    files: dict[str, list[str]] = {}
    for cell in (study.cells[name] for name in study.cells_run):
        if isinstance(cell.settings, OpenCvSettings | ExternalSettings):
            continue
        tracker, backbone = cell.settings.tracker, cell.settings.training.backbone
        if backbone.weights == "pretrained":
            name = SAME_WEIGHTS.get(backbone.name, backbone.name)
            published.setdefault(name, []).append(tracker)
        elif backbone.weights != "random":
            files.setdefault(backbone.weights, []).append(tracker)
    definitions = read_definitions(config_file(WEIGHTS))
    for name, users in published.items():
        if name in definitions:
            yield from _published(name, definitions[name], users)
    for path, users in files.items():
        size = Amount(unknown=(f"bytes of {path}",))
        yield Needed(
            path,
            tuple(dict.fromkeys(users)),
            size,
            size,
            access="file",
            steps="Nothing fetches it: put it there.",
            there=Path(path).is_file(),
        )


def _published(name: str, definition: Any, users: Iterable[str]) -> Iterator[Needed]:
    source = parse_checked_files(name, definition)
    there = all((FETCHED_WEIGHTS / file).is_file() for file in source.checksums)
    if isinstance(source, PackageFiles) and _installed(source.package):
        return
    size = _known(source.bytes, f"bytes of {name}")
    yield Needed(name, tuple(dict.fromkeys(users)), size, size, there=there)


def _installed(package: str) -> bool:
    """Tell whether a package is part of this environment already."""
    name, _, version = package.partition("==")
    try:
        return metadata.version(name) == version
    except metadata.PackageNotFoundError:
        return False
