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
    success = _success(overlap, owner, frames, protocol)
    precision = _precision(error, owner, frames, protocol)
    headline = precision[:, protocol.precision.headline()]
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


def _success(
    overlap: Floats, owner: NDArray[np.intp], frames: NDArray[np.intp], protocol: OpeProtocol
) -> Floats:
    """Success curves (S, T): the number of thresholds that an overlap passes is its rank."""
    thresholds = protocol.success.values()
    strict = protocol.success.counts == "above"
    rank = np.searchsorted(thresholds, overlap, side="left" if strict else "right")
    counts = _histogram(rank, owner, len(frames), len(thresholds))
    passed = counts[:, ::-1].cumsum(axis=1)[:, ::-1]
    return np.asarray(passed[:, 1:] / frames[:, None])


def _precision(
    error: Floats, owner: NDArray[np.intp], frames: NDArray[np.intp], protocol: OpeProtocol
) -> Floats:
    """Precision curves (S, D): the rank of a distance is the first threshold that it meets."""
    thresholds = protocol.precision.values()
    inclusive = protocol.precision.counts == "up_to"
    rank = np.searchsorted(thresholds, error, side="left" if inclusive else "right")
    counts = _histogram(rank, owner, len(frames), len(thresholds))
    return np.asarray(counts.cumsum(axis=1)[:, :-1] / frames[:, None])


def _histogram(
    rank: NDArray[np.intp], owner: NDArray[np.intp], sequences: int, thresholds: int
) -> NDArray[np.intp]:
    """Count the frames of each sequence at each rank 0..thresholds: (S, thresholds + 1)."""
    bins = thresholds + 1
    return np.bincount(owner * bins + rank, minlength=sequences * bins).reshape(sequences, bins)
