"""The files of a download, spelled out, and which of them stand or fall together."""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

from dslt.core.errors import DsltError, quote
from dslt.data.downloads.definitions import PublishedFile

Group = tuple[PublishedFile, ...]
"""Files, each of one name, that unpack to one folder (or file) and to folders below it.

The file that unpacks to the outermost folder comes first. A file that is not placed is alone.
"""


def grouped(files: Iterable[PublishedFile], where: str) -> list[Group]:
    """Group files by the folder that they unpack to.

    Raises:
        DsltError: Two files have one name or unpack to the same folder, a path leaves the
            download's folder, or a folder of `only` belongs to no file.
    """
    spelled = _wanted([single for file in files for single in file.spelled_out()], where)
    names = Counter(file.file for file in spelled)
    for path in (*names, *(file.into for file in spelled)):
        if path.startswith("/") or ".." in PurePosixPath(path).parts or "\\" in path:
            raise DsltError(
                f"{where}: {quote(path)} leaves the download's folder; nothing was fetched"
            )
    if twice := [name for name, count in names.items() if count > 1]:
        raise DsltError(f"{where}: two files are called {quote(twice[0])}")
    groups: dict[str, Group] = {}
    # `.` is no part of a pure path, so that the outermost folder comes first.
    for file in sorted(
        (file for file in spelled if file.placed),
        key=lambda file: len(PurePosixPath(file.into).parts),
    ):
        outermost = next((into for into in groups if is_below(file.into, into)), file.into)
        group = groups.get(outermost, ())
        if any(file.into == other.into for other in group):
            raise DsltError(f"{where}: two files unpack to {quote(file.into)}")
        groups[outermost] = (*group, file)
    return [*groups.values(), *((file,) for file in spelled if not file.placed)]


def is_below(path: str, folder: str) -> bool:
    """Tell whether a relative path is a folder's, or below it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


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
            f"{where}: {quote(min(unclaimed))} of `only` is in no file; the folders of a file that "
            "unpacks to `car` are called `car-...`"
        )
    return wanted
