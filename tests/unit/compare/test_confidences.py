"""Confidence files become intervals, a table, and verdicts on claims of ours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from confidence_runs import VIDEOS, confidence_file
from dslt.commands.table import command
from dslt.compare.cell import BenchmarkResult, CellComparison, Difference, Speed
from dslt.compare.claims import Measured, claim_rows
from dslt.compare.confidences import confidence_tables, load_confidences
from dslt.compare.intervals import interval_of_difference, interval_of_mean
from dslt.compare.paper import read_claims
from dslt.compare.ratios import RatioSums, SeedMeans
from dslt.compare.scorecard import scorecard
from dslt.compare.tables import confidence as table
from dslt.core.errors import DsltError
from dslt.report import confidence as page
from dslt.score.metrics import CONFIDENCE
from places import ROOT

LEFT_OUT = {"csrt": "OpenCV says only whether it found the target"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A cell whose score is nearly right, and one whose score is mostly noise."""
    folder = tmp_path_factory.mktemp("confidence")
    return {
        "dslt": confidence_file(folder, "dslt", 0.05, seeds=(0, 1, 2)),
        "dslt_l2": confidence_file(folder, "dslt_l2", 1.0, seeds=(0, 1, 2)),
    }


def comparison(cell: str, reference: str, preset: str = "lite") -> CellComparison:
    gap = Difference(cell=reference, metrics={}) if reference else None
    result = BenchmarkResult(
        protocol="otb",
        sequences=2 * VIDEOS,
        videos=VIDEOS,
        seeds=(0, 1, 2),
        metrics={},
        fps=Speed(),
        difference_to=gap,
        notes=(),
    )
    values = {"label": f"the {cell}", "base": "dslt", "preset": preset, "backbone": ""}
    return CellComparison(cell=cell, benchmarks={"clips": result}, paper=(), **values)


CELLS = {"dslt": comparison("dslt", ""), "dslt_l2": comparison("dslt_l2", "dslt")}


def test_a_mean_over_seeds_has_the_interval_of_the_plain_mean():
    """What is a mean over sequences in both forms has the same interval in both."""
    values = np.random.default_rng(0).random((8, 3))
    videos = [f"v{number}" for number in range(8)]
    without = np.stack([np.delete(values, row, axis=0).mean(axis=0) for row in range(8)])
    means = SeedMeans(values.mean(axis=0), without, 8)
    plain = RatioSums.of_means(values)
    for found, expected in (
        (interval_of_mean(means, videos), interval_of_mean(plain, videos)),
        (
            interval_of_difference(means, plain, videos, paired_seeds=True),
            interval_of_difference(plain, plain, videos, paired_seeds=True),
        ),
    ):
        assert found.value == pytest.approx(expected.value, abs=1e-12)
        assert found.error == pytest.approx(expected.error, abs=1e-12)
        assert found.skewness == pytest.approx(expected.skewness, abs=1e-9)
        assert (found.videos, found.notes) == (expected.videos, expected.notes)


def test_seeds_are_stacked(files):
    found = load_confidences(files.values())
    assert [run.seed for run in found["clips"]["dslt"]] == [0, 1, 2]
    tables = confidence_tables(found)
    one = tables["dslt", "clips"]
    assert (len(one.names), len(set(one.videos)), one.seeds) == (14, VIDEOS, (0, 1, 2))
    runs = found["clips"]["dslt"]
    values = [run.metrics["confidence_auroc"].value for run in runs]
    assert one.values["confidence_auroc"].value() == pytest.approx(np.mean(values))
    absent = interval_of_mean(one.values["confidence_absent"], one.videos)
    assert absent.notes[0].startswith("no interval: the metric is undefined without one")


def test_what_cannot_stand_together_is_refused(files, tmp_path):
    with pytest.raises(DsltError, match=r"dslt on clips, seed 0: was given twice"):
        load_confidences([files["dslt"], files["dslt"]])
    changed = tmp_path / "other.json"
    record = json.loads(files["dslt_l2"].read_text())
    record["runs"][0]["conventions"]["hit"] = 0.7
    changed.write_text(json.dumps(record))
    with pytest.raises(
        DsltError, match=r"other\.json: dslt_l2 .* other conventions or frames than"
    ):
        load_confidences([files["dslt"], changed])
    record = json.loads(files["dslt_l2"].read_text())
    record["runs"][1]["sequences"]["seq3"] = "another"
    record["runs"][1]["videos"].insert(0, "another")
    for metric in record["runs"][1]["metrics"].values():
        metric["without"].insert(0, 0.5)
    changed.write_text(json.dumps(record))
    with pytest.raises(DsltError, match=r"other sequences or videos than dslt: seq3"):
        load_confidences([files["dslt"], changed])


