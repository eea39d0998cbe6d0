"""Photographs that ship with scikit-image, as the raw material of the synthetic videos.

Only PNG files are used (lossless: every decoder gives the same pixels), each pinned by its SHA-256.
All resampling is integer arithmetic, so that the same pixels come out on any machine.
"""

from __future__ import annotations

import functools
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.core.files import verify_sha256
from dslt.core.images import Frame
from dslt.data.sequences.images import read_image

PHOTOS = {
    "astronaut": "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    "brick": "7966caf324f6ba843118d98f7a07746d22f6a343430add0233eca5f6eaaa8fcf",
    "camera": "b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
    "chelsea": "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    "coffee": "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    "coins": "f8d773fc9cfa6f4d8e5942dc34d0a0788fcaed2a4fefbbed0aef5398d7ef4cba",
    "grass": "b6b6022426b38936c43a4ac09635cd78af074e90f42ffa8227ac8b7452d39f89",
    "gravel": "c48615b451bf1e606fbd72c0aa9f8cc0f068ab7111ef7d93bb9b0f2586440c12",
    "ihc": "f8dd1aa387ddd1f49d8ad13b50921b237df8e9b262606d258770687b0ef93cef",
    "motorcycle_left": "db18e9c4157617403c3537a6ba355dfeafe9a7eabb6b9b94cb33f6525dd49179",
    "motorcycle_right": "5fc913ae870e42a4b662314bc904d1786bcad8e2f0b9b67dba5a229406357797",
}
NEUTRAL = (256, 256, 256)
_MARGIN = 2  # transparent pixels around a cut-out, so that sampling may clamp to its edge
_FEATHER = 1.5  # width in pixels of the soft edge of a cut-out


@dataclass(frozen=True)
class Cutout:
    """A part of a photograph that serves as an object.

    Attributes:
        photo: Name of the photograph.
        center: `(x, y)` of the part in the photograph, pixels.
        size: `(w, h)` of the part, pixels.
        power: Outline |u|^p + |v|^p = 1: 2 is an ellipse, 4 a rounded and 16 a sharp rectangle.
        tint: Factors on red, green and blue in 1/256.
    """

    photo: str
    center: tuple[int, int]
    size: tuple[int, int]
    power: int = 2
    tint: tuple[int, int, int] = NEUTRAL


@dataclass(frozen=True)
class Sprite:
    """A cut-out at the resolution it is drawn in.

    Attributes:
        pixels: RGB and opacity, uint8 (H, W, 4), with transparent edges.
        half: Half width and height of the outline, pixels.
        power: See `Cutout`.
    """

    pixels: NDArray[np.uint8]
    half: tuple[float, float]
    power: int


@functools.cache
def photo(name: str) -> Frame:
    """One of `PHOTOS` as RGB uint8 (H, W, 3).

    Raises:
        DsltError: scikit-image is not installed or ships another picture by this name.
    """
    package = importlib.util.find_spec("skimage")  # found, not imported: that takes a second
    if package is None or package.origin is None:
        raise DsltError("synthetic videos need the package scikit-image; install it")
    path = Path(package.origin).parent / "data" / f"{name}.png"
    verify_sha256(path, PHOTOS[name], "this version of scikit-image ships another picture")
    pixels = read_image(path)
    pixels.flags.writeable = False
    return pixels


@functools.lru_cache(maxsize=64)
def sprite(cutout: Cutout, width: float) -> Sprite:
    """Cut an object out of its photograph for drawing it about `width` pixels wide."""
    factor = max(1, int(cutout.size[0] / width))
    half = (cutout.size[0] // factor // 2, cutout.size[1] // factor // 2)
    reach = [part + _MARGIN for part in half]
    left, top = (cutout.center[axis] - reach[axis] * factor for axis in (0, 1))
    rows = np.arange(top, top + 2 * reach[1] * factor)
    columns = np.arange(left, left + 2 * reach[0] * factor)
    source = photo(cutout.photo)
    part = source[np.clip(rows, 0, len(source) - 1)][
        :, np.clip(columns, 0, source.shape[1] - 1)
    ].astype(np.int64)
    means = part.reshape(2 * reach[1], factor, 2 * reach[0], factor, 3).sum(axis=(1, 3))
    color = tinted((means + factor * factor // 2) // (factor * factor), cutout.tint)
    pixels = np.dstack([color, _opacity(half, cutout.power)])
    return Sprite(pixels, (float(half[0]), float(half[1])), cutout.power)


def _opacity(half: tuple[int, int], power: int) -> NDArray[np.uint8]:
    """Opacity of an outline: 128 on it, falling over the feather.

    Only multiplications and divisions, which every machine rounds alike.
    """
    u = (np.arange(2 * (half[0] + _MARGIN)) + 0.5 - half[0] - _MARGIN) / half[0]
    v = (np.arange(2 * (half[1] + _MARGIN)) + 0.5 - half[1] - _MARGIN) / half[1]
    value, u_power, v_power = power, np.ones_like(u), np.ones_like(v)
    while value > 0:
        u_power, v_power, value = u_power * u, v_power * v, value - 1
    level = 1 - (np.abs(u_power)[None, :] + np.abs(v_power)[:, None])
    slope = min(half) / (power * _FEATHER)
    opacity = np.floor(np.clip(0.5 + level * slope, 0, 1) * 255 + 0.5)
    return np.asarray(opacity, dtype=np.uint8)


def tinted(pixels: NDArray[np.int64], tint: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Multiply RGB pixels (..., 3) by factors in 1/256."""
    scaled = (pixels * np.array(tint, dtype=np.int64) + 128) >> 8
    return np.asarray(np.clip(scaled, 0, 255), dtype=np.uint8)


@functools.lru_cache(maxsize=32)
def backdrop(name: str, width: int, tint: tuple[int, int, int]) -> Frame:
    """A photograph as a background `width` pixels wide, RGB uint8 (H, width, 3)."""
    source = photo(name)
    height = source.shape[0] * width // source.shape[1]
    rows = _resized(source.astype(np.int64), height)
    both = _resized(rows.transpose(1, 0, 2), width).transpose(1, 0, 2)
    pixels = np.ascontiguousarray(tinted(both, tint))
    pixels.flags.writeable = False
    return pixels


def _resized(pixels: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """Resample the first axis linearly, in 1/65536 pixels."""
    count = len(pixels)
    place = ((2 * np.arange(length, dtype=np.int64) + 1) * count * 65536 // length - 65536) // 2
    place = np.clip(place, 0, (count - 1) * 65536)
    low = place >> 16
    weight = (place & 65535)[:, None, None]
    high = np.minimum(low + 1, count - 1)
    result: NDArray[np.int64] = (
        pixels[low] * (65536 - weight) + pixels[high] * weight + 32768
    ) >> 16
    return result
