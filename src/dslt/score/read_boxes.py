"""Raw results of a tracker: reading a folder of them, and refusing what does not belong.

Results come in any layout of `dslt.score.formats.layouts`, one-pass boxes here by
`read_results` and supervised runs by `read_runs`. Whatever was done to make them fit is in the
notes; whatever cannot be made to fit is an error.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.data.sequences.target import FAILED, INITIALIZED, TRACKED, Target
from dslt.geometry.boxes import from_file_origin, iou, read_boxes
from dslt.geometry.regions import bounding_boxes
from dslt.score.formats.found import ResultFiles, some
from dslt.score.formats.layouts import find_files, pair_files
from dslt.score.formats.odd_text import told_of
from dslt.score.formats.otb_json import read_json_run
from dslt.score.formats.otb_mat import read_mat
from dslt.score.formats.seconds import read_records
from dslt.score.formats.vot import is_supervised, read_vot
from dslt.score.hints import Fit, better_fits, form_hint, origin_hint, shift_hint
from dslt.score.ope import usable

SAME_START = 0.5  # overlap of the first box with the initial one, below which something is odd
ALIKE = 4  # notes of one kind that are listed one by one
_RUNS = {"otb-mat": read_mat, "otb-json": read_json_run}


@dataclass(frozen=True)
class RawResult:
    """One sequence's raw result.

    Attributes:
        boxes: (M, 4) 0-based boxes as the file has them, NaN rows included.
        seconds: (M,) seconds per frame, the first entry being the initialisation; None where the
            tracker left no record.
        notes: What a reader of the scores has to know about this file.
        stated_fps: Frames per second as a file without seconds states them.
        start: Frames before the first row, as the file states them.
    """

    boxes: Floats
    seconds: Floats | None
    notes: tuple[str, ...]
    stated_fps: float | None = None
    start: int = 0

    @property
    def fps(self) -> float | None:
        """Frames per second: one over the median of the frames after the first."""
        if self.seconds is None or len(self.seconds) < 2:
            return self.stated_fps
        measured = self.seconds[1:][~np.isnan(self.seconds[1:])]
        median = float(np.median(measured)) if len(measured) else 0.0
        return 1.0 / median if median > 0 else None

    @property
    def init_seconds(self) -> float | None:
        """Seconds of the initialisation."""
        if self.seconds is None or np.isnan(self.seconds[0]):
            return None
        return float(self.seconds[0])


def read_results(
    folder: Path,
    targets: Mapping[str, Target],
    origin: int = 1,
    layout: str = "auto",
    skipped: Mapping[str, int] | None = None,
    *,
    part: bool = False,
) -> tuple[dict[str, RawResult], list[str]]:
    """Read the one-pass result of every sequence of a benchmark from a folder.

    Args:
        folder: Folder of one tracker; the names of its files may be spelled in other ways
            (`match_names`).
        targets: Sequence name to its ground truth.
        origin: 0 or 1, where the result files count pixels from; never guessed.
        layout: How the files lie there, one of `LAYOUTS`, or `auto`.
        skipped: For sequences that are scored from a later frame on, the number of frames before
            it. A result that is longer by just these rows is cut at its start.
        part: Whether less than half of the sequences may be missing; a note says which.

    Returns:
        The results by sequence, and the notes about all of them: hints at another convention;
        rows that were cut, missing or unusable; names that are spelled otherwise; files that belong
        to no sequence.

    Raises:
        DsltError: The folder or a sequence's file is missing, a file cannot be read as boxes, or
            a file is another sequence's.
    """
    found = find_files(folder, layout, targets)
    pairs, notes = pair_files(folder, found, targets, part=part)
    there = {name: target for name, target in targets.items() if name in pairs}
    leads = skipped or {}
    read: dict[str, RawResult] = {}
    for name, target in there.items():
        result = _load_first(found, pairs[name], name, origin)
        read[name] = _aligned(name, result, len(target.truth), leads.get(name, 0))
    truths = [target.truth for target in there.values()]
    starts = [result.start for result in read.values()]
    first = np.array([r.boxes[r.start] for r in read.values()]).reshape(-1, 4)
    initial = np.array([t[i] for t, i in zip(truths, starts, strict=True)]).reshape(-1, 4)
    overlap = np.where(usable(first) & usable(initial), iou(first, initial), np.nan)
    boxes = [result.boxes for result in read.values()]
    fits = better_fits(boxes, truths, origin)
    results = {
        name: _checked(found.files[pairs[name]][0], name, read[name], target.truth, start, fit)
        for (name, target), start, fit in zip(there.items(), overlap.tolist(), fits, strict=True)
    }
    hints = form_hint(folder, fits)
    each = [note for result in results.values() for note in result.notes]
    if not hints:
        few = [f"{n}: its rows look like {f}" for n, f in zip(there, fits, strict=True) if f]
        hints = shift_hint(folder, boxes, truths)
        each = [*few, *each]
    hints += origin_hint(folder, list(there), (first - initial)[:, :2], origin)
    return results, [*hints, *found.notes, *_joined(each), *notes]


def _joined(notes: Sequence[str]) -> list[str]:
    """The notes of all results; many that differ in name and numbers only become one."""
    groups: dict[str, list[str]] = {}
    for note in notes:
        groups.setdefault(re.sub(r"[\d.]+", "#", note.partition(": ")[2]), []).append(note)
    joined = []
    for group in groups.values():
        if len(group) <= ALIKE:
            joined += group
        else:
            names = [note.partition(": ")[0] for note in group[1:]]
            joined.append(f"{group[0]}; much the same for {len(names)} others: {some(names)}")
    return joined


def load_result(found: ResultFiles, name: str, origin: int, repetition: int = 0) -> RawResult:
    """Read one repetition of a sequence as it is: boxes and, where they are recorded, seconds.

    Args:
        found: The result files of the tracker.
        name: Name of the sequence, as `found` spells it.
        origin: 0 or 1, where the file counts pixels from.
        repetition: Index of the repetition, from 0.

    Raises:
        DsltError: A file cannot be read.
    """
    path = found.files[name][repetition]
    try:
        return _load(found, name, origin, repetition)
    except DsltError as error:
        raise DsltError(told_of(path) or str(error)) from None


def _load(found: ResultFiles, name: str, origin: int, repetition: int) -> RawResult:
    """Read a file by its layout."""
    paths = found.files[name]
    if found.layout in _RUNS:
        run = _RUNS[found.layout](paths[repetition], origin)
        notes = tuple(f"{name}: {note}" for note in run.notes)
        return RawResult(run.boxes, None, notes, run.fps, run.start)
    boxes, odd = _read_text(paths[repetition], name, origin)
    times, left_out = read_records(found.seconds.get(name, ()), name, len(paths), len(boxes))
    seconds = None if times is None else times[repetition]
    return RawResult(boxes, seconds, (*odd, *left_out))


def _load_first(found: ResultFiles, key: str, name: str, origin: int) -> RawResult:
    """Read the repetition that is scored, and say so where there are more."""
    result = load_result(found, key, origin)
    count = len(found.files[key])
    if count == 1:
        return result
    note = f"{name}: the first of {count} repetitions was read"
    return replace(result, notes=(*result.notes, note))


def _read_text(path: Path, name: str, origin: int) -> tuple[Floats, list[str]]:
    """Read boxes, those of VOT's one-pass runs too; a supervised run is named as one."""
    try:
        return read_boxes(path, origin), []
    except DsltError:
        if not is_supervised(path):
            raise
    run, _ = read_vot(path)
    if FAILED in run.states or (run.states == INITIALIZED).sum() != 1:
        raise DsltError(
            f"{path}: lines of a supervised VOT run; a one-pass protocol cannot score them, use a"
            " protocol of kind vot"
        )
    tracked = run.states == TRACKED
    boxes = np.full((len(tracked), 4), np.nan)
    boxes[tracked] = from_file_origin(bounding_boxes(run.corners[tracked]), origin)
    return boxes, [f"{name}: a run of VOT's, whose first row says only that it begins there"]


