"""Cells with moved constants: what is made of them, and what decides their comparison."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml

from dslt.core.errors import DsltError
from dslt.study.load import load_study
from dslt.study.sensitivity import compared, sensitivity_key, sensitivity_scores
from places import ROOT

LOW = {"dslt/lite": {"rate_low": "tracking.scale.rate=0.3; tracking.update.every=2"}}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    values: dict[str, Any] = yaml.safe_load(Path("config.yaml").read_text())
    values["sensitivity"] = {
        "pairs": [["dslt", "dslt_l2"], ["dslt", "dslt_mul"]],
        "benchmarks": ["clips", "synthetic"],
        "changes": LOW,
    }
    return values


def test_both_cells_of_a_pair_are_changed_and_run_nowhere_else(configured: dict[str, Any]) -> None:
    study = load_study(configured)
    for name in ("dslt", "dslt_l2", "dslt_mul"):
        cell, moved = study.cells[name], study.cells[f"{name}__rate_low"]
        assert moved.training_json() == cell.training_json()
        assert moved.settings.tracking.scale.rate == 0.3  # type: ignore[attr-defined]
        assert moved.settings.tracking.update.every == 2  # type: ignore[attr-defined]
        assert moved.id not in study.cells_run
    assert compared(study) == {
        "clips": (
            ("dslt", "dslt_l2"),
            ("dslt__rate_low", "dslt_l2__rate_low"),
            ("dslt", "dslt_mul"),
            ("dslt__rate_low", "dslt_mul__rate_low"),
        ),
        "synthetic": (
            ("dslt", "dslt_l2"),
            ("dslt__rate_low", "dslt_l2__rate_low"),
            ("dslt", "dslt_mul"),
            ("dslt__rate_low", "dslt_mul__rate_low"),
        ),
    }
    scores = sensitivity_scores(study)
    assert len(scores) == len(set(scores)) == 12
    assert "results/score/dslt_mul__rate_low/clips/seed0.json" in scores


def test_the_default_study_names_pairs_of_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    study = load_study(yaml.safe_load(Path("config.yaml").read_text()))
    pairs = set(study.settings.sensitivity.pairs)
    claimed = {
        (row["better"], row["worse"])
        for row in csv.DictReader(Path("config/paper/pairs.csv").read_text().splitlines())
        if not row["claim"].startswith(("t1-", "t2-"))  # of runs with resets
        and {"clips", "synthetic"} <= set(study.benchmarks_of(row["better"]))
        and {"clips", "synthetic"} <= set(study.benchmarks_of(row["worse"]))
    }
    assert pairs <= claimed
    assert claimed - pairs == {("dslt", "dslt_mul")}  # that is another network, not another loss
    assert set(compared(study)) == {"clips", "synthetic"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pairs": [["dslt", "dslt_l7"]]},
            r"unknown cell of sensitivity\.pairs .*\{pairs: \[\]\}.*'dslt_l7'; allowed: csrt, ",
        ),
        ({"benchmarks": ["synthetic_vot"]}, "synthetic_vot has resets"),
        ({"pairs": [["dslt", "csrt"]]}, "dslt and csrt are of two presets"),
        ({"benchmarks": ["clip"]}, "unknown benchmark 'clip'"),
        (
            {"changes": {"dslt/lite": {"a b": "tracking.scale.rate=1"}}},
            "a name of letters",
        ),
        ({"changes": {"dslt/lite": {"a": "tracking.scale.rat=1"}}}, "unknown key .*scale.rat"),
        ({"changes": {"dslt/lite": {"a": "tracking.scale.rate=7"}}}, "scale.rate = 7"),
        ({"changes": {"dslt/lite": {"a": "training.iterations=7"}}}, "more than `tracking`"),
    ],
)
def test_errors_name_the_key(
    configured: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    configured["sensitivity"] |= changes
    with pytest.raises(DsltError, match=message):
        load_study(configured)


def test_moved_cells_are_no_names_for_anything_else(configured: dict[str, Any]) -> None:
    with pytest.raises(DsltError, match="unknown cell 'dslt__rate_low'; allowed:") as found:
        load_study(configured | {"run": {"clips": ["dslt", "dslt__rate_low"]}})
    assert "__" not in str(found.value).partition("allowed")[2]


def test_a_cell_may_not_be_called_like_a_moved_one(
    configured: dict[str, Any], tmp_path: Path
) -> None:
    sheet = Path(configured["cells"]).read_text()
    row = next(line for line in sheet.splitlines() if line.startswith("dslt_l2\t"))
    configured["cells"] = str(tmp_path / "cells.tsv")
    Path(configured["cells"]).write_text(sheet + row.replace("dslt_l2", "dslt__rate_low", 1) + "\n")
    with pytest.raises(DsltError, match="there is a cell 'dslt__rate_low' already"):
        load_study(configured)


def test_the_key_follows_what_decides_the_result(
    configured: dict[str, Any], tmp_path: Path
) -> None:
    key = sensitivity_key(load_study(configured))
    assert key == sensitivity_key(load_study(configured | {"unit_size": 3, "tables": []}))
    assert key == sensitivity_key(load_study(configured | {"jobs": configured["jobs"]}))
    sheet = Path(configured["cells"]).read_text().splitlines()
    seeds = [
        "\t".join([*row[:5], "0,1", *row[6:]]) if row[0] == "dslt_l2" else "\t".join(row)
        for row in (line.split("\t") for line in sheet)
    ]
    (tmp_path / "cells.tsv").write_text("\n".join(seeds) + "\n")
    protocols = Path(configured["protocols_file"]).read_text()
    (tmp_path / "protocols.yaml").write_text(protocols.replace("at_or_above", "above"))
    others = [
        {"device": "cuda"},
        {"engine": "torch"},
        {"lockstep": "coarse"},
        {"cells": str(tmp_path / "cells.tsv")},
        {"protocols_file": str(tmp_path / "protocols.yaml")},
        {"sensitivity": configured["sensitivity"] | {"pairs": [["dslt", "dslt_l2"]]}},
        {"only": ["bikes-car", "cat-posts", "synthetic", "clips"]},
    ]
    assert key not in [sensitivity_key(load_study(configured | other)) for other in others]
