"""Writing many files at once, as a folder or as a zip file."""

import io
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, write_error

_FIRST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can state
_PLAIN_FILE = 0o100644 << 16
_MARK = b"written by dslt export"


def write_files(files: Mapping[str, bytes], out: Path) -> None:
    """Write files to a zip file, where the name ends with `.zip`, or else to a new folder.

    The same files give the same bytes of the archive.

    Args:
        files: Path inside `out`, with `/`, to the bytes of the file.
        out: The zip file or the folder; replaced as a whole if it is a zip file.

    Raises:
        DsltError: The folder has something in it already, the zip file was not written by this, or
            the place is not writable; nothing is left half-written.
    """
    if out.suffix.lower() == ".zip":
        if out.exists() and not _is_ours(out):
            raise DsltError(
                f"{out}: is there already and was not written by dslt export; choose another name"
            )
        with atomic_write(out) as temporary:
            temporary.write_bytes(zip_bytes(files))
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DsltError(f"{out}: exists; give a new folder, or a file that ends with .zip")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
            built = Path(temporary) / "files"
            for name, data in files.items():
                path = built / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            if out.is_dir():
                out.rmdir()
            shutil.move(built, out)
    except OSError as error:
        raise write_error(out, error) from error


def _is_ours(path: Path) -> bool:
    """Tell whether a zip file has the mark that `zip_bytes` gives."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == _MARK
    except (OSError, zipfile.BadZipFile):
        return False


def zip_bytes(files: Mapping[str, bytes]) -> bytes:
    """Bytes of a zip file with our mark, in the order of the names and without the time of day."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = _MARK
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _FIRST_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, wherever it is written
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, files[name])
    return buffer.getvalue()
