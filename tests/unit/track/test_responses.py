"""`dslt respond`: where it looks, and what it keeps of the answer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn
from torch.nn import functional as F

from dslt.commands.respond import command
from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import write_index
from dslt.data.sequences.frames import ImageFolder, Sequence
from dslt.figures import fig07
from dslt.geometry import boxes
from dslt.networks.make import make_network
from dslt.networks.saved import write_model
from dslt.settings.registry import parse_tracker
from dslt.study.cells import apply_overrides, load_presets
from dslt.track.responses import choose_frame, respond, write_response
from dslt.trackers.siamfc import SiamFcTracker
from dslt.trackers.siamrpn import SiamRpnTracker
from places import ROOT

TRACKERS = ROOT / "config" / "trackers"
SMALL = {
    "siamfc/lite": "training.backbone.weights=random; training.channels=4;tracking.instance=143",
    "siamrpn/paper": "training.backbone.weights=random; training.head.channels=8;"
    "tracking.instance=191",
}
TRUTH = np.array([[100.0, 80, 40, 30], [100, 80, 40, 30], [108, 74, 44, 30], [112, 70, 44, 30]])
SIDE = 17  # cells of the response to 255 pixels


def values_of(base: str, overrides: str = ""):
    tracker, preset = base.split("/")
    presets = load_presets(TRACKERS / f"{tracker}.yaml")
    return apply_overrides(presets[preset], overrides, "test")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sequence of red boxes on grey, and its index."""
    frames = tmp_path / "set" / "red" / "img"
    frames.mkdir(parents=True)
    for number, (x, y, w, h) in enumerate(TRUTH.astype(int)):
        frame = np.full((200, 300, 3), 90, np.uint8)
        frame[y : y + h, x : x + w] = (255, 0, 0)
        Image.fromarray(frame).save(frames / f"{number + 1:04d}.png")
    boxes.write_boxes(frames.parent / "groundtruth_rect.txt", TRUTH)
    definition = {
        "kind": "folder",
        "root": str(tmp_path / "set"),
        "protocol": "otb",
        "box_origin": 1,
    }
    index = build_index("mine", parse_benchmark("mine", definition), tmp_path)
    write_index(tmp_path / "index.parquet", index)
    return tmp_path


def sequence(folder: Path, truth: np.ndarray = TRUTH) -> Sequence:
    return Sequence("red", ImageFolder.scan(folder / "set" / "red" / "img"), truth)


def redness(x: torch.Tensor) -> torch.Tensor:
    """How red each of the 17 x 17 middle cells of a search region is, as logits."""
    edge = (x.shape[-1] - 8 * SIDE) // 2
    middle = F.pad(x, (-edge, -edge - 1, -edge, -edge - 1))
    red = (middle[:, 0] - middle[:, 1]) / 255
    return 12 * F.avg_pool2d(red[:, None], 8) - 6


class RedFc(nn.Module):
    bias = torch.zeros(())

    def template(self, z):
        return z

    def response(self, template, x):
        return redness(x)


class RedRpn(nn.Module):
    """The second of two anchors sees the red; the first one sees a little everywhere."""

    def template(self, z):
        return z

    def heads(self, template, x):
        logits = torch.stack([torch.full_like(redness(x), -4), redness(x)], dim=2)
        scores = torch.cat([torch.zeros_like(logits), logits], dim=1)
        return scores, None


def tracker_of(kind: str):
    if kind == "siamfc":
        return SiamFcTracker(parse_tracker(values_of("siamfc/paper"), "test"), RedFc())
    settings = parse_tracker(values_of("siamrpn/paper", "tracking.instance=255"), "test")
    return SiamRpnTracker(settings, RedRpn())


