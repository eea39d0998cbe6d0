"""The scorer gives what independent programs give for the files of the golden set."""

from __future__ import annotations

import filecmp
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import golden_data
import numpy as np
import pytest
from click.testing import CliRunner
from make_golden import CASES, DATA, EXPECTED, read_pairs, slow_values

from dslt.commands.score import command
from dslt.geometry.regions import box_corners, overlaps

RECORD = json.loads(EXPECTED.read_text(encoding="utf-8"))
# By program. In vot-toolkit errors of rounding move single pixels.
TOLERANCE = {"slow": 1e-9, "got10k": 1e-9, "vot-toolkit": 2e-5}
RULES = {"raster": ("raster", "edges"), "pixels": ("raster", "pixels"), "polygon": ("polygon",)}


def leaves(tree: object, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a tree by their place, without the places that are left empty."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}/{key}")
    elif isinstance(tree, list):
        for place, value in enumerate(tree):
            yield from leaves(value, f"{path}/{place}")
    elif tree is not None:
        yield path, tree


def assert_same(found: object, expected: object, tolerance: float) -> None:
    there = dict(leaves(found))
    for place, value in leaves(expected):
        assert there[place] == pytest.approx(value, rel=0, abs=tolerance), place


def tolerance_of(program: str) -> float:
    return next(value for name, value in TOLERANCE.items() if program.startswith(name))


@cache
def scored(name: str, folder: Path) -> dict:
    """Score a case as a user does."""
    case, out = CASES[name], folder / "scores.json"
    arguments = [
        *("--benchmark", case["benchmark"], "--annotations", str(DATA / case["annotations"])),
        *("--results", str(DATA / case["results"]), "--box-origin", str(case["origin"])),
        *(word for sequence in case["sequences"] for word in ("--sequence", sequence)),
        *("--alternatives", "--json", str(out)),
    ]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_scores_are_those_of_independent_programs(name, tmp_path):
    found = scored(name, tmp_path)
    assert list(found["sequences"]) == CASES[name]["sequences"]
    for program, expected in RECORD["cases"][name].items():
        assert_same(found, expected, tolerance_of(program))


def test_overlaps_are_those_of_independent_programs():
    pairs = read_pairs(DATA)
    for rule, arguments in RULES.items():
        found = [one_overlap(*pair, *arguments) for pair in pairs]
        for program, expected in RECORD["pairs"].items():
            assert_same(found, expected.get(rule), tolerance_of(program))


def one_overlap(
    one: tuple, other: tuple, size: tuple, rule: str, rectangles: str = "edges"
) -> float:
    regions = []
    for values in (one, other):
        box = len(values) == 4
        row = np.array([values])
        regions += [box_corners(row) if box else row.reshape(1, -1, 2), [box]]
    return float(overlaps(*regions, rule=rule, rectangles=rectangles, size=size)[0])


def test_the_slow_scorer_still_says_so():
    found = slow_values(DATA)
    for name in CASES:
        assert_same(found["cases"][name], RECORD["cases"][name]["slow scorer"], 1e-11)
    assert_same(found["pairs"], RECORD["pairs"]["slow scorer"], 1e-11)


def test_the_files_can_be_made_again(tmp_path):
    golden_data.write(tmp_path)
    names = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(names) == sorted(
        path.relative_to(DATA) for path in DATA.rglob("*") if path.is_file()
    )
    assert filecmp.cmpfiles(tmp_path, DATA, names, shallow=False)[1:] == ([], [])


def test_every_program_has_its_say():
    """What got lost from the expected values would not fail anything."""
    counts = {}
    for programs in [*RECORD["cases"].values(), RECORD["pairs"]]:
        for program, values in programs.items():
            counts[program] = counts.get(program, 0) + len(list(leaves(values)))
    assert RECORD["cases"].keys() == CASES.keys()
    assert set(counts) == {"slow scorer", "got10k 0.1.3", "vot-toolkit 0.9.0"}
    assert min(counts.values()) > 100
