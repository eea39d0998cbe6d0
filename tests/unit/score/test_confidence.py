"""Confidence is scored as a slow program scores it, and as vot-toolkit does where it has a say."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.core.errors import DsltError
from dslt.geometry.boxes import iou
from dslt.score.calibration import ScoreLevels
from dslt.score.confidence import ConfidenceScores, analyse
from dslt.score.long_term import ConfidentTrack, confidence_thresholds, sweep
from dslt.settings.protocols import ConfidenceProtocol, load_confidence
from places import ROOT

PROTOCOL = load_confidence(ROOT / "config" / "protocols.yaml")
SMALL = PROTOCOL.model_copy(update={"resolution": 8, "bins": 4})
TOOLKIT = json.loads((ROOT / "tests/golden/long_term.json").read_text(encoding="utf-8"))


def track(video: str, overlap: Sequence[float], score: Sequence[float], gone=()) -> ConfidentTrack:
    """A sequence; the first frame is added."""
    visible = np.array([True, *(i not in gone for i in range(len(overlap)))])
    overlaps = np.where(visible, [1.0, *overlap], 0.0)
    return ConfidentTrack(video, overlaps, np.array([np.nan, *score]), visible)


@st.composite
def runs(draw: st.DrawFn, least: int = 1) -> list[ConfidentTrack]:
    """Some sequences of two to four videos, with ties and frames without target."""
    grid = st.integers(0, 8).map(lambda value: value / 8)
    found = []
    for index in range(draw(st.integers(max(least, 2), 5))):
        count = draw(st.integers(2, 9))
        values = [draw(st.lists(grid, min_size=count, max_size=count)) for _ in range(2)]
        gone = draw(st.sets(st.integers(1, count - 1)))
        found.append(track(f"video{index % 4}", *values, gone=gone))
    return found


# ---------------------------------------------------------------------- the slow program


def slow_values(tracks: list[ConfidentTrack], protocol: ConfidenceProtocol) -> dict[str, float]:
    """All metrics by loops over frames."""
    precision, recall, f, threshold = slow_f(tracks, protocol)
    average, area = slow_ranking(tracks, protocol.hit)
    return {
        "confidence_f": f,
        "confidence_precision": precision,
        "confidence_recall": recall,
        "confidence_ap": average,
        "confidence_auroc": area,
        "confidence_ece": slow_error(tracks, protocol),
        "confidence_absent": slow_absent(tracks, threshold),
    }


def slow_f(tracks: list[ConfidentTrack], protocol: ConfidenceProtocol) -> tuple[float, ...]:
    best = (0.0, 0.0, -1.0, math.inf)
    for tau in slow_thresholds(tracks, protocol.resolution):
        precisions, recalls = [], []
        for one in tracks:
            frames = range(1, len(one.score))
            reported = [one.overlap[i] for i in frames if one.score[i] >= tau]
            visible = sum(one.visible[0 if protocol.first_frame == "counted" else 1 :])
            precisions.append(sum(reported) / len(reported) if reported else 1.0)
            recalls.append(sum(reported) / visible)
        precision, recall = (sum(some) / len(some) for some in (precisions, recalls))
        f = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        if f > best[2] + 1e-12:
            best = (precision, recall, f, tau)
    return best


def slow_thresholds(tracks: list[ConfidentTrack], resolution: int) -> list[float]:
    scores = sorted((s for one in tracks for s in one.score[1:]), reverse=True)
    if len(scores) > resolution - 2:
        margin = len(scores) // (resolution - 2)
        step = (len(scores) - 2 * margin) / (resolution - 3)
        scores = [scores[round(margin + k * step)] for k in range(resolution - 2)]
    return [math.inf, *scores, -math.inf]


def slow_frames(tracks: list[ConfidentTrack], hit: float) -> list[tuple[str, float, bool, float]]:
    """Video, score, whether it is a hit, and weight of each frame after the first."""
    return [
        (one.video, one.score[i], bool(one.overlap[i] >= hit), 1 / (len(one.score) - 1))
        for one in tracks
        for i in range(1, len(one.score))
    ]


def slow_ranking(tracks: list[ConfidentTrack], hit: float) -> tuple[float, float]:
    frames = slow_frames(tracks, hit)
    visible = sum(sum(one.visible[1:]) / (len(one.score) - 1) for one in tracks)
    average, before = 0.0, 0.0
    for tau in sorted({score for _, score, _, _ in frames}, reverse=True):
        shown = [(good, weight) for _, score, good, weight in frames if score >= tau]
        found = sum(weight for good, weight in shown if good)
        average += (found - before) / visible * found / sum(weight for _, weight in shown)
        before = found
    good = [(s, w) for _, s, hit_, w in frames if hit_]
    bad = [(s, w) for _, s, hit_, w in frames if not hit_]
    if not good or not bad:
        return average, math.nan
    won = sum(w * v * ((s > t) + (s == t) / 2) for s, w in good for t, v in bad)
    return average, won / sum(w for _, w in good) / sum(v for _, v in bad)


def slow_map(frames: list[tuple[str, float, bool, float]]) -> list[tuple[float, float]]:
    """The best ascending map: neighbours that descend are pooled until none does."""
    blocks = []
    for level in sorted({score for _, score, _, _ in frames}):
        own = [(good, weight) for _, score, good, weight in frames if score == level]
        total = sum(weight for _, weight in own)
        blocks.append([[level], sum(weight for good, weight in own if good), total])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            levels, hits, weight = blocks.pop()
            blocks[-1] = [blocks[-1][0] + levels, blocks[-1][1] + hits, blocks[-1][2] + weight]
    return [(level, hits / weight) for levels, hits, weight in blocks for level in levels]


def slow_chance(points: list[tuple[float, float]], score: float) -> float:
    """Linear between the points, level beyond them."""
    if score <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if score <= right:
            return low + (high - low) * (score - left) / (right - left)
    return points[-1][1]


def slow_error(tracks: list[ConfidentTrack], protocol: ConfidenceProtocol) -> float:
    frames = slow_frames(tracks, protocol.hit)
    if len({video for video, *_ in frames}) < 2:
        return math.nan
    said = []
    for video, score, good, weight in frames:
        points = slow_map([one for one in frames if one[0] != video])
        said.append((round(slow_chance(points, score), 12), good, weight))
    total, below, bins = sum(weight for *_, weight in said), 0.0, {}
    for value in sorted({value for value, *_ in said}):
        own = [one for one in said if one[0] == value]
        weight = sum(w for *_, w in own)
        # In units of a bin, without the errors of rounding that decide at its edges.
        place = (below + weight / 2) / total * protocol.bins
        bins.setdefault(min(int(place + 1e-9), protocol.bins - 1), []).extend(own)
        below += weight
    return sum(abs(sum(w * (good - v) for v, good, w in own)) for own in bins.values()) / total


def slow_absent(tracks: list[ConfidentTrack], threshold: float) -> float:
    shares = []
    for one in tracks:
        gone = [s for s, seen in zip(one.score[1:], one.visible[1:], strict=True) if not seen]
        if gone:
            shares.append(sum(s < threshold for s in gone) / len(gone))
    return sum(shares) / len(shares) if shares else math.nan


def assert_same(found: dict[str, float], expected: dict[str, float], names=None) -> None:
    for name in names or expected:
        assert found[name] == pytest.approx(expected[name], abs=1e-9, nan_ok=True), name


# ---------------------------------------------------------------------- tests


@settings(max_examples=150, deadline=None)
@given(tracks=runs(), first=st.sampled_from(["counted", "left_out"]), bins=st.integers(1, 4))
def test_a_slow_program_says_the_same(tracks, first, bins):
    protocol = SMALL.model_copy(update={"first_frame": first, "bins": bins})
    found = analyse(tracks, protocol)
    assert_same(found.values, slow_values(tracks, protocol))
    for index, video in enumerate(found.videos):
        others = [one for one in tracks if one.video != video]
        without = {name: values[index] for name, values in found.without.items()}
        assert_same(without, slow_values(others, protocol))


@pytest.mark.parametrize("name", TOOLKIT["cases"])
def test_vot_toolkit_says_the_same(name):
    case = TOOLKIT["cases"][name]
    tracks = []
    for one in case["sequences"]:
        truth, boxes = (
            np.array([box or [np.nan] * 4 for box in one[key]]) for key in ("truth", "boxes")
        )
        visible = ~np.isnan(truth[:, 0])
        overlap = np.nan_to_num(iou(boxes, truth))
        scores = np.array([np.nan, *one["scores"][1:]])
        tracks.append(ConfidentTrack("", overlap, scores, visible))
    found, says = sweep(tracks, PROTOCOL), case["says"]
    assert found.thresholds[1:-1].tolist() == says["thresholds"]
    assert found.thresholds[[0, -1]].tolist() == [math.inf, -math.inf]
    for curve, expected in ((found.precision, "precision"), (found.recall, "recall")):
        np.testing.assert_allclose(curve, says[expected], atol=1e-9)
    np.testing.assert_allclose(found.f, says["f_curve"], atol=1e-9)
    values = {"f": found.f, "precision": found.precision, "recall": found.recall}
    for key, expected in says["best"].items():
        assert values[key][found.best] == pytest.approx(expected, abs=1e-9)


def test_the_toolkit_had_its_say():
    assert TOOLKIT["made with"] == "vot-toolkit 0.9.0"
    assert {name: len(one["says"]["thresholds"]) for name, one in TOOLKIT["cases"].items()} == {
        "long": PROTOCOL.resolution - 2,
        "short": 17,
        "one": 29,
    }
    assert any(None in one["truth"] for one in TOOLKIT["cases"]["long"]["sequences"])


# Two sequences: a perfect score in the first; the second is a hit once, where the score is low.
PERFECT = track("a", [1.0, 1.0, 0.0, 0.0], [0.9, 0.8, 0.2, 0.1], gone={2, 3})
WRONG = track("b", [0.0, 0.6], [0.7, 0.3])


def scored(*tracks: ConfidentTrack, **changes: object) -> ConfidenceScores:
    return analyse(tracks, PROTOCOL.model_copy(update=changes))


def test_a_score_that_knows_everything():
    found = scored(PERFECT).values
    assert_same(
        found,
        {
            "confidence_f": 0.8,  # at 0.8: precision 1, recall 2 of 3 visible frames
            "confidence_precision": 1.0,
            "confidence_recall": 2 / 3,
            "confidence_ap": 1.0,
            "confidence_auroc": 1.0,
            "confidence_ece": math.nan,  # there is no other video to fit a map on
            "confidence_absent": 1.0,
        },
    )
    assert scored(PERFECT, first_frame="left_out").values["confidence_f"] == 1.0


def test_sequences_count_alike():
    """Ranked: 0.9 hit, 0.8 hit, 0.7 miss, 0.3 hit, two misses; a frame weighs 1/4 or 1/2."""
    found = scored(PERFECT, WRONG).values
    gains = 0.25 * 1 + 0.25 * 1 + 0.5 * 1 / 1.5
    assert found["confidence_ap"] == pytest.approx(gains / (0.5 + 1))
    # Of the misses the one of weight 1/2 stands before the hit of weight 1/2.
    assert found["confidence_auroc"] == pytest.approx((0.5 * 1 + 0.5 * 0.5) / 1)


def test_each_video_is_mapped_by_the_others():
    """On b a high score is a miss, so a's high scores get a low probability, and the reverse."""
    levels = ScoreLevels.of([PERFECT, WRONG], PROTOCOL)
    first, second = levels.chances()
    assert levels.videos == ("a", "b")
    assert first.tolist() == [0.5] * 6  # of b: a hit below a miss, pooled
    assert second.tolist() == pytest.approx([0, 0, 1 / 6, 5 / 6, 1, 1])  # 0.3 and 0.7 in between
    # a: half of its frames are hits. b: 1/6 where there is a hit, 5/6 where there is none.
    assert levels.calibration_error(levels.chances(), 10) == pytest.approx((5 / 6 + 5 / 6) / 4)


