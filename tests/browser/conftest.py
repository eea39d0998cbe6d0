"""A browser, and the site of made data in a folder and on a local server.

`CHROMIUM` names the browser, else one that is installed is taken; `AXE` names axe-core's script.
Tests are skipped where a browser, the package playwright or the script is not there; where
`CHROMIUM` is set, a browser that does not start is an error. `.ci/browser` installs all three.
`SITE` names the site of a study that has run, to see every page of it in place of the made ones:
`SITE=results/report pytest -n 0 tests/browser/test_every_page.py -k "loads or accessible or holds"`
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from made_site import WIDE, write_site

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class _Quiet(SimpleHTTPRequestHandler):
    """The server of Python's own, which cannot send parts of a file."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless browser."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)}, and CHROMIUM is not set")
    if "CHROMIUM" not in os.environ:
        pytest.importorskip("playwright", reason="the package playwright is not installed")
    from playwright import sync_api as play

    with play.sync_playwright() as driver:
        sandbox = os.geteuid() != 0  # which a browser refuses to root
        started = driver.chromium.launch(executable_path=path, chromium_sandbox=sandbox)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, made where there is a browser and `SITE` names none."""
    if "SITE" in os.environ:
        return Path(os.environ["SITE"]).resolve()
    return write_site(tmp_path_factory.mktemp("made"), stories=True)


@pytest.fixture(scope="session", params=["file", "http"])
def address(request: pytest.FixtureRequest, site: Path) -> Iterator[str]:
    """Where the site is."""
    if request.param == "file":
        yield site.as_uri()
        return
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Any]:
    """A function that opens a page of the site; what goes wrong on a page fails the test."""
    contexts, wrong = [], []

    def see(path: str, size: dict[str, int] = WIDE, scheme: str = "light") -> Any:
        context = browser.new_context(viewport=size, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)  # a shared machine may be slow
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", fail)
        page.on("request", lambda asked: wrong.append(asked.url) if outside(asked.url) else 0)
        page.goto(f"{address}/{path}")
        return page

    def fail(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the page was left before its icon was there
            wrong.append(f"{request.url}: {request.failure}")

    def outside(url: str) -> bool:
        return not url.startswith((address, "data:", f"blob:{address}"))

    yield see
    for context in contexts:
        context.close()
    assert wrong == []
