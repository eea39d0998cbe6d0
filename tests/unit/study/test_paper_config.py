"""The paper's own scale: config/paper.yaml, its cells, and what the paper's tables say of them."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml

from dslt.compare.paper import read_claims, read_rows
from dslt.core.errors import DsltError
from dslt.core.names import same_name
from dslt.core.text import merge
from dslt.settings.dslt import DsltSettings
from dslt.study.cells import load_cells
from dslt.study.cost.downloads import needed
from dslt.study.cost.hours import Hours, whole_tasks
from dslt.study.cost.plan import StudyPlan, download_table, task_tables, to_do
from dslt.study.cost.speeds import choose_speeds, load_speeds
from dslt.study.data import StudyData
from dslt.study.describe import cell_info
from dslt.study.load import check_data, load_study
from places import ROOT

CONFIG = ROOT / "config"
PAPER = load_cells(CONFIG / "paper_cells.tsv", CONFIG / "trackers")
CELLS = {**load_cells(CONFIG / "cells.tsv", CONFIG / "trackers"), **PAPER}
CLAIMS = read_claims(CONFIG / "paper")
OWN = read_claims(CONFIG / "claims")
PAIRS = [
    pytest.param(claim, pair, id=f"{claim.id}-{pair.better}")
    for claim in (*CLAIMS, *OWN)
    for pair in claim.pairs
]
TABLE3 = [
    pytest.param(row, cell, id=cell)
    for row in read_rows(CONFIG / "paper" / "table3.csv")
    for cell in row["cells"].split()
]
FACTORS = {"w/o": "no_exp", "only": "only_exp"}


# Pages that show what an overlay costs.
PAGES = {"paper": "paper_scale.md", "regression": "regression.md"}


def configuration(overlay="paper"):
    files = (ROOT / "config.yaml", CONFIG / f"{overlay}.yaml")
    return merge(*(yaml.safe_load(path.read_text(encoding="utf-8")) for path in files))


@pytest.fixture
def configured(monkeypatch):
    monkeypatch.chdir(ROOT)
    return configuration()


def training(cell):
    return CELLS[cell].settings.training


@pytest.mark.parametrize(
    "stem", ["siamfc_paper", "siamfc_released", "siamrpn", "siamrpnpp"], ids=str
)
def test_every_tracker_is_trained_with_every_loss_and_nothing_else_differs(stem):
    losses = [training(f"{stem}_{name}").loss for name in ("bce", "focal", "shrinkage")]
    assert [loss.name for loss in losses] == ["bce", "focal", "shrinkage"]
    rest = [
        training(f"{stem}_{name}").model_dump(exclude={"loss"})
        for name in ("bce", "focal", "shrinkage")
    ]
    assert rest[0] == rest[1] == rest[2]


@pytest.mark.parametrize(("row", "cell"), TABLE3)
def test_cells_of_table3_have_the_constants_of_their_rows(row, cell):
    loss, settings = training(cell).loss, CELLS[cell].settings
    for key in ("a", "c", "alpha", "gamma"):
        assert not row[key] or getattr(loss, key) == float(row[key])
    if row["part"] == "regression":
        assert isinstance(settings, DsltSettings)
        return
    assert loss.name == ("focal" if row["part"] == "focal" else "shrinkage")
    if loss.name == "shrinkage":
        assert loss.factor == FACTORS.get(row["item"].split()[0], "full")


def runs_on(cell, claim, study):
    """Whether a cell is measured in a study where a claim is made, in its family's metric."""
    metric, wanted = claim.family.metric, claim.benchmark.split("+")
    if cell not in study.cells:
        return False
    if metric == "validation_auc":  # ours are made-up videos, whatever the paper's are
        return f"{cell}@0" in study.validations
    found = study.benchmarks_of(cell)
    if metric.startswith("iterations"):
        found = [name for name, cells in study.settings.convergence.run.items() if cell in cells]
    return all(any(same_name(part, name) for name in found) for part in wanted)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_each_claim_has_cells_that_the_papers_study_runs_or_says_why_not(claim, configured):
    study = load_study(configured)
    able = [
        pair
        for pair in claim.pairs
        if runs_on(pair.better, claim, study) and runs_on(pair.worse, claim, study)
    ]
    assert bool(able) != bool(claim.missing)
    assert all(
        len(study.cells[cell].seeds) >= 3
        for pair in able
        for cell in (pair.better, pair.worse)
        if study.cells[cell].offline
    )


@pytest.mark.parametrize(("claim", "pair"), PAIRS)
def test_cells_of_a_claim_exist_and_have_its_preset(claim, pair):
    for cell in (pair.better, pair.worse):
        preset = CELLS[cell].base.partition("/")[2].removeprefix("pp_")
        assert pair.preset in ("", preset)


@pytest.mark.parametrize(
    ("claim", "pair"),
    [
        one
        for one in PAIRS
        if one.values[1].better.startswith(("siam", "rtmdnet")) and one.values[1].preset
    ],
)
def test_cells_of_a_claim_about_offline_losses_differ_in_the_loss_alone(claim, pair):
    better, worse = training(pair.better), training(pair.worse)
    assert better.loss != worse.loss
    assert better.model_dump(exclude={"loss"}) == worse.model_dump(exclude={"loss"})


