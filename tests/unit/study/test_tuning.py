"""The grid by which settings of `dslt/lite` were chosen: the same for each loss, and all here."""

from __future__ import annotations

import csv
from collections import Counter
from typing import Any

import pytest
import yaml

from dslt.core.text import merge
from dslt.settings.dslt import DsltSettings
from dslt.study.load import load_study
from dslt.study.study import Study
from places import ROOT

TUNING = ROOT / "config" / "tuning"
RATES = (5e-5, 1e-4, 2e-4)


def load(name: str) -> Study:
    files = (ROOT / "config.yaml", TUNING / name)
    values: dict[str, Any] = merge(*(yaml.safe_load(path.read_text("utf-8")) for path in files))
    return load_study(values)


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Study:
    monkeypatch.chdir(ROOT)
    return load("study.yaml")


def loss_of(settings: Any) -> tuple[str, str]:
    assert isinstance(settings, DsltSettings)
    return settings.training.loss.name, settings.training.loss.importance


def test_each_loss_has_the_same_number_of_settings(study: Study) -> None:
    counts = Counter(loss_of(cell.settings) for cell in study.cells.values())
    assert counts == dict.fromkeys(
        [
            ("shrinkage", "exp"),
            ("shrinkage", "none"),
            ("l2", "exp"),
            ("l2", "none"),
            ("l3", "none"),
            ("ohnm", "none"),
        ],
        8,
    )
    assert {name: list(cells) for name, cells in study.runs.items()} == {
        "development": list(study.cells)
    }


@pytest.mark.parametrize(
    ("overlay", "results", "benchmark", "sequences"),
    [
        ("study.yaml", "grid.csv", "development", "16"),
        ("paper.yaml", "paper_choices.csv", "development_half", "8"),
    ],
)
def test_the_results_are_those_of_the_sheet(
    monkeypatch: pytest.MonkeyPatch, overlay: str, results: str, benchmark: str, sequences: str
) -> None:
    monkeypatch.chdir(ROOT)
    with (TUNING / results).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["cell"]: row["settings"] for row in rows} == dict(load(overlay).choices)
    assert {(row["benchmark"], row["sequences"]) for row in rows} == {(benchmark, sequences)}


def test_the_study_uses_the_best_setting_of_each_loss(study: Study) -> None:
    """By mean success AUC, of the six that all losses share; the others say what else is worth."""
    with (TUNING / "grid.csv").open(newline="", encoding="utf-8") as file:
        auc = {row["cell"]: float(row["success_auc"]) for row in csv.DictReader(file)}
    default = load_study(yaml.safe_load((ROOT / "config.yaml").read_text("utf-8")))
    for name in ("dslt", "dslt_no_exp", "dslt_only_exp", "dslt_l2", "dslt_l3", "dslt_ohnm"):
        ours = default.cells[name].settings
        assert isinstance(ours, DsltSettings)
        tried = [
            cell
            for cell in study.cells.values()
            if isinstance(cell.settings, DsltSettings)
            and cell.settings.training.loss == ours.training.loss
            and cell.settings.tracking.update.adam.lr_deep in RATES
        ]
        assert len(tried) == 6
        best = max(tried, key=lambda cell: auc[cell.id])
        assert best.settings == ours, f"{name}: expected the settings of {best.id}"
