"""DSLT* on ResNet-50, DSLT on VGG-16, RT-MDNet on VGG-M: `paper` on a real clip, through the DAG.

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
# All of `rtmdnet/paper` but how long, and on how much, it learns.
RTMDNET = {
    "training.backbone.weights": "random",
    "training.pairs.sources": "{vid: 0, procedural: 2}",
    "training.pairs.per_epoch": "2",
    "training.pairs.frames": "2",
    "training.schedule.epochs": "1",
    "training.schedule.micro_batches": "1",
    "training.schedule.unfreeze_epoch": "0",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A run of both cells on the shortest clip: boxes and convergence."""
    from tiny import copy_repository

    repository = copy_repository(tmp_path_factory.mktemp("backbones"))
    clips = yaml.safe_load((ROOT / "config" / "benchmarks.yaml").read_text())["quick"]
    study = {
        "benchmarks": {"one": clips | {"sequences": [CLIP]}},
        "run": {"one": [*CELLS, "rtmdnet_paper"]},
        "reference_cell": CELLS[0],
        "quick": {"benchmark": "one", "cells": list(CELLS)},
        "convergence": {"run": {"one": list(CELLS)}, "iterations": 100},
        "training": {"validation": None},
        "device": "cpu",
    }
    (repository.path / "tiny.yaml").write_text(yaml.safe_dump(study))
    for cell in CELLS:
        repository.edit_cell(cell, "training.backbone.weights=random")
    overrides = "; ".join(f"{key}={value}" for key, value in RTMDNET.items())
    with (repository.path / "config" / "cells.tsv").open("a", encoding="utf-8") as sheet:
        row = ("rtmdnet_paper", "RT-MDNet", "rtmdnet/paper", overrides, "", "0", "", "")
        sheet.write("\t".join(row) + "\n")
    targets = [f"results/train/{cell}/one/seed0.npz" for cell in CELLS]
    repository.snakemake("track", *targets)
    return repository


@pytest.mark.parametrize("cell", [*CELLS, "rtmdnet_paper"])
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
