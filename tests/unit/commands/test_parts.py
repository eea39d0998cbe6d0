"""A job of many sequences: one that fails takes none of the others with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.commands import track
from dslt.core.errors import DsltError
from dslt.core.parts import Parts
from dslt.study.cells import resolve_settings
from places import ROOT

NAMES = [f"s{number:02d}" for number in range(15)]
BROKEN = NAMES[7]
FRAMES = 4
KCF = {"tracker": "opencv", "algorithm": "kcf"}
VOT = yaml.safe_load((ROOT / "config" / "protocols.yaml").read_text())["vot2018"]


class Unit:
    """Fifteen sequences of a folder, and the commands that work on them."""

    def __init__(self, folder: Path) -> None:
        self.root, self.index = folder / "videos", folder / "index.parquet"
        self.out, self.states = folder / "out", folder / "states"
        for seed, name in enumerate(NAMES):
            self.draw(name, seed)
        definition = {"kind": "folder", "protocol": "otb", "root": str(self.root)}
        options = ("--definition", json.dumps(definition), "--check-images", "none")
        self.call("index", "own", *options, "--out", self.index)
        self.broken = self.root / BROKEN / "img" / "0003.bmp"
        self.whole = self.broken.read_bytes()
        self.broken.write_bytes(self.whole[:2] + bytes(len(self.whole) - 2))

    def draw(self, name: str, seed: int) -> None:
        random = np.random.default_rng(seed)
        frame = random.integers(90, 110, (48, 64, 3), dtype=np.uint8)
        target = random.integers(0, 256, (16, 16, 3), dtype=np.uint8)
        (self.root / name / "img").mkdir(parents=True)
        for index in range(FRAMES):
            now = frame.copy()
            now[14:30, 10 + 2 * index : 26 + 2 * index] = target
            Image.fromarray(now).save(self.root / name / "img" / f"{index + 1:04d}.bmp")
        rows = "".join(f"{11 + 2 * index},15,16,16\n" for index in range(FRAMES))
        (self.root / name / "groundtruth_rect.txt").write_text(rows)

    def call(self, *arguments: str | Path) -> str:
        done = CliRunner().invoke(group, list(map(str, arguments)), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    def arguments(self, **changes: object) -> list[str]:
        options = {
            "cell": "kcf",
            "settings": json.dumps(KCF),
            "index": self.index,
            "device": "cpu",
            "states": self.states,
            "out": self.out,
        }
        pairs = {**options, **changes}.items()
        return [str(word) for key, value in pairs for word in (f"--{key}", value)]

    def track(self, **changes: object) -> str:
        return self.call("track", *self.arguments(**changes))

    def read(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.out.iterdir()}

    def remove_outputs(self) -> None:
        """Do what Snakemake does after a failure."""
        for path in self.out.iterdir():
            path.unlink()

    def mend(self) -> None:
        self.broken.write_bytes(self.whole)


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return Unit(tmp_path)


@pytest.mark.parametrize("protocol", [None, "vot"])
def test_one_broken_frame_of_fifteen_sequences(unit: Unit, protocol: str | None) -> None:
    rules = {"protocol-definition": json.dumps(VOT)} if protocol else {}
    with pytest.raises(DsltError) as failure:
        unit.track(**rules)
    text = str(failure.value)
    assert "kcf on own: 1 of 15 sequences failed; the results of the other 14 are kept in" in text
    assert f"\n  {BROKEN}: frame 2: {unit.broken}: unreadable frame" in text
    assert text.endswith("mend what is named and run again: only what failed is done again")
    before = unit.read()
    assert len(before) == 14 * 3
    assert len(list(unit.states.iterdir())) == 14

    unit.remove_outputs()
    unit.mend()
    told = unit.track(**rules)
    assert told.count("kept from a run that was broken off") == 14
    after = unit.read()
    assert len(after) == 15 * 3
    assert before.items() <= after.items(), "seconds included: nothing was tracked again"
    assert list(unit.states.iterdir()) == []


def fail_once(unit: Unit) -> dict[str, bytes]:
    with pytest.raises(DsltError, match="1 of 15 sequences failed"):
        unit.track()
    before = unit.read()
    unit.remove_outputs()
    unit.mend()
    return before


@pytest.mark.parametrize(
    "change",
    [
        {"cell": "other"},
        {"settings": json.dumps({**KCF, "algorithm": "csrt"})},
        {"seed": 1},
        {"threads": 2},
        {"protocol-definition": json.dumps(VOT)},
    ],
)
def test_nothing_of_other_settings_comes_back(unit: Unit, change: dict[str, object]) -> None:
    fail_once(unit)
    assert "kept from" not in unit.track(**change)
    assert len(list(unit.states.iterdir())) == 14, "those of the other job stay"


def test_nothing_of_other_code_comes_back(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_once(unit)
    monkeypatch.setattr("dslt.commands.track.code_of", lambda *names: "other code")
    assert "kept from" not in unit.track()


def test_only_what_has_the_same_frames_and_truth_comes_back(unit: Unit) -> None:
    fail_once(unit)
    frame = unit.root / NAMES[0] / "img" / "0004.bmp"
    times, pixels = frame.stat(), bytearray(frame.read_bytes())
    pixels[-1] ^= 1
    frame.write_bytes(pixels)
    os.utime(frame, ns=(times.st_atime_ns, times.st_mtime_ns))
    (unit.root / NAMES[1] / "groundtruth_rect.txt").write_text("12,15,16,16\n" * FRAMES)
    definition = {"kind": "folder", "protocol": "otb", "root": str(unit.root)}
    unit.call("index", "own", "--definition", json.dumps(definition), "--out", unit.index)
    told = unit.track()
    assert told.count("kept from") == 12
    assert not any(f"{name}: kept" in told for name in (NAMES[0], NAMES[1], BROKEN))


def test_damaged_states_are_made_again(unit: Unit) -> None:
    before = fail_once(unit)
    random = np.random.default_rng(0)
    for path in unit.states.iterdir():
        content = bytearray(path.read_bytes())
        content[random.integers(len(content))] ^= 255
        path.write_bytes(content[: random.integers(len(content))])
    unit.track()
    boxes = {name: content for name, content in unit.read().items() if name in before}
    assert all(
        boxes[name] == before[name]
        for name in boxes
        if name.count(".") == 1 and name.endswith(".txt")
    )
    assert list(unit.states.iterdir()) == []


def test_a_job_that_is_killed_at_any_moment_goes_on(unit: Unit) -> None:
    unit.mend()
    command = [sys.executable, "-m", "dslt", "track", *unit.arguments()]
    kept: dict[str, bytes] = {}
    for round_ in range(3):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL, process_group=0) as job:
            deadline = time.monotonic() + 120
            while len(list(unit.out.glob("*.txt"))) < 4 + 4 * round_:
                assert job.poll() is None, "it ended too early"
                assert time.monotonic() < deadline
                time.sleep(0.001)
            os.killpg(job.pid, signal.SIGKILL)
        now = unit.read()
        assert kept.items() <= now.items()
        kept = {
            name: now[name]
            for path in unit.states.glob("s*.zip")
            for name in [f"{path.name[:3]}.csv"]
        }
        assert len(kept) >= 3 + 4 * round_
        unit.remove_outputs()
    unit.track()
    assert kept.items() <= unit.read().items()
    assert len(list(unit.out.glob("*.txt"))) == 15


@pytest.fixture(scope="module")
def quick_dslt() -> str:
    overrides = "training.backbone.weights=random; training.iterations=1; tracking.update.steps=0"
    trackers = ROOT / "config" / "trackers"
    return resolve_settings("dslt/lite", overrides, trackers, "test").model_dump_json()


def some(unit: Unit, names: list[str], **changes: object) -> list[str]:
    """Arguments of a job of some sequences in lockstep."""
    options = {"cell": "dslt", "lockstep": "exact", "lanes": 2, **changes}
    return [*unit.arguments(**options), "--sequence", *names]


def test_a_failing_sequence_harms_no_other_in_lockstep(unit: Unit, quick_dslt: str) -> None:
    names = [NAMES[0], BROKEN, NAMES[1]]
    with pytest.raises(DsltError) as failure:
        unit.call("track", *some(unit, names, settings=quick_dslt))
    assert f"1 of 3 sequences failed; the results of the other 2 are kept in {unit.states}" in str(
        failure.value
    )
    assert f"\n  {BROKEN}: frame 2: {unit.broken}: unreadable frame" in str(failure.value)
    before = unit.read()
    assert len(before) == 2 * 3
    unit.remove_outputs()
    unit.mend()
    told = unit.call("track", *some(unit, names, settings=quick_dslt, lanes=1))
    assert told.count("kept from a run that was broken off") == 2
    assert "dslt: 1 sequences in lockstep, 1 at a time" in told
    after = unit.read()
    assert before.items() <= after.items()
    assert list(unit.states.iterdir()) == []
    unit.call("track", *some(unit, names, settings=quick_dslt, lockstep="never"))
    alone = unit.read()
    for name in names:
        assert after[f"{name}.txt"] == alone[f"{name}.txt"]


def test_a_kill_leaves_whole_results_of_finished_sequences(
    unit: Unit, quick_dslt: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = track.run_lockstep

    def killed(*arguments: Any) -> Iterator[Any]:
        for number, found in enumerate(whole(*arguments)):
            if number == 2:
                raise KeyboardInterrupt
            yield found

    monkeypatch.setattr(track, "run_lockstep", killed)
    with pytest.raises(click.Abort):
        track.command.main(some(unit, NAMES[:4], settings=quick_dslt), standalone_mode=False)
    before = unit.read()
    assert len(before) == 2 * 3
    assert len(list(unit.states.iterdir())) == 2
    unit.remove_outputs()
    monkeypatch.setattr(track, "run_lockstep", whole)
    other = unit.call("track", *some(unit, NAMES[:1], settings=quick_dslt, lockstep="never"))
    assert "kept from" not in other, "another way to run them is another job"
    told = unit.call("track", *some(unit, NAMES[:4], settings=quick_dslt))
    assert told.count("kept from a run that was broken off") == 2
    after = unit.read()
    assert len(after) == 4 * 3
    assert before.items() <= after.items()


def test_a_full_disk_is_no_fault_of_one_sequence(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DsltError, match=r"s00\.training\.csv: could not be written; the disk"):
        unit.track()


def test_nothing_is_kept_where_nobody_asks(tmp_path: Path) -> None:
    parts = Parts("job", None, {})
    parts.keep("a", {"seed": 0}, {"a.txt": b"1"})
    assert parts.read("a", {"seed": 0}) is None
    with parts.attempt("a"):
        raise DsltError("a.jpg: torn")
    with pytest.raises(DsltError, match=r"^job: 1 of 1 sequences failed\n  a: a.jpg: torn\n"):
        parts.check()


def test_first_frames_that_were_trained_are_kept(unit: Unit, tmp_path: Path) -> None:
    first = unit.root / BROKEN / "img" / "0001.bmp"
    whole = first.read_bytes()
    first.write_bytes(whole[:2] + bytes(len(whole) - 2))
    overrides = "training.backbone.weights=random"
    training = resolve_settings(
        "dslt/lite", overrides, ROOT / "config" / "trackers", "test"
    ).training
    settings = json.dumps({"tracker": "dslt", "training": training.model_dump(mode="json")})
    table, maps = tmp_path / "first.csv", tmp_path / "first.npz"
    places = {"csv": table, "maps": maps, "sequence": NAMES[0]}
    arguments = unit.arguments(cell="dslt", settings=settings, iterations=2, **places)
    at = arguments.index("--out")
    del arguments[at : at + 2]
    arguments += ["--sequence", BROKEN]
    with pytest.raises(DsltError, match=rf"1 of 2 sequences failed.*\n  {BROKEN}: .*0001\.bmp"):
        unit.call("converge", *arguments)
    assert not table.exists()
    (kept,) = unit.states.iterdir()
    first.write_bytes(whole)
    states = unit.states.rename(tmp_path / "away")
    unit.call("converge", *arguments)
    alone = table.read_bytes(), maps.read_bytes()
    assert len(table.read_text().splitlines()) == 1 + 2 * 3
    unit.states.rmdir()
    states.rename(unit.states)
    unit.call("converge", *arguments)
    assert (table.read_bytes(), maps.read_bytes()) == alone
    assert not kept.exists()


def test_boxes_of_others_are_not_written_over(unit: Unit) -> None:
    unit.out.mkdir()
    truth = unit.out / f"{NAMES[1]}.txt"
    truth.write_text("1,2,3,4\n")
    chosen = ["--sequence", NAMES[0], "--sequence", NAMES[1]]
    with pytest.raises(DsltError, match=r"s01\.txt: is there already, without the s01\.csv that"):
        unit.call("track", *unit.arguments(), *chosen)
    assert unit.read() == {truth.name: b"1,2,3,4\n"}, "told before anything is tracked"
    truth.unlink()
    unit.call("track", *unit.arguments(), *chosen)
    unit.call("track", *unit.arguments(seed=1), *chosen)
    assert len(unit.read()) == 2 * 3
