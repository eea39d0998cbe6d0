"""Times beside results, in records of ours or of other toolkits: a column per repetition."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut
from dslt.score.records import finite, lines_of_frames, read_seconds


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
    read = [
        read_seconds(path, frames, gaps=gaps)
        if path.suffix == ".csv"
        else read_time_file(path, frames)
        for path in paths
    ]
    columns = [one if one.ndim == 2 else one[:, None] for one in read if one is not None]
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


def read_time_file(path: Path, frames: int) -> Floats:
    """Read a time file of another toolkit: a line per frame, a number per repetition.

    Args:
        path: The file.
        frames: Number of frames of the results; empty lines beyond it are left out.

    Returns:
        (N, R) seconds; NaN where a frame has none (an empty line, or zero for a skipped frame).

    Raises:
        DsltError: The file is not text, or a line has not as many numbers as the first.
    """
    try:
        lines = lines_of_frames(path.read_text(encoding="utf-8-sig"), frames)
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{path}: not a readable file of seconds ({cut(error)})") from error
    rows = [
        [
            finite(text, f"{path}, line {number}: seconds", gaps=True)
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
