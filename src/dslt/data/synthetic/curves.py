"""Smooth curves through keys, by additions and multiplications only: alike on every machine."""

from __future__ import annotations

Curve = tuple[tuple[float, float], ...]
"""Keys `(time, value)` of a smooth curve, constant outside them."""


def still(value: float) -> Curve:
    """A curve that stays where it is."""
    return ((0, value),)


def evaluate(curve: Curve, time: float) -> float:
    """Value of a smooth curve through its keys (cubic Hermite, slopes by finite differences)."""
    if time <= curve[0][0] or len(curve) == 1:
        return curve[0][1]
    if time >= curve[-1][0]:
        return curve[-1][1]
    right = next(index for index, (key, _) in enumerate(curve) if key > time)
    (t0, y0), (t1, y1) = curve[right - 1], curve[right]
    span = t1 - t0
    s = (time - t0) / span
    m0, m1 = _slope(curve, right - 1) * span, _slope(curve, right) * span
    cubic = 2 * (y0 - y1) + m0 + m1
    square = 3 * (y1 - y0) - 2 * m0 - m1
    return ((cubic * s + square) * s + m0) * s + y0


def _slope(curve: Curve, key: int) -> float:
    before, after = curve[max(key - 1, 0)], curve[min(key + 1, len(curve) - 1)]
    return (after[1] - before[1]) / (after[0] - before[0])
