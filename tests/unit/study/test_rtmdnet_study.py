"""RT-MDNet in the default study: three losses, where they act, five seeds, networks shared."""

import json

import pytest
import yaml

from dslt.core.errors import DsltError
from dslt.study.load import load_study
from places import ROOT

LOSSES = ("shrinkage", "bce", "focal")


def configuration(**validation):
    values = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    values["training"]["validation"] |= validation
    return values


@pytest.fixture(scope="module")
def study():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield load_study(configuration())


def losses(study, cell):
    settings = study.cells[cell].settings
    return settings.training.loss.name, settings.tracking.loss.name


@pytest.mark.parametrize("name", LOSSES)
def test_cells_of_a_loss_differ_by_it_alone(study, name):
    cell = study.cells[f"rtmdnet_{name}"]
    assert losses(study, cell.id) == (name, name)
    assert cell.seeds == (0, 1, 2, 3, 4)
    assert cell.benchmarks == ("clips", "synthetic")
    assert {"table2", "fig11", "fig12", "fig16", "confidence"} == set(cell.shown_in)
    first, own = (json.loads(one.settings_json()) for one in (study.cells["rtmdnet_bce"], cell))
    for part in ("training", "tracking"):
        del first[part]["loss"], own[part]["loss"]
    assert first == own


@pytest.mark.parametrize("name", ["shrinkage", "focal"])
def test_a_loss_acts_offline_online_or_in_both(study, name):
    assert losses(study, f"rtmdnet_{name}_offline") == (name, "bce")
    assert losses(study, f"rtmdnet_{name}_online") == ("bce", name)


def test_networks_are_trained_once_for_all_that_share_them(study):
    trained = {cell: study.trained_as[cell] for cell in study.trained_as if "rtmdnet" in cell}
    assert trained["rtmdnet_shrinkage_offline"] == "rtmdnet_shrinkage"
    assert trained["rtmdnet_focal_offline"] == "rtmdnet_focal"
    assert trained["rtmdnet_shrinkage_online"] == trained["rtmdnet_focal_online"] == "rtmdnet_bce"


def test_validation_learns_online_with_one_loss_for_all(study):
    scored = [json.loads(study.offline[f"rtmdnet_{name}"].validation) for name in LOSSES]
    assert {one["tracking"]["loss"]["name"] for one in scored} == {"bce"}


def counts(study, cell):
    found = json.loads(study.offline[cell].validation)
    return tuple(found[name] for name in ("procedural", "texture", "frames", "every"))


def test_its_validation_is_shorter_than_that_of_others(study):
    assert counts(study, "siamfc_bce") == (54, 18, 30, 2)
    assert {counts(study, f"rtmdnet_{name}") for name in LOSSES} == {(12, 12, 30, 4)}
    assert "of" not in json.loads(study.offline["siamfc_bce"].validation)


def test_what_is_another_goes_by_the_network_or_else_by_the_tracker(monkeypatch):
    monkeypatch.chdir(ROOT)
    found = load_study(configuration(of={"rtmdnet": {"every": 3}, "siamfc": {"frames": 9}}))
    assert counts(found, "rtmdnet_bce") == (54, 18, 30, 3)
    assert counts(found, "siamfc_bce") == (54, 18, 9, 2)
    both = {"rtmdnet": {"every": 3}, "rtmdnet-efficientnet_lite0": {"texture": 5}}
    assert counts(load_study(configuration(of=both)), "rtmdnet_bce") == (54, 5, 30, 2)


def test_another_key_is_refused(monkeypatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(DsltError, match=r"training\.validation\.of\.rtmdnet\.seed"):
        load_study(configuration(of={"rtmdnet": {"seed": 3}}))


def test_sensitivity_moves_both_cells_of_a_pair_and_trains_nothing(study):
    changes = study.settings.sensitivity.changes["rtmdnet/lite"]
    assert "success_published" in changes
    for name in LOSSES:
        cell = study.cells[f"rtmdnet_{name}"]
        for change in changes:
            moved = study.cells[f"{cell.id}__{change}"]
            assert moved.settings.tracking != cell.settings.tracking
            assert study.weights(moved.id, "3") == study.weights(cell.id, "3")
