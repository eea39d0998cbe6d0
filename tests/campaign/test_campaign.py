"""Small parts of the campaigns; the whole ones are run by hand."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import mutate
import pytest

from places import ROOT

HERE = ROOT / "tests" / "campaign"


def run(script: str, *arguments: object) -> str:
    command = [sys.executable, HERE / script, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_same_seed_makes_the_same_inputs() -> None:
    data = b"1,2,3,4\n5,6,7,8\n"
    for change in (mutate.mutate_bytes, mutate.mutate_text, mutate.mutate_json):
        made = [[change(random.Random(seed), data) for seed in range(50)] for _ in range(2)]
        assert made[0] == made[1]
        assert len(set(made[0])) > 25


@pytest.mark.slow
def test_every_reader_refuses_in_words(tmp_path: Path) -> None:
    assert "\n0 kinds of findings" in run("fuzz.py", "--inputs", 5000, "--out", tmp_path / "fuzzed")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_killed_study_comes_to_the_same_end(tmp_path: Path) -> None:
    said = run("kills.py", "--kills", 4, "--per-run", 4, "--out", tmp_path / "kills")
    assert "4 kills in 1 studies; not identical: 0" in said
