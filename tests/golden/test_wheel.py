"""The wheel and the sdist: what is in them, and what works where nothing but the wheel is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from make_golden import CASES, DATA
from test_golden_set import RECORD, assert_same, tolerance_of

from alone import blind_but_for, name_of
from places import ROOT
from tiny import draw_frames

BUILD = """
import sys, hatchling.build as backend
print(backend.build_sdist(sys.argv[1]))
print(backend.build_wheel(sys.argv[1]))
"""

ALONE = """
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


def requirements(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
        lines = archive.read(name).decode().splitlines()
    mark = "Requires-Dist: "
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


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
        ["git", "ls-files", "config", "config.yaml", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    with zipfile.ZipFile(wheel) as archive:
        packed = set(archive.namelist())
    for path in tracked:
        place = f"dslt/{path}" if path.startswith("config") else path.removeprefix("src/")
        assert place in packed, path
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    assert set(tracked) | {"pyproject.toml", "README.md", "LICENSE"} <= there
    assert wheel.stat().st_size < 2_000_000


def test_the_sdist_builds_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    [sdist] = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [source] = tmp_path.iterdir()
    build = "import sys, hatchling.build as backend; backend.build_wheel(sys.argv[1])"
    command = [sys.executable, "-c", build, str(tmp_path)]
    subprocess.run(command, cwd=source, check=True, stdout=subprocess.PIPE)
    assert contents(tmp_path / wheel.name) == contents(wheel)


def contents(wheel: Path) -> dict[str, bytes]:
    """The files of a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_without_extras_scores_are_golden_and_csrt_tracks(wheel: Path, tmp_path: Path) -> None:
    package = tmp_path / "package"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(package)
    heads = {name_of(text) for text in requirements(wheel) if "extra ==" not in text}
    assert not {"torch", "pyarrow", "snakemake", "dvc", "scipy", "pandas"} & heads
    script = tmp_path / "alone.py"
    blind = blind_but_for(requirements(wheel))
    script.write_text(blind + ALONE.format(package=str(package)))
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
