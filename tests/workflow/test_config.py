"""The configuration: errors that list what is allowed, the schema, the size of the graph."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dslt.core.errors import DsltError
from dslt.study.data import StudyData
from dslt.study.load import load_study
from dslt.study.study import Study
from tiny import ROOT, Repository


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(ROOT)
    values: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    return values


def loaded(values: dict[str, Any], **changes: Any) -> Study:
    return load_study(values | changes)


def test_what_is_generated_is_up_to_date() -> None:
    command = [sys.executable, "tools/generate.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_key_is_commented_and_documented(configured: dict[str, Any]) -> None:
    readme = (ROOT / "config" / "README.md").read_text()
    lines = (ROOT / "config.yaml").read_text().splitlines()
    for key in configured:
        assert f"| `{key}` |" in readme
        (number,) = [i for i, line in enumerate(lines) if line.startswith(f"{key}:")]
        assert lines[number - 1].startswith("#") or key == "figures"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit": 3}, r"unknown key 'unit'; allowed: .*unit_size"),
        ({"device": "gpu"}, r"device = 'gpu'.*'auto', 'cpu', 'cuda' or 'mps'"),
        ({"unit_size": 0}, r"unit_size = 0"),
        ({"run": {"clips": ["dslt", "dslt_l4"]}}, r"unknown cell 'dslt_l4'; allowed: .*dslt_l3"),
        ({"run": {"otb": ["dslt"]}}, r"unknown benchmark 'otb'; allowed: .*clips"),
        ({"reference_cell": "none"}, r"unknown cell 'none'"),
        ({"benchmarks_file": "nowhere.yaml"}, r"nowhere.yaml: no such file"),
        ({"benchmarks": {"mine": {"kind": "zip"}}}, r"unknown kind.*'zip'; allowed: .*clips"),
        ({"tables": ["table9"]}, r"tables.0 = 'table9'.*table3"),
    ],
)
def test_errors_list_what_is_allowed(
    configured: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DsltError, match=message):
        loaded(configured, **changes)


def test_chosen_cell_must_run(configured: dict[str, Any]) -> None:
    configured["figures"]["fig15"]["cells"] = ["dslt_l3"]
    with pytest.raises(DsltError, match=r"figures.fig15.*'dslt_l3'; allowed: dslt"):
        loaded(configured, run={"clips": ["dslt"]})


def test_a_reference_is_a_cell_where_its_tracker_has_any(configured: dict[str, Any]) -> None:
    references = {"siamrpn": "nobody", "siamrpn/pysot": "nobody"}
    assert loaded(configured, references=references).reference_of("siamfc_bce") == "dslt"
    for name in ("dslt", "dslt/paper"):
        with pytest.raises(DsltError, match=r"references .*'nobody'; allowed: csrt, "):
            loaded(configured, references={name: "nobody"})


def test_units_cover_each_sequence_once(configured: dict[str, Any]) -> None:
    study = loaded(configured, unit_size=3)
    units = study.units("clips")
    assert [len(unit) for unit in units] == [3] * 8
    assert tuple(name for unit in units for name in unit) == study.sequences["clips"]


def test_training_record_ignores_tracking_settings(configured: dict[str, Any]) -> None:
    study = loaded(configured)
    assert "tracking" not in json.loads(study.cells["dslt"].training_json())
    assert "csrt" not in study.converged["clips"]


def test_clips_are_fetched_once(configured: dict[str, Any]) -> None:
    fetches = StudyData(loaded(configured)).fetches
    files = [path for fetch in fetches.values() for path in fetch.files]
    assert len(files) == len(set(files)) == 14


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "1" * 64}, r"benchmark b: the SHA-256 of a==1 is 1111.*, but 0000"),
        ({"members": {"v.mp4": {"path": "w", "sha256": "0" * 64}}}, r"v\.mp4 is w of a==1, but v"),
        ({"package": "c==2"}, r"benchmark b: v\.mp4 is v of c==2, but v of a==1 in another"),
    ],
)
def test_benchmarks_agree_on_their_packages(
    configured: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    member = {"path": "v", "sha256": "0" * 64}
    package = {"package": "a==1", "sha256": "0" * 64, "members": {"v.mp4": member}}
    common = {"kind": "clips", "annotations": "x", "protocol": "otb", "sequences": ["s"]}
    configured["benchmarks"] = {
        "a": common | {"packages": [package]},
        "b": common | {"packages": [package | changes]},
    }
    run = {"a": ["csrt"], "b": ["csrt"]}
    with pytest.raises(DsltError, match=message):
        StudyData(loaded(configured, run=run)).fetches  # noqa: B018


def test_snakemake_tells_it_in_one_message(fresh: Repository) -> None:
    fresh.edit("tiny.yaml", "kcf]", "kfc]")
    done = fresh.snakemake("all", "--dry-run", check=False)
    assert done.returncode != 0
    assert "unknown cell 'kfc'; allowed: csrt, dslt," in done.stdout
    assert "Traceback" not in done.stdout


def test_unknown_loss_names_the_row(fresh: Repository) -> None:
    fresh.edit_cell("dslt_l2", "training.loss.name=l9")
    done = fresh.snakemake("all", "--dry-run", check=False)
    assert done.returncode != 0
    for words in ("cells.tsv, line", "dslt_l2", "'l9'", "shrinkage"):
        assert words in done.stdout


def test_a_tracker_of_opencv_asks_for_no_gpu(fresh: Repository) -> None:
    text = fresh.snakemake("track", "--dry-run", "--config", "device=cuda").stdout
    jobs = re.findall(r"wildcards: cell=(\w+).*\n(?:.*\n)*?    resources: .*?gpu=(\d)", text)
    assert dict(jobs)["kcf"] == "0"
    assert {gpus for cell, gpus in jobs if cell != "kcf"} == {"1"}


def test_every_named_target_of_the_default_study_plans() -> None:
    named = (
        "all",
        "quick",
        "fetch",
        "track",
        "tables",
        "figures",
        "ablation",
        "report",
        "sensitivity",
        "grid",
    )
    command = [sys.executable, "-m", "snakemake", *named, "--dry-run", "--quiet", "all"]
    done = subprocess.run(
        [*command, "--nolock", "--forceall"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_large_study_plans(fresh: Repository) -> None:
    folder = fresh.path / "many"
    for number in range(250):
        (folder / f"s{number:03d}" / "img").mkdir(parents=True)
        (folder / f"s{number:03d}" / "groundtruth_rect.txt").write_text("1,1,9,9\n")
    sheet = fresh.path / "config" / "cells.tsv"
    (row,) = [line for line in sheet.read_text().splitlines() if line.startswith("kcf\t")]
    cells = [f"kcf{number}" for number in range(37)]
    sheet.write_text(sheet.read_text() + "".join(f"{cell}{row[3:]}\n" for cell in cells))
    overlay = {
        "benchmarks": {"tiny": {"kind": "folder", "root": "many", "protocol": "otb"}},
        "run": {"tiny": ["dslt", "dslt_l2", "kcf", *cells]},
        "unit_size": 5,
    }
    path: Path = fresh.path / "tiny.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | overlay))
    text = fresh.snakemake("track", "--dry-run", "--quiet", "rules").stdout
    assert f"{40 * 50 + 2}" in text.partition("total")[2].splitlines()[0]
