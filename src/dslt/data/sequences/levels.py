"""How 16 bits per channel become 8: as a whole, or the part that a camera uses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.images import Frame

_TOP = 65535
_NARROW = 16384  # a narrower range would keep fewer than 64 of 256 grey levels
_PERCENTILES = (0.5, 99.5)  # so that dead pixels do not count
_MARGIN = 0.25  # of the range, on both sides, for what comes later
_FEW, _SEVERAL = 32, 4


@dataclass(frozen=True)
class Levels:
    """The values that become 0 and 255; those beyond are cut off.

    Attributes:
        low: What becomes 0.
        high: What becomes 255.
    """

    low: float = 0
    high: float = _TOP

    @classmethod
    def of(cls, pixels: NDArray[np.uint16]) -> Levels:
        """Take the levels of a sequence from its first frame.

        All values, unless the frame uses less than a quarter of them, as those of thermal cameras
        and of 12 bits do: then those between its 0.5 and 99.5 percentiles, and a quarter of that
        range more on either side. Pixels of exactly 0 and 65535 do not count: they are dead ones,
        or borders, or were cut off already.
        """
        used = pixels[(pixels > 0) & (pixels < _TOP)]
        if not used.size:
            return cls()
        low, high = np.percentile(used, _PERCENTILES).tolist()
        width = high - low
        if not 0 < width < _NARROW:
            return cls()
        return cls(low - _MARGIN * width, high + _MARGIN * width)

    @property
    def narrow(self) -> bool:
        """Whether only a part of all values is used."""
        return self != Levels()

    def apply(self, pixels: NDArray[np.uint16]) -> Frame:
        """Map values to 8 bits, linearly, rounded."""
        return self._table()[pixels]

    def flatten(self, pixels: NDArray[np.uint16]) -> bool:
        """Tell whether few grey levels are left of several times as many values."""
        there = np.zeros(_TOP + 1, np.bool_)
        there[pixels] = True
        left = np.unique(self._table()[there]).size
        return left < _FEW and int(there.sum()) >= _SEVERAL * left

    def _table(self) -> NDArray[np.uint8]:
        values = np.arange(_TOP + 1, dtype=np.float64)
        scaled = np.round((values - self.low) * 255 / (self.high - self.low))
        return np.clip(scaled, 0, 255).astype(np.uint8)
