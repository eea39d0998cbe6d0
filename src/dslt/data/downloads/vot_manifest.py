"""Manifests of the VOT challenge's stacks: two archives per sequence."""

from typing import Annotated, Any
from urllib.parse import urljoin

from pydantic import BaseModel, ConfigDict, Field

from dslt.core.errors import DsltError, quote
from dslt.core.names import NAME
from dslt.data.downloads.definitions import PublishedFile
from dslt.settings.base import validate

MANIFEST = "description.json"
ANNOTATIONS = "annotations"
COLOR = "color"
_KINDS = {32: "md5", 40: "sha1", 64: "sha256"}


class _Published(BaseModel):
    """What is not read here may be there: the format is not ours."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _ManifestArchive(_Published):
    url: str
    checksum: str | None = None


class _Sequence(_Published):
    name: str
    annotations: _ManifestArchive
    channels: dict[str, _ManifestArchive]


class _Manifest(_Published):
    sequences: Annotated[tuple[_Sequence, ...], Field(min_length=1)]


def manifest_files(values: Any, url: str, where: str) -> list[PublishedFile]:
    """List the archives of a manifest.

    Args:
        values: The manifest's JSON.
        url: Its address, which those in it are relative to.
        where: Its file, for errors.

    Returns:
        Two files for each sequence S: `annotations/S.zip`, unpacked into `S`, and `color/S.zip`,
        which stays packed and is `S/color`.

    Raises:
        DsltError: It is no manifest; a sequence occurs twice, has no colour images, or has a name
            that is no plain folder name.
    """
    files: list[PublishedFile] = []
    names: set[str] = set()
    for sequence in validate(_Manifest, values, where).sequences:
        name = sequence.name
        if not NAME.fullmatch(name):
            raise DsltError(f"{where}: {quote(name)} cannot name a sequence; nothing was fetched")
        if name in names:
            raise DsltError(f"{where}: the sequence {name} occurs twice; nothing was fetched")
        if COLOR not in sequence.channels:
            raise DsltError(f"{where}: the sequence {name} has no channel {COLOR!r}")
        names.add(name)
        for archive, kind, into, unpack in (
            (sequence.annotations, ANNOTATIONS, name, "all"),
            (sequence.channels[COLOR], COLOR, f"{name}/{COLOR}", "text"),
        ):
            what = f"{where}: {kind} of {name}"
            entry = {
                "urls": (urljoin(url, archive.url),),
                "file": f"{kind}/{name}.zip",
                "checksum": _checksum(archive.checksum, what),
                "unpack": unpack,
                "into": into,
            }
            files.append(validate(PublishedFile, entry, what))
    return files


def _checksum(text: str | None, where: str) -> str | None:
    """Name the kind of a checksum by its length; the manifest does not name it."""
    if not text:
        return None
    if len(text) not in _KINDS:
        raise DsltError(f"{where}: checksum {quote(text)} is neither MD5 nor SHA-1 nor SHA-256")
    return f"{_KINDS[len(text)]}:{text.lower()}"
