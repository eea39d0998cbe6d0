"""Read what servers answer: failures that pass or last, pages, versions, lengths."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

import requests
import urllib3
from bs4 import BeautifulSoup

from dslt.core.errors import quote

_PASSING = {408, 425, 429}  # and every 5xx: a later try may get the file
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
_HTML = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*"
    rb"<(!doctype html|html|head|body|title|meta|script)\b",
    re.IGNORECASE | re.DOTALL,
)
_POINTER = b"version https://git-lfs.github.com/spec/"
_PAGES = (".html", ".htm")


class AgainError(Exception):
    """A try failed in a way that the next may not.

    Attributes:
        after: Seconds that the server asked to wait.
    """

    def __init__(self, reason: str, after: float = 0) -> None:
        super().__init__(reason)
        self.after = after


class RefusedError(Exception):
    """An address does not have the file."""


@contextmanager
def network_errors() -> Iterator[None]:
    """Sort errors of the network into passing and lasting ones.

    Raises:
        AgainError: One that may pass.
        RefusedError: One that will not.
    """
    try:
        yield
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise RefusedError(f"its certificate is not trusted here ({error})") from error
        raise AgainError(f"the connection failed ({error})") from error
    except requests.RequestException as error:
        raise RefusedError(f"it cannot be asked for ({error})") from error


def check_status(answer: requests.Response) -> None:
    """Pass 200 and 206.

    Raises:
        AgainError: The server is busy or broken.
        RefusedError: It does not hand the file out.
    """
    code = answer.status_code
    if code in (200, 206):
        return
    words = f"the server answered {code} {answer.reason or ''}".rstrip()
    if code in _PASSING or code >= 500:
        raise AgainError(words, _seconds(answer.headers.get("Retry-After")))
    if code in (401, 403):
        words += " (a login or an agreement?); download it by hand and give its folder with --from"
    raise RefusedError(words)


def check_no_page(answer: requests.Response, start: bytes, name: str | os.PathLike[str]) -> None:
    """Refuse a web page, or a pointer of Git LFS, where another kind of file was asked for.

    Args:
        answer: The answer.
        start: Its first bytes.
        name: Name of the file.

    Raises:
        RefusedError: It is a page or a pointer.
    """
    if start.startswith(_POINTER):
        raise RefusedError("a pointer of Git LFS came instead of the file")
    wanted = PurePosixPath(name).suffix.lower() in _PAGES
    if not wanted and (is_page(answer) or _HTML.match(start)):
        raise RefusedError(page_words(start.decode("utf-8", "replace")))


def page_words(html: str) -> str:
    """Say that a page came, by its title."""
    title = BeautifulSoup(re.sub(r"^\s*<\?xml[^>]*>", "", html), "html.parser").title
    words = title.get_text(strip=True) if title else ""
    named = f" called {quote(words)}" if words else ""
    return (
        f"a web page{named} came instead of the file (a login?); open the address in a browser, "
        "download the file by hand, and give its folder with --from"
    )


def is_page(answer: requests.Response) -> bool:
    """Tell whether an answer calls itself a web page."""
    kind = answer.headers.get("Content-Type", "").lower()
    return kind.startswith(("text/html", "application/xhtml"))


def validator_of(answer: requests.Response) -> str | None:
    """Give what tells this version of the file from others; weak tags do not."""
    tag = answer.headers.get("ETag")
    return tag if tag and tag.startswith('"') else answer.headers.get("Last-Modified")


def stated_length(answer: requests.Response) -> int | None:
    """Give the length of the body in bytes, None where it is not stated."""
    return _number(answer.headers.get("Content-Length"))


def stated_range(answer: requests.Response) -> tuple[int | None, int | None]:
    """Give the number of the first byte of a part, and the length of the whole file."""
    found = _RANGE.match(answer.headers.get("Content-Range", ""))
    return (_number(found[1]), _number(found[2])) if found else (None, None)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


def _seconds(text: str | None) -> float:
    """Give the seconds that `Retry-After` asks for, as a number or by a date."""
    try:
        return urllib3.Retry().parse_retry_after(text or "")
    except urllib3.exceptions.InvalidHeader:
        return 0
