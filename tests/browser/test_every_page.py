"""Every page of the site: no errors, no request elsewhere, no overflow, accessible."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from dslt.settings.site import SITE
from made_site import LABELS, NARROW, WIDE
from site_checks import check_site

MADE = sorted(
    [
        *(f"{page}.html" for page in SITE),
        "sequences/made/alpha.html",
        "sequences/made/beta.html",
        "sequences/made_vot/turning.html",
    ]
)


def pages_of(site: Path) -> list[str]:
    return sorted(path.relative_to(site).as_posix() for path in site.rglob("*.html"))


PAGES = pages_of(Path(os.environ["SITE"])) if "SITE" in os.environ else MADE


def test_these_are_all_pages(site: Path) -> None:
    assert pages_of(site) == PAGES != []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("path", PAGES)
def test_loads_and_fits(opened: Any, path: str, size: dict[str, int]) -> None:
    page = opened(path, size)
    page.wait_for_load_state("networkidle")
    assert page.locator("h1").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0
    boxes = [handle.bounding_box() for handle in page.locator("button:visible").all()]
    assert all(box["x"] >= 0 and box["width"] > 0 for box in boxes)
    for plot in page.locator("figure .vega").all():  # drawn when it comes near
        plot.scroll_into_view_if_needed()
        plot.locator("canvas, svg").first.wait_for()


def test_holds_what_every_site_does(site: Path) -> None:
    check_site(site)


@pytest.mark.parametrize("address", ["file"], indirect=True)  # the page is the same elsewhere
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_is_accessible(opened: Any, path: str, scheme: str) -> None:
    axe = os.environ.get("AXE")
    if axe is None:
        pytest.skip("AXE does not name the script of axe-core")
    page = opened(path, WIDE, scheme)
    page.wait_for_load_state("networkidle")
    page.add_script_tag(path=axe)
    found = page.evaluate("axe.run(document, {preload: false, resultTypes: ['violations']})")
    serious = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_the_legend_of_a_plot_switches_cells_off(opened: Any) -> None:
    page = opened("benchmarks.html")
    plot = page.locator("figure#fig08")
    plot.locator(".vega svg, .vega canvas").first.wait_for()
    before = plot.locator(".vega").first.screenshot()
    button = plot.locator(".legend").get_by_role("button", name="L2")
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    page.wait_for_timeout(500)
    assert plot.locator(".vega").first.screenshot() != before


def test_a_plot_tells_cell_and_value_under_the_pointer(opened: Any) -> None:
    page = opened("benchmarks.html")
    canvas = page.locator("figure#fig08 .vega canvas").first
    canvas.wait_for()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tip = page.locator("#vg-tooltip-element.visible")
    for part in range(4, 96, 2):  # a vertical line through the curves
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + part / 100 * box["height"])
        page.wait_for_timeout(20)
        if tip.count():
            break
    text = tip.inner_text()
    assert any(label in text for label in LABELS.values())
    assert re.search(r"seed \d|mean of \d seeds", text)
    assert re.search(r"\d\.\d|\d %|\d\d", text)


def test_a_plot_fills_its_panel_after_it_was_hidden(opened: Any) -> None:
    page = opened("benchmarks.html")
    plot = page.locator("figure#fig08")
    canvas = plot.locator(".vega canvas").first
    canvas.wait_for()
    for change in ("theme", "size"):
        plot.get_by_role("button", name="As printed").click()
        if change == "theme":
            page.get_by_role("button", name="Dark").click()
        else:
            page.set_viewport_size({"width": 1200, "height": 800})
        page.wait_for_timeout(300)
        plot.get_by_role("button", name="Interactive").click()
        page.wait_for_function(
            "() => { const place = document.querySelector('figure#fig08 .vega');"
            " const canvas = place.querySelector('canvas');"
            " return canvas && canvas.clientWidth > 0.9 * place.clientWidth; }"
        )


def test_headings_of_a_table_are_printed_and_controls_are_not(opened: Any) -> None:
    page = opened("sequences.html")
    heading = page.locator("[data-is=matrix] thead button").first
    page.emulate_media(media="print")
    assert heading.inner_text() == "Sequence"
    assert heading.is_visible()
    assert not page.locator("button.theme").is_visible()


def test_a_table_sorts_numbers_of_every_form(opened: Any) -> None:
    page = opened("sequences.html")
    found = page.evaluate(
        """() => {
          const texts = ["0.04", "1e-05", "–", "+2.5", "-3", "< 0.5", "1.5E+2"];
          const table = document.createElement("table");
          const row = (text) => `<tr><td>${text.replace("<", "&lt;")}</td></tr>`;
          const body = `<tbody>${texts.map(row).join("")}</tbody>`;
          table.innerHTML = `<thead><tr><th>N</th></tr></thead>${body}`;
          dslt.makeSortable(table);
          table.querySelector("button").click();
          return [...table.tBodies[0].rows].map((one) => one.textContent);
        }"""
    )
    assert found == ["-3", "1e-05", "0.04", "< 0.5", "+2.5", "1.5E+2", "–"]


def test_a_row_of_the_data_leads_to_its_sequence(opened: Any) -> None:
    page = opened("data.html")
    page.get_by_role("link", name="alpha").click()
    page.locator("h1", has_text="alpha").wait_for()


def test_dark_and_light_can_be_switched(opened: Any) -> None:
    page = opened("sequences.html")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before
