"""Table 1 on the challenge's own ground truth: published boxes, through the real workflow."""

from __future__ import annotations

import csv
import sys

import pytest
import yaml

from published import ANNOTATIONS, RESULTS, needs
from tiny import Repository, copy_repository

TRUTH = ANNOTATIONS / "VOT2016"
FOLDER = RESULTS / "VOT2016" / "SiamMask_E"
ROW = f"theirs\tSiamMask_E\texternal/default\tresults={FOLDER}\t\t0\ttable1,fig10\t\n"
STUDY = {
    "benchmarks": {"VOT-2016": {"root": str(TRUTH)}},
    "run": {"VOT-2016": ["theirs"]},
    "reference_cell": "theirs",
    "quick": {"benchmark": "VOT-2016", "cells": ["theirs"]},
    "convergence": {"run": {"clips": [], "synthetic": []}},
    "sensitivity": {"pairs": [], "benchmarks": [], "changes": {}},
    "figures": {"make": ["fig10"]},
    "tables": ["table1"],
    "device": "cpu",
}

pytestmark = needs("annotations/VOT2016", "results/VOT2016/SiamMask_E")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A study of one external tracker on VOT-2016."""
    repository = copy_repository(tmp_path_factory.mktemp("vot2016"))
    with (repository.path / "config" / "cells.tsv").open("a") as sheet:
        sheet.write(ROW)
    (repository.path / "vot.yaml").write_text(yaml.safe_dump(STUDY))
    command = (sys.executable, "-m", "snakemake", "tables", "figures", "ablation", "--cores", "2")
    repository.call(*command, "--configfile", "vot.yaml")
    return repository


def test_table_1_has_the_published_scores_beside_the_printed_ones(study: Repository) -> None:
    with (study.path / "results" / "tables" / "table1.csv").open(newline="") as file:
        rows = {row["tracker"]: row for row in csv.DictReader(file)}
    assert float(rows["SiamMask_E"]["eao"]) == pytest.approx(0.4516, abs=0.0005)
    assert rows["SiamMask_E"]["source"] == "re-scored here"
    assert rows["SiamMask_E"]["benchmark"] == rows["ECO"]["benchmark"] == "VOT-2016"
    assert (rows["DSLT++"]["eao"], rows["DSLT++"]["source"]) == ("0.364", "printed")


def test_the_figure_and_the_scorecard_are_made_of_it(study: Repository) -> None:
    assert (study.path / "results" / "figures" / "fig10.png").stat().st_size > 10_000
    with (study.path / "results" / "compare" / "scorecard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["verdict"] for row in rows} == {"not run"}  # it stands for no row of the paper
