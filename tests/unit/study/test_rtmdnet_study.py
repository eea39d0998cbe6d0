"""RT-MDNet in the default study: three losses, where they act, five seeds, networks shared."""

import json

import pytest
import yaml

from dslt.study.load import load_study
from places import ROOT

LOSSES = ("shrinkage", "bce", "focal")


@pytest.fixture(scope="module")
def study():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield load_study(yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8")))


def losses(study, cell):
    settings = study.cells[cell].settings
    return settings.training.loss.name, settings.tracking.loss.name


@pytest.mark.parametrize("name", LOSSES)
def test_cells_of_a_loss_differ_by_it_alone(study, name):
    cell = study.cells[f"rtmdnet_{name}"]
    assert losses(study, cell.id) == (name, name)
    assert cell.seeds == (0, 1, 2, 3, 4)
    assert {"table2", "fig11", "fig12", "fig16"} == set(cell.shown_in)
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
