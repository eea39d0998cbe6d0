"""CSV files, written as a whole or not at all, and read with a value for each name."""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dslt.core.errors import DsltError, cut
from dslt.core.files import atomic_write

if TYPE_CHECKING:
    import pandas as pd


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


def read_frame(path: Path, what: str, **options: Any) -> pd.DataFrame:
    """Read a CSV file that begins with a line of names.

    Args:
        path: The file.
        what: What it is, for the error.
        options: Of `pandas.read_csv`.

    Raises:
        DsltError: The file is unreadable, or its rows have more values than there are names.
    """
    import pandas as pd  # here: most commands read none, and it takes half a second

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of surplus values
            rows: pd.DataFrame = pd.read_csv(path, index_col=False, **options)
    except (OSError, ValueError, pd.errors.ParserWarning) as error:
        raise DsltError(f"{path}: not {what} ({cut(error)})") from None
    return rows
