"""What the notebooks call to show files: figures and tables, as embedded HTML."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import pandas as pd
from IPython.display import HTML

from dslt.core.errors import unknown
from dslt.report import html
from dslt.settings.catalog import FIGURES, heading

_SHOWN: set[str] = set()  # of this notebook, which has a process of its own


def figure(figures: Sequence[str], name: str) -> HTML:
    """Show a figure of the catalog, or say that the study at hand does not draw it.

    Args:
        figures: PNG files of the page's figures, each named after its figure.
        name: The figure to show.

    Raises:
        DsltError: There is no such figure, or its file is missing or not a PNG.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    words = FIGURES[name].words
    alternative = f"{heading(name)}: {words}" if words else heading(name)
    for path in figures:
        if Path(path).stem == name:
            _SHOWN.add(path)
            return HTML(html.image(Path(path), alternative))  # type: ignore[no-untyped-call]
    return note(f"Not drawn in this study: {alternative}.")


def rest(figures: Sequence[str]) -> HTML:
    """Show the page's figures that were not shown above, or nothing where there are none.

    Raises:
        DsltError: A file is missing or not a PNG.
    """
    titles = {path: heading(Path(path).stem) for path in figures if path not in _SHOWN}
    images = [html.image(Path(path), title, title) for path, title in titles.items()]
    return HTML("".join(["<h2>More figures</h2>" * bool(images), *images]))  # type: ignore[no-untyped-call]


def table(frame: pd.DataFrame, digits: int = 1) -> HTML:
    """Show a table, or nothing without columns; floating-point ones with `digits` decimals."""
    return HTML(html.table(frame, digits) if len(frame.columns) else "")  # type: ignore[no-untyped-call]


def note(text: str) -> HTML:
    """Show a remark, or nothing where it is empty."""
    return HTML(f'<p class="note">{escape(text)}</p>' if text else "")  # type: ignore[no-untyped-call]
