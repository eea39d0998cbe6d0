"""The launcher: one run per folder, kills, stale locks, the environment."""

from __future__ import annotations

import ast
import errno
import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from tiny import ROOT, Repository

PATIENCE = 120  # seconds


def wait_for(condition: Callable[[], object], run: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert run.poll() is None, "the run ended too early"
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


@contextmanager
def running(repository: Repository, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start the launcher in a process group of its own, which ends with the block."""
    run = subprocess.Popen(
        repository.launcher(*arguments),
        cwd=repository.path,
        env=repository.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield run
    finally:
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def test_killed_run_completes_with_the_same_boxes(fresh: Repository) -> None:
    locks = fresh.path / ".snakemake" / "locks"
    with running(fresh, "track") as run:
        wait_for(lambda: fresh.boxes(), run)
        second = fresh.call(*fresh.launcher("track"), check=False)
        assert second.returncode == 1
        assert "another run works in this folder" in second.stdout
        os.killpg(run.pid, signal.SIGKILL)
    assert any(locks.iterdir()), "the kill came after the run"
    interrupted = len(fresh.boxes())

    again = fresh.call(*fresh.launcher("track"))
    assert "clearing the lock of a run that was killed" in again.stdout
    completed = fresh.boxes()
    assert interrupted < len(completed) == 8

    for path in (fresh.path / "results" / "track").rglob("*"):
        if path.is_file():
            path.unlink()
    # Snakemake's limit of jobs is off: its timer, one for each job, would keep the run for an hour.
    fresh.snakemake("track", "--max-jobs-per-timespan", "1000/1h")
    assert fresh.boxes() == completed


def test_jobs_of_a_killed_snakemake_are_waited_for(fresh: Repository) -> None:
    with running(fresh, "track") as run:
        wait_for(lambda: list(fresh.path.glob("logs/track/dslt/tiny/seed0/*.log")), run)
        os.kill(run.pid, signal.SIGKILL)  # Snakemake alone: its jobs live on
        run.wait()
        second = fresh.call(*fresh.launcher("track"), check=False)
        assert second.returncode == 1
        assert "what a killed run left" in second.stdout
        os.killpg(run.pid, signal.SIGKILL)


@pytest.fixture
def launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher of a folder with an empty package, whose installation needs no index.

    Build isolation would need one, to fetch what the package is built with.
    """
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    folder = tmp_path / "bare"
    (folder / "tools").mkdir(parents=True)
    (folder / "envs").mkdir()
    (folder / "envs" / "constraints.txt").write_text("")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["pip"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "bare"\nversion = "1"\n[project.optional-dependencies]\n'
        "dev = []\nhed = []\nstudy = []\n"
    )
    for name in ("launch.py", "prepare.py"):
        (folder / "tools" / name).write_text((ROOT / "tools" / name).read_text())
    script = folder / "tools" / "prepare.py"
    spec = importlib.util.spec_from_file_location("prepare", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The smallest build backend: an editable wheel without files.
BACKEND = """
import zipfile
from pathlib import Path

EXTRAS = ["Provides-Extra: dev", "Provides-Extra: hed", "Provides-Extra: study"]
FILES = {
    "METADATA": ["Metadata-Version: 2.1", "Name: bare", "Version: 1", *EXTRAS],
    "WHEEL": ["Wheel-Version: 1.0", "Root-Is-Purelib: true", "Tag: py3-none-any"],
    "RECORD": [f"bare-1.dist-info/{name},," for name in ("METADATA", "WHEEL", "RECORD")],
}


def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "bare-1-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, name), "w") as wheel:
        for file, lines in FILES.items():
            wheel.writestr(f"bare-1.dist-info/{file}", "\\n".join(lines) + "\\n")
    return name
"""


def test_environment_is_installed_once_and_recovers(launch: ModuleType) -> None:
    launch.ensure_environment([])
    marker = launch.VENV / "marker"
    marker.write_text("")
    launch.ensure_environment([])
    assert marker.exists()

    launch.CONSTRAINTS.write_text("# another lock\n")
    launch.ensure_environment([])
    assert marker.exists(), "a changed lock updates the environment, it does not start afresh"

    launch.STAMP.unlink()  # as a kill in the middle of an installation leaves it
    launch.ensure_environment([])
    assert not marker.exists()
    assert launch.STAMP.exists()


def test_failed_installation_is_told(launch: ModuleType) -> None:
    launch.CONSTRAINTS.write_text("this is no requirement\n")
    with pytest.raises(launch.LaunchError, match="installation failed"):
        launch.ensure_environment([])
    assert not launch.STAMP.exists()


def test_python_without_ensurepip_is_told(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(launch.LaunchError, match=r"apt install python3\.\d+-venv"):
        launch.ensure_environment([])
    assert not launch.VENV.exists()


def test_build_backend_is_locked() -> None:
    pins = (ROOT / "envs" / "constraints.txt").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for requirement in project["build-system"]["requires"]:
        name = re.split("[^a-z]", requirement)[0]
        assert [pin for pin in pins if pin.startswith(f"{name}==") and ";" not in pin]


def test_failed_unlock_is_told(launch: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    locks = launch.ROOT / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.input.lock").write_text("")
    monkeypatch.setattr(launch, "workers", list)
    with pytest.raises(launch.LaunchError, match="the lock stays"):
        launch.clear_stale_lock([sys.executable, "-c", "raise SystemExit(1)"])


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("/x/bin/python -m snakemake --cores 2", "snakemake"),
        ("python3.11 -u -m dslt track", "dslt"),
        ("/x/bin/python /x/bin/dslt track", "dslt"),
        ("/x/bin/snakemake all", "snakemake"),
        ("vim src/dslt", "vim"),
        ("python tool.py -m dslt", "tool.py"),
        ("python -c print() dslt", "python"),
        ("python", "python"),
        ("", ""),
    ],
)
def test_program_of_a_command_line(launch: ModuleType, line: str, name: str) -> None:
    assert launch.program(line.split()) == name


def test_refusal_names_no_earlier_holder(launch: ModuleType) -> None:
    installer = launch.lock_file("environment.lock", launch.fcntl.LOCK_EX, "busy")
    with pytest.raises(launch.LaunchError, match=rf"^busy \(process {os.getpid()}\)$"):
        launch.lock_file("environment.lock", launch.fcntl.LOCK_SH, "busy")
    os.close(installer)
    user = launch.lock_file("environment.lock", launch.fcntl.LOCK_SH, "busy")
    with pytest.raises(launch.LaunchError, match=r"^busy$"):
        launch.lock_file("environment.lock", launch.fcntl.LOCK_EX, "busy")
    os.close(user)


def test_environment_in_use_is_not_changed(launch: ModuleType) -> None:
    code = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); "
    code += "fcntl.flock(f, fcntl.LOCK_SH); print('held', flush=True); time.sleep(60)"
    launch.LOCKS.mkdir(parents=True)
    command = [sys.executable, "-c", code, str(launch.LOCKS / "environment.lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(launch.LaunchError, match="another process is using"):
            launch.ensure_environment([])
        holder.kill()
    assert not launch.VENV.exists()


def test_a_file_system_without_locks_is_told_and_the_run_goes_on(
    launch: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_flock(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(launch.fcntl, "flock", no_flock)
    os.close(launch.lock_file("run.lock", launch.fcntl.LOCK_EX, "busy"))
    told = capsys.readouterr().err
    assert "run.lock: this file system has no locks (Function not implemented)" in told


def test_an_old_python_is_told_in_a_sentence(tmp_path: Path) -> None:
    """What it has to read first has no syntax that an old one lacks."""
    text = (ROOT / "tools" / "launch.py").read_text(encoding="ascii")
    tree = ast.parse(text, feature_version=(3, 4))
    newer = ast.JoinedStr | ast.AnnAssign | ast.Starred | ast.NamedExpr | ast.FunctionDef | ast.With
    newer |= ast.ImportFrom
    found = [node for node in ast.walk(tree) if isinstance(node, newer)]
    assert [ast.unparse(node) for node in found] == ["from prepare import main"]

    old = tmp_path / "launch.py"
    old.write_text(text.replace("(3, 11)", "(9, 9)"))
    done = subprocess.run([sys.executable, old], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    version = ".".join(map(str, sys.version_info[:3]))
    assert done.stderr == (
        f"error: Python 3.11 or newer is needed, {sys.executable} is {version}; "
        "PYTHON=... picks another one\n"
    )


def test_packages_of_another_python_are_not_passed_on(
    launch: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = str(ROOT / "src")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), own, ""]))
    monkeypatch.setenv("PYTHONHOME", "/opt/other")
    launch.forget_other_packages()
    assert os.environ["PYTHONPATH"] == own
    assert "PYTHONHOME" not in os.environ
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    launch.forget_other_packages()
    assert "PYTHONPATH" not in os.environ


@pytest.mark.parametrize("home", ["/proc/none", "/dev/null/home"])
def test_a_home_that_cannot_be_written_is_told_and_replaced(
    launch: ModuleType,
    home: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(launch.ROOT))
    monkeypatch.setenv("MPLCONFIGDIR", "mine")
    launch.find_cache()
    assert os.environ["XDG_CACHE_HOME"] == str(launch.ROOT)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", home)
    launch.find_cache()
    assert os.environ["XDG_CACHE_HOME"] == str(launch.ROOT / "state" / "cache")
    assert f"{home.rpartition('/')[0]}" in capsys.readouterr().err


def test_a_run_without_a_home_and_beside_another_stack(fresh: Repository, tmp_path: Path) -> None:
    """The packages of another Python are broken here; only a dry run, as it is the same start."""
    other = tmp_path / "dist-packages"
    for name in ("cv2", "numpy", "pydantic"):
        (other / name).mkdir(parents=True)
        (other / name / "__init__.py").write_text("raise ImportError('of another Python')\n")
    variables = {
        **fresh.environment,
        "HOME": "/proc/none",
        "PYTHONPATH": f"{other}{os.pathsep}{fresh.environment['PYTHONPATH']}",
    }
    variables.pop("XDG_CACHE_HOME", None)
    done = subprocess.run(
        fresh.launcher("track", "--dry-run"),
        cwd=fresh.path,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "caches go to" in done.stderr
