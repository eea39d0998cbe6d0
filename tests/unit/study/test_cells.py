"""Settings, presets, the sheet of cells, and fingerprints."""

import json

import pytest

from dslt.core.errors import DsltError
from dslt.core.fingerprint import closure, fingerprint
from dslt.settings import registry
from dslt.settings.dslt import DsltSettings
from dslt.settings.registry import parse_tracker
from dslt.study.cells import (
    COLUMNS,
    apply_overrides,
    load_cells,
    load_presets,
    resolve_settings,
)
from places import ROOT

TRACKERS = ROOT / "config" / "trackers"


def sheet(tmp_path, *rows):
    path = tmp_path / "cells.tsv"
    path.write_text("\n".join("\t".join(row) for row in (COLUMNS, *rows)) + "\n")
    return path


def row(name="a", base="dslt/paper", overrides="", seeds="0", shown_in="table3"):
    return (name, "A", base, overrides, "clips,synthetic", seeds, shown_in, "")


def test_the_study_loads():
    cells = load_cells(ROOT / "config" / "cells.tsv", TRACKERS)
    assert cells["dslt_l2"].settings.training.loss.name == "l2"
    assert cells["dslt_mul"].settings.training.head.fuse is False
    assert {cell.base for cell in cells.values()} >= {"dslt/lite", "dslt/paper", "dslt/released"}


def test_the_paper_preset_holds_the_published_values():
    """Sections 3 and 5.1: a, c, learning rates, T = 7, sigma, scales, 128 channels."""
    paper = resolve_settings("dslt/paper", "", TRACKERS, "test")
    assert isinstance(paper, DsltSettings)
    training, tracking = paper.training, paper.tracking
    assert (training.loss.name, training.loss.importance) == ("shrinkage", "exp")
    assert (training.loss.a, training.loss.c, training.loss.threshold) == (10, 0.2, 0.01)
    assert (training.adam.lr_deep, training.adam.lr_shallow) == (8e-7, 2e-8)
    update = tracking.update
    assert (update.adam.lr_deep, update.adam.lr_shallow, update.memory) == (2e-7, 5e-9, 7)
    assert (training.reduction.channels, training.label.sigma) == (128, 0.1)
    assert (tracking.scale.step, tracking.scale.levels) == (1.03, 3)


def test_every_preset_is_complete():
    for path in TRACKERS.glob("*.yaml"):
        for name, values in load_presets(path).items():
            parse_tracker(values, f"{path}, {name}")


def test_overrides_change_one_value():
    base = resolve_settings("dslt/lite", "", TRACKERS, "x").model_dump()
    changed = resolve_settings("dslt/lite", "training.loss.a = 6", TRACKERS, "x").model_dump()
    assert changed["training"]["loss"].pop("a") == 6
    base["training"]["loss"].pop("a")
    assert changed == base


def test_tracking_overrides_leave_the_training_alone(tmp_path):
    rows = row(), row("b", overrides="tracking.motion.sigma=0.7")
    a, b = load_cells(sheet(tmp_path, *rows), TRACKERS).values()
    assert a.training_json() == b.training_json()
    assert a.settings_json() != b.settings_json()
    assert json.loads(a.settings_json())["tracking"]["motion"]["sigma"] == 0.9


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (row(base="dslt/papr"), "unknown preset of dslt 'papr'; allowed: lite, paper, released"),
        (row(base="ddslt/paper"), "unknown tracker 'ddslt'; allowed: dslt, external, opencv"),
        (row(overrides="training.loss.nam=l2"), "under training.loss: a, c, importance, name"),
        (row(overrides="training.loss.name=l4"), "'l2', 'l3', 'shrinkage', 'ohnm' or 'released'"),
        (row(overrides="training.loss.a"), "is no 'key=value'"),
        (row(overrides="training.loss.a=[1"), "not readable as YAML"),
        (row(overrides="training.samples.blurs=[1]"), "the first entry must be 0"),
        (row(overrides="training.loss.a.b=1"), "unknown key 'training.loss.a.b'"),
        (row(overrides="training.loss.a=-1"), "greater than 0"),
        (row(overrides="training.loss.a=.nan"), "finite"),
        (row(seeds="zero"), "expected different whole numbers"),
        (row(seeds=""), "at least one"),
        (row(seeds="0_1"), "expected different whole numbers"),
        (row(shown_in="fig8"), "shown_in 'fig8'; expected some of attributes, confidence, fig01"),
        (row(seeds="1,0,1"), "expected different whole numbers from 0 on"),
        (row(seeds="-1"), "expected different whole numbers from 0 on"),
        (row(name="a/b"), "letters, digits and underscores"),
        (row()[:3], "3 columns, expected 8"),
    ],
)
def test_errors_name_file_line_and_what_is_allowed(tmp_path, bad, message):
    path = sheet(tmp_path, row("fine"), bad)
    with pytest.raises(DsltError) as error:
        load_cells(path, TRACKERS)
    assert f"{path}, line 3" in str(error.value)
    assert message in str(error.value)


def test_a_cell_stands_once(tmp_path):
    with pytest.raises(DsltError, match="stands there twice"):
        load_cells(sheet(tmp_path, row(), row()), TRACKERS)


def test_a_sheet_may_begin_with_a_byte_order_mark(tmp_path):
    path = sheet(tmp_path, row())
    path.write_text(path.read_text(), encoding="utf-8-sig")
    assert list(load_cells(path, TRACKERS)) == ["a"]


def test_a_value_of_any_length_is_read(tmp_path):
    (cell,) = load_cells(sheet(tmp_path, (*row()[:-1], "9" * 200_000)), TRACKERS).values()
    assert len(cell.note) == 200_000


def test_unknown_keys_list_the_allowed_ones():
    values = apply_overrides(load_presets(TRACKERS / "dslt.yaml")["paper"], "", "x")
    values["training"] = {**values["training"], "loss": {**values["training"]["loss"], "b": 1}}
    with pytest.raises(DsltError, match=r"'training.loss.b'; allowed: a, c, importance, name"):
        parse_tracker(values, "here")


def test_presets_may_not_extend_each_other(tmp_path):
    path = tmp_path / "t.yaml"
    path.write_text("a: {extends: b}\nb: {extends: a}\n")
    with pytest.raises(DsltError, match="extend each other"):
        load_presets(path)


def test_fingerprints_follow_indirect_imports():
    track = closure("dslt.commands.track")
    (tracker,) = registry.TRACKERS["dslt"].modules("tracker", "network")
    learning = {"dslt.losses.regression", "dslt.losses.labels", "dslt.geometry.crops"}
    assert learning <= closure(tracker)
    assert not any(name.startswith("dslt.losses") for name in track)  # the registry names them
    assert "dslt.trackers.dslt" not in closure("dslt.trackers.first_frame")
    assert "dslt.networks.siamrpn" not in closure("dslt.trackers.siamfc")
    assert "dslt.losses.regression" not in closure("dslt.commands.score")
    assert not any(name.startswith("dslt.figures") for name in track)
    assert fingerprint("dslt.commands.track") != fingerprint("dslt.commands.converge")


def test_fingerprint_of_nothing():
    with pytest.raises(ValueError, match="no module"):
        fingerprint("dslt.nothing")
