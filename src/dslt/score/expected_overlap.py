"""Expected overlap: how well a tracker does on a sequence of a given length.

A supervised run is cut at its re-initialisations into pieces, each of them a short experiment that
was started once. The overlap that is to be expected on a sequence of L frames is the mean over the
pieces that say something about it.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.data.sequences.target import FAILED

MASS = 0.5  # part of the sequence lengths that the interval of the EAO holds


def mean_overlaps(
    states: NDArray[np.int8], overlap: Floats, known: Mask, reinitialize_after: int, longest: int
) -> tuple[Floats, Floats]:
    """Sum the mean overlaps of all pieces of one sequence's runs, at every length.

    A piece that ended in a failure goes on with overlap 0 for ever; the last one ends with the
    sequence and is silent about longer ones. A failure so late that no re-initialisation followed
    does not make its piece a failed one, as in the challenge's own analysis.

    Args:
        states: (R, N) states of the frames of R repetitions.
        overlap: (R, N) overlaps, NaN at frames that were not tracked.
        known: (N,) frames with a truth; others are left out of the means.
        reinitialize_after: Frames from a failure to the next initialisation.
        longest: The greatest length L.

    Returns:
        (L,) sums at lengths 1 to L, and (L,) number of pieces behind them, both over R.
    """
    sums, weights = np.zeros(longest), np.zeros(longest)
    for codes, values in zip(states, overlap, strict=True):
        starts = np.flatnonzero(codes == FAILED) + reinitialize_after
        begins = [0, *(int(start) for start in starts if start <= len(values))]
        for begin, end in zip(begins, [*begins[1:], None], strict=True):
            _add_piece(sums, weights, values, known, begin, end)
    return sums / len(states), weights / len(states)


def _add_piece(
    sums: Floats, weights: Floats, overlap: Floats, known: Mask, begin: int, end: int | None
) -> None:
    """Add one piece of a run, from frame `begin` to before `end`, None for the last one."""
    length = len(overlap)
    defined = length - begin if end is None else len(sums)
    if defined < 1:
        return  # re-initialised behind the last frame
    # Length L counts frames 2 to L: the first was given to the tracker.
    gain, number = np.zeros(defined), np.ones(defined)
    tracked = overlap[begin + 1 : end]
    gain[1 : 1 + len(tracked)] = np.where(np.isnan(tracked), 0.0, tracked)
    counted = known[begin + 1 :]
    number[1 : 1 + len(counted)] = counted
    number[0] = 0
    gain, number = gain.cumsum(), number.cumsum()
    gain[0] = number[0] = 1  # by definition
    some = number > 0
    sums[:defined] += np.divide(gain, number, out=np.zeros(defined), where=some)
    weights[:defined] += some


def interval_of_lengths(lengths: ArrayLike) -> tuple[int, int]:
    """Interval of sequence lengths that the expected overlap is averaged over.

    The challenge's rule: a kernel density of the lengths, from whose peak the interval grows
    towards the side of higher density, frame by frame, until it holds half of the mass; so both
    ends have about equal density. The kernel is a Gaussian whose width minimises the estimated
    mean integrated squared error (Wand and Jones, Kernel Smoothing, 1995, with a normal pilot).

    Args:
        lengths: Numbers of frames of the sequences.

    Returns:
        First and last length, 1-based; both the same where all sequences are equally long.

    Raises:
        DsltError: There is no length, or none above 1.
    """
    # Sorted, so that the order of the sequences does not decide the last bit, and with it a tie.
    values = np.sort(np.asarray(lengths, dtype=np.float64))
    if values.size == 0 or values.max() < 2:
        raise DsltError(
            "no sequence has 2 frames or more, so there is no interval for the expected average"
            " overlap"
        )
    longest = int(values.max())
    if values.min() == longest:
        return longest, longest
    width = _kernel_width(values)
    grid = np.arange(1, longest + 1)
    density = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2).sum(axis=1)
    return _grown(density / density.sum())


def _kernel_width(values: Floats) -> float:
    """Standard deviation of the kernel: the plug-in bandwidth of one stage."""
    count, spread = len(values), values.std()
    scaled = values / spread
    pilot = (4 / (3 * count)) ** 0.4  # its variance
    squared = (scaled[:, None] - scaled) ** 2 / pilot
    fourth = np.exp(-squared / 2) * (squared**2 - 6 * squared + 3)
    roughness = fourth.mean() / (math.sqrt(2 * math.pi) * pilot**2.5)
    return float(spread * (2 * math.sqrt(math.pi) * count * roughness) ** -0.2)


def _grown(density: Floats) -> tuple[int, int]:
    """Grow an interval of lengths from the peak until it holds half of the mass.

    It stops short of the longest length, as the challenge's does, unless nothing else is left.
    """
    count = len(density)
    low = high = int(density.argmax())
    while density[low : high + 1].sum() < MASS:
        down, up = low > 0, high < count - 2
        if not down and not up:
            return 1, count
        if down and (not up or density[low - 1] > density[high + 1]):
            low -= 1
        else:
            high += 1
    return max(low + 1, 2), high + 1
