"""DSLT* on ResNet-50 and DSLT on VGG-16, preset `paper`, on one real clip through the real DAG.

Their ImageNet weights are not on the package index, so the weights are declared random: what is
shown is the path, and that the first-frame training finds the target in any features.
"""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from dslt.geometry.boxes import read_boxes
from tiny import ROOT, Repository

CELLS = ("dslt_star", "dslt_vgg16")
CLIP = "bikes-taxi"


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A run of both cells on the shortest clip: boxes and convergence."""
    from tiny import copy_repository

    repository = copy_repository(tmp_path_factory.mktemp("backbones"))
    clips = yaml.safe_load((ROOT / "config" / "benchmarks.yaml").read_text())["clips"]
    study = {
        "benchmarks": {"one": clips | {"sequences": [CLIP]}},
        "run": {"one": list(CELLS)},
        "reference_cell": CELLS[0],
        "quick": {"benchmark": "one", "cells": list(CELLS)},
        "convergence": {"run": {"one": list(CELLS)}, "iterations": 100},
        "device": "cpu",
    }
    (repository.path / "tiny.yaml").write_text(yaml.safe_dump(study))
    for cell in CELLS:
        repository.edit_cell(cell, "training.backbone.weights=random")
    targets = [f"results/train/{cell}/one/seed0.npz" for cell in CELLS]
    repository.snakemake("track", *targets)
    return repository


@pytest.mark.parametrize("cell", CELLS)
def test_tracks_every_frame(ran: Repository, cell: str) -> None:
    boxes = read_boxes(ran.path / "results" / "track" / cell / "one" / "seed0" / f"{CLIP}.txt")
    assert boxes.shape == (12, 4)
    assert np.isfinite(boxes).all()


@pytest.mark.parametrize("cell", CELLS)
def test_first_frame_response_peaks_at_the_target(ran: Repository, cell: str) -> None:
    with np.load(ran.path / "results" / "train" / cell / "one" / "seed0.npz") as maps:
        label, response = maps[f"{CLIP}/label"], maps[f"{CLIP}/response"]
    assert response.max() > 0.3  # a hundred of four hundred small steps
    places = [np.unravel_index(np.argmax(values), values.shape) for values in (label, response)]
    assert np.abs(np.subtract(*places)).max() <= 1
