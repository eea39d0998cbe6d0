"""Per-frame records of one-pass runs: the box and the confidence that a tracker gave."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut

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
    if not path.exists():
        raise DsltError(f"{path}: no such file; {MADE_BY}")
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            header, *rows = csv.reader(handle, strict=True)
            lacking = [name for name in COLUMNS if name not in header]
            if lacking:
                raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}")
            places = [header.index(name) for name in COLUMNS]
            texts = [[row[place] or "nan" for place in places] for row in rows]
            table = np.array(texts, dtype=np.float64).reshape(-1, len(COLUMNS))
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise DsltError(f"{path}: not a record of tracking ({cut(error)})") from None
    if not np.array_equal(table[:, 0], np.arange(frames)):
        raise DsltError(
            f"{path}: {len(table)} rows; expected one for each of the frames 0 to {frames - 1};"
            " is it from another sequence or an older run?"
        )
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
