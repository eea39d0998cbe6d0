"""Small self-contained HTML: one shell and one style for all pages, and tables and figures in it.

Nothing is loaded from a network: images are data URIs, the style is in the page, there are no
scripts. `check_offline` makes sure of it before a page is written.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd

from dslt.core.errors import DsltError

VERDICTS = ("supported", "contradicted", "inconclusive", "not comparable", "not run")
CSS = """
:root { color-scheme: light; }
body { max-width: 84rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem; color: #1a1a1a;
  background: #fff; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: .6rem 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; border-bottom: 1px solid #ddd; }
h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
a { color: #0072B2; }
nav, footer, .note { color: #555; font-size: .9rem; }
footer { margin-top: 3rem; border-top: 1px solid #ddd; padding-top: .6rem; }
figure { margin: 1.2rem 0; }
figure img { max-width: 100%; height: auto; border: 1px solid #eee; }
figcaption { color: #444; font-size: .9rem; }
.wide { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .85rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: top; }
thead th { border-top: 2px solid #333; border-bottom: 1px solid #333; white-space: nowrap; }
tbody tr:last-child td { border-bottom: 2px solid #333; }
tbody tr:nth-child(even) { background: #f7f7f7; }
td.number, th.number { text-align: right; white-space: nowrap; }
td.verdict { font-weight: 600; white-space: nowrap; }
td.supported { color: #00694d; } td.contradicted { color: #a34700; }
td.inconclusive { color: #444; } td.not { color: #666; font-weight: 400; }
pre { overflow-x: auto; background: #f7f7f7; padding: .6rem; font-size: .8rem; }
code { font-size: .88em; }
"""

_LOADING = {
    ("script", "src"),
    ("link", "href"),
    ("img", "src"),
    ("img", "srcset"),
    ("source", "src"),
    ("source", "srcset"),
    ("iframe", "src"),
    ("embed", "src"),
    ("object", "data"),
    ("video", "src"),
    ("audio", "src"),
    ("image", "href"),
    ("use", "href"),
}
_REMOTE = re.compile(r"\s*(https?:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"""(url\(\s*['"]?|@import\s+['"])\s*(https?:)?//""", re.IGNORECASE)


def document(title: str, body: str) -> str:
    """Put a body into a whole page."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


class _Loads(HTMLParser):
    """Collects what a browser would fetch from a network to show a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        for name, value in attrs:
            remote = (tag, name) in _LOADING and value and _REMOTE.match(value)
            if remote or (name == "style" and value and _REMOTE_STYLE.search(value)):
                self.found.append(f"<{tag} {name}={value!r:.120}>")

    def handle_data(self, data: str) -> None:
        if self._style and _REMOTE_STYLE.search(data):
            self.found.append("a style that loads from a network")

    def handle_endtag(self, tag: str) -> None:
        self._style = False


def check_offline(page: str, where: Path) -> None:
    """Refuse a page that would load anything from a network.

    Raises:
        DsltError: naming the page and what it would load.
    """
    parser = _Loads()
    parser.feed(page)
    parser.close()
    if parser.found:
        raise DsltError(f"{where}: the page loads from a network: {', '.join(parser.found)}")


def table(frame: pd.DataFrame, digits: int = 1) -> str:
    """Write a table: numbers to the right, verdicts marked, missing values as a dash.

    Args:
        frame: Its index is not shown. `attrs["digits"]` maps columns to decimals of their own,
            `attrs["numbers"]` names columns of text that are numbers.
        digits: Decimals of the other floating-point columns.
    """
    named = set(frame.attrs.get("numbers", ()))
    numeric = [
        name in named or pd.api.types.is_numeric_dtype(frame[name]) for name in frame.columns
    ]
    own = frame.attrs.get("digits", {})
    decimals = [own.get(name, digits) for name in frame.columns]
    open_tag = {True: '<th class="number">', False: "<th>"}
    head = "".join(
        f"{open_tag[number]}{escape(str(name))}</th>"
        for name, number in zip(frame.columns, numeric, strict=True)
    )
    rows = "\n".join(
        f"<tr>{''.join(_cell(*part) for part in zip(row, numeric, decimals, strict=True))}</tr>"
        for row in frame.itertuples(index=False, name=None)
    )
    return (
        f'<div class="wide"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n</tbody>\n</table></div>"
    )


def _cell(value: Any, number: bool, digits: int) -> str:
    missing = value is None or value == "" or (isinstance(value, float) and math.isnan(value))
    if missing:
        text = "–"
    elif isinstance(value, float):
        text = f"{value:.{digits}f}"
    else:
        text = escape(str(value))
    kind = "number" if number else f"verdict {text}" if text in VERDICTS else ""
    return f'<td class="{kind}">{text}</td>' if kind else f"<td>{text}</td>"


def image(png: Path, alternative: str, caption: str = "") -> str:
    """Embed a PNG file as a data URI.

    Raises:
        DsltError: The file is missing or not a PNG.
    """
    try:
        data = png.read_bytes()
    except OSError as error:
        raise DsltError(
            f"{png}: cannot be read ({error.strerror}); draw the figure first"
        ) from None
    if not data.startswith(b"\x89PNG"):
        raise DsltError(f"{png}: not a PNG file")
    source = f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
    words = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f'<figure><img src="{source}" alt="{escape(alternative)}">{words}</figure>'


def bullets(items: Iterable[str]) -> str:
    """Write a list; the items are HTML."""
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"
