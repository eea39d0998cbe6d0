"""Links from the rows of tables to what their trackers did on every sequence."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlencode

import pandas as pd
from markupsafe import Markup, escape

from dslt.settings.site import MATRIX

Link = tuple[str, str | None, Sequence[str]]
"""A text, a benchmark, or None for whichever, and ids or names of trackers that ran on it."""


def links(rows: Iterable[Link], frame: pd.DataFrame) -> "pd.Series[str]":
    """Make a column of a table whose texts lead to the page of all sequences.

    Args:
        rows: One for each row of the table. Without a benchmark or a tracker the text stays plain;
            of benchmarks that are pooled, too, for each has a table of its own.
        frame: The table.
    """
    made = [linked(*row) for row in rows]
    return pd.Series(made, frame.index, dtype=object)  # else pandas makes plain text of them


def by_cell(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Let a column of a table with the columns `benchmark` and `cell` lead there; drop the ids.

    Args:
        frame: The table; its benchmarks are named by their ids.
        column: Name of the column.
    """
    keys = frame[["benchmark", "cell", column]].to_numpy()
    rows = [(text, benchmark, [cell]) for benchmark, cell, text in keys]
    return frame.assign(**{column: links(rows, frame)}).drop(columns="cell")


def linked(text: str, benchmark: str | None, cells: Sequence[str]) -> Markup:
    """Make the text of one row, as `links` does for a column."""
    if benchmark == "" or "+" in (benchmark or "") or not all(cells):
        return escape(text)
    where = [] if benchmark is None else [("benchmark", benchmark)]
    query = urlencode([*where, *(("cells", cell) for cell in cells)])
    return Markup('<a href="{}#{}">{}</a>').format(MATRIX, query, text)
