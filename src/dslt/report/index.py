"""The front page of the report: headline numbers, links to pages, tables and figures."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape, unescape
from pathlib import Path

from dslt import __version__
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.report import html, tables
from dslt.settings.catalog import benchmark_title, heading

VOT_TABLES = ("table1", "table2")


@dataclass(frozen=True)
class Contents:
    """What the front page shows.

    Attributes:
        pages: HTML pages.
        tables: CSV tables; `.md` and `.tex` beside them are linked, too.
        figures: PNG files; a `.pdf` beside them is linked, too.
        compare: Files of `dslt compare cell`.
        scorecard: The scorecard, if there is one.
        workflow: The page of `snakemake --report`; it is made last and need not exist yet.
    """

    pages: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    figures: Sequence[Path] = ()
    compare: Sequence[Path] = ()
    scorecard: Path | None = None
    workflow: Path | None = None


def render(contents: Contents, out: Path) -> None:
    """Write the front page.

    Raises:
        DsltError: A named file is missing or malformed.
    """
    parts = [
        "<h1>Deep Object Tracking with Shrinkage Loss: the reproduction</h1>",
        "<p>Our results for the regression study of the paper (IEEE TPAMI 2020), beside what the"
        " paper prints. The trackers here use EfficientNet-Lite0 features where the paper uses"
        " ResNet-50 or VGG-16, and short real clips and synthetic videos where it uses OTB, UAV123,"
        " VOT and LaSOT. So its claims are tested; its numbers are not comparable unless the"
        " scorecard says so.</p>",
        _pages(contents, out.parent),
        _headlines(contents),
        _tables(contents, out.parent),
        _figures(contents, out.parent),
        f"<footer>dslt {__version__}</footer>",
    ]
    page = html.document("DSLT: results", "\n".join(part for part in parts if part))
    html.check_offline(page, out)
    with atomic_write(out) as path:
        path.write_text(page, encoding="utf-8")


def _link(path: Path, text: str, base: Path) -> str:
    """Link a file relative to the page's folder."""
    target = Path(os.path.relpath(path, base)).as_posix()
    return f'<a href="{escape(target)}">{escape(text)}</a>'


def _beside(path: Path, suffixes: Sequence[str], base: Path) -> str:
    """Link the forms of a result that exist."""
    found = [path.with_suffix(suffix) for suffix in suffixes]
    return ", ".join(_link(f, f.suffix[1:].upper(), base) for f in found if f.is_file())


def _pages(contents: Contents, base: Path) -> str:
    items = [_link(page, _page_title(page), base) for page in contents.pages]
    if contents.workflow:
        items.append(
            _link(contents.workflow, "Workflow: every rule, its code, run times and captions", base)
        )
    return "<h2>Pages</h2>\n" + html.bullets(items) if items else ""


def _page_title(page: Path) -> str:
    """Read the title of an HTML page."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{page}: not a readable page ({error})") from error
    found = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    return unescape(found.group(1).strip()) if found else page.stem


def _headlines(contents: Contents) -> str:
    """Show every cell's scores, benchmarks apart, and count the verdicts."""
    parts = []
    if contents.compare:
        parts.append(
            "<h2>Scores</h2>\n<p>Success AUC (AUC) and precision at 20 pixels (DP) in percent,"
            " means over sequences; for runs with resets the expected average overlap (EAO),"
            " accuracy (A), failures per 100 frames (R), failures, and failures weighted by"
            " attribute. With paired 95 % bootstrap intervals over source videos and seeds."
            " Real and synthetic videos are never averaged together.</p>"
        )
        for benchmark, frame in tables.comparisons(contents.compare).items():
            title = benchmark_title(benchmark)
            parts.append(f"<h3>{escape(title)}</h3>\n{html.table(frame)}")
    if contents.scorecard:
        parts.append("<h2>Verdicts</h2>\n" + html.table(tables.verdicts(contents.scorecard)))
    return "\n".join(parts)


def _tables(contents: Contents, base: Path) -> str:
    parts = []
    for path in contents.tables:
        title = escape(heading(path.stem))
        files = _beside(path, (".csv", ".md", ".tex"), base)
        is_vot = path.stem in VOT_TABLES
        shown = tables.vot(path) if is_vot else tables.read_csv(path)
        remark = escape(tables.vot_not_run(path)) if is_vot else ""
        parts.append(f"<h3>{title}</h3>\n{html.table(shown)}\n<p>{remark} {files}</p>")
    if contents.scorecard:
        parts.append(f"<p>Scorecard: {_beside(contents.scorecard, ('.csv',), base)}</p>")
    return "<h2>Tables</h2>\n" + "\n".join(parts) if parts else ""


def _figures(contents: Contents, base: Path) -> str:
    parts = []
    for path in contents.figures:
        title = heading(path.stem)
        caption = f"{escape(title)}. {_beside(path, ('.pdf', '.png'), base)}"
        parts.append(html.image(path, title, caption))
    return "<h2>Figures</h2>\n" + "\n".join(parts) if parts else ""
