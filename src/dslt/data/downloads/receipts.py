"""The receipt of a download: what was fetched, verified and unpacked."""

import json
import os
from pathlib import Path

from dslt.core.files import atomic_write
from dslt.data.downloads.definitions import receipt_file
from dslt.settings.base import Settings


class ReceivedFile(Settings):
    """An original file.

    Attributes:
        file: Its name under the download's folder.
        url: Its published address (the first, whichever mirror served it); null: it has none.
        bytes: Its length in bytes.
        sha256: SHA-256 of its bytes.
    """

    file: str
    url: str | None
    bytes: int
    sha256: str


class UnpackedFile(Settings):
    """What was made of an original file.

    Attributes:
        into: Path under the folder of what is unpacked.
        file: The original; null: a folder of an adopted copy.
    """

    into: str
    file: str | None


class Receipt(Settings):
    """What is there of a download; the same bytes give the same receipt.

    Attributes:
        download: Its name.
        definition: Digest of its definition.
        files: The originals, sorted by name; there are none of folders that were adopted.
        unpacked: What was made of the originals, sorted by path.
        adopted: Folder of an existing copy that (some of) it was taken from.
    """

    download: str
    definition: str
    files: tuple[ReceivedFile, ...]
    unpacked: tuple[UnpackedFile, ...]
    adopted: str | None = None


def write_receipt(data: str | os.PathLike[str], receipt: Receipt) -> Path:
    """Write a receipt, sorted, without times."""
    path = receipt_file(data, receipt.download)
    text = json.dumps(receipt.model_dump(mode="json"), indent=1, sort_keys=True) + "\n"
    if not path.is_file() or path.read_bytes() != text.encode():
        with atomic_write(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return path
