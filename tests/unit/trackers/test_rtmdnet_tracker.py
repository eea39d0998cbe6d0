"""RT-MDNet on procedural videos: it follows, repeats itself, fails as it should, mends boxes."""

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

from dslt.core.errors import DsltError
from dslt.data.pairs.heldout import heldout
from dslt.geometry.boxes import centers, iou
from dslt.networks.make import make_network
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.study.cells import resolve_settings
from dslt.trackers.make import start_tracker
from dslt.trackers.online import BoxRegression, OnlineClassifier, level_of
from places import ROOT

TINY = (
    "training.head.hidden=32; tracking.scene.side=288; tracking.candidates.count=64;"
    "tracking.first.positives=60; tracking.first.negatives=200; tracking.first.iterations=15;"
    "tracking.sgd.candidates=96; tracking.sgd.negatives=32; tracking.box.count=60;"
    "tracking.first.rate=1e-2"
)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def settings(overrides="", base="rtmdnet/lite"):
    joined = "; ".join(part for part in (TINY, overrides) if part)
    found = resolve_settings(base, joined, Path(ROOT, "config", "trackers"), "test")
    assert isinstance(found, RtmdNetSettings)
    return found


@pytest.fixture(scope="module")
def net():
    return make_network(settings().training)


@pytest.fixture(scope="module")
def video():
    return heldout(0, 1, 8, seed=5)[0]


def track(net, video, overrides="", seed=0, frames=8):
    tracker = start_tracker(settings(overrides), net, seed)
    tracker.initialize(video.frames[0], video.initial_box)
    found = [tracker.update(video.frames[index]) for index in range(1, frames)]
    return tracker, np.array([one.box for one in found]), [one.score for one in found]


@pytest.fixture(scope="module")
def usual(net, video):
    return track(net, video)


def test_it_follows_a_target(usual, video):
    _, boxes, _ = usual
    assert iou(boxes, video.ground_truth[1:8]).mean() > 0.5


def test_the_same_seed_gives_the_same_boxes_and_another_others(usual, net, video):
    torch.manual_seed(99)  # what others draw changes nothing
    _, boxes, scores = track(net, video, frames=5)
    assert np.array_equal(boxes, usual[1][:4])
    assert scores == usual[2][:4]
    assert not np.array_equal(track(net, video, seed=1, frames=2)[1], boxes[:1])


def test_the_network_is_not_changed(net, video):
    before = copy.deepcopy(net.state_dict())
    state = torch.get_rng_state()
    track(net, video, frames=3)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_a_tracker_can_be_started_again(usual, video):
    tracker, boxes, _ = usual
    tracker.initialize(video.frames[0], video.initial_box)
    assert np.array_equal(tracker.update(video.frames[1]).box, boxes[0])


@pytest.mark.parametrize("rule", ["keep", "follow"])
def test_failure(net, video, rule):
    """In frames without a target the box stays, or follows the best candidates."""
    never = f"tracking.success.failure={rule}; tracking.candidates.lost=1"
    tracker = start_tracker(settings(never), net)
    tracker.initialize(video.frames[0], video.initial_box)
    tracker.level = 1e9
    kept = len(tracker.positives)
    boxes = [tracker.update(video.frames[1]).box for _ in range(2)]
    assert np.array_equal(boxes[0], video.initial_box) == (rule == "keep")
    assert np.array_equal(boxes[0], boxes[1]) == (rule == "keep")
    assert len(tracker.positives) == kept
    assert tracker._candidates(video.frames[1]).std(axis=0)[0] > 0


def test_candidates_come_from_further_away_after_a_failure(usual, video):
    tracker, frame = usual[0], video.frames[0]
    spreads = []
    for tracker.found in (True, False):
        spreads.append(centers(tracker._candidates(frame)).std(axis=0).mean())
    tracker.found = True
    assert spreads[1] > 1.3 * spreads[0]


def test_the_device_is_asked_for_no_float64(net, video):
    """Apple's GPUs have none."""
    tracker = start_tracker(settings(), net)
    tracker.initialize(video.frames[0], video.initial_box)
    question = tracker.ask(video.frames[1])
    best = tracker.best(question, tracker.look(question.frame, question.scene))
    assert best.dtype == torch.float32
    assert best.shape == (5, 2 + net.fc4[0].in_features)


