"""What the notebooks call to show files: figures and tables, as embedded HTML."""

from html import escape
from pathlib import Path

import pandas as pd
from IPython.display import HTML

from dslt.report import html


def figure(path: str, alternative: str) -> HTML:
    """Show a PNG file; `alternative` says in words what it shows.

    An empty path means that the study at hand does not draw the figure, and the page says so.
    """
    if not path:
        return note(f"Not drawn in this study: {alternative}.")
    return HTML(html.image(Path(path), alternative))  # type: ignore[no-untyped-call]


def table(frame: pd.DataFrame, digits: int = 1) -> HTML:
    """Show a table; floating-point columns with `digits` decimals."""
    return HTML(html.table(frame, digits))  # type: ignore[no-untyped-call]


def note(text: str) -> HTML:
    """Show a remark, or nothing where it is empty."""
    return HTML(f'<p class="note">{escape(text)}</p>' if text else "")  # type: ignore[no-untyped-call]
