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


def rows_of(name: str) -> list[dict[str, str]]:
    with (TUNING / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("overlay", "results", "sizes"),
    [
        ("study.yaml", "grid.csv", {"development": "16"}),
        ("paper.yaml", "paper_choices.csv", {"development_half": "8"}),
        ("lite.yaml", "lite.csv", {"development": "16"}),
        ("shared.yaml", "shared.csv", {"development": "16", "synthetic_development": "10"}),
    ],
)
def test_the_results_are_those_of_the_sheet(
    monkeypatch: pytest.MonkeyPatch, overlay: str, results: str, sizes: dict[str, str]
) -> None:
    monkeypatch.chdir(ROOT)
    rows = rows_of(results)
    for benchmark, sequences in sizes.items():
        own = [row for row in rows if row["benchmark"] == benchmark]
        assert {row["cell"]: row["settings"] for row in own} == dict(load(overlay).choices)
        assert {row["sequences"] for row in own} == {sequences}
    assert {row["benchmark"] for row in rows} == set(sizes)


def test_paper_has_the_moves_by_which_both_losses_gain_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    auc: dict[str, list[float]] = {}
    for row in rows_of("shared.csv"):
        auc.setdefault(row["cell"], []).append(float(row["success_auc"]))
    means = {cell: sum(values) / 2 for cell, values in auc.items()}
    moves = {cell.removeprefix("paper_l2_") for cell in means if "_l2_" in cell}
    moves -= {"chosen", "side_prior_high"}

    def gain(loss: str, move: str) -> float:
        return means[f"paper_{loss}_{move}"] - means[f"paper_{loss}_chosen"]

    best = sorted(moves, key=lambda move: -min(gain("shrinkage", move), gain("l2", move)))[:2]
    assert set(best) == {"side_high", "prior_high"}
    for loss in ("shrinkage", "l2"):
        assert gain(loss, "side_prior_high") > max(gain(loss, move) for move in best)
        chosen = load("shared.yaml").cells[f"paper_{loss}_side_prior_high"].settings
        assert isinstance(chosen, DsltSettings)
        default = load_study(yaml.safe_load((ROOT / "config.yaml").read_text("utf-8")))
        name = {"shrinkage": "dslt_paper", "l2": "dslt_paper_l2"}[loss]
        assert chosen == default.cells[name].settings


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
