"""Confirm the page on which a cloud drive asks before it hands out a file that it did not scan."""

from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup

from dslt.data.downloads.answers import RefusedError, page_words

_QUOTA = ("quota exceeded", "too many users have viewed or downloaded")
_PAGE = 1 << 20  # longest page that is read, in bytes
_HIDDEN = 'input[type="hidden" i][name]'


def confirmed(answer: requests.Response) -> tuple[str, dict[str, str]]:
    """Give what a cloud drive's page would ask for if somebody pressed its button.

    Returns:
        Address and query of the page's form.

    Raises:
        RefusedError: The page has no such button, or says that the file was downloaded too often.
    """
    with answer:
        html = answer.raw.read(_PAGE, decode_content=True).decode("utf-8", "replace")
    if any(words in html.lower() for words in _QUOTA):
        raise RefusedError(
            "the drive does not hand this file out for now (too many people fetched it; its quota "
            "is used up); try again in a day, or download it with a browser where you are logged "
            "in and give its folder with --from"
        )
    form = BeautifulSoup(html, "html.parser").select_one(f"form:has({_HIDDEN})")
    if form is None:
        raise RefusedError(page_words(html))
    fields = {str(field["name"]): str(field.get("value", "")) for field in form.select(_HIDDEN)}
    return urljoin(answer.url, str(form.get("action", ""))), fields
