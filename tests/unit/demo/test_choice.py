"""Trackers and networks by name."""

import json
import shutil
from pathlib import Path

import pytest

from dslt.core.errors import DsltError
from dslt.demo.choice import choose, choose_settings, find_weights
from dslt.study import cells
from places import ROOT

TRACKERS = ROOT / "config" / "trackers"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def settings(name, *overrides):
    return choose_settings(name, ";".join(overrides), TRACKERS)


def train(cell, seed, name, *overrides):
    """Put a network there whose training has the settings of a tracker."""
    folder = Path("results", "train", cell, f"seed{seed}")
    folder.mkdir(parents=True)
    learnt = settings(name, *overrides).learnt
    values = {"tracker": learnt.tracker, "settings": json.loads(learnt.model_dump_json())}
    (folder / "model.json").write_text(json.dumps(values))
    (folder / "model.pt").write_bytes(b"weights")
    return folder / "model.pt"


def test_a_cell_is_its_preset_with_its_changes():
    assert settings("csrt") == settings("opencv/csrt")
    focal = settings("siamfc_focal")
    assert focal == settings("siamfc/lite", "training.loss.name=focal")
    changed = settings("siamfc_focal", "tracking.window=0.3")
    assert changed == settings("siamfc/lite", "training.loss.name=focal", "tracking.window=0.3")
    assert settings("dslt_star_l2").learnt.loss.name == "l2"  # of the paper's sheet


def test_the_sheet_and_the_presets_of_the_folder_go_together(folder, monkeypatch):
    monkeypatch.setattr(cells, "_presets", cells.load_presets)  # paths of this folder are not kept
    assert choose_settings("csrt", "", None) == settings("opencv/csrt")  # the project's
    shutil.copytree(TRACKERS, folder / "config" / "trackers")
    presets = folder / "config" / "trackers" / "opencv.yaml"
    presets.write_text(presets.read_text() + "mine: {tracker: opencv, algorithm: kcf}\n")
    columns = (ROOT / "config" / "cells.tsv").read_text().splitlines()[0]
    sheet = folder / "config" / "cells.tsv"
    sheet.write_text(f"{columns}\nown\tOwn\topencv/mine\t\tclips\t0\t\t\n")
    for name in ("own", "opencv/mine"):
        assert choose_settings(name, "", None) == settings("opencv/kcf")
        with pytest.raises(DsltError, match="unknown preset of opencv"):
            settings(name)


def test_names_of_nothing():
    with pytest.raises(DsltError, match=r"--tracker: unknown cell 'crst'.*csrt.*tracker/preset"):
        settings("crst")
    with pytest.raises(DsltError, match=r"--tracker siamfc/light: unknown preset of siamfc"):
        settings("siamfc/light")


def test_the_studys_network_is_found_by_its_training():
    train("siamfc_bce", 0, "siamfc/lite", "training.loss.name=bce")
    mine = train("siamfc_shrinkage", 0, "siamfc/lite")
    other = train("siamfc_shrinkage", 1, "siamfc/lite")
    for name in ("siamfc/lite", "siamfc_shrinkage"):
        assert find_weights(settings(name), 0, name) == mine
        assert find_weights(settings(name), 1, name) == other
    moved = settings("siamfc/lite", "tracking.window=0.3")  # tracks with the same network
    assert find_weights(moved, 0, "siamfc/lite") == mine


def test_a_network_without_its_record_hides_no_other():
    (train("broken", 0, "siamfc/lite").with_suffix(".json")).unlink()
    with pytest.raises(DsltError, match=r"broken/seed0/model\.pt \(not a file of `dslt train`\)"):
        find_weights(settings("siamfc/lite"), 0, "siamfc/lite")
    mine = train("siamfc_shrinkage", 0, "siamfc/lite")
    assert find_weights(settings("siamfc/lite"), 0, "siamfc/lite") == mine


def test_trackers_that_need_none():
    for name in ("dslt/lite", "csrt", "kcf"):
        assert find_weights(settings(name), 0, name) is None


def test_without_a_network_what_is_there_is_told():
    with pytest.raises(
        DsltError, match=r"seed 0 at results/train/.*, nor any other; run the study"
    ):
        find_weights(settings("siamfc/lite"), 0, "siamfc/lite")
    train("siamfc_bce", 0, "siamfc/lite", "training.loss.name=bce")
    train("siamfc_shrinkage", 1, "siamfc/lite")
    train("rtmdnet_bce", 0, "rtmdnet/lite")
    with pytest.raises(DsltError) as error:
        find_weights(settings("siamfc/lite"), 0, "siamfc/lite")
    for part in (
        'siamfc_bce/seed0/model.pt (loss.name: "bce" -> "shrinkage")',
        "siamfc_shrinkage/seed1/model.pt (the same training, another seed)",
        "rtmdnet_bce/seed0/model.pt (a network of rtmdnet)",
    ):
        assert part in str(error.value)


def test_a_choice_says_what_it_is():
    path = train("siamfc_shrinkage", 2, "siamfc/lite")
    about = choose("siamfc_shrinkage", "", TRACKERS, None, 2).about()
    assert (about["weights"], about["seed"]) == (str(path), 2)
    assert about["settings"]["tracker"] == "siamfc"
    assert len(about["weights_sha256"]) == 64
    given = choose("siamfc_shrinkage", "", TRACKERS, Path("mine.pt"), 0)
    assert given.weights == Path("mine.pt")
    assert "weights" not in choose("csrt", "", TRACKERS, None, 0).about()
