"""Whether a score ranks frames, and whether it means the same on another video.

A frame is a hit where its overlap reaches the protocol's `hit`. Scores become probabilities of a
hit by a monotone map that is fitted on the other source videos; every sequence counts alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dslt.core.arrays import Floats
from dslt.score.long_term import ConfidentTrack
from dslt.settings.protocols import ConfidenceProtocol

_NOTHING = 1e-9  # less weight than this is a rounding error of none


@dataclass(frozen=True)
class Reliability:
    """Share of hits in B bins of frames by what was said of them; NaN where a bin is empty.

    Attributes:
        said: (B,) mean score, or mean probability.
        hits: (B,) share of hits.
        weight: (B,) share of all frames.
    """

    said: Floats
    hits: Floats
    weight: Floats


@dataclass(frozen=True)
class ScoreLevels:
    """Frames after the first, summed by source video and level of score.

    Attributes:
        videos: (V,) source videos.
        scores: (U,) levels, ascending; all scores where these are not too many.
        weight: (V, U) frames of each; those of a sequence add up to 1.
        hits: (V, U) those of them that are hits.
        visible: (V,) those of them with a visible target.
    """

    videos: tuple[str, ...]
    scores: Floats
    weight: Floats
    hits: Floats
    visible: Floats

    @classmethod
    def of(cls, tracks: Sequence[ConfidentTrack], protocol: ConfidenceProtocol) -> ScoreLevels:
        """Sum sequences up."""
        scores = np.concatenate([track.score[1:] for track in tracks])
        grid = np.unique(scores)
        if len(grid) > protocol.levels:
            parts = np.linspace(0, 1, protocol.levels)
            grid = np.unique(np.quantile(scores, parts, method="inverted_cdf"))
        videos = sorted({track.video for track in tracks})
        weight = np.zeros((len(videos), len(grid)))
        hits, visible = np.zeros_like(weight), np.zeros(len(videos))
        for track in tracks:
            row, each = videos.index(track.video), 1 / (len(track.score) - 1)
            place = np.searchsorted(grid, track.score[1:])
            hit = place[track.overlap[1:] >= protocol.hit]
            for table, some in ((weight, place), (hits, hit)):
                table[row] += each * np.bincount(some, minlength=len(grid))
            visible[row] += each * track.visible[1:].sum()
        return cls(tuple(videos), grid, weight, hits, visible)

    def without(self, index: int) -> ScoreLevels:
        """Leave out a video."""
        videos = self.videos[:index] + self.videos[index + 1 :]
        tables = (np.delete(t, index, axis=0) for t in (self.weight, self.hits, self.visible))
        return ScoreLevels(videos, self.scores, *tables)

    def ranking(self) -> tuple[float, float]:
        """Average precision and the area under the ROC curve, of hits ranked by score.

        Average precision is that of detection: every visible frame has one target, a frame that is
        no hit is a false alarm, and a tracker that never hits cannot reach full recall. The area is
        the probability that a hit has a higher score than another frame, ties counting half; NaN
        where all frames are hits, or none.
        """
        gains, shown = self.hits.sum(axis=0)[::-1], self.weight.sum(axis=0)[::-1].cumsum()
        found = gains.cumsum()
        precision = np.divide(found, shown, out=np.zeros_like(found), where=shown > _NOTHING)
        average = float((gains * precision).sum() / self.visible.sum())
        misses = shown - found
        if min(found[-1], misses[-1]) < _NOTHING:
            return average, np.nan
        under = np.diff(misses, prepend=0) * (found - gains / 2)
        return average, float(under.sum() / (found[-1] * misses[-1]))

    def chances(self) -> Floats:
        """Probabilities of a hit (V, U): each video's by a map that was fitted on the others.

        The map is the best ascending one (isotonic regression), linear between the levels that the
        others have; NaN with a single video.
        """
        if len(self.videos) < 2:
            return np.full(self.weight.shape, np.nan)
        weight, hits = self.weight.sum(axis=0), self.hits.sum(axis=0)
        rows = zip(self.weight, self.hits, strict=True)
        return np.stack([self._fitted(weight - own, hits - hit) for own, hit in rows])

    def _fitted(self, weight: Floats, hits: Floats) -> Floats:
        """Fit the map and apply it to all levels."""
        from scipy.optimize import isotonic_regression  # here: most readers of this need none

        known = weight > _NOTHING
        shares = np.clip(hits[known] / weight[known], 0, 1)
        fitted = isotonic_regression(shares, weights=weight[known]).x
        chances = np.interp(self.scores, self.scores[known], fitted)
        return np.asarray(chances.round(12))  # so that equal ones are equal

    def calibration_error(self, chances: Floats, bins: int) -> float:
        """Expected calibration error of probabilities (V, U): their mean distance from the hits.

        Bins have equal weight (Nixon et al. 2019, Measuring calibration in deep learning), for
        most probabilities are high. NaN with a single video.
        """
        curve = self.reliability(chances, bins)
        gaps = np.abs(curve.hits - curve.said) * curve.weight
        return float(np.nansum(gaps)) if len(self.videos) > 1 else np.nan

    def reliability(self, said: Floats, bins: int) -> Reliability:
        """Hits by what was said of the frames, (V, U) or (U,), in bins of equal weight.

        Equal values are in one bin; all bins are empty where they are NaN.
        """
        there = (self.weight > _NOTHING) & ~np.isnan(said)
        values, place = np.unique(np.broadcast_to(said, there.shape)[there], return_inverse=True)
        weight, hits = self.weight[there], self.hits[there]
        each = np.bincount(place, weights=weight, minlength=len(values))
        middle = (each.cumsum() - each / 2) / each.sum()
        # What is on the edge of two bins, but for an error of rounding, is in the upper one.
        number = np.minimum((middle * bins + _NOTHING).astype(np.intp), bins - 1)[place]
        total = np.bincount(number, weights=weight, minlength=bins)
        mean, share = (
            np.divide(
                np.bincount(number, weights=sums, minlength=bins),
                total,
                out=np.full(bins, np.nan),
                where=total > _NOTHING,
            )
            for sums in (weight * values[place], hits)
        )
        return Reliability(mean, share, total / self.weight.sum())
