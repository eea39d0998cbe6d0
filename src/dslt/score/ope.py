"""One-pass evaluation: success and precision curves of raw boxes.

All sequences of a tracker are scored in one pass over concatenated arrays: the thresholds that a
frame passes are found by a sorted search and counted per sequence, so the cost does not grow with
the number of thresholds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import center_error, iou, to_file_origin
from dslt.settings.protocols import DistanceThresholds, OpeProtocol, SuccessThresholds


@dataclass(frozen=True)
class OpeScores:
    """Curves of S sequences.

    Attributes:
        success: (S, T) part of the frames whose overlap passes each threshold.
        precision: (S, D) part of the frames whose centre distance is within each threshold.
        success_auc: (S,) mean of each success curve.
        precision_20: (S,) precision at 20 px.
        norm_precision: (S, N) part of the frames whose centre offset, divided per axis by the
            truth's width and height, is within each threshold; None where the protocol has none.
        norm_precision_20: (S,) normalised precision at 0.2.
        invalid: (S,) number of frames that were looked at, or left out, for an invalid truth.
    """

    success: Floats
    precision: Floats
    success_auc: Floats
    precision_20: Floats
    invalid: NDArray[np.intp]
    norm_precision: Floats | None = None
    norm_precision_20: Floats | None = None


def usable(boxes: Floats) -> Mask:
    """Tell which result boxes (N, 4) are finite and have an area."""
    with np.errstate(invalid="ignore"):
        return np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > 0) & (boxes[:, 3] > 0)


def valid_ground_truth(truth: Floats) -> Mask:
    """Tell which rows of the ground truth count, as the OTB toolkit does.

    The toolkit tests its files' numbers, which count from 1. The same is tested here wherever a
    benchmark's files count from: a box at the first pixel is valid.

    Args:
        truth: (N, 4) 0-based boxes, NaN where the target is absent.

    Returns:
        (N,) true where all four of x, y, w, h, counted from 1, are positive.
    """
    with np.errstate(invalid="ignore"):
        return np.asarray((to_file_origin(truth, 1) > 0).all(axis=1))


def align(result: Floats, truth: Floats, protocol: OpeProtocol) -> Floats:
    """Bring a result to the ground truth's length and repair it by the protocol.

    Args:
        result: (M, 4) boxes. Extra rows are cut; missing rows become NaN, which fail.
        truth: (N, 4) boxes of the same convention.
        protocol: Protocol, which says what happens to the first frame and to unusable boxes.

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


def score(results: Sequence[Floats], targets: Sequence[Target], protocol: OpeProtocol) -> OpeScores:
    """Score the results of one tracker on S sequences.

    Args:
        results: S arrays (M, 4), 0-based boxes.
        targets: S ground truths; flags of absent frames count where the protocol drops them.
        protocol: The conventions of scoring.

    Raises:
        DsltError: A sequence has no frame to score.
    """
    _check_shapes(results, targets)
    truths = [target.truth for target in targets]
    boxes = np.concatenate([align(r, t, protocol) for r, t in zip(results, truths, strict=True)])
    truth = np.concatenate(truths)
    owner = np.repeat(np.arange(len(truths)), [len(rows) for rows in truths])
    valid = valid_ground_truth(truth)
    present = _present(targets, protocol)
    counted, kept = _chosen(valid, present, protocol)
    frames, left = (np.bincount(owner[mask], minlength=len(truths)) for mask in (counted, kept))
    _check_left(left)
    ours, theirs = boxes[kept], truth[kept]
    pairs = _Pairs(ours, theirs, usable(ours), valid[kept], owner[kept], frames)
    success = pairs.success(protocol.success)
    precision = pairs.hits(protocol.precision, 1.0)
    norm = protocol.norm_precision
    normed = None if norm is None else pairs.hits(norm, theirs[:, 2:])
    return OpeScores(
        success=success,
        precision=precision,
        success_auc=success.mean(axis=1),
        precision_20=precision[:, protocol.precision.headline()],
        invalid=np.bincount(owner[present & ~valid], minlength=len(truths)),
        norm_precision=normed,
        norm_precision_20=None if norm is None or normed is None else normed[:, norm.headline()],
    )


