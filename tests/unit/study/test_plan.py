"""What a study costs: amounts by hand, downloads, guesses, Snakemake's jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from dslt.commands.plan import command
from dslt.core.errors import DsltError
from dslt.core.text import merge
from dslt.settings.base import validate
from dslt.study.cells import load_cells
from dslt.study.cost import hours as hours_module
from dslt.study.cost.amounts import Amount, total
from dslt.study.cost.downloads import Needed, needed
from dslt.study.cost.hours import Hours, LongTask, count_frames, tasks_of, whole_tasks
from dslt.study.cost.jobs import STEMS, PlannedJob, plan_jobs, read_jobs
from dslt.study.cost.plan import MODEL, StudyPlan, make_plan, plan_text, task_tables
from dslt.study.cost.speeds import (
    DeviceSpeeds,
    LockstepSpeed,
    Speeds,
    TrackingSpeed,
    choose_speeds,
    load_speeds,
    read_rates,
)
from dslt.study.load import load_study
from dslt.study.model_card import speed_text
from dslt.study.study import Study
from places import ROOT

CONFIG = ROOT / "config"

COLUMNS = ["id", "label", "base", "overrides", "benchmarks", "seeds", "shown_in", "note"]
SMALL = "training.pairs.per_epoch=1000; training.schedule.epochs=2"
STAR = "training.backbone.name=resnet50"
CELLS = (
    ("net", "N", "siamfc/paper", SMALL, "made,twin", "0,1", "", ""),
    (
        "scales",
        "S",
        "siamfc/original_5s",
        f"{SMALL}; training.loss.name=shrinkage",
        "made",
        "0",
        "",
        "",
    ),
    ("star", "DSLT*", "dslt/paper", STAR, "made", "0", "fig16", ""),
    ("idle", "I", "siamfc/got10k", "", "", "0", "", ""),
)
TOTALS = {"sequences": 2, "frames": 300}
MADE = {
    "kind": "annotations",
    "family": "otb",
    "protocol": "otb",
    "sequences": ["a", "b"],
    "images": "images",
    "download": "shared",
    "totals": TOTALS,
}
TRAINED = {
    "kind": "got10k",
    "root": None,
    "download": "pictures",
    "frame_range": 100,
    "damaged": 0,
    "held_out": 0,
}
DOWNLOADS = """\
shared:
  kind: vot_manifest
  title: Shared
  version: v
  date: "2020"
  page: https://example.org/
  url: https://example.org/description.json
