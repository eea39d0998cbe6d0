"""Convolutions by minimal filtering (Winograd; Lavin & Gray, 2016), in OpenVINO's operations.

A tile of 4 x 4 outputs of a 3x3 kernel takes 36 products of channels instead of 144, and of a 5x5
kernel 64 instead of 400. Both transforms are matrix products, and what brings maps into tiles and
back are two gathers, which take care of dilation and groups, too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from dslt.core.arrays import Floats, Ints

KERNELS = (3, 5)
NARROW = 32  # channels of a group below which the transforms cost more than they save
SMALL = 12  # outputs on a side below which reading the larger weights does
# Pairs of channels from which tiles are smaller: 3x3 weights grow 1.8 times then, and not 4.
LARGE = 2**18
ROOT = float(np.sqrt(2))
CHUNK = 2**16  # kernels that are transformed at once
# Interpolation points by their number; another one is at infinity. With five, rounding costs one or
# two bits more than in plain sums, where small whole numbers cost three; with seven, four.
POINTS = {
    3: (0.0, 1.0, -1.0),
    5: (0.0, 1 / ROOT, -1 / ROOT, ROOT, -ROOT),
    7: (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5),
}

Pads = tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Geometry:
    """A convolution with stride 1, and its tiles.

    Attributes:
        kernel: Side of the kernel.
        pads: Rows and columns of zeros before and after, `((top, left), (bottom, right))`.
        dilation: Steps between the kernel's cells.
        groups: Groups of channels.
        tile: Outputs on a side of a tile.
    """

    kernel: int
    pads: Pads
    dilation: int
    groups: int
    tile: int


@dataclass(frozen=True)
class Axis:
    """How one axis is cut into tiles.

    Attributes:
        inputs: Padded positions that each tile reads, `(tiles, tile + kernel - 1)`.
        tile: The tile of every output.
        place: Its place in the tile.
        size: Positions after padding, with those past the end that the last tiles read.
    """

    inputs: Ints
    tile: Ints
    place: Ints
    size: int


def suited(convolution: nn.Conv2d, sides: tuple[int, ...], pads: Pads) -> Geometry | None:
    """Return the tiles of a convolution, or None where plain sums are faster.

    Args:
        convolution: A convolution, with a dilation of 4 at most where it has one.
        sides: Rows and columns that it reads.
        pads: Its rows and columns of zeros, as in `Geometry`.
    """
    (kernel, width), (dilation, other) = convolution.kernel_size, convolution.dilation
    square = width == kernel and other == dilation
    if not square or kernel not in KERNELS or convolution.stride != (1, 1):
        return None
    grown = [side + before + after for side, before, after in zip(sides, *pads, strict=True)]
    groups = convolution.groups
    channels = (convolution.out_channels // groups, convolution.in_channels // groups)
    if min(channels) < NARROW or min(grown) - dilation * (kernel - 1) < SMALL:
        return None
    large = kernel == 3 and channels[0] * channels[1] >= LARGE
    return Geometry(kernel, pads, dilation, groups, 2 if large else 4)


def lower(x: Any, weight: NDArray[np.float32], how: Geometry) -> Any:
    """Append a convolution to OpenVINO's graph.

    Args:
        x: An output of a node, `(1, I, H, W)`.
        weight: `(O, I / groups, k, k)`.
        how: Its geometry.

    Returns:
        A node with the output `(1, O, H', W')`.
    """
    from openvino import opset13 as ops

    _, _, height, width = tuple(x.shape)
    outputs, channels = weight.shape[:2]
    (top, left), (bottom, right) = how.pads
    rows, columns = _axis(height, top, bottom, how), _axis(width, left, right, how)
    forward, kernels, back = (np.kron(one, one) for one in matrices(how))
    places, tiles = len(forward), len(rows.inputs) * len(columns.inputs)

    x = ops.transpose(x, np.array([0, 2, 3, 1]))
    ends = (rows.size - height - top, columns.size - width - left)
    x = ops.pad(x, [0, top, left, 0], [0, *ends, 0], "constant", np.float32(0))
    x = ops.reshape(x, np.array([-1, channels]), special_zero=False)
    x = ops.gather(x, _taken(rows, columns, how), np.array(0))

    x = ops.reshape(x, np.array([places, -1]), special_zero=False)
    x = ops.matmul(ops.constant(forward.astype(np.float32)), x, False, False)
    x = ops.reshape(x, np.array([places, how.groups, tiles, channels]), special_zero=False)
    weights = _transformed(weight, kernels, how.groups)  # nobody else's, and large: not copied
    x = ops.matmul(x, ops.constant(weights, shared_memory=True), False, False)
    x = ops.reshape(x, np.array([places, -1]), special_zero=False)
    x = ops.matmul(ops.constant(back.astype(np.float32)), x, False, False)

    x = ops.reshape(x, np.array([-1, outputs // how.groups]), special_zero=False)
    x = ops.gather(x, _given(rows, columns, how), np.array(0))
    shape = np.array([1, len(rows.tile), len(columns.tile), outputs])
    x = ops.reshape(x, shape, special_zero=False)
    return ops.transpose(x, np.array([0, 3, 1, 2]))


def matrices(how: Geometry) -> tuple[Floats, Floats, Floats]:
    """Return what turns a correlation with a kernel into products of few numbers.

    Returns:
        `B` `(n, n)`, `G` `(n, kernel)` and `A` `(tile, n)`, with `n = tile + kernel - 1`, such that
        `A @ ((G @ g) * (B @ d))` are the `tile` correlations of `g` with `n` numbers `d`.
    """
    points = np.array(POINTS[how.tile + how.kernel - 2])
    others = [np.delete(points, place) for place in range(len(points))]
    inputs = np.array(
        [*(np.append(np.poly(rest)[::-1], 0.0) for rest in others), np.poly(points)[::-1]]
    )
    scale = np.array([np.prod(one - rest) for one, rest in zip(points, others, strict=True)])
    weights = np.vander(points, how.kernel, increasing=True) / scale[:, None]
    outputs = np.vander(points, how.tile, increasing=True)
    last = np.eye(how.kernel)[-1:], np.eye(how.tile)[-1:]  # the point at infinity
    return inputs, np.vstack([weights, last[0]]), np.vstack([outputs, last[1]]).T


def _transformed(
    weight: NDArray[np.float32], kernels: NDArray[np.floating[Any]], groups: int
) -> NDArray[np.float32]:
    """Transform weights: `(places, groups, I / groups, O / groups)`.

    In float64, rounded once: else the number of NumPy's threads would decide the last bits.
    """
    outputs, channels, *_ = weight.shape
    made = np.empty((len(kernels), groups, channels * outputs // groups), np.float32)
    for group, part in enumerate(np.split(weight, groups)):
        cells = part.transpose(2, 3, 1, 0).reshape(kernels.shape[1], -1)
        for first in range(0, cells.shape[1], CHUNK):
            some = slice(first, first + CHUNK)
            made[:, group, some] = kernels @ cells[:, some].astype(np.float64)
    return made.reshape(*made.shape[:2], channels, -1)


def _axis(size: int, before: int, after: int, how: Geometry) -> Axis:
    """Cut an axis into tiles; with dilation, those of every phase stand one after the other."""
    step, tile = how.dilation, how.tile
    outputs = np.arange(size + before + after - step * (how.kernel - 1))
    counts = [-(-len(outputs[phase::step]) // tile) for phase in range(step)]
    first = np.concatenate([[0], np.cumsum(counts)])
    starts = np.concatenate([p + step * tile * np.arange(n) for p, n in enumerate(counts)])
    inputs = starts[:, None] + step * np.arange(tile + how.kernel - 1)
    whole = max(size + before + after, int(inputs.max()) + 1)
    return Axis(
        inputs, first[outputs % step] + outputs // step // tile, outputs // step % tile, whole
    )


def _taken(rows: Axis, columns: Axis, how: Geometry) -> NDArray[np.int32]:
    """Index what tiles read, for rows of channels: place in the tile, group, tile."""
    at = rows.inputs.T[:, None, :, None] * columns.size + columns.inputs.T[None, :, None, :]
    at = at.reshape(*at.shape[:2], 1, -1) * how.groups + np.arange(how.groups)[:, None]
    return at.ravel().astype(np.int32)


def _given(rows: Axis, columns: Axis, how: Geometry) -> NDArray[np.int32]:
    """Index what tiles give, in the order of `_taken`, for the outputs: row, column, group."""
    tiles = len(rows.inputs) * len(columns.inputs)
    place = (rows.place[:, None] * how.tile + columns.place)[..., None]
    tile = (rows.tile[:, None] * len(columns.inputs) + columns.tile)[..., None]
    return ((place * how.groups + np.arange(how.groups)) * tiles + tile).ravel().astype(np.int32)
