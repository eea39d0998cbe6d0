"""What may come out of an archive: plain files with harmless paths, and not too many bytes."""

import re
import stat
import tarfile
import zipfile
from dataclasses import dataclass

from dslt.core.errors import DsltError, quote

_FREE_BYTES = 64 << 20  # below this a high compression ratio is harmless
_LONGEST_PATH = 1024  # bytes, below the folder that it is unpacked to
_LONGEST_NAME = 255  # bytes: the limit of common file systems
_DEEPEST = 64  # folders
_ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@dataclass(frozen=True)
class Limits:
    """What an archive may hold.

    Attributes:
        max_bytes: Bytes that it may unpack to, however large it is.
        max_ratio: Bytes that it may unpack to for each byte of its own.
        max_members: Files and folders.
    """

    max_bytes: int = 256 << 30
    max_ratio: int = 100
    max_members: int = 10_000_000

    def allowance(self, archive_bytes: int) -> int:
        """Give the bytes that an archive of this size may unpack to."""
        return min(self.max_bytes, max(_FREE_BYTES, archive_bytes * self.max_ratio))


class Gate:
    """Decides for one archive which members may come out of it, and how many bytes.

    Attributes:
        where: The archive, for errors.
    """

    def __init__(self, where: str, archive_bytes: int, limits: Limits | None = None) -> None:
        """Start with all that an archive of this size may hold."""
        self.where = where
        limits = limits or Limits()
        self._allowed = self._left = limits.allowance(archive_bytes)
        self._most = self._members = limits.max_members

    def expect(self, count: int) -> None:
        """Refuse the archive if it declares more bytes than may still come."""
        if count > self._left:
            raise DsltError(
                f"{self.where}: unpacks to more than {self._allowed} bytes (a decompression bomb?);"
                " refused, nothing was unpacked"
            )

    def spend(self, count: int) -> None:
        """Count bytes that came out."""
        self.expect(count)
        self._left -= count

    def path(self, info: zipfile.ZipInfo | tarfile.TarInfo) -> str | None:
        """Give the tidy path of a member, null for a folder.

        Raises:
            DsltError: The member is refused.
        """
        if isinstance(info, zipfile.ZipInfo):
            raw, reason = info.orig_filename, _unsafe_zip_kind(info)
            folder = info.filename.endswith("/")  # `is_dir` fails where there is no name
        else:
            raw, folder, reason = info.name, info.isdir(), _unsafe_tar_kind(info)
        path = "/".join(part for part in raw.split("/") if part not in ("", "."))
        self._members -= 1
        if self._members < 0:
            reason = f"is one of more than {self._most}"
        if reason := reason or _unsafe_path(raw) or (None if path or folder else "has no name"):
            raise self.refusal(raw, reason)
        return None if folder else path

    def refusal(self, raw: str, reason: str) -> DsltError:
        """Make the error for an archive with a bad member."""
        name = raw if len(raw) <= _LONGEST_NAME else raw[:_LONGEST_NAME] + "..."
        return DsltError(
            f"{self.where}: member {quote(name)} {reason}; refused, nothing was unpacked"
        )


def _unsafe_path(raw: str) -> str | None:
    """Say what is wrong with a member's path, if anything."""
    parts = raw.split("/")
    if raw.startswith("/") or ".." in parts:
        return "leaves its folder"
    if "\\" in raw or "\0" in raw or any(re.match(r"[A-Za-z]:", part) for part in parts):
        return "has a path that is not portable"
    sizes = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    if len(parts) > _DEEPEST or max(sizes) > _LONGEST_NAME or sum(sizes) > _LONGEST_PATH:
        return f"has a path too long ({len(parts)} parts, {sum(sizes)} bytes)"
    return None


def _unsafe_tar_kind(info: tarfile.TarInfo) -> str | None:
    """Say why a member is no plain file or folder, if so."""
    if info.issym() or info.islnk():
        return f"is a link (to {quote(info.linkname)})"
    if info.size < 0:
        return f"has {info.size} bytes"
    plain = (info.isfile() and not info.issparse()) or info.isdir()
    return None if plain else "is not a plain file"


def _unsafe_zip_kind(info: zipfile.ZipInfo) -> str | None:
    if info.flag_bits & 0x1:
        return "is encrypted"
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    # Archives made on other systems carry no file type at all.
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is not a plain file"
    if info.compress_type not in _ZIP_METHODS:
        return (
            f"is compressed by method {info.compress_type}, which cannot be read here (unpack the"
            " archive with 7-Zip and take the folder with `dslt fetch --from`)"
        )
    return None
