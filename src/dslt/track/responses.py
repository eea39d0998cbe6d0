"""What a trained Siamese network answers to one frame: its response over a search region (Fig. 7).

The region is placed as in tracking, but about the true target of the frame before: what differs
between two networks is then their answer and not the way that they took to this frame.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.frames import Sequence, validate_initial_box
from dslt.geometry.boxes import Box, centers
from dslt.geometry.crops import Region
from dslt.geometry.squares import (
    first_patch,
    padded_crop,
    search_region,
    to_batch,
)
from dslt.networks.siamese import STRIDE
from dslt.settings.offline import CropSettings
from dslt.trackers.base import Tracker


@dataclass(frozen=True)
class Response:
    """One answer of a network.

    Attributes:
        template: `(T, T, 3)` uint8, of the first frame.
        search: `(S, S, 3)` uint8, of the frame.
        probability: `(n, n)` float32, of the target at each cell; of several anchors the largest.
        box: `(4,)` the true box `(x, y, w, h)` of the frame in pixels of the search patch, whose
            first pixel covers 0 to 1.
        stride: pixels of the search patch between two cells; the map's middle is the patch's.
        frame: its number, 0-based.
        sequence: name.
        loss: name of the classification loss that the network was trained with.
    """

    template: Frame
    search: Frame
    probability: NDArray[np.float32]
    box: Box
    stride: int
    frame: int
    sequence: str
    loss: str


class RespondingTracker(Tracker, Protocol):
    """A tracker whose network answers to a search region with a map.

    Attributes:
        crops: Geometry of template and search region.
        instance: Side of the search region in pixels.
        device: Where it runs.
    """

    crops: CropSettings
    instance: int
    device: torch.device

    def logits(self, batch: Tensor) -> Tensor:
        """Return the target's logits `(n, n)` over one search region `(1, 3, S, S)`."""
        ...


def respond(
    tracker: RespondingTracker,
    sequence: Sequence,
    loss: str,
    frame: int | None,
    where: str,
) -> Response:
    """Take the template of the first frame and look at another one.

    Args:
        tracker: with trained weights.
        sequence: the video and its ground truth.
        loss: name of the network's classification loss.
        frame: which one to look at; None: the middle one.
        where: names the sequence in errors.

    Raises:
        DsltError: there is no such frame, the target is absent in it or in the one before, the
            first box is unusable, or the response is not finite.
    """
    number = choose_frame(sequence.ground_truth, frame, where)
    first = sequence.frames[0]
    box = validate_initial_box(sequence.initial_box, first.shape, where)
    tracker.initialize(first, box)
    *_, color, template = first_patch(first, box, tracker.crops)
    before, now = sequence.ground_truth[number - 1 : number + 1]
    region = search_region(centers(before), before[2:], tracker.crops, tracker.instance)
    search = padded_crop(sequence.frames[number], region, color)
    return Response(
        template=template,
        search=search,
        probability=_probability(tracker, search),
        box=box_in_patch(now, region),
        stride=STRIDE,
        frame=number,
        sequence=sequence.name,
        loss=loss,
    )


@torch.inference_mode()
def _probability(tracker: RespondingTracker, search: Frame) -> NDArray[np.float32]:
    """Return the probability `(n, n)` of the target at every cell of the response."""
    logits = tracker.logits(to_batch([search], tracker.device))
    if not logits.isfinite().all():
        raise DsltError(
            "the response holds nan or inf; expected numbers; the weights are broken, train them "
            "anew"
        )
    probability: NDArray[np.float32] = logits.float().sigmoid().cpu().numpy()
    return probability


def choose_frame(truth: NDArray[np.float64], frame: int | None, where: str) -> int:
    """Check the number of a frame, or take the middle one.

    Args:
        truth: `(N, 4)` ground truth, NaN rows where the target is absent.
        frame: 1 to N - 1, since the one before it gives the place; None: N // 2.
        where: names the sequence in errors.

    Raises:
        DsltError: there is no such frame, or the target is absent in it or in the one before; the
            error names the nearest frame that can be used.
    """
    seen = np.isfinite(truth.sum(axis=1)) & (truth[:, 2:].min(axis=1) > 0)
    usable = np.flatnonzero(seen[1:] & seen[:-1]) + 1
    if not len(usable):
        raise DsltError(f"{where}: no two frames in a row show the target; choose another sequence")
    number = len(truth) // 2 if frame is None else frame
    if not 1 <= number < len(truth):
        raise DsltError(
            f"{where}: frame {number}; expected 1 to {len(truth) - 1}: the search region lies "
            "where the target was one frame earlier"
        )
    if number not in usable:
        nearest = int(usable[np.argmin(np.abs(usable - number))])
        raise DsltError(
            f"{where}: the target is absent in frame {number} or {number - 1}; give another one "
            f"with --frame, the nearest is {nearest}"
        )
    return number


def box_in_patch(box: Box, region: Region) -> Box:
    """Turn a box `(x, y, w, h)` from pixels of the frame to those of an upright region's patch."""
    left, top = region.to_patch((float(box[0]), float(box[1])))
    step_x, step_y = region.step
    return np.array([left, top, box[2] / step_x, box[3] / step_y])


def write_response(response: Response, path: Path) -> None:
    """Write a response as npz, an array for each attribute.

    Raises:
        DsltError: the file cannot be written; nothing is left half-written.
    """
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, **asdict(response))