def test_only_a_short_and_a_long_memory_is_kept(net, video):
    short = "tracking.update.long=3; tracking.update.short=2; tracking.update.every=2"
    tracker, *_ = track(net, video, short, frames=6)
    assert (len(tracker.positives), len(tracker.negatives)) == (3, 2)


def test_updates_can_be_switched_off(net, video):
    tracker = start_tracker(settings("tracking.update.every=0"), net)
    tracker.initialize(video.frames[0], video.initial_box)
    before = copy.deepcopy(tracker.classifier.layers.state_dict())
    tracker.level = 1e9
    tracker.update(video.frames[1])
    after = tracker.classifier.layers.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


@pytest.mark.parametrize("name", ["bce", "focal", "shrinkage"])
def test_first_frame_is_learnt_with_every_loss(net, video, name):
    tracker, *_ = track(net, video, f"tracking.loss.name={name}", frames=2)
    frame, box = video.frames[0], video.initial_box
    first = tracker.settings.first
    tracker.box = box
    drawn = tracker._samples(frame, (first.positive, first.negative), (30, 100))
    scores = [tracker.classifier.scores(f) for f in tracker._first_features(frame, drawn)]
    assert scores[0].median() > scores[1].quantile(0.9)


def test_the_published_level_is_zero(net, video):
    assert track(net, video, "tracking.success.rule=published", frames=1)[0].level == 0


def test_level_moves_and_scales_with_the_scores():
    generator = torch.Generator().manual_seed(0)
    positives = 2 + torch.randn(400, generator=generator)
    negatives = -3 + 2 * torch.randn(900, generator=generator)
    level = level_of(positives, negatives, 0.05)
    share = (positives.quantile(0.05) + negatives.quantile(0.95)) / 2
    assert level == pytest.approx(float(share), abs=1e-6)
    assert level_of(3 * positives - 7, 3 * negatives - 7, 0.05) == pytest.approx(3 * level - 7)
    # Easy negatives that are pushed further away change nothing.
    pushed = torch.where(negatives < -3, 10 * negatives, negatives)
    assert level_of(positives, pushed, 0.05) == pytest.approx(level)


def test_hard_negatives_are_the_ones_with_the_highest_scores(net):
    values = settings("tracking.sgd.negatives=2; tracking.sgd.candidates=6").tracking
    classifier = OnlineClassifier(net, values.loss, values.sgd, np.random.default_rng(0))
    seen = []
    classifier.loss = lambda logits, labels, mask: seen.append(len(logits)) or logits.sum() * 0
    features = torch.randn(6, net.fc4[0].in_features, generator=torch.Generator().manual_seed(0))
    hardest = classifier.scores(features).topk(2).indices.sort().values
    inputs = []
    hook = classifier.layers[0].register_forward_pre_hook(lambda _, given: inputs.append(given[0]))
    optimiser = classifier.optimiser(1e-3)
    classifier.fit(optimiser, features[:1], features, iterations=1)
    hook.remove()
    batch = inputs[-1]
    assert seen == [values.sgd.positives + 2]
    chosen = [int((features == row).all(dim=1).nonzero()) for row in batch[-2:]]
    assert sorted(chosen) == hardest.tolist()


