"""Boxes drawn about a target, and the part of a frame in which a network sees them.

In a scene the target is a square of so many pixels, whatever its shape in the frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dslt.core.arrays import Floats
from dslt.geometry.boxes import Box, Boxes, centers, iou
from dslt.geometry.crops import Region
from dslt.settings.samples import BoxDraw, SceneSettings

SMALLEST_SIDE = 10.0  # pixels of a drawn box, as published, or the target's side where that is less
ROUNDS = 6  # of drawing, each for twice as many boxes as the one before
MULTIPLE = 8  # of pixels: the sides of a scene, so that its cells lie alike in all
SMALLEST_SCENE = 96  # pixels: VGG-M's cells see 75


def draw_boxes(
    draw: BoxDraw,
    target: Box,
    frame: tuple[int, int],
    count: int,
    random: np.random.Generator,
    *,
    inside: bool = False,
    area: tuple[float, float] | None = None,
) -> Boxes:
    """Draw boxes about a target.

    Args:
        draw: How they are drawn.
        target: The target's box (4,).
        frame: Width and height of the frame; no box has its centre outside, none is larger.
        count: How many are wanted.
        random: Generator of random numbers.
        inside: Whether boxes lie in the frame as a whole.
        area: Smallest and largest area over the target's.

    Returns:
        Boxes `(n, 4)`, `n <= count`: fewer where the bounds of overlap and area let so few through.
    """
    found: list[Boxes] = []
    missing, factor = count, 2
    anything = draw.overlap == (0, 1) and area is None
    for _ in range(ROUNDS):
        made = _draw(draw, target, frame, missing if anything else missing * factor, random, inside)
        if not anything:
            made = made[_allowed(draw, target, made, area)][:missing]
        found.append(made)
        missing -= len(made)
        if not missing:
            break
        factor *= 2
    return np.concatenate(found)


def _draw(
    draw: BoxDraw,
    target: Box,
    frame: tuple[int, int],
    count: int,
    random: np.random.Generator,
    inside: bool,
) -> Boxes:
    """Draw boxes, whatever their overlap."""
    size, limits = target[2:], np.array(frame, dtype=np.float64)
    if draw.kind == "gaussian":
        moved = np.clip(0.5 * random.standard_normal((count, 3)), -1, 1)
    else:
        moved = random.uniform(-1, 1, (count, 3))
    stretched = draw.aspect ** random.uniform(-1, 1, (count, 2))
    sizes = size * stretched * draw.scale ** moved[:, 2:]
    sizes = np.minimum(np.maximum(sizes, np.minimum(size, SMALLEST_SIDE)), limits)
    middles = centers(target) + draw.trans * size.mean() * moved[:, :2]
    edge = sizes / 2 if inside else 0.0
    middles = np.clip(middles, edge, limits - edge)
    return np.concatenate([middles - sizes / 2, sizes], axis=1)


def _allowed(
    draw: BoxDraw, target: Box, boxes: Boxes, area: tuple[float, float] | None
) -> np.ndarray:
    """Tell which boxes are within the bounds."""
    overlap = iou(boxes, target)
    kept = (overlap >= draw.overlap[0]) & (overlap <= draw.overlap[1])
    if area is not None:
        ratio = boxes[:, 2:].prod(axis=1) / target[2:].prod()
        kept &= (ratio >= area[0]) & (ratio <= area[1])
    return kept


def repeated(boxes: Boxes, count: int) -> Boxes:
    """Repeat boxes (at least one) in their order until there are `count` of them."""
    return boxes[np.arange(count) % len(boxes)]


@dataclass(frozen=True)
class TargetScene:
    """A part of a frame.

    Attributes:
        region: Its place.
        fixed: Whether its size in pixels is always the same.
    """

    region: Region
    fixed: bool

    def place(self, boxes: Boxes) -> Boxes:
        """Map boxes `(N, 4)` of the frame to pixels of the scene."""
        corner, step = self.region.to_image((0.0, 0.0)), np.array(self.region.step)
        return np.concatenate([(boxes[..., :2] - corner) / step, boxes[..., 2:] / step], axis=-1)

    def jittered(self, shift: Sequence[float] | Floats, zoom: float) -> "TargetScene":
        """Return the scene moved by `shift` of its pixels, and `zoom` times as fine.

        It has more pixels where its size is not fixed, and shows less of the frame where it is.
        """
        (x, y), (a, b), (width, height) = self.region.center, self.region.step, self.region.size
        if not self.fixed:
            width, height = _whole(width * zoom), _whole(height * zoom)
        center = (x + float(shift[0]) * a, y + float(shift[1]) * b)
        return TargetScene(Region(center, (a / zoom, b / zoom), (width, height)), self.fixed)


def make_scene(
    settings: SceneSettings,
    target: Box,
    frame: tuple[int, int],
    boxes: Boxes,
    padding: float,
) -> TargetScene:
    """Choose the scene of a target.

    Where the rule is not `square`, one that would be larger than `side` is made smaller, its target
    with it, so that no target is too small for a frame to be held in memory.

    Args:
        settings: The rule.
        target: The target's box (4,) in the frame.
        frame: Width and height of the frame.
        boxes: Boxes `(N, 4)` that it is to hold, where the rule is `hull`.
        padding: Factor on their sides.
    """
    step = target[2:] / settings.target
    if settings.rule == "square":
        x, y = centers(target).tolist()
        size = (settings.side, settings.side)
        return TargetScene(Region((x, y), (float(step[0]), float(step[1])), size), fixed=True)
    low, high = np.zeros(2), np.array(frame, dtype=np.float64)
    if settings.rule == "hull":
        margin = (padding - 1) / 2 * boxes[:, 2:]
        low = (boxes[:, :2] - margin).min(axis=0)
        high = (boxes[:, :2] + boxes[:, 2:] + margin).max(axis=0)
    step = step * max(1.0, float(((high - low) / step).max()) / settings.side)
    width, height = ((high - low) / step).tolist()
    x, y = ((low + high) / 2).tolist()
    region = Region((x, y), (float(step[0]), float(step[1])), (_whole(width), _whole(height)))
    return TargetScene(region, fixed=False)


def _whole(pixels: float) -> int:
    """Round a side up to whole cells, as many as the networks need at least."""
    return max(SMALLEST_SCENE, MULTIPLE * int(np.ceil(pixels / MULTIPLE - 1e-9)))
