"""Smooth curves through keys, by additions and multiplications only: alike on every machine."""

from bisect import bisect
from collections.abc import Mapping

Keyframes = Mapping[float, float]
"""Values of a smooth curve by time, in the order of time; it is constant outside them."""


def evaluate(keys: Keyframes, time: float) -> float:
    """Return the value of a smooth curve (cubic Hermite, slopes by finite differences)."""
    times, values = list(keys), list(keys.values())
    right = bisect(times, time)
    if right in (0, len(times)):
        return values[max(right - 1, 0)]

    def slope(key: int) -> float:
        before, after = max(key - 1, 0), min(key + 1, len(times) - 1)
        return (values[after] - values[before]) / (times[after] - times[before])

    left = right - 1
    y0, y1, span = values[left], values[right], times[right] - times[left]
    s = (time - times[left]) / span
    m0, m1 = slope(left) * span, slope(right) * span
    cubic = 2 * (y0 - y1) + m0 + m1
    square = 3 * (y1 - y0) - 2 * m0 - m1
    return ((cubic * s + square) * s + m0) * s + y0
