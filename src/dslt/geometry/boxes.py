"""Boxes: the only module that knows how a box is written down.

Inside the program a box is a float64 row `(x, y, w, h)`: top-left corner and size in pixels, with
the first pixel at 0. Files keep the convention of their benchmark (OTB counts from 1) and are
converted once, here. Boxes are never rounded and never cast to integers. A row of four NaN says
that the target is absent.
"""

from __future__ import annotations

import math
import os
import re
import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write

Boxes = NDArray[np.float64]
Box = NDArray[np.float64]  # one of them, shape (4,)

DECIMALS = 4
_ENDS = " \t,;"  # stripped from a line
_DELIMITER = re.compile(r"\s*[,;]\s*|\s+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_IN_NUMBER, _SPACE, _COMMA, _LINE_END, _OTHER = range(5)
_KIND_OF = {b"0123456789.+-eEnNaA": _IN_NUMBER, b" \t": _SPACE, b",;": _COMMA, b"\n": _LINE_END}
_KINDS = bytes(
    next((kind for characters, kind in _KIND_OF.items() if byte in characters), _OTHER)
    for byte in range(256)
)
_TO_SPACES = bytes.maketrans(b",;\t\n", b"    ")
_STRAY_SIGN = re.compile(rb"[+-](?!\.?\d)|[^ ][+-]")
_PLAIN = b"0123456789.+- "
_EXACT_DIGITS = 15  # of an integer, and of a power of ten, that a float64 holds exactly
_POWERS = 10.0 ** np.arange(_EXACT_DIGITS + 1)


def as_boxes(boxes: ArrayLike) -> Boxes:
    """Return boxes as a float64 array whose last axis is `(x, y, w, h)`.

    Raises:
        ValueError: The last axis does not have four entries.
    """
    array = np.asarray(boxes, dtype=np.float64)
    if array.ndim == 0 or array.shape[-1] != 4:
        raise ValueError(f"boxes need a last axis of 4 (x, y, w, h), got shape {array.shape}")
    return array


def iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Intersection over union of boxes, area by area of the continuous rectangles.

    The inclusive "+1" form of the OTB toolkit gives the same value.

    Args:
        a: Boxes, shape (..., 4).
        b: Boxes, shape (..., 4), broadcast against `a`.

    Returns:
        Overlap in [0, 1], the broadcast shape without the last axis. It is NaN where a box is NaN
        and 0 where a box has no area.
    """
    first, second = as_boxes(a), as_boxes(b)
    low = np.maximum(first[..., :2], second[..., :2])
    high = np.minimum(first[..., :2] + first[..., 2:], second[..., :2] + second[..., 2:])
    side = np.clip(high - low, 0, None)
    # The sizes bound the intersection: far from the origin, x + w - x is not w any more.
    side = np.minimum(side, np.clip(np.minimum(first[..., 2:], second[..., 2:]), 0, None))
    shared = side[..., 0] * side[..., 1]
    area_a = np.prod(np.clip(first[..., 2:], 0, None), axis=-1)
    area_b = np.prod(np.clip(second[..., 2:], 0, None), axis=-1)
    union = area_a + area_b - shared
    overlap = np.divide(shared, union, out=np.zeros_like(union), where=union > 0)
    absent = np.isnan(first).any(axis=-1) | np.isnan(second).any(axis=-1)
    return np.where(absent, np.nan, np.clip(overlap, 0, 1))


def centers(boxes: ArrayLike) -> NDArray[np.float64]:
    """Centres `(x + w / 2, y + h / 2)` of boxes, shape (..., 2), pixels."""
    array = as_boxes(boxes)
    return array[..., :2] + array[..., 2:] / 2


def center_error(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Euclidean distance of box centres in pixels; NaN where a box is NaN.

    Args:
        a: Boxes, shape (..., 4).
        b: Boxes, shape (..., 4), broadcast against `a`.
    """
    offset = centers(a) - centers(b)
    return np.asarray(np.hypot(offset[..., 0], offset[..., 1]), dtype=np.float64)


def from_file_origin(boxes: ArrayLike, origin: int) -> Boxes:
    """Convert boxes of a file whose first pixel is `origin` (0 or 1) to the 0-based form."""
    return _shifted(boxes, -_checked_origin(origin))


def to_file_origin(boxes: ArrayLike, origin: int) -> Boxes:
    """Convert 0-based boxes to the form of a file whose first pixel is `origin` (0 or 1)."""
    return _shifted(boxes, _checked_origin(origin))


def _checked_origin(origin: int) -> int:
    if origin not in (0, 1):
        raise ValueError(f"a file counts pixels from 0 or 1, not from {origin}")
    return origin


def _shifted(boxes: ArrayLike, offset: int) -> Boxes:
    return as_boxes(boxes) + np.array([offset, offset, 0, 0], dtype=np.float64)


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
    the errors.
    """
    text = data.removeprefix(_BYTE_ORDER_MARK).replace(b"\r\n", b"\n").rstrip()
    kinds = np.frombuffer(text.translate(_KINDS), dtype=np.uint8)
    if not len(kinds) or kinds.max() == _OTHER:
        return None
    in_number = np.zeros(len(kinds) + 2, dtype=np.int8)
    in_number[1:-1] = kinds == _IN_NUMBER
    commas = np.flatnonzero(kinds == _COMMA)
    # A comma right behind a number: there cannot be two between the same numbers, nor a first one.
    if len(commas) and not in_number[commas].all():
        return None
    change = np.diff(in_number)
    starts, stops = np.flatnonzero(change > 0), np.flatnonzero(change < 0)
    ends = np.flatnonzero(kinds == _LINE_END)
    fits = len(starts) == 4 * (len(ends) + 1)
    if not fits or (ends < starts[3:-1:4]).any() or (ends > starts[4::4]).any():
        return None
    values = _parse_numbers(text.translate(_TO_SPACES), starts, stops)
    if values is None or len(values) != len(starts) or np.isinf(values).any():
        return None
    rows = values.reshape(-1, 4)
    rows[np.isnan(rows).any(axis=1)] = math.nan
    return rows


def _parse_numbers(
    text: bytes, starts: NDArray[np.intp], stops: NDArray[np.intp]
) -> NDArray[np.float64] | None:
    """Read numbers between spaces, at `starts` to `stops`; None where one is none.

    NumPy reads integers ten times as fast as floats, so decimals are read without their point and
    divided: exact, as both parts of the fraction are.
    """
    plain = (stops - starts).max() <= _EXACT_DIGITS and not text.translate(None, _PLAIN)
    if plain and (b"-" in text or b"+" in text) and _STRAY_SIGN.search(text):
        return None  # NumPy's integers may have a space behind the sign
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # of text that is not used up
            if not plain:
                return np.fromstring(text, dtype=np.float64, sep=" ")
            whole = np.fromstring(text.replace(b".", b""), dtype=np.int64, sep=" ")
    except (DeprecationWarning, ValueError):
        return None
    points = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("."))
    owner = np.searchsorted(starts, points, side="right") - 1
    if len(whole) != len(starts) or (np.diff(owner) == 0).any():
        return None
    values = whole.astype(np.float64)
    values[owner] /= _POWERS[stops[owner] - points - 1]
    return values


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
    return [_parse_number(field, where) for field in _fields(text, where)]


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
        hint = "; a polygon is not a box" if len(fields) == 8 else ""
        raise DsltError(
            f"{where}: {len(fields)} values in {line.strip(_ENDS)!r}, expected 4 (x,y,w,h){hint}"
        )
    values = [_parse_number(field, where) for field in fields]
    return [math.nan] * 4 if any(math.isnan(value) for value in values) else values


def _parse_number(field: str, where: str) -> float:
    if field.lower() in {"nan", "-nan", "+nan"}:
        return math.nan
    value = float(field) if _NUMBER.fullmatch(field) else math.inf
    if math.isinf(value):
        raise DsltError(f"{where}: {field!r} is not a finite number")
    return value


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