@pytest.mark.parametrize("kind", ["siamfc", "siamrpn"])
def test_the_map_is_where_the_target_is(folder, tmp_path, kind):
    found = respond(tracker_of(kind), sequence(folder), "bce", None, "here")
    assert (found.frame, found.sequence, found.loss) == (2, "red", "bce")
    write_response(found, tmp_path / "red.npz")
    answer = fig07.load([f"a={tmp_path / 'red.npz'}"])[""]["a"]
    own, other = answer.peaks()
    assert own > 0.99
    # Cells on the border of the box are half red.
    low, _ = answer.place
    middles = low + 8 * (np.arange(SIDE) + 0.5)
    x, y, w, h = answer.box
    near = [
        (middles > start - 8) & (middles < start + size + 8) for start, size in ((y, h), (x, w))
    ]
    expected_background = torch.tensor(-6.0 if kind == "siamfc" else -4.0).sigmoid()
    far = found.probability[~np.outer(*near)]
    assert far.max() == pytest.approx(float(expected_background), abs=1e-3)
    # The true box, drawn on the patch, holds the red.
    red = found.search[..., 0].astype(int) - found.search[..., 1] > 128
    rows, columns = np.flatnonzero(red.any(1)), np.flatnonzero(red.any(0))
    edges = [columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1]
    np.testing.assert_allclose(found.box, edges, atol=1.5)
    assert found.template.shape == (127, 127, 3)
    assert other < own


def test_the_region_lies_where_the_target_was_one_frame_before(folder):
    found = respond(tracker_of("siamfc"), sequence(folder), "bce", 2, "here")
    side = np.sqrt((40 + 35) * (30 + 35))
    moved = (TRUTH[2, :2] - TRUTH[1, :2]) + (TRUTH[2, 2:] - TRUTH[1, 2:]) / 2
    middle = found.box[:2] + found.box[2:] / 2 - 255 / 2
    np.testing.assert_allclose(middle, moved * 127 / side)


def test_a_frame_that_cannot_be_looked_at_is_an_error():
    truth = np.tile([10.0, 10, 5, 5], (9, 1))
    assert choose_frame(truth, None, "here") == 4
    truth[4] = np.nan
    assert choose_frame(truth, None, "here") == 3
    for frame, nearest in ((4, 3), (5, 6)):
        with pytest.raises(DsltError, match=f"here: the target is absent.*--frame.* {nearest}$"):
            choose_frame(truth, frame, "here")
    for frame in (0, 9, -1):
        with pytest.raises(DsltError, match=f"frame {frame}; expected 1 to 8"):
            choose_frame(truth, frame, "here")
    with pytest.raises(DsltError, match="no two frames in a row show the target"):
        choose_frame(truth[:1], None, "here")


def test_a_response_that_is_no_number_is_an_error(folder):
    tracker = tracker_of("siamfc")
    tracker.net.response = lambda template, x: torch.full((1, 1, 17, 17), float("nan"))
    with pytest.raises(DsltError, match="nan or inf"):
        respond(tracker, sequence(folder), "bce", None, "here")


# ------------------------------------------------------------------ command line


def call(folder: Path, settings: object, *more: str) -> None:
    arguments = {
        "--cell": "mine",
        "--settings": json.dumps(settings),
        "--weights": str(folder / "model" / "model.pt"),
        "--index": str(folder / "index.parquet"),
        "--sequence": "red",
        "--device": "cpu",
        "--out": str(folder / "out.npz"),
    }
    words = [word for pair in arguments.items() for word in pair]
    CliRunner().invoke(command, [*words, *more], catch_exceptions=False)


@pytest.mark.parametrize("base", list(SMALL))
def test_the_command_keeps_the_answer_of_a_written_network(folder, base):
    values = values_of(base, SMALL[base])
    settings = parse_tracker(values, "test")
    net = make_network(settings.training, seed=1)
    origin = {"settings": settings.training.model_dump(mode="json")}
    write_model(net, origin, folder / "model")
    call(folder, values, "--frame", "3")
    answer = fig07.load([f"mine={folder / 'out.npz'}"])[""]["mine"]
    side = net.response_side(settings.tracking.instance)
    assert answer.probability.shape == (side, side)
    assert ((answer.probability >= 0) & (answer.probability <= 1)).all()
    assert (int(answer.frame), str(answer.loss)) == (3, settings.training.loss.name)
    first = (folder / "out.npz").read_bytes()
    call(folder, values, "--frame", "3")
    assert (folder / "out.npz").read_bytes() == first


def test_errors_say_what_is_missing(folder):
    with pytest.raises(DsltError, match=r"model\.pt: no such file.*rule `train`"):
        call(folder, values_of("siamfc/lite"))
    with pytest.raises(DsltError, match="'mine': tracker 'dslt' has no classification"):
        call(folder, values_of("dslt/lite"))
    assert not (folder / "out.npz").exists()
