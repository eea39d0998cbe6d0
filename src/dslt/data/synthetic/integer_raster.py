"""Integer rasteriser of the synthetic videos: the same bytes on every machine.

Places are fixed-point numbers in 1/65536 pixel, colours are integers. Pixel `i` covers the interval
`[i, i + 1)`, as everywhere in the package, so its centre is at `i + 0.5`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.images import Frame

ONE = 1 << 16
_SINE_STEPS = 4096
_SINE: NDArray[np.int64] = np.floor(
    np.sin(np.arange(_SINE_STEPS) * (2 * np.pi / _SINE_STEPS)) * ONE + 0.5
).astype(np.int64)

Shifts = list[tuple[int, int]]


def fixed(value: float) -> int:
    """A number in 1/65536."""
    return int(np.floor(value * ONE + 0.5))


@dataclass(frozen=True)
class Wave:
    """A sideways wave: `amplitude * sin(2 pi (frequency * s + phase))` at place `s`, pixels."""

    amplitude: float
    frequency: float
    phase: float

    def at(self, place: float) -> float:
        """Displacement at one place."""
        return self.amplitude * math.sin(2 * math.pi * (self.frequency * place + self.phase))

    def at_fixed(self, place: NDArray[np.int64]) -> NDArray[np.int64]:
        """Displacement at fixed-point places, fixed-point."""
        turns = (place * fixed(self.frequency) >> 16) + fixed(self.phase)
        step = (turns * _SINE_STEPS >> 16) & (_SINE_STEPS - 1)
        shift: NDArray[np.int64] = _SINE[step] * fixed(self.amplitude) >> 16
        return shift


@dataclass(frozen=True)
class Layer:
    """An object on the screen before it is blended: where it is, and RGBA int32 (h, w, 4)."""

    left: int
    top: int
    pixels: NDArray[np.int32]

    @property
    def end(self) -> tuple[int, int]:
        """Column and row after its last pixel."""
        return self.left + self.pixels.shape[1], self.top + self.pixels.shape[0]


def sample_view(image: Frame, x: float, y: float, zoom: float, size: tuple[int, int]) -> Frame:
    """Look at an image through a window.

    Args:
        image: RGB uint8 (H, W, 3).
        x: Image column at the middle of the window, pixels.
        y: Image row at the middle of the window, pixels.
        zoom: Screen pixels per image pixel.
        size: `(w, h)` of the window.

    Returns:
        RGB uint8 (h, w, 3), bilinear; outside the image its edge is repeated.
    """
    columns, column_weight = _places(x, zoom, size[0], image.shape[1])
    rows, row_weight = _places(y, zoom, size[1], image.shape[0])
    start, stop = int(columns[0]), int(columns[-1]) + 2
    part = image[:, start:stop].astype(np.uint16)
    weight = row_weight[:, None, None]
    mixed = (part[rows] * (256 - weight) + part[rows + 1] * weight) >> 8
    weight = column_weight[None, :, None]
    columns = columns - start
    mixed = (mixed[:, columns] * (256 - weight) + mixed[:, columns + 1] * weight) >> 8
    return mixed.astype(np.uint8)


def _places(
    middle: float, zoom: float, count: int, length: int
) -> tuple[NDArray[np.int64], NDArray[np.uint16]]:
    """Left neighbours and weights (1/256) of the right ones along one axis."""
    offset = 2 * np.arange(count, dtype=np.int64) + 1 - count  # twice the distance to the middle
    place = offset * (fixed(1 / zoom) // 2) + fixed(middle) - ONE // 2
    place = np.clip(place, 0, (length - 1) * ONE - 1)
    return place >> 16, ((place >> 8) & 255).astype(np.uint16)


def sample_sprite(
    pixels: NDArray[np.uint8],
    inverse: tuple[float, float, float, float],
    center: tuple[float, float],
    bounds: tuple[int, int, int, int],
    waves: tuple[Wave, Wave],
) -> Layer:
    """Draw a sprite through an affine map and two waves.

    Args:
        pixels: RGBA uint8 (H, W, 4) with transparent edges; its middle is the origin.
        inverse: Row-wise 2 x 2 matrix from screen offsets to sprite offsets.
        center: Screen place of the sprite's middle, pixels.
        bounds: Screen pixels to compute, left, top, right, bottom (exclusive).
        waves: Displacement of u by v, then of v by u, to be undone in this order.
    """
    left, top, right, bottom = bounds
    dx = (np.arange(left, right, dtype=np.int64) * ONE + ONE // 2 - fixed(center[0]))[None, :]
    dy = (np.arange(top, bottom, dtype=np.int64) * ONE + ONE // 2 - fixed(center[1]))[:, None]
    a, b, c, d = (fixed(entry) for entry in inverse)
    u = (dx * a + dy * b) >> 16
    v = (dx * c + dy * d) >> 16
    if waves[0].amplitude:
        u = u - waves[0].at_fixed(v)
    if waves[1].amplitude:
        v = v - waves[1].at_fixed(u)
    return Layer(left, top, _bilinear(pixels, u, v))


def _bilinear(
    pixels: NDArray[np.uint8], u: NDArray[np.int64], v: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Sample at fixed-point offsets from the middle; int32 (h, w, 4)."""
    height, width = pixels.shape[:2]
    x = np.clip(u + (width * ONE // 2 - ONE // 2), 0, (width - 1) * ONE - 1)
    y = np.clip(v + (height * ONE // 2 - ONE // 2), 0, (height - 1) * ONE - 1)
    flat = pixels.reshape(-1, 4)
    index = (y >> 16) * width + (x >> 16)
    fx = ((x >> 8) & 255).astype(np.int32)[..., None]
    fy = ((y >> 8) & 255).astype(np.int32)[..., None]
    upper = flat[index] * (256 - fx) + flat[index + 1] * fx
    lower = flat[index + width] * (256 - fx) + flat[index + width + 1] * fx
    mixed: NDArray[np.int32] = (upper * (256 - fy) + lower * fy + 32768) >> 16
    return mixed


def shifts(dx: float, dy: float) -> Shifts:
    """Whole-pixel steps of a motion `(dx, dy)` during the exposure, centred on its middle."""
    count = min(16, int(max(abs(dx), abs(dy)))) | 1  # odd: one of them is the middle
    steps = [(2 * step - count + 1, 2 * count) for step in range(count)]
    return [
        (int(np.floor(dx * up / down + 0.5)), int(np.floor(dy * up / down + 0.5)))
        for up, down in steps
    ]


def blur(image: Frame, motion: Shifts) -> Frame:
    """Mean of shifted copies of an image, its edge repeated."""
    if len(motion) == 1:
        return image
    pad = max(max(abs(dx), abs(dy)) for dx, dy in motion)
    padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge").astype(np.uint16)
    height, width = image.shape[:2]
    total = np.zeros(image.shape, dtype=np.uint16)
    for dx, dy in motion:
        total += padded[pad - dy : pad - dy + height, pad - dx : pad - dx + width]
    return ((total + len(motion) // 2) // len(motion)).astype(np.uint8)


def blend(canvas: Frame, layer: Layer, motion: Shifts) -> None:
    """Blend a layer onto the canvas in place, blurred over the given shifts."""
    color, opacity = layer.pixels[..., :3], layer.pixels[..., 3:]
    premultiplied = np.concatenate([color * opacity, opacity], axis=2)
    pad = max(max(abs(dx), abs(dy)) for dx, dy in motion)
    height, width = opacity.shape[:2]
    total = np.zeros((height + 2 * pad, width + 2 * pad, 4), dtype=np.int32)
    for dx, dy in motion:
        total[pad + dy : pad + dy + height, pad + dx : pad + dx + width] += premultiplied
    left, top = layer.left - pad, layer.top - pad
    x0, y0 = max(left, 0), max(top, 0)
    x1 = min(left + total.shape[1], canvas.shape[1])
    y1 = min(top + total.shape[0], canvas.shape[0])
    if x0 >= x1 or y0 >= y1:
        return
    part = total[y0 - top : y1 - top, x0 - left : x1 - left]
    whole = 255 * len(motion)
    under = canvas[y0:y1, x0:x1].astype(np.int32)
    mixed = (under * (whole - part[..., 3:]) + part[..., :3] + whole // 2) // whole
    canvas[y0:y1, x0:x1] = mixed


def expose(canvas: Frame, gain: NDArray[np.int64], noise: NDArray[np.int8]) -> Frame:
    """Multiply columns by gains (w,) in 1/256 and add noise (h, w, 3); clipped to 0...255."""
    if (gain == 256).all():
        lit = canvas.astype(np.int16)
    else:
        scaled = (canvas * gain.astype(np.int32)[None, :, None] + 128) >> 8
        lit = np.minimum(scaled, 511).astype(np.int16)
    lit += noise
    return np.clip(lit, 0, 255, out=lit).astype(np.uint8)
