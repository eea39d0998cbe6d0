"""What a tracker's confidence is worth: does its score tell where it has the target?

Three questions, each with every sequence counting alike:

- Which precision, recall and F does the tracker reach if it reports only frames with a high score,
  and how many frames without target does it then keep silent in (`long_term`)?
- Does the score rank hits before other frames (`calibration`)?
- Does a score mean the same on another video (`calibration`)?

All of it is computed again without each source video, for intervals (`dslt.compare.intervals`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dslt.core.arrays import Floats
from dslt.score.calibration import Reliability, ScoreLevels
from dslt.score.long_term import ConfidentTrack, ReportCurve, sweep, true_negative_rate
from dslt.settings.protocols import ConfidenceProtocol


@dataclass(frozen=True)
class ConfidenceScores:
    """What the confidence of one run is worth.

    Attributes:
        values: Metric to its value; NaN where it is undefined.
        without: Metric to its values (V,) without each of the source videos.
        videos: (V,) the source videos in alphabetical order.
        report: Precision, recall and F over thresholds.
        raw: Hits by score, in bins of equal weight.
        calibrated: Hits by cross-fitted probability, in bins of equal weight.
    """

    values: dict[str, float]
    without: dict[str, Floats]
    videos: tuple[str, ...]
    report: ReportCurve
    raw: Reliability
    calibrated: Reliability


def analyse(tracks: Sequence[ConfidentTrack], protocol: ConfidenceProtocol) -> ConfidenceScores:
    """Score the confidence of one run.

    Args:
        tracks: The sequences, at least one; each has a visible frame after the first.
        protocol: The conventions of scoring.
    """
    levels = ScoreLevels.of(tracks, protocol)
    values = _metrics(tracks, levels, protocol)
    without: dict[str, list[float]] = {name: [] for name in values}
    for index, video in enumerate(levels.videos):
        others = [track for track in tracks if track.video != video]
        found = _metrics(others, levels.without(index), protocol) if others else {}
        for name, column in without.items():
            column.append(found.get(name, np.nan))
    return ConfidenceScores(
        values=values,
        without={name: np.array(column) for name, column in without.items()},
        videos=levels.videos,
        report=sweep(tracks, protocol),
        raw=levels.reliability(levels.scores, protocol.bins),
        calibrated=levels.reliability(levels.chances(), protocol.bins),
    )


def _metrics(
    tracks: Sequence[ConfidentTrack], levels: ScoreLevels, protocol: ConfidenceProtocol
) -> dict[str, float]:
    """All metrics of some sequences; `levels` are theirs."""
    curve = sweep(tracks, protocol)
    precision, area = levels.ranking()
    return {
        "confidence_f": float(curve.f[curve.best]),
        "confidence_precision": float(curve.precision[curve.best]),
        "confidence_recall": float(curve.recall[curve.best]),
        "confidence_ap": precision,
        "confidence_auroc": area,
        "confidence_ece": levels.calibration_error(levels.chances(), protocol.bins),
        "confidence_absent": true_negative_rate(tracks, float(curve.thresholds[curve.best])),
    }
