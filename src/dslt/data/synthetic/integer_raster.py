"""Integer rasteriser of the synthetic videos: the same bytes on every machine.

Places are fixed-point numbers in 1/65536 pixel, colours are integers. Pixel `i` covers the interval
`[i, i + 1)`, as everywhere in the package, so its centre is at `i + 0.5`.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints
from dslt.core.images import Frame
from dslt.data.synthetic.screen import Area

ONE = 1 << 16
_SINE_STEPS = 4096
_SINE: Ints = np.floor(
    np.sin(np.arange(_SINE_STEPS) * (2 * np.pi / _SINE_STEPS)) * ONE + 0.5
).astype(np.int64)

Shifts = list[tuple[int, int]]


def fixed(value: float) -> int:
    """Return a number in 1/65536."""
    return math.floor(value * ONE + 0.5)


def sine(turns: Ints) -> Ints:
    """Return the sine of an angle in turns, both fixed-point."""
    return np.asarray(_SINE[(turns * _SINE_STEPS >> 16) & (_SINE_STEPS - 1)])


def sample_view(
    image: Frame, middle: Sequence[float] | Floats, zoom: float, size: tuple[int, int]
) -> Frame:
    """Look at an image through a window.

    Args:
        image: RGB uint8 (H, W, 3).
        middle: Image column and row at the middle of the window, pixels.
        zoom: Screen pixels per image pixel.
        size: `(w, h)` of the window.

    Returns:
        RGB uint8 (h, w, 3), bilinear; outside the image its edge is repeated.
    """
    columns, column_weight = _places(middle[0], zoom, size[0], image.shape[1])
    rows, row_weight = _places(middle[1], zoom, size[1], image.shape[0])
    start, stop = int(columns[0]), int(columns[-1]) + 2
    part = image[:, start:stop].astype(np.uint16)
    weight = row_weight[:, None, None]
    mixed = (part[rows] * (256 - weight) + part[rows + 1] * weight) >> 8
    weight = column_weight[None, :, None]
    columns = columns - start
    mixed = (mixed[:, columns] * (256 - weight) + mixed[:, columns + 1] * weight) >> 8
    return mixed.astype(np.uint8)


def _places(middle: float, zoom: float, count: int, length: int) -> tuple[Ints, NDArray[np.uint16]]:
    """Return left neighbours and weights (1/256) of the right ones along one axis."""
    offset = 2 * np.arange(count, dtype=np.int64) + 1 - count  # twice the distance to the middle
    place = offset * (fixed(1 / zoom) // 2) + fixed(middle) - ONE // 2
    place = np.clip(place, 0, (length - 1) * ONE - 1)
    return place >> 16, ((place >> 8) & 255).astype(np.uint16)


def bilinear(pixels: NDArray[np.uint8], u: Ints, v: Ints) -> NDArray[np.int32]:
    """Sample an image bilinearly.

    Args:
        pixels: RGBA uint8 (H, W, 4) with transparent edges.
        u: Fixed-point columns, counted from its middle; broadcast with `v`.
        v: Fixed-point rows, counted from its middle.

    Returns:
        RGBA int32 (h, w, 4).
    """
    height, width = pixels.shape[:2]
    x = np.clip(u + (width - 1) * ONE // 2, 0, (width - 1) * ONE - 1)
    y = np.clip(v + (height - 1) * ONE // 2, 0, (height - 1) * ONE - 1)
    flat = pixels.reshape(-1, 4)
    index = (y >> 16) * width + (x >> 16)
    fx = ((x >> 8) & 255).astype(np.int32)[..., None]
    fy = ((y >> 8) & 255).astype(np.int32)[..., None]
    upper = flat[index] * (256 - fx) + flat[index + 1] * fx
    lower = flat[index + width] * (256 - fx) + flat[index + width + 1] * fx
    mixed: NDArray[np.int32] = (upper * (256 - fy) + lower * fy + 32768) >> 16
    return mixed


def shifts(dx: float, dy: float) -> Shifts:
    """Return the whole-pixel steps of a motion `(dx, dy)` during the exposure, about its middle."""
    count = min(16, int(max(abs(dx), abs(dy)))) | 1  # odd: one of them is the middle
    parts = range(1 - count, count, 2)

    def steps(whole: float) -> list[int]:
        return [math.floor(whole * part / (2 * count) + 0.5) for part in parts]

    return list(zip(steps(dx), steps(dy), strict=True))


def _reach(motion: Shifts) -> int:
    """Return the length of the longest shift along either axis."""
    return max(max(abs(dx), abs(dy)) for dx, dy in motion)


def _sum_shifted(padded: NDArray[Any], motion: Shifts) -> NDArray[Any]:
    """Add shifted copies of an image; the result lacks an edge as wide as the longest shift."""
    pad = _reach(motion)
    height, width = padded.shape[0] - 2 * pad, padded.shape[1] - 2 * pad
    total = np.zeros((height, width, padded.shape[2]), dtype=padded.dtype)
    for dx, dy in motion:
        total += padded[pad - dy : pad - dy + height, pad - dx : pad - dx + width]
    return total


def blur(image: Frame, motion: Shifts) -> Frame:
    """Return the mean of shifted copies of an image, its edge repeated."""
    if len(motion) == 1:
        return image
    pad = _reach(motion)
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge").astype(np.uint16)
    return ((_sum_shifted(padded, motion) + len(motion) // 2) // len(motion)).astype(np.uint8)


def blend(canvas: Frame, area: Area, pixels: NDArray[np.int32], motion: Shifts) -> None:
    """Blend an object onto the canvas in place, blurred over the given shifts.

    Args:
        canvas: RGB uint8 (H, W, 3).
        area: Where the object is before it moves.
        pixels: Its RGBA int32 (h, w, 4).
        motion: The shifts.
    """
    pad = _reach(motion)
    grown = Area(area.left - pad, area.top - pad, area.right + pad, area.bottom + pad)
    part = grown.common(Area(0, 0, canvas.shape[1], canvas.shape[0]))
    if part is None:
        return
    color, opacity = pixels[..., :3], pixels[..., 3:]
    premultiplied = np.concatenate([color * opacity, opacity], axis=2)
    padded = np.pad(premultiplied, ((2 * pad, 2 * pad), (2 * pad, 2 * pad), (0, 0)))
    total = _sum_shifted(padded, motion)[part.within(grown)]
    whole = 255 * len(motion)
    under = canvas[part.top : part.bottom, part.left : part.right]
    under[:] = (
        under.astype(np.int32) * (whole - total[..., 3:]) + total[..., :3] + whole // 2
    ) // whole


def expose(canvas: Frame, gain: Ints, noise: NDArray[np.int8]) -> Frame:
    """Multiply columns by gains (w,) in 1/256, add noise (h, w, 3), and clip to 0...255."""
    lit = ((canvas * gain.astype(np.int32)[:, None] + 128) >> 8) + noise
    return np.asarray(np.clip(lit, 0, 255), dtype=np.uint8)
