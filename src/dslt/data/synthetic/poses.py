"""Where an object of a synthetic video is on the screen: its pixels and its exact outline."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.data.synthetic.integer_raster import Layer, Wave, sample_sprite
from dslt.data.synthetic.textures import Sprite

_OUTLINE_POINTS = 360

Area = tuple[int, int, int, int]
"""Screen pixels: left, top, right, bottom, the last two exclusive."""


@dataclass(frozen=True)
class Pose:
    """Centre on the screen, row-wise matrix from the sprite to the screen, and bending."""

    center: tuple[float, float]
    matrix: tuple[float, float, float, float]
    waves: tuple[Wave, Wave]


def bounds(shape: Sprite, pose: Pose) -> Area:
    """Screen pixels that a sprite may touch."""
    reach = [half + 2 + wave.amplitude for half, wave in zip(shape.half, pose.waves, strict=True)]
    a, b, c, d = (abs(entry) for entry in pose.matrix)
    wide, high = a * reach[0] + b * reach[1], c * reach[0] + d * reach[1]
    x, y = pose.center
    return (
        math.floor(x - wide),
        math.floor(y - high),
        math.ceil(x + wide),
        math.ceil(y + high),
    )


def clipped(area: Area, to: Area) -> Area | None:
    """Common part of two areas, None where there is none."""
    left, top = max(area[0], to[0]), max(area[1], to[1])
    right, bottom = min(area[2], to[2]), min(area[3], to[3])
    return (left, top, right, bottom) if left < right and top < bottom else None


def draw(shape: Sprite, pose: Pose, area: Area) -> Layer | None:
    """Draw a sprite inside an area of the screen, None where it does not reach it."""
    part = clipped(bounds(shape, pose), area)
    if part is None:
        return None
    a, b, c, d = pose.matrix
    scale = a * d - b * c
    inverse = (d / scale, -b / scale, -c / scale, a / scale)
    return sample_sprite(shape.pixels, inverse, pose.center, part, pose.waves)


def outline_on_screen(shape: Sprite, pose: Pose) -> NDArray[np.float64]:
    """Screen places of points on a sprite's outline, shape (points, 2)."""
    return np.array([_to_screen(pose, u, v) for u, v in _contour_of(shape.half, shape.power)])


@functools.lru_cache(maxsize=64)
def _contour_of(half: tuple[float, float], power: int) -> tuple[tuple[float, float], ...]:
    points = []
    for index in range(_OUTLINE_POINTS):
        angle = 2 * math.pi * index / _OUTLINE_POINTS
        cosine, sine = math.cos(angle), math.sin(angle)
        u = math.copysign(abs(cosine) ** (2 / power), cosine)
        v = math.copysign(abs(sine) ** (2 / power), sine)
        points.append((half[0] * u, half[1] * v))
    return tuple(points)


def _to_screen(pose: Pose, u: float, v: float) -> tuple[float, float]:
    """Screen place of a point of a sprite: the waves backwards, then the matrix."""
    if pose.waves[1].amplitude:
        v = v + pose.waves[1].at(u)
    if pose.waves[0].amplitude:
        u = u + pose.waves[0].at(v)
    a, b, c, d = pose.matrix
    return pose.center[0] + a * u + b * v, pose.center[1] + c * u + d * v
