"""Metrics that can be taken without one of the videos or seeds: what intervals are made from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats


class Resampled(Protocol):
    """A metric of N sequences with S seeds."""

    @property
    def seeds(self) -> int:
        """Number of seeds."""

    @property
    def sequences(self) -> int:
        """Number of sequences."""

    def value(self) -> float:
        """The metric over all sequences and seeds; NaN where it is undefined."""

    def without_videos(self, member: NDArray[np.intp]) -> Floats:
        """The metric without each of V videos, (V,).

        Args:
            member: (N,) the number of each sequence's video, from 0 to V - 1.
        """

    def without_seeds(self) -> Floats:
        """The metric without each of the seeds, (S,), of at least two."""


@dataclass(frozen=True)
class SeedMeans:
    """A metric of any kind: the mean over seeds, each of which has it without each video.

    Attributes:
        values: (S,) the metric of each seed.
        without: (V, S) the same without each video, in alphabetical order of the videos.
        sequences: Number of sequences.
    """

    values: Floats
    without: Floats
    sequences: int

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return len(self.values)

    def value(self) -> float:
        """The mean over seeds."""
        return float(self.values.mean())

    def without_videos(self, member: NDArray[np.intp]) -> Floats:
        """The mean over seeds without each of V videos, (V,)."""
        return np.asarray(self.without.mean(axis=1))

    def without_seeds(self) -> Floats:
        """The mean over the other seeds, (S,)."""
        return np.asarray((self.values.sum() - self.values) / (len(self.values) - 1))


@dataclass(frozen=True)
class RatioSums:
    """A metric as a ratio of sums, or a mean of K such ratios.

    The metric is the mean over K of the sum of `top` over the sum of `bottom`, both over sequences
    and seeds; ratios without weight are left out.

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

    @classmethod
    def together(cls, parts: Sequence[RatioSums]) -> RatioSums:
        """Put the sequences of several benchmarks together; the seeds are the same."""
        return cls(*(np.concatenate(some) for some in zip(*(p._parts for p in parts), strict=True)))

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return int(self.top.shape[1])

    @property
    def sequences(self) -> int:
        """Number of sequences."""
        return int(self.top.shape[0])

    def value(self) -> float:
        """The metric over all sequences and seeds; NaN without any weight."""
        return float(_mean_ratio(*(part.sum(axis=(0, 1))[None] for part in self._parts))[0])

    def per_seed(self) -> Floats:
        """The metric of each seed alone, (S,)."""
        return _mean_ratio(*(part.sum(axis=0) for part in self._parts))

    def without_videos(self, member: NDArray[np.intp]) -> Floats:
        """The metric without each of V videos, (V,)."""
        return self._without([_sum_by(part.sum(axis=1), member) for part in self._parts])

    def without_seeds(self) -> Floats:
        """The metric without each of the seeds, (S,)."""
        return self._without([part.sum(axis=0) for part in self._parts])

    @property
    def _parts(self) -> tuple[Floats, Floats]:
        return self.top, self.bottom

    @staticmethod
    def _without(parts: list[Floats]) -> Floats:
        """Leave out each row of sums (R, K) in turn."""
        return _mean_ratio(*(part.sum(axis=0) - part for part in parts))


def _sum_by(values: Floats, member: NDArray[np.intp]) -> Floats:
    """Sum rows (N, K) of one video, (V, K)."""
    sums = np.zeros((int(member.max()) + 1, values.shape[1]))
    np.add.at(sums, member, values)
    return sums


def _mean_ratio(top: Floats, bottom: Floats) -> Floats:
    """Mean over the last axis of `top` over `bottom`, where there is weight; NaN without any."""
    # Weights are counts: what leaving out a video has left of one may be a rounding error of 0.
    known = bottom > 1e-9
    ratios = np.divide(top, bottom, out=np.zeros_like(top), where=known)
    counts = known.sum(axis=-1)
    means = np.divide(ratios.sum(axis=-1), counts, out=np.full(len(top), np.nan), where=counts > 0)
    return np.asarray(means)
