"""The documentation: the table of deviations matches the presets, links and the index hold."""

import re
from pathlib import Path

import pytest
import yaml

from dslt.study.cells import load_presets
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


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_relative_links_resolve(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    broken = [
        target
        for target in targets
        if not re.match(r"[a-z]+:|#", target)
        and not (ROOT / page.parent / target.partition("#")[0]).exists()
    ]
    assert not broken


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
