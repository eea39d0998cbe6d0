"""MATLAB files of the OTB toolkit: `results{1}` with `res`, `type`, `fps`, `len` and more.

Source: the result files that the toolkit of Wu, Lim and Yang (TPAMI 2015) publishes and plots.
"""

import io
import math
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.geometry.boxes import from_file_origin, to_file_origin

_HEADER = 116  # bytes of free text at the start, in which scipy writes the time of day


def read_mat(path: Path, origin: int = 1) -> tuple[Floats, float | None]:
    """Read the boxes of a one-pass result.

    Args:
        path: A file of MATLAB 5 to 7.2.
        origin: 0 or 1, where the file counts pixels from.

    Returns:
        (N, 4) 0-based boxes, rows with a NaN in them NaN as a whole; and the frames per second
        that the file states, None where it states none.

    Raises:
        DsltError: The file is not readable, holds several runs, states another type than boxes or
            another length than it has, or its boxes are infinite or not (N, 4).
    """
    run = _only_run(_load(path), path)
    kind = str(_field(run, "type", "rect"))
    if kind != "rect":
        raise DsltError(f"{path}: results of type {kind!r}; expected 'rect', boxes x,y,w,h")
    values = _field(run, "res", None)
    if not np.issubdtype(np.asarray(values).dtype, np.number) or np.iscomplexobj(values):
        raise DsltError(f"{path}: 'res' holds no numbers")
    boxes = np.atleast_2d(np.array(values, dtype=np.float64))
    if boxes.ndim != 2 or boxes.shape[1] != 4 or not len(boxes):
        raise DsltError(f"{path}: results of shape {boxes.shape}, expected (N, 4), N > 0")
    length = _field(run, "len", None)
    if length is not None and np.size(length) == 1 and float(length) != len(boxes):
        raise DsltError(f"{path}: {len(boxes)} boxes, but len = {float(length):g} in the file")
    if np.isinf(boxes).any():
        row = int(np.argmax(np.isinf(boxes).any(axis=1)))
        raise DsltError(f"{path}, box {row + 1}: an infinite number")
    boxes[np.isnan(boxes).any(axis=1)] = np.nan
    return from_file_origin(boxes, origin), _speed(_field(run, "fps", None))


def _load(path: Path) -> Any:
    """Load the variable `results`; others in the file are left alone."""
    from scipy.io.matlab import MatReadError, loadmat  # here: few results are MATLAB files

    wrong = (OSError, ValueError, TypeError, KeyError, IndexError, EOFError, zlib.error)
    try:
        data = io.BytesIO(path.read_bytes())
        values = loadmat(data, variable_names=["results"], simplify_cells=True)
    except FileNotFoundError:
        raise DsltError(f"{path}: no such file") from None
    except NotImplementedError:
        raise DsltError(
            f"{path}: a file of MATLAB 7.3; save it with the option '-v7' to have it read"
        ) from None
    except (*wrong, MatReadError) as error:
        raise DsltError(f"{path}: not a readable MATLAB file ({error})") from error
    if "results" not in values:
        raise DsltError(f"{path}: no variable 'results' in the file")
    return values["results"]


def _only_run(results: Any, path: Path) -> dict[str, Any]:
    """The one run of a one-pass evaluation; TRE has twenty and SRE twelve."""
    runs = list(results) if isinstance(results, (list, np.ndarray)) else [results]
    if len(runs) != 1:
        raise DsltError(f"{path}: {len(runs)} runs; expected the one of one-pass evaluation")
    if not isinstance(runs[0], dict) or "res" not in runs[0]:
        raise DsltError(f"{path}: results{{1}} has no field 'res'")
    return dict(runs[0])


def _field(run: dict[str, Any], name: str, default: Any) -> Any:
    """A field, or the default where it is absent or empty."""
    value = run.get(name, default)
    return default if value is None or np.size(value) == 0 else value


def _speed(value: Any) -> float | None:
    """Frames per second as stated, if it is a positive number."""
    try:
        speed = float(value)
    except (TypeError, ValueError):
        return None
    return speed if math.isfinite(speed) and speed > 0 else None


def mat_bytes(boxes: Floats, fps: float | None = None, origin: int = 1) -> bytes:
    """Bytes of a MATLAB file with one run; the same boxes give the same bytes.

    Args:
        boxes: (N, 4), 0-based.
        fps: Frames per second, left out where they are not known.
        origin: 0 or 1, where the file is to count pixels from.
    """
    from scipy.io.matlab import savemat

    run: dict[str, Any] = {"res": to_file_origin(boxes, origin), "type": "rect"}
    run |= {"len": float(len(boxes)), "annoBegin": 1.0, "startFrame": 1.0}
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = run if fps is None else run | {"fps": fps}
    buffer = io.BytesIO()
    savemat(buffer, {"results": cell}, format="5", oned_as="column")
    return b"MATLAB 5.0 MAT-file".ljust(_HEADER) + buffer.getvalue()[_HEADER:]
