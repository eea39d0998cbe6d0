"""Reset-based evaluation, convention by convention, with values computed by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.core.errors import DsltError
from dslt.data.sequences.target import (
    FAILED,
    INITIALIZED,
    SKIPPED,
    TRACKED,
    Target,
    Trajectory,
)
from dslt.geometry.regions import box_corners
from dslt.score.expected_overlap import interval_of_lengths
from dslt.score.vot import VotScores, analyse
from dslt.settings.protocols import load_protocols
from places import ROOT

CONFIG = ROOT / "config" / "protocols.yaml"
PROTOCOLS = load_protocols(CONFIG)
VOT = PROTOCOLS["vot2018"]
SHORT = PROTOCOLS["vot_short"]
NAN = float("nan")
LETTERS = {"i": INITIALIZED, "x": FAILED, "-": SKIPPED}


def varied(protocol=SHORT, **changes):
    return protocol.model_validate({**protocol.model_dump(), **changes})


def every(low, high, **changes):
    """A protocol without burn-in whose EAO covers the lengths `low` to `high`."""
    return varied(eao_interval=(low, high), **{"burn_in": 1, **changes})


def target(frames, name="s", **changes):
    """A box of 100 by 10 drawn pixels in each frame."""
    truth = np.tile([0.0, 0, 99, 9], (frames, 1))
    return replace(Target(truth, (), name, size=(200, 50)), **changes)


def run(*frames):
    """A run of letters and of overlaps in percent with `target`."""
    states = np.array([LETTERS.get(frame, TRACKED) for frame in frames], dtype=np.int8)
    boxes = np.full((len(frames), 4), NAN)
    for index, frame in enumerate(frames):
        if frame == 0:
            boxes[index] = [150, 0, 9, 9]
        elif frame not in LETTERS:
            boxes[index] = [0, 0, frame - 1, 9]
    return Trajectory(states, box_corners(boxes), np.ones(len(frames), bool))


def one(trajectory, protocol, **changes) -> VotScores:
    return analyse([target(len(trajectory.states), **changes)], [[trajectory]], protocol)


def with_failure(frames, at, after=5):
    """The run with a failure at `at` and the re-initialisation that follows."""
    changed = list(frames)
    changed[at] = "x"
    changed[at + 1 : at + after] = "-" * len(changed[at + 1 : at + after])
    if at + after < len(changed):
        changed[at + after] = "i"
    return changed


overlap = st.integers(2, 100)
runs_of_one_piece = st.lists(overlap, min_size=2, max_size=40).map(lambda rest: ["i", *rest])


@st.composite
def supervised(draw):
    """Any supervised run of 3 to 40 frames."""
    frames = ["i", *draw(st.lists(overlap, min_size=2, max_size=39))]
    at = draw(st.integers(1, 8))
    while at < len(frames):
        frames = with_failure(frames, at)
        at += 6 + draw(st.integers(0, 30))
    return frames


def by_definition(runs, protocol, longest):
    """The curve from fragments in a matrix, padded with zeros or NaN, as the paper tells it."""
    rows, weights = [], []
    for repetitions in runs:
        for frames in repetitions:
            values = [NAN if f in LETTERS else f / 100 for f in frames]
            starts = [i + protocol.reinitialize_after for i, f in enumerate(frames) if f == "x"]
            starts = [0, *(start for start in starts if start <= len(frames))]
            for begin, end in zip(starts, [*starts[1:], None], strict=True):
                part = np.nan_to_num(values[begin:end])
                row = np.full(longest, NAN if end is None else 0.0)
                row[: len(part)] = part
                rows.append(row)
                weights.append(1 / len(repetitions))
    rows, weights = np.array(rows), np.array(weights)
    curve = np.full(longest, NAN)
    for length in range(1, longest + 1):
        some = ~np.isnan(rows[:, length - 1])
        if some.any():
            means = rows[some, 1:length].mean(axis=1) if length > 1 else np.ones(some.sum())
            curve[length - 1] = np.average(means, weights=weights[some])
    return curve


def test_accuracy_leaves_out_burn_in_failures_and_skipped_frames():
    frames = ["i", 10, 10, 50, 70, "x", "-", "-", "-", "-", "i", 20, 20, 90]
    scores = one(run(*frames), every(2, 14, burn_in=3))
    assert scores.accuracy == pytest.approx((0.5 + 0.7 + 0.9) / 3)
    assert scores.overlap_sum.tolist() == pytest.approx([2.1])
    assert scores.overlap_frames.tolist() == [3]


def test_the_initial_frame_belongs_to_burn_in():
    scores = one(run("i", *[50] * 9, 100), every(2, 11, burn_in=10))
    assert scores.accuracy == 1
    assert np.isnan(one(run("i", *[50] * 9), every(2, 10, burn_in=10)).accuracy)


def test_pooled_accuracy_and_accuracy_by_length():
    targets = [target(3), target(5)]
    runs = [[run("i", 20, 40)], [run("i", 80, 80, "x", "-")]]
    pooled = analyse(targets, runs, every(2, 5))
    assert pooled.accuracy == pytest.approx((0.2 + 0.4 + 0.8 + 0.8) / 4)
    weighted = analyse(targets, runs, every(2, 5, accuracy="by_length"))
    assert weighted.accuracy == pytest.approx((3 * 0.3 + 5 * 0.8) / 8)
    ratios = weighted.overlap_sum / weighted.overlap_frames
    assert weighted.accuracy == pytest.approx(np.average(ratios, weights=weighted.frames))


def test_robustness_counts_failures_per_100_frames():
    targets = [target(20), target(30)]
    runs = [
        [run(*with_failure(["i", *[50] * 19], 4))],
        [run(*with_failure(with_failure(["i", *[50] * 29], 4), 20))],
    ]
    scores = analyse(targets, runs, SHORT)
    assert scores.failures == scores.failures_weighted == 3
    assert scores.failure_count.tolist() == [1, 2]
    assert scores.robustness == 6


def test_repetitions_are_averaged():
    frames = ["i", 20, 40, 60, 80, 80, 80, 80]
    other = with_failure(frames, 2)
    scores = analyse([target(8)], [[run(*frames), run(*other)]], every(2, 8))
    assert scores.failures == 0.5
    # Frame 2 was tracked in both runs, the others in one or both: means per frame first.
    assert scores.accuracy == pytest.approx(np.mean([0.2, 0.4, 0.6, 0.8, 0.8, 0.8, 0.8]))
    assert scores.curve == pytest.approx(by_definition([[frames, other]], SHORT, 8))


def test_expected_overlap_by_hand():
    # Two pieces: 20 % up to the failure at frame 4, zeros for ever; 60 % over three frames.
    frames = ["i", 20, 20, "x", "-", "-", "-", "-", "i", 60, 60]
    scores = one(run(*frames), every(2, 4))
    first = [1, 0.2, 0.2, 0.4 / 3, 0.1]
    assert scores.curve[:3] == pytest.approx([1, (0.2 + 0.6) / 2, (0.2 + 0.6) / 2])
    assert scores.curve[3:5] == pytest.approx(first[3:])
    assert scores.eao == pytest.approx((0.4 + 0.4 + 0.4 / 3) / 3)
    assert scores.eao_interval == (2, 4)


def test_a_failure_too_late_for_a_new_start_does_not_pad():
    # Ten frames: a failure at index 6 would start again at 11, one at index 5 behind the end.
    late = ["i", *[50] * 5, "x", "-", "-", "-"]
    scores = analyse([target(10), target(12)], [[run(*late)], [run("i", *[50] * 11)]], every(2, 12))
    assert scores.eao_weight[0].tolist() == [1] * 9 + [0, 0]
    earlier = ["i", *[50] * 4, "x", "-", "-", "-", "-"]
    scores = analyse(
        [target(10), target(12)], [[run(*earlier)], [run("i", *[50] * 11)]], every(2, 12)
    )
    assert scores.eao_weight[0].tolist() == [1] * 11
    assert scores.eao_sum[0][-1] == pytest.approx(4 * 0.5 / 11)


@settings(max_examples=60)
@given(st.lists(st.lists(supervised(), min_size=1, max_size=1), min_size=1, max_size=4))
def test_the_curve_is_that_of_padded_fragments(runs):
    longest = max(len(frames) for (frames,) in runs)
    scores = analyse(
        [target(len(frames)) for (frames,) in runs],
        [[run(*frames)] for (frames,) in runs],
        every(2, longest),
    )
    expected = by_definition(runs, SHORT, longest)
    assert np.allclose(scores.curve, expected, equal_nan=True)
    assert scores.eao == pytest.approx(np.nanmean(expected[1:]))
    assert ((scores.curve >= 0) & (scores.curve <= 1 + 1e-12)).all()


@settings(max_examples=40)
@given(st.lists(supervised(), min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_sequences_does_not_matter(runs, random):
    pairs = [(target(len(frames)), [run(*frames)]) for frames in runs]
    shuffled = random.sample(pairs, len(pairs))
    one_way, another = (analyse(*zip(*order, strict=True), SHORT) for order in (pairs, shuffled))
    assert one_way.accuracy == pytest.approx(another.accuracy, nan_ok=True)
    assert one_way.eao == pytest.approx(another.eao)
    assert one_way.failures == another.failures
    assert one_way.eao_interval == another.eao_interval


@settings(max_examples=40)
@given(st.lists(supervised(), min_size=1, max_size=5))
def test_sums_per_sequence_give_the_scores(runs):
    scores = analyse(
        [target(len(frames)) for frames in runs],
        [[run(*frames)] for frames in runs],
        varied(burn_in=1),
    )
    ratios = scores.eao_sum.sum(axis=0) / scores.eao_weight.sum(axis=0)
    assert scores.eao == pytest.approx(ratios.mean())
    if scores.overlap_frames.any():
        assert scores.accuracy == scores.overlap_sum.sum() / scores.overlap_frames.sum()
    low, high = scores.eao_interval
    assert scores.eao_sum.shape == scores.eao_weight.shape == (len(runs), high - low + 1)


@settings(max_examples=60)
@given(st.data(), st.integers(2, 100))
def test_a_failure_never_raises_the_eao_of_a_steady_tracker(data, overlap):
    lengths = data.draw(st.lists(st.integers(3, 40), min_size=1, max_size=4))
    runs = [["i", *[overlap] * (length - 1)] for length in lengths]
    targets = [target(length) for length in lengths]
    protocol = every(2, max(lengths))
    before = analyse(targets, [[run(*frames)] for frames in runs], protocol)
    chosen = data.draw(st.integers(0, len(runs) - 1))
    at = data.draw(st.integers(1, lengths[chosen] - 1))
    runs[chosen] = with_failure(runs[chosen], at)
    after = analyse(targets, [[run(*frames)] for frames in runs], protocol)
    assert after.eao <= before.eao + 1e-12
    assert after.robustness > before.robustness


@settings(max_examples=60)
@given(runs_of_one_piece, st.data())
def test_a_last_failure_never_raises_the_eao(frames, data):
    # However the tracker did before: what follows a failure is lost, and nothing else changes.
    at = data.draw(st.integers(max(1, len(frames) - 5), len(frames) - 1))
    protocol = every(2, len(frames))
    failed = [*frames[:at], "x", *"-" * (len(frames) - at - 1)]
    assert one(run(*failed), protocol).eao <= one(run(*frames), protocol).eao + 1e-12


def test_a_new_start_can_raise_the_eao():
    # The measure itself allows it: the piece after a failure may be better than what went before.
    frames = ["i", *[10] * 10, *[100] * 30]
    steady = one(run(*frames), every(2, 20))
    failed = one(run(*with_failure(frames, 7)), every(2, 20))
    assert failed.eao > steady.eao


def test_the_truth_scores_one():
    targets = [target(30), target(150)]
    runs = [[run("i", *[100] * (len(t.truth) - 1))] for t in targets]
    for name in ("vot2016", "vot2018", "vot_short"):
        scores = analyse(targets, runs, PROTOCOLS[name])
        assert scores.accuracy == scores.eao == 1
        assert scores.failures == scores.robustness == 0


def test_polygons_are_scored_as_polygons():
    diamond = np.tile([[50.0, 0], [90, 20], [50, 40], [10, 20]], (20, 1, 1))
    annotated = target(20, corners=diamond)
    itself = replace(run("i", *[100] * 19), corners=diamond, rectangles=np.zeros(20, bool))
    assert analyse([annotated], [[itself]], SHORT).accuracy == 1
    around = replace(itself, corners=box_corners(np.tile([10.0, 0, 80, 40], (20, 1))))
    assert 0.49 < analyse([annotated], [[around]], SHORT).accuracy < 0.52
    exact = analyse([annotated], [[around]], varied(overlap="polygon"))
    assert exact.accuracy == pytest.approx(0.5)


def test_bounds_clip_to_the_image():
    # Half of each region is left of the image: 50 and 25 columns stay of 100 and 50.
    truth = np.tile([-50.0, 0, 99, 9], (20, 1))
    shifted = run("i", *[100] * 19)
    shifted = replace(shifted, corners=box_corners(np.tile([-75.0, 0, 99, 9], (20, 1))))
    annotated = target(20, truth=truth)
    assert analyse([annotated], [[shifted]], SHORT).accuracy == pytest.approx(25 / 50)
    whole = analyse([annotated], [[shifted]], varied(bounds="none"))
    assert whole.accuracy == pytest.approx(75 / 125)
    sizeless = analyse([replace(annotated, size=None)], [[shifted]], SHORT)
    assert sizeless.accuracy == whole.accuracy


def test_frames_without_truth_do_not_count():
    truth = target(6).truth.copy()
    truth[2] = NAN
    scores = one(run("i", 20, 90, 40, 60, 60), every(2, 6), truth=truth)
    assert scores.accuracy == pytest.approx((0.2 + 0.4 + 0.6 + 0.6) / 4)
    assert scores.curve == pytest.approx([1, 0.2, 0.2, 0.3, 0.4, 0.45])


def test_failures_are_weighted_by_tags():
    first, second = np.arange(20) < 8, np.arange(20) >= 6
    protocol = varied(tags=("occlusion", "size_change"))
    frames = with_failure(with_failure(["i", *[50] * 19], 3), 12)
    tags = {"occlusion": first, "size_change": second}
    scores = one(run(*frames), protocol, tags=tags)
    assert scores.tags["occlusion"].failures == scores.tags["size_change"].failures == 1
    assert scores.tags["occlusion"].frames == 8
    assert scores.tags["size_change"].frames == 14
    assert scores.tags["empty"].frames == 0
    assert np.isnan(scores.tags["empty"].accuracy)
    assert scores.failures_weighted == 1
    assert scores.failures == 2
    # A tag that the annotation does not have: its frames are empty.
    scores = one(run(*frames), protocol, tags={"occlusion": first})
    assert scores.tags["empty"].frames == 12
    assert scores.tags["size_change"].frames == 0
    assert scores.failures_weighted == pytest.approx((8 * 1 + 12 * 1) / 20)


def test_without_tags_failures_are_not_weighted():
    scores = one(run(*with_failure(["i", *[50] * 120], 3)), VOT)
    assert scores.tags == {}
    assert scores.failures_weighted == scores.failures == 1


def test_the_interval_ends_with_the_longest_sequence():
    scores = one(run("i", *[50] * 119), VOT)
    assert scores.eao_interval == (100, 120)
    assert scores.eao == pytest.approx(0.5)
    with pytest.raises(DsltError, match="longest sequence has 99 frames; expected at least 100"):
        one(run("i", *[50] * 98), VOT)


def test_interval_of_lengths():
    assert interval_of_lengths([40, 40, 40]) == (40, 40)
    low, high = interval_of_lengths([80, 90, 100, 110, 120, 400])
    assert low < 100 < high < 200
    with pytest.raises(DsltError, match="2 frames or more"):
        interval_of_lengths([1, 1])


@given(st.lists(st.integers(2, 500), min_size=1, max_size=30))
def test_intervals_lie_within_the_lengths(lengths):
    low, high = interval_of_lengths(lengths)
    assert 2 <= low <= high <= max(lengths)
    assert (low, high) == interval_of_lengths(lengths[::-1])


def good():
    return run("i", 50, 50)


@pytest.mark.parametrize(
    ("repetitions", "message"),
    [
        ([], "no run; expected at least one"),
        ([run("i", 50)], "run 1: 2 frames; expected 3"),
        ([good(), run("i", 50, 50, 50)], "run 2: 4 frames; expected 3"),
        ([run(50, 50, 50)], "does not start with an initialisation"),
        ([run("-", "-", "-")], "does not start with an initialisation"),
        ([run("-", 50, "i")], "does not start with an initialisation"),
    ],
)
def test_runs_that_do_not_fit_are_errors(repetitions, message):
    with pytest.raises(DsltError, match=f"sequence 1 of 1 \\(cup\\).*{message}"):
        analyse([target(3, "cup")], [repetitions], SHORT)


def test_tracked_frames_need_a_region():
    broken = good()
    broken.corners[2] = NAN
    with pytest.raises(DsltError, match="frame 3: tracked, but without a region"):
        analyse([target(3)], [[broken]], SHORT)


def test_a_run_may_start_late():
    assert analyse([target(4)], [[run("-", "i", 50, 50)]], every(2, 4)).accuracy == 0.5


def test_targets_that_do_not_fit_are_errors():
    with pytest.raises(DsltError, match="nothing to score"):
        analyse([], [], SHORT)
    with pytest.raises(DsltError, match="runs of 2 sequences for 1"):
        analyse([target(3)], [[good()], [good()]], SHORT)
    with pytest.raises(DsltError, match="no frame"):
        analyse([target(0)], [[run()]], SHORT)
    with pytest.raises(DsltError, match="tag occlusion has 2 frames; expected 3"):
        analyse([target(3, tags={"occlusion": np.ones(2, bool)})], [[good()]], SHORT)
