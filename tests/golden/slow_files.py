"""What the slow scorer reads its files and takes its means with."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from pathlib import Path


def first_of(*paths: Path) -> Path:
    """The first file that is there."""
    return next(path for path in paths if path.is_file())


def numbers(line: str) -> tuple[float, ...]:
    """Numbers delimited by commas, tabs or spaces."""
    return tuple(float(word) for word in re.split(r"[,\s]+", line.strip()))


def lines(path: Path) -> list[str]:
    """Lines of a text file."""
    return path.read_text(encoding="utf-8").splitlines()


def rows(path: Path) -> list[tuple[float, ...]]:
    """Numbers of each line."""
    return [numbers(line) for line in lines(path)]


def flags(path: Path) -> list[bool]:
    """Flags 0 and 1, however they are delimited."""
    return [word == "1" for word in re.findall(r"\d+", path.read_text(encoding="utf-8"))]


def frame_size(folder: Path) -> tuple[int, int]:
    """Width and height of the frames of a VOT sequence."""
    sides = dict(line.split("=") for line in lines(folder / "sequence"))
    return int(sides["width"]), int(sides["height"])


def mean(values: Iterable[float]) -> float:
    """Plain mean."""
    listed = list(values)
    return math.fsum(listed) / len(listed)
