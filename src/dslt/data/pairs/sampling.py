"""Which video each pair of a training run is drawn from: a function of seed and number alone."""

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.data.pairs.source import PairSource

_MIX, _VIDEOS, _START, _PAIR = range(4)  # streams of random numbers
_RANDOM_VIDEOS = 2**48  # of an endless source


def pair_random(seed: int, epoch: int, index: int, attempt: int) -> np.random.Generator:
    """Return the random numbers of one attempt at one pair."""
    return generator(_PAIR, seed, epoch, index, attempt)


def fixed_videos(source: PairSource, which: int, count: int, seed: int) -> list[int]:
    """Choose the numbers of `count` videos of source `which`, another choice for each seed.

    Raises:
        DsltError: It has not so many.
    """
    if source.endless:
        first = _start(seed, which)
        return list(range(first, first + count))
    if len(source.videos) < count:
        raise DsltError(
            f"pairs.sources.{source.name}: {count} videos, each a domain; expected no more than the"
            f" {len(source.videos)} that the training set has"
        )
    return [int(n) for n in _order(_VIDEOS, seed, which, 0, len(source.videos))[:count]]


def turn_of(seed: int, number: int, count: int) -> int:
    """Return which of `count` things sample `number` is of: each once, in random order, again."""
    turn, place = divmod(number, count)
    return int(_order(_MIX, seed, 0, turn, count)[place])


def random_video(source: PairSource, random: np.random.Generator) -> int:
    """Draw the number of a video."""
    return int(random.integers(_RANDOM_VIDEOS if source.endless else len(source.videos)))


class Schedule:
    """The order of a run: cycles of so many pairs per source, shuffled together.

    A source goes through all its videos in random order before one comes again; an endless one
    gives a new video each time. (PySOT, `pysot/datasets/dataset.py`.)
    """

    def __init__(
        self, sources: Sequence[PairSource], counts: Mapping[str, int | None], seed: int
    ) -> None:
        """Take the sources.

        Args:
            sources: The sources, in their order.
            counts: Pairs of a cycle by name of the source; None: as many as it has videos.
            seed: Seed of the order.

        Raises:
            DsltError: An endless source has no count.
        """
        for source in sources:
            if source.endless and counts[source.name] is None:
                raise DsltError(
                    f"pairs.sources.{source.name}: null; this source is endless: give the number of"
                    " its pairs per cycle"
                )
        self._sources, self._seed = sources, seed
        self._counts = [counts[source.name] or len(source.videos) for source in sources]
        self._ends = np.cumsum(self._counts)

    def __call__(self, number: int) -> tuple[int, int]:
        """Return the source, and the video in it, from which pair `number` >= 0 is drawn."""
        cycle, place = divmod(number, int(self._ends[-1]))
        if len(self._sources) > 1:
            place = int(_order(_MIX, self._seed, 0, cycle, int(self._ends[-1]))[place])
        which = int(np.searchsorted(self._ends, place, side="right"))
        count = self._counts[which]
        draw = cycle * count + place - (int(self._ends[which]) - count)
        source = self._sources[which]
        if source.endless:
            return which, _start(self._seed, which) + draw
        turn, place = divmod(draw, len(source.videos))
        return which, int(_order(_VIDEOS, self._seed, which, turn, len(source.videos))[place])


@functools.lru_cache(maxsize=12)
def _order(stream: int, seed: int, which: int, turn: int, count: int) -> NDArray[np.int32]:
    """Return a permutation of `count` numbers."""
    return generator(stream, seed, which, turn).permutation(np.arange(count, dtype=np.int32))


@functools.lru_cache(maxsize=12)
def _start(seed: int, which: int) -> int:
    """Draw the first video of an endless source: other seeds have other videos."""
    return int(generator(_START, seed, which).integers(_RANDOM_VIDEOS, 2 * _RANDOM_VIDEOS))


def generator(*key: int) -> np.random.Generator:
    """Return a generator of random numbers that depends on these numbers alone."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(key)))
