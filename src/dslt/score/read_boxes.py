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
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import iou, read_boxes
from dslt.score.formats.layouts import ResultFiles, find_files, pair_files, some
from dslt.score.formats.otb_mat import read_mat
from dslt.score.formats.seconds import read_records
from dslt.score.formats.vot import is_supervised
from dslt.score.ope import usable

SAME_START = 0.5  # overlap of the first box with the initial one, below which something is odd
ALIKE = 4  # notes of one kind that are listed one by one
ONE_PIXEL = 1e-3  # tolerance of "exactly one pixel", for files with few decimals


@dataclass(frozen=True)
class RawResult:
    """One sequence's raw result.

    Attributes:
        boxes: (M, 4) 0-based boxes as the file has them, NaN rows included.
        seconds: (M,) seconds per frame, the first entry being the initialisation; None where the
            tracker left no record.
        notes: What a reader of the scores has to know about this file.
        stated_fps: Frames per second as a file without seconds states them.
    """

    boxes: Floats
    seconds: Floats | None
    notes: tuple[str, ...]
    stated_fps: float | None = None

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

    Returns:
        The results by sequence, and the notes about all of them (rows that were cut, missing or
        unusable; names that are spelled otherwise; files that belong to no sequence).

    Raises:
        DsltError: The folder or a sequence's file is missing, a file cannot be read as boxes, or
            a file is another sequence's.
    """
    found = find_files(folder, layout, targets)
    pairs, notes = pair_files(folder, found, targets)
    leads = skipped or {}
    read: dict[str, RawResult] = {}
    for name, target in targets.items():
        result = _load_first(found, pairs[name], origin)
        read[name] = _cut_lead(name, result, len(target.truth), leads.get(name, 0))
    first = np.array([result.boxes[0] for result in read.values()]).reshape(-1, 4)
    initial = np.array([target.truth[0] for target in targets.values()]).reshape(-1, 4)
    overlap = np.where(usable(first) & usable(initial), iou(first, initial), np.nan)
    results = {
        name: _checked(found.files[pairs[name]][0], name, read[name], target.truth, start)
        for (name, target), start in zip(targets.items(), overlap.tolist(), strict=True)
    }
    hint = _origin_hint(folder, (first - initial)[:, :2], origin)
    return results, [*hint, *found.notes, *_joined(list(results.values())), *notes]


def _joined(results: Sequence[RawResult]) -> list[str]:
    """The notes of all results; many that differ in name and numbers only become one."""
    groups: dict[str, list[str]] = {}
    for result in results:
        for note in result.notes:
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
    paths = found.files[name]
    if found.layout == "otb-mat":
        boxes, fps = read_mat(paths[repetition], origin)
        return RawResult(boxes, None, (), fps)
    boxes = _read_text(paths[repetition], origin)
    times, notes = read_records(found.seconds.get(name, ()), name, len(paths), len(boxes))
    return RawResult(boxes, None if times is None else times[repetition], tuple(notes))


def _load_first(found: ResultFiles, name: str, origin: int) -> RawResult:
    """Read the repetition that is scored, and say so where there are more."""
    result = load_result(found, name, origin)
    count = len(found.files[name])
    if count == 1:
        return result
    note = f"{name}: the first of {count} repetitions was read"
    return replace(result, notes=(*result.notes, note))


def _read_text(path: Path, origin: int) -> Floats:
    """Read boxes; a supervised run in their place is named as one."""
    try:
        return read_boxes(path, origin)
    except DsltError as error:
        if is_supervised(path):
            raise DsltError(
                f"{path}: lines of a supervised VOT run; a one-pass protocol cannot score them,"
                " use a protocol of kind vot"
            ) from error
        raise


def _cut_lead(name: str, result: RawResult, frames: int, lead: int) -> RawResult:
    """Drop the rows before the first frame that is scored, if the result has them."""
    if not lead or len(result.boxes) != frames + lead:
        return result
    note = f"{name}: {len(result.boxes)} rows for {frames} frames; the first {lead} were cut"
    seconds = result.seconds
    if seconds is not None:  # the first entry stays the initialisation
        seconds = np.concatenate([seconds[:1], seconds[lead + 1 :]])
    return replace(result, boxes=result.boxes[lead:], seconds=seconds, notes=(*result.notes, note))


def _checked(path: Path, name: str, result: RawResult, truth: Floats, start: float) -> RawResult:
    """Compare a result with the ground truth; returns it with what there is to note.

    Args:
        path: The file of the result.
        name: Name of the sequence.
        result: What was read.
        truth: (N, 4) ground truth.
        start: Overlap of the first box with the initial box, NaN where they cannot be compared.
    """
    rows, frames = len(result.boxes), len(truth)
    bad = ~usable(result.boxes[:frames])
    if bad.all():
        raise DsltError(f"{path}: none of its {rows} boxes has a place and an area")
    notes = _check_start(path, name, result.boxes, truth, start)
    if rows != frames:
        cut, missing = f"last {rows - frames} were cut", f"missing {frames - rows} are failures"
        what = cut if rows > frames else missing
        notes.append(f"{name}: {rows} rows for {frames} frames; the {what}")
    unusable = int(bad[1:].sum())
    if unusable:
        notes.append(f"{name}: {unusable} boxes are NaN or have no area")
    return replace(result, notes=(*result.notes, *notes)) if notes else result


def _check_start(path: Path, name: str, boxes: Floats, truth: Floats, overlap: float) -> list[str]:
    """Refuse a file whose first box is not on the target of this sequence.

    A result starts at the initial box. No overlap with it, or little overlap and another length,
    is another sequence's file; little overlap alone is a different form of the first row, which
    some published results have and which does not count in the score.
    """
    if np.isnan(overlap):
        return [f"{name}: the first box cannot be compared with the initial box"]
    if overlap >= SAME_START:
        return []
    other_length = len(boxes) != len(truth)
    if overlap == 0 or other_length:
        rows = f" and {len(boxes)} rows for {len(truth)} frames" if other_length else ""
        raise DsltError(
            f"{path}: looks like the result of another sequence: its first box {_box(boxes[0])}"
            f" has overlap {overlap:.2f} with the initial box {_box(truth[0])} (0-based){rows};"
            " check the file's name"
        )
    return [f"{name}: the first box has overlap {overlap:.2f} with the initial box"]


def _origin_hint(folder: Path, offset: Floats, origin: int) -> list[str]:
    """Say so where most first boxes are off by exactly one pixel; nothing is shifted here.

    Args:
        folder: Folder of the results.
        offset: (S, 2) from the corner of each initial box to that of the first box.
        origin: 0 or 1, where the files were taken to count pixels from.
    """
    for shift, looks_like in ((-1, origin - 1), (1, origin + 1)):
        with np.errstate(invalid="ignore"):
            count = int((np.abs(offset - shift) < ONE_PIXEL).all(axis=1).sum())
        if 2 * count <= len(offset):
            continue
        advice = (
            f"if they count pixels from {looks_like}, give --box-origin {looks_like}"
            if looks_like in (0, 1)
            else "check where the annotations count pixels from"
        )
        return [
            f"HINT: {folder}: {count} of {len(offset)} results start exactly one pixel"
            f" {'above and left' if shift < 0 else 'below and right'} of the initial box, read as"
            f" {origin}-based; {advice}"
        ]
    return []


def _box(box: Floats) -> str:
    """A box for a message."""
    return "(" + ", ".join(f"{value:g}" for value in box) + ")"
