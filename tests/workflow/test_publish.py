"""A network that the study trained, published, fetched elsewhere, and run there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dslt.study.load import read_study
from http_server import Server
from tiny import Repository, copy_repository

NAME = "siamfc_bce-seed0"
FILES = {
    *("README.md", "SHA256SUMS", "model.safetensors", "model.json", "boxes.zip", "scores.json"),
    *("log.csv", "validation.csv", "template.onnx", "search.onnx"),
}
OVERLAY = ("--configfile", "tiny.yaml")


def test_a_published_network_tracks_the_same_boxes_elsewhere(
    fresh: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    publish = ("dslt", "publish", "siamfc_bce", *OVERLAY, "--out", "zoo", "--page", "zoo.md")
    refused = fresh.call(*publish, check=False).stdout
    assert "results are missing" in refused
    assert "run snakemake --cores 8 results/compare/siamfc_bce.json first" in refused
    fresh.snakemake("results/compare/siamfc_bce.json")
    assert "ONNX Runtime agrees to" in fresh.call(*publish).stdout
    folder = fresh.path / "zoo" / NAME
    assert {path.name for path in folder.iterdir()} == FILES
    card = (folder / "README.md").read_text()
    assert "may not be used for" in card
    assert "model.pt --configfile tiny.yaml`" in card
    assert "the same as that commit's" in card
    assert "| tiny (2 sequences) | AUC | " in card
    assert "## Speed" in card
    assert NAME in (fresh.path / "zoo.md").read_text()

    other = copy_repository(tmp_path / "other")
    with Server() as server:
        for path in folder.iterdir():
            server.put(f"/zoo/{NAME}/{path.name}", path.read_bytes())
        other.call("dslt", "fetch", f"{server.url}/zoo/{NAME}")
    other.snakemake("results/data/tiny.parquet")
    monkeypatch.chdir(other.path)
    settings = read_study(["tiny.yaml"]).cells["siamfc_bce"].settings_json()
    track = ("dslt", "track", "--cell", "siamfc_bce", "--settings", settings, "--weights", NAME)
    track += ("--index", "results/data/tiny.parquet", "--device", "cpu", "--out", "boxes")
    other.call(*track)
    boxes = fresh.boxes()
    assert len(boxes) == 2
    for name, content in boxes.items():
        assert (other.path / "boxes" / Path(name).name).read_bytes() == content
