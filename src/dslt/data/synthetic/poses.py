"""Where an object of a synthetic video is on the screen: its pixels and its exact outline."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Ints
from dslt.data.synthetic.integer_raster import ONE, bilinear, fixed, sine
from dslt.data.synthetic.screen import Area
from dslt.data.synthetic.sprites import Sprite


@dataclass(frozen=True)
class Wave:
    """A sideways wave: `amplitude * sin(2 pi (frequency * s + phase))` at place `s`, pixels."""

    amplitude: float
    frequency: float
    phase: float

    def at(self, place: Floats) -> Floats:
        """Return the displacement at places."""
        wave = np.sin(2 * np.pi * (self.frequency * place + self.phase))
        return np.asarray(self.amplitude * wave)

    def at_fixed(self, place: Ints) -> Ints:
        """Return the displacement at fixed-point places, fixed-point."""
        turns = (place * fixed(self.frequency) >> 16) + fixed(self.phase)
        return sine(turns) * fixed(self.amplitude) >> 16


@dataclass(frozen=True, eq=False)
class Pose:
    """An object on the screen.

    Attributes:
        sprite: What it looks like.
        center: Place (2,) of its middle on the screen, pixels.
        matrix: Map (2, 2) from the sprite to the screen.
        waves: Bending: displacement of its columns by its rows, then of its rows by its columns.
    """

    sprite: Sprite
    center: Floats
    matrix: Floats
    waves: tuple[Wave, Wave]

    def bounds(self) -> Area:
        """Return the screen pixels that the object may touch."""
        reach = self.sprite.half + 2 + [wave.amplitude for wave in self.waves]
        return Area.about(self.center, np.abs(self.matrix) @ reach)

    def draw(self, area: Area) -> NDArray[np.int32]:
        """Draw an area of the screen, RGBA int32 (h, w, 4), transparent where the object is not."""
        x, y = np.arange(area.left, area.right), np.arange(area.top, area.bottom)[:, None]
        dx = x * ONE + ONE // 2 - fixed(self.center[0])
        dy = y * ONE + ONE // 2 - fixed(self.center[1])
        (a, b), (c, d) = self.matrix.tolist()
        scale = a * d - b * c
        u = (dx * fixed(d / scale) + dy * fixed(-b / scale)) >> 16
        v = (dx * fixed(-c / scale) + dy * fixed(a / scale)) >> 16
        if self.waves[0].amplitude:
            u = u - self.waves[0].at_fixed(v)
        if self.waves[1].amplitude:
            v = v - self.waves[1].at_fixed(u)
        return bilinear(self.sprite.pixels, u, v)

    def outline(self) -> Floats:
        """Return the screen places (2, K) of points on the object's outline."""
        u, v = self.sprite.outline.T
        # The waves backwards, then the matrix.
        v = v + self.waves[1].at(u)
        u = u + self.waves[0].at(v)
        (a, b), (c, d) = self.matrix
        return np.stack([a * u + b * v, c * u + d * v]) + self.center[:, None]
