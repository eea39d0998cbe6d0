"""The sequences of one job: each is done even where others fail, and what is done is kept.

Snakemake removes all outputs of a job that failed, and those of a job that was killed before it
starts it again. So what one came to is also written to a folder of states outside the outputs,
under the name of everything that decides it; the next run of the job takes it from there. When the
job is done, its states go.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError
from dslt.core.files import NotWrittenError, atomic_write
from dslt.core.text import canonical, digest

_IDENTITY = "identity.json"


class Parts:
    """The sequences of a job.

    Args:
        title: Name of the job in errors.
        states: Folder of what is done, shared by all jobs; None: nothing is kept.
        identity: What decides what they come to, apart from themselves, as plain JSON values.
    """

    def __init__(self, title: str, states: Path | None, identity: Mapping[str, Any]) -> None:
        self.title, self.states, self.identity = title, states, identity
        self._done: list[Path] = []
        self._names: set[str] = set()
        self._faults: list[str] = []

    @contextmanager
    def attempt(self, name: str) -> Iterator[None]:
        """Do one; a `DsltError` fails this one alone, and is told by `check`.

        Raises:
            NotWrittenError: A file could not be written; the next one would fare no better.
        """
        self._names.add(name)
        try:
            yield
        except NotWrittenError:
            raise
        except DsltError as error:
            self._faults.append(f"{name}: {error}")

    def read(self, name: str, contents: Mapping[str, Any]) -> dict[str, bytes] | None:
        """Give what one came to, if it was done before; files that are damaged were not.

        Args:
            name: Name of the sequence.
            contents: What it is made of, as plain JSON values.
        """
        if self.states is None:
            return None
        identity = {**self.identity, "sequence": contents}
        path = self._path(self.states, name, identity)
        if not path.exists():
            return None
        self._done.append(path)
        try:
            with zipfile.ZipFile(path) as archive:
                files = {info.filename: archive.read(info) for info in archive.infolist()}
                known = json.loads(files.pop(_IDENTITY))
        except Exception:  # a damaged file may trip the reader in any way
            return None
        return files if canonical(known) == canonical(identity) else None

    def keep(self, name: str, contents: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
        """Keep what one came to, as files by name.

        Raises:
            DsltError: It cannot be written.
        """
        if self.states is None:
            return
        identity = {**self.identity, "sequence": contents}
        path = self._path(self.states, name, identity)
        with atomic_write(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            for file, content in files.items():
                archive.writestr(file, content)
            archive.writestr(_IDENTITY, canonical(identity))
        self._done.append(path)

    def check(self) -> None:
        """End the work.

        Raises:
            DsltError: Some failed, each of which is named; what the others came to stays.
        """
        if self._faults:
            count, failed = len(self._names), len(self._faults)
            head, then = f"{self.title}: {failed} of {count} sequences failed", "mend what is named"
            if count > failed and self.states is not None:
                head += f"; the results of the other {count - failed} are kept in {self.states}"
                then += " and run again: only what failed is done again"
            lines = [head, *self._faults, then]
            raise DsltError("\n  ".join(lines))

    def clear(self) -> None:
        """Remove what was kept, once all of it is where it belongs."""
        for path in self._done:
            path.unlink(missing_ok=True)

    @staticmethod
    def _path(states: Path, name: str, identity: Mapping[str, Any]) -> Path:
        """Name the file of one: readable, and another one for another identity."""
        return states / f"{name[:40]}-{digest(name, canonical(identity))}.zip"
