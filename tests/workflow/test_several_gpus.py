"""Jobs on a machine with several GPUs; the devices are faked, and a CPU computes."""

from __future__ import annotations

import pytest

from dslt.study.job import TOLD
from tiny import Repository

MODEL = "results/train/siamfc_bce/seed0/model.pt"
BOXES = "results/track/dslt_l2/tiny/seed0/left.txt"
LOGS = ("train/siamfc_bce/seed0.log", "track/dslt_l2/tiny/seed0/unit0.log")


def test_trainings_and_tracking_claim_a_gpu(
    fresh: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,6")
    monkeypatch.setenv(TOLD, "auto")  # the planner sees no GPU here, and torch may have no CUDA
    fresh.snakemake(MODEL, BOXES, "--config", "device=auto")
    for name in LOGS:
        first = (fresh.path / "logs" / name).read_text().splitlines()[0]
        assert first in {"GPU 5 of 5, 6", "GPU 6 of 5, 6"}, name
