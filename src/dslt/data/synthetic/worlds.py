"""Procedural videos: photographic objects that drift before a photograph, rendered in parts.

Everything in a video follows from its seed; a frame, or any part of one, is rendered alone.
Coordinates are frame pixels, 0-based; pixel `i` covers `[i, i + 1)`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.arrays import Floats, Ints
from dslt.core.images import Frame
from dslt.data.synthetic.outlines import boxes_around, turned
from dslt.data.synthetic.photographs import LINEAR, affine, photo_size, sample
from dslt.data.synthetic.screen import HEIGHT, NOISE_SHAPE, NOISE_SIDE, SCREEN, WIDTH, Area
from dslt.data.synthetic.shapes import (
    Pixels,
    Random,
    Shape,
    channels,
    cut,
    make_shape,
    palette,
    recolored,
)
from dslt.geometry.boxes import Boxes

_SIZES = (22.0, 80.0)  # side of a target's first part where it is largest, pixels
_PERIOD = 100.0  # frames in which a curve has `rate` waves
_NOISE = 8.0  # largest standard deviation of the noise, grey levels
_RATES = (0.2, 3.0)  # waves per period
_SHARES = np.array([2 / 3, 1 / 3])  # of the two waves of a curve
_STRETCH = 0.3  # largest logarithm of the stretch, for objects that turn out of the plane
# Shares like those of the attributes of OTB-2015 (of 103 targets: rotation in the plane 48,
# occlusion 52, background clutter 31).
_TURNED = 0.5  # of objects: turn by more than 20 degrees
_OCCLUDED = 0.5  # of videos: another object hides a part of the target now and then
_CLUTTERED = 0.3  # of videos: the background is the target's photograph in other colours


@dataclass(frozen=True, eq=False)
class Drift:
    """K smooth curves of time: two sine waves about a middle.

    Attributes:
        middle: Values (K,) that the curves wave about.
        reach: Largest distances (K,) from them.
        rate: Waves (K, 2) per period of 100 frames.
        phase: Phases (K, 2) in waves.
    """

    middle: Floats
    reach: Floats
    rate: Floats
    phase: Floats

    @classmethod
    def draw(cls, random: Random, middle: list[float], reach: list[float]) -> Drift:
        """Draw curves about given middles."""
        shape = (len(middle), 2)
        rate, phase = random.uniform(*_RATES, shape), random.uniform(0, 1, shape)
        return cls(np.array(middle), np.array(reach), rate, phase)

    def at(self, frames: ArrayLike) -> Floats:
        """Return the values (..., K) in frames (...)."""
        time = np.asarray(frames)[..., None, None] / _PERIOD
        waves = np.sin(2 * np.pi * (self.rate * time + self.phase)) @ _SHARES
        return np.asarray(self.middle + self.reach * waves)


@dataclass(frozen=True, eq=False)
class Drifter:
    """An object that drifts.

    Attributes:
        shape: What it looks like.
        drift: Column and row of its middle, logarithm of its size, angle, logarithm of its stretch.
        leader: The object from which its place is counted, or None.
    """

    shape: Shape
    drift: Drift
    leader: Drifter | None = None

    def poses(self, frames: ArrayLike) -> tuple[Floats, Floats]:
        """Return middles (..., 2), and matrices (..., 2, 2) from the shape to the frame."""
        values = self.drift.at(frames)
        middle, (size, angle, stretch) = values[..., :2], values.T[2:]
        if self.leader is not None:
            middle = middle + self.leader.poses(frames)[0]
        return middle, turned(angle, np.exp(size + stretch), np.exp(size - stretch))


@dataclass(frozen=True, eq=False)
class World:
    """One procedural video.

    Attributes:
        photo: Background photograph.
        camera: Column and row of the photograph at the middle of the frame, logarithm of its pixels
            per frame pixel, and angle.
        colors: Change (3, 3) of its colours, onto RGB columns.
        objects: The objects in drawing order.
        target: Number of the target among the objects.
        light: Logarithm of the brightness.
        noise: Standard deviation of the noise, grey levels.
        noise_at: Column and row, in the noise tile, of frame 0.
    """

    photo: str
    camera: Drift
    colors: Floats
    objects: tuple[Drifter, ...]
    target: int
    light: Drift
    noise: float
    noise_at: tuple[int, int]

    @property
    def target_photo(self) -> str:
        """Photograph that the target is cut from."""
        return self.objects[self.target].shape.cloths[0].photo

    def boxes(self, frames: Ints) -> Boxes:
        """Return exact boxes (N, 4) of the target's whole outline, a hidden part included."""
        target = self.objects[self.target]
        middle, matrix = target.poses(frames)
        return boxes_around(matrix @ target.shape.outline.T + middle[..., None])

    def render(self, frame: int, area: Area = SCREEN) -> Frame:
        """Render an area of a frame, RGB uint8 (h, w, 3)."""
        canvas = self._background(frame, area)
        for drifter in self.objects:
            _paint(canvas, drifter, frame, area)
        canvas *= np.float32(self._gain(frame))
        canvas += self._noise(frame, area)
        canvas += np.float32(0.5)
        return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)

    def mean_color(self, frame: int) -> NDArray[np.uint8]:
        """Return the mean colour (3,) of the background, near that of the frame."""
        mean = self._background(frame, SCREEN, step=16).mean(axis=(0, 1))
        return np.asarray(np.clip(mean * self._gain(frame), 0, 255), dtype=np.uint8)

    def _gain(self, frame: int) -> float:
        return float(np.exp(self.light.at(frame)[0]))

    def _background(self, frame: int, area: Area, step: int = 1) -> Pixels:
        x, y, grain, angle = self.camera.at(frame)
        linear = turned(angle, np.exp(grain), np.exp(grain))
        corner = np.array([area.left - WIDTH / 2, area.top - HEIGHT / 2])
        size = (area.size[0] // step, area.size[1] // step)
        view = sample(self.photo, linear * step, np.array([x, y]) + linear @ corner, size)
        return np.asarray(cv2.transform(view, self.colors), dtype=np.float32)

    def _noise(self, frame: int, area: Area) -> Pixels:
        """Return the noise (h, w, 3): another piece of the tile in each frame."""
        left = (self.noise_at[0] + 23 * frame) % NOISE_SIDE
        top = (self.noise_at[1] + 41 * frame) % NOISE_SIDE
        noise: Pixels = _noise_tile()[top:, left:][area.within(SCREEN)] * np.float32(self.noise)
        return noise


@functools.cache
def _noise_tile() -> Pixels:
    random = np.random.Generator(np.random.Philox(0))
    return random.standard_normal(NOISE_SHAPE, dtype=np.float32)


def _paint(canvas: Pixels, drifter: Drifter, frame: int, area: Area) -> None:
    """Blend an object into an area of the frame, in place."""
    middle, matrix = drifter.poses(frame)
    half = np.array(drifter.shape.size) / 2
    part = Area.about(middle, np.abs(matrix) @ half + 1).common(area)
    if part is None:
        return
    inverse = np.linalg.inv(matrix)
    offset = inverse @ (np.array(part[:2]) + 0.5 - middle) + half - 0.5
    to_shape = affine(inverse, offset)
    layer = cv2.warpAffine(drifter.shape.pixels, to_shape, part.size, flags=LINEAR)
    under = canvas[part.within(area)]
    under *= channels(1 - cv2.extractChannel(layer, 3), 3)  # type: ignore[arg-type]
    under += cv2.cvtColor(layer, cv2.COLOR_RGBA2RGB)


def make_world(
    random: Random, photos: tuple[str, ...], target_photos: tuple[str, ...] | None = None
) -> World:
    """Make a video.

    Args:
        random: Generator that decides everything.
        photos: Photographs of the background and of the objects.
        target_photos: Photographs of the target and of what looks like it; default: `photos`.
    """
    side = float(np.exp(random.uniform(*np.log(_SIZES))))
    target = _drifter(random, make_shape(random, target_photos or photos, side), wide=False)
    behind = [_distractor(random, photos, target, side) for _ in range(int(random.integers(0, 6)))]
    front = [_occluder(random, photos, target, side)] if random.random() < _OCCLUDED else []
    photo = photos[int(random.integers(len(photos)))]
    if random.random() < _CLUTTERED:
        photo = target.shape.cloths[0].photo
    middle = (random.uniform(0.25, 0.75, 2) * photo_size(photo)).tolist()
    grain, reach = random.uniform(np.log(0.6), np.log(2.5)), random.uniform(5, 60, 2)
    camera = Drift.draw(
        random,
        [*middle, grain, random.uniform(-0.3, 0.3)],
        [*(reach * np.exp(grain)).tolist(), random.uniform(0, 0.15), random.uniform(0, 0.08)],
    )
    return World(
        photo=photo,
        camera=camera,
        colors=palette(random),
        objects=(*behind, target, *front),
        target=len(behind),
        light=Drift.draw(random, [random.uniform(-0.25, 0.15)], [random.uniform(0, 0.4)]),
        noise=random.uniform(0, _NOISE),
        noise_at=(int(random.integers(NOISE_SIDE)), int(random.integers(NOISE_SIDE))),
    )


def _drifter(random: Random, shape: Shape, wide: bool) -> Drifter:
    """Let a shape drift, over the edge of the frame, too, if `wide`. It is never enlarged."""
    room = np.array([WIDTH, HEIGHT]) * (0.6 if wide else 0.42)
    reach = room * random.uniform(0.1, 1 if wide else 0.75, 2)
    middle = np.array([WIDTH, HEIGHT]) / 2 + (room - reach) * random.uniform(-1, 1, 2)
    return Drifter(shape, _motion(random, middle, reach))


def _motion(random: Random, middle: Floats, reach: Floats) -> Drift:
    """Draw the place, size, angle and stretch of an object."""
    zoom = random.uniform(0, 0.3)
    turn = random.uniform(*((0.35, np.pi) if random.random() < _TURNED else (0, 0.35)))
    return Drift.draw(
        random,
        [*middle.tolist(), -zoom, random.uniform(-0.3, 0.3), 0.0],
        [*reach.tolist(), zoom, turn, random.uniform(0, _STRETCH)],
    )


def _distractor(random: Random, photos: tuple[str, ...], target: Drifter, side: float) -> Drifter:
    """Draw another object, behind the target.

    Half of them look like the target, as players of a team do: they are cut from the same cloth,
    and about as large. Half of these move along beside it. One in five of all is the target in
    other colours.
    """
    kind = random.random()
    if kind < 0.5:
        shape = cut(random, target.shape.cloths, side * float(np.exp(random.uniform(-0.3, 0.3))))
        if random.random() < 0.5:
            way = random.uniform(0, 2 * np.pi)
            beside = side * random.uniform(1, 2) * np.array([np.cos(way), np.sin(way)])
            motion = _motion(random, beside, side * random.uniform(0.1, 0.8, 2))
            return Drifter(shape, motion, leader=target)
    elif kind < 0.7:
        shape = recolored(random, target.shape)
    else:
        shape = make_shape(random, photos, float(np.exp(random.uniform(*np.log(_SIZES)))))
    return _drifter(random, shape, wide=True)


def _occluder(random: Random, photos: tuple[str, ...], target: Drifter, side: float) -> Drifter:
    """Draw an object of half the target's side that passes before it."""
    shape = make_shape(random, photos, side / 2)
    reach = side * random.uniform(0.3, 1.2, 2)
    drift = Drift.draw(random, [0.0, 0.0, -0.1, 0.0, 0.0], [*reach.tolist(), 0.1, 0.4, 0.1])
    return Drifter(shape, drift, leader=target)
