"""What must hold for every finished site: links that resolve, weights, nothing from a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from dslt.report import html

PICTURE, WHOLE, FIRST = 1_000_000, 15_000_000, 2_000_000  # bytes
VIDEOS = (".webm", ".mp4")


def links(page: BeautifulSoup) -> Iterator[str]:
    """Everything that a page loads or leads to."""
    for name in ("href", "src", "poster"):
        yield from (element[name] for element in page.find_all(attrs={name: True}))


def broken(folder: Path) -> list[str]:
    """Links of pages to files or places that the folder does not have."""
    found = []
    pages = {path: BeautifulSoup(path.read_text(), "html.parser") for path in pages_of(folder)}
    for path, page in pages.items():
        for link in links(page):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = path if not parts.path else (path.parent / unquote(parts.path)).resolve()
            fine = target.is_file() and target.is_relative_to(folder.resolve())
            place = parts.fragment and "=" not in parts.fragment  # else it is for a page's script
            if fine and place and target.resolve() in pages:
                fine = pages[target.resolve()].find(id=unquote(parts.fragment)) is not None
            if not fine:
                found.append(f"{path.relative_to(folder)}: {link}")
    return found


def pages_of(folder: Path) -> list[Path]:
    """The pages."""
    return sorted(folder.resolve().rglob("*.html"))


def check_site(folder: Path) -> None:
    """Assert all that holds for every site."""
    folder = folder.resolve()
    assert pages_of(folder)
    assert broken(folder) == []
    for path in pages_of(folder):
        text = path.read_text()
        html.check_offline(text, path)
        page = BeautifulSoup(text, "html.parser")
        assert len(page("h1")) == 1, path
        assert page.title.text.strip(), path
        assert all(image.get("alt") for image in page("img")), path
        ids = [element["id"] for element in page.find_all(id=True)]
        assert len(ids) == len(set(ids)), path
        assert not any(link.startswith("data:") for link in links(page)), path
    files = [path for path in folder.rglob("*") if path.is_file()]
    sizes = {path: path.stat().st_size for path in files if path.suffix not in VIDEOS}
    pictures = [path for path in sizes if path.suffix in (".png", ".webp", ".jpg", ".svg")]
    assert [path.name for path in pictures if sizes[path] > PICTURE] == []
    assert sum(sizes.values()) <= WHOLE
    first = folder / "index.html"
    loading = BeautifulSoup(first.read_text(), "html.parser")(["script", "link", "img"])
    loaded = {folder / (element.get("src") or element["href"]) for element in loading}
    assert sum(sizes[path] for path in {first, *loaded}) < FIRST
