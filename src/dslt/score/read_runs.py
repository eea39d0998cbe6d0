"""Results of supervised runs: reading a folder of them, and refusing what does not belong."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.data.sequences.target import FAILED, INITIALIZED, TRACKED, Target, Trajectory
from dslt.geometry.boxes import iou
from dslt.geometry.regions import bounding_boxes
from dslt.score.formats.layouts import find_files, pair_files
from dslt.score.formats.odd_text import told_of
from dslt.score.formats.seconds import read_records
from dslt.score.formats.vot import read_vot
from dslt.score.hints import run_hints

OTHER_SEQUENCE = 0.5  # part of tracked frames off the target from which on a run is not believed


def read_runs(
    folder: Path,
    targets: Mapping[str, Target],
    layout: str = "auto",
    experiment: str = "baseline",
    origin: int = 0,
    *,
    part: bool = False,
) -> tuple[dict[str, tuple[Trajectory, ...]], dict[str, Floats | None], list[str]]:
    """Read the supervised runs of every sequence of a benchmark from a folder.

    Args:
        folder: Folder of one tracker: VOT's layout, text or binary, or the files of our own runs
            (`<sequence>.txt`, one repetition).
        targets: Sequence name to its ground truth.
        layout: `vot`, `vot-binary` or `auto`.
        experiment: The folder of VOT's layout that is read.
        origin: 0 or 1, where the files count pixels from.
        part: Whether less than half of the sequences may be missing; a note says which.

    Returns:
        The repetitions by sequence, each as long as the truth; the seconds of all frames of a
        sequence that were tracked, without initialisations, (T,), None where there is no record;
        and notes.

    Raises:
        DsltError: The folder or a sequence's file is missing, a file cannot be read as a supervised
            run, it has another length than the sequence, or it is another sequence's.
    """
    found = find_files(folder, layout, targets, "runs", experiment)
    if found.layout not in {"otb", "vot", "vot-binary"}:
        raise DsltError(f"{folder}: files of layout {found.layout} hold no supervised runs")
    pairs, notes = pair_files(folder, found, targets, part=part)
    runs: dict[str, tuple[Trajectory, ...]] = {}
    seconds: dict[str, Floats | None] = {}
    for name in pairs:
        target = targets[name]
        read = [_read_run(path, target, origin, notes) for path in found.files[pairs[name]]]
        runs[name] = tuple(read)
        records = found.seconds.get(pairs[name], ())
        times, odd = read_records(records, name, len(read), len(target.truth), gaps=True)
        tracked = np.array([run.states for run in read]) == TRACKED
        measured = np.empty(0) if times is None else times[tracked & ~np.isnan(times)]
        seconds[name] = measured if len(measured) else None
        notes += odd
    counts = {len(repetitions) for repetitions in runs.values()}
    if len(counts) > 1:
        notes.append(f"{folder}: the sequences have {min(counts)} to {max(counts)} repetitions")
    hints = _hints(folder, runs, targets, origin)
    return runs, seconds, [*hints, *found.notes, *notes]


def _hints(
    folder: Path,
    runs: Mapping[str, tuple[Trajectory, ...]],
    targets: Mapping[str, Target],
    origin: int,
) -> list[str]:
    """Look at the first repetitions whose tracked regions are given as boxes."""
    boxes, truths = [], []
    for name, (first, *_) in runs.items():
        rows = (first.states == TRACKED) & first.rectangles
        if rows.any():
            boxes.append(bounding_boxes(first.corners[rows]))
            truths.append(targets[name].truth[rows])
    return run_hints(folder, boxes, truths, origin)


def _read_run(path: Path, target: Target, origin: int, notes: list[str]) -> Trajectory:
    """Read a run and compare it with its sequence; what is odd is added to the notes."""
    try:
        trajectory, found = read_vot(path)
    except DsltError as error:
        raise DsltError(told_of(path) or str(error)) from None
    trajectory = replace(trajectory, corners=trajectory.corners - origin)
    frames = len(target.truth)
    if len(trajectory.states) != frames:
        raise DsltError(
            f"{path}: {len(trajectory.states)} lines for {frames} frames; a supervised run is"
            " scored as a whole: expected one line per frame"
        )
    _check_states(path, trajectory.states.tolist())
    notes += [*found, *_compare(path, trajectory, target)]
    return trajectory


def _check_states(path: Path, states: Sequence[int]) -> None:
    """Refuse what no supervised run leaves: a region or a failure without an initialisation."""
    running = False
    for line, state in enumerate(states, 1):
        if state in (TRACKED, FAILED) and not running:
            what = "a failure" if state == FAILED else "a region"
            hint = "; one-pass results need a protocol of kind ope" if line == 1 else ""
            raise DsltError(f"{path}, line {line}: {what} without an initialisation (1){hint}")
        running = state == INITIALIZED or (running and state != FAILED)
    if INITIALIZED not in states:
        raise DsltError(f"{path}: never initialised; expected a line 1")


def _compare(path: Path, trajectory: Trajectory, target: Target) -> list[str]:
    """Refuse a run that is off its target; a supervised tracker is stopped where it is."""
    tracked = (trajectory.states == TRACKED) & ~np.isnan(target.truth).any(axis=1)
    if not tracked.any():
        return []
    # One pixel more on each side, as a region that is drawn covers the pixels of its corners.
    boxes = bounding_boxes(trajectory.corners[tracked]) + np.array([-1, -1, 2, 2])
    off: Mask = iou(boxes, target.truth[tracked]) == 0
    if off.mean() > OTHER_SEQUENCE:
        raise DsltError(
            f"{path}: looks like the result of another sequence: {int(off.sum())} of"
            f" {len(off)} tracked regions are off the target, where a supervised run has a failure"
        )
    if off.any():
        return [f"{path}: {int(off.sum())} tracked regions are off the target, yet no failures"]
    return []
