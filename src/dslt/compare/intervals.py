"""Intervals and p values over source videos and seeds, for few videos with skewed differences.

Sequences that are cut from one video share its scenery, so the video is the unit. The standard
error of a metric comes from the jackknife: the metric without each video in turn. It serves what is
no mean over sequences, accuracy and EAO, as well; for a mean over videos it is Student's. Two cells
are compared video by video (paired). Seeds are a second, crossed factor: their variance is added,
and the degrees of freedom are Satterthwaite's, so that three seeds count as three.

Student's t takes differences to be symmetric. Those of trackers are not: a target that is lost in
one video is most of a difference. With skewed differences t finds an effect where there is none in
one of ten cases, with 6 to 14 videos. So two statistics must agree: t, and t corrected for skewness
(Hall 1992, On the removal of skewness by transformation, J. R. Stat. Soc. B 54), and both must
exceed what they exceed in 5 % of samples of a log-normal about 0 (skewness 3.3), over as many
videos with as many sequences each.
docs/conventions.md has the false verdicts and the power by simulation.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dslt.compare.ratios import Resampled
from dslt.compare.skewness import agreed, skewed_samples, undone
from dslt.core.arrays import Floats
from dslt.core.errors import DsltError

LEVEL = 0.05
ANYTHING = (-math.inf, math.inf)
# The shape of differences cannot be seen in fewer, and what is rare in them is not there.
VIDEOS_FOR_VERDICT = 6
_NOTHING = 1e-10  # rounding errors of scores


@dataclass(frozen=True)
class Interval:
    """A metric, or a difference, over sequences and seeds, with how far it can be trusted.

    Attributes:
        value: The metric over all sequences and seeds.
        error: Its standard error; None where it would mean nothing.
        freedom: Degrees of freedom of the error.
        skewness: Of `value`: its third central moment over the cube of `error`.
        sizes: Number of sequences of each source video, ascending.
        notes: Why there is no interval, or what it leaves out.
        bounds: What no true value is beyond; the ends are cut there, which costs no coverage.
    """

    value: float
    error: float | None = None
    freedom: float = 0.0
    skewness: float = 0.0
    sizes: tuple[int, ...] = (1,)
    notes: tuple[str, ...] = ()
    bounds: tuple[float, float] = ANYTHING

    @property
    def videos(self) -> int:
        """Number of source videos."""
        return len(self.sizes)

    @property
    def low(self) -> float | None:
        """Lower end of the 95 % interval."""
        return self.ends()[0]

    @property
    def high(self) -> float | None:
        """Upper end of the 95 % interval."""
        return self.ends()[1]

    def ends(self, level: float = LEVEL) -> tuple[float | None, float | None]:
        """Ends of the interval that leaves out `level`: all values that `chance` calls likelier.

        They are cut at `bounds`.
        """
        if self.error is None:
            return None, None
        most = _student_quantile(level / 2, self.freedom)
        most = max(most, float(np.quantile(skewed_samples(self.sizes), 1 - level)))
        below = max(most, undone(most, self.skewness))
        above = max(most, -undone(-most, self.skewness))
        low, high = self.value - below * self.error, self.value + above * self.error
        return max(low, self.bounds[0]), min(high, self.bounds[1])

    def chance(self) -> float | None:
        """P value, two-sided: how often what is 0 would look at least so far from it."""
        if self.error is None:
            return None
        if self.error == 0:
            return 1.0 if abs(self.value) < _NOTHING else 0.0
        t = self.value / self.error
        found = float(agreed(np.array([t]), np.array([self.skewness]))[0])
        skewed = skewed_samples(self.sizes)
        beyond = len(skewed) - int(np.searchsorted(skewed, found))
        return max(2 * _student_beyond(found, self.freedom), beyond / len(skewed))


def _student_quantile(beyond: float, freedom: float) -> float:
    """What Student's t exceeds with a probability."""
    from scipy.special import stdtrit  # here: scores without an interval need none of it

    return -float(stdtrit(freedom, beyond))


def _student_beyond(t: float, freedom: float) -> float:
    """Probability that Student's t exceeds a value."""
    from scipy.special import stdtr

    return float(stdtr(freedom, -t))


def interval_of_mean(
    values: Resampled, videos: Sequence[str], bounds: tuple[float, float] = ANYTHING
) -> Interval:
    """Interval of a cell's metric.

    Args:
        values: The metric of N sequences with S seeds.
        videos: (N,) the source video of each sequence.
        bounds: The least and the largest value that the metric can have.

    Returns:
        No error where all sequences come from one video; the spread over seeds alone would say
        nothing about another video.
    """
    found = _interval([(1.0, values)], videos, paired=True)
    return replace(found, bounds=bounds)


