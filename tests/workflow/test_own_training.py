"""`docs/own_training.md` to the letter, with small numbers: fine-tuned, and the gain is seen."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np

from dslt.core.files import sha256_file
from places import ROOT

TINY = (
    "training.channels=2; training.crops.search=143; training.schedule.batch=4; tracking.scales=1"
)
# What the document says, and what stands for it here.
SMALLER = {
    "{own: 800, procedural: 400}": "{own: 96, procedural: 0}",
    "per_epoch=1200": f"per_epoch=96; training.schedule.epochs=3; {TINY}",
    "sgd.start=0.02": "sgd.start=0.1",
    "dslt train ": "dslt train --device cpu --workers 0 ",
    "dslt track ": "dslt track --device cpu ",
    "--trained": "--set tracking.scales=1 --trained",
}
START = f"""
dslt train --device cpu --workers 0 --cell start --out own/start \
  --states state/train --settings "$(dslt settings siamfc/lite --training --set '{TINY};
  training.pairs.per_epoch=8; training.schedule.epochs=1; training.schedule.sgd.start=1e-6;
  training.schedule.sgd.end=1e-7')"
"""


def draw_red(folder: Path, seed: int, frames: int = 12) -> None:
    """Draw a target that is red, as all of these users' targets are, among others that are not."""
    random = np.random.default_rng(seed)
    scene = cv2.resize(random.integers(0, 255, (24, 32, 3), np.uint8), (160, 120))
    scene[..., 2] //= 4
    squares = [cv2.resize(random.integers(0, 255, (4, 4, 3), np.uint8), (28, 28)) for _ in range(4)]
    target, *others = squares
    target[..., 2] = 255 - target[..., 2] // 8
    for square in others:
        square[..., 2] //= 8
    (folder / "img").mkdir(parents=True)
    rows = []
    for number in range(frames):
        x, y = 20 + 9 * number, 46 + int(6 * np.sin(number))
        frame = scene.copy()
        for place, (square, below) in enumerate(zip(others, (-32, 34, -30), strict=True)):
            left, top = (x + 35 * (place + 1)) % 130, (y + below) % 90
            frame[top : top + 28, left : left + 28] = square
        frame[y : y + 28, x : x + 28] = target
        cv2.imwrite(str(folder / "img" / f"{number + 1:04d}.png"), frame)
        rows.append(f"{x + 1},{y + 1},28,28\n")
    (folder / "groundtruth_rect.txt").write_text("".join(rows))


def run(script: str, folder: Path) -> str:
    """Run commands as a user does; return what they print."""
    folders = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": folders, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def test_rtmdnet_goes_on_with_other_videos(tmp_path: Path) -> None:
    for number in range(3):
        draw_red(tmp_path / "own" / "train" / f"t{number}", number)
    text = (ROOT / "docs" / "own_training.md").read_text()
    [index] = re.findall(r"^dslt index train .*\\\n.*$", text, re.MULTILINE)
    [sets] = re.findall(r"--training-sets-definition '.*'", text)
    [said] = re.findall(r"RT-MDNet is the same.*?`--set\s+'(.*?)'`", text, re.DOTALL)
    small = (
        "training.pairs.per_epoch=4; training.schedule.epochs=1; training.pairs.scene.side=160;"
        " training.backbone.weights=random"
    )
    assert "{own: 20, procedural: 40}" in said
    ours = said.replace("{own: 20, procedural: 40}", "{own: 3, procedural: 1}")
    train = "dslt train --device cpu --workers 0 --states state/train"
    settings = 'dslt settings rtmdnet/lite --training --set "{}"'
    script = f"""
{index}
{train} --cell start --out own/start --settings "$({settings.format(small)})"
{train} --cell tuned --out own/tuned --start own/start/model.pt {sets} \
  --settings "$({settings.format(f"{ours}; {small}")})"
"""
    run(script, tmp_path)
    header = json.loads((tmp_path / "own" / "tuned" / "model.json").read_text())
    assert header["start"] == sha256_file(tmp_path / "own" / "start" / "model.pt")


def test_fine_tuning_gains_on_held_out_sequences(tmp_path: Path) -> None:
    for number in range(6):
        draw_red(tmp_path / "own" / "train" / f"t{number}", number)
    for number in range(4):
        draw_red(tmp_path / "own" / "held_out" / f"h{number}", 100 + number)
    text = (ROOT / "docs" / "own_training.md").read_text()
    [block] = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    commands = re.findall(r"^(?:dslt \w+|for )", block, re.MULTILINE)
    assert len(commands) == 5
    for said, here in SMALLER.items():
        assert said in block
        block = block.replace(said, here)
    output = run(START + block, tmp_path)
    header = json.loads((tmp_path / "own" / "tuned" / "model.json").read_text())
    assert header["start"] == sha256_file(tmp_path / "own" / "start" / "model.pt")
    table = output.rpartition("tracker ")[2]
    auc = dict(re.findall(r"^(start|tuned) +([\d.]+)", table, re.MULTILINE))
    assert float(auc["tuned"]) > float(auc["start"])
