"""Objects of the procedural pairs: photographic cut-outs of one to three parts."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.data.synthetic.outlines import MARGIN, opacity, superellipse, turned
from dslt.data.synthetic.photographs import photo_size, sample

Pixels = NDArray[np.float32]
Random = np.random.Generator

_ANGLES = np.linspace(0, 2 * np.pi, 96, endpoint=False)  # of points on the outline of a part
_POWERS = (2, 2, 4, 12)  # ellipse, ellipse, rounded rectangle, rectangle
_OUTLINES = {power: superellipse(_ANGLES, power) for power in _POWERS}
_PARTS = (1, 1, 1, 2, 2, 3)
_LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601
_GRAY = np.tile(np.array(_LUMA), (3, 1))
# A rotation of colours about gray is made of these (Rodrigues).
_ALONG, _ACROSS = np.full((3, 3), 1 / 3), np.eye(3)
_CROSS = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / np.sqrt(3)


@dataclass(frozen=True, eq=False)
class Cloth:
    """What a part is cut from: a photograph in changed colours.

    Attributes:
        photo: Name of the photograph.
        grain: Pixels of the photograph per pixel of the shape.
        colors: Change (3, 3) of its colours, onto RGB columns.
    """

    photo: str
    grain: float
    colors: Floats


@dataclass(frozen=True, eq=False)
class Shape:
    """An object at the finest resolution it is drawn in.

    Attributes:
        size: Width and height of `pixels`.
        outline: Points (K, 2) on the outlines of all parts, offsets from the middle of `pixels`,
            pixels.
        cloths: What its parts are cut from, in their order.
        draw: Draws `pixels`; most objects of a video are never looked at.
    """

    size: tuple[int, int]
    outline: Floats
    cloths: tuple[Cloth, ...]
    draw: Callable[[], Pixels]

    @functools.cached_property
    def pixels(self) -> Pixels:
        """RGB times opacity and opacity, float32 (h, w, 4): 0 to 255 and 0 to 1."""
        return self.draw()


@dataclass(frozen=True, eq=False)
class _Part:
    """A superellipse |u|^p + |v|^p <= 1.

    Attributes:
        center: Place (2,) of its middle in the shape, pixels.
        half: Half width and height (2,), pixels.
        angle: Rotation in radians, clockwise on the screen.
        power: Even power p of its outline.
    """

    center: Floats
    half: Floats
    angle: float
    power: int

    def outline(self) -> Floats:
        """Return points (K, 2) on its outline."""
        points = _OUTLINES[self.power] * self.half
        placed: Floats = points @ turned(self.angle).T + self.center
        return placed

    def opacity(self, center: Floats, size: tuple[int, int]) -> Pixels:
        """Return its opacity (h, w) about `center` in an image of this width and height."""
        x = np.arange(size[0], dtype=np.float32) + np.float32(0.5 - center[0])
        y = np.arange(size[1], dtype=np.float32)[:, None] + np.float32(0.5 - center[1])
        (a, b), (c, d) = (turned(self.angle).T / self.half[:, None]).astype(np.float32)
        return opacity(a * x + b * y, c * x + d * y, self.power, self.half)


def make_shape(random: Random, photos: tuple[str, ...], side: float) -> Shape:
    """Cut an object out of photographs.

    Args:
        random: Generator that decides everything.
        photos: Names of photographs; each part is cut from one of them.
        side: Square root of the area of the box around the first part, pixels.
    """
    count = one_of(random, _PARTS)
    return cut(random, tuple(_draw_cloth(random, photos) for _ in range(count)), side)


def cut(random: Random, cloths: tuple[Cloth, ...], side: float) -> Shape:
    """Cut an object with a part of each cloth; two of the same cloths look alike."""
    parts = _make_parts(random, len(cloths), side)
    outline = np.concatenate([part.outline() for part in parts])
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (low + high) / 2
    width, height = (np.ceil(high - low) + 2 * MARGIN).astype(int).tolist()
    size = (width, height)
    views = [_view(random, cloth, size) for cloth in cloths]
    draw = functools.partial(_draw, parts, middle, cloths, views, size)
    return Shape(size, outline - middle, cloths, draw)


def _draw(
    parts: list[_Part],
    middle: Floats,
    cloths: tuple[Cloth, ...],
    views: list[tuple[Floats, Floats]],
    size: tuple[int, int],
) -> Pixels:
    """Draw parts one above the other, in an image about `middle`."""
    pixels: Pixels | None = None
    for part, cloth, view in zip(parts, cloths, views, strict=True):
        opaque = part.opacity(part.center - middle + np.array(size) / 2, size)
        texture = _texture(cloth, *view, size)
        texture *= channels(opaque, 3)
        above = np.asarray(cv2.cvtColor(texture, cv2.COLOR_RGB2RGBA), dtype=np.float32)
        above[..., 3] = opaque
        if pixels is not None:
            pixels *= channels(1 - opaque, 4)
            above += pixels
        pixels = above
    assert pixels is not None
    return pixels


def channels(plane: Pixels, count: int) -> Pixels:
    """Repeat a plane (h, w) in each of `count` channels: products of equal shapes are fast."""
    return np.asarray(cv2.merge([plane] * count), dtype=np.float32)


def recolored(random: Random, shape: Shape) -> Shape:
    """Return the same object in other colours."""
    change = palette(random)
    cloths = (Cloth(old.photo, old.grain, change @ old.colors) for old in shape.cloths)
    draw = functools.partial(_recolor, shape, change)
    return Shape(shape.size, shape.outline, tuple(cloths), draw)


def _recolor(shape: Shape, change: Floats) -> Pixels:
    """Change the colours (3, 3) of a shape's pixels."""
    pixels = shape.pixels.copy()
    color = cv2.transform(np.ascontiguousarray(pixels[..., :3]), change)
    pixels[..., :3] = np.clip(color, 0, 255 * pixels[..., 3:])
    return pixels


