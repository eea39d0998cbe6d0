"""Per-frame records of our runs: the box and the confidence that a tracker gave, and its time."""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut, quote

COLUMNS = ("frame", "x", "y", "w", "h", "score")
MADE_BY = "it is made by rule `track` (`dslt track`)"


@dataclass(frozen=True)
class FrameRecord:
    """What a tracker said in each of N frames.

    Attributes:
        boxes: (N, 4) 0-based boxes, NaN where there is none.
        scores: (N,) its confidence; NaN in the first frame, where it is given the box.
    """

    boxes: Floats
    scores: Floats


def read_record(path: Path, frames: int) -> FrameRecord:
    """Read the record `<sequence>.csv` that `dslt track` leaves beside the boxes.

    Args:
        path: The file.
        frames: Number of frames of its sequence.

    Raises:
        DsltError: The file is missing or malformed, is of another length than the sequence, or
            lacks the score of a frame.
    """
    columns = _read_columns(path, COLUMNS, frames)
    lacking = [name for name in COLUMNS if name not in columns]
    if lacking:
        raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}")
    try:
        table = np.array([[text or "nan" for text in columns[name]] for name in COLUMNS], float).T
    except ValueError as error:
        raise DsltError(f"{path}: not a record of tracking ({cut(error)})") from None
    if not np.array_equal(table[:, 0], np.arange(frames)):
        raise DsltError(f"{path}: column frame; expected the numbers 0 to {frames - 1}, in order")
    _check_scores(path, table[1:, 5])
    return FrameRecord(table[:, 1:5], table[:, 5])


def _check_scores(path: Path, scores: Floats) -> None:
    """Refuse scores (N,) of which some are no number."""
    lacking = np.flatnonzero(~np.isfinite(scores))
    if len(lacking) == len(scores):
        raise DsltError(f"{path}: no scores; the tracker gives none, leave it out")
    if len(lacking):
        raise DsltError(
            f"{path}, frame {lacking[0] + 1}: no score; expected a number in each frame but the"
            " first"
        )


def read_scores(path: Path, frames: int) -> Floats | None:
    """Read the column `score` of a record, of a run with resets, too.

    Args:
        path: The file.
        frames: Number of frames of its sequence.

    Returns:
        (N,) scores, NaN where the tracker was not asked; None where it gives none at all.

    Raises:
        DsltError: The file is missing or malformed, a value is no finite number, or the length is
            another.
    """
    return _scores(path, _read_columns(path, ["score"], frames).get("score", []))


def read_score_file(path: Path, frames: int) -> Floats | None:
    """Read a file of scores as VOT's toolkits leave it: a line per frame, maybe an empty one.

    Args:
        path: The file.
        frames: Number of frames of its sequence.

    Returns:
        As `read_scores`.

    Raises:
        DsltError: As `read_scores`.
    """
    try:
        texts = lines_of_frames(path.read_text(encoding="utf-8-sig"), frames)
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable file of scores ({cut(error)})") from error
    if len(texts) != frames:
        raise DsltError(f"{path}: {len(texts)} lines; expected {frames}, one for each frame")
    return _scores(path, texts)


def lines_of_frames(text: str, frames: int) -> list[str]:
    """Split a text with a line per frame, of which some may be empty; empty ones beyond are not."""
    lines = text.splitlines() or [""]
    while len(lines) > frames and not lines[-1].strip():
        lines.pop()
    return lines


def _scores(path: Path, texts: Sequence[str]) -> Floats | None:
    if not any(text.strip() for text in texts):
        return None
    return _numbers(path, "score", texts, gaps=True)


def read_seconds(path: Path, frames: int, *, gaps: bool = False) -> Floats | None:
    """Read the column `seconds` of a record.

    Args:
        path: The file.
        frames: Number of frames of its sequence.
        gaps: Whether a frame may have no time (NaN), as the skipped ones of a supervised run.

    Returns:
        (N,) seconds; None of a record with a column `score` that has no times at all.

    Raises:
        DsltError: The file is missing or malformed, has neither column, a value is no finite
            number, or the length is another.
    """
    columns = _read_columns(path, ["seconds", "score"], frames)
    if not columns:
        raise DsltError(
            f"{path}: no column 'seconds'; expected a per-frame record, with a column seconds,"
            " score, or both"
        )
    texts = columns.get("seconds", [])
    if "score" in columns and not any(text.strip() for text in texts):
        return None
    return _numbers(path, "seconds", texts, gaps=gaps)


def finite(text: str, where: str, *, gaps: bool) -> float:
    """Read a finite number; with `gaps`, nothing or NaN may stand for none.

    Raises:
        DsltError: It is none; the message starts with `where`.
    """
    if gaps and text.strip().lower() in {"", "nan", "none"}:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise DsltError(f"{where} = {quote(text)} is not a finite number")
    return value


def _numbers(path: Path, name: str, texts: Iterable[str], *, gaps: bool) -> Floats:
    return np.array(
        [finite(text, f"{path}, frame {i}: {name}", gaps=gaps) for i, text in enumerate(texts)]
    )


def _read_columns(path: Path, names: Iterable[str], frames: int) -> dict[str, list[str]]:
    """Read columns of a record as texts, those that are there.

    Raises:
        DsltError: The file is missing or malformed, or has another number of rows.
    """
    if not path.exists():
        raise DsltError(f"{path}: no such file; {MADE_BY}")
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            header, *rows = csv.reader(handle, strict=True)
    except (OSError, ValueError, csv.Error) as error:
        raise DsltError(f"{path}: not a record of tracking ({cut(error)})") from None
    for frame, row in enumerate(rows):
        if len(row) != len(header):
            raise DsltError(f"{path}, frame {frame}: {len(row)} values; expected {len(header)}")
    if len(rows) != frames:
        raise DsltError(
            f"{path}: {len(rows)} rows; expected {frames}, one for each frame: is it from another"
            " sequence or an older run?"
        )
    return {n: [row[header.index(n)] for row in rows] for n in names if n in header}
