"""Labels of the regression trackers and of SiamFC, on the grid of response cells."""

import numpy as np
import torch
from torch import Tensor

from dslt.settings.siamfc import ResponseLabelSettings


def gaussian_map(
    shape: tuple[int, int],
    center: tuple[float, float],
    sigma: tuple[float, float],
    *,
    normalise: bool = True,
) -> Tensor:
    """Make a two-dimensional Gaussian on a grid.

    Args:
        shape: Size `(rows, columns)` of the grid.
        center: Middle `(x, y)` in cells; cell `i` has its middle at `i`.
        sigma: Standard deviations `(x, y)` in cells.
        normalise: Whether the values are stretched to [0, 1], so that the peak is 1 between cells
            too.

    Returns:
        Float32 tensor `(rows, columns)`.
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
        shape: Size `(rows, columns)` of the response map.
        center: Middle `(x, y)` of the target in cells.
        target: Size `(width, height)` of the target in cells.
        sigma: Standard deviation over the target's size, per axis.
        min_sigma: Lower bound of the standard deviation in cells: a narrower label of a small
            target would have no more than one cell above zero.

    Returns:
        Float32 tensor `(rows, columns)`, values in [0, 1], peak 1.
    """
    spread = (max(sigma * target[0], min_sigma), max(sigma * target[1], min_sigma))
    return gaussian_map(shape, center, spread)


def response_label(
    settings: ResponseLabelSettings, side: int, stride: int, shift: Tensor
) -> Tensor:
    """Make SiamFC's labels on a square response map (Eq. 9).

    The target's place is that of the template's middle over the search region's, which is the
    map's `(side - 1) / 2`, plus its shift.

    Args:
        settings: Kind of the labels: `hard`: 1 within `radius` pixels (Euclidean, the border
            included), else 0; `soft`: a Gaussian of `sigma` cells with peak 1 (released code: the
            whole map, not cut off).
        side: Rows and columns of the map.
        stride: Pixels of the search region per cell.
        shift: Shift `(B, 2)`, x and y, from the middle of the search region to that of the target,
            in pixels of the search region; zeros for the published labels, which ignore the
            augmentation's few pixels.

    Returns:
        Float32 `(B, 1, side, side)` on the device of `shift`.
    """
    cells = torch.arange(side, device=shift.device, dtype=torch.float32) - (side - 1) / 2
    x, y = (cells - shift[:, axis, None].float() / stride for axis in (0, 1))
    squares = y[:, None, :, None] ** 2 + x[:, None, None, :] ** 2
    if settings.kind == "soft":
        return torch.exp(-squares / (2 * settings.sigma**2))
    return (squares * stride**2 <= settings.radius**2).float()