def _make_parts(random: Random, count: int, side: float) -> list[_Part]:
    aspect = np.exp(random.uniform(-0.6, 0.6) / 2)
    half = np.array([aspect, 1 / aspect]) * side / 2
    parts = [_Part(np.zeros(2), half, random.uniform(-0.4, 0.4), one_of(random, _POWERS))]
    for _ in range(count - 1):
        turn = random.uniform(0, 2 * np.pi)
        center = half * random.uniform(0.3, 0.9) * np.array([np.cos(turn), np.sin(turn)])
        size = half * random.uniform(0.3, 0.6, 2)
        angle, power = random.uniform(-0.8, 0.8), one_of(random, _POWERS)
        parts.append(_Part(center, size, angle, power))
    return parts


def _draw_cloth(random: Random, photos: tuple[str, ...]) -> Cloth:
    photo = photos[int(random.integers(len(photos)))]
    grain = float(np.exp(random.uniform(np.log(0.6), np.log(3))))
    return Cloth(photo, grain, palette(random))


def _view(random: Random, cloth: Cloth, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Choose a piece of a cloth: the map (2, 2) into its photograph, and the place (2,) there."""
    linear = turned(random.uniform(-np.pi, np.pi), cloth.grain, cloth.grain)
    middle = random.uniform(0.15, 0.85, 2) * photo_size(cloth.photo)
    return linear, middle - linear @ (np.array(size) / 2)


def _texture(cloth: Cloth, linear: Floats, at: Floats, size: tuple[int, int]) -> Pixels:
    """Cut a piece of a cloth, float32 (h, w, 3)."""
    color = cv2.transform(sample(cloth.photo, linear, at, size), cloth.colors)
    return np.asarray(color, dtype=np.float32)


def one_of(random: Random, values: Sequence[int]) -> int:
    """Draw one of a few values, as `Generator.choice` does, which takes ten times as long."""
    return values[int(random.integers(len(values)))]


def palette(random: Random) -> Floats:
    """Return a random change of colours (3, 3), onto RGB columns: hue, saturation and gains.

    Every second one keeps the hue.
    """
    hue = random.uniform(-np.pi, np.pi) * float(random.random() < 0.5)
    rotation = np.cos(hue) * _ACROSS + (1 - np.cos(hue)) * _ALONG + np.sin(hue) * _CROSS
    saturation = random.uniform(0.4, 1.5)
    gains = np.exp(random.uniform(-0.45, 0.45, 3))
    mixed: Floats = gains[:, None] * (_GRAY + saturation * (rotation - _GRAY))
    return mixed
