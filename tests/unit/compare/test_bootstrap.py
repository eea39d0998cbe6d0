"""The paired bootstrap over source videos and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.compare.bootstrap import (
    Interval,
    RatioSums,
    Resampling,
    interval_of_difference,
    interval_of_mean,
)
from dslt.core.errors import DsltError

PLAN = Resampling(2000, 0)


def names(counts: list[int]) -> list[str]:
    return [f"video{i}" for i, count in enumerate(counts) for _ in range(count)]


def mean_of(values: np.ndarray, videos: list[str], plan: Resampling) -> Interval:
    return interval_of_mean(RatioSums.of_means(values), videos, plan)


def gap_of(
    first: np.ndarray,
    second: np.ndarray,
    videos: list[str],
    plan: Resampling,
    *,
    paired_seeds: bool,
) -> Interval:
    sums = RatioSums.of_means(first), RatioSums.of_means(second)
    return interval_of_difference(*sums, videos, plan, paired_seeds=paired_seeds)


def width(interval) -> float:
    return interval.high - interval.low


def test_equal_cells_differ_by_exactly_nothing():
    values = np.random.default_rng(0).uniform(size=(12, 3))
    found = gap_of(values, values.copy(), names([1] * 12), PLAN, paired_seeds=True)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_pairing_removes_what_the_cells_share():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.1, 0.9, (20, 1))
    first, second = hard + 0.02, hard + rng.normal(0, 0.001, (20, 1))
    videos = names([1] * 20)
    gap = gap_of(first, second, videos, PLAN, paired_seeds=True)
    assert gap.low > 0.015
    assert width(gap) < 0.002
    assert width(mean_of(first, videos, PLAN)) > 0.1


def test_value_is_the_mean_over_sequences_and_seeds():
    values = np.array([[0.1, 0.3], [0.5, 0.7], [0.9, 0.5]])
    found = mean_of(values, names([1, 1, 1]), PLAN)
    assert found.value == pytest.approx(0.5)
    assert found.low <= found.value <= found.high


def test_sequences_of_one_video_are_drawn_together():
    rng = np.random.default_rng(0)
    per_video = rng.normal(0, 1, 10)
    values = np.repeat(per_video, 10)[:, None]
    together = mean_of(values, names([10] * 10), PLAN)
    apart = mean_of(values, names([1] * 100), PLAN)
    assert width(together) > 2.5 * width(apart)
    # Copies of a video say nothing new: the interval is that of the ten videos.
    alone = mean_of(per_video[:, None], names([1] * 10), PLAN)
    assert width(together) == pytest.approx(width(alone), rel=1e-9)


def test_seeds_are_drawn_too():
    flat = np.zeros((10, 1))
    spread = np.tile([-0.1, 0.0, 0.1], (10, 1))
    videos = names([1] * 10)
    assert width(mean_of(flat, videos, PLAN)) == 0
    found = mean_of(spread, videos, PLAN)
    assert width(found) > 0.1
    assert found.notes == ()
    assert "one seed" in mean_of(flat, videos, PLAN).notes[0]


def test_unpaired_seeds():
    videos = names([1] * 10)
    first, second = np.full((10, 3), 0.6), np.full((10, 1), 0.5)
    found = gap_of(first, second, videos, PLAN, paired_seeds=False)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    noisy = first + np.array([-0.1, 0.0, 0.1])
    apart = gap_of(noisy, noisy, videos, PLAN, paired_seeds=False)
    assert apart.low < 0 < apart.high


def test_one_video_has_no_interval():
    found = mean_of(np.array([[0.2, 0.3], [0.4, 0.5]]), ["film", "film"], PLAN)
    assert found.value == pytest.approx(0.35)
    assert found.low is found.high is None
    assert found.notes == ("no interval: one source video",)


def test_few_videos_are_said_to_be_few():
    found = mean_of(np.random.default_rng(0).uniform(size=(10, 2)), names([1, 7, 2]), PLAN)
    assert "only 3 source videos" in found.notes[0]


def test_three_videos_span_the_whole_range_of_their_means():
    # All 27 draws are about equally likely; 1/27 > 2.5 %, so the ends are the extreme videos.
    found = mean_of(np.array([[0.0], [0.5], [1.0]]), names([1, 1, 1]), PLAN)
    assert (found.low, found.high) == (0.0, 1.0)


def test_intervals_cover_about_as_often_as_they_say():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        effect = rng.normal(0.03, 0.05, 30)
        values = np.repeat(effect, 2)[:, None] + rng.normal(0, 0.02, (60, 2))
        found = mean_of(values, names([2] * 30), Resampling(500, 1))
        hits += found.low <= 0.03 <= found.high
    assert 0.90 <= hits / 300 <= 0.98


def test_same_plan_same_interval_and_another_seed_another():
    values = np.random.default_rng(0).uniform(size=(12, 2))
    videos = names([1] * 12)
    assert mean_of(values, videos, PLAN) == mean_of(values, videos, PLAN)
    assert mean_of(values, videos, PLAN) != mean_of(values, videos, Resampling(2000, 1))


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 4), st.integers(0, 99), st.randoms(use_true_random=False))
def test_order_of_sequences_is_irrelevant(count, seeds, seed, shuffler):
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=(count, seeds))
    videos = [f"v{i % 4}" for i in range(count)]
    order = list(range(count))
    shuffler.shuffle(order)
    found = mean_of(values, videos, Resampling(200, 0))
    mixed = mean_of(values[order], [videos[i] for i in order], Resampling(200, 0))
    assert found.value == pytest.approx(mixed.value)
    if found.low is not None:
        assert (found.low, found.high) == pytest.approx((mixed.low, mixed.high))


def test_a_ratio_of_sums_is_resampled_as_it_is_defined():
    overlap, frames = np.array([[8.0], [1.0]]), np.array([[10.0], [90.0]])
    found = interval_of_mean(RatioSums(overlap[:, :, None], frames[:, :, None]), ["a", "b"], PLAN)
    assert found.value == pytest.approx(9 / 100)
    # Both videos twice: the ends are the ratios of one video alone.
    assert (found.low, found.high) == pytest.approx((1 / 90, 0.8))


def test_a_curve_is_averaged_over_its_ratios():
    top = np.array([[[0.8, 0.2]], [[0.4, 0.0]]])
    bottom = np.array([[[1.0, 1.0]], [[1.0, 0.0]]])  # nothing of the second at the second length
    sums = RatioSums(top, bottom)
    assert sums.value() == pytest.approx((0.6 + 0.2) / 2)
    assert np.isnan(RatioSums(top, np.zeros_like(top)).value())


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 3), st.integers(0, 99))
def test_equal_weights_give_the_plain_mean(count, seeds, seed):
    values = np.random.default_rng(seed).uniform(size=(count, seeds))
    weights = np.full((count, seeds, 1), 7.0)
    videos = names([1] * count)
    ratio = interval_of_mean(RatioSums(7 * values[:, :, None], weights), videos, Resampling(200, 0))
    plain = mean_of(values, videos, Resampling(200, 0))
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_a_metric_that_is_undefined_has_no_interval():
    nothing = RatioSums(np.zeros((3, 1, 1)), np.zeros((3, 1, 1)))
    found = interval_of_mean(nothing, ["a", "b", "c"], PLAN)
    assert found.low is found.high is None
    assert found.notes == ("no interval: the metric is undefined",)


def test_bad_input():
    with pytest.raises(DsltError, match="cannot pair"):
        gap_of(np.zeros((3, 1)), np.zeros((2, 1)), names([3]), PLAN, paired_seeds=True)
    with pytest.raises(DsltError, match="at least one"):
        mean_of(np.zeros((0, 1)), [], PLAN)
    with pytest.raises(DsltError, match="at least 100"):
        Resampling(3)
