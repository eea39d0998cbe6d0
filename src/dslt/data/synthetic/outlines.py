"""Outlines of objects that are cut out of photographs: superellipses with soft edges."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.arrays import Floats
from dslt.geometry.boxes import DECIMALS, Boxes

MARGIN = 2  # transparent pixels around an object, so that sampling may clamp to its edge
_FEATHER = 1.5  # width of its soft edge, pixels


def turned(angle: ArrayLike, along: ArrayLike = 1.0, across: ArrayLike = 1.0) -> Floats:
    """Return the map that stretches the axes of an object and then turns it.

    Args:
        angle: Angle (...) in radians, clockwise on the screen.
        along: Factor (...) on the object's width.
        across: Factor (...) on its height.

    Returns:
        Matrices (..., 2, 2).
    """
    cosine, sine = np.cos(angle), np.sin(angle)
    matrices = np.empty((*np.shape(angle), 2, 2))
    matrices[..., 0, 0], matrices[..., 0, 1] = cosine * along, -sine * across
    matrices[..., 1, 0], matrices[..., 1, 1] = sine * along, cosine * across
    return matrices


def superellipse(angle: Floats, power: int) -> Floats:
    """Return points (K, 2) of the outline |u|^power + |v|^power = 1 at angles (K,) in radians."""
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    points: Floats = np.sign(circle) * np.abs(circle) ** (2 / power)
    return points


def boxes_around(points: Floats) -> Boxes:
    """Return the boxes (..., 4) of outlines whose points are (..., 2, K), pixels, rounded."""
    low, high = points.min(axis=-1), points.max(axis=-1)
    return np.round(np.concatenate([low, high - low], axis=-1), DECIMALS)


def opacity(
    u: NDArray[np.floating], v: NDArray[np.floating], power: int, half: Floats
) -> NDArray[Any]:
    """Return the opacity of a superellipse: 0.5 on its outline, falling over the feather.

    Args:
        u: Offsets of pixels from its middle along its first axis, in half widths.
        v: Those along its second axis, in half heights; broadcast with `u`.
        power: Even power of the outline.
        half: Half width and height (2,), pixels.

    Returns:
        0 to 1 (h, w), of the type of `u` and `v`.
    """
    slope = float(half.min()) / (power * _FEATHER)  # a Python number: it keeps the type
    return np.clip(0.5 + (1 - u**power - v**power) * slope, 0, 1)
