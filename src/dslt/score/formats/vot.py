"""VOT's supervised results, as text and in the binary form of the current toolkit.

One region per frame: a code (`0` skipped, `1` initialised, `2` failed), a box `x,y,w,h` or a
polygon `x1,y1,x2,y2,...` of three corners or more. Coordinates are taken as they are: VOT's files
count pixels from 0. The binary form keeps 32-bit floats, about seven digits, where the text has
four decimals. Masks belong to later challenges and are refused.

Source: the result files of the VOT challenges 2016 and 2018; for the binary form, files written by
vot-toolkit 0.9.
"""

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, quote
from dslt.data.sequences.target import FAILED, INITIALIZED, SKIPPED, TRACKED, Trajectory
from dslt.geometry.boxes import LARGEST, parse_number
from dslt.geometry.regions import box_corners

VotRegion = int | tuple[float, ...]

_CODES = (SKIPPED, INITIALIZED, FAILED)
_SPECIAL, _RECTANGLE, _POLYGON, _MASK, _POINT = range(5)
_VERSION = 1
_HEAD = struct.Struct("<hI")
_UNUSABLE = {_MASK: "a mask", _POINT: "a point"}


def read_vot(path: Path) -> tuple[Trajectory, list[str]]:
    """Read a run, `.bin` as binary and anything else as text.

    Returns:
        The run, and notes: regions with a NaN in them count as skipped, as in the official
        toolkit.

    Raises:
        DsltError: The file is missing, empty or broken, or holds masks, infinite numbers or boxes
            of negative size; the message names file and line (frame).
    """
    try:
        if path.suffix == ".bin":
            regions = parse_binary(path.read_bytes(), str(path))
        else:
            regions = parse_text(path.read_bytes().decode("utf-8-sig"), str(path))
    except OSError as error:
        raise DsltError(f"{path}: unreadable ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise DsltError(f"{path}: not a text file of regions ({error})") from error
    if not regions:
        raise DsltError(f"{path}: no regions in the file; expected one per frame")
    return make_trajectory(regions, str(path))


def is_supervised(path: Path) -> bool:
    """Tell by its first line, a code, whether a text file holds a supervised run."""
    try:
        with path.open(encoding="utf-8-sig") as handle:
            return float(handle.readline(80)) in _CODES
    except (OSError, ValueError):
        return False


def parse_text(text: str, where: str) -> list[VotRegion]:
    """Parse one region per line, delimited by commas, or by tabs or spaces.

    Raises:
        DsltError: A line is not a region; the message starts with `where`.
    """
    if "_" in text:  # float() takes 1_000 for a number
        number = next(i for i, line in enumerate(text.splitlines(), 1) if "_" in line)
        raise DsltError(f"{where}, line {number}: expected numbers, found '_'")
    lines = text.rstrip().splitlines()
    return [_parse_line(line, where, number) for number, line in enumerate(lines, 1)]


def _parse_line(line: str, where: str, number: int) -> VotRegion:
    """Parse one line."""
    fields = line.split(",") if "," in line else line.split()
    try:
        values = tuple(map(float, fields))
    except ValueError:
        values = _odd_numbers(fields)
    if len(values) == 1 and values[0] in _CODES:
        return int(values[0])
    if len(values) < 4 or len(values) % 2:
        hint = "; masks are not supported" if line.strip().startswith("m") else ""
        raise DsltError(
            f"{where}, line {number}: {quote(line)} is no region; expected a code 0, 1 or 2, a box"
            f" x,y,w,h or a polygon x1,y1,x2,y2,x3,y3,...{hint}"
        )
    return values


def _odd_numbers(fields: Sequence[str]) -> tuple[float, ...]:
    """Numbers with a NaN among them that is spelled as other programs do; none of other words."""
    try:
        return tuple(parse_number(field.strip(), "") for field in fields)
    except DsltError:
        return ()


def parse_binary(data: bytes, where: str) -> list[VotRegion]:
    """Parse the bytes of a binary trajectory.

    Raises:
        DsltError: The version is another, a region is of an unknown or unusable kind, or there are
            too few or too many bytes; the message starts with `where`.
    """
    try:
        version, count = _HEAD.unpack_from(data)
        if version != _VERSION:
            raise DsltError(f"{where}: binary form {version}, expected {_VERSION}")
        regions: list[VotRegion] = []
        offset = _HEAD.size
        for frame in range(count):
            region, offset = _parse_region(data, offset, f"{where}, frame {frame}")
            regions.append(region)
    except struct.error:
        raise DsltError(f"{where}: truncated after {len(data)} bytes") from None
    if offset != len(data):
        raise DsltError(f"{where}: {len(data) - offset} bytes too many after {count} frames")
    return regions


def _parse_region(data: bytes, offset: int, where: str) -> tuple[VotRegion, int]:
    """Parse the region at an offset; returns it and the offset after it."""
    (kind,) = struct.unpack_from("<B", data, offset)
    offset += 1
    if kind == _SPECIAL:
        (code,) = struct.unpack_from("<I", data, offset)
        if code not in _CODES:
            raise DsltError(f"{where}: code {code}; expected 0, 1 or 2")
        return int(code), offset + 4
    if kind == _RECTANGLE:
        return struct.unpack_from("<4f", data, offset), offset + 16
    if kind == _POLYGON:
        (corners,) = struct.unpack_from("<H", data, offset)
        if corners < 3:
            raise DsltError(f"{where}: a polygon of {corners} corners")
        return struct.unpack_from(f"<{2 * corners}f", data, offset + 2), offset + 2 + 8 * corners
    what = _UNUSABLE.get(kind, f"a region of the unknown kind {kind}")
    raise DsltError(f"{where}: {what}, which is not supported; expected boxes or polygons")


def make_trajectory(regions: Sequence[VotRegion], where: str) -> tuple[Trajectory, list[str]]:
    """Put regions together as a trajectory.

    Args:
        regions: For each frame a code, a box (4 numbers) or a polygon (6, 8, ... numbers).
        where: What names the run in messages.

    Raises:
        DsltError: A number is infinite or a box has a negative size; the message names the line,
            which counts from 1.
    """
    lengths = np.array([0 if isinstance(region, int) else len(region) for region in regions])
    states = np.array([r if isinstance(r, int) else TRACKED for r in regions], dtype=np.int8)
    corners = np.full((len(regions), max(4, int(lengths.max(initial=0)) // 2), 2), np.nan)
    for length in np.unique(lengths[lengths > 0]).tolist():
        rows = np.flatnonzero(lengths == length)
        values = np.array([regions[row] for row in rows.tolist()], dtype=np.float64)
        _check(values, rows, where)
        points = box_corners(values) if length == 4 else values.reshape(len(rows), -1, 2)
        _check(points.reshape(len(rows), -1), rows, where)  # those of a box are sums
        corners[rows, : points.shape[1]] = points
        corners[rows, points.shape[1] :] = points[:, -1:]
    nothing = np.isnan(corners).any(axis=(1, 2)) & (states == TRACKED)
    states[nothing], corners[nothing] = SKIPPED, np.nan
    note = f"{where}: {int(nothing.sum())} regions with NaN in them count as skipped frames"
    rectangles = (lengths == 4) & ~nothing
    return Trajectory(states, corners, rectangles), [note] if nothing.any() else []


def _check(values: Floats, rows: NDArray[np.intp], where: str) -> None:
    """Refuse numbers beyond any picture and, of boxes, negative sizes."""
    beyond = (np.abs(values) > LARGEST).any(axis=1)
    if beyond.any():
        infinite = np.isinf(values[beyond][0]).any()
        what = "an infinite number" if infinite else "a number beyond any picture"
        raise DsltError(f"{where}, line {rows[beyond][0] + 1}: {what}")
    if values.shape[1] == 4 and (values[:, 2:] < 0).any():
        row = int(np.argmax((values[:, 2:] < 0).any(axis=1)))
        raise DsltError(
            f"{where}, line {rows[row] + 1}: a box of negative size,"
            f" {values[row, 2]:g} x {values[row, 3]:g}"
        )


def list_regions(trajectory: Trajectory) -> list[VotRegion]:
    """Take a trajectory apart again: boxes as four numbers, polygons without repeated ends."""
    regions: list[VotRegion] = []
    corners = trajectory.corners.tolist()
    for state, points, box in zip(
        trajectory.states.tolist(), corners, trajectory.rectangles.tolist(), strict=True
    ):
        if state != TRACKED:
            regions.append(int(state))
        elif box:
            (x, y), _, (right, bottom) = points[:3]
            regions.append((x, y, right - x, bottom - y))
        else:
            while len(points) > 3 and points[-1] == points[-2]:
                points.pop()
            regions.append(tuple(value for point in points for value in point))
    return regions


def text_of(trajectory: Trajectory) -> str:
    """Text of a run: one line per frame, four decimals."""
    return "".join(
        f"{region}\n" if isinstance(region, int) else ",".join(f"{v:.4f}" for v in region) + "\n"
        for region in list_regions(trajectory)
    )


def binary_of(trajectory: Trajectory) -> bytes:
    """Bytes of a run in the binary form; coordinates become 32-bit floats."""
    parts = [_HEAD.pack(_VERSION, len(trajectory.states))]
    for region in list_regions(trajectory):
        if isinstance(region, int):
            parts.append(struct.pack("<BI", _SPECIAL, region))
        elif len(region) == 4:
            parts.append(struct.pack("<B4f", _RECTANGLE, *region))
        else:
            corners = len(region) // 2
            parts.append(struct.pack(f"<BH{2 * corners}f", _POLYGON, corners, *region))
    return b"".join(parts)