def _aligned(name: str, result: RawResult, frames: int, lead: int) -> RawResult:
    """Bring the first row to the first frame that is scored, as far as the lengths agree with it.

    Args:
        name: Name of the sequence.
        result: What was read; its `start` becomes the number of rows that are put in front.
        frames: Number of frames that are scored.
        lead: Frames of the annotation before them.
    """
    rows, late = len(result.boxes), result.start - lead
    result = replace(result, start=0)
    if rows == frames or late == 0 or (late < 0 and rows + late != frames):
        return result
    if late < 0:
        note = f"{name}: {rows} rows for {frames} frames; the first {-late} were cut"
        seconds = result.seconds
        if seconds is not None:  # the first entry stays the initialisation
            seconds = np.concatenate([seconds[:1], seconds[1 - late :]])
        notes = (*result.notes, note)
        return replace(result, boxes=result.boxes[-late:], seconds=seconds, notes=notes)
    note = f"{name}: its rows begin at frame {late + 1}, as startFrame in the file says"
    if rows + late > frames:
        return replace(result, notes=(*result.notes, f"{note}, which does not fit and is left out"))
    boxes = np.concatenate([np.full((late, 4), np.nan), result.boxes])
    return replace(result, boxes=boxes, notes=(*result.notes, note), start=late)


