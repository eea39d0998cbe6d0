"""Jobs on a machine with several GPUs; the devices are faked, and a CPU computes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dslt.study.job import TOLD
from tiny import Repository

MODEL = "results/train/siamfc_bce/seed0/model.pt"
BOXES = "results/track/dslt_l2/tiny/seed0/left.txt"
LOGS = ("train/siamfc_bce/seed0.log", "track/dslt_l2/tiny/seed0/unit0.log")


HOLD = "from dslt.core.gpus import claim_gpu; print(claim_gpu(), flush=True); input()"


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Three faked GPUs, of which another process has the first."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # of locks
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6,7")
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        yield process.stdout.readline().decode().strip()
        process.stdin.close()


def test_trainings_and_tracking_claim_a_gpu(
    fresh: Repository, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    assert held == "5"
    monkeypatch.setenv(TOLD, "auto")  # the planner sees no GPU here, and torch may have no CUDA
    fresh.snakemake("results/data/tiny.parquet")  # both jobs start at once
    asked = ("--set-resources", "train:gpu=1", "track_tiny_0:gpu=1")
    two = ("--resources", "gpu=2", "network=1")
    fresh.snakemake(MODEL, BOXES, "--config", "device=auto", *asked, *two)
    told = {(fresh.path / "logs" / name).read_text().splitlines()[0] for name in LOGS}
    assert told == {"GPU 6 of 5, 6, 7", "GPU 7 of 5, 6, 7"}
