"""Percentile intervals by resampling source videos and seeds.

Sequences that are cut from one video share its scenery, so they are drawn together: a resample
draws videos with replacement and takes all sequences of each. Seeds are drawn with replacement as
well, the same draw for every sequence. Both are counts, so that 10,000 resamples are two matrix
products. A metric is a ratio of sums over sequences (`RatioSums`), so that what is no mean over
sequences, accuracy and EAO, is resampled as it is defined. Two cells are compared on the same draws
(paired), so what they have in common drops out, and equal cells differ by exactly 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError

LEVEL = 0.95
PORTION = 1000
# With m videos that all point one way, the chance of that under no effect is 2 ** (1 - m): only
# from six videos on is it below 5 %. A percentile interval of fewer cannot hold 95 %.
VIDEOS_FOR_VERDICT = 6


@dataclass(frozen=True)
class Resampling:
    """How to resample.

    Attributes:
        samples: Number of resamples.
        seed: Seed of the random generator; the same plan gives the same draws in every call.
    """

    samples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 100:
            raise DsltError(f"bootstrap samples = {self.samples}: expected at least 100")


@dataclass(frozen=True)
class RatioSums:
    """A metric as a ratio of sums, or a mean of K such ratios.

    The metric of a seed is the mean over K of the sum of `top` over the sum of `bottom`, both over
    the sequences; ratios without weight are left out. Over seeds, sums run over seeds as well.

    Attributes:
        top: (N, S, K) what each of N sequences adds with each of S seeds.
        bottom: (N, S, K) its weights.
    """

    top: Floats
    bottom: Floats

    @classmethod
    def of_means(cls, values: Floats) -> RatioSums:
        """Make a plain mean of scores (N, S)."""
        top = np.asarray(values, dtype=np.float64)[:, :, None]
        return cls(top, np.ones_like(top))

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return int(self.top.shape[1])

    @property
    def cases(self) -> int:
        """Number of sequences times seeds."""
        return int(self.top.shape[0] * self.top.shape[1])

    def value(self) -> float:
        """The metric over all sequences and seeds."""
        top, bottom = self.top.sum(axis=(0, 1)), self.bottom.sum(axis=(0, 1))
        return float(_mean_ratio(top[None], bottom[None])[0])


def _mean_ratio(top: Floats, bottom: Floats) -> Floats:
    """Mean over the last axis of `top` over `bottom`, where there is weight; NaN without any."""
    ratios = np.divide(top, bottom, out=np.zeros_like(top), where=bottom > 0)
    counts = (bottom > 0).sum(axis=-1)
    means = np.divide(ratios.sum(axis=-1), counts, out=np.full(len(top), np.nan), where=counts > 0)
    return np.asarray(means)


@dataclass(frozen=True)
class Interval:
    """A mean over sequences and seeds with its 95 % percentile interval.

    Attributes:
        value: The mean over seeds, then over sequences.
        low: Lower end, None where an interval would mean nothing.
        high: Upper end, None where `low` is.
        notes: Why there is no interval, or what it leaves out.
    """

    value: float
    low: float | None
    high: float | None
    notes: tuple[str, ...] = ()


@lru_cache(maxsize=32)
def _draws(kinds: int, samples: int, seed: int, stream: int) -> Floats:
    """Counts (samples, kinds) of each kind in resamples of `kinds` draws with replacement."""
    generator = np.random.default_rng([seed, stream])
    drawn = generator.multinomial(kinds, np.full(kinds, 1 / kinds), size=samples)
    counts: Floats = drawn.astype(np.float64)
    counts.setflags(write=False)
    return counts


def interval_of_mean(values: RatioSums, videos: Sequence[str], plan: Resampling) -> Interval:
    """Interval of a cell's metric.

    Args:
        values: The metric of N sequences with S seeds.
        videos: (N,) the source video of each sequence.
        plan: How to resample.

    Returns:
        No interval where all sequences come from one video; resampling seeds alone would say
        nothing about another video.
    """
    return _interval([(1.0, values)], videos, plan, paired=True)


def interval_of_difference(
    first: RatioSums,
    second: RatioSums,
    videos: Sequence[str],
    plan: Resampling,
    *,
    paired_seeds: bool,
) -> Interval:
    """Interval of the metric of `first` minus that of `second`, on the same draws.

    Args:
        first: The metric of one cell on N sequences.
        second: The metric of the other cell on the same sequences.
        videos: (N,) the source video of each sequence.
        plan: How to resample.
        paired_seeds: Whether the columns are the same seeds and are drawn together; otherwise each
            cell's seeds are drawn on their own.

    Raises:
        DsltError: The shapes do not fit.
    """
    shapes = first.top.shape, second.top.shape
    if len(first.top) != len(second.top) or (paired_seeds and first.seeds != second.seeds):
        raise DsltError(f"cannot pair scores of shapes {shapes[0]} and {shapes[1]}")
    return _interval([(1.0, first), (-1.0, second)], videos, plan, paired=paired_seeds)


def _interval(
    terms: list[tuple[float, RatioSums]], videos: Sequence[str], plan: Resampling, *, paired: bool
) -> Interval:
    """Interval of a signed sum of metrics over the same sequences."""
    if any(len(values.top) != len(videos) or values.top.size == 0 for _, values in terms):
        raise DsltError(f"expected scores of {len(videos)} sequences, at least one, and a seed")
    value = sum(sign * values.value() for sign, values in terms)
    names, member = np.unique(np.asarray(videos), return_inverse=True)
    if len(names) < 2:
        return Interval(value, None, None, ("no interval: one source video",))
    total = np.zeros(plan.samples)
    for index, (sign, values) in enumerate(terms):
        stream = 1 if paired else index + 1
        total += sign * _resampled(values, member, len(names), plan, stream)
    if np.isnan(total).all():
        return Interval(value, None, None, ("no interval: the metric is undefined",))
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(total, [tail, 1 - tail])
    return Interval(value, float(low), float(high), _notes(len(names), [v for _, v in terms]))


def _resampled(
    values: RatioSums, member: NDArray[np.intp], videos: int, plan: Resampling, stream: int
) -> Floats:
    """The metric of each resample, (B,)."""
    drawn = _draws(videos, plan.samples, plan.seed, 0)
    seeds = _draws(values.seeds, plan.samples, plan.seed, stream)
    sums = []
    for part in (values.top, values.bottom):
        by_video = np.zeros((videos, *part.shape[1:]))
        np.add.at(by_video, member, part)
        sums.append(by_video.reshape(videos, -1))
    shape = values.top.shape[1:]
    found = []
    # In portions: all samples of a curve with many seeds would fill the memory.
    for start in range(0, plan.samples, PORTION):
        rows = slice(start, start + PORTION)
        top, bottom = (
            np.einsum("bsk,bs->bk", (drawn[rows] @ part).reshape(-1, *shape), seeds[rows])
            for part in sums
        )
        found.append(_mean_ratio(top, bottom))
    return np.concatenate(found)


def _notes(videos: int, tables: list[RatioSums]) -> tuple[str, ...]:
    """Say what an interval leaves out."""
    notes = []
    if videos < VIDEOS_FOR_VERDICT:
        notes.append(f"only {videos} source videos: the interval covers less than 95 %")
    if all(table.seeds == 1 for table in tables):
        notes.append("one seed: the interval leaves out the spread over seeds")
    return tuple(notes)
