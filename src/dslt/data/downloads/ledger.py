"""What `dslt fetch` knows of its files from earlier runs, so that nothing is done twice.

`data/downloads/.<name>.json` has length, time and SHA-256 of each original file: one that has kept
length and time is trusted, any other is hashed again. `data/unpacked/<name>.json` has what was made
of which archive, and how. Neither is a result: without them everything is only checked again.
"""

import json
import os
import shutil
import threading
from pathlib import Path, PurePosixPath

from pydantic import Field

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, write_errors
from dslt.core.folders import remove_halves_of
from dslt.core.text import canonical, digest
from dslt.data.downloads.definitions import (
    PublishedFile,
    downloads_folder,
    receipt_file,
    unpacked_folder,
)
from dslt.data.downloads.groups import Group, is_below
from dslt.settings.base import Model, Settings, validate


class Original(Settings):
    """An original file.

    Attributes:
        bytes: Its length in bytes.
        mtime_ns: When it was last written; null: it was removed after it was unpacked.
        sha256: SHA-256 of its bytes.
        checksum: The checksum of its entry that they were compared with; null: there was none.
    """

    bytes: int
    mtime_ns: int | None
    sha256: str
    checksum: str | None = None


class UnpackedPath(Settings):
    """What stands at a path under the folder of what is unpacked.

    Attributes:
        archive: SHA-256 of the archive; null: the path is a link.
        settings: Digest of the settings that decided the content.
        whole: Whether it is complete; false while it is being made.
        link: Where the path leads or lies in a copy that was adopted; null: it was unpacked.
    """

    archive: str | None = None
    settings: str = ""
    whole: bool = True
    link: str | None = None


class _Originals(Settings, frozen=False):
    adopted: str | None = None
    files: dict[str, Original] = Field(default_factory=dict)


class _UnpackedPaths(Settings, frozen=False):
    paths: dict[str, UnpackedPath] = Field(default_factory=dict)