def per_attribute(
    attributes: Sequence[Sequence[str]], scores: Mapping[str, Floats]
) -> dict[str, dict[str, float]]:
    """Average scores over the sequences of each attribute.

    Args:
        attributes: Attribute codes of each of S sequences.
        scores: Metric name to (S,) scores.

    Returns:
        Code to the metrics' means and `sequences`, the number of sequences behind them; codes in
        alphabetical order.
    """
    rows: dict[str, dict[str, float]] = {}
    for code in sorted({code for codes in attributes for code in codes}):
        carries = np.array([code in codes for codes in attributes])
        rows[code] = {metric: float(values[carries].mean()) for metric, values in scores.items()}
        rows[code]["sequences"] = int(carries.sum())
    return rows


def _check_shapes(results: Sequence[Floats], targets: Sequence[Target]) -> None:
    """Refuse empty input, arrays that are not (N, 4), and flags of another length."""
    if not targets or len(results) != len(targets):
        raise DsltError(f"{len(results)} results for {len(targets)} sequences: nothing to score")
    for index, boxes in enumerate([*results, *(target.truth for target in targets)]):
        if boxes.ndim != 2 or boxes.shape[1] != 4:
            raise DsltError(f"array {index}: expected boxes of shape (N, 4), got {boxes.shape}")
    for index, target in enumerate(targets, 1):
        if target.absent is not None and target.absent.shape != target.truth.shape[:1]:
            raise DsltError(
                f"sequence {index} of {len(targets)}: {target.absent.size} absence flags for"
                f" {len(target.truth)} frames"
            )


def _check_left(left: NDArray[np.intp]) -> None:
    """Refuse a sequence of which no frame is left to look at."""
    if not left.all():
        raise DsltError(
            f"sequence {int(np.argmin(left)) + 1} of {len(left)}: no frame has a valid ground"
            " truth, so there is nothing to score"
        )


def _present(targets: Sequence[Target], protocol: OpeProtocol) -> Mask:
    """Tell which frames are not dropped as without target."""
    drop = protocol.absent == "drop"
    return np.concatenate(
        [
            ~target.absent
            if drop and target.absent is not None
            else np.ones(len(target.truth), dtype=bool)
            for target in targets
        ]
    )


def _chosen(valid: Mask, present: Mask, protocol: OpeProtocol) -> tuple[Mask, Mask]:
    """Tell which frames make up the denominator, and which are looked at."""
    scored = valid if protocol.invalid_ground_truth == "skip" else np.ones_like(valid)
    kept = scored & present
    return (scored if protocol.denominator == "all" else kept), kept


@dataclass(frozen=True)
class _Pairs:
    """Results beside the ground truth, the frames of all sequences one after the other.

    Attributes:
        boxes: (F, 4) results, NaN where there is none.
        truth: (F, 4) ground truth.
        usable: (F,) true where the result is a box with an area.
        valid: (F,) true where the truth counts; other frames miss in success and hit in precision.
        owner: (F,) index of each frame's sequence.
        frames: (S,) denominators.
    """

    boxes: Floats
    truth: Floats
    usable: Mask
    valid: Mask
    owner: NDArray[np.intp]
    frames: NDArray[np.intp]

    def success(self, thresholds: SuccessThresholds) -> Floats:
        """Part of the frames that pass each threshold (S, T)."""
        overlap = iou(self.boxes, self.truth)
        overlap[~self.valid | ~self.usable] = -1.0
        # An overlap passes from above: negated and in reverse, from below as a distance does.
        inclusive = thresholds.counts == "at_or_above"
        return self._curve(-overlap, -thresholds.values()[::-1], inclusive)[:, ::-1].copy()

    def hits(self, thresholds: DistanceThresholds, unit: Floats | float) -> Floats:
        """Part of the frames within each distance (S, D); `unit` divides it, per axis."""
        with np.errstate(invalid="ignore", divide="ignore"):
            error = center_error(self.boxes, self.truth, unit)
        error[~self.usable] = np.inf
        error[~self.valid] = -1.0
        return self._curve(error, thresholds.values(), thresholds.counts == "up_to")

    def _curve(self, values: Floats, thresholds: Floats, inclusive: bool) -> Floats:
        """Part of each sequence's frames that are below each threshold (S, T), or at it.

        The rank of a value among the ascending thresholds is the first threshold that it meets.
        """
        rank = np.searchsorted(thresholds, values, side="left" if inclusive else "right")
        bins, rows = len(thresholds) + 1, len(self.frames)
        counts = np.bincount(self.owner * bins + rank, minlength=rows * bins).reshape(rows, bins)
        return np.asarray(counts.cumsum(axis=1)[:, :-1] / self.frames[:, None])
