"""MATLAB files of the OTB toolkit: `results`, a cell or structure of runs (`otb_run`)."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut
from dslt.geometry.boxes import to_file_origin
from dslt.score.formats.matlab import read_variable
from dslt.score.formats.otb_run import Run, make_run

_HEADER = 116  # bytes of free text at the start, in which scipy writes the time of day
_NEWER = b"MATLAB 7.3 MAT-file"  # HDF5
_VARIABLE = "results"


def read_mat(path: Path, origin: int = 1) -> Run:
    """Read the one-pass result.

    Args:
        path: A file of MATLAB 5 to 7.2.
        origin: 0 or 1, where the file counts pixels from.

    Raises:
        DsltError: The file is not readable, or as `make_run`.
    """
    return make_run(_load(path), str(path), origin)


def _load(path: Path) -> Any:
    """Load the variable `results`; others in the file are left alone."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DsltError(f"{path}: no such file") from None
    except OSError as error:
        raise DsltError(f"{path}: not a readable MATLAB file ({error.strerror})") from None
    if data.startswith(_NEWER):
        raise DsltError(
            f"{path}: a file of MATLAB 7.3; save it with the option '-v7' to have it read"
        )
    try:
        return read_variable(data, _VARIABLE)
    except KeyError:
        raise DsltError(f"{path}: no variable {_VARIABLE!r} in the file") from None
    except ValueError as error:
        raise DsltError(f"{path}: not a readable MATLAB file ({cut(error)})") from None


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
    savemat(buffer, {_VARIABLE: cell}, format="5", oned_as="column")
    return b"MATLAB 5.0 MAT-file".ljust(_HEADER) + buffer.getvalue()[_HEADER:]
