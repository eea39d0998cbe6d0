"""Records beside results: seconds per frame, a column per repetition, and scores of ours."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut, quote


def read_records(
    paths: Sequence[Path], name: str, repetitions: int, frames: int, *, gaps: bool = False
) -> tuple[Floats | None, list[str]]:
    """Read a sequence's records of time, whatever their form.

    Args:
        paths: One file for all repetitions, or one each; none where there is no record.
        name: Name of the sequence, for notes.
        repetitions: R, the number of repetitions of the results.
        frames: N, the number of frames of the results.
        gaps: As in `read_seconds`.

    Returns:
        (R, N) seconds, None without a record; and notes on one of another toolkit that does not
        fit, which is left out.

    Raises:
        DsltError: As `read_seconds` and `read_time_file`.
    """
    columns = [
        read_seconds(path, frames, gaps=gaps).reshape(-1, 1)
        if path.suffix == ".csv"
        else read_time_file(path)
        for path in paths
    ]
    if not columns:
        return None, []
    shapes = sorted({len(column) for column in columns})
    count = sum(column.shape[1] for column in columns)
    if shapes != [frames] or count != repetitions:
        return None, [
            f"{name}: times of {count} repetitions of {' or '.join(map(str, shapes))} frames for"
            f" {repetitions} of {frames}; the speed is left out"
        ]
    return np.concatenate(columns, axis=1).T, []


def read_seconds(path: Path, rows: int, *, gaps: bool = False) -> Floats:
    """Read the column `seconds` of a per-frame record of ours.

    Args:
        path: CSV with one row per frame.
        rows: The number of rows of the result beside it.
        gaps: Whether a frame may have no time (NaN), as the skipped ones of a supervised run.

    Raises:
        DsltError: There is no such column, a value is no finite number, or the length is another.
    """
    texts = _column(path, "seconds", rows)
    if texts is None:
        raise DsltError(f"{path}: no column 'seconds'; expected a per-frame record of dslt track")
    return np.array(
        [_number(text, f"{path}, frame {i}: seconds", gaps) for i, text in enumerate(texts)]
    )


def read_scores(path: Path, rows: int) -> Floats | None:
    """Read what a tracker said of each frame: the column `score` of a per-frame record of ours.

    Args:
        path: CSV with one row per frame.
        rows: The number of rows of the result beside it.

    Returns:
        (N,) scores, NaN where the tracker was not asked; None where it gives none at all.

    Raises:
        DsltError: A value is no finite number, or the length is another.
    """
    texts = _column(path, "score", rows)
    if texts is None or not any(text.strip() for text in texts):
        return None
    return np.array(
        [_number(text, f"{path}, frame {i}: score", True) for i, text in enumerate(texts)]
    )


def _column(path: Path, name: str, rows: int) -> list[str] | None:
    """Read a column of a per-frame record of ours; None where there is no such column.

    Raises:
        DsltError: The file is unreadable, or its length is another.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.reader(handle)
            header = next(reader, [])
            if name not in header:
                return None
            column = header.index(name)
            texts = [row[column] if len(row) > column else "" for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DsltError(f"{path}: unreadable per-frame record ({cut(error)})") from error
    if len(texts) != rows:
        raise DsltError(f"{path}: {len(texts)} rows, but {rows} boxes in {path.stem}.txt")
    return texts


def read_time_file(path: Path) -> Floats:
    """Read a time file of another toolkit: a line per frame, a number per repetition.

    Returns:
        (N, R) seconds; NaN where a frame has none (an empty line, or zero for a skipped frame).

    Raises:
        DsltError: The file is not text, or a line has not as many numbers as the first.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").rstrip("\n").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable file of seconds ({cut(error)})") from error
    rows = [
        [
            _number(text, f"{path}, line {number}: seconds", True)
            for text in line.replace(",", " ").split()
        ]
        for number, line in enumerate(lines, 1)
    ]
    width = max((len(row) for row in rows), default=0)
    for number, row in enumerate(rows, 1):
        if row and len(row) != width:
            raise DsltError(f"{path}, line {number}: {len(row)} values, expected {width}")
    values = np.array([row or [math.nan] * width for row in rows]).reshape(len(rows), width)
    values[values <= 0] = np.nan
    return values


def _number(text: str, where: str, gaps: bool) -> float:
    """Read a finite number; with `gaps`, nothing or NaN may stand for none."""
    if gaps and text.strip().lower() in {"", "nan", "none"}:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DsltError(f"{where} = {quote(text)} is not a finite number")
    return value
