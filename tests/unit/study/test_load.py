"""The study of a folder, as the verbs that plan and publish read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from dslt.core.errors import DsltError
from dslt.study.load import load_study, read_study
from places import ROOT


def test_in_a_checkout_it_is_the_default_study(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    known = load_study(yaml.safe_load(Path("config.yaml").read_text()))
    assert read_study([]).settings == known.settings


def test_a_deployed_folder_is_laid_over_the_default_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    deployed = tmp_path / "config" / "config.yaml"
    deployed.write_text("unit_size: 3\ntraining: {validation: null}\n")
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("training: {validation: {frames: 5}}\n")
    monkeypatch.chdir(tmp_path)
    default = yaml.safe_load((ROOT / "config.yaml").read_text())
    settings = read_study([]).settings
    assert (settings.unit_size, settings.training.validation) == (3, None)
    assert settings.reference_cell == default["reference_cell"]
    found = read_study([str(overlay)]).settings.training.validation
    assert found is not None
    assert found.frames == 5
    assert found.seed == default["training"]["validation"]["seed"]
    Path("config.yaml").write_text("unit_size: 4\n")  # before the other
    assert read_study([]).settings.unit_size == 4


def test_a_folder_without_a_configuration_is_no_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DsltError, match=r"^config\.yaml: no such file of definitions"):
        read_study([])
