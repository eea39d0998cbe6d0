"""Paths of boxes, and the forms that the files of the golden set have."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Iterable
from pathlib import Path

ABSENT = "NaN,NaN,NaN,NaN"

Row = tuple[float, ...]


def path_of(rng: random.Random, frames: int, digits: int = 1) -> list[Row]:
    """A smooth path inside of the frame, with a size that breathes.

    The first row is in whole numbers: its overlap with itself is 1 without an error of rounding,
    which the inclusive threshold at 1 would show.
    """
    phases = [rng.uniform(0, 6) for _ in range(4)]
    speeds = [rng.uniform(0.02, 0.09) for _ in range(4)]
    waves = [
        [math.sin(p + s * f) for f in range(frames)] for p, s in zip(phases, speeds, strict=True)
    ]
    rows = []
    for x, y, w, h in zip(*waves, strict=True):
        width, height = 36 + 9 * w, 28 + 7 * h
        row = (160 + 95 * x - width / 2, 120 + 70 * y - height / 2, width, height)
        rows.append(tuple(round(value, digits if rows else 0) for value in row))
    return rows


def line(row: Row, delimiter: str = ",") -> str:
    return delimiter.join(f"{value:.1f}".removesuffix(".0") for value in row)


def lines(rows: list[Row], delimiter: str = ",") -> list[str]:
    return [line(row, delimiter) for row in rows]


def save(path: Path, lines: Iterable[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def save_binary(path: Path, run: list[Row]) -> None:
    """The binary form of vot-toolkit: codes and boxes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = [struct.pack("<hI", 1, len(run))]
    for row in run:
        code = len(row) == 1
        parts.append(struct.pack("<BI", 0, row[0]) if code else struct.pack("<B4f", 1, *row))
    path.write_bytes(b"".join(parts))
