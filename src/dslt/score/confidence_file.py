"""The confidence file: what the confidence of each run of a cell is worth, and how it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import model_validator

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.geometry.boxes import iou
from dslt.score.calibration import Reliability
from dslt.score.confidence import ConfidenceScores, analyse
from dslt.score.long_term import ConfidentTrack
from dslt.score.metrics import CONFIDENCE
from dslt.score.ope import usable
from dslt.score.records import read_record
from dslt.score.scores import read_made
from dslt.settings.base import Settings
from dslt.settings.protocols import ConfidenceProtocol

Values = tuple[float, ...]
Gaps = tuple[float | None, ...]


class LeftOut(Settings):
    """A metric, and what it is without each of the run's videos; None where it is undefined."""

    value: float | None = None
    without: Gaps


class ReliabilityCurve(Settings):
    """Share of hits in bins of frames; see `dslt.score.calibration.Reliability`."""

    said: Gaps
    hits: Gaps
    weight: Values

    @property
    def lengths(self) -> set[int]:
        """Numbers of bins; a whole record has one."""
        return {len(self.said), len(self.hits), len(self.weight)}

    @classmethod
    def of(cls, curve: Reliability) -> ReliabilityCurve:
        """Keep a curve as a record."""
        return cls(
            said=_gaps(curve.said), hits=_gaps(curve.hits), weight=tuple(curve.weight.tolist())
        )


class ConfidenceRun(Settings):
    """One run of a cell: a benchmark, a seed.

    Attributes:
        conventions: Everything that must be equal between runs that are compared.
        sequences: Sequence to its source video.
        videos: The source videos, in the order of `LeftOut.without`.
        frames: Number of frames after the first ones.
        absent: Number of those without target.
        absent_videos: Number of source videos that have such frames.
        complete: False where sequences of the benchmark are missing.
        metrics: Metric to its values.
        threshold: Score from which the tracker reports where F is largest; None: it always does.
        precision: Over the thresholds, from never to always reporting.
        recall: The same.
        raw: Hits by score.
        calibrated: Hits by cross-fitted probability.
    """

    benchmark: str
    seed: int
    conventions: ConfidenceProtocol
    sequences: dict[str, str]
    videos: tuple[str, ...]
    frames: int
    absent: int
    absent_videos: int
    complete: bool
    metrics: dict[str, LeftOut]
    threshold: float | None = None
    precision: Values
    recall: Values
    raw: ReliabilityCurve
    calibrated: ReliabilityCurve

    @model_validator(mode="after")
    def _fits(self) -> Self:
        thresholds = min(self.frames, self.conventions.resolution - 2) + 2
        bins = self.conventions.bins
        checks = {
            "videos": self.videos == tuple(sorted(set(self.sequences.values()))),
            "metrics": set(self.metrics) == set(CONFIDENCE),
            "without": {len(one.without) for one in self.metrics.values()} == {len(self.videos)},
            "precision, recall": len(self.precision) == len(self.recall) == thresholds,
            "raw": self.raw.lengths == {bins},
            "calibrated": self.calibrated.lengths == {bins},
        }
        odd = [name for name, fits in checks.items() if not fits]
        if odd:
            raise ValueError(f"{'; '.join(odd)}: not as many as the run's conventions make")
        return self


class CellConfidence(Settings):
    """The content of `results/score/<cell>/confidence.json`."""

    cell: str
    runs: tuple[ConfidenceRun, ...]


def score_run(
    index: BenchmarkIndex,
    folder: Path,
    seed: int,
    protocol: ConfidenceProtocol,
    among: Iterable[str] = (),
) -> ConfidenceRun:
    """Read the records of a run and score its confidence.

    Args:
        index: The benchmark.
        folder: The run, with a file `<sequence>.csv` for each sequence.
        seed: Seed of the run.
        protocol: The conventions of scoring.
        among: Sequences to score, those that the benchmark has of them; none: all.

    Raises:
        DsltError: A record is missing or malformed, or there is nothing to score.
    """
    named = set(among)
    entries = [one for one in index.sequences if not named or one.name in named]
    if not entries:
        raise DsltError(f"{index.benchmark}: none of its sequences is named: nothing to score")
    tracks = {one.name: _track(one, folder / f"{one.name}.csv") for one in entries}
    complete = index.complete and len(entries) == len(index.sequences)
    return record_of(index.benchmark, seed, protocol, tracks, complete=complete)


def record_of(
    benchmark: str,
    seed: int,
    protocol: ConfidenceProtocol,
    tracks: Mapping[str, ConfidentTrack],
    *,
    complete: bool,
) -> ConfidenceRun:
    """Score sequences and keep what is found as a record."""
    found = analyse(list(tracks.values()), protocol)
    gone = [track for track in tracks.values() if not track.visible[1:].all()]
    return ConfidenceRun(
        benchmark=benchmark,
        seed=seed,
        conventions=protocol,
        sequences={name: track.video for name, track in tracks.items()},
        videos=found.videos,
        frames=sum(len(track.score) - 1 for track in tracks.values()),
        absent=sum(int((~track.visible[1:]).sum()) for track in gone),
        absent_videos=len({track.video for track in gone}),
        complete=complete,
        **_curves(found),
    )


def _track(entry: IndexEntry, path: Path) -> ConfidentTrack:
    """Compare the record of a sequence with the truth."""
    record, truth = read_record(path, entry.frames), entry.boxes()
    visible = usable(truth)
    if entry.absent is not None:
        visible &= ~entry.absent
    if not visible[1:].any():
        raise DsltError(
            f"{entry.name}: no frame after the first shows the target: nothing to score"
        )
    overlap = np.where(visible, np.nan_to_num(iou(record.boxes, truth)), 0.0)
    return ConfidentTrack(entry.video, overlap, record.scores, visible)


def _curves(found: ConfidenceScores) -> dict[str, Any]:
    """The fields of a run that come from its scores."""
    report = found.report
    threshold = float(report.thresholds[report.best])
    return {
        "metrics": {
            name: LeftOut(value=_known(value), without=_gaps(found.without[name]))
            for name, value in found.values.items()
        },
        "threshold": threshold if np.isfinite(threshold) else None,
        "precision": tuple(report.precision.tolist()),
        "recall": tuple(report.recall.tolist()),
        "raw": ReliabilityCurve.of(found.raw),
        "calibrated": ReliabilityCurve.of(found.calibrated),
    }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


def _gaps(values: Floats) -> Gaps:
    return tuple(_known(value) for value in values.tolist())


def load_confidence_file(path: Path) -> CellConfidence:
    """Read a confidence file.

    Raises:
        DsltError: The file is missing, is not JSON, or is not a confidence file.
    """
    return read_made(CellConfidence, path, "rule `confidence`")
