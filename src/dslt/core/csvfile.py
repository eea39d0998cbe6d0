"""CSV files, written as a whole or not at all."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

from dslt.core.files import atomic_write


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file as a whole or not at all."""
    with (
        atomic_write(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
