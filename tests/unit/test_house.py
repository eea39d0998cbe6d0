"""The plan of the house: what may import what, how large a room is, names that are used once."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from dslt.settings.base import json_schema, models_in, notes
from dslt.settings.catalog import FIGURES, PAGES, TABLES
from dslt.settings.registry import TRACKERS
from dslt.study.settings import StudySettings
from places import ROOT

SOURCE = ROOT / "src" / "dslt"
MODULES = sorted(SOURCE.rglob("*.py"))


def test_imports_go_downward_only_and_in_no_circle() -> None:
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_loose() -> None:
    loose = {path.name for path in SOURCE.glob("*.py")}
    assert loose == {"__init__.py", "__main__.py", "cli.py"}
    assert {path.name for path in (SOURCE / "data").glob("*.py")} == {"__init__.py"}


def test_tests_mirror_the_rooms() -> None:
    rooms = {path.relative_to(SOURCE) for path in SOURCE.rglob("*") if path.is_dir()}
    unit = ROOT / "tests" / "unit"
    folders = {path.relative_to(unit) for path in unit.rglob("*") if path.is_dir()}
    assert {folder for folder in folders if folder.name != "__pycache__"} <= rooms


@pytest.mark.parametrize(
    ("files", "most"),
    [(MODULES, 300), (sorted((ROOT / "workflow").rglob("*.smk")), 120)],
    ids=["modules", "rules"],
)
def test_no_file_is_too_long(files: list[Path], most: int) -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: count for name, count in lines.items() if count > most} == {}


def test_no_two_classes_have_one_name() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path.relative_to(SOURCE)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_nothing_asks_what_class_settings_are_of() -> None:
    allowed = {SOURCE / "trackers" / "make.py", *(SOURCE / "settings").rglob("*.py")}
    asking = re.compile(r"isinstance\(.*Settings")
    assert [p for p in MODULES if p not in allowed and asking.search(p.read_text("utf-8"))] == []


def properties(schema: dict[str, object], at: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Every property of a JSON schema, those of its definitions included."""
    for key, value in schema.items():
        if key == "properties":
            assert isinstance(value, dict)
            yield from ((f"{at}.{name}", values) for name, values in value.items())
        if isinstance(value, dict):
            yield from properties(value, f"{at}.{key}")


def test_every_key_of_the_configuration_is_described() -> None:
    found = dict(properties(json_schema(StudySettings)))
    assert len(found) > 80
    bare = [name for name, values in found.items() if len(str(values.get("description", ""))) < 8]
    assert bare == []


@pytest.mark.parametrize("tracker", TRACKERS)
def test_every_key_of_a_tracker_is_described(tracker: str) -> None:
    waiting, lacking = [TRACKERS[tracker].settings], []
    while waiting:
        model = waiting.pop()
        for name, field in model.model_fields.items():
            inner = models_in(field.annotation)
            waiting += inner
            if not inner and len(notes(model).get(name, "")) < 8 and name != "tracker":
                lacking.append(f"{model.__name__}.{name}")
    assert lacking == []


@pytest.mark.parametrize("tracker", TRACKERS)
def test_the_registry_names_code_that_is_there(tracker: str) -> None:
    entry = TRACKERS[tracker]
    for role in ("tracker", "network", "task", "pairs", "first_frame", "lanes"):
        if getattr(entry, role):
            assert callable(entry.load(role))
    assert entry.settings.model_fields["tracker"].annotation.__args__ == (tracker,)  # type: ignore[union-attr]
    assert bool(entry.network) == bool(entry.task) == bool(entry.pairs) == entry.offline
    if entry.learns != "never":
        training = entry.settings.model_fields["training"].annotation
        assert training.tracker == tracker  # type: ignore[union-attr]


def test_reading_registry_and_catalog_needs_no_torch() -> None:
    code = (
        "import sys, dslt.settings.registry, dslt.settings.catalog, dslt.study.load;"
        "print(*({'torch', 'cv2', 'matplotlib', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_row_of_the_catalog_has_its_module_and_its_caption() -> None:
    captions = {path.stem for path in (ROOT / "workflow" / "report").glob("*.rst")}
    assert {*FIGURES, *TABLES} <= captions
    for name, entry in FIGURES.items():
        path = ROOT.joinpath("src", *entry.module.split(".")).with_suffix(".py")
        assert path.is_file(), name
        assert set(entry.pages) <= set(PAGES), name
    for name, table in TABLES.items():
        assert set(table.pages) <= set(PAGES), name
