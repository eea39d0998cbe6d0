"""Small self-contained HTML: one shell and one style for all pages, and tables and figures in it.

Nothing is loaded from a network: images are data URIs, the style is in the page, there are no
scripts. `check_offline` makes sure of it before a page is written. Templates stand in the modules,
not in files of their own, so that the fingerprint of the code covers them.
"""

import base64
import re
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from bs4 import BeautifulSoup
from markupsafe import Markup

from dslt.compare.verdicts import VERDICTS
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write

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

DOCUMENT = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>{{ style }}</style>
</head>
<body>
{{ body }}
</body>
</html>
"""
TABLE = """\
<div class="wide"><table>
<thead><tr>
{%- for name in frame %}<th{{ {"class": "number" if name in numbers}|xmlattr }}>{{ name }}</th>
{%- endfor %}</tr></thead>
<tbody>
{% for row in rows %}
<tr>
{%- for name, text in zip(frame, row) %}
<td{{ {"class": kind(name, text)}|xmlattr }}>{{ text }}</td>
{%- endfor %}</tr>
{% endfor %}
</tbody>
</table></div>"""
FIGURE = """\
<figure><img src="data:image/png;base64,{{ data }}" alt="{{ alternative }}">
{%- if caption %}<figcaption>{{ caption }}</figcaption>{% endif %}</figure>"""
_ENVIRONMENT = jinja2.Environment(
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)

# Attributes by which elements load something.
_LOADING = {
    "src": ["script", "img", "source", "iframe", "embed", "video", "audio"],
    "srcset": ["img", "source"],
    "href": ["link", "image", "use"],
    "data": ["object"],
}
_REMOTE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"""(url\(\s*['"]?|@import\s+['"])\s*(https?:)?//""", re.IGNORECASE)


def fill(template: str, **values: Any) -> Markup:
    """Fill a Jinja template; what is not `Markup` is escaped."""
    return Markup(_ENVIRONMENT.from_string(template).render(values))


def document(title: str, body: str) -> str:
    """Put a body, which is HTML, into a whole page."""
    return fill(DOCUMENT, title=title, style=Markup(CSS), body=Markup(body))


def write(title: str, body: str, out: Path) -> None:
    """Write a page with a body, which is HTML, as a whole or not at all.

    Raises:
        DsltError: The page would load anything from a network.
    """
    page = document(title, body)
    check_offline(page, out)
    with atomic_write(out) as path:
        path.write_text(page, encoding="utf-8")


def check_offline(page: str, where: Path) -> None:
    """Refuse a page that would load anything from a network.

    Raises:
        DsltError: It would; the message names the page and what it would load.
    """
    soup = BeautifulSoup(page, "html.parser")
    loading = [
        (tag, name) for name, tags in _LOADING.items() for tag in soup(tags, {name: _REMOTE})
    ]
    loading += [(tag, "style") for tag in soup(style=_REMOTE_STYLE)]
    found = [f"<{tag.name} {name}={tag[name]!r:.120}>" for tag, name in loading]
    found += ["a style that loads from a network" for _ in soup("style", string=_REMOTE_STYLE)]
    if found:
        raise DsltError(f"{where}: the page loads from a network: {', '.join(found)}")


def table(frame: pd.DataFrame, digits: int = 1) -> Markup:
    """Write a table: numbers to the right, verdicts marked, missing values as a dash.

    Args:
        frame: The table; its index is not shown. `attrs["digits"]` maps columns to decimals of
            their own, `attrs["numbers"]` names columns of text that are numbers.
        digits: Decimals of the other floating-point columns.
    """
    own, named = frame.attrs.get("digits", {}), frame.attrs.get("numbers", ())
    numbers = {n for n in frame if n in named or pd.api.types.is_numeric_dtype(frame[n])}

    def kind(name: str, text: str) -> str | None:
        return "number" if name in numbers else f"verdict {text}" if text in VERDICTS else None

    columns = [[_text(value, own.get(name, digits)) for value in frame[name]] for name in frame]
    rows = zip(*columns, strict=True)
    return fill(TABLE, frame=frame, numbers=numbers, rows=rows, kind=kind)


def _text(value: Any, digits: int) -> str:
    if value is None or value == "" or value != value:  # only NaN differs from itself
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def image(png: Path, alternative: str, caption: str = "") -> Markup:
    """Embed a PNG file as a data URI.

    Args:
        png: The file.
        alternative: Words for those who do not see it.
        caption: Text below the picture; HTML if it is `Markup`.

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
    code = base64.b64encode(data).decode("ascii")
    return fill(FIGURE, data=code, alternative=alternative, caption=caption)


_ENVIRONMENT.globals |= {"table": table, "image": image, "map": map, "zip": zip}