def test_without_a_video_is_what_the_others_score():
    found = scored(PERFECT, WRONG)
    for index, other in enumerate((WRONG, PERFECT)):
        alone = scored(other).values
        assert_same({name: v[index] for name, v in found.without.items()}, alone)


def test_nothing_to_tell_apart_is_undefined():
    found = scored(track("a", [0.9, 0.9], [0.5, 0.5]), track("b", [0.9], [0.5])).values
    assert math.isnan(found["confidence_auroc"])
    assert math.isnan(found["confidence_absent"])
    assert found["confidence_ap"] == 1.0
    assert found["confidence_ece"] == 0.0


def test_many_scores_are_told_apart_by_quantiles():
    source = np.random.default_rng(0)
    scores = source.random((6, 400))
    tracks = [
        track(f"v{i}", source.random(400) < one, one) for i, one in enumerate(scores)
    ]  # the score is the probability of a hit
    exact, rough = scored(*tracks), scored(*tracks, levels=100)
    assert len(ScoreLevels.of(tracks, PROTOCOL.model_copy(update={"levels": 100})).scores) == 100
    for name, value in exact.values.items():
        assert rough.values[name] == pytest.approx(value, abs=0.02, nan_ok=True), name
    assert exact.values["confidence_ece"] < 0.05
    np.testing.assert_allclose(exact.raw.hits, exact.raw.said, atol=0.1)
    np.testing.assert_allclose(exact.raw.weight, 0.1, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(tracks=runs())
def test_a_monotone_change_of_scores_changes_nothing_but_the_map_between_levels(tracks):
    changed = [ConfidentTrack(t.video, t.overlap, t.score**3 - 5, t.visible) for t in tracks]
    found, other = (analyse(some, SMALL).values for some in (tracks, changed))
    ranks = [name for name in found if name != "confidence_ece"]
    assert_same(other, found, ranks)


def test_thresholds_are_few_or_all():
    few = confidence_thresholds(np.array([0.2, 0.9, 0.2]), 100)
    assert few.tolist() == [math.inf, 0.9, 0.2, 0.2, -math.inf]
    many = confidence_thresholds(np.arange(1000.0), 12)
    assert len(many) == 12
    assert many[1] == 899  # the first tenth is skipped, as in the toolkit
    assert (np.diff(many) < 0).all()


def test_the_entry_of_the_protocols_is_needed(tmp_path):
    path = tmp_path / "protocols.yaml"
    path.write_text("{}")
    with pytest.raises(DsltError, match=r"lacks the entry `confidence`"):
        load_confidence(path)
    path.write_text("confidence: {kind: confidence, bins: 1}")
    with pytest.raises(DsltError, match=r"confidence.*bins"):
        load_confidence(path)
