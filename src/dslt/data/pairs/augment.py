"""Crops of training pairs and their augmentation (PySOT, `pysot/datasets/augmentation.py`)."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.geometry.boxes import Boxes, centers
from dslt.geometry.crops import Region
from dslt.geometry.squares import template_side
from dslt.settings.offline import JitterSettings

_BLURS = range(5, 46, 2)  # lengths of the motion blur, pixels
# Rows: principal axes of the colours of ILSVRC VID times a tenth of their standard deviations, grey
# levels, as SiamFC and PySOT have them. A row vector of normal numbers comes from the left, as in
# SiamFC, so that the last and longest axis is brightness.
_COLOR_AXES = np.array(
    [
        [-0.55919361, 0.98062831, -0.41940627],
        [1.72091413, 0.19879334, -1.82968581],
        [4.64467907, 4.73710203, 4.88324118],
    ]
)


@dataclass(frozen=True, eq=False)
class Jitter:
    """One drawn augmentation.

    Attributes:
        shift: Shift (2,) of the crop's centre, pixels of the crop.
        scale: Factors (2,) on the crop's reach; above 1 the target looks smaller.
        blur: Length and share of the vertical part of the motion blur, or None.
        color: Values (3,) that are added to the RGB values.
        flip: Whether the crop is mirrored.
    """

    shift: Floats
    scale: Floats
    blur: tuple[int, float] | None
    color: Floats
    flip: bool


def draw_jitter(settings: JitterSettings, random: np.random.Generator) -> Jitter:
    """Draw an augmentation; it takes as many random numbers whatever the settings say."""
    shift, scale = random.uniform(-1, 1, (2, 2))
    length, vertical = _BLURS[int(random.integers(len(_BLURS)))], float(random.random())
    normal = random.standard_normal(3)
    chances = (settings.blur, settings.color, settings.flip)
    is_blurred, is_colored, is_flipped = random.random(3) < chances
    return Jitter(
        shift=shift * settings.shift,
        scale=1 + scale * settings.scale,
        blur=(length, vertical) if is_blurred else None,
        color=normal @ _COLOR_AXES if is_colored else np.zeros(3),
        flip=bool(is_flipped),
    )


def place(
    box: Boxes, context: float, template: int, side: int, jitter: Jitter
) -> tuple[Region, Boxes]:
    """Place a crop about a target.

    Args:
        box: The target's box (4,) in the image.
        context: Margin of the template, a part of width plus height.
        template: Side of the template in pixels, which sets the zoom of both crops.
        side: Side of this crop in pixels.
        jitter: Shift, scale and mirroring of the crop.

    Returns:
        The region of the image, and the target's box (4,) in the (mirrored) crop.
    """
    zoom = template / float(template_side(box[2:], context))
    x, y = (centers(box) + jitter.shift / zoom).tolist()
    step = jitter.scale / zoom
    region = Region((x, y), (float(step[0]), float(step[1])), (side, side))
    size = box[2:] / step
    corner = np.array(region.to_patch((float(box[0]), float(box[1]))))
    if jitter.flip:
        corner[0] = side - corner[0] - size[0]
    return region, np.concatenate([corner, size])


def finish(patch: Frame, jitter: Jitter, gray: bool) -> NDArray[np.float32]:
    """Augment a crop.

    Args:
        patch: The crop, RGB uint8 (S, S, 3).
        jitter: Blur, colour and mirroring of the crop.
        gray: Whether the crop is turned to gray before.

    Returns:
        RGB float32 (3, S, S), 0 to 255 before the colour noise, which is not clipped; in memory
        the channels come last.
    """
    if gray:
        patch = np.asarray(
            cv2.cvtColor(cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB), np.uint8
        )
    if jitter.blur is not None:
        length, vertical = jitter.blur
        up, across = cv2.blur(patch, (1, length)), cv2.blur(patch, (length, 1))
        patch = np.asarray(cv2.addWeighted(up, vertical, across, 1 - vertical, 0), np.uint8)
    if jitter.flip:
        patch = patch[:, ::-1]
    pixels = np.ascontiguousarray(patch, dtype=np.float32)
    if jitter.color.any():
        rows = pixels.reshape(len(pixels), -1)  # a sum along whole rows is fast
        rows += np.tile(jitter.color.astype(np.float32), pixels.shape[1])
    return pixels.transpose(2, 0, 1)
