"""What four numbers may be instead of x, y, w, h: corners, centre and size, swapped axes."""

from collections.abc import Callable, Mapping

import numpy as np

from dslt.core.arrays import Floats

Form = Callable[[Floats], Floats]
"""Makes x, y, w, h (..., 4) of numbers that are something else, both as the file counts pixels."""


def _corners(rows: Floats) -> Floats:
    return np.concatenate([rows[..., :2], rows[..., 2:] - rows[..., :2]], axis=-1)


def _pixels(rows: Floats) -> Floats:
    return np.asarray(_corners(rows) + [0.0, 0.0, 1.0, 1.0])  # noqa: RUF005 (no list)


def _middle(rows: Floats) -> Floats:
    return np.concatenate([rows[..., :2] - rows[..., 2:] / 2, rows[..., 2:]], axis=-1)


CORNERS = "two corners x1,y1,x2,y2"
SIDES = "x1,x2,y1,y2, columns before rows"
CENTRE = "the centre and the size"
FORMS: Mapping[str, Form] = {
    CORNERS: _corners,
    "two corners y1,x1,y2,x2": lambda rows: _corners(rows[..., [1, 0, 3, 2]]),
    "the pixels x1,y1,x2,y2 in two corners": _pixels,
    SIDES: lambda rows: _corners(rows[..., [0, 2, 1, 3]]),
    "y1,y2,x1,x2, rows before columns": lambda rows: _corners(rows[..., [2, 0, 3, 1]]),
    CENTRE: _middle,
    "the centre and the size, rows before columns": lambda rows: _middle(rows[..., [1, 0, 3, 2]]),
    "x,y,h,w, height before width": lambda rows: rows[..., [0, 1, 3, 2]],
    "y,x,h,w, rows before columns": lambda rows: rows[..., [1, 0, 3, 2]],
    "y,x,w,h, the place alone swapped": lambda rows: rows[..., [1, 0, 2, 3]],
}
