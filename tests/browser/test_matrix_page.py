"""The matrix: numbers of the score files, filters, order, and links."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from made_site import ATTRIBUTES, LABELS


def texts(page: Any, selector: str) -> list[str]:
    return [
        text.strip() for text in page.locator(f"[data-is=matrix] {selector}").all_text_contents()
    ]


def rows(page: Any) -> list[str]:
    return texts(page, "tbody th a")


def columns(page: Any) -> list[str]:
    return texts(page, "thead th.number")


def choose(page: Any, **values: str) -> None:
    for name, label in values.items():
        page.locator(f"[data-is={name}]").select_option(label=label)


def score(site: Path, cell: str, sequence: str, seed: int = 0) -> str:
    path = site.parent / "score" / cell / "made" / f"seed{seed}.json"
    return f"{100 * json.loads(path.read_text())['sequences'][sequence]['success_auc']:.1f}"


def test_the_numbers_are_those_of_the_score_files(opened: Any, site: Path) -> None:
    page = opened("sequences.html")
    assert rows(page) == list(ATTRIBUTES)
    assert columns(page) == list(LABELS.values())
    choose(page, seed="0")
    found = [texts(page, f"tbody tr:nth-child({i + 1}) td") for i in range(2)]
    assert found == [[score(site, cell, name) for cell in LABELS] for name in ATTRIBUTES]


def test_filters_leave_rows_and_columns(opened: Any, site: Path) -> None:
    page = opened("sequences.html")
    choose(page, attribute="FM: fast motion")
    assert rows(page) == ["beta"]
    choose(page, attribute="all", loss="l2")
    assert (rows(page), columns(page)) == (list(ATTRIBUTES), ["L2"])
    choose(page, loss="all", seed="1")
    assert columns(page) == ["SiamFC (BCE)"]
    assert texts(page, "tbody td") == [score(site, "siamfc_bce", name, 1) for name in ATTRIBUTES]
    choose(page, benchmark="made_vot")
    assert rows(page) == ["turning"]
    choose(page, metric="failures")
    assert texts(page, "tbody td") == ["1.0"]
    page.reload()  # what is chosen stands in the address
    assert (rows(page), texts(page, "tbody td")) == (["turning"], ["1.0"])


def test_a_link_may_ask_for_some_trackers(opened: Any) -> None:
    page = opened("sequences.html#benchmark=made&cells=dslt_l2&cells=Shrinkage")
    assert columns(page) == ["Shrinkage", "L2"]
    page.reload()
    assert columns(page) == ["Shrinkage", "L2"]
    page.get_by_role("button", name="All trackers").click()
    assert columns(page) == list(LABELS.values())
    assert page.get_by_role("button", name="All trackers").is_hidden()


def test_a_click_on_a_heading_sorts(opened: Any) -> None:
    page = opened("sequences.html")
    for _ in range(2):
        page.get_by_role("button", name="Shrinkage").click()
        found = [float(text) for text in texts(page, "tbody td:nth-child(2)")]
        falling = page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
        assert found == sorted(found, reverse=falling)
    choose(page, seed="0")  # the order stays
    assert page.locator("th[aria-sort]").inner_text() == "Shrinkage"


def test_a_number_leads_to_its_sequence_and_tracker(opened: Any) -> None:
    page = opened("sequences.html")
    choose(page, seed="1")
    page.locator("[data-is=matrix] tbody td a").first.click()
    page.locator("h1", has_text="alpha").wait_for()
    assert page.locator("tr[data-cell=siamfc_bce] input").is_checked()
    assert not page.locator("tr[data-cell=dslt] input").is_checked()
    assert page.locator("[data-is=seed]").input_value() == "1"
    page.get_by_role("link", name="beta").click()
    page.locator("h1", has_text="beta").wait_for()
