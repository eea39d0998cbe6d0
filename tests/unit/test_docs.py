"""The documentation: the table of deviations matches the presets, links and the index hold."""

import re
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dslt.study.cells import load_cells, load_presets
from places import ROOT

PRESETS = ("paper", "released", "lite")
RUNS = {"data", "results", "logs", "state"}
PAGES = [
    path.relative_to(ROOT)
    for path in sorted(ROOT.rglob("*.md"))
    if not {part for part in path.relative_to(ROOT).parts if part[0] == "." or part in RUNS}
]


def flat(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def test_the_table_of_deviations_is_that_of_the_presets():
    presets = load_presets(ROOT / "config" / "trackers" / "dslt.yaml")
    assert set(presets) == set(PRESETS)
    settings = [dict(flat(presets[name])) for name in PRESETS]
    values = {key: tuple(preset[key] for preset in settings) for key in settings[0]}
    differing = {key: row for key, row in values.items() if any(v != row[0] for v in row)}

    text = (ROOT / "docs" / "deviations.md").read_text(encoding="utf-8")
    table = text.partition("| key | paper | released | lite | why |\n|---|---|---|---|---|\n")[2]
    documented = {}
    for line in table.partition("\n\n")[0].splitlines():
        key, *cells, why = (cell.strip() for cell in line.strip("|").split("|"))
        key = key.strip("`")
        assert key not in documented, f"{key} stands there twice"
        assert why, f"{key}: no reason"
        documented[key] = tuple(yaml.safe_load(cell.strip("`")) for cell in cells)
    assert documented == differing


def anchors(path):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    words = [re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading).lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", one).replace(" ", "-") for one in words}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_relative_links_resolve(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            there = ROOT / page.parent / file if file else ROOT / page
            if not there.exists() or (anchor and anchor not in anchors(there)):
                broken.append(target)
    assert not broken


def test_rows_of_the_sheet_that_a_page_shows_can_be_used(tmp_path):
    rows = [
        line.strip(" ")
        for page in PAGES
        for line in (ROOT / page).read_text(encoding="utf-8").splitlines()
        if line.count("\t") > 2
    ]
    assert len(rows) > 3
    head = (ROOT / "config" / "cells.tsv").read_text(encoding="utf-8").splitlines()[0]
    sheet = tmp_path / "cells.tsv"
    for row in rows:
        sheet.write_text(f"{head}\n{row}\n", encoding="utf-8")
        known = row.split("\t")[2].startswith("still/")  # the tracker that docs/extend.md adds
        if not known:
            assert list(load_cells(sheet, ROOT / "config" / "trackers")) == [row.split("\t")[0]]


def test_the_table_of_power_is_that_of_the_simulation():
    text = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    table = text.partition("| source videos | a false verdict in")[2].partition("\n\n")[0]
    kept = pd.read_csv(ROOT / "docs" / "false_verdicts.csv")
    kept = kept[~kept["shape"].str.contains("lost target")]
    columns = ("false_family", "power_one", "power_one_of_four")
    found = {
        name.split()[0] + ("c" if "clips" in name else ""): tuple(
            tuple(float(end) for end in re.findall(r"[\d.]+", cell)) for cell in cells
        )
        for name, *cells in (
            [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
        )
    }
    for (videos, sequences), rows in kept.groupby(["videos", "sequences"]):
        ends = found.pop(f"{videos}{'c' if sequences > videos else ''}")
        for column, shown, digits in zip(columns, ends, (1, 0, 0), strict=True):
            low, high = 100 * rows[column].min(), 100 * rows[column].max()
            assert shown == pytest.approx((low, high), abs=0.5 * 10**-digits + 1e-9), column
    assert not found


def test_pages_that_the_code_names_are_there():
    named = {
        (path.relative_to(ROOT).as_posix(), page)
        for path in (ROOT / "src").rglob("*.py")
        for page in re.findall(r"[\w./-]+\.md\b", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 5
    places = (ROOT, ROOT / "docs")
    assert {
        (path, page) for path, page in named if not any((place / page).exists() for place in places)
    } == set()


def test_every_page_is_in_the_index():
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in PAGES if page.parent == Path("docs")} - {"README.md"}
    assert {name for name in pages if f"]({name})" not in index} == set()