def interval_of_difference(
    first: Resampled,
    second: Resampled,
    videos: Sequence[str],
    bounds: tuple[float, float] = ANYTHING,
    *,
    paired_seeds: bool,
) -> Interval:
    """Interval of the metric of `first` minus that of `second`, video by video.

    Args:
        first: The metric of one cell on N sequences.
        second: The metric of the other cell on the same sequences.
        videos: (N,) the source video of each sequence.
        bounds: As of `interval_of_mean`.
        paired_seeds: Whether the columns are the same seeds and are compared one by one; otherwise
            each cell's seeds vary on their own.

    Raises:
        DsltError: The shapes do not fit.
    """
    shapes = [(one.sequences, one.seeds) for one in (first, second)]
    if first.sequences != second.sequences or (paired_seeds and first.seeds != second.seeds):
        raise DsltError(f"cannot pair scores of shapes {shapes[0]} and {shapes[1]}")
    found = _interval([(1.0, first), (-1.0, second)], videos, paired=paired_seeds)
    return replace(found, bounds=(bounds[0] - bounds[1], bounds[1] - bounds[0]))


def interval_half_over_seeds(deviation: float | None, seeds: int) -> float | None:
    """Half the width of Student's 95 % interval of a mean over seeds; None with one seed.

    Args:
        deviation: Standard deviation over the seeds.
        seeds: Their number.
    """
    if deviation is None or seeds < 2:
        return None
    return _student_quantile(LEVEL / 2, seeds - 1) * deviation / float(np.sqrt(seeds))


def _interval(
    terms: list[tuple[float, Resampled]], videos: Sequence[str], *, paired: bool
) -> Interval:
    """Interval of a signed sum of metrics over the same sequences."""
    if any(one.sequences != len(videos) or 0 in (one.sequences, one.seeds) for _, one in terms):
        raise DsltError(f"expected scores of {len(videos)} sequences, at least one, and a seed")
    value = sum(sign * values.value() for sign, values in terms)
    _, member, counts = np.unique(np.asarray(videos), return_inverse=True, return_counts=True)
    count, sizes = len(counts), tuple(sorted(counts.tolist()))
    if count < 2:
        return Interval(value, notes=("no interval: one source video",))
    left_out = _total(terms, lambda term: term.without_videos(member))
    off = (count - 1) * (left_out.mean() - left_out)  # jackknife pseudo-values about their mean
    parts = [(_variance(off), count - 1), *_of_seeds(terms, paired=paired)]
    total = sum(variance for variance, _ in parts)
    if not np.isfinite([value, total]).all():
        undefined = "no interval: the metric is undefined without one of the videos or seeds"
        return Interval(value, sizes=sizes, notes=(undefined,))
    freedom = total**2 / sum(part**2 / free for part, free in parts) if total else count - 1
    third = (off**3).mean() / count**2
    skewness = third / (parts[0][0] * (count - 1) / count) ** 1.5 if parts[0][0] else 0.0
    share = (parts[0][0] / total) ** 1.5 if total else 0.0
    return Interval(
        value, float(np.sqrt(total)), float(freedom), skewness * share, sizes, _notes(count, terms)
    )


def _total(terms: Iterable[tuple[float, Resampled]], part: Callable[[Resampled], Floats]) -> Floats:
    """Signed sum of a part of each term."""
    return np.asarray(np.sum([sign * part(values) for sign, values in terms], axis=0))


def _variance(off: Floats) -> float:
    """Variance of the mean of values about their mean; rounding errors are none."""
    found = float((off**2).sum() / (len(off) - 1) / len(off))
    return 0.0 if found < _NOTHING**2 else found


def _of_seeds(terms: list[tuple[float, Resampled]], *, paired: bool) -> list[tuple[float, int]]:
    """Variances over seeds with their degrees of freedom, of the terms together if `paired`."""
    groups = [terms] if paired else [[term] for term in terms]
    found = []
    for group in groups:
        seeds = group[0][1].seeds
        if seeds > 1:
            left_out = _total(group, lambda term: term.without_seeds())
            off = (seeds - 1) * (left_out.mean() - left_out)
            found.append((_variance(off), seeds - 1))
    return found


def _notes(videos: int, terms: list[tuple[float, Resampled]]) -> tuple[str, ...]:
    """Say what an interval leaves out."""
    notes = []
    if videos < VIDEOS_FOR_VERDICT:
        notes.append(f"only {videos} source videos")
    single = sum(values.seeds == 1 for _, values in terms)
    if single:
        whose = "" if single == len(terms) else " of one of the two"
        notes.append(f"one seed{whose}: the interval leaves out its spread over seeds")
    return tuple(notes)


def holm(chances: Sequence[float]) -> list[float]:
    """Holm's correction: p values such that a family has a false one in at most its level.

    Args:
        chances: p values of the claims of a family.
    """
    order = np.argsort(chances, kind="stable")
    corrected = [0.0] * len(chances)
    most = 0.0
    for rank, index in enumerate(order):
        most = max(most, min(1.0, (len(chances) - rank) * chances[index]))
        corrected[index] = most
    return corrected
