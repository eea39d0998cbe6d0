"""What one run of a tracker says of each frame of a sequence, read from its result files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.data.sequences.target import FAILED, INITIALIZED, TRACKED, Target, Trajectory
from dslt.geometry.boxes import iou
from dslt.geometry.regions import bounding_boxes
from dslt.score.evaluate import Suite
from dslt.score.ope import usable
from dslt.score.read_boxes import read_results
from dslt.score.read_runs import read_runs
from dslt.score.records import read_score_file, read_scores
from dslt.score.vot import frame_overlaps
from dslt.settings.protocols import OpeProtocol, VotProtocol

VOT_SCORES = "_confidence.value"


@dataclass(frozen=True)
class Regions:
    """A region in each of N frames: a polygon where there are corners, else a box, else nothing.

    Attributes:
        boxes: (N, 4) boxes `(x, y, w, h)`, 0-based; NaN where there is none.
        corners: (N, K, 2) corners; NaN where there is no polygon. None: nowhere.
    """

    boxes: Floats
    corners: Floats | None = None

    @classmethod
    def of_truth(cls, target: Target) -> Regions:
        """The truth, where the target is there."""
        there = target.present()
        corners = target.corners
        shown = None if corners is None else np.where(there[:, None, None], corners, np.nan)
        return cls(target.visible(), shown)

    def rows(self) -> list[list[float] | None]:
        """List the numbers of each frame: four of a box, more of corners, None for nothing."""
        flat = self.boxes if self.corners is None else self.corners.reshape(len(self.boxes), -1)
        found = []
        for corners, box in zip(flat, self.boxes, strict=True):
            shown = corners if np.isfinite(corners).all() else box
            found.append(shown.tolist() if np.isfinite(shown).all() else None)
        return found


@dataclass(frozen=True)
class ShownRun:
    """One run over one sequence of N frames.

    Attributes:
        regions: What the result file says.
        overlap: (N,) overlap with the truth; NaN where the truth is absent, and where a run with
            resets did not track.
        score: (N,) the tracker's own score, NaN where it was not asked; None where it gives none.
        failed: Frames at which a run with resets failed.
        started: Frames at which it was started, on the truth.
    """

    regions: Regions
    overlap: Floats
    score: Floats | None
    failed: tuple[int, ...] = ()
    started: tuple[int, ...] = ()


def read_frames(suite: Suite, folder: Path, origin: int) -> dict[str, ShownRun]:
    """Read all sequences of a folder of raw results, whatever `dslt score` takes.

    Of repetitions the first is read. Sequences without a result are left out.

    Args:
        suite: The ground truth and how it is scored.
        folder: The results.
        origin: 0 or 1, where the result files count pixels from.

    Raises:
        DsltError: Results are missing, unreadable or another sequence's.
    """
    protocol, scores = suite.protocol, _score_files(folder)
    if isinstance(protocol, OpeProtocol):
        results, _ = read_results(folder, suite.targets, origin, skipped=suite.skipped, part=True)
        return {
            name: _one_pass(suite.targets[name], found.boxes, scores.get(name))
            for name, found in results.items()
        }
    runs, _, _ = read_runs(folder, suite.targets, origin=origin, part=True)
    return {
        name: _supervised(suite.targets[name], found[0], protocol, scores.get(name))
        for name, found in runs.items()
    }


def _one_pass(target: Target, found: Floats, scores: Path | None) -> ShownRun:
    """Take the rows of a result that have a frame; frames without a row have nothing."""
    truth = target.truth
    boxes = np.full(truth.shape, np.nan)
    boxes[: len(found)] = found[: len(truth)]
    overlap = np.where(usable(boxes), iou(boxes, truth), 0.0)
    overlap[~target.present()] = np.nan
    return ShownRun(Regions(boxes), overlap, _score(scores, len(truth)))


def _supervised(
    target: Target, run: Trajectory, protocol: VotProtocol, scores: Path | None
) -> ShownRun:
    """Take a run with resets; where it was started it has the truth's region."""
    truth, started = Regions.of_truth(target), run.states == INITIALIZED
    polygons = (run.states == TRACKED) & ~run.rectangles
    boxes = np.where(started[:, None], truth.boxes, bounding_boxes(run.corners))
    corners = np.where(polygons[:, None, None], run.corners, np.nan)
    if truth.corners is not None:
        most = max(corners.shape[1], truth.corners.shape[1])
        known, corners = _widened(truth.corners, most), _widened(corners, most)
        corners = np.where(started[:, None, None], known, corners)
    return ShownRun(
        Regions(boxes, corners),
        frame_overlaps(target, run, protocol),
        _score(scores, len(boxes)),
        tuple(np.flatnonzero(run.states == FAILED).tolist()),
        tuple(np.flatnonzero(started).tolist()),
    )


def _widened(corners: Floats, count: int) -> Floats:
    """Repeat the last corner of polygons (N, K, 2), so that they have `count` of them."""
    return np.pad(corners, ((0, 0), (0, count - corners.shape[1]), (0, 0)), mode="edge")


def _score_files(folder: Path) -> dict[str, Path]:
    """Find the scores of each sequence's first repetition: our records, or VOT's files."""
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob(f"*{VOT_SCORES}")):
        name = path.name.removesuffix(VOT_SCORES).removesuffix("_001")
        if name in found:
            raise DsltError(
                f"{path}: scores of {name} are in {found[name]}, too; give the folder of one"
                " experiment of one tracker"
            )
        found[name] = path
    return found | {path.stem: path for path in folder.glob("*.csv")}


def _score(path: Path | None, frames: int) -> Floats | None:
    """Read a tracker's scores where it left some."""
    if path is None:
        return None
    return (read_scores if path.suffix == ".csv" else read_score_file)(path, frames)
