"""One stream with lockstep's arithmetic, and its graphs, in software where there is no GPU."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.core.device import arithmetic_of_gpu, choose_lockstep, plain_torch
from dslt.core.errors import DsltError
from dslt.data.pairs.heldout import heldout
from dslt.data.sequences.frames import Sequence
from dslt.geometry.boxes import iou, write_boxes
from dslt.networks.make import make_network
from dslt.networks.saved import write_model
from dslt.settings.identity import identify
from dslt.settings.registry import TRACKERS, entry_of
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.study.cells import resolve_settings
from dslt.trackers.lanes import LaneMaker
from dslt.trackers.make import prepare_lanes, prepare_stream, start_tracker
from dslt.trackers.stream import StepGraphs, StreamTracker
from places import ROOT
from soft_graph import pretend_cuda

RANDOM = "training.backbone.weights=random"
SMALL = "training.crops.search=143; tracking.instance=143"
UPDATE = "; ".join(
    f"tracking.update.{key}={value}"
    for key, value in {"together": "false", "recrop": "true", "every": 1, "memory": 2}.items()
)
CASES = {
    "dslt": ("dslt/lite", "training.iterations=8"),
    "dslt, as in the paper": ("dslt/lite", f"training.iterations=2; {UPDATE}"),
    "siamfc": ("siamfc/lite", SMALL),
    "siamrpn": ("siamrpn/pysot", SMALL),
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def gpu_like() -> Iterator[None]:
    """As on a GPU, where the host reads nothing on the way; an engine's work is none of torch's."""
    with arithmetic_of_gpu(), plain_torch():
        yield


@pytest.fixture(scope="module")
def video() -> Sequence:
    (made,) = heldout(1, 0, 4, 3)
    return made


class Case:
    """A tracker with random weights, on the exact path and in lanes."""

    def __init__(self, name: str) -> None:
        base, words = CASES[name]
        words = f"{RANDOM}; {words}"
        self.settings: Any = resolve_settings(base, words, ROOT / "config" / "trackers", "test")
        entry = entry_of(self.settings)
        torch.manual_seed(1)
        self.net = make_network(self.settings.learnt) if entry.offline else None

    def tracker(self) -> Any:
        return start_tracker(self.settings, self.net)

    def maker(self) -> LaneMaker:
        entry = entry_of(self.settings)
        options = {"net": self.net} if entry.offline else {}
        maker: LaneMaker = entry.load("lanes")(self.settings, **options)
        return maker


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(request.param)


def test_every_kind_of_tracker_with_lanes_is_tried() -> None:
    tried = {base.partition("/")[0] for base, _ in CASES.values()}
    assert tried == {name for name, entry in TRACKERS.items() if entry.lanes and entry.graphs}


def follow(tracker: Any, video: Sequence) -> list[Any]:
    tracker.initialize(video.frames[0], video.initial_box)
    return [tracker.update(video.frames[number]) for number in range(1, len(video))]


def test_a_stream_finds_what_the_exact_tracker_finds(case: Case, video: Sequence) -> None:
    stream = StreamTracker(case.maker())
    assert stream.record.loss == []
    exact = case.tracker()
    one, other = follow(stream, video), follow(exact, video)
    overlaps = iou([p.box for p in one], [p.box for p in other])
    assert overlaps.min() > 0.999
    assert [p.score for p in one] == pytest.approx([p.score for p in other], rel=1e-3, abs=1e-3)
    assert stream.record.loss == pytest.approx(exact.record.loss, rel=1e-3)


@pytest.mark.usefixtures("gpu_like")
def test_graphs_find_what_the_steps_find(
    case: Case, video: Sequence, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_cuda(monkeypatch)
    plain, graphed = StreamTracker(case.maker()), StreamTracker(case.maker())
    for tracker in (plain, graphed):
        tracker.initialize(video.frames[0], video.initial_box)
    assert graphed.lanes is not None
    graphs = StepGraphs(graphed.lanes)
    graphed.step = graphs
    for number in range(1, len(video)):
        one, other = (t.update(video.frames[number]) for t in (plain, graphed))
        assert np.array_equal(one.box, other.box)
        assert one.score == other.score
    # One capture for each kind of step, replayed from then on.
    replays = [graph.replays for graph, *_ in graphs.graphs.values()]  # type: ignore[attr-defined]
    assert sum(replays) == len(video) - 1
    # A larger frame gets new memory, and its own graph.
    larger = np.pad(video.frames[3], ((0, 30), (0, 40), (0, 0)))
    one, other = (t.update(larger) for t in (plain, graphed))
    assert np.array_equal(one.box, other.box)


def test_an_answer_that_is_not_finite_is_an_error(video: Sequence) -> None:
    case = Case("siamfc")
    for value in case.net.parameters():
        value.data.fill_(torch.nan)
    stream = StreamTracker(case.maker())
    with pytest.raises(DsltError, match="nan or inf"):
        follow(stream, video)


def test_a_stream_is_what_a_sequence_is_in_a_lane_of_its_own(
    tmp_path: Path, video: Sequence
) -> None:
    folder = tmp_path / "videos" / "one"
    (folder / "img").mkdir(parents=True)
    for number in range(len(video)):
        Image.fromarray(video.frames[number]).save(folder / "img" / f"{number + 1:04d}.bmp")
    write_boxes(folder / "groundtruth_rect.txt", video.ground_truth)
    definition = {"kind": "folder", "protocol": "otb", "root": str(folder.parent)}
    index = tmp_path / "index.parquet"
    run("index", "own", "--definition", json.dumps(definition), "--out", index)
    settings = Case("dslt").settings.model_dump_json()
    words = ("track", "--cell", "c", "--settings", settings, "--index", index, "--device", "cpu")
    boxes = {}
    for way in ("graphs", "exact"):
        run(*words, "--lockstep", way, "--out", tmp_path / way)
        boxes[way] = (tmp_path / way / "one.txt").read_bytes()
    assert boxes["graphs"] == boxes["exact"]


def run(*words: object) -> str:
    done = CliRunner().invoke(group, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_a_tracker_without_lanes_has_no_stream() -> None:
    settings = resolve_settings("opencv/kcf", "", ROOT / "config" / "trackers", "test")
    with pytest.raises(DsltError, match="runs one sequence at a time"):
        prepare_lanes(settings)
    with pytest.raises(DsltError, match="'opencv' decides on the host within a frame"):
        prepare_stream(settings)
    assert choose_lockstep("graphs", "cuda", able=True) == "graphs"
    assert choose_lockstep("graphs", "cuda", able=False) == "never"


def test_rtmdnet_has_lanes_and_no_graphs(tmp_path: Path) -> None:
    settings = resolve_settings("rtmdnet/lite", "", ROOT / "config" / "trackers", "test")
    assert isinstance(settings, RtmdNetSettings)
    write_model(make_network(settings.training, 0), identify(settings.training, 0, {}), tmp_path)
    prepare_lanes(settings, weights=tmp_path / "model.pt")
    with pytest.raises(DsltError, match="on the host within a frame; expected dslt or siamfc or"):
        prepare_stream(settings)
    assert choose_lockstep("graphs", "cuda", able=True, graphs=False) == "never"
    assert choose_lockstep("auto", "cuda", able=True, graphs=False) == "exact"