def test_the_regression_half_needs_no_training_and_no_account(monkeypatch):
    monkeypatch.chdir(ROOT)
    study = load_study(configuration("regression"))
    assert not study.validations
    assert all(study.cells[cell].entry.offline is False for cell in study.cells_run)
    assert {one.access for one in needed(study, fresh=True)} == {"open"}
    # The same cells as in the paper's study, on its benchmarks.
    whole = load_study(configuration())
    for benchmark, cells in study.runs.items():
        own = [cell for cell in whole.runs[benchmark] if whole.cells[cell].entry.first_frame]
        assert set(cells) == set(own) - {"dslt_vgg16_released"}


def test_networks_are_validated_with_their_own_recipes_tracking_values(configured):
    study = load_study(configured)

    def instance(cell):
        return json.loads(study.offline[cell].validation)["tracking"]["instance"]

    assert [instance("siamrpn_bce"), instance("siamrpnpp_bce")] == [287, 255]


@pytest.mark.parametrize("overlay", ["", "paper", "regression"])
def test_each_part_of_table_3_has_one_reference(monkeypatch, overlay):
    """The differences of a part are to one cell, or the table cannot be written."""
    monkeypatch.chdir(ROOT)
    values = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    study = load_study(configuration(overlay) if overlay else values)
    parts: dict[str, set[str]] = {}
    for row in read_rows(CONFIG / "paper" / "table3.csv"):
        for cell in set(row["cells"].split()) & set(study.cells_run):
            own = study.reference_of(cell)
            if own != cell and set(study.benchmarks_of(cell)) & set(study.benchmarks_of(own)):
                parts.setdefault(row["part"], set()).add(own)
    assert parts
    assert all(len(references) == 1 for references in parts.values()), parts


def test_recipes_of_many_gpus_are_run_by_one():
    for cell in PAPER.values():
        schedule = cell.settings.training.schedule if cell.offline else None
        if schedule and schedule.micro_batches > 1:
            assert schedule.gradient_reduction == "sum"
            # RT-MDNet's are videos, whose gradients are added up too.
            assert cell.base.startswith(("siamrpn/", "rtmdnet/"))


def test_the_study_holds_together(configured):
    study = load_study(configured)
    assert set(study.runs) == {"OTB-2013", "OTB-2015", "UAV123", "LaSOT", "VOT-2016", "VOT-2018"}
    # The cells that only track in another way wait for the weights of their like.
    assert study.trained_as["siamfc_original_5s"] == "siamfc_paper_bce"
    assert study.trained_as["siamrpnpp_pysot_zoo"] == "siamrpnpp_pysot"
    # A loss that acts online only takes the networks of cross-entropy.
    assert study.trained_as["rtmdnet_paper_shrinkage_online"] == "rtmdnet_paper_bce"
    assert study.trained_as["rtmdnet_paper_focal_online"] == "rtmdnet_paper_bce"
    assert study.trained_as["rtmdnet_neutral_focal"] == "rtmdnet_paper_focal"
    learnt = {  # on the first frame of a validation's videos
        (one["tracking"]["loss"]["name"], one["tracking"]["update"]["every"])
        for name in ("shrinkage", "bce", "focal")
        for one in [json.loads(study.offline[f"rtmdnet_paper_{name}"].validation)]
    }
    assert learnt == {("bce", 0)}
    own = [f"rtmdnet_paper_{name}_offline" for name in ("shrinkage", "focal")]
    assert [study.trained_as[cell] for cell in own] == [
        f"rtmdnet_paper_{n}" for n in ("shrinkage", "focal")
    ]
    for cell in study.cells_run:
        reference = study.reference_of(cell)
        assert set(study.benchmarks_of(cell)) & set(study.benchmarks_of(reference))


@pytest.mark.parametrize("name", ["OTB-2015", "UAV123", "LaSOT", "VOT-2016", "VOT-2018"])
def test_a_missing_folder_is_named(configured, name):
    folder = "/nowhere/benchmark"
    configured["benchmarks"][name] = {"root": folder, "images": folder}
    study = load_study(configured | {"run": {name: ["dslt_star"]}, "quick": quick(name)})
    with pytest.raises(DsltError, match=folder):
        _ = study.sequences


def quick(benchmark):
    return {"benchmark": benchmark, "cells": ["dslt_star"]}


def test_a_training_set_from_nowhere_is_named(configured):
    configured["training"]["sets"]["coco"] = {"download": None}
    with pytest.raises(DsltError, match=r"neither `root` nor `download`; .*sets\.coco\.root"):
        load_study(configured)


