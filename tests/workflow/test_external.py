"""Other trackers' results as cells, and reset-based benchmarks, in the real workflow."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tiny import Repository, copy_repository

STUDY = """\
benchmarks:
  tiny: {kind: folder, root: frames, protocol: otb, box_origin: 1}
  tiny_vot: {kind: folder, root: frames, protocol: vot_short, box_origin: 1}
run: {tiny: [CELLS], tiny_vot: [CELLS]}
reference_cell: kcf
quick: {benchmark: tiny, cells: [kcf]}
convergence: {run: {}}
figures: {make: []}
pages: []
device: cpu
"""
ROW = "theirs\tTheirs\texternal/default\tresults=raw/{benchmark}\t\t0\ttable2,fig12\t\n"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """KCF's results, run here, beside the same files as another tracker's."""
    repository = copy_repository(tmp_path_factory.mktemp("external"))
    tiny = repository.path / "tiny.yaml"
    with (repository.path / "config" / "cells.tsv").open("a") as sheet:
        sheet.write(ROW)
    tiny.write_text(STUDY.replace("CELLS", "kcf"))
    repository.snakemake("track")
    for benchmark in ("tiny", "tiny_vot"):
        shutil.copytree(
            repository.path / "results" / "track" / "kcf" / benchmark / "seed0",
            repository.path / "raw" / benchmark,
            ignore=shutil.ignore_patterns("*.csv"),
        )
    tiny.write_text(STUDY.replace("CELLS", "kcf, theirs"))
    repository.snakemake("ablation", "tables")
    return repository


def scores(repository: Repository, cell: str, benchmark: str) -> dict[str, object]:
    path = repository.path / "results" / "score" / cell / benchmark / "seed0.json"
    found: dict[str, object] = json.loads(path.read_text())["overall"]
    found.pop("fps", None)
    return found


@pytest.mark.parametrize("benchmark", ["tiny", "tiny_vot"])
def test_the_same_files_score_the_same(study: Repository, benchmark: str) -> None:
    ours = scores(study, "kcf", benchmark)
    assert ours == scores(study, "theirs", benchmark)
    assert ("eao" in ours) == (benchmark == "tiny_vot")


def test_they_stand_in_the_same_comparison(study: Repository) -> None:
    found = json.loads((study.path / "results" / "compare" / "theirs.json").read_text())
    gap = found["benchmarks"]["tiny_vot"]["difference_to"]["metrics"]["eao"]
    assert gap["value"] == 0
    assert found["base"] == "external"


def test_a_changed_file_is_scored_again_and_nothing_tracked(study: Repository) -> None:
    path = study.path / "raw" / "tiny" / "left.txt"
    rows = path.read_text().splitlines()
    path.write_text("\n".join([*rows[:-1], "1,1,5,5"]) + "\n")
    jobs = study.planned("ablation")
    assert ("score", "theirs") in jobs
    assert not {job for job in jobs if job[0].startswith("track")}


def test_a_missing_folder_is_named(study: Repository, tmp_path: Path) -> None:
    shutil.move(study.path / "raw" / "tiny_vot", tmp_path / "away")
    done = study.snakemake("ablation", "--dry-run", check=False)
    shutil.move(tmp_path / "away", study.path / "raw" / "tiny_vot")
    assert done.returncode != 0
    assert "cell theirs: no results in 'raw/tiny_vot'" in done.stdout
