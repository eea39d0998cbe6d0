"""docs/extend.md, followed to the letter: a toy tracker and a toy figure, through the workflow."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from places import ROOT
from tiny import Repository, copy_repository

GUIDE = ROOT / "docs" / "extend.md"
BLOCK = re.compile(
    r"^`(?P<path>[^`\n]+)`(?P<place> \(new\)|, at the imports|, at the end|, in `\w+`):\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
STUDY = """\
benchmarks:
  tiny: {kind: folder, root: frames, protocol: otb, box_origin: 1}
run: {tiny: [kcf, still]}
reference_cell: kcf
quick: {benchmark: tiny, cells: [kcf]}
convergence: {run: {}}
figures: {make: [bars]}
tables: []
pages: [benchmarks]
device: cpu
"""


def follow(path: Path, place: str, text: str) -> None:
    """Do with a file what the guide says."""
    if place == " (new)":
        assert not path.exists(), f"{path.name} is there already"
        path.write_text(text, encoding="utf-8")
        return
    old = path.read_text(encoding="utf-8")
    if place == ", at the end":
        new = f"{old}{text}"
    elif place == ", at the imports":
        first = old.index("from dslt.")
        new = f"{old[:first]}{text}{old[first:]}"
    else:
        name = place.split("`")[1]
        start = re.search(rf"^{name}\b.*\{{$", old, re.MULTILINE)
        assert start, f"{path.name} has no mapping {name}"
        end = old.index("\n}", start.end()) + 1
        new = f"{old[:end]}{text}{old[end:]}"
    path.write_text(new, encoding="utf-8")


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    repository = copy_repository(tmp_path_factory.mktemp("extended"))
    for block in BLOCK.finditer(GUIDE.read_text(encoding="utf-8")):
        follow(repository.path / block["path"], block["place"], block["text"])
    (repository.path / "tiny.yaml").write_text(STUDY)
    return repository


def test_the_guide_names_all_that_is_touched() -> None:
    blocks = list(BLOCK.finditer(GUIDE.read_text(encoding="utf-8")))
    assert {(block["path"], block["place"].strip(" ,")) for block in blocks} == {
        ("src/dslt/settings/still.py", "(new)"),
        ("src/dslt/trackers/still.py", "(new)"),
        ("src/dslt/settings/registry.py", "at the imports"),
        ("src/dslt/settings/registry.py", "in `TRACKERS`"),
        ("config/trackers/still.yaml", "(new)"),
        ("config/cells.tsv", "at the end"),
        ("src/dslt/figures/bars.py", "(new)"),
        ("src/dslt/settings/catalog.py", "in `FIGURES`"),
        ("workflow/report/bars.rst", "(new)"),
    }


def test_the_additions_run_through_the_workflow(extended: Repository) -> None:
    extended.snakemake("ablation", "figures", "results/report/benchmarks.html")
    results = extended.path / "results"
    boxes = (results / "track" / "still" / "tiny" / "seed0").glob("*.txt")
    rows = [set(path.read_text().splitlines()) for path in boxes]
    assert rows
    assert all(len(found) == 1 for found in rows)  # one box in every frame
    assert (results / "compare" / "still.json").is_file()
    assert (results / "figures" / "bars.png").stat().st_size > 10_000
    assert "Success AUC as bars" in (results / "report" / "benchmarks.html").read_text()


def test_names_schema_and_verbs_follow(extended: Repository) -> None:
    words = extended.call("dslt", "figure", "--help").stdout
    assert "Success AUC of every cell as bars." in words
    extended.call(sys.executable, "tools/generate.py")
    assert "- bars\n" in (extended.path / "workflow/schemas/config.schema.yaml").read_text()
    readme = (extended.path / "config" / "README.md").read_text()
    assert "| `bars` | Success AUC as bars |" in readme
    assert "| `confidence` | Score of every frame. |" in readme
    (extended.path / "tiny.yaml").write_text(STUDY.replace("[bars]", "[barz]"))
    refused = extended.snakemake("figures", "--dry-run", check=False).stdout
    (extended.path / "tiny.yaml").write_text(STUDY)
    assert "'barz'" in refused
    assert "'bars'" in refused
