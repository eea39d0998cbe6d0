"""`config/regression.yaml`: frames and weights are fetched, trackers run, claims are judged."""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from torchvision.models import resnet50

from download_examples import at_server, make_example
from http_server import Server
from tiny import Repository, copy_repository

SEQUENCES = ["Walking"]
CELLS = ["dslt_star", "dslt_star_l2"]
# What makes the study tiny: a sequence of a few frames, two cells, a CPU.
PART = {
    "device": "cpu",
    "only": ["OTB-2015", *CELLS],
    "benchmarks": {"OTB-2015": {"sequences": SEQUENCES, "totals": None}},
    "quick": {"benchmark": "OTB-2015", "cells": CELLS},
    "convergence": {"iterations": 4},
}


def random_weights() -> bytes:
    """A state dictionary of ResNet-50 as it is published, but random."""
    torch.manual_seed(0)
    file = io.BytesIO()
    torch.save(resnet50(weights=None).state_dict(), file)
    return file.getvalue()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """A clone in which the overlay has been run, against a server on this machine."""
    repository = copy_repository(tmp_path_factory.mktemp("regression"))
    with Server() as server:
        otb = make_example("otb")
        otb.serve(server)
        weights = random_weights()
        known = repository.path / "config" / "weights.yaml"
        definitions = yaml.safe_load(known.read_text())
        definitions["resnet50"] |= {
            "url": server.put("/resnet50.pth", weights),
            "bytes": len(weights),
            "sha256": hashlib.sha256(weights).hexdigest(),
        }
        known.write_text(yaml.safe_dump(definitions))
        part = PART | {"downloads": {"otb": at_server(otb.definition, server.url)}}
        (repository.path / "part.yaml").write_text(yaml.safe_dump(part))
        repository.call(
            *(sys.executable, "-m", "snakemake", "--cores", "2", "ablation"),
            "results/train/dslt_star/OTB-2015/seed0.csv",
            *("--configfile", "config/regression.yaml", "part.yaml"),
        )
        yield repository


def test_weights_are_fetched_by_a_rule(repository: Repository) -> None:
    assert (repository.path / "data" / "weights" / "resnet50-0676ba61.pth").is_file()
    assert not list(Path(repository.path, "data", "weights").glob("vgg16*"))  # nobody needs it


def test_each_cell_ran_with_three_seeds(repository: Repository) -> None:
    boxes = (repository.path / "results" / "track").glob("*/OTB-2015/seed*/*.txt")
    found = {(path.parts[-4], path.parts[-2], path.stem) for path in boxes}
    assert found == {
        (cell, f"seed{seed}", name) for cell in CELLS for seed in range(3) for name in SEQUENCES
    }


def test_a_claim_is_judged_with_the_cells_of_the_paper(repository: Repository) -> None:
    with (repository.path / "results" / "compare" / "scorecard.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    (row,) = [
        row
        for row in rows
        if row["cell"] == "dslt_star - dslt_star_l2" and row["metric"] == "success_auc"
    ]
    assert row["item"] == "shrinkage loss beats L2 loss [preset paper]"
    assert (row["videos"], row["seeds"], row["verdict"]) == ("1", "3", "inconclusive")
    assert "no interval: one source video" in row["note"]
    # Random weights reproduce no number; what decides is the spread over the seeds.
    numbers = [row for row in rows if row["kind"] == "number" and row["cell"] == "dslt_star_l2"]
    assert {row["seeds"] for row in numbers} == {"3"}
    assert {row["verdict"] for row in numbers} == {"contradicted"}
