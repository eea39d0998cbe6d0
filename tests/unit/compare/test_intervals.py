"""Intervals and p values over source videos and seeds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from dslt.compare.intervals import (
    Interval,
    holm,
    interval_half_over_seeds,
    interval_of_difference,
    interval_of_mean,
)
from dslt.compare.ratios import RatioSums
from dslt.core.errors import DsltError


def names(counts: list[int]) -> list[str]:
    return [f"video{i}" for i, count in enumerate(counts) for _ in range(count)]


def mean_of(values: np.ndarray, videos: list[str]) -> Interval:
    return interval_of_mean(RatioSums.of_means(values), videos)


def gap_of(
    first: np.ndarray, second: np.ndarray, videos: list[str], *, paired_seeds: bool
) -> Interval:
    sums = RatioSums.of_means(first), RatioSums.of_means(second)
    return interval_of_difference(*sums, videos, paired_seeds=paired_seeds)


def width(interval: Interval) -> float:
    assert interval.low is not None
    assert interval.high is not None
    return interval.high - interval.low


def test_a_mean_over_videos_has_students_error():
    values = np.random.default_rng(0).normal(0.5, 0.1, (20, 1))
    found = mean_of(values, names([1] * 20))
    assert found.value == pytest.approx(values.mean())
    assert found.error == pytest.approx(stats.sem(values[:, 0]))
    assert found.freedom == pytest.approx(19)
    assert found.skewness == pytest.approx(stats.skew(values[:, 0]) / np.sqrt(20))


@pytest.mark.parametrize("videos", [6, 14, 57])
def test_an_interval_is_never_narrower_than_students(videos):
    values = np.random.default_rng(videos).exponential(size=(videos, 1))
    found = mean_of(values, names([1] * videos))
    half = stats.t.isf(0.025, videos - 1) * stats.sem(values[:, 0])
    assert found.low <= values.mean() - half + 1e-12
    assert found.high >= values.mean() + half - 1e-12
    # The long tail is on the right, so that is where the mean may be.
    assert found.high - found.value > found.value - found.low


@settings(max_examples=60, deadline=None)
@given(st.integers(6, 20), st.integers(0, 999), st.floats(0.001, 0.4))
def test_an_interval_leaves_out_what_its_chance_is_below(videos, seed, level):
    values = np.random.default_rng(seed).gamma(1.0, size=(videos, 1))
    known = mean_of(values, names([1] * videos))
    for end, inward in zip(known.ends(level), (1, -1), strict=True):
        off = 1e-6 * known.error
        inside, outside = (
            mean_of(values - end - side * off, names([1] * videos)).chance()
            for side in (inward, -inward)
        )
        assert outside <= level + 1e-4
        assert inside >= level - 1e-4


def test_equal_cells_differ_by_exactly_nothing():
    values = np.random.default_rng(0).uniform(size=(12, 3))
    found = gap_of(values, values.copy(), names([1] * 12), paired_seeds=True)
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.chance() == 1


def test_a_difference_that_never_varies_is_certain():
    values = np.random.default_rng(0).uniform(size=(12, 1))
    found = gap_of(values + 0.25, values, names([1] * 12), paired_seeds=True)
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))
    assert found.chance() == 0


def test_pairing_removes_what_the_cells_share():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.1, 0.9, (20, 1))
    first, second = hard + 0.02, hard + rng.normal(0, 0.001, (20, 1))
    videos = names([1] * 20)
    gap = gap_of(first, second, videos, paired_seeds=True)
    assert gap.low > 0.015
    assert width(gap) < 0.002
    assert gap.chance() < 1e-3
    assert width(mean_of(first, videos)) > 0.1


def test_sequences_of_one_video_count_once():
    per_video = np.random.default_rng(0).normal(0, 1, 10)
    together = mean_of(np.repeat(per_video, 10)[:, None], names([10] * 10))
    apart = mean_of(np.repeat(per_video, 10)[:, None], names([1] * 100))
    assert width(together) > 2.5 * width(apart)
    # Copies of a video say nothing new: the interval is that of the ten videos.
    alone = mean_of(per_video[:, None], names([1] * 10))
    assert width(together) == pytest.approx(width(alone), rel=1e-9)


def test_seeds_are_a_factor_of_their_own():
    flat = np.zeros((10, 1))
    spread = np.tile([-0.1, 0.0, 0.1], (10, 1))
    videos = names([1] * 10)
    assert width(mean_of(flat, videos)) == 0
    found = mean_of(spread, videos)
    # Only the seeds vary: Student's interval with the two degrees of freedom of three seeds.
    assert found.freedom == pytest.approx(2)
    assert width(found) == pytest.approx(2 * stats.t.isf(0.025, 2) * 0.1 / np.sqrt(3))
    assert found.notes == ()
    assert "one seed" in mean_of(flat, videos).notes[0]


def test_unpaired_seeds():
    videos = names([1] * 10)
    first, second = np.full((10, 3), 0.6), np.full((10, 1), 0.5)
    found = gap_of(first, second, videos, paired_seeds=False)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1))
    noisy = first + np.array([-0.1, 0.0, 0.1])
    apart = gap_of(noisy, noisy, videos, paired_seeds=False)
    assert apart.low < 0 < apart.high
    assert apart.freedom == pytest.approx(4)


def test_one_video_has_no_interval():
    found = mean_of(np.array([[0.2, 0.3], [0.4, 0.5]]), ["film", "film"])
    assert found.value == pytest.approx(0.35)
    assert found.low is found.high is found.chance() is None
    assert found.notes == ("no interval: one source video",)


def test_few_videos_are_said_to_be_few():
    found = mean_of(np.random.default_rng(0).uniform(size=(10, 2)), names([1, 7, 2]))
    assert "only 3 source videos" in found.notes[0]


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 9), st.integers(1, 4), st.integers(0, 99), st.randoms(use_true_random=False))
def test_order_of_sequences_is_irrelevant(count, seeds, seed, shuffler):
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=(count, seeds))
    videos = [f"v{i % 4}" for i in range(count)]
    order = list(range(count))
    shuffler.shuffle(order)
    found = mean_of(values, videos)
    mixed = mean_of(values[order], [videos[i] for i in order])
    assert (found.value, found.low, found.high) == pytest.approx(
        (mixed.value, mixed.low, mixed.high)
    )


def test_a_ratio_of_sums_is_left_out_as_it_is_defined():
    overlap, frames = np.array([[8.0], [1.0]]), np.array([[10.0], [90.0]])
    found = interval_of_mean(RatioSums(overlap[:, :, None], frames[:, :, None]), ["a", "b"])
    assert found.value == pytest.approx(9 / 100)
    # Without one of two videos the ratio is that of the other.
    assert found.error == pytest.approx((0.8 - 1 / 90) / 2)


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
    ratio = interval_of_mean(RatioSums(7 * values[:, :, None], weights), videos)
    plain = mean_of(values, videos)
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        (plain.value, plain.low, plain.high)
    )


def test_a_metric_that_is_undefined_has_no_interval():
    nothing = RatioSums(np.zeros((3, 1, 1)), np.zeros((3, 1, 1)))
    found = interval_of_mean(nothing, ["a", "b", "c"])
    assert found.low is found.high is None
    assert found.notes[0].startswith("no interval: the metric is undefined")


def test_bad_input():
    with pytest.raises(DsltError, match="cannot pair"):
        gap_of(np.zeros((3, 1)), np.zeros((2, 1)), names([3]), paired_seeds=True)
    with pytest.raises(DsltError, match="at least one"):
        mean_of(np.zeros((0, 1)), [])


def test_holms_correction():
    # Holm 1979: the smallest times 4, the next times 3, never below one before it.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_seeds_alone():
    assert interval_half_over_seeds(None, 1) is None
    assert interval_half_over_seeds(0.01, 3) == pytest.approx(4.3027 * 0.01 / np.sqrt(3), rel=1e-4)
