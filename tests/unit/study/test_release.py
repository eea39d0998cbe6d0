"""The folder of a published network."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dslt.data.downloads.models import SUMS, read_sums
from dslt.networks import saved
from dslt.settings.identity import RELEASED
from dslt.study import release


def write_model(net: Any, header: Any, folder: Path, *, released: bool) -> None:
    folder.mkdir(exist_ok=True)
    for name in (RELEASED, "model.json"):
        (folder / name).write_text(name)


def test_what_an_earlier_run_left_is_not_signed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(saved, "read_model", lambda *_: None)
    monkeypatch.setattr(saved, "write_model", write_model)
    monkeypatch.setattr(release, "box_files", lambda *_: [])
    monkeypatch.setattr(release, "_scores", lambda _: {})
    trained, folder = Path("results/train/net/seed0"), Path("zoo")
    for place, names in (
        (trained, ("log.csv", "validation.csv")),
        (folder, ("template.onnx", "search.onnx", "mine.txt")),
    ):
        place.mkdir(parents=True)
        for name in names:
            (place / name).write_text(name)
    cell = SimpleNamespace(id="net", offline="settings")
    made: Any = SimpleNamespace(cell=cell, seed=0, trained="net", header={})
    study: Any = None
    names, error = release.write_files(study, made, folder, onnx=False)
    release.write_sums(folder, names)
    assert error is None
    assert {path.name for path in folder.iterdir()} == {*names, "mine.txt", SUMS}
    assert set(read_sums(folder / SUMS)) == set(names)
