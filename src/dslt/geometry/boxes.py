"""Boxes: the only module that knows how a box is written down.

Inside the program a box is a float64 row `(x, y, w, h)`: top-left corner and size in pixels, with
the first pixel at 0. Files keep the convention of their benchmark (OTB counts from 1) and are
converted once, here. Boxes are never rounded and never cast to integers. A row of four NaN says
that the target is absent.
"""

import codecs
import math
import os
import re

import numpy as np
from numpy.typing import ArrayLike

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, quote
from dslt.core.files import atomic_write

Boxes = Floats
Box = Floats  # one of them, shape (4,)

DECIMALS = 4
_ENDS = " \t,;"  # stripped from a line
_DELIMITER = re.compile(r"\s*[,;]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
# NaN as Python, MATLAB and C print it; 1.#IND and 1.#QNAN are Microsoft's.
_NAN = re.compile(r"[+-]?(nan(\([a-z0-9_]*\))?|1\.#(ind|qnan|snan)0*)", re.ASCII | re.IGNORECASE)

# By the number of values in a line that has not four.
_HINTS = {5: "; leave out the frame's number, or the score", 8: "; a polygon is not a box"}

_DELIMITERS = b" \t\r\n,;"
_USUAL = b"0123456789.+-eEnNaA" + _DELIMITERS
_TO_SPACES = bytes.maketrans(b",;", b"  ")
_TO_COMMAS = bytes.maketrans(b"\t;", b",,")
LARGEST = 2.0**53  # A float64 holds every whole number up to here; no picture reaches so far.


def as_boxes(boxes: ArrayLike) -> Boxes:
    """Return boxes as a float64 array whose last axis is `(x, y, w, h)`.

    Raises:
        ValueError: The last axis does not have four entries.
    """
    array = np.asarray(boxes, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != 4:
        raise ValueError(f"boxes need a last axis of 4 (x, y, w, h), got shape {array.shape}")
    return array


def iou(a: ArrayLike, b: ArrayLike) -> Floats:
    """Intersection over union of boxes, area by area of the continuous rectangles.

    The inclusive "+1" form of the OTB toolkit gives the same value.

    Args:
        a: Boxes, shape (..., 4).
        b: Boxes, shape (..., 4), broadcast against `a`.

    Returns:
        Overlap in [0, 1], the broadcast shape without the last axis: NaN where a box is NaN, 0
        where one has no area.
    """
    one, other = (np.moveaxis(as_boxes(boxes), -1, 0) for boxes in (a, b))
    (left_a, top_a, width_a, height_a), (left_b, top_b, width_b, height_b) = one, other
    width = _shared_side(left_a, width_a, left_b, width_b)
    shared = width * _shared_side(top_a, height_a, top_b, height_b)
    area_a = np.maximum(width_a, 0) * np.maximum(height_a, 0)
    union = area_a + np.maximum(width_b, 0) * np.maximum(height_b, 0) - shared
    overlap = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    absent = np.isnan(one).any(axis=0) | np.isnan(other).any(axis=0)
    return np.where(absent, np.nan, np.clip(overlap, 0, 1))


def _shared_side(start_a: Floats, size_a: Floats, start_b: Floats, size_b: Floats) -> Floats:
    """Length that two intervals have in common, 0 where they are apart."""
    shared = np.minimum(start_a + size_a, start_b + size_b) - np.maximum(start_a, start_b)
    # The sizes bound the intersection: far from the origin, x + w - x is not w any more.
    return np.asarray(np.clip(np.minimum(shared, np.minimum(size_a, size_b)), 0, None))


def centers(boxes: ArrayLike) -> Floats:
    """Centres `(x + w / 2, y + h / 2)` of boxes, shape (..., 2), pixels."""
    array = as_boxes(boxes)
    return array[..., :2] + array[..., 2:] / 2


def center_error(a: ArrayLike, b: ArrayLike, unit: Floats | float = 1.0) -> Floats:
    """Euclidean distance of box centres; NaN where a box is NaN.

    Args:
        a: Boxes, shape (..., 4).
        b: Boxes, shape (..., 4), broadcast against `a`.
        unit: What one stands for in the result, in pixels; for both axes or, shape (..., 2), each.
    """
    offset = (centers(a) - centers(b)) / unit
    return np.asarray(np.hypot(offset[..., 0], offset[..., 1]), dtype=np.float64)


def from_file_origin(boxes: ArrayLike, origin: int) -> Boxes:
    """Convert boxes of a file whose first pixel is `origin` (0 or 1) to the 0-based form."""
    return _shifted(boxes, origin, -1)


def to_file_origin(boxes: ArrayLike, origin: int) -> Boxes:
    """Convert 0-based boxes to the form of a file whose first pixel is `origin` (0 or 1)."""
    return _shifted(boxes, origin, 1)


def _shifted(boxes: ArrayLike, origin: int, sign: int) -> Boxes:
    if origin not in (0, 1):
        raise ValueError(f"a file counts pixels from 0 or 1, not from {origin}")
    return as_boxes(boxes) + np.array([sign * origin, sign * origin, 0, 0], dtype=np.float64)


def read_boxes(path: str | os.PathLike[str], origin: int = 1) -> Boxes:
    """Read one box per line, delimited by commas, semicolons, tabs, spaces or a mix.

    A byte-order mark, Windows line ends and empty lines at the end are accepted. A row with a NaN
    in it is absent as a whole.

    Args:
        path: The text file.
        origin: Where the file counts pixels from, 0 or 1.

    Returns:
        0-based boxes, shape (N, 4), N >= 1.

    Raises:
        DsltError: The file is missing, empty or not text, or a line is not a box; the message names
            file and line.
    """
    where = os.fspath(path)
    try:
        with open(path, "rb") as handle:  # noqa: PTH123 (making a Path takes as long as reading)
            data = handle.read()
    except FileNotFoundError:
        raise DsltError(f"{where}: no such boxes file") from None
    except OSError as error:
        raise DsltError(f"{where}: not a readable text file of boxes ({error})") from error
    rows = _parse_clean(data)
    return from_file_origin(_parse_any(data, where) if rows is None else rows, origin)


def _parse_clean(data: bytes) -> Boxes | None:
    """Read boxes from a file whose every line is four numbers; None where anything is unusual.

    What is accepted here means the same to `_parse_any`, which reads everything else and makes
    the errors, but takes several times as long.
    """
    text = data.removeprefix(codecs.BOM_UTF8).replace(b"\r\n", b"\n").rstrip()
    doubled = b",," in text.translate(_TO_COMMAS, delete=b" ")
    unusual = doubled or b"\r" in text or text.translate(None, delete=_USUAL)
    if unusual or not text.strip(_DELIMITERS):
        return None
    rows = _parse_whole(text)
    if rows is not None:
        return rows
    lines = text.translate(_TO_SPACES).decode("ascii").splitlines()
    try:
        rows = np.loadtxt(lines, ndmin=2)
    except ValueError:
        return None
    if rows.shape != (len(lines), 4) or (np.abs(rows) > LARGEST).any():
        return None
    rows[np.isnan(rows).any(axis=1)] = math.nan
    return rows


def _parse_whole(text: bytes) -> Boxes | None:
    """Read boxes of whole numbers without signs, as most published files have; None for others.

    NumPy reads them several times as fast as decimals.
    """
    frames = text.count(b"\n") + 1
    if text.translate(_TO_COMMAS, delete=b"0123456789") + b"\n" != b",,,\n" * frames:
        return None
    values = np.fromstring(text.translate(_TO_SPACES), dtype=np.int64, sep=" ")
    if len(values) != 4 * frames or values.max() > LARGEST:
        return None
    return values.reshape(-1, 4).astype(np.float64)


def _parse_any(data: bytes, where: str) -> Boxes:
    """Read boxes line by line; the errors name the line."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DsltError(f"{where}: not a readable text file of boxes ({error})") from error
    lines = text.rstrip().splitlines()
    if not lines:
        raise DsltError(f"{where}: no boxes in the file; expected one line x,y,w,h per frame")
    rows = [_parse_row(line, f"{where}, line {number}") for number, line in enumerate(lines, 1)]
    return np.array(rows, dtype=np.float64)


def parse_box(text: str, where: str = "box") -> Boxes:
    """Read one box `x,y,w,h` from text as it stands, shape (4,).

    Raises:
        DsltError: The text is not four numbers; the message starts with `where`.
    """
    return np.array(_parse_row(text, where), dtype=np.float64)


def parse_numbers(text: str, where: str) -> list[float]:
    """Read numbers delimited as `read_boxes` has it; NaN is allowed.

    Raises:
        DsltError: The text is empty, or a field is not a finite number; the message starts with
            `where`.
    """
    return [parse_number(field, where) for field in _fields(text, where)]


def _fields(line: str, where: str) -> list[str]:
    """Split a line."""
    stripped = line.strip(_ENDS)
    if not stripped:
        raise DsltError(
            f"{where}: empty; expected x,y,w,h (NaN,NaN,NaN,NaN where the target is absent)"
        )
    return _DELIMITER.split(stripped)


def _parse_row(line: str, where: str) -> list[float]:
    """Read one line; `where` names it in the error."""
    fields = _fields(line, where)
    if len(fields) != 4:
        hint = _HINTS.get(len(fields), "")
        raise DsltError(
            f"{where}: {len(fields)} values in {quote(line.strip(_ENDS))}, expected 4"
            f" (x,y,w,h){hint}"
        )
    values = [parse_number(field, where) for field in fields]
    return [math.nan] * 4 if any(math.isnan(value) for value in values) else values


def parse_number(field: str, where: str) -> float:
    """Read a number of a box.

    Raises:
        DsltError: It is neither NaN, in any spelling, nor a number of pixels; the message starts
            with `where`.
    """
    if _NAN.fullmatch(field):
        return math.nan
    value = float(field) if _NUMBER.fullmatch(field) else math.inf
    if not abs(value) <= LARGEST:
        what = "is beyond any picture" if math.isfinite(value) else "is not a finite number"
        raise DsltError(f"{where}: {quote(field)} {what}; write NaN where there is no box")
    return value


def check_numbers(boxes: Floats, where: str) -> None:
    """Refuse boxes (N, 4) with a number that no text may have, either.

    Raises:
        DsltError: A number is infinite or beyond any picture; the message names the row.
    """
    wrong = np.argwhere(np.abs(boxes) > LARGEST)
    if len(wrong):
        row, column = wrong[0]
        parse_number(f"{boxes[row, column]:g}", f"{where}, box {row + 1}")


def format_number(value: float) -> str:
    """Shortest text of a number with at most four decimals; `NaN` for NaN."""
    if math.isnan(value):
        return "NaN"
    text = f"{value:.{DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def format_boxes(boxes: ArrayLike, origin: int = 1) -> str:
    """Text of 0-based boxes (N, 4): one comma-delimited line each, first pixel at `origin`."""
    rows = to_file_origin(boxes, origin).reshape(-1, 4)
    return "".join(",".join(map(format_number, row)) + "\n" for row in rows.tolist())


def write_boxes(path: str | os.PathLike[str], boxes: ArrayLike, origin: int = 1) -> None:
    """Write 0-based boxes (N, 4), one comma-delimited line each, at most four decimals.

    Args:
        path: The file; replaced as a whole or not at all.
        boxes: 0-based boxes; NaN rows are written as `NaN,NaN,NaN,NaN`.
        origin: Where the file counts pixels from, 0 or 1.
    """
    with atomic_write(path) as temporary:
        temporary.write_text(format_boxes(boxes, origin), encoding="ascii")
