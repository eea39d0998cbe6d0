"""Published supervised results score as the VOT toolkits score them."""

from __future__ import annotations

import numpy as np
import pytest

from dslt.data.sequences.target import INITIALIZED, TRACKED, Trajectory
from dslt.score.expected_overlap import interval_of_lengths
from dslt.score.read_runs import read_runs
from dslt.score.vot import analyse, truth_corners
from dslt.settings.protocols import alternatives, load_protocols
from places import ROOT
from published import RESULTS, needs, vot_targets

TOLERANCE = 0.0005
PROTOCOL = load_protocols(ROOT / "config" / "protocols.yaml")["vot2018"]

pytestmark = needs("annotations/VOT2018", "results/VOT2018/DaSiamRPN")


@pytest.fixture(scope="module")
def targets():
    return vot_targets(2018)


@pytest.fixture(scope="module")
def runs(targets):
    found = read_runs(RESULTS / "VOT2018" / "DaSiamRPN", targets)[0]
    return [found[name] for name in targets]


def score(targets, runs, protocol=PROTOCOL):
    return analyse(list(targets.values()), runs, protocol)


def test_dasiamrpn_on_vot2018(targets, runs):
    scores = score(targets, runs)
    assert scores.frames.sum() == 21356
    assert scores.accuracy == pytest.approx(0.5858, abs=TOLERANCE)
    assert scores.failures == 59
    assert scores.robustness == pytest.approx(0.2763, abs=TOLERANCE)
    assert scores.eao == pytest.approx(0.3827, abs=TOLERANCE)
    assert scores.eao_interval == (100, 356)


@needs("results/VOT2016")
def test_siammask_on_vot2016():
    truth = vot_targets(2016)
    found = read_runs(RESULTS / "VOT2016" / "SiamMask_E", truth)[0]
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["vot2016"]
    scores = score(truth, [found[name] for name in truth], protocol)
    assert scores.accuracy == pytest.approx(0.6444, abs=TOLERANCE)
    assert scores.failures == 45
    assert scores.robustness == pytest.approx(0.2097, abs=TOLERANCE)
    assert scores.eao == pytest.approx(0.4516, abs=TOLERANCE)
    assert scores.eao_interval == (108, 371)


def test_the_challenges_interval_follows_from_the_lengths(targets):
    assert interval_of_lengths([len(target.truth) for target in targets.values()]) == (100, 356)


def test_size_of_each_convention(targets, runs):
    official = score(targets, runs)
    changed = {
        name: score(targets, runs, protocol)
        for name, protocol in alternatives(PROTOCOL, "vot2018").items()
    }
    exact = changed["exact_polygons"]
    assert 0.001 < official.accuracy - exact.accuracy < 0.005
    assert 0 < official.eao - exact.eao < 0.003
    assert 0 < changed["pixel_rectangles"].eao - official.eao < 0.005
    assert changed["accuracy_by_length"].eao == official.eao
    assert abs(changed["unbounded"].accuracy - official.accuracy) < 0.001


def test_the_truth_scores_one(targets):
    runs = []
    for target in targets.values():
        corners, boxes = truth_corners(target)
        states = np.full(len(corners), TRACKED, dtype=np.int8)
        states[0] = INITIALIZED
        runs.append([Trajectory(states, corners, boxes)])
    scores = score(targets, runs)
    assert scores.accuracy == scores.eao == 1
    assert scores.failures == scores.failures_weighted == 0


def test_repeated_runs_change_nothing(targets, runs):
    once, thrice = score(targets, runs), score(targets, [[*run, *run, *run] for run in runs])
    assert thrice.accuracy == pytest.approx(once.accuracy)
    assert thrice.eao == pytest.approx(once.eao)
    assert thrice.failures_weighted == pytest.approx(once.failures_weighted)
