"""What results are scored against, and the form of supervised results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Mask

# States of a frame in a supervised run: the codes of VOT's result files, and a box or polygon.
SKIPPED, INITIALIZED, FAILED, TRACKED = 0, 1, 2, 3


@dataclass(frozen=True)
class Target:
    """One sequence's ground truth.

    Attributes:
        truth: Boxes `(x, y, w, h)`, (N, 4), 0-based, NaN where the target is absent; of polygons,
            their bounding boxes.
        attributes: Attribute codes of the whole sequence.
        video: Source video, the unit of resampling.
        corners: Polygons (N, K, 2), 0-based, NaN where the target is absent; None where the truth
            is boxes.
        absent: Frames (N,) that are flagged as without target, though they may have a box; None
            where the annotation has no such flags.
        tags: Attributes of frames by name, with the frames (N,) that carry them.
        size: Width and height of the frames in pixels, None where they are not known.
    """

    truth: Floats
    attributes: tuple[str, ...]
    video: str
    corners: Floats | None = None
    absent: Mask | None = None
    tags: Mapping[str, Mask] = field(default_factory=dict)
    size: tuple[int, int] | None = None

    def visible(self) -> Floats:
        """The boxes (N, 4), NaN in every frame without target, flagged ones too; a new array."""
        return np.where(self.present()[:, None], self.truth, np.nan)

    def present(self) -> Mask:
        """Tell in which frames (N,) the target is there: it has a box, and no flag of absence."""
        there: Mask = np.asarray(~np.isnan(self.truth).any(axis=1))
        return there if self.absent is None else there & ~self.absent

    def part(self, rows: slice | Mask) -> Target:
        """The target of some of the frames: of a slice, or of those that a mask (N,) keeps."""
        return replace(
            self,
            truth=self.truth[rows],
            corners=None if self.corners is None else self.corners[rows],
            absent=None if self.absent is None else self.absent[rows],
            tags={tag: flags[rows] for tag, flags in self.tags.items()},
        )


@dataclass(frozen=True)
class Trajectory:
    """One supervised run over one sequence.

    Attributes:
        states: State of each frame, int8 (N,): `SKIPPED`, `INITIALIZED`, `FAILED` or `TRACKED`.
        corners: Polygons (N, K, 2), 0-based; NaN unless `TRACKED`. K is 4 for boxes; polygons with
            fewer corners than K repeat their last one.
        rectangles: Frames (N,) whose region was given as a box `x, y, w, h`.
    """

    states: NDArray[np.int8]
    corners: Floats
    rectangles: Mask
