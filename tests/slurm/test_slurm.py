"""The workflow on a real Slurm: what may happen to a run there, and that its results are the same.

    pytest -n0 -m slow tests/slurm                      all: an hour at most, on two cores
    pytest -n0 -m slow tests/slurm -k first_cell        the reduced one: a few minutes

They need what `cluster.py` needs, and are skipped elsewhere.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

import pytest
import yaml

from cluster import missing
from runs import SlurmRun
from tiny import Repository

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(bool(missing()), reason=missing()),
]

MODEL = "results/train/siamfc_bce/seed0/model.pt"
CELL = "results/compare/dslt_l2.json"
LIMITS = {"main": {"max_runtime": 120}, "gpu": {"max_runtime": 240, "max_gpu": 2}}


def same_boxes(one: Repository, other: Repository) -> None:
    """Check that boxes are byte for byte those of another run, as far as there are any."""
    boxes, wanted = one.boxes(), other.boxes()
    assert boxes
    assert boxes == {name: wanted[name] for name in boxes}


def test_first_cell(run: SlurmRun, local: Repository) -> None:
    run.succeed(CELL)
    assert json.loads((run.repository.path / CELL).read_text())
    assert {job.state for job in run.jobs()} == {"COMPLETED"}
    same_boxes(run.repository, local)


def test_the_tiny_study_with_its_training(run: SlurmRun, local: Repository) -> None:
    partitions = run.repository.path / "profiles" / "slurm" / "partitions.yaml"
    partitions.write_text(yaml.safe_dump({"partitions": LIMITS}))
    # The device is a CPU, for which no rule asks for a GPU.
    limits = ("--slurm-partition-config", str(partitions), "--set-resources", "train:gpu=1")
    run.succeed("all", *limits, "--slurm-keep-successful-logs")
    same_boxes(run.repository, local)
    assert (run.repository.path / MODEL).read_bytes() == (local.path / MODEL).read_bytes()
    assert "Nothing to be done" in run.repository.snakemake("all", "--dry-run").stdout
    (training,) = run.jobs("train_")
    told = run.cluster.call("scontrol", "show", "job", training.number)
    assert "Partition=gpu" in told
    assert "TresPerJob=gres:gpu:1" in told
    (other,) = run.jobs("index_wildcards")
    assert "Partition=main" in run.cluster.call("scontrol", "show", "job", other.number)
    scores = [job for job in run.jobs("score") if "scorecard" not in job.rule]
    assert len(scores) == 1  # those of four cells in one of Slurm's


def test_a_job_without_enough_memory_is_tried_again_with_more(run: SlurmRun) -> None:
    with (run.repository.path / "tiny.yaml").open("a") as file:
        file.write("jobs: {index: {mem_mb: 320}}\n")
    run.succeed("results/data/tiny.parquet")
    killed, done = run.jobs("index")
    assert (killed.state, done.state) == ("FAILED", "COMPLETED")
    logs = run.repository.path / ".snakemake" / "slurm_logs" / "rule_index" / "tiny"
    assert "exceeded memory limit" in (logs / f"{killed.number}.log").read_text()
    asked = [run.cluster.call("scontrol", "show", "job", job.number) for job in (killed, done)]
    assert ["MinMemoryNode=320M" in asked[0], "MinMemoryNode=640M" in asked[1]] == [True, True]


def test_a_node_that_is_drained(run: SlurmRun, local: Repository) -> None:
    run.start(CELL)
    first = run.running("index")
    change = ["scontrol", "update", f"NodeName={first.nodes}"]
    run.cluster.call(*change, "State=DRAIN", "Reason=test")
    try:
        assert run.wait() == 0, run.failure()
    finally:
        run.cluster.call(*change, "State=RESUME")
    drained, *others = run.jobs()
    assert (drained.number, drained.state) == (first.number, "COMPLETED")
    assert {job.nodes for job in others} == {"one", "two"} - {first.nodes}
    same_boxes(run.repository, local)


def test_a_node_that_fails(run: SlurmRun, local: Repository) -> None:
    run.start(CELL)
    first = run.running("track")
    # The node's slurmd lives, so that it is back at once; its jobs are ended and queued again.
    run.cluster.call("scontrol", "update", f"NodeName={first.nodes}", "State=DOWN", "Reason=test")
    assert run.wait() == 0, run.failure()
    assert {job.state for job in run.jobs()} == {"COMPLETED"}
    assert "Restarts=1" in run.cluster.call("scontrol", "show", "job", first.number)
    same_boxes(run.repository, local)


def test_a_controller_that_is_restarted(run: SlurmRun, local: Repository) -> None:
    run.start(CELL)
    logs = run.repository.path / "logs" / "track"
    run.until(lambda: len(list(logs.glob("*/*/*/unit0.log"))) == 2)  # both jobs are at work
    run.cluster.stop_controller()
    time.sleep(90)  # Snakemake asks more than once
    run.cluster.start_controller()
    assert run.wait() == 0, run.failure()
    assert {job.state for job in run.jobs()} == {"COMPLETED"}
    same_boxes(run.repository, local)


def test_a_requeued_training_ends_as_an_uninterrupted_one(run: SlurmRun, local: Repository) -> None:
    run.start(MODEL)
    steps = state_of(run) / "steps.jsonl"
    job = run.running("train")
    run.cluster.call("scontrol", "requeue", job.number)
    log = run.repository.path / "logs" / "train" / "siamfc_bce" / "seed0.log"
    run.until(lambda: "stopped by SIGTERM after step" in log.read_text())
    left = len(steps.read_text().splitlines())
    assert 0 < left < 2 * 60
    # Slurm waits for two minutes, in which the job must not be started.
    run.until(lambda: run.jobs("train")[0].state == "PENDING")
    run.cluster.call("scontrol", "update", f"JobId={job.number}", "StartTime=now")
    run.running("train")
    seen = []
    while run.process and run.process.poll() is None and steps.exists():
        seen.append(len(steps.read_text().splitlines()))
    assert min(seen, default=left) >= left  # it went on
    assert run.wait() == 0, run.failure()
    assert "Restarts=1" in run.cluster.call("scontrol", "show", "job", job.number)
    assert (run.repository.path / MODEL).read_bytes() == (local.path / MODEL).read_bytes()


def test_a_cancelled_run_and_a_second_start(run: SlurmRun, local: Repository) -> None:
    run.start(CELL, MODEL)
    state_of(run)
    run.interrupt()
    assert run.wait() != 0
    run.cluster.wait_for(lambda: not run.cluster.call("squeue", "--noheader"), 120)
    assert "CANCELLED" in {job.state for job in run.jobs()}
    assert not (run.repository.path / MODEL).exists()
    run.succeed(CELL, MODEL)
    same_boxes(run.repository, local)
    assert (run.repository.path / MODEL).read_bytes() == (local.path / MODEL).read_bytes()


def test_a_killed_run_whose_jobs_are_cancelled_by_name(run: SlurmRun, local: Repository) -> None:
    """What docs/cluster.md says to do when the login node was restarted."""
    run.start(CELL, MODEL)
    state_of(run)
    run.kill()
    (name,) = re.findall(r"SLURM run ID: (\S+)", run.said())
    assert run.jobs("train")[0].state == "RUNNING"  # nobody waits for it, it goes on
    run.cluster.call("scancel", "--name", name)
    run.cluster.wait_for(lambda: not run.cluster.call("squeue", "--noheader"), 120)
    assert not (run.repository.path / MODEL).exists()
    run.repository.snakemake("--unlock")
    run.succeed(CELL, MODEL)
    same_boxes(run.repository, local)
    assert (run.repository.path / MODEL).read_bytes() == (local.path / MODEL).read_bytes()


def state_of(run: SlurmRun) -> Path:
    """Wait until a training has written its state; the folder of that."""
    states = run.repository.path / "state" / "train"
    run.until(lambda: any(states.glob("*/state.pt")))
    return next(states.glob("*/state.pt")).parent
