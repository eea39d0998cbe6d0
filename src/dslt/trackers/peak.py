"""The maximum of a response that is up-sampled by bicubic interpolation, and where it is."""

from typing import NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from dslt.core.device import one_at_a_time

NEAR = 4  # cells on each side of the largest one, up-sampled first
REACH = 2  # cells on each side that the interpolation at a cell's pixels looks at
# Weights of torch's cubic (a = -0.75) add up to 1, the negative ones to at most -0.1875 (midway
# between cells): in two axes to -0.4453. And a little for rounding.
OVERSHOOT = 2 * 1.1875 * 0.1875 + 1e-4


class Peak(NamedTuple):
    """The largest value, and the pixel's row and column in the up-sampled response."""

    value: float
    row: int
    column: int


class Prior(NamedTuple):
    """Factors in [0, 1] on an up-sampled response.

    Attributes:
        pixels: `(h * stride, w * stride)`.
        cells: The largest of each cell, `(h, w)`.
    """

    pixels: Tensor
    cells: Tensor

    @classmethod
    def of(cls, pixels: Tensor, stride: int) -> Self:
        """Make it of the factors on pixels."""
        return cls(pixels, F.max_pool2d(pixels[None, None], stride)[0, 0])


def find_peaks(responses: Tensor, stride: int, prior: Prior | None = None) -> list[Peak]:
    """Find the peak of each response, up-sampled by `stride` and multiplied by a prior.

    On a CPU only what is near the largest cell is up-sampled, if no other cell can reach what is
    found there. The answer is that of up-sampling everything: to the bit where the stride is a
    power of two, else to rounding.

    Args:
        responses: Cells `(N, h, w)`.
        stride: Pixels of a cell.
        prior: The prior; None: all its factors are 1.
    """
    if responses.device.type == "cpu":
        return [_near(response, stride, prior) for response in responses]
    return find_everywhere(responses, stride, prior)


class Peaks(NamedTuple):
    """Peaks of `N` responses, tensors `(N,)` on their device: values, and pixels' rows and columns.

    Attributes:
        value: Values, float32.
        row: Rows, integers.
        column: Columns, integers.
    """

    value: Tensor
    row: Tensor
    column: Tensor


def peaks_of(responses: Tensor, stride: int, prior: Prior | None = None) -> Peaks:
    """Find what `find_peaks` does, and leave it on the device.

    Args:
        responses: Cells `(N, h, w)`.
        stride: Pixels of a cell.
        prior: A prior for each, tensors `(N, ...)`; None: all its factors are 1.
    """
    if not one_at_a_time(responses.device):
        fine = upsampled(responses, stride)
        fine = fine if prior is None else fine * prior.pixels
        value, place = fine.flatten(1).max(dim=1)
        side = fine.shape[-1]
        return Peaks(value, place // side, place % side)
    count = len(responses)
    priors = [None] * count if prior is None else list(map(Prior, prior.pixels, prior.cells))
    found = [_near(one, stride, factors) for one, factors in zip(responses, priors, strict=True)]
    return Peaks(*(torch.tensor(part) for part in zip(*found, strict=True)))


def find_everywhere(responses: Tensor, stride: int, prior: Prior | None = None) -> list[Peak]:
    """Find the peaks as `find_peaks` does, always in the whole responses."""
    fine = upsampled(responses, stride)
    fine = fine if prior is None else fine * prior.pixels
    values, places = fine.flatten(1).max(dim=1)
    found = zip(values.tolist(), places.tolist(), strict=True)
    return [Peak(value, *divmod(place, fine.shape[-1])) for value, place in found]


def _near(response: Tensor, stride: int, prior: Prior | None) -> Peak:
    """Find the peak of one response `(h, w)`, first where it should be."""
    rows, columns = response.shape
    weighted = response if prior is None else response * prior.cells
    row, column = divmod(int(weighted.argmax()), columns)
    low = (max(row - NEAR, 0), max(column - NEAR, 0))
    high = (min(row + NEAR + 1, rows), min(column + NEAR + 1, columns))
    best = _within(response, stride, prior, low, high)
    largest, smallest = (
        sign * F.max_pool2d(sign * response[None, None], 2 * REACH + 1, 1, REACH)[0, 0]
        for sign in (1, -1)
    )
    bound = largest + OVERSHOOT * (largest - smallest) + 1e-5 * largest.abs()
    if prior is not None:
        bound = bound.clamp_min(0) * prior.cells
    bound[low[0] : high[0], low[1] : high[1]] = -torch.inf
    if float(bound.max()) < best.value:
        return best
    return _within(response, stride, prior, (0, 0), (rows, columns))


def _within(
    response: Tensor,
    stride: int,
    prior: Prior | None,
    low: tuple[int, int],
    high: tuple[int, int],
) -> Peak:
    """Find the largest value among the pixels of the cells from `low` to below `high`."""
    starts = [max(side - REACH, 0) for side in low]
    part = response[starts[0] : high[0] + REACH, starts[1] : high[1] + REACH]
    fine = upsampled(part[None], stride)[0]
    top, left = ((side - start) * stride for side, start in zip(low, starts, strict=True))
    height, width = ((end - side) * stride for side, end in zip(low, high, strict=True))
    fine = fine[top : top + height, left : left + width]
    row, column = low[0] * stride, low[1] * stride
    if prior is not None:
        fine = fine * prior.pixels[row : row + height, column : column + width]
    y, x = divmod(int(fine.argmax()), width)
    return Peak(float(fine[y, x]), row + y, column + x)


def upsampled(responses: Tensor, stride: int) -> Tensor:
    """Up-sample responses `(N, h, w)` by bicubic interpolation."""
    return F.interpolate(
        responses[:, None], scale_factor=stride, mode="bicubic", align_corners=False
    )[:, 0]
