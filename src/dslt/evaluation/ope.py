"""One-pass evaluation: success and precision curves of raw boxes.

All sequences of a tracker are scored in one pass over concatenated arrays: the thresholds that a
frame passes are found by a sorted search and counted per sequence, so the cost does not grow with
the number of thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.boxes import center_error, iou, to_file_origin
from dslt.errors import DsltError
from dslt.evaluation.protocols import OpeProtocol

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class OpeScores:
    """Curves of S sequences.

    Attributes:
        success: (S, T) part of the frames whose overlap passes each threshold.
        precision: (S, D) part of the frames whose centre distance is within each threshold.
        success_auc: (S,) mean of each success curve.
        precision_20: (S,) precision at 20 px.
    """

    success: Floats
    precision: Floats
    success_auc: Floats
    precision_20: Floats


def usable(boxes: Floats) -> Mask:
    """Tell which result boxes (N, 4) are finite and have an area."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > 0) & (boxes[:, 3] > 0)


def valid_ground_truth(truth: Floats, origin: int) -> Mask:
    """Tell which rows of the ground truth count, as the OTB toolkit does.

    Args:
        truth: (N, 4) 0-based boxes, NaN where the target is absent.
        origin: 0 or 1, of the benchmark's files: the toolkit tests the numbers in the file, so
            that a box at the first pixel is valid in a 1-based file.

    Returns:
        (N,) true where all four of x, y, w, h are positive.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((to_file_origin(truth, origin) > 0).all(axis=1))


def align(result: Floats, truth: Floats, protocol: OpeProtocol) -> Floats:
    """Bring a result to the ground truth's length and repair it by the protocol.

    Args:
        result: (M, 4) boxes. Extra rows are cut; missing rows become NaN, which fail.
        truth: (N, 4) boxes of the same convention.
        protocol: says what happens to the first frame and to unusable boxes.

    Returns:
        (N, 4) boxes; NaN rows are failures.
    """
    given = min(len(result), len(truth))
    boxes = np.full(truth.shape, np.nan)
    boxes[:given] = result[:given]
    if protocol.first_frame == "ground_truth":
        boxes[0] = truth[0]
    good = usable(boxes[:given])
    if good.all():
        return boxes
    boxes[:given][~good] = np.nan
    if protocol.invalid_result == "repeat":
        last_good = np.maximum.accumulate(np.where(good, np.arange(given), 0))
        boxes[:given] = boxes[last_good]
    return boxes


def score(
    results: Sequence[Floats], truths: Sequence[Floats], protocol: OpeProtocol, origin: int = 1
) -> OpeScores:
    """Score the results of one tracker on S sequences.

    Args:
        results: S arrays (M, 4), 0-based boxes.
        truths: S arrays (N, 4), 0-based boxes, NaN where the target is absent.
        protocol: the conventions.
        origin: 0 or 1, of the benchmark's ground-truth files (`valid_ground_truth`).

    Raises:
        DsltError: a sequence has no frame to score.
    """
    _check_shapes(results, truths)
    aligned = [align(r, t, protocol) for r, t in zip(results, truths, strict=True)]
    boxes, truth = np.concatenate(aligned), np.concatenate(list(truths))
    lengths = [len(t) for t in truths]
    owner = np.repeat(np.arange(len(lengths)), lengths)
    overlap, error = _compare(boxes, truth)
    valid = valid_ground_truth(truth, origin)
    if protocol.invalid_ground_truth == "skip":
        overlap, error, owner = overlap[valid], error[valid], owner[valid]
    else:
        overlap[~valid], error[~valid] = -1.0, -1.0
    frames = np.bincount(owner, minlength=len(lengths))
    if not frames.all():
        raise DsltError(
            f"sequence {int(np.argmin(frames)) + 1} of {len(lengths)}: no frame has a valid ground"
            " truth, so there is nothing to score"
        )
    overlaps, distances = protocol.success, protocol.precision
    # An overlap passes from above: negated and in reverse, from below as a distance does.
    at = overlaps.counts == "at_or_above"
    success = _curve(-overlap, -overlaps.values()[::-1], at, owner, frames)[:, ::-1].copy()
    up_to = distances.counts == "up_to"
    precision = _curve(error, distances.values(), up_to, owner, frames)
    headline = precision[:, distances.headline()]
    return OpeScores(success, precision, success.mean(axis=1), headline)


def _check_shapes(results: Sequence[Floats], truths: Sequence[Floats]) -> None:
    """Refuse empty input and arrays that are not (N, 4)."""
    if not truths or len(results) != len(truths):
        raise DsltError(f"{len(results)} results for {len(truths)} sequences: nothing to score")
    for index, boxes in enumerate([*results, *truths]):
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise DsltError(f"array {index}: expected boxes of shape (N, 4), got {boxes.shape}")


def _compare(boxes: Floats, truth: Floats) -> tuple[Floats, Floats]:
    """Overlap and centre distance per frame; -1 and infinity where a box is missing."""
    with np.errstate(invalid="ignore"):
        overlap, error = iou(boxes, truth), center_error(boxes, truth)
    missing = ~usable(boxes)
    return (
        np.where(missing | np.isnan(overlap), -1.0, overlap),
        np.where(missing | np.isnan(error), np.inf, error),
    )


def _curve(
    values: Floats,
    thresholds: Floats,
    inclusive: bool,
    owner: NDArray[np.intp],
    frames: NDArray[np.intp],
) -> Floats:
    """Part of each sequence's frames that are below each threshold (S, T), or at it.

    The rank of a value among the ascending thresholds is the first threshold that it meets.
    """
    rank = np.searchsorted(thresholds, values, side="left" if inclusive else "right")
    bins = len(thresholds) + 1
    counts = np.bincount(owner * bins + rank, minlength=len(frames) * bins).reshape(-1, bins)
    return np.asarray(counts.cumsum(axis=1)[:, :-1] / frames[:, None])
