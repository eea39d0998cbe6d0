"""A whole training: broken off and gone on with, shared, told of, and what it leaves."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import torch

import training_case
from dslt.core.errors import DsltError
from dslt.train.log import StepLog
from training_case import TinyPairs, TinyTask, make_run, outputs, schedule, train

STEPS = 6  # three epochs of two
FOUR = {"micro_batches": 4, "batch": 1}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Outputs of an unbroken training."""
    folder = tmp_path_factory.mktemp("whole")
    train(folder)
    return folder


class Breaking(TinyPairs):
    """Pairs that fail where the first pair of a step is drawn."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def sample(self, epoch, index):
        if epoch * 2 + index // 4 == self.step:
            raise DsltError("broken off")
        return super().sample(epoch, index)


@pytest.mark.parametrize("step", range(1, STEPS))
def test_going_on_equals_an_unbroken_training(step, whole, tmp_path):
    with pytest.raises(DsltError, match=r"broken off \(pair \d of epoch \d\)"):
        train(tmp_path, pairs=Breaking(step), save_every=0)
    train(tmp_path)
    assert outputs(tmp_path) == outputs(whole)
    lines = (tmp_path / "out" / "steps.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == list(range(1, STEPS + 1))


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_going_on_after_a_break_in_the_validation(epoch, whole, tmp_path):
    def fail(net, number):
        yield from training_case.validate(net, number)
        if number == epoch:
            raise DsltError("validation broken off")

    with pytest.raises(DsltError, match="validation broken off"):
        train(tmp_path, validate=fail)
    train(tmp_path)
    assert outputs(tmp_path) == outputs(whole)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_stops_after_the_step_and_nothing_is_lost(number, whole, tmp_path):
    before = signal.getsignal(number)

    def send(epoch, index):
        if (epoch, index) == (1, 1):
            os.kill(os.getpid(), number)

    message = rf"stopped by {number.name} after step 4 of 6; the same command goes on"
    with pytest.raises(DsltError, match=message):
        train(tmp_path, pairs=TinyPairs(before=send))
    assert signal.getsignal(number) is before
    drawn = []
    train(tmp_path, pairs=TinyPairs(before=lambda *key: drawn.append(key)))
    assert drawn[0] == (2, 0)  # nothing is done twice
    assert outputs(tmp_path) == outputs(whole)


def launch(folder, *arguments, **environment):
    script = Path(training_case.__file__)
    return subprocess.Popen(
        [sys.executable, str(script), str(folder), *arguments],
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.mark.parametrize("way", [("--kill", "3"), ("--kill-in-write", "4")])
def test_killed_and_gone_on_with_equals_an_unbroken_training(way, whole, tmp_path):
    killed = launch(tmp_path, *way)
    text, _ = killed.communicate(timeout=120)
    assert killed.returncode == -signal.SIGKILL, text
    assert not (tmp_path / "out").exists()
    drawn = []
    train(tmp_path, pairs=TinyPairs(before=lambda *key: drawn.append(key)))
    assert drawn[0] == (1, 4)  # the fourth step
    assert outputs(tmp_path) == outputs(whole)
    assert not (tmp_path / "state").exists()  # nor half a state


@pytest.mark.parametrize("workers", [1, 2])
def test_number_of_workers_changes_nothing(workers, whole, tmp_path):
    # Threads of OpenCV in this process, which a forked worker would wait for.
    cv2.setNumThreads(2)
    cv2.GaussianBlur(np.zeros((1000, 1000, 3), np.uint8), (9, 9), 2)
    train(tmp_path, workers=workers)
    assert outputs(tmp_path) == outputs(whole)


def test_error_in_a_worker_is_the_users_error(tmp_path):
    with pytest.raises(DsltError, match=r"^broken off \(pair \d of epoch 1\)$"):
        train(tmp_path, workers=1, pairs=Breaking(2))


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Trainings of two processes, by the reduction of their gradients."""
    folder = tmp_path_factory.mktemp("shared")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": "2"}
    reductions = ("--reduction", "mean", "--reduction", "sum")
    both = [
        launch(
            *(folder, "--schedule", json.dumps(FOUR), *reductions),
            **place,
            RANK=str(rank),
            LOCAL_RANK=str(rank),
        )
        for rank in range(2)
    ]
    texts = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], texts
    return folder


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_two_processes_equal_one(reduction, shared, tmp_path):
    train(tmp_path, schedule=schedule(**FOUR, gradient_reduction=reduction))
    one, two = (
        torch.load(folder / "out" / "model.pt", weights_only=True)
        for folder in (tmp_path, shared / reduction)
    )
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-6)
    for name in ("log.csv", "validation.csv"):
        tables = [pd.read_csv(folder / "out" / name) for folder in (tmp_path, shared / reduction)]
        pd.testing.assert_frame_equal(*tables, rtol=1e-4)


def test_tables(whole):
    log = pd.read_csv(whole / "out" / "log.csv")
    assert list(log["epoch"]) == [0, 1, 2, 3]
    assert np.isnan(log["loss"][0])
    np.testing.assert_allclose(log["learning_rate"][1:], [0.01, 0.05, 0.01])
    np.testing.assert_allclose(log["loss"], log["first"] + log["second"], rtol=1e-4)
    scores = pd.read_csv(whole / "out" / "validation.csv")
    assert list(scores.columns) == ["epoch", "sequence", "video", "success_auc"]
    means = scores.groupby("epoch")["success_auc"].mean()
    np.testing.assert_allclose(means, log["success_auc"], rtol=1e-4)
    assert len(set(means)) == 4
    steps = [json.loads(line) for line in (whole / "out" / "steps.jsonl").open()]
    assert [step["epoch"] for step in steps] == [1, 1, 2, 2, 3, 3]
    assert all(step["pairs_per_second"] > 0 for step in steps)
    losses = pd.DataFrame(steps).groupby("epoch")["loss"].mean()
    np.testing.assert_allclose(losses, log["loss"][1:], rtol=1e-4)


