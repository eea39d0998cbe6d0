"""Published models: folders of plain files with their checksums, here or at an address.

`dslt publish` writes them, `dslt fetch` brings one into `data/models/NAME`, `--weights` finds them.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.names import NAME
from dslt.data.downloads.files import fetch_files
from dslt.data.downloads.sources import UrlFile
from dslt.data.downloads.transfer import fetch_file
from dslt.settings.identity import RELEASED

SUMS = "SHA256SUMS"
_ADDRESS = "address.txt"  # where a fetched model came from
_LINE = re.compile(r"([0-9a-f]{64})  ([^\s/\\.][^\s/\\]*)")


def is_published(place: str) -> bool:
    """Tell whether a word is the address or the folder of a published model."""
    return "://" in place or Path(place, SUMS).is_file()


def find_weights_file(named: str, data: str = "data", option: str = "--weights") -> Path:
    """Find the weights that a user names.

    Args:
        named: A file of weights, the folder or address of a published model, or the name of one
            that was fetched. What is at an address is fetched first.
        data: Folder of all data.
        option: Where the user names them, for the error.

    Raises:
        DsltError: There is nothing of this name, or it cannot be fetched.
    """
    if Path(named).is_file():
        return Path(named)
    if "://" in named:
        return fetch_model(named, data) / RELEASED
    models = Path(data, "models")
    for folder in (Path(named), models / named):
        if (folder / RELEASED).is_file():
            return folder / RELEASED
    there = sorted(path.parent.name for path in models.glob(f"*/{RELEASED}"))
    raise DsltError(
        f"{option} {named}: no such file; expected the file of a training (model.pt), the folder "
        f"or address of a published model, or one that was fetched: {', '.join(there) or 'none'}"
    )


def fetch_model(place: str, data: str = "data") -> Path:
    """Bring a published model, every file verified by the folder's own list of checksums.

    What is there already is not fetched again, and nothing is asked where all of it is.

    Args:
        place: Its folder, or the address of that.
        data: Folder of all data.

    Returns:
        Its folder below `data/models`.

    Raises:
        DsltError: It cannot be fetched, a file is not as listed, or another model has its name.
    """
    address = place.rstrip("/") if "://" in place else Path(place).resolve().as_uri()
    name = address.rpartition("/")[2]
    if not NAME.fullmatch(name):
        raise DsltError(f"{place}: {name!r} is no name of a model")
    folder = Path(data, "models", name)
    known = folder / _ADDRESS
    if known.is_file():
        other = known.read_text(encoding="utf-8", errors="replace").strip()
        if other != address:
            raise DsltError(
                f"{folder}: is there already, from {other}; move it away to fetch {place}"
            )
    else:
        if "://" in place:
            fetch_file([f"{address}/{SUMS}"], folder / SUMS)
        else:
            with atomic_write(folder / SUMS) as temporary:
                shutil.copyfile(Path(place, SUMS), temporary)
        read_sums(folder / SUMS)
        with atomic_write(known) as temporary:
            temporary.write_text(address + "\n", encoding="utf-8")
    for file, sha256 in read_sums(folder / SUMS).items():
        url = f"{address}/{file}"
        fetch_files(UrlFile(kind="url", url=url, file=file, sha256=sha256), folder)
    return folder


def read_sums(path: Path) -> Mapping[str, str]:
    """Read checksums as `sha256sum` writes them: file to SHA-256, the weights last.

    Raises:
        DsltError: It is no such list, or has no weights in it.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable list of checksums ({error})") from None
    found = [_LINE.fullmatch(line) for line in lines]
    sums = {match[2]: match[1] for match in found if match}
    if not all(found) or RELEASED not in sums:
        raise DsltError(f"{path}: no list of a published model's checksums, with {RELEASED} in it")
    return dict(sorted(sums.items(), key=lambda item: item[0] == RELEASED))
