"""The shell of every page of the site, and tables and pictures in it.

Pages are Jinja templates in `templates/`; style and scripts stand beside the pages, in `assets/`.
Nothing is loaded from a network: `check_offline` makes sure of it before a page is written.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
from bs4 import BeautifulSoup
from markupsafe import Markup
from PIL import Image, UnidentifiedImageError

from dslt import __version__
from dslt.compare.verdicts import VERDICTS
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.settings.catalog import FIGURES
from dslt.settings.site import MATRIX, SITE

TEMPLATES = Path(__file__).parent / "templates"
PLOTTING = ("assets/vega.js", "assets/plots.js")
FILMED = ("boxes", "timeline")  # what figures of frames are drawn from
SCORED = ("scores", "confidence", "maps", "responses", "records")  # of what sequences add to
LONG = 40  # characters from which a column of text gets room
_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
    undefined=jinja2.StrictUndefined,
)

# Attributes by which elements load something.
_LOADING = {
    "src": ["script", "img", "source", "iframe", "embed", "video", "audio", "track"],
    "srcset": ["img", "source"],
    "poster": ["video"],
    "href": ["link", "image", "use"],
    "data": ["object"],
}
_REMOTE = re.compile(r"^\s*(https?:)?//", re.IGNORECASE)
_REMOTE_STYLE = re.compile(r"""(url\(\s*['"]?|@import\s+['"])\s*(https?:)?//""", re.IGNORECASE)


@dataclass(frozen=True)
class Site:
    """What a page knows of the site that it is a part of.

    Attributes:
        pages: Keys of `titles`, in the order of the navigation; the first one is the entrance. A
            page is `<key>.html` in the site's folder.
        current: The page that is written, or that it belongs to.
        folder: The site's folder; None: that of the page.
        name: Stands at the left of the header.
        titles: What the pages are called in the navigation.
    """

    pages: tuple[str, ...] = ("index",)
    current: str = ""
    folder: Path | None = None
    name: str = "Shrinkage loss"
    titles: Mapping[str, str] = field(default_factory=lambda: SITE)


def fill(template: str, **values: Any) -> Markup:
    """Fill `templates/<template>.html.j2`; what is not `Markup` is escaped."""
    return Markup(_ENVIRONMENT.get_template(f"{template}.html.j2").render(values))


def document(
    title: str,
    body: str,
    site: Site | None = None,
    *,
    root: str = "",
    scripts: Sequence[str] = (),
    foot: str = "",
) -> str:
    """Put a body, which is HTML, into a whole page.

    Args:
        title: Title of the page.
        body: What stands in `<main>`.
        site: Its surroundings.
        root: From the page to the site's folder: empty or `../`, as often as needed.
        scripts: Further scripts, relative to the site's folder, run when the page has been read.
        foot: HTML at the foot of the page.
    """
    values = {"title": title, "body": Markup(body), "foot": Markup(foot), "version": __version__}
    return fill("document", site=site or Site(), root=root, scripts=scripts, **values)


def write(
    title: str,
    body: str,
    out: Path,
    site: Site | None = None,
    *,
    scripts: Sequence[str] = (),
    foot: str = "",
) -> None:
    """Write a page as `document` makes it, as a whole or not at all.

    A page with interactive plots loads what draws them.

    Raises:
        DsltError: The page would load anything from a network.
    """
    site = site or Site()
    root = relative(site.folder or out.parent, out.parent)
    root = "" if root == "." else f"{root}/"
    plotting = PLOTTING if " data-plot=" in body else ()
    scripts = [*plotting, *scripts]
    page = document(title, body, site, root=root, scripts=scripts, foot=foot)
    check_offline(page, out)
    with atomic_write(out) as path:
        path.write_text(page, encoding="utf-8")


def relative(path: Path, folder: Path) -> str:
    """Write a path as a link in a page of `folder`."""
    return Path(os.path.relpath(path, folder)).as_posix()


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


def table(frame: pd.DataFrame, digits: int = 1, label: str = "Table") -> Markup:
    """Write a table: numbers to the right, verdicts marked, missing values as a dash.

    It scrolls in a box of its own and is sorted by a click on a heading. `Markup` in it, such as a
    link, stays what it is; pandas keeps it in columns with `dtype=object` only.

    Args:
        frame: The table; its index is not shown. `attrs["digits"]` maps columns to decimals of
            their own, `attrs["numbers"]` names columns of text that are numbers.
        digits: Decimals of the other floating-point columns.
        label: What a screen reader calls it.
    """
    own, named = frame.attrs.get("digits", {}), frame.attrs.get("numbers", ())
    numbers = {n for n in frame if n in named or pd.api.types.is_numeric_dtype(frame[n])}
    columns = {
        name: [_text(value, own.get(name, digits)) for value in frame[name]] for name in frame
    }
    long = {name for name, texts in columns.items() if max(map(_length, texts), default=0) > LONG}

    def kind(name: str, text: str) -> str | None:
        if name in numbers:
            return "number"
        if text in VERDICTS:
            return f"verdict {verdict_class(text)}"
        return "text" if name in long else None

    rows = list(zip(*columns.values(), strict=True))
    return fill("table", frame=frame, numbers=numbers, rows=rows, kind=kind, label=label)


def verdict_class(verdict: str) -> str:
    """Name the class that a verdict is styled by, which is one word."""
    return verdict.replace(" ", "-")


def _length(text: str) -> int:
    return len(text.striptags() if isinstance(text, Markup) else text)


def _text(value: Any, digits: int) -> str:
    if value is None or value == "" or value != value:  # only NaN differs from itself
        return "–"
    if isinstance(value, Markup):
        return value
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def figure(path: Path, caption: str, alternative: str, folder: Path, plot: Path | None) -> Markup:
    """Show a figure whose files stand in the site, with links to them.

    Args:
        path: The picture; the figure for print stands beside it as PDF.
        caption: Its name.
        alternative: Words for those who do not see it.
        folder: That of the page.
        plot: Script with an interactive plot of it, its data beside it as CSV.

    Raises:
        DsltError: The picture is missing or not one.
    """
    links = {"PDF": path.with_suffix(".pdf")} | ({"CSV": plot.with_suffix(".csv")} if plot else {})
    if path.stem in FIGURES and FIGURES[path.stem].source in FILMED:
        links["Every sequence on video"] = folder / MATRIX
    elif path.stem in FIGURES and FIGURES[path.stem].source in SCORED:
        links["Sequence by sequence"] = folder / MATRIX
    return fill(
        "figure",
        name=path.stem,
        source=relative(path, folder),
        plot=plot and relative(plot, folder),
        size=size(path),
        caption=caption,
        alternative=alternative,
        links={title: relative(file, folder) for title, file in links.items()},
    )


def size(path: Path) -> tuple[int, int]:
    """Return the width and height of a picture in pixels.

    Raises:
        DsltError: The file is missing or not a picture.
    """
    try:
        with Image.open(path) as opened:
            return opened.size
    except UnidentifiedImageError:
        raise DsltError(f"{path}: not a picture") from None
    except OSError as error:
        hint = "draw the figure first"
        raise DsltError(f"{path}: cannot be read ({error.strerror}); {hint}") from None


_ENVIRONMENT.globals |= {"table": table, "verdict_class": verdict_class, "map": map, "zip": zip}
