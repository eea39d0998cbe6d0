"""Template and search region of the Siamese trackers (SiamFC, Section 3 of its paper).

Both are squares about the target. The template's square has the area of the target with a margin;
the search region's is larger in the ratio of the two crops' pixels. Outside the frame the first
frame's mean colour stands.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.geometry.boxes import Box, centers
from dslt.geometry.crops import Region, crop
from dslt.settings.offline import CropSettings

Color = NDArray[np.uint8]


def template_side(size: Floats, context: float) -> Floats:
    """Return the side of the template's square, `sqrt((w + m) (h + m))` with `m = context (w + h)`.

    Args:
        size: `(..., 2)`, width and height of targets in pixels.
        context: Margin, a part of width plus height.

    Returns:
        `(...)` sides in the same pixels.
    """
    margin = context * size.sum(axis=-1)
    side: Floats = np.sqrt((size[..., 0] + margin) * (size[..., 1] + margin))
    return side


def template_region(center: Floats, size: Floats, crops: CropSettings) -> Region:
    """Place the template about a target of `size` `(w, h)` at `center` `(x, y)`, image pixels."""
    return _square(center, float(template_side(size, crops.context)), crops.template)


def search_region(
    center: Floats, size: Floats, crops: CropSettings, pixels: int, factor: float = 1.0
) -> Region:
    """Place a search region of so many pixels about a target, zoomed out by `factor`."""
    side = float(template_side(size, crops.context)) * pixels / crops.template
    return _square(center, side * factor, pixels)


def _square(center: Floats, side: float, pixels: int) -> Region:
    """Place a square of `side` image pixels, shown in `pixels`."""
    step = side / pixels
    return Region((float(center[0]), float(center[1])), (step, step), (pixels, pixels))


def first_patch(frame: Frame, box: Box, crops: CropSettings) -> tuple[Floats, Floats, Color, Frame]:
    """Cut the template from the first frame.

    Returns:
        Centre `(x, y)` and size `(w, h)` of the target, the frame's mean colour, the template.
    """
    center, size, color = centers(box), np.array(box[2:], dtype=np.float64), mean_color(frame)
    return center, size, color, padded_crop(frame, template_region(center, size, crops), color)


def mean_color(frame: Frame) -> Color:
    """Return the mean colour `(3,)` of a frame."""
    return np.rint(cv2.mean(frame)[:3]).astype(np.uint8)


def padded_crop(frame: Frame, region: Region, color: Color) -> Frame:
    """Cut an upright region; what lies outside the frame gets one colour.

    Args:
        frame: `(H, W, 3)` uint8.
        region: The place that is cut out.
        color: `(3,)` uint8, of the pixels outside the frame.

    Returns:
        `(height, width, 3)` uint8 of the region's size.
    """
    patch = crop(frame, region)
    height, width = frame.shape[:2]
    # A patch pixel belongs to the frame where its middle does.
    left, top = (_first(value) for value in region.to_patch((0.0, 0.0)))
    right, bottom = (_first(value) for value in region.to_patch((float(width), float(height))))
    patch[:top] = color
    patch[bottom:] = color
    patch[:, :left] = color
    patch[:, right:] = color
    return patch


def _first(edge: float) -> int:
    """Return the first pixel whose middle is not before an edge; 0 at least."""
    return max(0, int(np.ceil(edge - 0.5)))


def to_batch(patches: Sequence[Frame], device: torch.device) -> Tensor:
    """Return patches of one size as float32 `(B, 3, H, W)` of RGB values in [0, 255].

    On a CPU the channels stay last in memory, as all networks want them there.
    """
    batch = torch.from_numpy(np.stack(patches)).to(device)
    images = batch.permute(0, 3, 1, 2).float()
    return images if device.type == "cpu" else images.contiguous()


def cosine_window(side: int) -> Floats:
    """Return the cosine (Hann) window `(side, side)`; its edges are 0 and its peak is near 1."""
    window = np.hanning(side)
    return np.outer(window, window)
