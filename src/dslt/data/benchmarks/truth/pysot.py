"""Ground truth in the JSON form of PySOT's test sets: one file, one entry per sequence."""

import contextlib
import math
from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dslt.core.errors import DsltError, cut, quote
from dslt.core.jsonfile import read_json
from dslt.data.benchmarks.truth.codes import code_of, ordered
from dslt.data.benchmarks.truth.rows import checked_row, region_target
from dslt.data.benchmarks.truth.source import Layout, TruthSource, as_flags
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import LARGEST

_LISTS = {"img_names", "init_rect", "gt_rect", "attr", "absent"}  # the others are tags of frames


def json_layouts(root: Path, origin: int, order: tuple[str, ...] = ()) -> Iterator[Layout]:
    """Layouts of the JSON files with ground truth in a folder, or of the one file `root`.

    Args:
        root: A folder or a file.
        origin: 0 or 1, where the boxes count pixels from.
        order: Attribute codes of the benchmark, in its order.
    """
    for path in [root] if root.is_file() else sorted(root.glob("*.json")):
        if entries := _entries(path):
            read = partial(_target, origin, order)
            yield Layout(
                {
                    name: TruthSource((path,), partial(read, entry, f"{path}, {cut(name)}"))
                    for name, entry in entries.items()
                }
            )
        elif path == root:
            raise DsltError(f"{path}: no ground truth; expected entries with 'gt_rect'")


def json_attributes(
    folder: Path, wanted: Collection[str], order: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Attribute codes by sequence of the JSON file in a folder that names most of the wanted ones.

    None where no file names one of them.
    """
    best: dict[str, Any] = {}
    where, most = folder, 0
    for path in sorted(folder.glob("*.json")):
        found: dict[str, Any] = {}
        with contextlib.suppress(DsltError):  # a file of something else
            found = _entries(path)
        entries = {name: entry for name, entry in found.items() if entry.get("attr")}
        if (count := len(match_names(wanted, entries))) > most:
            best, where, most = entries, path, count
    return {
        name: ordered(map(code_of, _attributes(entry, f"{where}, {cut(name)}")), order)
        for name, entry in best.items()
    }


def _entries(path: Path) -> dict[str, Any]:
    """Entries of a JSON file by sequence; none where it holds something else."""
    values = read_json(path)
    is_truth = isinstance(values, dict) and all(_is_entry(entry) for entry in values.values())
    return dict(values) if is_truth else {}


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("gt_rect"), list)


def _target(origin: int, order: tuple[str, ...], entry: Mapping[str, Any], where: str) -> Target:
    """Make the target of one entry."""
    rows = [_row(row, f"{where}, row {number}") for number, row in enumerate(entry["gt_rect"], 1)]
    if not rows:
        raise DsltError(f"{where}: 'gt_rect' is empty; expected one region per frame")
    sides = [_number(entry.get(side), f"{where}, {side}") for side in ("width", "height")]
    present, absent = entry.get("absent"), f"{where}, absent"
    return region_target(
        rows,
        origin,
        attributes=ordered(map(code_of, _attributes(entry, where)), order),
        # The key says the opposite of its name: 1 where the target is there.
        absent=~as_flags(_as_list(present, absent), len(rows), absent) if present else None,
        tags={
            key: as_flags(values, len(rows), f"{where}, {cut(key)}", pad=True)
            for key, values in entry.items()
            if isinstance(values, list) and key not in _LISTS
        },
        size=(int(sides[0]), int(sides[1])) if all(side > 0 for side in sides) else None,
    )


def _attributes(entry: Mapping[str, Any], where: str) -> list[str]:
    """Names or codes of a sequence's attributes."""
    names = _as_list(entry.get("attr") or [], f"{where}, attr")
    if not all(isinstance(name, str) for name in names):
        raise DsltError(f"{where}, attr: {quote(names)}; expected names of attributes")
    return names


def _row(values: Any, where: str) -> list[float]:
    """Check one region; null is absent."""
    if values is None:
        return [math.nan] * 4
    return checked_row([_number(value, where) for value in _as_list(values, where)], where)


def _number(value: Any, where: str) -> float:
    """Check one number; null is NaN."""
    if value is None:
        return math.nan
    if type(value) not in (int, float) or abs(value) > LARGEST:  # NaN is not larger
        raise DsltError(f"{where}: {quote(value)}; expected numbers of pixels")
    return float(value)


def _as_list(values: Any, where: str) -> list[Any]:
    if not isinstance(values, list):
        raise DsltError(f"{where}: {quote(values)}; expected a list")
    return values
