"""The entrance of the site: what was found, and where to read on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.report import found, html
from dslt.report.summary import sentences
from dslt.settings.site import SITE, SITE_WORDS


@dataclass(frozen=True)
class Card:
    """A link to a page.

    Attributes:
        file: Where it is, relative to the entrance.
        title: What it is called.
        words: What one finds there.
    """

    file: str
    title: str
    words: str


def render(pages: Sequence[str], out: Path, scorecard: Path | None = None) -> None:
    """Write the entrance.

    Args:
        pages: Pages of the site, this one first.
        out: The HTML page.
        scorecard: The scorecard, if there is one.

    Raises:
        DsltError: There is no page, or the scorecard is missing or malformed.
    """
    if not pages:
        raise DsltError(f"{out}: a site needs pages; expected --site index and others")
    cards = [Card(f"{page}.html", SITE[page], SITE_WORDS[page]) for page in pages[1:]]
    body = html.fill(
        "index",
        sentences=sentences(scorecard) if scorecard else [],
        picture=found.picture(scorecard) if scorecard else "",
        cards=cards,
    )
    html.write("Shrinkage loss: results", body, out, html.Site(tuple(pages), pages[0]))
