"""What results are scored against, and the form of supervised results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# States of a frame in a supervised run: the codes of VOT's result files, and a box or polygon.
SKIPPED, INITIALIZED, FAILED, TRACKED = 0, 1, 2, 3


@dataclass(frozen=True)
class Target:
    """One sequence's ground truth.

    Attributes:
        truth: (N, 4) 0-based boxes, NaN where the target is absent; of polygons, their bounding
            boxes.
        attributes: codes of the whole sequence.
        video: the source video, the unit of resampling.
        corners: (N, K, 2) 0-based polygons, NaN where absent; None where the truth is boxes.
        absent: (N,) frames flagged as without target, though they may have a box; None without
            flags.
        tags: name to (N,) frames that carry a per-frame attribute.
        size: width and height of the frames in pixels, None where they are not known.
    """

    truth: Floats
    attributes: tuple[str, ...]
    video: str
    corners: Floats | None = None
    absent: Mask | None = None
    tags: Mapping[str, Mask] = field(default_factory=dict)
    size: tuple[int, int] | None = None


@dataclass(frozen=True)
class Trajectory:
    """One supervised run over one sequence.

    Attributes:
        states: (N,) int8, one of `SKIPPED`, `INITIALIZED`, `FAILED`, `TRACKED` per frame.
        corners: (N, K, 2) 0-based polygons; NaN unless `TRACKED`. K is 4 for boxes; polygons with
            fewer corners than K repeat their last one.
        rectangles: (N,) frames whose region was given as a box `x, y, w, h`.
    """

    states: NDArray[np.int8]
    corners: Floats
    rectangles: Mask
