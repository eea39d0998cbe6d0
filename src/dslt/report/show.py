"""What the notebooks call to show files of the site: figures and tables, as HTML.

Pictures stand in a folder of the site, the pages beside that folder.
"""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import pandas as pd
from IPython.display import HTML
from markupsafe import Markup

from dslt.compare.verdicts import JUDGED, VERDICTS
from dslt.core.errors import unknown
from dslt.report import html
from dslt.settings.catalog import FIGURES, heading

_SHOWN: set[str] = set()  # of this notebook, which has a process of its own
SCRIPT = ".js"
TABLES = "tables"  # folder of the site with copies of tables


def figure(figures: Sequence[str], name: str) -> HTML:
    """Show a figure of the catalog, or say that the study at hand does not draw it.

    Args:
        figures: Pictures and plots of the page's figures, each named after its figure.
        name: The figure to show.

    Raises:
        DsltError: There is no such figure, or its file is missing or no picture.
    """
    if name not in FIGURES:
        raise unknown("figure", name, FIGURES)
    if name in _names(figures):
        _SHOWN.add(name)
        return HTML(_figure(figures, name))  # type: ignore[no-untyped-call]
    return note(f"Not drawn in this study: {_alternative(name)}.")


def rest(figures: Sequence[str]) -> HTML:
    """Show the page's figures that were not shown above, or nothing where there are none.

    Raises:
        DsltError: A file is missing or no picture.
    """
    shown = [_figure(figures, name) for name in _names(figures) if name not in _SHOWN]
    return HTML("".join(["<h2>More figures</h2>" * bool(shown), *shown]))  # type: ignore[no-untyped-call]


def _names(figures: Sequence[str]) -> list[str]:
    return [Path(path).stem for path in figures if not path.endswith(SCRIPT)]


def _alternative(name: str) -> str:
    words = FIGURES[name].words if name in FIGURES else ""
    return f"{heading(name)}: {words}" if words else heading(name)


def _figure(figures: Sequence[str], name: str) -> Markup:
    """Show the files of a figure, which are in folders of the site."""
    files = {Path(path).suffix == SCRIPT: Path(path) for path in figures if Path(path).stem == name}
    folder = files[False].parent.parent
    return html.figure(files[False], heading(name), _alternative(name), folder, files.get(True))


def table(frame: pd.DataFrame, digits: int = 1) -> HTML:
    """Show a table, or nothing without columns; floating-point ones with `digits` decimals."""
    return HTML(html.table(frame, digits) if len(frame.columns) else "")  # type: ignore[no-untyped-call]


def statements(frame: pd.DataFrame) -> HTML:
    """Show a table of claims or numbers; those without a verdict are folded, by what they lack."""
    told = frame[frame["Verdict"].isin(JUDGED)]
    shown = [html.table(told)] if len(told) else []
    for verdict in VERDICTS:
        rows = frame[frame["Verdict"] == verdict]
        if len(rows) and verdict not in JUDGED:
            body = html.table(rows, label=verdict)
            folded = Markup("<details><summary>{} {}</summary>{}</details>")
            shown.append(folded.format(len(rows), verdict, body))
    return HTML("".join(shown))  # type: ignore[no-untyped-call]


def downloads(path: str | Path) -> HTML:
    """Link the files of a table, which are copied to the site: CSV and what is beside it."""
    files = [Path(path).with_suffix(kind) for kind in (".csv", ".md", ".tex")]
    links = [
        f'<a href="{TABLES}/{escape(file.name)}">{file.suffix[1:].upper()}</a>'
        for file in files
        if file.is_file()
    ]
    return HTML(f'<p class="note">{" ".join(links)}</p>')  # type: ignore[no-untyped-call]


def note(text: str) -> HTML:
    """Show a remark, or nothing where it is empty."""
    return HTML(f'<p class="note">{escape(text)}</p>' if text else "")  # type: ignore[no-untyped-call]
