"""Our trackers under the official VOT toolkit, on the data that the toolkit generates itself.

Needs the binding `vot-trax` in this environment and the toolkit's command `vot`, which may be in
another environment: on PATH, or named by the variable VOT_TOOLKIT (docs/vot.md).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from dslt.cli import group
from dslt.commands.vot import find_settings
from dslt.core.device import limit_threads
from dslt.data.sequences.frames import ImageFolder
from dslt.data.sequences.target import TRACKED, Target
from dslt.geometry.boxes import iou, read_boxes
from dslt.geometry.regions import bounding_boxes
from dslt.score.read_runs import read_runs
from dslt.settings.protocols import load_protocols
from dslt.track.one_pass import alone
from dslt.track.supervised import supervised
from dslt.trackers.make import make_tracker
from places import ROOT

VOT = os.environ.get("VOT_TOOLKIT") or shutil.which("vot")
FAILING = """
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.track.vot_toolkit import serve


class Failing:
    record = TrainingRecord()

    def initialize(self, frame, box):
        self.box = box

    def update(self, frame):
        raise RuntimeError("features gone")


serve(Failing, "failing", "bounding")
"""
WIRE = 2e-4  # px: four decimals and single precision on the way

pytest.importorskip("trax", reason="vot-trax is not installed: pip install vot-trax")
pytestmark = pytest.mark.skipif(
    VOT is None, reason="no command vot on PATH and VOT_TOOLKIT is not set: see docs/vot.md"
)


class Toolkit:
    """A folder with a registry of trackers, in which the toolkit is called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.generated = folder / "vot_dummy_50_640_480_1"
        self.environment = os.environ | {"TMPDIR": str(folder), "MPLBACKEND": "Agg"}
        entries = []
        for cell in ("csrt", "dslt"):
            done = CliRunner().invoke(group, ["vot", "ini", "--cell", cell], catch_exceptions=False)
            entries.append(done.output)
        script = folder / "failing.py"
        script.write_text(FAILING)
        command = shlex.join([sys.executable, str(script)])
        entries.append(f"[failing]\nprotocol = trax\ncommand = {command}\n")
        (folder / "trackers.ini").write_text("\n".join(entries))

    def call(self, *words: str) -> str:
        done = subprocess.run(
            [str(VOT), *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        text = re.sub("\x1b\\[[0-9;]*m", "", done.stdout + done.stderr)
        assert "Traceback" not in done.stderr, text
        assert done.returncode == 0, text
        return text


@pytest.fixture(scope="module")
def toolkit(tmp_path_factory: pytest.TempPathFactory) -> Toolkit:
    return Toolkit(tmp_path_factory.mktemp("toolkit"))


@pytest.mark.parametrize("cell", ["csrt", "dslt"])
def test_follows_the_generated_target(toolkit: Toolkit, cell: str) -> None:
    text = toolkit.call("test", cell)
    assert "Test concluded successfuly" in text
    states = re.findall(r'@@TRAX:state "([-\d.,]+)"', text)
    truth = read_boxes(toolkit.generated / "groundtruth.txt", origin=0)
    boxes = np.array([list(map(float, state.split(","))) for state in states])
    assert boxes.shape == truth.shape
    assert iou(boxes, truth).min() > 0.5


def test_a_failing_tracker_shows_its_traceback(toolkit: Toolkit) -> None:
    text = toolkit.call("test", "failing")
    assert "Test concluded successfuly" not in text
    assert f'File "{toolkit.folder / "failing.py"}"' in text
    assert "RuntimeError: features gone" in text
    assert "Server terminated the session: RuntimeError: features gone" in text


def jump(toolkit: Toolkit, workspace: Path) -> tuple[ImageFolder, Target]:
    """Lay generated frames in an order that no tracker follows; the truth is polygons."""
    folder = workspace / "sequences" / "jump"
    (folder / "color").mkdir(parents=True)
    order = [*range(8), *range(30, 38), *range(5, 9), *range(20, 32)]
    boxes = read_boxes(toolkit.generated / "groundtruth.txt", origin=0)
    x, y, w, h = boxes[order].T
    corners = np.stack([x + 10.1234, y, x + w, y + 20, x + w - 10, y + h, x, y + h - 20], axis=1)
    for index, source in enumerate(order, 1):
        name = f"color/{source + 1:08d}.jpg"
        shutil.copy(toolkit.generated / name, folder / "color" / f"{index:08d}.jpg")
    rows = [",".join(f"{value:.4f}" for value in row) for row in corners]
    (folder / "groundtruth.txt").write_text("\n".join(rows) + "\n")
    (folder / "sequence").write_text("channels.color=color/%08d.jpg\nfps=30\nformat=default\n")
    (workspace / "sequences" / "list.txt").write_text("jump\n")
    corners = corners.reshape(-1, 4, 2)
    target = Target(bounding_boxes(corners), (), "jump", corners=corners)
    return ImageFolder.scan(folder / "color"), target


def test_our_supervised_run_is_the_toolkits(toolkit: Toolkit) -> None:
    """The same failures and starts, the same boxes; the toolkit writes binary results."""
    toolkit.call("test", "csrt")  # generates the frames
    frames, target = jump(toolkit, toolkit.folder)
    experiment = {"type": "supervised", "repetitions": 1, "skip_initialize": 5}
    (toolkit.folder / "stack.yaml").write_text(
        yaml.safe_dump({"title": "jump", "experiments": {"baseline": experiment}})
    )
    (toolkit.folder / "config.yaml").write_text("registry: [./trackers.ini]\nstack: ./stack.yaml\n")
    text = toolkit.call("evaluate", "--workspace", ".", "csrt")
    if "multiple objects were provided" in text:
        pytest.skip("this release of vot-toolkit cannot run supervised experiments: docs/vot.md")
    assert "Evaluation concluded" in text
    runs, _, _ = read_runs(toolkit.folder / "results" / "csrt", {"jump": target})
    (theirs,) = runs["jump"]

    limit_threads(1)
    make = partial(make_tracker, find_settings("csrt", None, None), 0, "cpu")
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["vot2018"]
    ours = alone(supervised(frames, target, protocol, "jump"), make).trajectory  # type: ignore[arg-type]
    assert (ours.states != TRACKED).sum() > 5
    assert ours.states.tolist() == theirs.states.tolist()
    np.testing.assert_allclose(ours.corners, theirs.corners, rtol=0, atol=WIRE)
