"""Read the page on which a cloud drive asks before it hands out a file that it did not scan."""

from html.parser import HTMLParser
from urllib.parse import urljoin

_QUOTA = ("quota exceeded", "too many users have viewed or downloaded")


class _Page(HTMLParser):
    """Collects the first form of a page that has hidden inputs, and the page's title."""

    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._in_title = False
        self._form: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {key: value or "" for key, value in attrs}
        self._in_title = tag == "title"
        if tag == "form" and self.action is None:
            self._form = values.get("action", "")
        hidden = tag == "input" and values.get("type", "").lower() == "hidden"
        if hidden and self._form is not None and "name" in values:
            self.action = self._form
            self.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._in_title = False
        if tag == "form":
            self._form = None

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.title += data.strip()


def page_title(html: str) -> str:
    """Give the title of a page, empty where it has none."""
    page = _Page()
    page.feed(html)
    return page.title


def over_quota(html: str) -> bool:
    """Tell whether a page says that the file was downloaded too often of late."""
    return any(words in html.lower() for words in _QUOTA)


def confirmation(html: str, url: str) -> tuple[str, dict[str, str]] | None:
    """Give what the page's button would ask for.

    Args:
        html: The page.
        url: Its address, which the form's may be relative to.

    Returns:
        Address and query of the form, or None: the page has no such form.
    """
    page = _Page()
    page.feed(html)
    if page.action is None:
        return None
    return urljoin(url, page.action), page.fields