@pytest.mark.parametrize("clip", [10.0, 0.01, None])
def test_steps_are_those_of_torch_and_the_last_layer_is_ten_times_as_fast(net, clip):
    values = settings().tracking
    sgd = values.sgd.model_copy(update={"clip": clip})
    classifier = OnlineClassifier(net, values.loss, sgd, np.random.default_rng(0))
    layers = copy.deepcopy(classifier.layers).eval()
    last = list(layers[-1].parameters())
    others = [value for value in layers.parameters() if not any(value is one for one in last)]
    groups = [{"params": others, "lr": 1e-3}, {"params": last, "lr": 1e-2}]
    theirs = torch.optim.SGD(groups, momentum=sgd.momentum, weight_decay=sgd.weight_decay)
    ours = classifier.optimiser(1e-3)
    features = torch.randn(9, net.fc4[0].in_features, generator=torch.Generator().manual_seed(0))
    for _ in range(4):
        ours.step(classifier.layers.eval()(features).square().mean())
        theirs.zero_grad()
        layers(features).square().mean().backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(layers.parameters(), clip)
        theirs.step()
    assert last[0].shape == (2, 32)
    for one, other in zip(classifier.layers.parameters(), layers.parameters(), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("samples", [30, 8])
def test_ridge_regression_is_that_of_the_normal_equations(samples):
    random = np.random.default_rng(0)
    target = np.array([50.0, 60.0, 30.0, 20.0])
    boxes = target + random.normal(0, 2, (samples, 4))
    features = torch.from_numpy(random.normal(0, 1, (samples, 12)).astype(np.float32))
    x = features.double().numpy()
    shift = (centers(target) - centers(boxes)) / boxes[:, 2:]
    y = np.hstack([shift, np.log(target[2:] / boxes[:, 2:])])
    xc, yc = x - x.mean(0), y - y.mean(0)
    weight = np.linalg.solve(xc.T @ xc + 2.5 * np.eye(12), xc.T @ yc)
    wanted = xc @ weight + y.mean(0)
    found = BoxRegression(features, boxes, target, 2.5)(features, boxes)
    sizes = boxes[:, 2:] * np.exp(wanted[:, 2:])
    middles = centers(boxes) + wanted[:, :2] * boxes[:, 2:]
    assert np.allclose(found, np.hstack([middles - sizes / 2, sizes]))


def test_box_regression_improves_noisy_boxes_of_later_frames(net):
    """On held-out procedural videos, of photographs that no training pair has."""
    gains = []
    for video in heldout(0, 3, 4, seed=11):
        tracker = start_tracker(settings("tracking.box.count=300"), net)
        tracker.random = np.random.default_rng(0)
        tracker.box = video.initial_box.copy()
        regression = tracker._box_regression(video.frames[0])
        for index in range(1, 4):
            frame, truth = video.frames[index], video.ground_truth[index]
            noise = np.random.default_rng(index).normal(0, 0.12, (60, 4))
            boxes = truth + noise * np.tile(truth[2:], 2)
            tracker.box = truth
            features = tracker._features(tracker.look(frame, tracker._scene(frame, boxes)), boxes)
            moved = regression(features, boxes)
            gains.append(iou(moved, truth).mean() - iou(boxes, truth).mean())
    assert np.mean(gains) > 0.03, gains


@pytest.mark.parametrize(
    "box", [(0, 0, 320, 240), (160, 120, 2, 1.5), (-20, -20, 60, 60), (300, 5, 60, 200)]
)
def test_odd_targets_are_tracked_without_an_error(net, video, box):
    """One that fills the frame, one smaller than a cell, and two that lie half outside."""
    tracker = start_tracker(settings(), net)
    tracker.initialize(video.frames[0], np.array(box, dtype=np.float64))
    for index in (1, 2):
        prediction = tracker.update(video.frames[index])
        assert np.isfinite(prediction.box).all()
        assert (prediction.box[2:] > 0).all()


def test_no_negative_box_is_a_clear_error(net, video):
    tracker = start_tracker(
        settings(
            "tracking.first.negative.trans=0; tracking.first.negative.scale=1;"
            "tracking.first.negative.aspect=1"
        ),
        net,
    )
    with pytest.raises(DsltError, match=r"no negative box about the target .*: raise `trans` of"):
        tracker.initialize(video.frames[0], video.initial_box)


def test_broken_weights_are_told_of(video):
    broken = make_network(settings().training)
    with torch.no_grad():
        broken.fc4[0].weight[0, 0] = float("nan")
    tracker = start_tracker(settings(), broken)
    with pytest.raises(DsltError, match="RT-MDNet: the first frame's scores hold nan or inf"):
        tracker.initialize(video.frames[0], video.initial_box)


@pytest.mark.parametrize("rule", ["hull", "frame"])
def test_other_scenes(net, video, rule):
    _, boxes, _ = track(
        net, video, f"tracking.scene.rule={rule}; tracking.scene.side=480", frames=4
    )
    assert iou(boxes, video.ground_truth[1:4]).mean() > 0.4


def test_paper_preset_runs_with_weights_declared_random(video):
    small = (
        "training.backbone.weights=random; training.pairs.sources.vid=2;"
        "tracking.first.negatives=300; tracking.first.iterations=2; tracking.scene.side=400;"
        "tracking.first.jitters=[[0,0,0]]"
    )
    values = settings(small, "rtmdnet/paper")
    tracker = start_tracker(values, make_network(values.training))
    tracker.initialize(video.frames[0], video.initial_box)
    assert np.isfinite(tracker.update(video.frames[1]).box).all()