class Ledger:
    """The records of one download, by one process at a time; safe to use from several threads.

    Attributes:
        name: Name of the download.
        originals: Folder of the original files.
        unpacked: Folder of what is unpacked.
    """

    def __init__(self, data: str | os.PathLike[str], name: str) -> None:
        """Read the records, and remove what a killed run left half-written of them.

        Raises:
            DsltError: One of them is not what this program wrote.
        """
        self.name = name
        self.originals = downloads_folder(data, name)
        self.unpacked = unpacked_folder(data, name)
        self._lock = threading.Lock()
        self._files = self.originals.with_name(f".{name}.json")
        self._paths = self.unpacked.with_name(f"{name}.json")
        for path in (self._files, self._paths, receipt_file(data, name)):
            remove_halves_of(path)
        self._known = _read(_Originals, self._files)
        self._made = _read(_UnpackedPaths, self._paths)

    # ------------------------------------------------------------------ original files

    @property
    def adopted(self) -> str | None:
        """Folder of the copy that was adopted."""
        return self._known.adopted

    def note_adopted(self, folder: Path) -> None:
        """Remember which copy was adopted."""
        with self._lock:
            self._known.adopted = str(folder)
            _write(self._files, self._known)

    def path(self, file: PublishedFile) -> Path:
        """Give the place of an original file."""
        return self.originals / file.file

    def recorded(self, file: PublishedFile) -> Original | None:
        """Give what is known of a file, whether it is there or not."""
        return self._known.files.get(file.file)

    def is_unchanged(self, file: PublishedFile) -> bool:
        """Tell whether a file that is there, and what its entry says of it, are as they were."""
        now, known = self.path(file).stat(), self.recorded(file)
        if known is None or file.bytes not in (None, known.bytes):
            return False
        if file.checksum not in (None, known.checksum):
            return False
        return (now.st_size, now.st_mtime_ns) == (known.bytes, known.mtime_ns)

    def distrust(self) -> None:
        """Have every file read again."""
        for file, known in self._known.files.items():
            self._known.files[file] = known.model_copy(update={"mtime_ns": None})

    def note(self, file: PublishedFile, sha256: str) -> None:
        """Remember a file that is there, and is as its entry says."""
        now = self.path(file).stat()
        original = Original(
            bytes=now.st_size, mtime_ns=now.st_mtime_ns, sha256=sha256, checksum=file.checksum
        )
        self._note(file, original)

    def remove(self, file: PublishedFile) -> None:
        """Remove a file, and remember what it was."""
        known = self._known.files[file.file]
        self._note(file, known.model_copy(update={"mtime_ns": None}))
        self.path(file).unlink(missing_ok=True)

    def _note(self, file: PublishedFile, original: Original) -> None:
        with self._lock:
            self._known.files[file.file] = original
            _write(self._files, self._known)

    def absent(self, group: Group) -> list[PublishedFile]:
        """List the files of a group that have to be fetched.

        None has to be of a group that is taken from an adopted copy, and no file that was removed
        after it was unpacked.
        """
        if self.is_adopted(group):
            return []
        missing = [file for file in group if not self.path(file).is_file()]
        return [file for file in missing if file.keep or not self.is_made(file)]

    # ------------------------------------------------------------------ what was unpacked

    def made(self, into: str) -> UnpackedPath | None:
        """Give what is recorded at a path, if it is whole and there."""
        made = self._made.paths.get(into)
        return made if made and made.whole and (self.unpacked / into).exists() else None

    def is_made(self, file: PublishedFile) -> bool:
        """Tell whether a file is unpacked as its entry says, from the bytes that were fetched."""
        known, made = self.recorded(file), self.made(file.into)
        return known is not None and made == _unpacked_from(file, known)

    def is_adopted(self, group: Group) -> bool:
        """Tell whether all that a group unpacks to is taken from an adopted copy."""
        made = [self.made(file.into) for file in group if file.placed]
        return bool(made) and all(one is not None and one.link is not None for one in made)

    def lost(self) -> list[str]:
        """List what was taken from a copy and is not there now."""
        paths = self._made.paths.items()
        links = [self.unpacked / into for into, made in paths if made.link and made.whole]
        links += [path for path in self.originals.rglob("*") if path.is_symlink()]
        return [str(path) for path in links if not path.exists()]

    def note_link(self, into: str, link: Path, *, whole: bool) -> None:
        """Record that a path is, or is about to be, a link, or lies behind one."""
        self._note_path(into, UnpackedPath(link=str(link), whole=whole))

    def note_made(self, file: PublishedFile, *, whole: bool) -> None:
        """Record that a file is, or is about to be, unpacked."""
        made = _unpacked_from(file, self._known.files[file.file])
        self._note_path(file.into, made.model_copy(update={"whole": whole}))

    def _note_path(self, into: str, made: UnpackedPath) -> None:
        """Record what stands at a path; what stood below it is forgotten."""
        with self._lock:
            old = self._made.paths
            self._made.paths = {path: old[path] for path in old if not is_below(path, into)}
            self._made.paths[into] = made
            _write(self._paths, self._made)

    def clear(self, into: str) -> None:
        """Remove what this program put at a path; never what lies in a copy that was adopted.

        Raises:
            DsltError: Something else is there.
        """
        path = self.unpacked / into
        above = [self.unpacked / parent for parent in PurePosixPath(into).parents]
        if any(folder.is_symlink() for folder in above):
            return  # the link leads to the copy
        if os.path.lexists(path) and into not in self._made.paths:
            raise DsltError(
                f"{path}: exists, but 'dslt fetch' did not make it; move it away, and take it "
                f"from there with 'dslt fetch {self.name} --from DIR' if it is right"
            )
        _remove(path)

    def clear_all(self) -> list[str]:
        """Remove everything that was unpacked or linked; gives its paths."""
        paths = list(self._made.paths)
        if self.lost():
            self._known.adopted = None
            _write(self._files, self._known)
        for path in self.originals.rglob("*"):
            if path.is_symlink() and not path.exists():
                path.unlink()
        for into in sorted(paths):
            self.clear(into)
        self._paths.unlink(missing_ok=True)
        self._made.paths.clear()
        if self.unpacked.is_dir() and not any(self.unpacked.iterdir()):
            self.unpacked.rmdir()
        return paths


def _unpacked_from(file: PublishedFile, original: Original) -> UnpackedPath:
    """Describe what a file unpacks to; the digest has what decides which of it is, and how."""
    keys = file.model_dump_json(include={"unpack", "strip", "only"})
    return UnpackedPath(archive=original.sha256, settings=digest(original.sha256, keys))


def _remove(path: Path) -> None:
    """Remove a file, a folder, or a link (never what it leads to), in one step for a reader.

    What an earlier call that was killed has left is removed, too.
    """
    doomed = path.with_name(f".{path.name}.removed")
    shutil.rmtree(doomed, ignore_errors=True)
    with write_errors(path):
        if path.is_symlink() or path.is_file():
            path.unlink()
        elif path.is_dir():
            path.replace(doomed)
            shutil.rmtree(doomed)


def _read(model: type[Model], path: Path) -> Model:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return model()
    except (OSError, ValueError, RecursionError) as error:
        raise DsltError(f"{path}: unreadable ({error}); remove it, all is checked again") from error
    return validate(model, values, str(path))


def _write(path: Path, records: Settings) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(canonical(records), encoding="utf-8")
