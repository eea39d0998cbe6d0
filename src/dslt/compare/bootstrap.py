"""Percentile intervals by resampling source videos and seeds.

Sequences that are cut from one video share its scenery, so they are drawn together: a resample
draws videos with replacement and takes all sequences of each. Seeds are drawn with replacement as
well, the same draw for every sequence. Both are counts, so that 10,000 resamples of a mean are two
matrix products. A difference of two cells is taken per sequence and seed first (paired), so what
the cells have in common drops out, and equal cells differ by exactly 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from dslt.errors import DsltError

Floats = NDArray[np.float64]
LEVEL = 0.95
# With m videos that all point one way, the chance of that under no effect is 2 ** (1 - m): only
# from six videos on is it below 5 %. A percentile interval of fewer cannot hold 95 %.
VIDEOS_FOR_VERDICT = 6


@dataclass(frozen=True)
class Plan:
    """How to resample.

    Attributes:
        samples: number of resamples.
        seed: of the random generator; the same plan gives the same draws in every call.
    """

    samples: int = 10_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 100:
            raise DsltError(f"bootstrap samples = {self.samples}: expected at least 100")


@dataclass(frozen=True)
class Interval:
    """A mean over sequences and seeds with its 95 % percentile interval.

    Attributes:
        value: the mean over seeds, then over sequences.
        low: lower end, None where an interval would mean nothing.
        high: upper end, likewise.
        notes: why there is none, or what it leaves out.
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


def interval_of_mean(values: Floats, videos: Sequence[str], plan: Plan) -> Interval:
    """Interval of a cell's mean.

    Args:
        values: (N, S) scores of N sequences with S seeds.
        videos: (N,) the source video of each sequence.
        plan: how to resample.

    Returns:
        No interval where all sequences come from one video; resampling seeds alone would say
        nothing about another video.
    """
    return _interval([(1.0, values)], videos, plan, paired=True)


def interval_of_difference(
    first: Floats, second: Floats, videos: Sequence[str], plan: Plan, *, paired_seeds: bool
) -> Interval:
    """Interval of the mean of `first` minus the mean of `second`, paired over sequences.

    Args:
        first: (N, S) scores.
        second: (N, Z) scores of the same sequences.
        videos: (N,) the source video of each sequence.
        plan: how to resample.
        paired_seeds: the columns are the same seeds and are drawn together; otherwise each
            cell's seeds are drawn on their own.

    Raises:
        DsltError: The shapes do not fit.
    """
    if len(first) != len(second) or (paired_seeds and first.shape != second.shape):
        raise DsltError(f"cannot pair scores of shapes {first.shape} and {second.shape}")
    if paired_seeds:
        return _interval([(1.0, first - second)], videos, plan, paired=True)
    return _interval([(1.0, first), (-1.0, second)], videos, plan, paired=False)


def _interval(
    terms: list[tuple[float, Floats]], videos: Sequence[str], plan: Plan, *, paired: bool
) -> Interval:
    """Interval of a signed sum of means over the same sequences."""
    if any(len(values) != len(videos) or values.size == 0 for _, values in terms):
        raise DsltError(f"expected scores of {len(videos)} sequences, at least one, and a seed")
    value = sum(sign * float(values.mean()) for sign, values in terms)
    names, member = np.unique(np.asarray(videos), return_inverse=True)
    if len(names) < 2:
        return Interval(value, None, None, ("no interval: one source video",))
    drawn = _draws(len(names), plan.samples, plan.seed, 0)
    total = np.zeros(plan.samples)
    for index, (sign, values) in enumerate(terms):
        sums = np.zeros((len(names), values.shape[1]))
        np.add.at(sums, member, values)
        per_seed = drawn @ sums
        seeds = _draws(values.shape[1], plan.samples, plan.seed, 1 if paired else index + 1)
        total += sign * (per_seed * seeds).sum(axis=1) / values.shape[1]
    total /= drawn @ np.bincount(member).astype(np.float64)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(total, [tail, 1 - tail])
    return Interval(value, float(low), float(high), _notes(len(names), [v for _, v in terms]))


def _notes(videos: int, tables: list[Floats]) -> tuple[str, ...]:
    """Say what an interval leaves out."""
    notes = []
    if videos < VIDEOS_FOR_VERDICT:
        notes.append(f"only {videos} source videos: the interval covers less than 95 %")
    if all(table.shape[1] == 1 for table in tables):
        notes.append("one seed: the interval leaves out the spread over seeds")
    return tuple(notes)
