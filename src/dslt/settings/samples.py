"""Typed settings of boxes that are drawn about a target, and of the scenes that they lie in."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from dslt.settings.base import Count, Fraction, NonNegative, Positive, Settings


class BoxDraw(Settings):
    """How boxes about a target are drawn."""

    kind: Literal["gaussian", "uniform"]
    """Distribution of centre and size: `gaussian` (of half the reach, cut at the reach) or
    `uniform`.
    """
    trans: NonNegative
    """Reach of the centre in x and y, a part of the target's mean side."""
    scale: float = Field(ge=1)
    """Largest factor on the size."""
    aspect: float = Field(ge=1)
    """Largest factor on each side by itself, uniform; 1: the target's shape is kept."""
    overlap: tuple[Fraction, Fraction]
    """Smallest and largest IoU with the target."""

    @model_validator(mode="after")
    def _ordered(self) -> BoxDraw:
        if self.overlap[0] > self.overlap[1]:
            raise ValueError("the smallest overlap must not be above the largest")
        return self


class SceneSettings(Settings):
    """The part of a frame that the network sees, in which the target is a square."""

    rule: Literal["square", "hull", "frame"]
    """`square`, a square about the target; `hull`, what holds all boxes, padded; `frame`, all."""
    target: Positive
    """Side of the target in pixels of the scene."""
    side: Count
    """Side of a square scene in pixels; the largest side of others, for which all is made smaller.
    """


class SceneJitter(Settings):
    """How scenes are varied in training."""

    shift: NonNegative
    """Largest shift of a scene, a part of the target's side per axis (a Gaussian of half of it)."""
    zoom: float = Field(ge=1)
    """Base of the zoom."""
    spread: NonNegative
    """Standard deviation of the zoom's exponent."""
    most: NonNegative
    """Largest exponent of the zoom, up and down."""
