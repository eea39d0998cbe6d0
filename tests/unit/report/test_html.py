"""The shell of the site's pages, and the files beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from markupsafe import Markup
from PIL import Image

from dslt.core import fingerprint
from dslt.core.errors import DsltError
from dslt.report import files, html
from dslt.settings.catalog import PAGES
from dslt.settings.site import SITE, SITE_WORDS


def parsed(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(), "html.parser")


def test_the_navigation_marks_the_current_page(tmp_path):
    site = html.Site(("index", "scorecard", "data"), "scorecard")
    html.write("T", "<h1>x</h1>", tmp_path / "scorecard.html", site)
    page = parsed(tmp_path / "scorecard.html")
    links = {link["href"]: link.text for link in page.select("nav a")}
    assert links == {"index.html": "Overview", "scorecard.html": "Scorecard", "data.html": "Data"}
    assert [link["href"] for link in page.select("nav [aria-current]")] == ["scorecard.html"]
    assert page.select_one("a.skip")["href"] == f"#{page.main['id']}"
    assert page.html["lang"] == "en"


def test_a_page_in_a_folder_finds_the_site(tmp_path):
    site = html.Site(("index", "sequences"), "sequences", folder=tmp_path)
    out = tmp_path / "sequences" / "clips" / "puck.html"
    html.write("T", "x", out, site, scripts=["assets/more.js"])
    page = parsed(out)
    assert [script["src"] for script in page("script")] == [
        "../../assets/site.js",
        "../../assets/more.js",
    ]
    assert [link["href"] for link in page.select("nav a")] == [
        "../../index.html",
        "../../sequences.html",
    ]


def test_a_figure_with_a_plot_brings_what_draws_it(tmp_path):
    for folder, name in (("figures", "fig15.webp"), ("plots", "fig15.js")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (8, 6)).save(tmp_path / folder / name, "WEBP")
    path, plot = tmp_path / "figures" / "fig15.webp", tmp_path / "plots" / "fig15.js"
    for given, scripts in (
        (plot, ["assets/vega.js", "assets/plots.js", "plots/fig15.js"]),
        (None, []),
    ):
        body = html.figure(path, "Fig. 15", "curves", tmp_path, given)
        html.write("T", body, tmp_path / "x.html")
        page = parsed(tmp_path / "x.html")
        assert [script["src"] for script in page("script")][1:] == scripts
        links = [link["href"] for link in page.select("figcaption a")]
        data = ["plots/fig15.csv"] if given else []
        assert links == ["figures/fig15.pdf", *data, "sequences.html"]
        assert page.img["alt"] == "curves"
        assert page.figure["id"] == "fig15"


def test_a_table_keeps_links_and_is_named_for_screen_readers():
    frame = pd.DataFrame({"a": [Markup('<a href="x.html">&amp;</a>'), "<b>", "c"]}, dtype=object)
    text = html.table(frame, label="Scores")
    assert '<td><a href="x.html">&amp;</a></td>' in text
    assert "<td>&lt;b&gt;</td>" in text
    assert 'aria-label="Scores"' in text
    assert '<table class="sortable">' in text
    assert "sortable" not in html.table(frame[:2])


def test_assets_are_those_of_the_package_and_the_library_of_plots(tmp_path):
    written = {path.name for path in files.write_assets(tmp_path)}
    assert written == {path.name for path in fingerprint.content("report/assets")} | {files.VEGA}
    assert {path.name for path in tmp_path.iterdir()} == written
    assert "window.vegaEmbed" in (tmp_path / files.VEGA).read_text()
    assert (tmp_path / files.VEGA).stat().st_size < 1_000_000


def test_style_and_scripts_of_the_package_load_nothing_from_a_network():
    for path in fingerprint.content("report/assets"):
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert "//" not in text.replace("// ", "").replace("//\n", ""), path
        assert "fetch(" not in text.replace("fetch(video.src)", "")  # the page's own video
        assert "import" not in text.replace("!important", "")


def test_a_line_drawing_stays_exact_and_a_photograph_becomes_light(tmp_path):
    drawing = np.full((200, 300, 3), 255, np.uint8)
    drawing[50:52] = 0
    noise = np.random.default_rng(0).integers(0, 256, (900, 1200, 3), dtype=np.uint8)
    for name, pixels in (("drawing", drawing), ("noise", noise)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        files.write_picture(tmp_path / f"{name}.png", tmp_path / f"{name}.webp")
        assert (tmp_path / f"{name}.webp").stat().st_size < files.LIGHT
    with Image.open(tmp_path / "drawing.webp") as opened:
        assert (np.asarray(opened) == drawing).all()
    with pytest.raises(DsltError, match=r"gone\.png: not a readable picture"):
        files.write_picture(tmp_path / "gone.png", tmp_path / "gone.webp")


def test_content_of_a_folder_decides_its_hash(tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprint, "PACKAGE", tmp_path)
    (tmp_path / "t").mkdir()
    seen = set()
    for name, text in (("a.j2", "x"), ("a.j2", "y"), ("b.j2", "y"), ("c.py", "z")):
        (tmp_path / "t" / name).write_text(text)
        fingerprint.content_of.cache_clear()
        seen.add(fingerprint.content_of("t"))
    assert len(seen) == 3
    fingerprint.content_of.cache_clear()


def test_every_page_of_the_site_is_described():
    assert set(SITE_WORDS) == set(SITE) - {"index"}
    assert set(PAGES) < set(SITE)
