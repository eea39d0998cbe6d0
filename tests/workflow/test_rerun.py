"""What reruns after an edit, on a finished run of the real workflow."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from moto.server import ThreadedMotoServer

from site_checks import check_site
from tiny import Repository, keep_download, listed_jobs, make_commit

BUCKET = "studies"  # of the test's own S3
# What reads every comparison or score, and so follows any changed cell.
READERS = {"scorecard", "table_table1", "table_table2", "table_table3", "table_confidence"}
READERS |= {"figure_fig15"}
READERS |= {"page_scorecard", "page_offline", "index_page"}
READERS |= {"figure_fig14", "site_figure", "site_tables", "provenance_page"}
READERS |= {"sequences_tiny", "matrix_page", "sequence_pages"}
READERS |= {"workflow_report", "report", "figures", "tables", "ablation"}


def without_readers(jobs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {job for job in jobs if job[0] not in READERS}


def one_cell(cell: str) -> set[tuple[str, str]]:
    rules = {"track_tiny_0", "score", "compare"} | ({"confidence"} if cell != "kcf" else set())
    return {(rule, cell) for rule in rules}  # a correlation filter has no score of its own


def test_results_are_there(finished: Repository) -> None:
    results = finished.path / "results"
    for name in (
        "compare/scorecard.csv",
        "compare/dslt.json",
        "tables/table3.tex",
        "figures/fig07.png",
        "figures/fig16.pdf",
        "train/siamfc_bce/seed0/model.pt",
        "compare/training.csv",
        "report/index.html",
        "report/sequences.html",
        "report/sequences/tiny/left.html",
        "report/videos/tiny/right.webm",
        "workflow/report.html",
    ):
        assert (results / name).stat().st_size > 0
    assert len(finished.boxes()) == 8


def test_the_site_opens_by_itself_and_says_what_the_files_say(
    finished: Repository, tmp_path: Path
) -> None:
    results, site = finished.path / "results", tmp_path / "elsewhere"
    shutil.copytree(results / "report", site)
    check_site(site)
    card = BeautifulSoup((site / "scorecard.html").read_text(), "html.parser")
    cells = {cell.text for cell in card("td")}
    rows = pd.read_csv(results / "compare" / "scorecard.csv", dtype=str, keep_default_na=False)
    assert set(rows["item"]) <= cells
    assert set(rows["ours"]) - {""} <= cells
    plotted = pd.read_csv(site / "plots" / "fig16.csv")
    curve = plotted.query("panel.str.startswith('Offline') and cell == 'siamfc_bce'")
    record = pd.read_csv(results / "train" / "siamfc_bce" / "seed0" / "validation.csv")
    means = record.groupby("epoch")["success_auc"].mean()
    assert dict(zip(curve["x"].astype(int), curve["y"], strict=True)) == pytest.approx(
        dict(means), rel=1e-5
    )
    offline = (site / "offline.html").read_text()
    gain = pd.read_csv(results / "compare" / "training.csv")["gain"].item()
    assert f"{100 * gain:.1f}" in offline


def test_words_and_style_of_the_site_rerun_what_holds_them(copied: Repository) -> None:
    folder = "src/dslt/report"
    copied.edit(f"{folder}/assets/site.css", ":root {", ":root { --probe: 0;")
    assert copied.planned() == {("site_assets", "")}
    copied.edit(f"{folder}/templates/document.html.j2", "Skip to", "Go to")
    rules = {rule for rule, _ in copied.planned()}
    pages = {"page_data", "page_offline", "page_scorecard", "index_page", "provenance_page"}
    assert rules == {*pages, "sequences_tiny", "matrix_page", "site_assets"}


def test_what_nobody_saw_end_is_made_again(copied: Repository) -> None:
    """Snakemake records a job when it sees its end; it believes a file without a record."""
    files = (copied.path / "results" / "track" / "kcf").rglob("*.*")
    copied.snakemake("--cleanup-metadata", *(str(one.relative_to(copied.path)) for one in files))
    assert without_readers(copied.planned()) == one_cell("kcf")


def test_second_run_has_nothing_to_do(finished: Repository) -> None:
    assert "Nothing to be done" in finished.snakemake("all").stdout
    assert finished.planned() == set()


def test_another_path_and_new_time_stamps_have_nothing_to_do(copied: Repository) -> None:
    for name in ("frames", "data", "notebooks", "config"):
        for path in (copied.path / name).rglob("*"):
            path.touch()
    assert copied.planned() == set()


def test_moved_constants_run_on_demand_and_are_shown(copied: Repository) -> None:
    card = copied.path / "results" / "compare" / "scorecard.csv"
    assert "was not looked at" in card.read_text()
    cells = {"dslt__moved", "dslt_l2__moved"}
    expected = {(rule, cell) for rule in ("track_tiny_0", "score") for cell in cells}
    assert copied.planned("sensitivity") == expected
    copied.snakemake("sensitivity")
    rows = (copied.path / "results" / "compare" / "sensitivity.csv").read_text()
    assert "dslt,dslt_l2,tiny,success_auc,moved," in rows
    assert ("scorecard", "") in copied.planned()
    assert without_readers(copied.planned()) == set()
    copied.snakemake("results/compare/scorecard.csv")
    assert "was not looked at" not in card.read_text()
    copied.edit_cell("dslt", "tracking.scale.rate=0.5")
    copied.snakemake("results/compare/scorecard.csv")
    assert "with other settings, data or code" in card.read_text()
    (copied.path / "results" / "compare" / "sensitivity.csv").unlink()
    assert {("scorecard", ""), ("page_scorecard", "")} <= copied.planned()


def test_training_value_reruns_its_cell(copied: Repository) -> None:
    copied.edit_cell("dslt_l2", "training.adam.weight_decay=0.00017")
    jobs = without_readers(copied.planned())
    fig16 = {("figure_fig16", ""), ("plot_fig16", "")}
    assert {job for job in jobs if "converge" not in job[0]} - fig16 == one_cell("dslt_l2")
    assert ("converge", "dslt_l2") in jobs
    assert ("converge", "dslt") not in jobs


def test_tracking_value_trains_nothing(copied: Repository) -> None:
    copied.edit_cell("dslt_l2", "tracking.scale.rate=0.123")
    assert without_readers(copied.planned()) == one_cell("dslt_l2")


def test_a_cell_remakes_the_pages_that_show_it_and_no_video(copied: Repository) -> None:
    assert copied.planned("sequence_pages") == set()
    copied.edit_cell("dslt_l2", "tracking.scale.rate=0.123")
    pages = {("sequences_tiny", ""), ("matrix_page", "")}
    results = {("track_tiny_0", "dslt_l2"), ("score", "dslt_l2")}
    assert copied.planned("sequence_pages") == pages | results


def test_offline_training_value_trains_its_cell(copied: Repository) -> None:
    copied.edit_cell("siamfc_bce", "training.schedule.sgd.momentum=0.8")
    jobs = without_readers(copied.planned())
    follow = {"figure_fig07", "figure_fig16", "plot_fig16", "compare_training"}
    expected = one_cell("siamfc_bce") | {("train", "siamfc_bce"), ("respond", "siamfc_bce")}
    assert {job for job in jobs if job[0] not in follow} == expected
    assert follow <= {rule for rule, _ in jobs}


def test_networks_can_be_scored_on_a_benchmark_while_they_learn(copied: Repository) -> None:
    copied.edit(
        "tiny.yaml", "{procedural: 1, texture: 1, ", "{benchmark: tiny, sequences: [left], "
    )
    assert ("train", "siamfc_bce") in copied.planned()
    record = "results/train/siamfc_bce/seed0/validation.csv"
    copied.snakemake(record)
    rows = (copied.path / record).read_text().splitlines()[1:]
    assert {row.split(",")[1] for row in rows} == {"left"}


def test_tracking_value_of_a_trained_cell_trains_nothing(copied: Repository) -> None:
    copied.edit_cell("siamfc_bce", "tracking.window=0.2")
    planned = without_readers(copied.planned())
    expected = one_cell("siamfc_bce") | {("respond", "siamfc_bce")}
    assert planned - {("figure_fig07", "")} == expected


def test_cells_that_differ_in_tracking_share_their_training(copied: Repository) -> None:
    sheet = copied.path / "config" / "cells.tsv"
    (row,) = [line for line in sheet.read_text().splitlines() if line.startswith("siamfc_bce\t")]
    columns = row.split("\t")
    columns[0], columns[3] = "siamfc_other", f"{columns[3]}; tracking.window=0.3"
    sheet.write_text(sheet.read_text() + "\t".join(columns) + "\n")
    copied.edit("tiny.yaml", "kcf, siamfc_bce]", "kcf, siamfc_bce, siamfc_other]")
    rules = {rule for rule, _ in copied.planned()}
    assert ("track_tiny_0", "siamfc_other") in copied.planned()
    assert "train" not in rules


def test_reference_cell_reruns_comparisons_only(copied: Repository) -> None:
    copied.edit_cell("dslt", "tracking.scale.rate=0.123")
    expected = one_cell("dslt") | {("compare", "dslt_l2"), ("compare", "kcf")}
    assert without_readers(copied.planned()) == expected


def test_comment_and_docstring_rerun_nothing(copied: Repository) -> None:
    for path in (copied.path / "src" / "dslt").rglob("*.py"):
        path.write_text(path.read_text() + "\n# a comment\n")
    copied.edit("src/dslt/geometry/boxes.py", '"""', '"""New words. ')
    assert copied.planned() == set()


def test_constant_in_an_indirect_import_reruns_dependents(copied: Repository) -> None:
    module = copied.path / "src" / "dslt" / "geometry" / "crops.py"
    module.write_text(module.read_text() + "\nPROBE = 1\n")
    jobs = copied.planned()
    assert one_cell("dslt") | {("converge", "dslt")} <= jobs
    assert not {("figure_fig04", ""), ("index", "")} & jobs


def test_scoring_code_tracks_nothing(copied: Repository) -> None:
    module = copied.path / "src" / "dslt" / "score" / "ope.py"
    module.write_text(module.read_text() + "\nPROBE = 1\n")
    jobs = copied.planned()
    assert ("score", "dslt") in jobs
    assert not {("index", ""), ("track_tiny_0", "dslt"), ("track_tiny_0", "kcf")} & jobs
    assert ("train", "siamfc_bce") in jobs  # its validation is scored


def test_note_reruns_nothing(copied: Repository) -> None:
    sheet = copied.path / "config" / "cells.tsv"
    rows = sheet.read_text().splitlines()
    sheet.write_text(
        "".join(f"{row} more words\n" if row[:4] == "kcf\t" else f"{row}\n" for row in rows)
    )
    assert copied.planned() == set()


def test_unit_size_reruns_nothing_and_changes_no_box(copied: Repository) -> None:
    overlay = copied.path / "tiny.yaml"
    overlay.write_text(overlay.read_text() + "unit_size: 1\n")
    assert copied.planned() == set()
    before = copied.boxes()
    for path in (copied.path / "results" / "track" / "dslt_l2").rglob("*.txt"):
        path.unlink()
    copied.snakemake("track")
    assert copied.boxes() == before


def test_agreement_fetches_nothing_again(fresh: Repository) -> None:
    target = "data/downloads/ilsvrc_vid/receipt.json"
    (fresh.path / target).parent.mkdir(parents=True)
    (fresh.path / target).write_text("{}")
    fresh.snakemake(target, "--touch", "--forceall")
    overlay = fresh.path / "tiny.yaml"
    overlay.write_text(overlay.read_text() + "agreed: [ilsvrc_vid]\n")
    assert fresh.planned(target) == set()


def test_changed_frame_is_noticed(copied: Repository) -> None:
    frame = copied.path / "frames" / "left" / "img" / "0005.png"
    frame.write_bytes(frame.read_bytes() + b"\0")
    assert ("index", "") in copied.planned()


def test_dvc_clone_has_nothing_to_do(
    copied: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TORCH_HOME", "XDG_CACHE_HOME"):  # a clone on another machine finds no cache
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    keep_download(copied)
    copied.call("git", "init", "--quiet")
    copied.call("dvc", "commit", "--force", "study")
    make_commit(copied)
    assert "\nresults/" not in copied.call("git", "ls-files").stdout

    subprocess.run(
        ["git", "clone", "--quiet", str(copied.path), str(tmp_path / "clone")], check=True
    )
    clone = Repository(tmp_path / "clone")
    clone.call("dvc", "cache", "dir", "--local", str(copied.path / ".dvc" / "cache"))
    clone.call("dvc", "checkout")
    assert clone.boxes() == copied.boxes()
    assert clone.planned() == set()

    clone.edit("config/cells.tsv", "opencv/kcf", "opencv/csrt")
    planned = clone.planned()
    assert without_readers(planned) == one_cell("kcf")
    assert listed_jobs(clone.snakemake("all").stdout) - {("all", "")} == planned
    changed = {name for name, boxes in clone.boxes().items() if boxes != copied.boxes()[name]}
    assert changed
    assert {Path(name).parts[0] for name in changed} == {"kcf"}
    assert clone.planned() == set()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server of S3 on this machine, with an empty bucket; its address."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket=BUCKET)
    yield address
    server.stop()


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_study_comes_back_from_a_remote(
    copied: Repository, tmp_path: Path, kind: str, s3: str
) -> None:
    place = str(tmp_path / "remote") if kind == "folder" else f"s3://{BUCKET}/tiny"
    keep_download(copied)
    copied.call("git", "init", "--quiet")
    copied.call("dvc", "remote", "add", "--default", "there", place)
    if kind == "s3":
        copied.call("dvc", "remote", "modify", "there", "endpointurl", s3)
    copied.call("dvc", "commit", "--force", "study")
    make_commit(copied)
    copied.call("dvc", "push")

    clone = Repository(tmp_path / "clone")
    subprocess.run(["git", "clone", "--quiet", str(copied.path), str(clone.path)], check=True)
    clone.call("dvc", "pull", "results/report")
    assert (clone.path / "results" / "report" / "index.html").is_file()
    assert not (clone.path / "results" / "track").exists()
    clone.call("dvc", "pull", "--allow-missing")
    assert clone.boxes() == copied.boxes()
    index = "results/data/tiny.parquet"
    assert (clone.path / index).read_bytes() == (copied.path / index).read_bytes()
    # What others own was recorded and stays where it was.
    assert "data/downloads" in (clone.path / "dvc.lock").read_text()
    assert not (clone.path / "data" / "downloads").exists()
    assert clone.planned() == set()
