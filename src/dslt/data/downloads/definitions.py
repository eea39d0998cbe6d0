"""What can be fetched: the entries of `config/downloads.yaml` and of `config/weights.yaml`.

One entry is one download: its files, their sizes and checksums where anybody states them, and what
they unpack to. Original files lie in `data/downloads/<name>/`, what is unpacked from them in
`data/unpacked/<name>/`. This is read while the workflow builds its graph, so it imports no heavy
package.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from dslt.core.definitions import BENCHMARKS, DOWNLOADS, config_file, read_definitions
from dslt.core.errors import quote, unknown
from dslt.data.downloads.sources import Bytes, PackageFiles, UrlFile
from dslt.settings.base import Natural, Settings
from dslt.settings.kinds import kinds_of, parse_kind

CheckedFiles = PackageFiles | UrlFile

Access = Literal["open", "agreement", "account"]


def _below(path: str) -> str:
    parts = PurePosixPath(path).parts
    if path.startswith("/") or ".." in parts or "\\" in path:
        raise ValueError("must stay below the download's folder")
    return path


RelativePath = Annotated[str, AfterValidator(_below)]
Url = Annotated[str, Field(pattern=r"^https?://\S+$")]
Checksum = Annotated[
    str, Field(pattern=r"^(md5:[0-9a-f]{32}|sha1:[0-9a-f]{40}|sha256:[0-9a-f]{64})$")
]


class PublishedFile(Settings):
    """One published file, or as many alike as there are names."""

    urls: tuple[Url, ...] = ()
    """Its address and mirrors of it, tried in this order; empty: nobody may fetch it without an
    account, so it is only taken from a copy (`dslt fetch NAME --from`).
    """
    file: RelativePath
    """Its name under `data/downloads/<download>/`."""
    names: tuple[str, ...] = ()
    """One file for each; `{name}` in `urls`, `file` and `into` stands for the name."""
    bytes: Bytes | None = None
    """Its length in bytes, where it is known."""
    checksum: Checksum | None = None
    """Its checksum as `sha256:...`, `sha1:...` or `md5:...`, where it is known."""
    drive: bool = False
    """Whether the address is one of a cloud drive, which asks before it hands out a large file."""
    unpack: Literal["all", "text", "none"] = "all"
    """`all`; `text`: everything but images, which are read from the (zip) archive; `none`."""
    into: RelativePath = "."
    """What the archive's content becomes under `data/unpacked/<download>/`: a folder, or the file
    in a `.gz`; `.` is that folder itself. With `unpack: none`, a copy of the file.
    """
    strip: Natural = 0
    """Leading folders of the archive's paths that are dropped."""
    only: tuple[str, ...] = ()
    """Folders (after `strip`) that are unpacked; empty: all. Written as `{benchmark: NAME}`, it is
    the sequences of a benchmark.
    """
    keep: bool = True
    """Whether the archive stays after it is unpacked."""

    @model_validator(mode="after")
    def _is_consistent(self) -> PublishedFile:
        for text in (self.file, *self.urls):
            if bool(self.names) != ("{name}" in text):
                raise ValueError(f"{quote(text)}: {{name}} and `names` go together")
        if self.unpack == "text" and not (self.keep and self.file.endswith(".zip")):
            raise ValueError("unpack: text needs a zip archive that is kept")
        if self.names and (self.checksum or self.bytes):
            raise ValueError("`bytes` and `checksum` are of one file")
        return self

    @property
    def placed(self) -> bool:
        """Whether the file is unpacked, or copied as it is, to a path."""
        return self.unpack != "none" or self.into != "."

    def spelled_out(self) -> list[PublishedFile]:
        """Give one entry for each name."""
        if not self.names:
            return [self]
        return [
            self.model_copy(
                update={
                    "urls": tuple(url.replace("{name}", name) for url in self.urls),
                    "file": self.file.replace("{name}", name),
                    "into": self.into.replace("{name}", name),
                    "names": (),
                }
            )
            for name in self.names
        ]