pictures:
  kind: files
  title: Pictures
  version: v
  date: "2020"
  page: https://example.org/pictures
  access: agreement
  steps: Read the terms and accept them.
  bytes: 4000000000
  files: [{urls: [https://example.org/p.tar], file: p.tar}]
unused:
  kind: vot_manifest
  title: Unused
  version: v
  date: "2020"
  page: https://example.org/
  url: https://example.org/unused.json
"""
SPEED = validate(
    DeviceSpeeds,
    {
        "device": "cpu",
        "date": "2026-01-02",
        "command": "a watch",
        "networks": {
            "siamfc-alexnet_groups": {
                "preset": "siamfc/paper",
                "pairs": 10,
                "precision": "full",
                "frames": 5,
                "first": 2,
            },
            "dslt-resnet50": {"preset": "dslt/paper", "frames": 2, "first": 3},
        },
    },
    "test",
)
SPEEDS = Speeds("a made-up device", "cpu", SPEED)


@pytest.fixture
def values(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The configuration of a made-up study, in a folder of its own."""
    base = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    for key in ("trackers", "benchmarks_file", "protocols_file", "paper"):
        base[key] = str(ROOT / base[key])
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()
    Path("config/downloads.yaml").write_text(DOWNLOADS, encoding="utf-8")
    sheet = ["\t".join(row) for row in (COLUMNS, *CELLS)]
    Path("cells.tsv").write_text("\n".join(sheet) + "\n", encoding="utf-8")
    return merge(
        base,
        {
            "cells": "cells.tsv",
            "benchmarks": {"made": deepcopy(MADE), "twin": deepcopy(MADE)},
            "training": {
                "sets_file": str(CONFIG / "training_sets.yaml"),
                "sets": {"vid_trainval": TRAINED, "got10k": TRAINED | {"download": "unused"}},
            },
            "reference_cell": "star",
            "sensitivity": {"pairs": [], "benchmarks": []},
            "references": {},
            "convergence": {"run": {"clips": [], "synthetic": []}, "iterations": 2000},
            "quick": {"benchmark": "made", "cells": ["star"]},
        },
    ) | {"references": {}}


@pytest.fixture
def study(values: dict[str, Any]) -> Study:
    return load_study(values)


def planned(
    study: Study, jobs: list[PlannedJob] | None = None, speeds: Speeds = SPEEDS
) -> StudyPlan:
    jobs = jobs_of(study) if jobs is None else jobs
    return make_plan("all", jobs, Hours(study, speeds), needed(study))


def jobs_of(study: Study) -> list[PlannedJob]:
    """The study's long jobs, as Snakemake would list them."""
    jobs = []
    for (kind, cell, benchmark, seed), sequences in whole_tasks(study).items():
        if kind == "trainings":
            path = f"results/train/{cell}/seed{seed}/model.pt"
            jobs.append(PlannedJob("train", (path, path.replace("model.pt", "log.csv"))))
        elif kind == "records":
            jobs.append(PlannedJob("train", (f"results/train/{cell}/{benchmark}/seed0.csv",)))
        else:
            folder = f"results/track/{cell}/{benchmark}/seed{seed}"
            jobs.append(PlannedJob("track", tuple(f"{folder}/{name}.txt" for name in sequences)))
    return jobs


def seconds(amount: Amount) -> float:
    return round(amount.value * 3600, 6)


def test_an_amount_says_how_sure_it_is() -> None:
    texts = [str(Amount(value)) for value in (0, 0.00123, 1.44, 9.96, 1903.4)]
    assert texts == ["0", "0.0012", "1.4", "10", "1,903"]
    unsure = total([Amount(12), Amount(3, guess=True), Amount(unknown=("a", "b")), Amount()])
    assert (str(unsure), unsure.unknown) == ("~15 + ?", ("a", "b"))
    assert str(Amount(unknown=("a",))) == "?"
    assert [Amount(size).as_bytes() for size in (14_049_397_769, 2.3e6, 5e3)] == [
        "14 GB",
        "2.3 MB",
        "5 kB",
    ]
    assert Amount(2, guess=True) * Amount(3) == Amount(6, guess=True)
    assert Amount(2, guess=True) * 0 == Amount()


def test_hours_are_those_by_hand(study: Study) -> None:
    plan = planned(study)
    (training,) = plan.groups["trainings"]
    # One training for `net` and `scales`: 2 epochs of 1000 pairs, 10 a second; two seeds.
    assert (training.names, training.left, training.of) == (
        ("siamfc/paper", "siamfc-alexnet_groups"),
        2,
        2,
    )
    assert (training.size, seconds(training.one), seconds(training.hours)) == (
        Amount(2000),
        200,
        400,
    )
    net, twin, star = plan.groups["runs"]
    # 300 frames at 5 a second, two first frames of 2 s; two seeds of `net`, one of `scales`.
    assert (net.names, net.left, seconds(net.one)) == (("siamfc-alexnet_groups", "made"), 3, 64)
    assert (twin.names, twin.left, seconds(twin.hours)) == (
        ("siamfc-alexnet_groups", "twin"),
        2,
        128,
    )
    assert (star.names, seconds(star.one)) == (("dslt-resnet50", "made"), 156)
    # Two first frames of 3 s, 2000 iterations in place of 400.
    (record,) = plan.groups["records"]
    assert (record.size, seconds(record.hours_left)) == (Amount(2), 30)
    assert seconds(plan.stems["train"].hours_left) == 430
    assert seconds(plan.stems["track"].hours_left) == 3 * 64 + 128 + 156
    assert {name: stem.jobs for name, stem in plan.stems.items() if stem.jobs} == {
        "train": 3,
        "track": 6,
    }


@pytest.mark.parametrize(
    ("drawn", "workers", "pair"),
    [
        (None, 0, 0.1),
        (20, 0, 0.15),  # one after the other
        (20, 1, 0.1),  # beside each other: the slower one
        (5, 1, 0.2),
        (5, 4, 0.1),
    ],
)
def test_pairs_are_drawn_too(study: Study, drawn: int | None, workers: int, pair: float) -> None:
    speeds = replace(SPEEDS, measured=SPEED.model_copy(update={"drawn": drawn}))
    found = speeds.pair(study.cells["net"], workers)
    assert found.value == pytest.approx(pair)
    # The speed of drawing is one of procedural videos, and the cell has others.
    assert found.guess == (drawn is not None)


def test_what_is_left_is_what_snakemake_plans(study: Study) -> None:
    jobs = [
        PlannedJob("train", ("results/train/net/seed1/model.pt",)),
        PlannedJob("track", ("results/track/star/made/seed0/b.txt",)),
        PlannedJob("score", ("results/score/star/made/seed0.json",)),
    ]
    plan = planned(study, jobs)
    (training,) = plan.groups["trainings"]
    assert (training.left, training.of, seconds(training.hours_left)) == (1, 2, 200)
    assert seconds(training.hours) == 400
    star = plan.groups["runs"][-1]
    # Half of the sequences: half of the frames, but not known which.
    assert (star.left, star.size_left, seconds(star.hours_left)) == (1, Amount(150, True), 78)
    assert [row.left for row in plan.groups["runs"]] == [0, 0, 1]
    text = plan_text(plan)
    assert "1 of 2" in text
    assert "twin" not in text.partition("Downloads")[0]


def test_nothing_left_costs_nothing(study: Study) -> None:
    plan = planned(study, [])
    assert {stem.jobs for stem in plan.stems.values()} == {0}
    assert not plan.stems["train"].hours_left
    assert not plan.stems["track"].disk


def test_a_target_may_need_what_the_study_does_not_run(study: Study) -> None:
    tasks = tasks_of(["results/track/net/made/seed7/a.txt"], study)
    assert tasks == {LongTask("runs", "net", "made", 7): ("a",)}
    plan = planned(study, [PlannedJob("track", ("results/track/star/twin/seed0/a.txt",))])
    last = plan.groups["runs"][-1]
    assert (last.names, last.left, last.of) == (
        ("dslt-resnet50", "twin"),
        1,
        0,
    )


def test_guesses_are_marked(study: Study, values: dict[str, Any]) -> None:
    plan = planned(study)
    net, twin, star = plan.groups["runs"]
    # `scales` has another preset than the one that was measured.
    assert (net.hours.guess, twin.hours.guess, star.hours.guess) == (True, False, False)
    assert plan.groups["records"][0].hours.guess
    assert not plan.groups["trainings"][0].hours.guess
    # Neither totals nor an index: a guess by totals of the family (OTB), or by those of more.
    del values["benchmarks"]["made"]["totals"]
    values["benchmarks"]["twin"]["totals"] = {"sequences": 4, "frames": 300}
    plan = planned(load_study(values))
    assert [row.size.value for row in plan.groups["runs"]] == pytest.approx([1180.8, 150, 1180.8])
    assert all(row.size.guess for row in plan.groups["runs"])
    assert "~1,181" in plan_text(plan)
    # Trained in another precision than measured.
    networks = {
        name: speed.model_copy(update={"precision": "mixed"})
        for name, speed in SPEED.networks.items()
    }
    mixed = replace(SPEEDS, measured=SPEED.model_copy(update={"networks": networks}))
    assert planned(study, speeds=mixed).groups["trainings"][0].hours.guess


def test_frames_come_from_the_index_where_there_are_no_totals(
    study: Study, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    values["benchmarks"]["made"]["totals"] = None
    study = load_study(values)
    monkeypatch.setattr(hours_module, "index_lengths", lambda path: {"a": 40, "b": 60})
    assert count_frames(study, "made", ("b",)) == Amount(60)
    assert count_frames(study, "made", ("a", "b")) == Amount(100)
    assert count_frames(study, "twin", ("a", "b")) == Amount(300)


def test_a_network_without_a_speed_is_not_counted(study: Study) -> None:
    plan = planned(study, speeds=Speeds("nothing", "cuda"))
    assert plan.stems["track"].hours_left.unknown == (
        "frames per second of siamfc-alexnet_groups",
        "frames per second of dslt-resnet50",
    )
    text = plan_text(plan)
    assert "GPU hours left" in text
    assert "pairs per second of siamfc-alexnet_groups" in text.replace("\n", " ")
    given = replace(SPEEDS, measured=None, given={"pairs": {"siamfc-alexnet_groups": 20.0}})
    plan = planned(study, speeds=given)
    assert seconds(plan.groups["trainings"][0].one) == 100
    assert "As given: pairs of siamfc-alexnet_groups = 20." in plan_text(plan)


def test_hours_by_graphs_count_where_they_run_and_were_measured(study: Study) -> None:
    networks = dict(SPEED.networks)
    graphs = TrackingSpeed(frames=100, decoded=50)
    star = networks["dslt-resnet50"].model_copy(update={"graphs": graphs})
    measured = SPEED.model_copy(update={"networks": networks | {"dslt-resnet50": star}})
    chosen = replace(SPEEDS, measured=measured, kind="cuda", lockstep="graphs")
    star_runs = planned(study, speeds=chosen).groups["runs"][-1]
    plain = planned(study, speeds=replace(chosen, lockstep="never")).groups["runs"][-1]
    # 300 frames at 50 a second with decoding, two first frames as without graphs.
    assert seconds(star_runs.hours_left) == 300 / 50 + 2 * 3
    assert seconds(plain.hours_left) != seconds(star_runs.hours_left)


def test_hours_in_lockstep_stand_beside_those_of_one_stream(study: Study) -> None:
    networks = dict(SPEED.networks)
    together = LockstepSpeed(lanes=8, frames=100, decoded=50, first=0.5)
    star = networks["dslt-resnet50"].model_copy(update={"lockstep": together})
    measured = SPEED.model_copy(update={"networks": networks | {"dslt-resnet50": star}})
    plan = planned(study, speeds=replace(SPEEDS, measured=measured))
    net, _, star_runs = plan.groups["runs"]
    # 300 frames at 50 a second with decoding, two first frames of half a second.
    assert seconds(star_runs.lockstep_left) == 300 / 50 + 2 * 0.5
    assert net.lockstep_left.unknown == ("frames per second of siamfc-alexnet_groups in lockstep",)
    assert plan.groups["trainings"][0].lockstep_left == Amount()
    tables = task_tables(plan)
    assert ["one by one |" in table for table in tables] == [False, True, False]
    # What counts is what the study does, where it was measured.
    assert star_runs.hours_left == star_runs.alone_left
    by_gpu = replace(SPEEDS, measured=measured, kind="cuda", lockstep="auto")
    runs = planned(study, speeds=by_gpu).groups["runs"]
    assert runs[-1].hours_left == runs[-1].hours == runs[-1].lockstep_left
    assert runs[0].hours_left == runs[0].alone_left
    assert "counts in lockstep where" in plan_text(planned(study, speeds=by_gpu))
    # A first frame that was not measured in lockstep: as long as by itself, at most, a guess.
    alone = star.model_copy(update={"lockstep": LockstepSpeed(lanes=8, frames=100)})
    measured = SPEED.model_copy(update={"networks": networks | {"dslt-resnet50": alone}})
    runs = planned(study, speeds=replace(SPEEDS, measured=measured)).groups["runs"]
    assert seconds(runs[-1].lockstep_left) == 300 / 100 + 2 * 3
    assert runs[-1].lockstep_left.guess
    given = {"lockstep": {"siamfc-alexnet_groups": 1000.0}, "lockstep_first": {}}
    runs = planned(study, speeds=replace(SPEEDS, given=given)).groups["runs"]
    # Three runs, 900 frames and six first frames of two seconds.
    assert seconds(runs[0].lockstep_left) == pytest.approx(900 / 1000 + 6 * 2)


def test_hours_include_decoding_where_it_was_measured(study: Study) -> None:
    assert "Decoding of frames comes on top." in plan_text(planned(study))
    networks = dict(SPEED.networks)
    networks["dslt-resnet50"] = networks["dslt-resnet50"].model_copy(update={"decoded": 1.0})
    measured = replace(SPEEDS, measured=SPEED.model_copy(update={"networks": networks}))
    plan = planned(study, speeds=measured)
    assert seconds(plan.groups["runs"][-1].hours) == 300 + 2 * 3
    assert "comes on top of siamfc-alexnet_groups." in plan_text(plan)


def by_name(found: list[Needed]) -> dict[str, Needed]:
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found}


def test_a_download_of_several_counts_once(study: Study) -> None:
    found = by_name(needed(study))
    assert found["shared"].users == ("made", "twin")
    assert found["shared"].bytes == Amount(unknown=("bytes of shared",))
    assert "unused" not in found  # `idle` runs nowhere
    pictures = found["pictures"]
    assert (pictures.users, pictures.bytes, pictures.access) == (
        ("vid_trainval",),
        Amount(4e9),
        "agreement",
    )
    # Kept, and unpacked to images of about the same size.
    assert pictures.disk == Amount(8e9, guess=True)
    assert found["resnet50"].users == ("dslt",)
    plan = planned(study)
    assert plan.stems["data"].fetch.value == 4e9 + found["resnet50"].bytes.value
    text = plan_text(plan)
    assert "bytes of shared" in text
    assert "- pictures: Read the terms and accept them. (https://example.org/pictures)" in text
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_there_is_not_fetched(study: Study, values: dict[str, Any]) -> None:
    receipt = Path("data/downloads/pictures/receipt.json")
    receipt.parent.mkdir(parents=True)
    receipt.write_text("{}", encoding="utf-8")
    weights = Path("data/weights/resnet50-0676ba61.pth")
    weights.parent.mkdir(parents=True)
    weights.write_bytes(b"")
    plan = planned(study)
    assert plan.stems["data"].fetch == Amount(unknown=("bytes of shared",))
    assert "Read the terms" not in plan_text(plan)
    assert not any(one.there for one in needed(study, fresh=True))
    # A folder of the user's own needs no download.
    values["benchmarks"]["twin"]["root"] = "/mine"
    assert by_name(needed(load_study(values)))["shared"].users == ("made",)


def test_an_archive_that_goes_takes_no_room(values: dict[str, Any]) -> None:
    text = DOWNLOADS.replace("file: p.tar}", "file: p.tar, keep: false}").replace(
        "bytes: 4", "unpacked_bytes: 1000000000\n  bytes: 4"
    )
    Path("config/downloads.yaml").write_text(text, encoding="utf-8")
    pictures = by_name(needed(load_study(values)))["pictures"]
    assert (pictures.bytes, pictures.disk) == (Amount(4e9), Amount(1e9))


def test_weights_that_nobody_publishes_are_for_a_person(values: dict[str, Any]) -> None:
    sheet = Path("cells.tsv")
    sheet.write_text(
        sheet.read_text(encoding="utf-8").replace(
            SMALL, f"{SMALL}; training.backbone.weights=mine.pth"
        ),
        encoding="utf-8",
    )
    mine = by_name(needed(load_study(values)))["mine.pth"]
    assert (mine.access, mine.there) == ("file", False)
    Path("mine.pth").write_bytes(b"")
    assert by_name(needed(load_study(values)))["mine.pth"].there


def test_a_download_that_no_entry_describes_is_named(values: dict[str, Any]) -> None:
    values["benchmarks"]["made"]["download"] = "lost"
    with pytest.raises(DsltError, match="unknown download 'lost'; allowed: pictures"):
        load_study(values)


def test_json_marks_guesses_and_what_is_unknown(study: Study) -> None:
    found = json.loads(planned(study).to_json())
    assert list(found["stems"]) == list(STEMS)
    assert found["records"][0]["hours"]["guess"] is True
    assert found["trainings"][0]["hours"] == {
        "value": pytest.approx(400 / 3600),
        "guess": False,
        "unknown": [],
    }
    assert "bytes of shared" in found["unknown"]
    assert found["device"]["name"] == "a made-up device"


# ---------------------------------------------------------------------- speeds


def test_speeds_are_there_for_every_network_that_runs() -> None:
    speeds = load_speeds(CONFIG / "speeds.yaml")
    cells = [
        cell
        for sheet in ("cells.tsv", "paper_cells.tsv")
        for cell in load_cells(CONFIG / sheet, CONFIG / "trackers").values()
        if cell.benchmarks and cell.entry.tracker
    ]
    cpu = choose_speeds(speeds, "cpu", None)
    assert not [cell.id for cell in cells if cpu.seconds("frames", cell).unknown]
    assert not [c.id for c in cells if c.offline and cpu.seconds("pairs", c).unknown]
    assert {cell.settings.speed_name for cell in cells if cell.offline} == set(MODEL)


def test_a_card_says_latency_and_throughput_and_what_was_not_measured() -> None:
    cell = load_cells(CONFIG / "paper_cells.tsv", CONFIG / "trackers")["siamfc_paper_bce"]
    assert cell.settings.speed_name == "siamfc-alexnet_groups"
    text = speed_text(cell, {"A": SPEED})
    assert "| A, 2026-01-02 | siamfc/paper | one | 5 | not measured | 2 s |" in text
    assert "| siamfc/paper | many | not measured | not measured | not measured |" in text
    speed = SPEED.networks["siamfc-alexnet_groups"]
    together = LockstepSpeed(lanes=64, frames=4000, decoded=2500, first=0.01)
    updated = speed.model_copy(update={"preset": "siamfc/lite", "lockstep": together})
    measured = SPEED.model_copy(update={"networks": {"siamfc-alexnet_groups": updated}})
    text = speed_text(cell, {"A": measured})
    row = "siamfc/lite, not this one | 64 | 4,000 | 2,500 | 0.01 s |"
    assert row in text
    assert "siamfc-alexnet_groups: not measured on any device." in speed_text(cell, {})


def test_an_entry_is_chosen_by_name_or_by_device() -> None:
    gpu = SPEED.model_copy(update={"device": "cuda"})
    known = {"A": SPEED, "B": gpu}
    assert choose_speeds(known, "cuda", None).name == "B"
    assert choose_speeds(known, "cuda", "A").unit == "CPU hours"
    assert choose_speeds({"A": SPEED}, "cuda", None).measured is None
    with pytest.raises(DsltError, match="unknown device 'C'; allowed: A, B"):
        choose_speeds(known, "cuda", "C")


@pytest.mark.parametrize("text", ["net=0", "net=fast", "net", "net=inf"])
def test_a_rate_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DsltError, match="--pairs"):
        read_rates("pairs", [text], ["net"])
    with pytest.raises(DsltError, match="unknown network of --pairs 'other'; allowed: net"):
        read_rates("pairs", ["other=1"], ["net"])
    with pytest.raises(DsltError, match="unknown network of --lockstep-first 'other'"):
        read_rates("lockstep_first", ["other=1"], ["net"])


def test_an_unknown_key_of_a_speed_is_an_error(tmp_path: Path) -> None:
    entry = SPEED.model_dump()
    entry["networks"]["dslt-resnet50"]["speed"] = 1
    path = tmp_path / "speeds.yaml"
    path.write_text(yaml.safe_dump({"D": entry}), encoding="utf-8")
    with pytest.raises(DsltError, match=r"device 'D': unknown key .*speed"):
        load_speeds(path)


def test_models_are_as_large_as_said() -> None:
    from dslt.networks.make import make_network

    cells = load_cells(CONFIG / "paper_cells.tsv", CONFIG / "trackers")
    for name in ("siamfc_paper_bce", "siamrpn_bce", "siamrpnpp_bce"):
        training = cells[name].offline
        backbone = training.backbone.model_copy(update={"weights": "random"})
        net = make_network(training.model_copy(update={"backbone": backbone}))
        size = sum(4 * values.numel() for values in net.state_dict().values())
        assert MODEL[cells[name].settings.speed_name] == pytest.approx(size, rel=0.02)


def test_the_measuring_script_prints_an_entry(tmp_path: Path) -> None:
    row = ("kcf", "KCF", "opencv/kcf", "", "clips", "0", "", "")
    sheet = tmp_path / "cells.tsv"
    sheet.write_text("\t".join(COLUMNS) + "\n" + "\t".join(row) + "\n", encoding="utf-8")
    script = ["speed/paper_scale.py", "--measure", "0.01", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, *script, "--cells", str(sheet)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    entry, options = done.stdout.split("\n--", 1)
    path = tmp_path / "speeds.yaml"
    path.write_text(entry, encoding="utf-8")
    (speeds,) = load_speeds(path).values()
    assert list(speeds.networks) == ["opencv-kcf"]
    kcf = speeds.networks["opencv-kcf"]
    assert kcf.frames
    assert kcf.decoded
    assert kcf.lockstep is None
    assert f"frames opencv-kcf={kcf.decoded:g}" in options


# ---------------------------------------------------------------------- Snakemake


def test_planning_imports_nothing_heavy() -> None:
    code = "import sys, dslt.commands.plan; print({'torch', 'cv2', 'snakemake'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


LISTING = """\
Building DAG of jobs...
Job stats:
job      count
-----  -------
train        1
all          1
total        2


[Mon Nov 23 05:44:29 2026]
rule train:
    output: results/train/net/seed0/model.pt, results/train/net/seed0/log.csv
    log: logs/train/net/seed0.log
    jobid: 1
[Mon Nov 23 05:44:29 2026]
localrule all:
    input: results/train/net/seed0/model.pt
    jobid: 0
Job stats:
job      count
-----  -------
train        1
all          1
total        2

Reasons:
    output files have to be generated:
        train
"""


def test_jobs_are_read_from_a_dry_run() -> None:
    outputs = ("results/train/net/seed0/model.pt", "results/train/net/seed0/log.csv")
    assert read_jobs(LISTING) == [PlannedJob("train", outputs)]
    assert read_jobs("Building DAG of jobs...\nNothing to be done (all there).\n") == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (LISTING, "Building DAG of jobs...\n", "announced 0 jobs and listed 0"),
        ("rule train:\n", "\n", "announced 2 jobs and listed 1; is it kept quiet"),
        ("total        2", "total        3", "announced 3 jobs and listed 2"),
        ("logs/train", "log", "rule train: expected a log below logs/<stem>"),
    ],
)
def test_a_dry_run_that_reads_otherwise_is_an_error(old: str, new: str, message: str) -> None:
    with pytest.raises(DsltError, match=message):
        read_jobs(LISTING.replace(old, new))


def test_the_tiny_study_is_planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "tests" / "workflow")
    from tiny import FRAMES, copy_repository

    copy_repository(tmp_path / "tiny")
    monkeypatch.chdir(tmp_path / "tiny")
    given = ["--frames", "dslt-efficientnet_lite0=2", "--first", "dslt-efficientnet_lite0=3"]
    called = CliRunner().invoke(command, ["--configfile", "tiny.yaml", "--json", *given])
    assert called.exit_code == 0, called.output
    found = json.loads(called.output)
    jobs = {name: stem["jobs"] for name, stem in found["stems"].items()}
    # One index; one training and two records; four cells, and a response map of each sequence;
    # scores of the four, and the confidence of those that have one.
    assert jobs["data"] == 1
    assert jobs["train"] == 3
    assert jobs["track"] == 4 + 2
    assert jobs["score"] == 4 + 3
    rows = {tuple(row["names"]): row for row in found["runs"]}
    row = rows["dslt-efficientnet_lite0", "tiny"]
    assert (row["left"], row["size"]["guess"]) == (2, True)
    assert row["size"]["value"] > FRAMES * 2
    assert found["trainings"][0]["size"]["value"] == 16
    with pytest.raises(DsltError, match=r"cannot plan 'nosuch'(.|\n)*No rule to produce nosuch"):
        plan_jobs("nosuch", ["tiny.yaml"])
    assert {job.stem for job in plan_jobs("quick", ["tiny.yaml"], fresh=True)} == {
        *("data", "track", "score", "figures")
    }
