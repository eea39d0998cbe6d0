"""Precision, recall and F over the confidence threshold, as in long-term tracking.

Lukezic et al. 2018, Now you see me: evaluating performance in long-term visual tracking; the VOT-LT
challenges. A tracker that reports only the frames with a score of at least tau has a precision, a
recall and an F at tau.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dslt.core.arrays import Floats, Mask
from dslt.settings.protocols import ConfidenceProtocol


@dataclass(frozen=True)
class ConfidentTrack:
    """What a tracker said in one sequence of N frames.

    Attributes:
        video: Source video, the unit of resampling and of cross-fitting.
        overlap: (N,) overlap with the truth, 0 where the target is absent.
        score: (N,) the tracker's confidence; that of the first frame, where it is given the box, is
            not looked at.
        visible: (N,) frames in which the target is there.
    """

    video: str
    overlap: Floats
    score: Floats
    visible: Mask

    @cached_property
    def ordered(self) -> tuple[Floats, Floats]:
        """Scores after the first frame, negated and ascending, and the sums of overlaps up to each.

        The sums (N,) begin with that of no frame.
        """
        order = np.argsort(-self.score[1:], kind="stable")
        return -self.score[1:][order], np.concatenate([[0], self.overlap[1:][order].cumsum()])


@dataclass(frozen=True)
class ReportCurve:
    """Precision, recall and F over T descending confidence thresholds, means over sequences.

    Attributes:
        thresholds: (T,) from infinity, at which nothing is reported, to minus infinity.
        precision: (T,) mean overlap of the frames that are reported; 1 where none is.
        recall: (T,) sum of their overlaps over the number of visible frames.
    """

    thresholds: Floats
    precision: Floats
    recall: Floats

    @property
    def f(self) -> Floats:
        """Harmonic mean of precision and recall (T,); 0 where both are."""
        both = self.precision + self.recall
        product = 2 * self.precision * self.recall
        return np.divide(product, both, out=np.zeros_like(both), where=both > 0)

    @property
    def best(self) -> int:
        """Index of the threshold with the largest F, the first of those that have it."""
        return int(np.argmax(self.f >= self.f.max() - 1e-12))  # but for errors of rounding


def sweep(tracks: Sequence[ConfidentTrack], protocol: ConfidenceProtocol) -> ReportCurve:
    """Sweep the confidence threshold as the long-term measures of vot-toolkit do."""
    scores = np.concatenate([track.score[1:] for track in tracks])
    thresholds = confidence_thresholds(scores, protocol.resolution)
    curves = [precision_recall(track, thresholds, protocol.first_frame) for track in tracks]
    precision, recall = np.mean(curves, axis=0)
    return ReportCurve(thresholds, precision, recall)


def confidence_thresholds(scores: Floats, resolution: int) -> Floats:
    """Choose descending thresholds among scores (N,), with infinity at both ends.

    They are all scores where these are few, else `resolution` - 2 that are evenly spaced in rank.
    """
    ordered, inner = np.sort(scores)[::-1], resolution - 2
    if len(ordered) > inner:
        margin = len(ordered) // inner
        places = np.round(np.linspace(margin, len(ordered) - margin, inner)).astype(int)
        ordered = ordered[places]
    return np.concatenate([[np.inf], ordered, [-np.inf]])


def precision_recall(track: ConfidentTrack, thresholds: Floats, first_frame: str) -> Floats:
    """Precision and recall of one sequence at thresholds (T,), shape (2, T)."""
    negated, sums = track.ordered
    reported = np.searchsorted(negated, -thresholds, side="right")
    visible = track.visible if first_frame == "counted" else track.visible[1:]
    precision = np.where(reported > 0, sums[reported] / np.maximum(reported, 1), 1.0)
    return np.stack([precision, sums[reported] / visible.sum()])


def true_negative_rate(tracks: Sequence[ConfidentTrack], threshold: float) -> float:
    """Share of the frames without target whose score is below a threshold (TNR).

    Valmadre et al. 2018, Long-term tracking in the wild: a benchmark; here the mean over the
    sequences that have such frames. NaN where none has.
    """
    shares = [
        float((track.score[1:][gone] < threshold).mean())
        for track in tracks
        if (gone := ~track.visible[1:]).any()
    ]
    return float(np.mean(shares)) if shares else np.nan
