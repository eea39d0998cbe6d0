"""The wheel and the sdist: what is in them, and what works where nothing but the wheel is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tarfile
import time
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from make_golden import CASES, DATA
from test_golden_set import RECORD, assert_same, tolerance_of

from places import ROOT
from tiny import draw_frames

BUILD = """
import sys, hatchling.build as backend
print(backend.build_sdist(sys.argv[1]))
print(backend.build_wheel(sys.argv[1]))
"""

# Python's finder of files, which sees nothing of what the wheel does not ask for.
ALONE = """
import sys
from importlib.machinery import PathFinder

HIDDEN = {hidden!r}

class Blind(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in HIDDEN else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Blind
sys.path.insert(0, {package!r})
from dslt.cli import main
main()
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel."""
    folder = tmp_path_factory.mktemp("built")
    command = [sys.executable, "-c", BUILD, str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    [path] = built.glob("*.whl")
    return path


def required(name: str, found: set[str]) -> set[str]:
    """A distribution and what it needs, extras apart."""
    key = re.sub(r"[-_.]+", "-", name).lower()
    if key not in found:
        found.add(key)
        for text in metadata.requires(name) or []:
            needed = re.match(r"[\w.-]+", text)
            if needed and "extra ==" not in text and is_installed(needed[0]):
                required(needed[0], found)
    return found


def is_installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def modules_of_others(wheel: Path) -> set[str]:
    """Top-level modules, installed here, that the wheel alone would not bring."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        lines = archive.read(name).decode().splitlines()
    wanted: set[str] = set()
    for line in lines:
        if line.startswith("Requires-Dist: ") and "extra ==" not in line:
            required(re.match(r"[\w.-]+", line.removeprefix("Requires-Dist: "))[0], wanted)  # type: ignore[index]
    owners = metadata.packages_distributions()
    wanted |= {"dslt"}
    return {
        module
        for module, names in owners.items()
        if not {name.lower().replace("_", "-") for name in names} & wanted
    }


class Alone:
    """The command as the wheel alone brings it."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self.command, self.folder = command, folder

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        return subprocess.run(
            [*self.command, *arguments],
            cwd=self.folder,
            env=kept,
            capture_output=True,
            text=True,
            check=False,
        )

    def check_scores(self) -> None:
        """Scores are the golden ones, of every benchmark."""
        for name, case in CASES.items():
            folders = [("--annotations", case["annotations"]), ("--results", case["results"])]
            done = self.call(
                *("score", "--benchmark", case["benchmark"], "--json", "scores.json"),
                *(word for option, folder in folders for word in (option, str(DATA / folder))),
                *("--box-origin", str(case["origin"])),
                *(word for sequence in case["sequences"] for word in ("--sequence", sequence)),
            )
            assert done.returncode == 0, done.stderr
            found = json.loads((self.folder / "scores.json").read_text())
            for program, expected in RECORD["cases"][name].items():
                plain = {key: value for key, value in expected.items() if key != "alternatives"}
                assert_same(found, plain, tolerance_of(program))

    def check_demo(self) -> None:
        """CSRT tracks, and what needs an extra names it."""
        draw_frames(self.folder / "sequence", 0)
        demo = ["demo", "sequence/img", "--box", "40,45,28,28", "--out", "out.mp4"]
        done = self.call(*demo, "--tracker", "opencv/csrt")
        assert done.returncode == 0, done.stderr
        assert len((self.folder / "out.txt").read_text().splitlines()) == 8
        done = self.call(*demo, "--overwrite", "--tracker", "dslt/lite")
        assert done.returncode == 1
        assert "python -m pip install 'dslt[torch]' brings it" in done.stderr


def test_wheel_and_sdist_have_what_verbs_need(built: Path, wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "config", "src"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for path in tracked:
        place = f"dslt/{path}" if path.startswith("config/") else path.removeprefix("src/")
        assert place in packed, path
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    assert set(tracked) | {"pyproject.toml", "README.md", "LICENSE"} <= there
    assert wheel.stat().st_size < 2_000_000


def test_without_extras_scores_are_golden_and_csrt_tracks(wheel: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package)
    hidden = modules_of_others(wheel)
    assert {"torch", "pyarrow", "snakemake", "dvc", "scipy", "pandas"} <= hidden
    assert not {"numpy", "cv2", "av", "pydantic"} & hidden
    script = tmp_path / "alone.py"
    script.write_text(ALONE.format(hidden=hidden, package=str(package)))
    alone = Alone([sys.executable, str(script)], tmp_path)
    alone.check_scores()
    alone.check_demo()
    listed = alone.call("fetch", "--list")
    assert "OTB" in listed.stdout, listed.stderr


@pytest.mark.slow
def test_installed_into_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    """Needs the package index; prints size and time. Run twice for a warm cache."""
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    before = size_of(venv)
    start = time.monotonic()
    subprocess.run([venv / "bin" / "pip", "install", "-q", wheel], check=True)
    seconds, megabytes = time.monotonic() - start, (size_of(venv) - before) / 2**20
    print(f"installed {megabytes:.0f} MiB in {seconds:.0f} s")
    assert megabytes < 400
    alone = Alone([str(venv / "bin" / "dslt")], tmp_path)
    alone.check_scores()
    alone.check_demo()


def size_of(folder: Path) -> int:
    """Bytes of all files of a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
