"""What a trained Siamese network answers to one frame: its response over a search region (Fig. 7).

The region is placed as in tracking, but about the true target of the frame before: what differs
between two networks is then their answer and not the way that they took to this frame.
"""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.frames import Sequence, validate_initial_box
from dslt.geometry.boxes import Box, centers
from dslt.geometry.crops import Region
from dslt.geometry.squares import padded_crop, to_batch
from dslt.networks.siamese import STRIDE
from dslt.trackers.siamese import SiameseTracker, check_finite


@dataclass(frozen=True)
class Response:
    """One answer of a network.

    Attributes:
        template: Patch `(T, T, 3)` of the first frame, uint8.
        search: Patch `(S, S, 3)` of the frame that is looked at, uint8.
        probability: Probability `(n, n)` of the target at each cell, float32; of several anchors
            the largest.
        box: True box `(x, y, w, h)` of the frame, `(4,)`, in pixels of the search patch, whose
            first pixel covers 0 to 1.
        stride: Pixels of the search patch between two cells; the map's middle is the patch's.
        frame: Number of the frame, 0-based.
        sequence: Name of the sequence.
        loss: Name of the classification loss that the network was trained with.
    """

    template: Frame
    search: Frame
    probability: NDArray[np.float32]
    box: Box
    stride: int
    frame: int
    sequence: str
    loss: str


@torch.inference_mode()
def respond(
    tracker: SiameseTracker, sequence: Sequence, loss: str, frame: int | None, where: str
) -> Response:
    """Take the template of the first frame and look at another one.

    Args:
        tracker: A tracker with trained weights.
        sequence: The video and its ground truth.
        loss: Name of the network's classification loss.
        frame: Number of the frame to look at; None: the middle one.
        where: Name of the sequence in errors.

    Raises:
        DsltError: There is no such frame, the target is absent in it or in the one before, the
            first box is unusable, or the response is not finite.
    """
    number = choose_frame(sequence.ground_truth, frame, where)
    first = sequence.frames[0]
    tracker.initialize(first, validate_initial_box(sequence.initial_box, first.shape, where))
    before, now = sequence.ground_truth[number - 1 : number + 1]
    region = tracker.region(centers(before), before[2:])
    search = padded_crop(sequence.frames[number], region, tracker.color)
    logits = tracker.logits(to_batch([search], tracker.device))
    check_finite("the response holds", logits)
    return Response(
        template=tracker.patch,
        search=search,
        probability=logits.float().sigmoid().cpu().numpy(),
        box=box_in_patch(now, region),
        stride=STRIDE,
        frame=number,
        sequence=sequence.name,
        loss=loss,
    )


def choose_frame(truth: Floats, frame: int | None, where: str) -> int:
    """Check the number of a frame, or take the one nearest to the middle that can be used.

    Args:
        truth: Ground truth `(N, 4)`, NaN rows where the target is absent.
        frame: Number from 1 to N - 1, since the frame before gives the place; None: N // 2, or the
            nearest one.
        where: Name of the sequence in errors.

    Raises:
        DsltError: There is no such frame, or the target is absent in it or in the one before; the
            error names the nearest frame that can be used.
    """
    seen = np.isfinite(truth.sum(axis=1)) & (truth[:, 2:].min(axis=1) > 0)
    usable = np.flatnonzero(seen[1:] & seen[:-1]) + 1
    if not len(usable):
        raise DsltError(f"{where}: no two frames in a row show the target; choose another sequence")
    number = len(truth) // 2 if frame is None else frame
    nearest = int(usable[np.argmin(np.abs(usable - number))])
    if frame is None:
        return nearest
    if not 1 <= number < len(truth):
        raise DsltError(
            f"{where}: frame {number}; expected 1 to {len(truth) - 1}: the search region lies "
            "where the target was one frame earlier"
        )
    if number not in usable:
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
        DsltError: The file cannot be written; nothing is left half-written.
    """
    with atomic_write(path) as temporary:
        np.savez_compressed(temporary, **asdict(response))
