"""`dslt settings`: what it prints is what other verbs read."""

import json
import shutil

import pytest
from click.testing import CliRunner

from dslt.cli import group
from dslt.core.errors import DsltError
from dslt.settings.registry import parse_tracker, parse_training
from dslt.study import cells
from places import ROOT


def printed(*arguments):
    result = CliRunner().invoke(group, ["settings", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return json.loads(result.output)


def test_settings_are_complete_and_can_be_read_back():
    values = printed("siamfc/lite", "--set", "tracking.scales=1")
    assert parse_tracker(values, "test").tracking.scales == 1
    learnt = printed("siamfc/lite", "--training")
    assert parse_training(learnt, "test").channels == values["training"]["channels"]


def test_presets_are_those_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(cells, "_presets", cells.load_presets)  # paths of this folder are not kept
    shutil.copytree(ROOT / "config" / "trackers", tmp_path / "config" / "trackers")
    shutil.copy(ROOT / "config" / "cells.tsv", tmp_path / "config")
    presets = tmp_path / "config" / "trackers" / "opencv.yaml"
    presets.write_text(presets.read_text() + "mine: {tracker: opencv, algorithm: kcf}\n")
    monkeypatch.chdir(tmp_path)
    assert printed("opencv/mine") == printed("opencv/kcf")
    with pytest.raises(DsltError, match="unknown preset of opencv"):
        printed("opencv/mine", "--trackers", str(ROOT / "config" / "trackers"))


def test_a_training_takes_the_place_of_the_presets(tmp_path):
    training = printed("siamfc/lite", "--training", "--set", "training.channels=8")
    header = {"tracker": "siamfc", "settings": training["training"]}
    (tmp_path / "model.json").write_text(json.dumps(header))
    values = printed("siamfc/lite", "--trained", str(tmp_path / "model.json"))
    assert values["training"]["channels"] == 8


@pytest.mark.parametrize("header", ["[]", "{}", '{"tracker": "rtmdnet", "settings": {}}'])
def test_another_header_is_refused(header, tmp_path):
    (tmp_path / "model.json").write_text(header)
    with pytest.raises(DsltError, match=r"model\.json: expected the model\.json of a siamfc"):
        printed("siamfc/lite", "--trained", str(tmp_path / "model.json"))


def test_what_learns_nothing_has_no_training():
    with pytest.raises(DsltError, match="opencv/kcf: learns nothing"):
        printed("opencv/kcf", "--training")
