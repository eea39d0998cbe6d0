"""The prepared script of `speed/gpu.py`: its dry run, and what it does with a part that hangs."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest

from dslt.study.cost.speeds import load_speeds
from places import ROOT


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "speed")
    import gpu

    return gpu


def test_the_dry_run_goes_through_every_part(gpu: ModuleType, tmp_path: Path) -> None:
    out = tmp_path / "found"
    command = [sys.executable, "speed/gpu.py", "--dry-run", "--device", "cpu", "--threads", "1"]
    done = subprocess.run(
        [*command, "--workers", "0", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = out.with_suffix(".txt").read_text(encoding="utf-8")
    assert done.stdout == text
    assert text.count("| dry run |") == len(gpu.BARS)
    found = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert list(found) == list(gpu.PARTS)
    assert [name for name, part in found.items() if part["trouble"]] == []
    assert found["equality"]["figures"]["same"] == 100.0
    entry = tmp_path / "speeds.yaml"
    entry.write_text(text.split("\n\n")[-1], encoding="utf-8")
    (speeds,) = load_speeds(entry).values()
    dslt = speeds.networks["dslt-efficientnet_lite0"]
    assert dslt.lockstep
    assert dslt.graphs
    assert all((dslt.frames, dslt.decoded, dslt.graphs.frames, dslt.lockstep.decoded))
    assert speeds.networks["siamfc-efficientnet_lite0"].pairs


def run_part(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, part: Callable[..., None], limit: float
) -> Any:
    monkeypatch.setattr(gpu, "PARTS", {"made up": (part, limit)})
    # A process that starts slowly on a busy machine is not what is tried here.
    for name in ("limit_threads", "choose_device", "device_name"):
        monkeypatch.setattr(gpu, name, lambda *_: "")
    return gpu.measure("made up", gpu.DRY, "cpu", 1, limit)


def test_a_part_that_hangs_is_stopped_with_all_it_started(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def hang(sizes: Any, device: str, note: Callable[[str, object], None]) -> None:
        note("frames", 12.5)
        child = subprocess.Popen(["sleep", "600"])
        (tmp_path / "child").write_text(str(child.pid))
        child.wait()

    start = time.monotonic()
    outcome = run_part(gpu, monkeypatch, hang, 4)
    assert time.monotonic() - start < 60
    assert outcome.figures["frames"] == 12.5
    assert outcome.trouble == "stopped after 4 s"
    assert ends(int((tmp_path / "child").read_text()))


def test_a_part_ends_with_the_script(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    parent = os.getpid()

    def hang(sizes: Any, device: str, note: Callable[[str, object], None]) -> None:
        (tmp_path / "part").write_text(str(os.getpid()))
        os.kill(parent, signal.SIGINT)
        time.sleep(600)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job of a shell ignores it
    try:
        with pytest.raises(KeyboardInterrupt):
            run_part(gpu, monkeypatch, hang, 300)
    finally:
        signal.signal(signal.SIGINT, before)
    assert ends(int((tmp_path / "part").read_text()))


def ends(process: int) -> bool:
    """Tell whether a process is gone within ten seconds."""
    for _ in range(100):
        if not alive(process):
            return True
        time.sleep(0.1)
    return False


def alive(process: int) -> bool:
    """Tell whether a process runs; one that is only not waited for does not."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_part_that_fails_or_dies_says_so(
    gpu: ModuleType, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def fail(sizes: Any, device: str, note: Callable[[str, object], None]) -> None:
        note("frames", 1.0)
        raise ValueError("no such\nthing")

    def die(sizes: Any, device: str, note: Callable[[str, object], None]) -> None:
        os._exit(7)

    outcome = run_part(gpu, monkeypatch, fail, 60)
    assert outcome.trouble == "ValueError: no such"
    assert outcome.figures["frames"] == 1.0
    assert "in fail" in capfd.readouterr().err
    assert run_part(gpu, monkeypatch, die, 60).trouble == "its process ended with 7"
    assert gpu.measure("made up", gpu.DRY, "cpu", 1, 0.0).trouble == "no time was left"


def test_a_bar_is_reached_missed_or_not_measured(gpu: ModuleType) -> None:
    least = gpu.BARS[0]
    most = replace(least, least=False)
    outcomes = {
        value: gpu.Outcome({"graphs": {"frames": value}}, 1.0, "") for value in (99.0, 101.0)
    }
    assert gpu.row(least, outcomes[99.0], dry=False)[-1] == "MISSED"
    assert gpu.row(least, outcomes[101.0], dry=False)[-1] == "reached"
    assert gpu.row(most, outcomes[101.0], dry=False)[-1] == "MISSED"
    assert (
        gpu.row(replace(most, bar=100), gpu.Outcome({"graphs": {"frames": -99}}, 1.0, ""), False)[
            -1
        ]
        == "reached"
    )
    row = gpu.row(least, gpu.Outcome({}, 90.0, "stopped after 90 s"), dry=False)
    assert row[1:] == ("not measured", "at least 100 frames/s", "stopped after 90 s")


def test_the_bars_are_those_that_are_written_down(gpu: ModuleType) -> None:
    text = (ROOT / "docs" / "deviations.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:boxes|difference|its 95).*\| (.*) \|$", text, re.MULTILINE)
    bars = {bar.figure[-1]: bar.bar for bar in gpu.BARS if bar.part == "equality"}
    learning = [float(re.findall(r"[\d.]+", row)[0]) for row in rows]
    assert learning == [bars["same"], bars["difference"], bars["farthest"]]
    assert sum(seconds for _, seconds in gpu.PARTS.values()) <= gpu.TOTAL <= 700
