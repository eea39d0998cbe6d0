"""GPUs are given to processes by locks; the devices are faked, no GPU is needed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dslt.core import gpus
from dslt.core.errors import DsltError
from dslt.study import job
from dslt.study.job import found_device, gpu_jobs

CLAIM = """
import os, sys
from dslt.core.gpus import claim_gpu
first, second = claim_gpu(), claim_gpu()
print(first, os.environ.get("CUDA_VISIBLE_DEVICES"), repr(second), flush=True)
sys.stdin.read()
"""

Start = Callable[..., "tuple[subprocess.Popen[str], str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts processes that claim a GPU and hold it, and gives them with what they print."""
    running: list[subprocess.Popen[str]] = []

    def one(devices: str, **more: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", CLAIM],
            env=os.environ | {"TMPDIR": str(tmp_path), "CUDA_VISIBLE_DEVICES": devices} | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield one
    for process in running:
        process.kill()
        process.communicate()


def test_each_process_has_a_gpu_of_its_own(start: Start) -> None:
    said = [start("4,GPU-8f,MIG-1/2")[1] for _ in range(3)]
    assert said == [f"{name} {name} ''" for name in ("4", "GPU-8f", "MIG-1/2")]


def test_a_killed_process_leaves_its_gpu_to_others(start: Start) -> None:
    (_, one), (killed, two) = start("0,1"), start("0,1")
    killed.kill()
    killed.wait()
    assert [one, two, start("0,1")[1]] == ["0 0 ''", "1 1 ''", "1 1 ''"]


def test_more_processes_than_gpus_share_evenly(start: Start) -> None:
    names = [start("0,1")[1][0] for _ in range(5)]
    assert names == ["0", "1", "0", "1", "0"]


@pytest.mark.parametrize(
    ("devices", "more"), [("3", {}), ("", {}), ("-1", {}), ("0,1", {"LOCAL_RANK": "1"})]
)
def test_nothing_is_claimed_without_a_choice(
    start: Start, tmp_path: Path, devices: str, more: dict[str, str]
) -> None:
    assert start(devices, **more)[1] == f"{devices} ''".strip()
    assert list(tmp_path.iterdir()) == []


def test_the_machines_gpus_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "gpus")
    monkeypatch.setattr(job, "version", lambda _: "2.9.0")
    monkeypatch.delenv(job.TOLD, raising=False)
    assert (gpus.gpu_count(), gpu_jobs("auto"), gpu_jobs("cuda")) == (0, 0, 1)
    for name in ("0000:01:00.0", "0000:02:00.0"):
        (tmp_path / "gpus" / name).mkdir(parents=True)
    assert (gpus.gpu_count(), gpu_jobs("auto"), gpu_jobs("cpu")) == (2, 1, 0)
    assert found_device("auto") == "cuda"
    monkeypatch.setenv(job.TOLD, "cpu")  # by the machine that plans
    assert (found_device("auto"), found_device("cuda")) == ("cpu", "cuda")
    monkeypatch.delenv(job.TOLD)
    monkeypatch.setattr(job, "version", lambda _: "2.9.0+cpu")  # built without CUDA
    assert (gpu_jobs("auto"), gpu_jobs("cuda")) == (0, 1)
    for system, device in (("linux", "cpu"), ("darwin", "auto")):
        monkeypatch.setattr("sys.platform", system)
        assert found_device("auto") == device
    monkeypatch.undo()
    monkeypatch.setattr(gpus, "DRIVER", tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert gpus._visible() == ["0", "1"]


def test_no_lock_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / f"dslt-gpus-{os.getuid()}").write_text("no folder")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    with pytest.raises(DsltError, match=r"no lock for a GPU can be had there .*TMPDIR"):
        gpus.claim_gpu()
