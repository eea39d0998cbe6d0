"""An unfinished file beside its place: what came so far, hashed, and where it came from."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dslt.core.files import atomic_write, sync, write_errors
from dslt.core.text import canonical
from dslt.data.downloads.sums import Checksums, CountBytes, file_sums
from dslt.settings.base import Settings


def part_file(target: Path) -> Path:
    """Give the place of the unfinished file of `target`."""
    return target.with_name(f"{target.name}.part")


class Origin(Settings):
    """Where the bytes of an unfinished file come from.

    Attributes:
        url: The address that was asked, before any redirect.
        validator: What `If-Range` takes: a strong entity tag or a date; null: none was given.
        total: Length of the whole file in bytes, where it is known.
    """

    url: str
    validator: str | None = None
    total: int | None = None


class PartialFile:
    """The unfinished file `<target>.part`, with `<target>.part.json` about its origin.

    Attributes:
        target: The finished file.
        path: The unfinished file.
        sums: Length and checksums of the bytes that are there.
        origin: Where the bytes come from; None: there are none that could be gone on with.
        resumed: Whether bytes of more than one answer are in the file.
    """

    def __init__(self, target: Path, checksum: str | None, progress: CountBytes) -> None:
        """Take up what an earlier run left.

        Args:
            target: The finished file.
            checksum: The one that it will be compared with.
            progress: Told how many bytes were added to (or, if negative, dropped from) the part.
        """
        self.target = target
        self.path = part_file(target)
        self._note = target.with_name(f"{target.name}.part.json")
        self._checksum = checksum
        self._progress = progress
        self.origin = self._left_over()
        self.resumed = self.origin is not None
        self.sums = (
            file_sums(self.path, checksum, progress) if self.resumed else Checksums(checksum)
        )

    def _left_over(self) -> Origin | None:
        if not (self.path.is_file() and self._note.is_file()):
            return None
        try:
            return Origin.model_validate_json(self._note.read_text(encoding="utf-8"))
        except ValueError:
            return None

    def in_order(self, urls: Sequence[str]) -> list[str]:
        """Sort the addresses, first the one that the bytes came from, so that it can go on."""
        return sorted(urls, key=lambda url: self.origin is None or url != self.origin.url)

    def start(self, origin: Origin) -> None:
        """Drop what is there and begin anew."""
        self.drop()
        with write_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_bytes(b"")
        with atomic_write(self._note) as temporary:
            temporary.write_text(canonical(origin), encoding="utf-8")
        self.origin = origin

    def drop(self) -> None:
        """Remove what is there. The note goes first: bytes without it are never gone on with."""
        with write_errors(self.path):
            self._note.unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        self._progress(-self.sums.length)
        self.sums, self.origin, self.resumed = Checksums(self._checksum), None, False

    def append(self, chunks: Iterator[bytes]) -> None:
        """Add bytes; those that came before an error of the source are kept.

        Raises:
            DsltError: The disk is full or the place is not writable.
        """
        with write_errors(self.path):
            handle = self.path.open("ab")
        try:
            for chunk in chunks:
                with write_errors(self.path):
                    handle.write(chunk)
                self.sums.update(chunk)
                self._progress(len(chunk))
        finally:
            with write_errors(self.path):
                handle.close()

    def set_aside(self) -> Path:
        """Rename the bytes to `<target>.wrong`, for whoever wants to see what was served."""
        wrong = self.target.with_name(f"{self.target.name}.wrong")
        with write_errors(self.path):
            self.path.replace(wrong)
        self.drop()
        return wrong

    def finish(self) -> None:
        """Put the whole file in its place, on the disk before it has its name."""
        with write_errors(self.path):
            sync(self.path)
            self.path.replace(self.target)
            self._note.unlink(missing_ok=True)
            sync(self.target.parent)
