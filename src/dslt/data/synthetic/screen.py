"""The screen of all videos composed here, and upright areas of it."""

from __future__ import annotations

import math
from typing import NamedTuple

from dslt.core.arrays import Floats

WIDTH, HEIGHT = 320, 240
NOISE_SIDE = 64  # a tile of noise is so much larger than the screen, to be cut in many ways
NOISE_SHAPE = (HEIGHT + NOISE_SIDE, WIDTH + NOISE_SIDE, 3)


class Area(NamedTuple):
    """Upright rectangle of whole pixels.

    Attributes:
        left: First column.
        top: First row.
        right: Column after the last one.
        bottom: Row after the last one.
    """

    left: int
    top: int
    right: int
    bottom: int

    @classmethod
    def about(cls, middle: Floats, reach: Floats) -> Area:
        """Return the smallest area with all points up to `reach` (2,) from `middle` (2,)."""
        low, high = (middle - reach).tolist(), (middle + reach).tolist()
        return cls(*map(math.floor, low), *map(math.ceil, high))

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.right - self.left, self.bottom - self.top

    def common(self, other: Area) -> Area | None:
        """Return the part that two areas share, None where there is none."""
        low = max(self.left, other.left), max(self.top, other.top)
        high = min(self.right, other.right), min(self.bottom, other.bottom)
        return Area(*low, *high) if low[0] < high[0] and low[1] < high[1] else None

    def within(self, whole: Area) -> tuple[slice, slice]:
        """Return the area's rows and columns in an image of a larger area."""
        rows = slice(self.top - whole.top, self.bottom - whole.top)
        return rows, slice(self.left - whole.left, self.right - whole.left)


SCREEN = Area(0, 0, WIDTH, HEIGHT)
