"""CSV files, written as a whole or not at all."""

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from dslt.core.files import atomic_write


def csv_text(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Text of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def write_rows(path: Path, header: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV file as a whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(csv_text(header, rows), encoding="utf-8", newline="")
