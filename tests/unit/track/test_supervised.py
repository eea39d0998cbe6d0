"""The reset-based experiment: failures, new starts, absent truth, and the files of a run."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.cli import group
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import load_index
from dslt.data.sequences.target import (
    INITIALIZED,
    SKIPPED,
    TRACKED,
    Target,
)
from dslt.geometry.boxes import iou
from dslt.geometry.regions import area_preserving_boxes, bounding_boxes
from dslt.score.read_boxes import read_results
from dslt.score.read_runs import read_runs
from dslt.settings.protocols import parse_protocol
from dslt.track.one_pass import alone
from dslt.track.supervised import initial_boxes, supervised, write_supervised_run
from dslt.trackers.base import Prediction, TrainingRecord
from places import ROOT

PROTOCOLS = ROOT / "config" / "protocols.yaml"
DEFINITION = yaml.safe_load(PROTOCOLS.read_text())["vot2018"]
VOT = parse_protocol(DEFINITION, "vot2018")
WIDTH, HEIGHT = 200, 100
HERE, THERE = np.array([20.0, 30, 40, 20]), np.array([120.0, 30, 40, 20])
NOTHING = np.full(4, np.nan)


def protocol(**changes):
    return VOT.model_copy(update=changes)


class Frames:
    """Frames that carry their number in their first pixel."""

    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        frame = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        frame[0, 0] = index
        return frame


class Scripted:
    """Says for each frame what a script says; notes where it was started."""

    def __init__(self, script, starts):
        self.script, self.starts = script, starts
        self.record = TrainingRecord()

    def initialize(self, frame, box):
        assert not self.record.loss, "a tracker was started twice"
        self.starts.append((int(frame[0, 0, 0]), box.tolist()))
        self.record.loss, self.record.criterion = [float(frame[0, 0, 0])], [1.0]

    def update(self, frame):
        index = int(frame[0, 0, 0])
        return Prediction(np.asarray(self.script[index], dtype=float), index / 1000)


def follow(script, truth=None, corners=None, rules=VOT):
    truth = np.array([HERE] * len(script) if truth is None else truth, dtype=float)
    target = Target(truth, (), "video", corners=corners)
    starts = []
    course = supervised(Frames(len(script)), target, rules, "test")
    run = alone(course, lambda: Scripted(script, starts))
    return run, starts


def codes(run):
    return "".join(map(str, run.states.tolist()))


def test_without_failure_it_is_one_pass():
    run, starts = follow([HERE + index for index in range(4)])
    assert codes(run) == "1333"
    assert starts == [(0, HERE.tolist())]
    assert run.boxes.tolist() == [HERE.tolist(), *((HERE + i).tolist() for i in (1, 2, 3))]
    assert np.isnan(run.scores[0])
    assert run.scores[1:].tolist() == [0.001, 0.002, 0.003]
    assert (run.seconds >= 0).all()


def test_a_failure_is_followed_by_a_fresh_start_five_frames_later():
    run, starts = follow([HERE, HERE, THERE, *[HERE] * 7])
    assert codes(run) == "1320000133"
    assert [start for start, _ in starts] == [0, 7]
    skipped = run.states == SKIPPED
    assert np.isnan(run.boxes[skipped]).all()
    assert np.isnan(run.seconds[skipped]).all()
    assert run.boxes[2].tolist() == THERE.tolist()
    assert run.record.loss == [0.0]  # of the first start


@pytest.mark.parametrize(("after", "expected"), [(1, "13213"), (2, "13201"), (9, "13200")])
def test_the_protocol_says_when_it_starts_again(after, expected):
    run, _ = follow([HERE, HERE, THERE, HERE, HERE], rules=protocol(reinitialize_after=after))
    assert codes(run) == expected


def test_it_can_fail_right_after_a_start_and_on_the_last_frame():
    run, _ = follow([HERE, THERE, *[HERE] * 5, THERE], rules=protocol(reinitialize_after=5))
    assert codes(run) == "12000012"


def test_one_frame_is_enough():
    assert codes(follow([HERE])[0]) == "1"


@pytest.mark.parametrize("box", [NOTHING, [np.inf, 30, 40, 20], [20, 30, -4, 20], [20, 30, 0, 0]])
def test_a_box_that_is_none_has_failed(box):
    run, _ = follow([HERE, box, HERE])
    assert codes(run) == "120"


def test_a_frame_without_truth_is_no_failure_and_no_start():
    truth = [HERE, NOTHING, HERE, HERE, NOTHING, NOTHING, HERE]
    run, starts = follow(
        [HERE, THERE, THERE, *[HERE] * 4], truth, rules=protocol(reinitialize_after=2)
    )
    assert codes(run) == "1320001"
    assert [start for start, _ in starts] == [0, 6]


@pytest.mark.parametrize(
    "box", [NOTHING, [20, 30, 0, 20], [20, 30, 0.6, 0.6], [WIDTH, 30, 40, 20], [-40, 30, 40, 20]]
)
def test_it_starts_again_only_where_the_target_can_be_seen(box):
    rules = protocol(reinitialize_after=1)
    assert codes(follow([HERE, THERE, HERE, HERE], [HERE, HERE, box, HERE], rules=rules)[0]) == (
        "1201"
    )


def test_a_box_without_truth_that_is_none_has_failed():
    assert codes(follow([HERE, NOTHING, HERE], [HERE, NOTHING, HERE])[0]) == "120"


def test_touching_pixels_overlap_as_the_raster_says_and_not_by_area():
    beside = [60, 30, 40, 20]  # begins where the truth ends, both drawn with their last pixel
    assert codes(follow([HERE, beside, HERE])[0]) == "133"
    assert codes(follow([HERE, beside, HERE], rules=protocol(overlap="polygon"))[0]) == "120"
    assert codes(follow([HERE, beside, HERE], rules=protocol(rectangles="pixels"))[0]) == "120"


def test_bounds_decide_what_meets_only_outside_the_image():
    truth = [HERE, [-30, 30, 40, 20], HERE]
    outside = [HERE, [-60, 30, 35, 20], HERE]
    assert codes(follow(outside, truth)[0]) == "120"
    assert codes(follow(outside, truth, rules=protocol(bounds="none"))[0]) == "133"


def test_a_polygon_starts_a_tracker_by_the_protocols_rule():
    tilted = np.array([[[60, 20], [100, 40], [80, 70], [40, 50]]], dtype=float)
    corners = np.repeat(tilted, 3, axis=0)
    truth = bounding_boxes(corners)
    for rule, expected in (
        ("area_preserving", area_preserving_boxes(tilted)[0]),
        ("bounding", bounding_boxes(tilted)[0]),
    ):
        rules = protocol(initial_box=rule)
        run, starts = follow([truth[0]] * 3, truth, corners, rules)
        assert codes(run) == "133"
        assert starts == [(0, pytest.approx(expected.tolist()))]
        target = Target(truth, (), "video", corners=corners)
        assert initial_boxes(target, rules)[2] == pytest.approx(expected)


def test_the_polygon_is_judged_and_not_its_bounding_box():
    tilted = np.array([[[60, 20], [110, 60], [100, 70], [50, 30]]], dtype=float)
    corner = [51, 60, 10, 9]  # inside the bounding box, beside the polygon
    corners = np.repeat(tilted, 2, axis=0)
    assert codes(follow([corner, corner], bounding_boxes(corners), corners)[0]) == "12"


@pytest.mark.parametrize(
    ("truth", "words"),
    [
        ([NOTHING, HERE], "test, frame 0: the initial box NaN,NaN,NaN,NaN is not a number"),
        ([[20, 30, 0, 20], HERE], "has no area"),
        ([[300, 30, 40, 20], HERE], "lies outside the frame of 200x100"),
        ([HERE], "test: 2 frames, but ground truth of 1 frames"),
    ],
)
def test_a_truth_that_cannot_start_a_run_is_an_error(truth, words):
    with pytest.raises(DsltError, match=words):
        follow([HERE, HERE], truth)


def naive(script, truth, after):
    """The rules once more, frame numbers instead of a state."""
    states, index = [0] * len(script), 0
    while index < len(script):
        if index and np.isnan(truth[index]).any():
            index += 1
            continue
        states[index] = 1
        index += 1
        while index < len(script):
            if not np.isnan(truth[index]).any() and iou(script[index], truth[index]) == 0:
                states[index] = 2
                index += after
                break
            states[index] = 3
            index += 1
    return states


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 7),
)
def test_states_are_those_of_a_plain_loop(events, after):
    script = [THERE if lost else HERE for lost, _ in events]
    truth = [HERE if index == 0 or seen else NOTHING for index, (_, seen) in enumerate(events)]
    run, starts = follow(script, truth, rules=protocol(reinitialize_after=after))
    assert run.states.tolist() == naive(script, truth, after)
    assert len(starts) == int((run.states == INITIALIZED).sum())
    trajectory = run.trajectory
    tracked = run.states == TRACKED
    assert (np.isnan(trajectory.corners).any(axis=(1, 2)) == ~tracked).all()
    assert (trajectory.rectangles == tracked).all()
    assert np.array_equal(bounding_boxes(trajectory.corners[tracked]), run.boxes[tracked])


def test_files_of_a_run(tmp_path):
    run, _ = follow(
        [HERE, HERE + 1 / 3, THERE, HERE, HERE, HERE], rules=protocol(reinitialize_after=2)
    )
    write_supervised_run(run, tmp_path, "cup")
    assert (tmp_path / "cup.txt").read_bytes() == (
        b"1\n20.3333,30.3333,40.3333,20.3333\n2\n0\n1\n20.0000,30.0000,40.0000,20.0000\n"
    )
    with (tmp_path / "cup.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == ["frame", "x", "y", "w", "h", "score", "seconds", "state"]
    assert [row["state"] for row in rows] == [
        *("initialized", "tracked", "failed", "skipped", "initialized", "tracked")
    ]
    assert [rows[2][key] for key in "xywh"] == ["120.0000", "30.0000", "40.0000", "20.0000"]
    assert [rows[3][key] for key in ("frame", "x", "h", "score", "seconds")] == ["3", *[""] * 4]
    assert (tmp_path / "cup.training.csv").read_text() == "iteration,loss,criterion\n0,0,1\n"


def test_a_run_reads_back_as_it_was(tmp_path):
    run, _ = follow([HERE, HERE + 0.25, THERE, *[HERE] * 7])
    write_supervised_run(run, tmp_path, "cup")
    target = Target(np.array([HERE] * 10), (), "video")
    runs, seconds, notes = read_runs(tmp_path, {"cup": target})
    (read,) = runs["cup"]
    assert read.states.tolist() == run.states.tolist()
    assert np.allclose(read.corners, run.trajectory.corners, equal_nan=True)
    assert read.rectangles.tolist() == run.trajectory.rectangles.tolist()
    assert len(seconds["cup"]) == 3
    assert not [note for note in notes if "cup" in note]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """An index of a synthetic scene."""
    path = tmp_path_factory.mktemp("data") / "index.parquet"
    definition = yaml.safe_load((PROTOCOLS.parent / "benchmarks.yaml").read_text())["synthetic"]
    definition |= {"sequences": definition["sequences"][:1]}
    words = ("index", "synthetic", "--definition", json.dumps(definition), "--out", str(path))
    done = CliRunner().invoke(group, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return path


def track(index, out, *words):
    settings = json.dumps({"tracker": "opencv", "algorithm": "kcf"})
    start = ["track", "--cell", "kcf", "--settings", settings, "--index", str(index)]
    every = [*start, "--out", str(out), *words]
    done = CliRunner().invoke(group, every, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return {path.name: path.read_bytes() for path in sorted(out.glob("*.txt"))}


def test_the_protocol_chooses_the_experiment(index, tmp_path):
    name = load_index(index).names[0]
    vot = ("--protocol-definition", json.dumps(DEFINITION))
    once = track(index, tmp_path / "once", *vot)
    assert once == track(index, tmp_path / "twice", *vot)  # byte for byte
    lines = once[f"{name}.txt"].decode().splitlines()
    assert lines[0] == "1"
    assert sorted(path.name for path in (tmp_path / "once").iterdir()) == [
        *(f"{name}{end}" for end in (".csv", ".training.csv", ".txt"))
    ]

    ope = json.dumps(yaml.safe_load(PROTOCOLS.read_text())["otb"])
    one_pass = track(index, tmp_path / "ope", "--protocol-definition", ope)
    assert one_pass == track(index, tmp_path / "default")
    assert one_pass != once
    truth = {name: Target(np.array([[0.0, 0, 1, 1]]), (), name)}
    with pytest.raises(DsltError):  # a supervised run is no one-pass result
        read_results(tmp_path / "once", truth)


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", "--protocol-definition: not JSON"), ('{"kind": "x"}', "unknown kind of protocol 'x'")],
)
def test_a_wrong_protocol_is_an_error(index, tmp_path, text, words):
    with pytest.raises(DsltError, match=words):
        track(index, tmp_path, "--protocol-definition", text)
