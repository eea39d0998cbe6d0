"""Raw results of a tracker: reading a folder of box files, and refusing what does not belong.

One file per sequence, `<sequence>.txt` in the OTB raw form (one box per line; comma, tab, space or
a mix). Beside it may stand the per-frame record `<sequence>.csv`, which adds the seconds.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.boxes import iou, read_boxes
from dslt.errors import DsltError
from dslt.evaluation.ope import usable

Floats = NDArray[np.float64]
SAME_START = 0.5


@dataclass(frozen=True)
class RawResult:
    """One sequence's raw result.

    Attributes:
        boxes: (M, 4) 0-based boxes as the file has them, NaN rows included.
        seconds: (M,) seconds per frame, the first entry being the initialisation; None where the
            tracker left no record.
        notes: what a reader of the scores has to know about this file.
    """

    boxes: Floats
    seconds: Floats | None
    notes: tuple[str, ...]

    @property
    def fps(self) -> float | None:
        """Frames per second: one over the median of the frames after the first."""
        if self.seconds is None or len(self.seconds) < 2:
            return None
        median = float(np.median(self.seconds[1:]))
        return 1.0 / median if median > 0 else None

    @property
    def init_seconds(self) -> float | None:
        """Seconds of the initialisation."""
        return None if self.seconds is None else float(self.seconds[0])


def read_results(
    folder: Path, truths: Mapping[str, Floats], origin: int = 1
) -> tuple[dict[str, RawResult], list[str]]:
    """Read the result of every sequence of a benchmark from a folder.

    Args:
        folder: holds `<sequence>.txt` for each name of `truths`.
        truths: sequence name to its (N, 4) 0-based ground truth.
        origin: 0 or 1, where the result files count pixels from; never guessed.

    Returns:
        The results by sequence, and the notes about all of them (rows that were cut, missing or
        unusable; files that belong to no sequence).

    Raises:
        DsltError: The folder or a sequence's file is missing, a file cannot be read as boxes, or
            a file is another sequence's.
    """
    if not folder.is_dir():
        raise DsltError(f"{folder}: no such folder of raw results")
    files = {path.stem: path for path in sorted(folder.glob("*.txt"))}
    missing = [name for name in truths if name not in files]
    if missing:
        raise DsltError(
            f"{folder}: no result for {_some(missing)}; expected one file <sequence>.txt for each"
            f" of {len(truths)} sequences, found {_some(sorted(files)) or 'none'}"
        )
    results = {name: read_result(files[name], truth, origin) for name, truth in truths.items()}
    notes = [note for result in results.values() for note in result.notes]
    extra = sorted(set(files) - set(truths))
    if extra:
        notes.append(f"{len(extra)} files of no sequence in this benchmark ignored: {_some(extra)}")
    return results, notes


def read_result(path: Path, truth: Floats, origin: int = 1) -> RawResult:
    """Read one sequence's result and compare it with the ground truth it should belong to.

    Args:
        path: the boxes file; a CSV of the same name beside it gives the seconds.
        truth: (N, 4) 0-based ground truth.
        origin: 0 or 1, where the file counts pixels from.

    Raises:
        DsltError: as `read_results`.
    """
    boxes = read_boxes(path, origin)
    notes = [*_check_start(path, boxes, truth), *_length_notes(path.stem, len(boxes), len(truth))]
    bad = int((~usable(boxes[1 : len(truth)])).sum())
    if bad:
        notes.append(f"{path.stem}: {bad} boxes are NaN or have no area")
    record = path.with_suffix(".csv")
    seconds = read_seconds(record, len(boxes)) if record.is_file() else None
    return RawResult(boxes, seconds, tuple(notes))


def _check_start(path: Path, boxes: Floats, truth: Floats) -> list[str]:
    """Refuse a file whose first box is not on the target of this sequence.

    A result starts at the initial box. No overlap with it, or little overlap and another length,
    is another sequence's file; little overlap alone is a different form of the first row, which
    some published results have and which does not count in the score.
    """
    if not (usable(truth[:1])[0] and usable(boxes[:1])[0]):
        return [f"{path.stem}: the first box cannot be compared with the initial box"]
    overlap = float(iou(boxes[0], truth[0]))
    other_length = len(boxes) != len(truth)
    if overlap == 0 or (overlap < SAME_START and other_length):
        rows = f" and {len(boxes)} rows for {len(truth)} frames" if other_length else ""
        raise DsltError(
            f"{path}: looks like the result of another sequence: its first box {_box(boxes[0])}"
            f" has overlap {overlap:.2f} with the initial box {_box(truth[0])} (0-based){rows};"
            " check the file's name"
        )
    if overlap < SAME_START:
        return [f"{path.stem}: the first box has overlap {overlap:.2f} with the initial box"]
    return []


def _length_notes(name: str, rows: int, frames: int) -> list[str]:
    """Say which rows were cut or are missing."""
    if rows > frames:
        return [f"{name}: {rows} rows for {frames} frames; the last {rows - frames} were cut"]
    if rows < frames:
        return [
            f"{name}: {rows} rows for {frames} frames; the missing {frames - rows} are failures"
        ]
    return []


def read_seconds(path: Path, rows: int) -> Floats:
    """Read the column `seconds` of a per-frame record.

    Args:
        path: CSV with one row per frame.
        rows: the number of rows of the boxes file beside it.

    Raises:
        DsltError: no such column, a value that is not a finite number, or another length.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            if "seconds" not in (reader.fieldnames or []):
                raise DsltError(f"{path}: no column 'seconds'; columns: {reader.fieldnames}")
            texts = [row["seconds"] for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DsltError(f"{path}: unreadable per-frame record ({error})") from error
    if len(texts) != rows:
        raise DsltError(f"{path}: {len(texts)} rows, but {rows} boxes in {path.stem}.txt")
    return np.array([_number(text, f"{path}, frame {i}") for i, text in enumerate(texts)])


def _number(text: str | None, where: str) -> float:
    """Read a finite number."""
    try:
        value = float(text or "")
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DsltError(f"{where}: seconds = {text!r} is not a finite number")
    return value


def _box(box: Floats) -> str:
    """A box for a message."""
    return "(" + ", ".join(f"{value:g}" for value in box) + ")"


def _some(names: list[str], most: int = 8) -> str:
    """Name the first few of a list."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