def _checked(
    path: Path, name: str, result: RawResult, truth: Floats, start: float, fit: Fit | None
) -> RawResult:
    """Compare a result with the ground truth; returns it with what there is to note.

    Args:
        path: The file of the result.
        name: Name of the sequence.
        result: What was read.
        truth: (N, 4) ground truth.
        start: Overlap of the first box with the initial box, NaN where they cannot be compared.
        fit: The convention that would fit better.
    """
    rows, frames = len(result.boxes), len(truth)
    bad = ~usable(result.boxes[:frames])
    looks = "" if fit is None else f"; its rows look like {fit}"
    if bad.all():
        raise DsltError(f"{path}: none of its {rows} boxes has a place and an area{looks}")
    try:
        notes = _check_start(path, name, result, truth, start)
    except DsltError as error:
        raise DsltError(f"{error}{looks}") from None
    if rows != frames:
        cut, missing = f"last {rows - frames} were cut", f"missing {frames - rows} are failures"
        what = cut if rows > frames else missing
        notes.append(f"{name}: {rows} rows for {frames} frames; the {what}")
    unusable = int(bad[max(1, result.start) :].sum())
    if unusable:
        notes.append(f"{name}: {unusable} boxes are NaN or have no area")
    return replace(result, notes=(*result.notes, *notes)) if notes else result


def _check_start(
    path: Path, name: str, result: RawResult, truth: Floats, overlap: float
) -> list[str]:
    """Refuse a file whose first box is not on the target of this sequence.

    A result starts at the initial box. No overlap with it, or little overlap and another length,
    is another sequence's file; little overlap alone is a different form of the first row, which
    some published results have and which does not count in the score.
    """
    if np.isnan(overlap):
        return [f"{name}: the first box cannot be compared with the initial box"]
    if overlap >= SAME_START:
        return []
    boxes, first = result.boxes, result.start
    other_length = len(boxes) != len(truth)
    if overlap == 0 or other_length:
        rows = f" and {len(boxes)} rows for {len(truth)} frames" if other_length else ""
        raise DsltError(
            f"{path}: looks like the result of another sequence: its first box"
            f" {_box(boxes[first])} has overlap {overlap:.2f} with the initial box"
            f" {_box(truth[first])} (0-based){rows};"
            " check the file's name"
        )
    return [f"{name}: the first box has overlap {overlap:.2f} with the initial box"]


def _box(box: Floats) -> str:
    """A box for a message."""
    return "(" + ", ".join(f"{value:g}" for value in box) + ")"
