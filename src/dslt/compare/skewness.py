"""Student's t and t corrected for skewness (Hall 1992), and how far both go by chance."""

from functools import lru_cache

import numpy as np

from dslt.core.arrays import Floats

_SIGMA = 0.75  # of the logarithm: more skewed than an exponential, whose skewness is 2
_SYMMETRIC = 1e-6  # less skewness than this is none
_DRAWS = 60_000
_PORTION = 4_000_000


def _corrected(t: Floats, skewness: Floats) -> Floats:
    """Hall's corrections of t for `skewness`, cubic and exponential: the one farther from 0.

    Both increase with t throughout.
    """
    some = np.where(np.abs(skewness) < _SYMMETRIC, _SYMMETRIC, skewness)
    cubic = t + some * t**2 / 3 + some**2 * t**3 / 27 + some / 6
    exponential = np.expm1(np.minimum(2 * some * t / 3, 100)) * 1.5 / some + some / 6
    return np.asarray(np.where(np.abs(cubic) > np.abs(exponential), cubic, exponential))


def undone(corrected: float, skewness: float) -> float:
    """The t nearest to 0 that has this corrected value."""
    if abs(skewness) < _SYMMETRIC:
        return corrected
    shifted = skewness * (corrected - skewness / 6)
    found = [3 / skewness * (np.cbrt(1 + shifted) - 1)]
    if shifted > -1.5:  # else no t goes so far
        found.append(1.5 / skewness * np.log1p(2 * shifted / 3))
    return float(min(found, key=abs))


def agreed(t: Floats, skewness: Floats) -> Floats:
    """How far both t and its correction are from 0; 0 where they differ in sign."""
    corrected = _corrected(t, skewness)
    nearer = np.minimum(np.abs(t), np.abs(corrected))
    return np.asarray(np.where(np.sign(t) == np.sign(corrected), nearer, 0.0))


@lru_cache(maxsize=64)
def skewed_samples(sizes: tuple[int, ...]) -> Floats:
    """What `agreed` is, ascending, in samples of log-normal differences about 0, one per video.

    Where videos have unlike numbers of sequences, a few of them are most of the metric: they count
    here as they do there.
    """
    videos = len(sizes)
    generator = np.random.default_rng(videos)
    draws = max(_DRAWS // max(1, videos // 60), 2_000)
    portion = max(1, _PORTION // videos)
    weights = np.array(sizes) / sum(sizes)
    found = []
    for start in range(0, draws, portion):
        size = (min(portion, draws - start), videos)
        values = generator.lognormal(0, _SIGMA, size) - np.exp(_SIGMA**2 / 2)
        mean = values @ weights
        left_out = (mean[:, None] - weights * values) / (1 - weights)
        off = (videos - 1) * (left_out.mean(axis=1, keepdims=True) - left_out)
        square = (off**2).mean(axis=1)
        skewness = (off**3).mean(axis=1) / square**1.5 / np.sqrt(videos)
        found.append(agreed(mean / np.sqrt(square / (videos - 1)), skewness))
    samples = np.sort(np.concatenate(found))
    samples.setflags(write=False)
    return samples
