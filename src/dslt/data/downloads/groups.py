"""The files of a download, spelled out, and which of them stand or fall together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from dslt.core.errors import DsltError
from dslt.core.text import digest
from dslt.data.downloads.definitions import PublishedFile
from dslt.data.downloads.ledger import is_below


@dataclass(frozen=True)
class Piece:
    """One file as it is fetched.

    Attributes:
        file: Its name under the download's folder.
        urls: Addresses, in the order of trying.
        published: The entry that it belongs to.
    """

    file: str
    urls: tuple[str, ...]
    published: PublishedFile


@dataclass(frozen=True)
class Group:
    """Files that unpack to one folder and to folders below it, the folder's own file first.

    Attributes:
        into: The folder (or file) under the folder of what is unpacked.
        files: Entries, each of one name.
    """

    into: str
    files: tuple[PublishedFile, ...]

    @property
    def pieces(self) -> list[Piece]:
        """All files to fetch."""
        return [piece for file in self.files for piece in pieces(file)]

    @property
    def unpacked(self) -> list[PublishedFile]:
        """The entries that something is made of."""
        return [file for file in self.files if _is_placed(file)]


def pieces(published: PublishedFile) -> list[Piece]:
    """An entry's file, or its parts in order."""
    if not published.parts:
        return [Piece(published.file, published.urls, published)]
    return [
        Piece(
            published.file.replace("{part}", part),
            tuple(url.replace("{part}", part) for url in published.urls),
            published,
        )
        for part in published.parts
    ]


def grouped(files: Iterable[PublishedFile], where: str) -> list[Group]:
    """Group files by the folder that they unpack to.

    Raises:
        DsltError: Two files have one name or unpack to the same folder, a path leaves the
            download's folder, or a folder of `only` belongs to no file.
    """
    spelled = _wanted([single for file in files for single in file.spelled_out()], where)
    names = Counter(piece.file for file in spelled for piece in pieces(file))
    for path in (*names, *(file.into for file in spelled)):
        if path.startswith("/") or ".." in PurePosixPath(path).parts or "\\" in path:
            raise DsltError(f"{where}: {path!r} leaves the download's folder; nothing was fetched")
    if twice := [name for name, count in names.items() if count > 1]:
        raise DsltError(f"{where}: two files are called {twice[0]!r}")
    groups: list[Group] = []
    ordered = sorted((f for f in spelled if _is_placed(f)), key=lambda f: _depth(f.into))
    for file in ordered:
        index = next((i for i, g in enumerate(groups) if is_below(file.into, g.into)), None)
        if index is None:
            groups.append(Group(file.into, (file,)))
        elif any(file.into == other.into for other in groups[index].files):
            raise DsltError(f"{where}: two files unpack to {file.into!r}")
        else:
            groups[index] = Group(groups[index].into, (*groups[index].files, file))
    return groups + [Group("", (file,)) for file in spelled if not _is_placed(file)]


def _wanted(files: list[PublishedFile], where: str) -> list[PublishedFile]:
    """Give each file its own folders of `only`, and leave out files that have none of them.

    A file that unpacks to `car` has the folders `car-1`, `car-2`, as LaSOT names its sequences.
    """
    wanted, unclaimed = [], {name for file in files for name in file.only}
    for file in files:
        own = [n for n in file.only if file.into == "." or n.startswith(f"{file.into}-")]
        unclaimed -= set(own)
        if own or not file.only:
            wanted.append(file.model_copy(update={"only": tuple(own)}))
    if unclaimed:
        raise DsltError(
            f"{where}: {min(unclaimed)!r} of `only` is in no file; the folders of a file that "
            "unpacks to `car` are called `car-...`"
        )
    return wanted


def made_from(published: PublishedFile, archive: str) -> str:
    """Digest of the archive and of what decides which of it is unpacked, and how."""
    keys = {"unpack", "strip", "only"}
    return digest(archive, published.model_dump_json(include=keys))


def _is_placed(file: PublishedFile) -> bool:
    """Whether a file is unpacked, or copied as it is, to a path."""
    return file.unpack != "none" or file.into != "."


def _depth(into: str) -> int:
    return 0 if into == "." else into.count("/") + 1
