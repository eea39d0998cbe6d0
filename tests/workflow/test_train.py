"""`dslt train` as a user runs it: broken off, gone on with, and in two processes."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml

from dslt.core.text import canonical
from dslt.networks.saved import read_model
from dslt.settings.registry import parse_training
from dslt.settings.tracker import TrainingSettings
from dslt.study.cells import apply_overrides, load_presets
from places import ROOT

TINY = (
    "training.backbone.weights=random; training.channels=4; training.crops.search=143;"
    "training.pairs.per_epoch=12; training.schedule.epochs=3; training.schedule.batch=2;"
    "training.schedule.micro_batches=2"
)
LITE = load_presets(ROOT / "config" / "trackers" / "siamfc.yaml")["lite"]
RPN = load_presets(ROOT / "config" / "trackers" / "siamrpn.yaml")
FEW_STEPS = (
    "training.backbone.weights=random; training.head.channels=8; training.crops.search=143;"
    "training.pairs.sources={vid: 0, youtube_bb: 0, coco: 0, det: 0, procedural: 4};"
    "training.pairs.per_epoch=2; training.schedule.epochs=1; training.schedule.batch=1;"
    "training.schedule.micro_batches=1; training.schedule.unfreeze_epoch=0;"
    "training.schedule.sgd.warmup=0"
)
VALIDATION = {
    "procedural": 1,
    "texture": 1,
    "frames": 3,
    "seed": 0,
    "every": 1,
    "tracking": LITE["tracking"],
    "protocol": yaml.safe_load((ROOT / "config" / "protocols.yaml").read_text())["otb"],
}
STEPS = 9


def settings(overrides: str = TINY, preset: dict[str, Any] = LITE) -> TrainingSettings:
    values = apply_overrides(preset, overrides, "test")
    return parse_training({key: values[key] for key in ("tracker", "training")}, "test")


def given(training: TrainingSettings) -> str:
    """Tracker and training settings, as the rule gives them to `dslt train`."""
    values = {"tracker": training.tracker, "training": training.model_dump(mode="json")}
    return canonical(values)


def arguments(folder: Path, *more: str, overrides: str = TINY) -> list[str]:
    text = given(settings(overrides))
    return [
        *("train", "--cell", "tiny", "--settings", text, "--seed", "1"),
        *("--validation", json.dumps(VALIDATION), "--device", "cpu"),
        *("--state", str(folder / "state"), "--out", str(folder / "out"), *more),
    ]


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def train(folder: Path, *more: str, **changes: str) -> str:
    process = start(["dslt", *arguments(folder, *more, **changes)])
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    assert "Traceback" not in text, text
    assert "terminate called" not in text, text
    return text


def outputs(folder: Path) -> dict[str, bytes]:
    names = ("model.pt", "model.json", "log.csv", "validation.csv")
    return {name: (folder / "out" / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train(folder)
    return folder


def test_outputs(whole: Path) -> None:
    log = pd.read_csv(whole / "out" / "log.csv")
    assert list(log["epoch"]) == [0, 1, 2, 3]
    assert log["success_auc"].between(0, 1).all()
    assert len(pd.read_csv(whole / "out" / "validation.csv")) == 8
    assert len((whole / "out" / "steps.jsonl").read_text().splitlines()) == STEPS
    header = json.loads((whole / "out" / "model.json").read_text())
    saved = {"tracker": header["tracker"], "training": header["settings"]}
    assert parse_training(saved, "header") == settings()
    assert {"seed", "model_id", "code", "libraries", "sources", "sha256"} <= header.keys()
    read_model(whole / "out" / "model.pt", settings())
    assert not (whole / "state").exists()


def test_terminated_and_gone_on_with(whole: Path, tmp_path: Path) -> None:
    process = start(["dslt", *arguments(tmp_path)])
    log = tmp_path / "state" / "steps.jsonl"
    while process.poll() is None and not (log.exists() and log.read_text().count("\n") >= 2):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    text, _ = process.communicate(timeout=120)
    assert process.returncode == 1, text
    assert "error: tiny seed 1: stopped by SIGTERM after step" in text
    assert "Traceback" not in text
    assert not (tmp_path / "out").exists()
    train(tmp_path, "--workers", "2")
    assert outputs(tmp_path) == outputs(whole)


def test_changed_settings_are_an_error(tmp_path: Path) -> None:
    process = start(["dslt", *arguments(tmp_path)])
    state = tmp_path / "state" / "state.pt"
    while process.poll() is None and not state.exists():
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=120)
    changed = start(["dslt", *arguments(tmp_path, overrides=f"{TINY}; training.gain=0.002")])
    text, _ = changed.communicate(timeout=120)
    assert changed.returncode == 1
    assert "state of another training: settings.gain: 0.005 -> 0.002" in text
    assert "Traceback" not in text


def test_two_processes(whole: Path, tmp_path: Path) -> None:
    run = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "dslt"]
    process = start([*run, *arguments(tmp_path)])
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    one, two = (
        torch.load(folder / "out" / "model.pt", weights_only=True) for folder in (whole, tmp_path)
    )
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=1e-6)


def test_benchmark_runs_and_its_workers_end_quietly() -> None:
    script = ROOT / "speed" / "training.py"
    command = [sys.executable, str(script), "--seconds", "0.1", "--workers", "1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert re.search(r"data [\d.]+ pairs/s, network [\d.]+ pairs/s, both [\d.]+", done.stdout)
    assert done.stderr == ""


@pytest.mark.parametrize("preset", ["paper", "pp_paper"])
def test_siamrpn_is_trained_by_the_same_command(preset: str, tmp_path: Path) -> None:
    validation = VALIDATION | {"tracking": RPN[preset]["tracking"], "texture": 0}
    training = settings(FEW_STEPS, RPN[preset])
    command = ["dslt", "train", "--cell", preset, "--settings", given(training)]
    command += ["--validation", json.dumps(validation), "--device", "cpu"]
    command += ["--states", str(tmp_path / "states"), "--out", str(tmp_path / "out")]
    process = start(command)
    text, _ = process.communicate(timeout=300)
    assert process.returncode == 0, text
    log = pd.read_csv(tmp_path / "out" / "log.csv")
    assert {"classification", "regression"} <= set(log.columns)
    assert log["success_auc"].between(0, 1).all()
    read_model(tmp_path / "out" / "model.pt", training)
    assert list((tmp_path / "states").iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ("training.schedule.batch=20", "per_epoch: 12; expected at least the 40 pairs"),
        ("training.pairs.sources={vid: 0, absent: 3}", "unknown training set"),
        ("training.backbone.weights=none.pth", "none.pth: no such weights"),
        ("training.schedule.precision=mixed", "mixed on cpu; expected a GPU"),
        ("training.schedule.unfreeze=[head]", "head; expected parts of the backbone"),
    ],
)
def test_errors_are_words(changes: str, message: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from dslt.cli import group

    done = CliRunner().invoke(group, arguments(tmp_path, overrides=f"{TINY}; {changes}"))
    assert message in str(done.exception)
    assert not list(tmp_path.iterdir())