class _Download(Settings):
    """What all downloads have."""

    title: str
    """Its name for readers."""
    version: str
    """Its version, as its publisher names it."""
    date: Annotated[str, Field(pattern=r"^\d{4}(-\d\d-\d\d)?$")]
    """Date of that version, `YYYY` or `YYYY-MM-DD`."""
    licence: str | None = None
    """Its licence in words; null: not stated where it is handed out."""
    page: Url
    """Address of a page about it."""
    access: Access = "open"
    """`open`; `agreement`: its terms have to be accepted (`--agree`, or `agreed` in the
    configuration); `account`: a person has to log in and fetch it by hand.
    """
    steps: str = ""
    """What a person has to do where access is not open, as sentences."""
    bytes: Bytes | None = None
    """Length of all files together, where that is known or nearly so."""
    unpacked_bytes: Bytes | None = None
    """Length of what is unpacked, where that is known or nearly so."""
    expected: tuple[RelativePath, ...] = ()
    """Paths that must be there after unpacking, besides `into` of each file."""

    @model_validator(mode="after")
    def _says_what_to_do(self) -> _Download:
        if self.access != "open" and not self.steps:
            raise ValueError("`steps` must say what a person has to do")
        return self


class FilesDownload(_Download):
    """Files at addresses."""

    kind: Literal["files"]
    files: Annotated[tuple[PublishedFile, ...], Field(min_length=1)]
    """The files, each by itself or many alike."""


class VotDownload(_Download):
    """A stack of the VOT challenge: a JSON manifest that names two archives per sequence.

    The manifest's addresses are relative to its own. The annotation of sequence S is unpacked to
    `S/`, its colour images stay in their archive, as `S/color/`.
    """

    kind: Literal["vot_manifest"]
    url: Url
    """Address of the manifest, `description.json`."""


Download = FilesDownload | VotDownload
DOWNLOAD_KINDS: dict[str, type[Download]] = kinds_of(Download)
CHECKED_KINDS: dict[str, type[CheckedFiles]] = kinds_of(CheckedFiles)


def parse_download(
    name: str, definition: Any, benchmarks: Mapping[str, Any] | None = None
) -> Download:
    """Check the definition of a download.

    Args:
        name: Its name.
        definition: Its entry.
        benchmarks: Entries of the benchmarks, whose sequences `only` may name.

    Raises:
        DsltError: An unknown kind, key or benchmark, a missing key, or a wrong value.
    """
    resolved = _resolved(name, definition, benchmarks or {})
    return parse_kind(DOWNLOAD_KINDS, resolved, f"download {name}")


def parse_checked_files(name: str, definition: Any) -> CheckedFiles:
    """Check the definition of files of a package, or of a file at an address.

    Raises:
        DsltError: As `parse_download`.
    """
    return parse_kind(CHECKED_KINDS, definition, f"download {name}")


def parse_downloads(
    definitions: Mapping[str, Any], benchmarks: Mapping[str, Any]
) -> dict[str, Download]:
    """Check the definitions of all downloads.

    Args:
        definitions: Their entries.
        benchmarks: Entries of the benchmarks, whose sequences `only` may name.

    Raises:
        DsltError: As `parse_download`.
    """
    return {name: parse_download(name, entry, benchmarks) for name, entry in definitions.items()}


def load_downloads() -> dict[str, Download]:
    """Read and check all downloads of `config/downloads.yaml`.

    Raises:
        DsltError: A file is missing, or an entry is wrong.
    """
    return parse_downloads(*(read_definitions(config_file(f)) for f in (DOWNLOADS, BENCHMARKS)))


def find_download(name: str) -> Download:
    """Look one download of `config/downloads.yaml` up.

    Raises:
        DsltError: As `load_downloads`, or there is no such entry.
    """
    known = load_downloads()
    if name not in known:
        raise unknown("download", name, known)
    return known[name]


def _resolved(name: str, definition: Any, benchmarks: Mapping[str, Any]) -> Any:
    """Put the sequences of a benchmark in the place of its name."""
    files = definition.get("files") if isinstance(definition, dict) else None
    if not isinstance(files, list | tuple):
        return definition
    spelled = []
    for file in files:
        only = file.get("only") if isinstance(file, dict) else None
        if isinstance(only, dict):
            known = {
                key: entry["sequences"]
                for key, entry in benchmarks.items()
                if isinstance(entry, dict) and entry.get("sequences")
            }
            benchmark = str(only.get("benchmark"))
            if benchmark not in known:
                raise unknown(f"benchmark in `only` of download {name}:", benchmark, known)
            file = {**file, "only": known[benchmark]}
        spelled.append(file)
    return {**definition, "files": spelled}


def downloads_folder(data: str | os.PathLike[str], name: str) -> Path:
    """Give the folder of the original files of a download."""
    return Path(data, "downloads", name)


def unpacked_folder(data: str | os.PathLike[str], name: str) -> Path:
    """Give the folder of what is unpacked from a download."""
    return Path(data, "unpacked", name)


def receipt_file(data: str | os.PathLike[str], name: str) -> Path:
    """Give the path of the file that says what was fetched, verified and unpacked."""
    return downloads_folder(data, name) / "receipt.json"