def test_data_that_is_not_there_is_found_while_planning(configured, tmp_path):
    check_data(load_study(configured))  # what is fetched need not be there
    benchmarks = {"OTB-2015": {"root": str(tmp_path), "images": "mine/OTB"}}
    with pytest.raises(DsltError, match=r"mine/OTB: no such folder .*OTB-2015\.images"):
        check_data(load_study(merge(configured, {"benchmarks": benchmarks})))
    sets = {"vid": {"root": "mine/VID"}}
    with pytest.raises(DsltError, match=r"mine/VID: not there; .*sets\.vid\.root"):
        check_data(load_study(merge(configured, {"training": {"sets": sets}})))


def test_a_stand_in_for_a_training_set_is_named_as_what_it_is(configured):
    def trained_on():
        return json.loads(cell_info(load_study(configured), "siamrpn_shrinkage"))["training_data"]

    assert trained_on() == "VID+DET+COCO+YouTube-BB"
    stand_in = {"kind": "got10k", "download": "got10k", "frame_range": 100}
    configured["training"]["sets"]["youtube_bb"] = stand_in | {"damaged": 0.001, "held_out": 0}
    assert trained_on() == "VID+DET+COCO+GOT-10k"
    data = StudyData(load_study(configured))
    assert data.set_receipts("youtube_bb") == ["data/downloads/got10k/receipt.json"]


def test_a_part_of_the_study_is_one_option_away(configured):
    part = {"only": ["OTB-2015", "LaSOT", "Basketball", "siamfc_paper_bce"]}
    study = load_study(configured | part)
    assert study.runs == {"OTB-2015": ("siamfc_paper_bce",)}
    assert study.sequences["OTB-2015"] == study.among("OTB-2015") == ("Basketball",)
    assert study.cells_run == ("siamfc_paper_bce",)
    data = StudyData(study)
    assert tuple(data.users) == ("otb", "ilsvrc_vid")
    assert list(data.training_sets) == ["vid_trainval"]
    receipts = [f"data/downloads/{name}/receipt.json" for name in data.users]
    assert data.fetched == receipts  # SiamFC starts from no published weights
    whole = load_study(configured)
    assert whole.among("OTB-2015") == ()
    assert len(whole.sequences["OTB-2015"]) == 100
    fetched = StudyData(whole).fetched
    assert set(receipts) < set(fetched)
    assert sum(path.startswith("data/weights/") for path in fetched) == 3


@pytest.mark.parametrize(
    ("only", "message"),
    [
        ("OTB-2017", r"unknown benchmark, cell or sequence of `only`: 'OTB-2017'; .*OTB-2015"),
        ("siamfc_lite", "unknown benchmark, cell or sequence of `only`: 'siamfc_lite'"),
    ],
)
def test_a_part_that_does_not_exist_is_an_error(configured, only, message):
    with pytest.raises(DsltError, match=message):
        load_study(configured | {"only": [only]})


def test_targets_of_one_video_have_their_frames():
    benchmarks = yaml.safe_load((CONFIG / "benchmarks.yaml").read_text(encoding="utf-8"))
    parts = {name for name in benchmarks["UAV123"]["sequences"] if re.search(r"_\d+$", name)}
    frames = benchmarks["UAV123"]["frames"]
    assert set(frames) == parts
    assert sum(last - first + 1 for first, last in frames.values()) == 53_931
    for name in ("OTB-2013", "OTB-2015"):
        assert set(benchmarks[name]["frames"]) <= set(benchmarks[name]["sequences"])


def shown_command(page, overlay):
    """The words of the command that a page shows above its tables."""
    command = page[page.index(f"    dslt plan --configfile config/{overlay}.yaml --fresh") :]
    return shlex.split(command.partition("\n\n")[0].replace("\\\n", " "))


@pytest.mark.parametrize(("overlay", "name"), PAGES.items())
def test_the_page_has_the_tables_of_its_command(monkeypatch, overlay, name):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    words = shown_command(page, overlay)
    device = words[words.index("--device-name") + 1] if "--device-name" in words else None
    study = load_study(configuration(overlay))
    speeds = choose_speeds(load_speeds(CONFIG / "speeds.yaml"), study.settings.device, device)
    tasks = whole_tasks(study)
    groups = Hours(study, speeds).groups(tasks, tasks)
    plan = StudyPlan("all", speeds, {}, groups, needed(study, fresh=True))
    tables = [*task_tables(plan), download_table(plan.downloads), to_do(plan.downloads)]
    tables = [table for table in tables if table]
    assert [table for table in tables if table not in page] == []
    assert max(len(line) for table in tables for line in table.splitlines()) <= 100


@pytest.mark.slow
@pytest.mark.parametrize(("overlay", "name"), PAGES.items())
def test_the_page_has_what_its_command_prints(overlay, name):
    page = (ROOT / "docs" / name).read_text(encoding="utf-8")
    command = [sys.executable, "-m", *shown_command(page, overlay)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() in page


def test_totals_are_of_the_sequences_that_are_run(configured):
    benchmarks = load_study(configured).benchmarks
    known = {name: entry for name, entry in benchmarks.items() if getattr(entry, "totals", None)}
    assert {"OTB-2013", "OTB-2015", "UAV123", "LaSOT", "VOT-2018"} <= set(known)
    for entry in known.values():
        assert not entry.sequences or len(entry.sequences) == entry.totals.sequences
