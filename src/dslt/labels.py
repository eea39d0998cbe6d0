"""Soft labels of the regression trackers, on the grid of response cells."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def gaussian_map(
    shape: tuple[int, int],
    center: tuple[float, float],
    sigma: tuple[float, float],
    *,
    normalise: bool = True,
) -> Tensor:
    """Make a two-dimensional Gaussian on a grid.

    Args:
        shape: `(rows, columns)` of the grid.
        center: `(x, y)` in cells; cell `i` has its middle at `i`.
        sigma: `(x, y)` standard deviations in cells.
        normalise: stretch the values to [0, 1], so that the peak is 1 between cells too.

    Returns:
        float32 tensor `(rows, columns)`.
    """
    x = np.exp(-0.5 * ((np.arange(shape[1]) - center[0]) / sigma[0]) ** 2)
    y = np.exp(-0.5 * ((np.arange(shape[0]) - center[1]) / sigma[1]) ** 2)
    values = np.outer(y, x)
    if normalise:
        low, high = values.min(), values.max()
        values = (values - low) / (high - low) if high > low else values
    return torch.from_numpy(values.astype(np.float32))


def soft_label(
    shape: tuple[int, int],
    center: tuple[float, float],
    target: tuple[float, float],
    sigma: float,
    min_sigma: float,
) -> Tensor:
    """Make the regression label Y of a sample (Section 3.1; sigma is a tenth of the target).

    Args:
        shape: `(rows, columns)` of the response map.
        center: `(x, y)` of the target in cells.
        target: `(width, height)` of the target in cells.
        sigma: standard deviation over the target's size, per axis.
        min_sigma: lower bound of the standard deviation in cells: a narrower label of a small
            target would have no more than one cell above zero.

    Returns:
        float32 tensor `(rows, columns)`, values in [0, 1], peak 1.
    """
    spread = (max(sigma * target[0], min_sigma), max(sigma * target[1], min_sigma))
    return gaussian_map(shape, center, spread)
