"""What `dslt fetch` knows of its files from earlier runs, so that nothing is done twice.

`data/downloads/.<name>.json` has length, time and SHA-256 of each original file: one that has kept
length and time is trusted, any other is hashed again. `data/unpacked/<name>.json` has what was made
of which archive, and how. Neither is a result: without them everything is only checked again.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
from pathlib import Path, PurePosixPath
from typing import TypeVar

from pydantic import Field

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, write_error
from dslt.core.text import canonical
from dslt.data.downloads.definitions import downloads_folder, unpacked_folder
from dslt.settings.base import Settings, validate

Records = TypeVar("Records", bound=Settings)


class Original(Settings):
    """An original file.

    Attributes:
        bytes: Its length.
        mtime_ns: When it was last written; null: it was removed after it was unpacked.
        sha256: Of its bytes.
    """

    bytes: int
    mtime_ns: int | None
    sha256: str


class Made(Settings):
    """What stands at a path under the folder of what is unpacked.

    Attributes:
        archive: SHA-256 of the archive (of all its parts); null: the path is a link.
        settings: Digest of the settings that decided the content.
        whole: False while it is being made.
        link: Where the path leads, or lies, in a copy that was adopted.
    """

    archive: str | None = None
    settings: str = ""
    whole: bool = True
    link: str | None = None


class _Originals(Settings):
    adopted: str | None = None
    files: dict[str, Original] = Field(default_factory=dict)


class _Made(Settings):
    paths: dict[str, Made] = Field(default_factory=dict)


class Ledger:
    """The records of one download; safe to use from several threads."""

    def __init__(self, data: str | os.PathLike[str], name: str) -> None:
        """Read the records.

        Raises:
            DsltError: One of them is not what this program wrote.
        """
        self.originals = downloads_folder(data, name)
        self.unpacked = unpacked_folder(data, name)
        self._lock = threading.Lock()
        self._files = self.originals.with_name(f".{name}.json")
        self._paths = self.unpacked.with_name(f"{name}.json")
        self._known = _read(_Originals, self._files)
        self._made = _read(_Made, self._paths)

    # ------------------------------------------------------------------ original files

    @property
    def adopted(self) -> str | None:
        """Folder of the copy that was adopted."""
        return self._known.adopted

    def note_adopted(self, folder: Path) -> None:
        """Remember which copy was adopted."""
        with self._lock:
            self._known = self._known.model_copy(update={"adopted": str(folder)})
            _write(self._files, self._known)

    def recorded(self, file: str) -> Original | None:
        """What is known of a file, whether it is there or not."""
        return self._known.files.get(file)

    def trusted(self, file: str) -> Original | None:
        """What is known of a file that is there as it was."""
        known, path = self.recorded(file), self.originals / file
        if known is None or not path.is_file():
            return None
        now = path.stat()
        same = (now.st_size, now.st_mtime_ns) == (known.bytes, known.mtime_ns)
        return known if same else None

    def distrust(self) -> None:
        """Have every file read again."""
        with self._lock:
            files = {
                file: known.model_copy(update={"mtime_ns": None})
                for file, known in self._known.files.items()
            }
            self._known = self._known.model_copy(update={"files": files})

    def note(self, file: str, sha256: str) -> None:
        """Remember a file that is there."""
        now = (self.originals / file).stat()
        self._note(file, Original(bytes=now.st_size, mtime_ns=now.st_mtime_ns, sha256=sha256))

    def remove(self, file: str) -> None:
        """Remove a file, and remember what it was."""
        known = self._known.files[file]
        self._note(file, known.model_copy(update={"mtime_ns": None}))
        (self.originals / file).unlink(missing_ok=True)

    def _note(self, file: str, original: Original) -> None:
        with self._lock:
            files = {**self._known.files, file: original}
            self._known = self._known.model_copy(update={"files": files})
            _write(self._files, self._known)

    # ------------------------------------------------------------------ what was unpacked

    def made(self, into: str) -> Made | None:
        """What is recorded at a path, if it is whole and there."""
        made = self._made.paths.get(into)
        return made if made and made.whole and (self.unpacked / into).exists() else None

    def note_made(self, into: str, made: Made) -> None:
        """Record what stands, or is about to stand, at a path; what stood below it is forgotten."""
        with self._lock:
            paths = {
                path: old for path, old in self._made.paths.items() if not is_below(path, into)
            }
            self._made = _Made(paths={**paths, into: made})
            _write(self._paths, self._made)

    def clear(self, into: str) -> None:
        """Remove what this program put at a path; never what lies in a copy that was adopted.

        Raises:
            DsltError: Something else is there.
        """
        path = self.unpacked / into
        if self._is_in_a_copy(into):
            return
        if os.path.lexists(path) and into not in self._made.paths:
            raise DsltError(
                f"{path}: exists, but 'dslt fetch' did not make it; move it away, and take it "
                f"from there with 'dslt fetch {self.unpacked.name} --from DIR' if it is right"
            )
        remove(path)

    def _is_in_a_copy(self, into: str) -> bool:
        """Whether a link leads to where a path is."""
        above = [self.unpacked / parent for parent in PurePosixPath(into).parents]
        return any(folder.is_symlink() for folder in above)

    def clear_all(self) -> list[str]:
        """Remove everything that was unpacked or linked; gives its paths."""
        paths = list(self._made.paths)
        for into in sorted(paths):
            self.clear(into)
        self._paths.unlink(missing_ok=True)
        self._made = _Made()
        if self.unpacked.is_dir() and not any(self.unpacked.iterdir()):
            self.unpacked.rmdir()
        return paths


def is_below(path: str, folder: str) -> bool:
    """Whether a relative path is a folder's, or below it."""
    return folder == "." or path == folder or path.startswith(f"{folder}/")


def remove(path: Path) -> None:
    """Remove a file, a folder, or a link (never what it leads to), in one step for a reader.

    What an earlier call that was killed has left is removed, too.
    """
    doomed = path.with_name(f".{path.name}.removed")
    shutil.rmtree(doomed, ignore_errors=True)
    try:
        if path.is_symlink() or path.is_file():
            path.unlink()
            return
        if path.is_dir():
            path.replace(doomed)
            shutil.rmtree(doomed)
    except OSError as error:
        raise write_error(path, error) from error


def _read(model: type[Records], path: Path) -> Records:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return model()
    except (OSError, ValueError) as error:
        raise DsltError(f"{path}: unreadable ({error}); remove it, all is checked again") from error
    return validate(model, values, str(path))


def _write(path: Path, records: Settings) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(canonical(records), encoding="utf-8")
