"""What the OTB toolkit's types of results mean, in boxes.

| type | a frame's rows of `res` | corners of the template of `tmplsize` |
|---|---|---|
| `rect` | x, y, w, h | |
| `4corner`, `affine` | four x, four y | |
| `ivtAff` | x, y and a 2 x 2 matrix by rows | +- half its width and height |
| `L1Aff` | a 2 x 2 matrix by rows, y, x; rows go before columns | 1 to its size |
| `LK_Aff` | the two rows of a 2 x 3 matrix less the identity | 1 to its size |
| `SIMILARITY` | scale, angle, x, y | 1 to its size |

Boxes are rounded where the toolkit rounds, and their sides are those that it takes: to the opposite
corner (`ivtAff`, `L1Aff`) or around all four.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, quote, unknown

_ALIASES = {
    "affine_ivt": "ivtAff",
    "affine_L1": "L1Aff",
    "four_corners": "4corner",
    "affine": "4corner",
    "similarity": "SIMILARITY",
}
_TWO_ROWS = {"4corner", "LK_Aff"}
ROWS: Mapping[str, int] = dict.fromkeys([*_TWO_ROWS, "affine", "four_corners"], 2)
"""Rows of `res` that a frame takes, where it is not one."""


def boxes_of(kind: str, values: Floats, size: Sequence[float], where: str) -> Floats:
    """Make boxes of a run's rows.

    Args:
        kind: The type.
        values: The rows of `res`.
        size: `tmplsize`; empty where there is none.
        where: Names the file in messages.

    Returns:
        (N, 4) boxes as the file counts pixels.

    Raises:
        DsltError: The type is unknown, the rows have another shape, or a template has no size.
    """
    kind = _ALIASES.get(kind, kind)
    if kind not in _TYPES:
        raise DsltError(f"{where}: {unknown('type of results', kind, _TYPES)}")
    columns, make = _TYPES[kind]
    per_frame = 2 if kind in _TWO_ROWS else 1
    if values.ndim != 2 or values.shape[1] != columns or not len(values) or len(values) % per_frame:
        rows = "N" if per_frame == 1 else "2 N"
        raise DsltError(
            f"{where}: results of shape {values.shape}, expected ({rows}, {columns}), N > 0, of"
            f" type {quote(kind)}"
        )
    if make in (_ivt, _l1, _lk, _similarity) and (len(size) != 2 or not min(size) > 0):
        raise DsltError(
            f"{where}: no 'tmplsize' of two numbers; type {quote(kind)} needs the template's"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        return make(values.reshape(-1, per_frame * columns), *size)


def _rect(rows: Floats, *_: float) -> Floats:
    return rows


def _four_corners(rows: Floats, *_: float) -> Floats:
    return _around(rows.reshape(-1, 2, 4))


def _ivt(rows: Floats, width: float, height: float) -> Floats:
    half = np.array([width, height]) / 2
    reach = np.stack([rows[:, 2:4] @ half, rows[:, 4:6] @ half], axis=1)
    low, high = np.floor(rows[:, :2] - reach), np.floor(rows[:, :2] + reach)
    return np.concatenate([low, high - low], axis=1)


def _l1(rows: Floats, height: float, width: float) -> Floats:
    matrix = rows[:, :4].reshape(-1, 2, 2)
    low, high = (
        _round(matrix @ np.array(corner) + rows[:, 4:6])[:, ::-1]
        for corner in ((1.0, 1.0), (height, width))
    )
    return np.concatenate([low, high - low + 1], axis=1)


def _lk(rows: Floats, height: float, width: float) -> Floats:
    return _warped(rows.reshape(-1, 2, 3) + np.eye(2, 3), width, height)


def _similarity(rows: Floats, height: float, width: float) -> Floats:
    cosine, sine = rows[:, 0] * np.cos(rows[:, 1]), rows[:, 0] * np.sin(rows[:, 1])
    entries = [cosine, -sine, rows[:, 2], sine, cosine, rows[:, 3]]
    return _warped(np.stack(entries, axis=1).reshape(-1, 2, 3), width, height)


def _warped(matrices: Floats, width: float, height: float) -> Floats:
    """Boxes around the template's corners, moved by matrices (N, 2, 3)."""
    corners = np.array([[1, 1, width, width], [1, height, height, 1], [1, 1, 1, 1]], np.float64)
    return _around(matrices @ corners)


def _around(corners: Floats) -> Floats:
    """Boxes around corners (N, 2, 4) whose pixels belong to them."""
    low = corners.min(axis=2)
    return _round(np.concatenate([low, corners.max(axis=2) - low + 1], axis=1))


def _round(values: Floats) -> Floats:
    """Round as MATLAB does, halves away from zero."""
    return np.asarray(np.copysign(np.floor(np.abs(values) + 0.5), values))


_TYPES: Mapping[str, tuple[int, Callable[..., Floats]]] = {
    "rect": (4, _rect),
    "ivtAff": (6, _ivt),
    "L1Aff": (6, _l1),
    "LK_Aff": (3, _lk),
    "4corner": (4, _four_corners),
    "SIMILARITY": (4, _similarity),
}
