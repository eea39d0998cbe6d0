"""Search patches: the one place that maps image pixels to patch pixels and back.

Coordinates are continuous: pixel `i` covers `[i, i + 1]`, so a patch of width `W` has its middle at
`W / 2`. Outside the image the border pixel repeats (reference release of the paper's authors).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from dslt.core.arrays import Floats
from dslt.core.images import Frame
from dslt.settings.dslt import PatchSettings


@dataclass(frozen=True)
class Region:
    """A patch's place in the image.

    Attributes:
        center: `(x, y)` of the patch's middle in image pixels.
        step: `(x, y)` image pixels per patch pixel.
        size: `(width, height)` of the patch in pixels.
        angle: Rotation of the patch's content in degrees, counter-clockwise on screen.
    """

    center: tuple[float, float]
    step: tuple[float, float]
    size: tuple[int, int]
    angle: float = 0.0

    def to_image(self, point: tuple[float, float]) -> tuple[float, float]:
        """Map a patch point `(x, y)` to image pixels (of an upright region)."""
        return (
            self.center[0] + (point[0] - self.size[0] / 2) * self.step[0],
            self.center[1] + (point[1] - self.size[1] / 2) * self.step[1],
        )

    def to_patch(self, point: tuple[float, float]) -> tuple[float, float]:
        """Map an image point `(x, y)` to patch pixels (of an upright region)."""
        return (
            (point[0] - self.center[0]) / self.step[0] + self.size[0] / 2,
            (point[1] - self.center[1]) / self.step[1] + self.size[1] / 2,
        )

    def lies_in(self, size: tuple[int, int]) -> bool:
        """Tell whether an upright region reaches beyond no edge of an image of this size."""
        left, top = self.to_image((0, 0))
        right, bottom = self.to_image(self.size)
        return left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]

    def matrix(self) -> Floats:
        """Return the `(2, 3)` affine map from patch pixel indices to image pixel indices."""
        angle = np.deg2rad(self.angle)
        rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        linear = rotation @ np.diag(self.step)
        middle = np.array(self.size) / 2 - 0.5
        offset = np.array(self.center) - 0.5 - linear @ middle
        return np.column_stack([linear, offset])


@dataclass(frozen=True)
class PatchShape:
    """The patch of a sequence, fixed on its first frame.

    Attributes:
        size: `(width, height)` in pixels, multiples of `multiple`.
        target: `(width, height)` of the target in patch pixels on the first frame.
        reach: `(width, height)` of the patch over that of the target.
    """

    size: tuple[int, int]
    target: tuple[float, float]
    reach: tuple[float, float]

    def region(
        self, center: tuple[float, float] | Floats, target: Floats, scale: float = 1.0
    ) -> Region:
        """Place the patch around a target of `(width, height)` image pixels, zoomed by `scale`."""
        step = (
            scale * target[0] * self.reach[0] / self.size[0],
            scale * target[1] * self.reach[1] / self.size[1],
        )
        return Region((float(center[0]), float(center[1])), step, self.size)


def patch_shape(target: Floats, settings: PatchSettings, multiple: int = 16) -> PatchShape:
    """Choose the patch of a sequence from its initial target size.

    `per_axis` is the rule of the authors' code (search area of 9 widths by 5 heights, target capped
    at 80 px, patch of at least 200 x 200 px); `per_area` adds `context` times `sqrt(w h)` to each
    side and gives `sqrt(w h)` a fixed number of pixels.

    Args:
        target: `(width, height)` of the initial box in image pixels.
        settings: Settings of the patch.
        multiple: Sides are rounded to a multiple of this, so that every tap has whole cells.
    """
    side = np.asarray(target, dtype=np.float64)
    context = np.array(settings.context)
    if settings.rule == "per_axis":
        cap, longest = settings.target_cap, float(side.max())
        large = side.prod() > cap**2 or longest > 2 * cap
        zoom = cap / longest if large else 1.0
        region = side * (1 + context * (zoom if settings.context_follows_zoom else 1.0))
        area = float(region.prod()) * zoom**2
        zoom *= max(1.0, float(np.sqrt(settings.min_side**2 / area)))
    else:
        mean_side = float(np.sqrt(side.prod()))
        region = side + context * mean_side
        zoom = settings.target_side / mean_side
    rounded = np.maximum(np.floor(region * zoom / multiple + 0.5), 1).astype(int) * multiple
    size = (int(rounded[0]), int(rounded[1]))
    width, height = side.tolist()
    # The reach is that of the rounded patch, so that a patch pixel stays square.
    reach = (size[0] / zoom / width, size[1] / zoom / height)
    return PatchShape(size, (width * zoom, height * zoom), reach)


def crop(frame: Frame, region: Region) -> Frame:
    """Cut a region out of a frame.

    Args:
        frame: `(H, W, 3)` uint8.
        region: The place that is cut out.

    Returns:
        `(height, width, 3)` uint8 of the region's size: bilinear, after averaging whole blocks of
        pixels where the patch is less than half as fine as the image.
    """
    matrix = region.matrix()
    block = int(max(1, np.floor(min(region.step))))
    if block > 1:
        frame, matrix = _shrink(frame, region, matrix, block)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(  # type: ignore[return-value]
        frame, matrix, region.size, flags=flags, borderMode=cv2.BORDER_REPLICATE
    )


def _shrink(frame: Frame, region: Region, matrix: Floats, block: int) -> tuple[Frame, Floats]:
    """Average blocks of pixels around the region and adapt the affine map to the result."""
    corners = np.array([[x, y, 1.0] for x in (0, region.size[0]) for y in (0, region.size[1])])
    points = corners @ matrix.T
    height, width = frame.shape[:2]
    # Whole blocks from the image's corner on, with a margin for the interpolation.
    low = np.clip(np.floor(points.min(0) / block - 2).astype(int), 0, None) * block
    high = np.ceil(points.max(0) / block + 2).astype(int) * block
    low = np.minimum(low, [max(width - block, 0), max(height - block, 0)])
    high = np.maximum(high, low + block)
    part = frame[low[1] : high[1], low[0] : high[0]]
    rows, columns = -(-part.shape[0] // block), -(-part.shape[1] // block)
    bottom, right = rows * block - part.shape[0], columns * block - part.shape[1]
    if bottom or right:
        part = cv2.copyMakeBorder(part, 0, bottom, 0, right, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
    small = cv2.resize(part, (columns, rows), interpolation=cv2.INTER_AREA)
    adapted = matrix / block
    adapted[:, 2] = (matrix[:, 2] + 0.5 - low) / block - 0.5
    return small, adapted  # type: ignore[return-value]
