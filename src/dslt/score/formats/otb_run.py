"""A run as the OTB toolkit keeps it: a structure with `res`, `type`, `len` and more.

MATLAB files (`otb_mat`) and JSON files (`otb_json`) hold the same structure. Most types of `res`
are no boxes but what a template's corners are made of (`otb_types`). A file of one-pass evaluation
has one run. That of TRE (temporal robustness) has twenty, of which the first begins at the first
frame and is the one-pass run; that of SRE (spatial robustness) has twelve, none of them.

Source: the toolkit of Wu, Lim and Yang (TPAMI 2015), and the results that it publishes and plots.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.geometry.boxes import check_numbers, from_file_origin
from dslt.score.formats.otb_types import ROWS, boxes_of

_SHIFTS = ("shiftType", "shift_type")  # how the first box was shifted, in SRE


class Run(NamedTuple):
    """One run.

    Attributes:
        boxes: (N, 4) 0-based boxes, rows with a NaN in them NaN as a whole.
        fps: Frames per second that the file states, None where it states none.
        start: Frames of the sequence before the first row, as the file states them.
        notes: What was done to get at the boxes.
    """

    boxes: Floats
    fps: float | None
    start: int = 0
    notes: tuple[str, ...] = ()


def make_run(content: Any, where: str, origin: int) -> Run:
    """Make the one-pass run of what a file holds.

    Args:
        content: A structure, or a list of them.
        where: Names the file in messages.
        origin: 0 or 1, where the file counts pixels from.

    Raises:
        DsltError: There are several runs and none is the one-pass run, the type is unknown, or
            `res` does not fit its type, `len`, or what a number of a box may be.
    """
    runs = list(content) if isinstance(content, list | tuple | np.ndarray) else [content]
    run, notes = _one_pass(runs, where)
    kind, values = _type(run), _numbers(run.get("res"), where)
    if "type" not in run and "transformType" in run:  # as the toolkit has it
        values = values.T
    boxes = boxes_of(kind, values, _values(run.get("tmplsize")), where)
    check_numbers(boxes, where)
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    length = _number(run.get("len"))
    if length is not None and length != len(boxes):
        raise DsltError(f"{where}: {len(boxes)} boxes, but len = {length:g} in the file")
    if kind != "rect":
        notes = (*notes, f"type {kind}: boxes of the template's corners, as the OTB toolkit has it")
    speed = _number(run.get("fps"))
    return Run(
        from_file_origin(boxes, origin),
        speed if speed is not None and 0 < speed < math.inf else None,
        _start(run),
        notes,
    )


def _one_pass(runs: Sequence[Any], where: str) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Choose the one-pass run."""
    if not runs or not all(isinstance(run, Mapping) and "res" in run for run in runs):
        raise DsltError(
            f"{where}: results{{1}} has no field 'res'; expected a run of OTB's toolkit"
        )
    if len(runs) == 1:
        return runs[0], ()
    if any(name in run for run in runs for name in _SHIFTS):
        raise DsltError(
            f"{where}: {len(runs)} runs from shifted first boxes (SRE, spatial robustness);"
            " expected the one run of one-pass evaluation (OPE)"
        )
    lengths = [_length(run) for run in runs]
    if lengths[0] <= max(lengths[1:]):
        raise DsltError(
            f"{where}: {len(runs)} runs; expected the one of one-pass evaluation (OPE), or those of"
            " TRE, whose first is the longest"
        )
    return runs[0], (f"the first of {len(runs)} runs was read, the others begin later (TRE)",)


def _type(run: Mapping[str, Any]) -> str:
    """What `res` is, boxes unless it is said."""
    kind = run.get("type", run.get("transformType"))
    empty = kind is None or (isinstance(kind, list | np.ndarray) and not _rows(kind))
    return "rect" if empty else str(kind) or "rect"


def _length(run: Mapping[str, Any]) -> float:
    """Number of frames of a run."""
    length = _number(run.get("len"))
    return _rows(run["res"]) / ROWS.get(_type(run), 1) if length is None else length


def _rows(values: Any) -> int:
    """Number of rows, which need not be alike; a single value is one."""
    return len(values) if isinstance(values, list) else len(np.atleast_1d(values))


def _numbers(values: Any, where: str) -> Floats:
    """An array of two axes; null is NaN."""
    try:
        if isinstance(values, list) and any(type(v) is bool for r in values for v in _row(r)):
            raise TypeError  # true is no number, though NumPy takes it for 1
        array = np.asarray(values)
        if array.dtype == object:  # null among numbers
            array = np.asarray([[_NULL.get(type(v), v) for v in row] for row in values])
        if array.dtype.kind not in "iuf":
            raise TypeError
    except (TypeError, ValueError, OverflowError):
        raise DsltError(f"{where}: 'res' holds no numbers, a row of four for each frame") from None
    with np.errstate(invalid="ignore"):  # a signalling NaN of 32 bits
        return np.atleast_2d(np.array(array, dtype=np.float64))


def _row(values: Any) -> Sequence[Any]:
    """The values of a row, of which there may be only one."""
    return values if isinstance(values, list) else (values,)


_NULL: Mapping[type, float] = {type(None): math.nan}


def _values(field: Any) -> list[float]:
    """The numbers of a field, none where it is absent or something else."""
    try:
        with np.errstate(invalid="ignore"):
            return np.asarray([] if field is None else field, dtype=np.float64).ravel().tolist()
    except (TypeError, ValueError, OverflowError):
        return []


def _number(field: Any) -> float | None:
    """The number of a field that has just one."""
    values = _values(field)
    return values[0] if len(values) == 1 else None


def _start(run: Mapping[str, Any]) -> int:
    """Frames between the first one of the annotation and the first one of the run."""
    first, begin = _number(run.get("startFrame")), _number(run.get("annoBegin"))
    start = 0.0 if first is None else first - (1.0 if begin is None else begin)
    return int(start) if 0 < start < math.inf and start == int(start) else 0