def test_finished_training_leaves_no_state(whole):
    assert not (whole / "state").exists()


def test_training_without_validation(tmp_path):
    train(tmp_path, validate=None)
    log = pd.read_csv(tmp_path / "out" / "log.csv")
    assert len(log) == 4
    assert log["success_auc"].isna().all()
    assert len(pd.read_csv(tmp_path / "out" / "validation.csv")) == 0


def broken_off(folder, **given):
    with pytest.raises(DsltError, match="broken off"):
        train(folder, pairs=Breaking(3), save_every=0, **given)
    return folder / "state" / "state.pt"


def test_changed_settings_are_an_error_and_the_state_stays(tmp_path):
    identity = {"settings": {"loss": {"a": 10}, "sgd": [1]}, "seed": 3}
    state = broken_off(tmp_path, identity=identity)
    content = state.read_bytes()
    changed = {"settings": {"loss": {"a": 6}, "sgd": [1]}, "seed": 4}
    with pytest.raises(DsltError) as caught:
        train(tmp_path, identity=changed)
    message = str(caught.value)
    assert "seed: 3 -> 4; settings.loss.a: 10 -> 6" in message
    assert str(state) in message
    assert "remove" in message
    assert state.read_bytes() == content


@pytest.mark.parametrize("damage", [lambda data: data[:200], lambda data: b"", lambda data: b"{}"])
def test_damaged_state_is_an_error(damage, tmp_path):
    state = broken_off(tmp_path)
    state.write_bytes(damage(state.read_bytes()))
    with pytest.raises(DsltError, match=r"state\.pt: not a readable state"):
        train(tmp_path)


@pytest.mark.parametrize("part", ["trained", "progress", "identity"])
def test_a_state_without_a_part_is_an_error(part, tmp_path):
    state = broken_off(tmp_path)
    content = torch.load(state, weights_only=True)
    del content[part]
    torch.save(content, state)
    with pytest.raises(DsltError, match=rf"state\.pt: not a readable state \('{part}'\)"):
        train(tmp_path)


def test_half_a_line_of_the_log_is_dropped(tmp_path, whole):
    broken_off(tmp_path)
    log = tmp_path / "state" / "steps.jsonl"
    log.write_text(log.read_text() + '{"step": 4, "lo')
    train(tmp_path)
    assert len((tmp_path / "out" / "steps.jsonl").read_text().splitlines()) == STEPS


@pytest.mark.parametrize("line", [b"{", b"[1]", b"{}", b"\xff", b'{"step": "x"}'])
def test_a_damaged_line_is_told(line, tmp_path):
    path = tmp_path / "steps.jsonl"
    path.write_bytes(line + b'\n{"step": 1}\n')
    with pytest.raises(DsltError, match=r"steps\.jsonl: not a readable log of steps .*remove"):
        StepLog(path, 5)


class Diverging(TinyTask):
    """Not a number in the fifth micro-batch."""

    def __init__(self):
        self.calls = 0

    def loss(self, outputs, batch, generator):
        self.calls += 1
        factor = float("nan") if self.calls == 5 else 1.0
        found = super().loss(outputs, batch, generator)
        return {name: value * factor for name, value in found.items()}


def test_loss_that_is_no_number_leaves_the_state_before_it(tmp_path, whole):
    with pytest.raises(DsltError, match=r"step 3, .*micro-batch 0 of 2: the first loss is nan"):
        train(tmp_path, task=Diverging(), save_every=0)
    assert not (tmp_path / "out").exists()
    train(tmp_path)
    assert outputs(tmp_path) == outputs(whole)


def test_a_step_that_is_not_finite_can_be_left_out_and_is_counted(tmp_path):
    with pytest.raises(DsltError, match="leave a few such steps out"):
        train(tmp_path, task=Diverging(), save_every=0)
    broken = Diverging()
    broken.calls = 4  # the state is that of the step before: the same batch again
    train(tmp_path, task=broken, skip=1)
    steps = [json.loads(line) for line in (tmp_path / "out" / "steps.jsonl").open()]
    assert ["skipped" in step for step in steps] == [step["step"] == 3 for step in steps]
    assert json.loads((tmp_path / "out" / "model.json").read_text())["skipped_steps"] == 1
    log = np.genfromtxt(tmp_path / "out" / "log.csv", delimiter=",", names=True)
    assert np.isfinite(log["loss"][1:]).all()


def test_outputs_that_cannot_be_written_cost_no_training(tmp_path, whole):
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(DsltError, match="could not be written"):
        train(tmp_path)
    (tmp_path / "out").unlink()
    drawn = []
    train(tmp_path, pairs=TinyPairs(before=lambda *key: drawn.append(key)))
    assert drawn == []
    assert outputs(tmp_path) == outputs(whole)


def test_state_is_written_in_time_and_not_more_often(tmp_path, monkeypatch):
    written = []
    run = make_run(tmp_path, save_every=1e9)
    keep = run._save
    monkeypatch.setattr(run, "_save", lambda: (written.append(run.progress.step), keep()))
    run.go()
    assert written == [2, 2, 4, 4, 6, 6]
