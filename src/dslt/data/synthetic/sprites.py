"""Objects and backgrounds of the synthetic videos, cut from photographs.

All resampling is integer arithmetic, so that the same pixels come out on any machine.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints
from dslt.core.images import Frame
from dslt.data.synthetic.outlines import MARGIN, opacity, superellipse
from dslt.data.synthetic.photographs import photo

_NEUTRAL = (256, 256, 256)
_OUTLINE_POINTS = 360


@dataclass(frozen=True)
class Cutout:
    """A part of a photograph that serves as an object.

    Attributes:
        photo: Name of the photograph.
        center: Middle `(x, y)` of the part in the photograph, pixels.
        size: Size `(w, h)` of the part in the photograph, pixels.
        power: Outline |u|^p + |v|^p = 1: 2 is an ellipse, 4 a rounded and 16 a sharp rectangle.
        tint: Factors on red, green and blue in 1/256.
        width: Width on the screen at scale 1 and zoom 1, pixels.
    """

    photo: str
    center: tuple[int, int]
    size: tuple[int, int]
    power: int = 2
    tint: tuple[int, int, int] = _NEUTRAL
    width: float = 0

    def wide(self, width: float) -> Cutout:
        """Return the same cut-out at another width on the screen."""
        return replace(self, width=width)


@dataclass(frozen=True, eq=False)
class Sprite:
    """A cut-out at the resolution it is drawn in.

    Attributes:
        pixels: RGB and opacity, uint8 (H, W, 4), with transparent edges.
        half: Half width and height (2,) of the outline, pixels.
        outline: Points (K, 2) of it, offsets from the middle of `pixels`, pixels.
    """

    pixels: NDArray[np.uint8]
    half: Floats
    outline: Floats


@dataclass(frozen=True)
class Backdrop:
    """A photograph that serves as a background.

    Attributes:
        photo: Name of the photograph.
        width: Width of the background, world pixels.
        tint: Factors on red, green and blue in 1/256.
    """

    photo: str
    width: int = 640
    tint: tuple[int, int, int] = _NEUTRAL


@functools.lru_cache(maxsize=64)
def sprite(cutout: Cutout) -> Sprite:
    """Cut an object out of its photograph for drawing it about `width` pixels wide."""
    factor = max(1, int(cutout.size[0] / cutout.width))
    half = np.array(cutout.size) // factor // 2
    reach = half + MARGIN
    low = np.array(cutout.center) - reach * factor
    columns, rows = (low[axis] + np.arange(2 * reach[axis] * factor) for axis in (0, 1))
    pixels = photo(cutout.photo).astype(np.int64)
    part = pixels.take(rows, axis=0, mode="clip").take(columns, axis=1, mode="clip")
    means = part.reshape(2 * reach[1], factor, 2 * reach[0], factor, 3).sum(axis=(1, 3))
    color = _tinted((means + factor * factor // 2) // (factor * factor), cutout.tint)
    u, v = ((np.arange(2 * reach[axis]) + 0.5 - reach[axis]) / half[axis] for axis in (0, 1))
    # Rounded to 8 bits, which hides how a machine rounds powers.
    opaque = np.floor(opacity(u, v[:, None], cutout.power, half) * 255 + 0.5).astype(np.uint8)
    angle = 2 * np.pi * np.arange(_OUTLINE_POINTS) / _OUTLINE_POINTS
    outline = superellipse(angle, cutout.power) * half
    return Sprite(np.dstack([color, opaque]), half.astype(np.float64), outline)


def _tinted(pixels: Ints, tint: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Multiply RGB pixels (..., 3) by factors in 1/256."""
    scaled = (pixels * np.array(tint, dtype=np.int64) + 128) >> 8
    return np.asarray(np.clip(scaled, 0, 255), dtype=np.uint8)


@functools.lru_cache(maxsize=32)
def background(backdrop: Backdrop) -> Frame:
    """Return the pixels of a background, RGB uint8 (H, W, 3), read-only."""
    source = photo(backdrop.photo)
    height = source.shape[0] * backdrop.width // source.shape[1]
    rows = _resized(source.astype(np.int64), height)
    both = _resized(rows.transpose(1, 0, 2), backdrop.width).transpose(1, 0, 2)
    pixels = np.ascontiguousarray(_tinted(both, backdrop.tint))
    pixels.flags.writeable = False
    return pixels


def _resized(pixels: Ints, length: int) -> Ints:
    """Resample the first axis linearly, in 1/65536 pixels."""
    count = len(pixels)
    place = ((2 * np.arange(length, dtype=np.int64) + 1) * count * 65536 // length - 65536) // 2
    place = np.clip(place, 0, (count - 1) * 65536)
    low, weight = place >> 16, (place & 65535)[:, None, None]
    upper = pixels.take(low + 1, axis=0, mode="clip")
    mixed: Ints = (pixels[low] * (65536 - weight) + upper * weight + 32768) >> 16
    return mixed