def test_the_table_has_intervals_differences_and_what_is_left_out(files):
    found = table.build(load_confidences(files.values()), CELLS, LEFT_OUT)
    first, second, left = table.records(found)
    assert (first["cell"], first["tracker"], first["reference"]) == ("dslt", "the dslt", "")
    assert (second["reference"], second["videos"], second["seeds"]) == ("dslt", "7", "3")
    for metric in ("confidence_f", "confidence_auroc", "confidence_ece"):
        low, value, high = (float(second[f"{metric}{end}"]) for end in ("_low", "", "_high"))
        assert 0 <= low <= value <= high <= 1
        gap = float(second[metric]) - float(first[metric])
        assert float(second[f"{metric}_difference"]) == pytest.approx(gap, abs=2e-6)
        assert first[f"{metric}_difference"] == ""
    assert float(second["confidence_auroc_difference_high"]) < 0
    assert first["confidence_absent"] != ""
    assert first["confidence_absent_low"] == ""
    assert "TNR: no interval: 1 source videos have frames without" in first["note"]
    assert (left["cell"], left["benchmark"], left["note"]) == ("csrt", "", LEFT_OUT["csrt"])
    assert all(left[metric] == "" for metric in CONFIDENCE)


def test_the_verb_writes_three_forms_and_the_page_reads_one(files, tmp_path):
    out = tmp_path / "confidence"
    given = [word for path in files.values() for word in ("--confidence", str(path))]
    left = ["--left-out", f"csrt={LEFT_OUT['csrt']}"]
    done = CliRunner().invoke(command, ["confidence", *given, *left, "--out", str(out)])
    assert done.exit_code == 0, done.output
    text = out.with_suffix(".md").read_text()
    assert "| **Real clips** |" in text
    assert "Left out: csrt; OpenCV says only whether it found the target." in text
    assert "Real clips: 14 sequences from 7 source videos, 154 frames, 1 of them without" in text
    assert r"\label{tab:confidence}" in out.with_suffix(".tex").read_text()
    shown = page.table(out.with_suffix(".csv"))
    assert [cell.striptags() for cell in shown["Tracker"]] == ["dslt", "dslt_l2"]
    assert "sequences.html#benchmark=clips&amp;cells=dslt_l2" in shown["Tracker"].iloc[1]
    assert shown["Benchmark"].to_list() == ["Real clips", "Real clips"]
    assert shown["AUROC"][0].count(" to ") == 1
    assert " to " not in shown["TNR"][0]
    assert page.left_out(out.with_suffix(".csv")).startswith("Left out: csrt (OpenCV says")
    other = tmp_path / "other.csv"
    other.write_text("benchmark,tracker,note\n")
    with pytest.raises(DsltError, match=r"other\.csv: lacks the columns .*confidence_f, .*of conf"):
        page.table(other)
    whole = out.with_suffix(".csv").read_text()
    other.write_text(whole.replace("confidence_f_low", "confidence_f_least"))
    with pytest.raises(DsltError, match=r"other\.csv: lacks the columns confidence_f_low; is it"):
        page.table(other)


def test_our_claims_are_judged_by_the_same_rule(files):
    measured = Measured(CELLS, {}, confidences=confidence_tables(load_confidences(files.values())))
    rows = claim_rows(read_claims(ROOT / "config" / "claims"), measured)
    found = {(row.claim, row.metric): row for row in rows if row.our_benchmark}
    ranking = found["own-rank-l2", "confidence_auroc"]
    assert (ranking.cell, ranking.verdict) == ("dslt - dslt_l2", "supported")
    assert float(ranking.low) > 0
    assert found["own-rank-l2", "confidence_f"].verdict == "not judged"
    calibration = found["own-calibration-l2", "confidence_ece"]
    assert "negative supports the claim" in calibration.note
    assert {row.verdict for row in rows if not row.our_benchmark} == {"not run"}


def test_our_claims_change_none_of_the_papers(files):
    paper, own = (read_claims(ROOT / "config" / name) for name in ("paper", "claims"))
    measured = Measured(CELLS, {}, confidences=confidence_tables(load_confidences(files.values())))
    alone = scorecard(paper, [], {}, measured)
    both = scorecard(paper, [], {}, measured, own)
    assert both[: len(alone)] == alone
    assert {row.kind for row in both[len(alone) :]} == {"own claim"}
    assert not {one.family.family for one in own} & {one.family.family for one in paper}
    assert not {one.id for one in own} & {one.id for one in paper}
