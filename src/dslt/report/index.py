"""The front page of the report: headline numbers, links to pages, tables and figures."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from pathlib import Path

from dslt import __version__
from dslt.core.errors import DsltError
from dslt.report import confidence, html, tables
from dslt.report.summary import sentences
from dslt.settings.catalog import benchmark_title, heading, paper_benchmarks

BODY = """\
{% macro link(path, text) %}<a href="{{ relative(path) }}">{{ text }}</a>{% endmacro %}
{% macro files(path, kinds) %}
{% for file in map(path.with_suffix, kinds) if file.is_file() %}
{{ ", " if not loop.first }}{{ link(file, file.suffix[1:]|upper) }}
{%- endfor %}
{% endmacro %}
<h1>Deep Object Tracking with Shrinkage Loss: the reproduction</h1>
<p>Our results beside what the paper prints (IEEE TPAMI 2020). Where its trackers, features or
videos are not the ones that were run here, its claims are tested all the same; its numbers are
compared only where everything that decides them is equal, and the scorecard says what differs. The
default study has EfficientNet-Lite0 features where the paper has ResNet-50 or VGG-16, and short
real clips and synthetic videos where it has OTB, UAV123, VOT and LaSOT.</p>
{% if scorecard %}
<h2>What holds</h2>
{% for sentence in sentences(scorecard) %}
<p>{{ sentence }}</p>
{% endfor %}
{{ table(tables.verdicts(scorecard)) }}
{% endif %}
{% if pages or workflow %}
<h2>Pages</h2>
<ul>
{% for page in pages %}
<li>{{ link(page, page_title(page)) }}</li>
{% endfor %}
{% if workflow %}
<li>{{ link(workflow, "Workflow: every rule, its code, run times and captions") }}</li>
{% endif %}
</ul>
{% endif %}
{% if compare %}
<h2>Scores</h2>
<p>Success AUC (AUC) and precision at 20 pixels (DP) in percent, means over sequences; for runs with
resets the expected average overlap (EAO), accuracy (A), failures per 100 frames (R), failures, and
failures weighted by attribute. With paired 95 % intervals over source videos and seeds.
Real and synthetic videos are never averaged together.</p>
{% for benchmark, frame in tables.comparisons(compare).items() %}
<h3>{{ benchmark_title(benchmark) }}</h3>
{{ table(frame) }}
{% endfor %}
{% endif %}
{% if csv_tables or scorecard %}
<h2>Tables</h2>
{% for path in csv_tables %}
{% set vot = paper_benchmarks(path.stem) %}
<h3>{{ title(path) }}</h3>
{{ table(tables.vot(path) if vot else own_form.get(path.stem, tables.read_csv)(path)) }}
<p>{{ tables.vot_not_run(path) if vot }} {{ files(path, (".csv", ".md", ".tex")) }}</p>
{% endfor %}
{% if scorecard %}
<p>Scorecard: {{ files(scorecard, (".csv",)) }}</p>
{% endif %}
{% endif %}
{% if figures %}
<h2>Figures</h2>
{% for path in figures %}
{{ image(path, title(path), title(path) ~ ". " ~ files(path, (".pdf", ".png"))) }}
{% endfor %}
{% endif %}
<footer>dslt {{ version }}</footer>"""


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
    body = html.fill(
        BODY,
        **vars(contents) | {"csv_tables": contents.tables, "tables": tables},
        paper_benchmarks=paper_benchmarks,
        own_form={"confidence": confidence.table},
        sentences=sentences,
        version=__version__,
        relative=lambda path: Path(os.path.relpath(path, out.parent)).as_posix(),
        title=lambda path: heading(path.stem),
        page_title=_page_title,
        benchmark_title=benchmark_title,
    )
    html.write("DSLT: results", body, out)


def _page_title(page: Path) -> str:
    """Read the title of an HTML page."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DsltError(f"{page}: not a readable page ({error})") from error
    found = re.search(r"<title>(.*?)</title>", text, re.DOTALL)
    return unescape(found.group(1).strip()) if found else page.stem
