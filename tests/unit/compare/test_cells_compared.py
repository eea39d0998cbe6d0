"""One cell's comparison, the printed numbers, and the scorecard's verdicts."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dslt.commands.compare import command
from dslt.compare.cell import CellInfo, compare_cell, load_comparison
from dslt.compare.claims import Measured
from dslt.compare.grid import HEADER
from dslt.compare.intervals import Interval
from dslt.compare.iterations import load_iterations
from dslt.compare.numbers import number_rows
from dslt.compare.paper import Claim, PrintedNumber, pooled, read_claims, read_numbers
from dslt.compare.scorecard import ScorecardRow, scorecard, to_csv
from dslt.compare.sensitivity import NOT_MOVED, load_sensitivity, read_verdicts
from dslt.compare.stacks import load_tables, pool
from dslt.compare.verdicts import Evidence, judge, judge_number
from dslt.core.errors import DsltError
from dslt.core.names import same_name
from dslt.score.scores import Scores, to_json
from places import ROOT

PAPER = ROOT / "config" / "paper"
TOLERANCES = {"success_auc": 1.0, "precision_20": 1.5}
FILMS = {"clips": ["bikes"] * 7 + ["carphone"] * 2 + ["bunny"], "synthetic": list("abcdefghij")}


def save_scores(folder, cell, benchmark, auc, seed=0, videos=None, conventions=None) -> Path:
    """Write a score file whose sequences have the given success AUC (and the same precision)."""
    videos = videos or FILMS[benchmark]
    sequences = {
        f"s{i}": {
            "video": video,
            "attributes": [],
            "frames": 9,
            "success_auc": float(value),
            "precision_20": float(value),
            "success": [],
            "precision": [],
            "fps": 20.0 + i,
            "init_seconds": 1.0,
        }
        for i, (video, value) in enumerate(
            zip(videos, np.broadcast_to(auc, len(videos)), strict=True)
        )
    }
    mean = {
        "success_auc": float(np.mean(np.broadcast_to(auc, len(videos)))),
        "precision_20": float(np.mean(np.broadcast_to(auc, len(videos)))),
    }
    curve = {"thresholds": [], "values": []}
    scores = Scores.model_validate(
        {
            "cell": cell,
            "benchmark": benchmark,
            "seed": seed,
            "conventions": conventions or {"protocol": "otb"},
            "box_origin": 1,
            "notes": [],
            "overall": mean,
            "curves": {"success": curve, "precision": curve},
            "attributes": {},
            "sequences": sequences,
        }
    )
    path = folder / f"{cell}-{benchmark}-{seed}.json"
    path.write_text(to_json(scores))
    return path


def info(**changes: object) -> CellInfo:
    values = {
        "label": "full",
        "base": "dslt/lite",
        "preset": "lite",
        "backbone": "efficientnet_lite0",
        "training_data": "ImageNet",
        "shown_in": ["table3"],
    }
    return CellInfo.model_validate({**values, **changes})


def claim(metric="success_auc", better="dslt", worse="dslt_l2", preset="lite", **changes) -> Claim:
    """A claim that shrinkage beats L2; with an empty cell no pair stands for it."""
    bound = 1.0 if metric == "success_auc" else None
    pair = {"claim": "x", "preset": preset, "better": better, "worse": worse}
    values: dict[str, object] = {
        "id": "x",
        "family": {"family": "f", "title": "losses", "metric": metric, "same_within": bound},
        "source": "fig15",
        "text": "shrinkage beats L2",
        "benchmark": "OTB-2015",
        "printed": {metric: None},
        "note": "",
        "missing": "" if better else "it is not built",
        "pairs": (pair,) if better else (),
    }
    return Claim.model_validate({**values, **changes})


def number(**changes: object) -> PrintedNumber:
    values: dict[str, object] = {
        "source": "fig15",
        "item": "full",
        "tracker": "DSLT*",
        "backbone": "EfficientNet-Lite0",
        "training_data": "imagenet",
        "benchmark": "Synthetic",
        "protocol": "OTB",
        "cells": ("dslt",),
        "reproduce": True,
        "metric": "success_auc",
        "value": 70.0,
        "note": "",
    }
    return PrintedNumber.model_validate({**values, **changes})


# ---------------------------------------------------------------------- one cell


def test_cell(tmp_path):
    noise = np.linspace(-0.1, 0.1, 10)
    paths = [
        save_scores(tmp_path, "dslt_l2", "clips", 0.5 + noise, 0),
        save_scores(tmp_path, "dslt_l2", "clips", 0.6 + noise, 1),
        save_scores(tmp_path, "dslt", "clips", 0.6 + noise, 0),
        save_scores(tmp_path, "dslt", "clips", 0.7 + noise, 1),
        save_scores(tmp_path, "dslt_l2", "synthetic", 0.4),
    ]
    numbers = read_numbers(PAPER)
    found = compare_cell("dslt_l2", info(), load_tables(paths), "dslt", numbers)
    clips = found.benchmarks["clips"]
    assert (clips.sequences, clips.videos, clips.seeds) == (10, 3, (0, 1))
    assert clips.metrics["success_auc"].value == pytest.approx(0.55)
    assert clips.metrics["success_auc"].seed_sd == pytest.approx(np.std([0.5, 0.6], ddof=1))
    assert clips.fps.median == 24.5
    assert clips.difference_to.cell == "dslt"
    assert clips.difference_to.metrics["success_auc"].value == pytest.approx(-0.1)
    assert clips.difference_to.metrics["success_auc"].high == pytest.approx(-0.1)
    assert "only 3 source videos" in clips.notes[0]
    assert found.benchmarks["synthetic"].difference_to is None
    assert found.benchmarks["synthetic"].metrics["success_auc"].seed_sd is None
    assert {(p.source, p.metric, p.value) for p in found.paper} == {
        ("fig15", "success_auc", 0.642),
        ("fig15", "precision_20", 0.870),
    }


def test_no_interval_goes_beyond_what_there_can_be(tmp_path):
    paths = [
        save_scores(tmp_path, "dslt", "clips", [1.0] * 7 + [0.9, 1.0, 0.2]),
        save_scores(tmp_path, "dslt_l2", "clips", [0.1] * 7 + [0.0, 0.2, 1.0]),
    ]
    found = compare_cell("dslt", info(), load_tables(paths), "dslt_l2", []).benchmarks["clips"]
    ends = found.metrics["precision_20"]
    assert (ends.low, ends.high) == (0.0, 1.0)
    gap = found.difference_to.metrics["precision_20"]
    assert (gap.low, gap.high) == (-1.0, 1.0)


def save_vot_scores(folder, cell, accuracy, failures, tagged=False) -> Path:
    """Write a supervised score file of ten sequences from ten videos."""
    sequences = {
        f"s{i}": {
            "video": f"v{i}",
            "attributes": [],
            "frames": 50,
            "failures": float(failures),
            "overlap_sum": 40 * accuracy,
            "overlap_weight": 40.0,
            "expected": {"overlaps": [accuracy, accuracy / 2], "weights": [1.0, 1.0]},
        }
        for i in range(10)
    }
    overall = {"eao": 0.75 * accuracy, "accuracy": accuracy, "robustness": 2.0 * failures}
    overall |= {"failures": 10.0 * failures, "failures_weighted": 10.0 * failures}
    head = {"cell": cell, "benchmark": "clips_vot", "seed": 0, "box_origin": 1, "notes": []}
    rest = {"curves": {}, "attributes": {}, "conventions": {"protocol": "vot_short"}}
    record = head | rest | {"overall": overall, "sequences": sequences}
    path = folder / f"{cell}-vot.json"
    path.write_text(to_json(Scores.model_validate(record)))
    return path


def test_supervised_metrics_are_compared_as_they_are_defined(tmp_path):
    paths = [
        save_vot_scores(tmp_path, "dslt", 0.8, 1),
        save_vot_scores(tmp_path, "dslt_l2", 0.6, 2),
    ]
    found = compare_cell("dslt_l2", info(), load_tables(paths), "dslt", [])
    result = found.benchmarks["clips_vot"]
    values = {name: value.value for name, value in result.metrics.items()}
    assert values == pytest.approx(
        {
            "eao": 0.45,
            "accuracy": 0.6,
            "robustness": 4.0,
            "failures": 20.0,
            "failures_weighted": 20.0,
        }
    )
    gaps = {name: gap.value for name, gap in result.difference_to.metrics.items()}
    assert gaps == pytest.approx({"eao": -0.15, "accuracy": -0.2, "robustness": 2.0})
    assert result.metrics["failures"].low is None  # a total over this very set of sequences


def test_reference_has_no_difference_to_itself(tmp_path):
    path = save_scores(tmp_path, "dslt", "clips", 0.5)
    found = compare_cell("dslt", info(), load_tables([path]), "dslt", [])
    assert found.benchmarks["clips"].difference_to is None


def test_cells_that_cannot_be_paired_are_refused(tmp_path):
    mine = save_scores(tmp_path, "dslt_l2", "clips", 0.5)
    with pytest.raises(DsltError, match="no scores of cell 'kcf'"):
        compare_cell("kcf", info(), load_tables([mine]), "dslt", [])
    other = save_scores(tmp_path, "dslt", "clips", 0.5, videos=["bikes"] * 9)
    with pytest.raises(DsltError, match="the sequences differ: s9"):
        compare_cell("dslt_l2", info(), load_tables([mine, other]), "dslt", [])
    other = save_scores(tmp_path, "dslt", "clips", 0.5, conventions={"protocol": "lasot"})
    with pytest.raises(DsltError, match="conventions differ"):
        compare_cell("dslt_l2", info(), load_tables([mine, other]), "dslt", [])


def test_seeds_of_a_cell_must_fit(tmp_path):
    first = save_scores(tmp_path, "dslt", "clips", 0.5)
    with pytest.raises(DsltError, match="seed 0 was given already by"):
        load_tables([first, first])
    second = save_scores(tmp_path, "dslt", "clips", 0.5, seed=1, videos=["bikes"] * 3)
    with pytest.raises(DsltError, match="scores other sequences than"):
        load_tables([first, second])


def test_cell_command(tmp_path):
    mine = save_scores(tmp_path, "dslt_l2", "clips", 0.5)
    also = save_scores(tmp_path, "dslt_l2", "synthetic", 0.5)
    other = save_scores(tmp_path, "dslt", "clips", 0.6)
    out = tmp_path / "deep" / "dslt_l2.json"
    arguments = [
        *("cell", "--cell", "dslt_l2", "--cell-info", info().model_dump_json()),
        *("--reference", "dslt", "--score", str(mine), str(also)),
        *("--reference-score", str(other), "--paper", str(PAPER)),
        *("--out", str(out)),
    ]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    found = load_comparison(out)
    assert list(found.benchmarks) == ["clips", "synthetic"]
    first = out.read_bytes()
    CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert out.read_bytes() == first
    arguments[4] = '{"labl": "x"}'
    done = CliRunner().invoke(command, arguments)
    assert "unknown key 'labl'" in str(done.exception)


# ---------------------------------------------------------------------- verdicts


def evidence(value, videos=10, metric="success_auc", error=0.01, **more) -> Evidence:
    return Evidence(Interval(value, error, max(1, videos - 1), 0.0, (1,) * videos), metric, **more)


@pytest.mark.parametrize(
    ("value", "corrected", "metric", "verdict"),
    [
        (0.05, 0.04, "success_auc", "supported"),
        (-0.05, 0.04, "success_auc", "contradicted"),
        (0.05, 0.06, "success_auc", "inconclusive"),
        (-90, 0.01, "iterations_own", "supported"),
        (90, 0.01, "iterations_common", "contradicted"),
    ],
)
def test_a_claim_is_judged_by_its_corrected_p_value(value, corrected, metric, verdict):
    assert judge(evidence(value, metric=metric), corrected, claims=3)[0] == verdict


def test_what_decides_nothing_is_said():
    assert judge(evidence(0.01), 1.0, 1) == ("inconclusive", "the interval contains 0")
    verdict, reason = judge(evidence(0.05), 0.06, claims=12)
    assert verdict == "inconclusive"
    assert reason == "the interval excludes 0, but not if corrected for 12 comparisons"
    assert judge(Evidence(Interval(0.1), "success_auc"), 1.0, 1)[1].startswith("no interval;")


def test_three_films_that_agree_decide_nothing():
    verdict, reason = judge(evidence(0.1, videos=3, error=0.001), 0.001, 1)
    assert (verdict, reason) == ("inconclusive", "3 source videos; a verdict needs 6")


@pytest.mark.parametrize(
    ("seeds", "verdict"), [(1, "inconclusive"), (2, "inconclusive"), (3, "supported")]
)
def test_a_verdict_about_trained_networks_needs_three_seeds(seeds, verdict):
    found, reason = judge(evidence(0.1, trained=True, seeds=seeds), 0.001, 1)
    assert found == verdict
    assert ("a verdict needs 3" in reason) == (seeds < 3)
    assert judge(evidence(0.1, seeds=seeds), 0.001, 1)[0] == "supported"


def test_a_small_difference_that_is_known_well_is_none():
    assert judge(evidence(0.001, error=0.001), 1.0, 1, same_within=1.0)[0] == "no difference"
    # The same interval, corrected for many claims, reaches beyond one point.
    assert judge(evidence(0.001, error=0.003), 1.0, 1, same_within=1.0)[0] == "no difference"
    assert judge(evidence(0.001, error=0.003), 1.0, 8, same_within=1.0)[0] == "inconclusive"
    assert judge(evidence(0.001, error=0.001), 1.0, 1)[0] == "inconclusive"
    # What is both small and sure is a verdict.
    assert judge(evidence(0.004, error=0.001), 0.01, 1, same_within=1.0)[0] == "supported"


@pytest.mark.parametrize(
    ("gap", "half", "seeds", "verdict"),
    [
        (0.2, 0.5, 3, "supported"),
        (0.6, 0.5, 3, "inconclusive"),
        (1.6, 0.5, 3, "contradicted"),
        (-1.6, 0.5, 3, "contradicted"),
        (0.0, 9.0, 3, "inconclusive"),  # wide intervals support nothing
        (0.0, None, 1, "inconclusive"),
        (0.0, 0.1, 2, "inconclusive"),
    ],
)
def test_a_number_needs_three_seeds_within_the_tolerance(gap, half, seeds, verdict):
    assert judge_number(gap, half, 1.0, seeds)[0] == verdict


def rows_of(tmp_path, claims, numbers=(), scores=(0.7, 0.5), presets=("lite", "lite"), **more):
    noise = np.random.default_rng(1).normal(0, 0.01, 10)
    paths, comparisons = [], {}
    for cell, value, preset in zip(("dslt", "dslt_l2"), scores, presets, strict=True):
        for benchmark in FILMS:
            scores_of = value + noise * (cell == "dslt")
            paths.append(save_scores(tmp_path, cell, benchmark, scores_of))
        tables = load_tables(paths[-2:])
        comparisons[cell] = compare_cell(cell, info(preset=preset), tables, "dslt", [])
    return scorecard(claims, numbers, TOLERANCES, Measured(comparisons, load_tables(paths), **more))


def judged_with_changes(tmp_path, of_change, *, wide=None):
    """Judge dslt and dslt_l2 as they are (0.7, 0.5), and with changes that give other scores.

    The change "" is none; with the one that is `wide`, sequences differ ten times as much.
    """
    noise = np.random.default_rng(1).normal(0, 0.01, 10)
    paths = []
    for change, scores in {"": (0.7, 0.5), **of_change}.items():
        for cell, value in zip(("dslt", "dslt_l2"), scores, strict=True):
            name = f"{cell}__{change}" if change else cell
            off = noise * (cell == "dslt") * (10 if change == wide else 1)
            paths.append(save_scores(tmp_path, name, "synthetic", value + off))
    out = tmp_path / "sensitivity.csv"
    arguments = ["sensitivity", "--score", *map(str, paths), "--pair", "dslt=dslt_l2"]
    arguments += [word for change in of_change if change for word in ("--change", change)]
    arguments += ["--key", "k1", "--out", str(out)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return out


def test_a_verdict_that_a_constant_changes_is_inconclusive(tmp_path):
    out = judged_with_changes(tmp_path, {"off": (0.6, 0.6), "high": (0.7, 0.4)})
    rows = read_verdicts(out)
    assert len(rows) == 2 * 3
    found = {row.change: row for row in rows if row.metric == "success_auc"}
    assert [found[name].verdict for name in ("as it is", "off", "high")] == [
        *("supported", "inconclusive", "supported"),
    ]
    assert float(found["high"].low) < float(found["high"].difference) < float(found["high"].high)
    pairs = [("dslt", "dslt_l2")]
    clips, synthetic = rows_of(tmp_path, [claim()], sensitivity=load_sensitivity(out, "k1", pairs))
    assert synthetic.verdict == "inconclusive"
    assert "depends on constants of tracking: no difference with off" in synthetic.note
    assert "high" not in synthetic.note
    assert "was not looked at" in clips.note  # the film was scored on synthetic videos only


def test_runs_with_resets_are_not_moved():
    known = load_sensitivity(None, "k1", [("dslt", "dslt_l2")])
    note = known.look(("dslt", "dslt_l2", "clips_vot", "eao"), "0.10", "supported")
    assert note == (False, NOT_MOVED)


def test_a_verdict_that_no_constant_changes_stays(tmp_path):
    out = judged_with_changes(tmp_path, {"off": (0.6, 0.4)})
    _, row = rows_of(
        tmp_path, [claim()], sensitivity=load_sensitivity(out, "k1", [("dslt", "dslt_l2")])
    )
    assert row.verdict == "supported"
    assert "constants" not in row.note


def test_no_difference_depends_on_constants_only_where_one_appears(tmp_path):
    same = judged_with_changes(tmp_path, {"": (0.5, 0.5), "off": (0.52, 0.52)})
    known = load_sensitivity(same, "k1", [("dslt", "dslt_l2")])
    at = ("dslt", "dslt_l2", "synthetic", "success_auc")
    difference = known.found[at]["as it is"].difference
    assert known.look(at, difference, "no difference", 1.5) == (False, "")
    wide = judged_with_changes(tmp_path, {"": (0.5, 0.5), "off": (0.5, 0.5)}, wide="off")
    known = load_sensitivity(wide, "k1", [("dslt", "dslt_l2")])
    taken_back, note = known.look(at, difference, "no difference", 1.5)
    assert taken_back
    assert note.endswith("inconclusive with off")
    other = judged_with_changes(tmp_path, {"": (0.5, 0.5), "off": (0.7, 0.5)})
    known = load_sensitivity(other, "k1", [("dslt", "dslt_l2")])
    taken_back, note = known.look(at, difference, "no difference")
    assert taken_back
    assert note.endswith("supported with off")


def test_scores_that_have_changed_since_are_stale(tmp_path):
    out = judged_with_changes(tmp_path, {"off": (0.6, 0.6)})
    known = load_sensitivity(out, "k1", [("dslt", "dslt_l2")])
    _, row = rows_of(tmp_path, [claim()], scores=(0.5, 0.7), sensitivity=known)
    assert row.verdict == "contradicted"
    assert "with other settings, data or code" in row.note


def test_a_difference_that_rounds_to_nothing_is_written_as_in_the_scorecard(tmp_path):
    noise = float(np.random.default_rng(1).normal(0, 0.01, 10).mean())
    scores = (0.5, 0.5 + noise + 1e-6)
    out = judged_with_changes(tmp_path, {"": scores, "off": (0.5, 0.5)})
    known = load_sensitivity(out, "k1", [("dslt", "dslt_l2")])
    _, row = rows_of(tmp_path, [claim()], scores=scores, sensitivity=known)
    assert row.ours == "0.00"
    assert "with other settings, data or code" not in row.note


def test_a_comparison_of_nothing_is_refused(tmp_path):
    path = save_scores(tmp_path, "dslt", "clips", 0.5)
    out = tmp_path / "sensitivity.csv"
    arguments = ["sensitivity", "--score", str(path), "--pair", "dslt=dslt_l2", "--key", "k"]
    done = CliRunner().invoke(command, [*arguments, "--out", str(out)])
    assert "no pair of cells with one-pass scores on one benchmark" in str(done.exception)
    assert not out.exists()
    vot = [save_vot_scores(tmp_path, cell, 0.5, 1) for cell in ("dslt", "dslt_l2")]
    arguments = ["sensitivity", "--score", *map(str, vot), *arguments[3:]]
    done = CliRunner().invoke(command, [*arguments, "--out", str(out)])
    assert "no pair of cells with one-pass scores" in str(done.exception)


@pytest.mark.parametrize(
    ("there", "key", "words"),
    [(False, "k1", "was not looked at"), (True, "k2", "with other settings, data or code")],
)
def test_what_is_not_known_or_stale_is_said(there, key, words, tmp_path):
    out = judged_with_changes(tmp_path, {"off": (0.6, 0.6)}) if there else tmp_path / "none.csv"
    known = load_sensitivity(out, key, [("dslt", "dslt_l2")])
    _, row = rows_of(tmp_path, [claim()], sensitivity=known)
    assert row.verdict == "supported"
    assert words in row.note
    _, other = rows_of(tmp_path, [claim()], sensitivity=load_sensitivity(out, key, []))
    assert "constants of tracking are not moved for these cells" in other.note


def test_a_grid_lists_what_was_set_and_what_came_of_it(tmp_path):
    paths = [
        save_scores(tmp_path, "b", "synthetic", 0.6, seed=seed, videos=list("aabb"))
        for seed in (0, 1)
    ]
    paths += [save_scores(tmp_path, cell, "clips", value) for cell, value in (("b", 0.5), ("a", 1))]
    paths.append(save_vot_scores(tmp_path, "a", 0.5, 1))
    out = tmp_path / "grid.csv"
    arguments = ["grid", "--score", *map(str, paths), "--out", str(out)]
    arguments += ["--cell", "b=dslt/lite; x.y=1, 2", "a=dslt/lite"]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert list(csv.reader(out.open())) == [
        list(HEADER),
        ["b", "dslt/lite; x.y=1, 2", "clips", "10", "3", "1", "50", "50", "", ""],
        ["a", "dslt/lite", "clips", "10", "3", "1", "100", "100", "", ""],
        ["a", "dslt/lite", "clips_vot", "10", "10", "1", "", "", "0.375", "10"],
        ["b", "dslt/lite; x.y=1, 2", "synthetic", "4", "2", "2", "60", "60", "", ""],
    ]


def test_claims_are_judged_on_each_benchmark_apart(tmp_path):
    rows = rows_of(tmp_path, [claim(printed={"success_auc": 3.0})])
    assert [row.our_benchmark for row in rows] == ["clips", "synthetic"]
    assert [row.verdict for row in rows] == ["inconclusive", "supported"]
    clips, synthetic = rows
    assert (clips.videos, synthetic.videos) == ("3", "10")
    assert synthetic.cell == "dslt - dslt_l2"
    assert synthetic.paper_value == "+3"
    assert synthetic.item == "shrinkage beats L2 [preset lite]"
    assert 19 < float(synthetic.ours) < 21
    assert float(synthetic.low) < float(synthetic.ours) < float(synthetic.high)
    assert synthetic.unit == "percentage points"


def test_a_claim_is_judged_where_the_paper_makes_it_if_that_was_run(tmp_path):
    first, second = rows_of(tmp_path, [claim(benchmark="Synthetic")])
    assert (first.our_benchmark, first.verdict, first.p) == ("clips", "not judged", "")
    assert "the claim is judged on synthetic" in first.note
    assert second.verdict == "supported"


def test_a_family_is_corrected_for_all_of_its_comparisons(tmp_path):
    """One p value, times the number of claims that are judged with it."""
    (alone,) = [row for row in rows_of(tmp_path, [claim()]) if row.our_benchmark == "synthetic"]
    twins = [claim(id=f"x{i}", pairs=claim().pairs) for i in range(4)]
    rows = [row for row in rows_of(tmp_path, twins) if row.our_benchmark == "synthetic"]
    assert {row.p for row in rows} == {f"{4 * float(alone.p):.2g}"}


def test_equal_scores_with_other_seeds_differ_by_nothing(tmp_path):
    value = np.random.default_rng(0).uniform(0.1, 0.9, 10)
    paths = [save_scores(tmp_path, "dslt", "synthetic", value, seed=seed) for seed in range(3)]
    paths.append(save_scores(tmp_path, "dslt_l2", "synthetic", value))
    (row,) = scorecard([claim()], [], {}, Measured({}, load_tables(paths)))
    assert (row.verdict, row.p) == ("no difference", "1")
    assert "one seed of one of the two" in row.note


def test_a_claim_that_does_not_hold_is_reported_as_such(tmp_path):
    rows = rows_of(tmp_path, [claim()], scores=(0.5, 0.7))
    assert rows[1].verdict == "contradicted"


@pytest.mark.parametrize("presets", [("paper", "lite"), ("lite", "")])
def test_a_claim_is_not_judged_by_cells_of_another_preset(tmp_path, presets):
    rows = rows_of(tmp_path, [claim()], presets=presets)
    assert {row.verdict for row in rows} == {"not comparable"}
    odd = "preset of dslt is paper" if presets[0] == "paper" else "preset of dslt_l2 is not stated"
    assert f"{odd}, not lite" in rows[0].note


def test_claims_without_our_cells_are_not_run(tmp_path):
    named = claim(better="")
    absent = claim(id="y", worse="dslt_ohnm")
    rows = rows_of(tmp_path, [named, absent])
    assert [row.verdict for row in rows] == ["not run", "not run"]
    assert [row.our_benchmark for row in rows] == ["", ""]
    assert rows[0].note == "it is not built"
    assert "no benchmark on which both cells of a pair were run: dslt - dslt_ohnm" in rows[1].note


def test_one_film_gives_no_interval(tmp_path):
    film = ["bikes"] * 3
    paths = [
        save_scores(tmp_path, cell, "quick", value, videos=film)
        for cell, value in (("dslt", 0.7), ("dslt_l2", 0.5))
    ]
    (row,) = scorecard([claim()], [], {}, Measured({}, load_tables(paths)))
    assert (row.low, row.high, row.verdict) == ("", "", "inconclusive")
    assert "no interval: one source video" in row.note


PAPERS = ("paper", "paper")


def seeded(tmp_path, values, *numbers, **info_changes):
    """Judge numbers by one cell with several seeds on the benchmark `synthetic`."""
    paths = [
        save_scores(tmp_path, "dslt", "synthetic", value, seed=seed)
        for seed, value in enumerate(values)
    ]
    cell = compare_cell("dslt", info(preset="paper", **info_changes), load_tables(paths), "", [])
    return number_rows(numbers, TOLERANCES, {"dslt": cell})


def test_a_number_is_compared_only_under_its_own_conditions(tmp_path):
    rows = rows_of(tmp_path, [], [number()], presets=PAPERS)
    verdicts = {row.our_benchmark: row for row in rows}
    assert verdicts["synthetic"].verdict == "inconclusive"
    assert "one seed; a verdict needs 3" in verdicts["synthetic"].note
    assert re.match(r"ours minus printed [+-]\d\.\d\d, tolerance 1", verdicts["synthetic"].note)
    assert verdicts["clips"].verdict == "not comparable"
    assert verdicts["clips"].note.startswith("differs in benchmark (clips, paper Synthetic)")


def test_a_number_is_judged_by_the_spread_over_seeds(tmp_path):
    (near,) = seeded(tmp_path, (0.700, 0.701, 0.702), number())
    assert (near.verdict, near.seeds) == ("supported", "3")
    assert float(near.low) > 69.8
    (far,) = seeded(tmp_path, (0.730, 0.731, 0.732), number())
    assert far.verdict == "contradicted"
    # The wider the spread, the less it says: no noise supports a number.
    (noisy,) = seeded(tmp_path, (0.60, 0.70, 0.80), number())
    assert noisy.verdict == "inconclusive"
    (wide,) = seeded(tmp_path, (0.05, 0.50, 0.99), number())
    assert (wide.low, wide.high) == ("0.00", "100.00")


def test_numbers_of_one_row_are_supported_only_together(tmp_path):
    good, bad = number(), number(metric="precision_20", value=60.0)
    rows = seeded(tmp_path, (0.700, 0.701, 0.702), good, bad)
    assert [row.verdict for row in rows] == ["inconclusive", "contradicted"]
    assert "within the tolerance, but not with precision_20 of the same row" in rows[0].note
    rows = seeded(tmp_path, (0.700, 0.701, 0.702), good, number(metric="precision_20", value=70.5))
    assert [row.verdict for row in rows] == ["supported", "supported"]


def test_a_speed_is_never_comparable(tmp_path):
    (row,) = seeded(tmp_path, (0.7,), number(metric="fps", value=24.5, benchmark="", protocol=""))
    assert (row.verdict, row.ours) == ("not comparable", "24.50")
    assert "hardware" in row.note


def test_a_number_is_not_compared_with_another_preset(tmp_path):
    rows = {row.our_benchmark: row for row in rows_of(tmp_path, [], [number()])}
    assert rows["synthetic"].verdict == "not comparable"
    assert rows["synthetic"].note.startswith("differs in preset (lite, paper paper)")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"backbone": "ResNet-50"}, "backbone (efficientnet_lite0, paper ResNet-50)"),
        ({"training_data": ""}, "training data (ImageNet, paper not stated)"),
        ({"protocol": "lasot"}, "protocol (otb, paper lasot)"),
    ],
)
def test_any_other_condition_is_not_comparable(tmp_path, change, reason):
    rows = rows_of(tmp_path, [], [number(**change)], presets=PAPERS)
    assert {row.verdict for row in rows} == {"not comparable"}
    assert reason in rows[1].note


def test_numbers_without_a_cell_are_not_run_and_rivals_are_left_out(tmp_path):
    rows = rows_of(
        tmp_path,
        [],
        [number(cells=()), number(cells=("dslt_mul",)), number(reproduce=False)],
    )
    assert [row.verdict for row in rows] == ["not run", "not run"]


def test_scorecard_columns():
    header = to_csv([]).strip().split(",")
    assert header == [
        *("kind", "source", "item", "benchmark_paper", "paper_value", "claim", "family", "cell"),
        *("our_benchmark", "metric", "unit", "ours", "low", "high", "p", "sequences", "videos"),
        *("seeds", "verdict", "note"),
    ]
    row = ScorecardRow("claim", "fig15", 'a "quoted", text', "", "")
    (line,) = csv.DictReader(io.StringIO(to_csv([row])))
    assert line["item"] == 'a "quoted", text'


# ---------------------------------------------------------------------- convergence


def save_convergence(folder, cell, rate, cap=60, count=10, seed=0) -> str:
    path = folder / cell / "synthetic" / f"seed{seed}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["sequence,iteration,loss,criterion,peak,background"]
    for i in range(count):
        for k in range(cap + 1):
            lines.append(f"s{i},{k},{np.exp(-rate * k) * 7},{np.exp(-rate * k / 9)},0,0")
    path.write_text("\n".join(lines) + "\n")
    return f"{cell}@synthetic={path}"


def test_fewer_iterations_support_a_claim(tmp_path):
    scored = load_tables([save_scores(tmp_path, "dslt", "synthetic", 0.5)])
    specs = [save_convergence(tmp_path, "dslt", 0.3), save_convergence(tmp_path, "dslt_l2", 0.1)]
    found = load_iterations(specs, scored)
    claims = [claim(metric="iterations_own"), claim(id="y", metric="iterations_common")]
    own, common = scorecard(claims, [], {}, Measured({}, scored, found))
    assert own.verdict == "supported"
    assert float(own.ours) < 0
    assert "negative supports the claim" in own.note
    assert common.verdict == "inconclusive"
    assert float(common.ours) == 0
    assert "10 of 10 trainings of dslt never converged and count as the cap" in common.note


def test_convergence_input_is_checked(tmp_path):
    scored = load_tables([save_scores(tmp_path, "dslt", "synthetic", 0.5)])
    good = save_convergence(tmp_path, "dslt", 0.001)
    with pytest.raises(DsltError, match="is also"):
        load_iterations([good, good], scored)
    with pytest.raises(DsltError, match="expected CELL@BENCHMARK=FILE"):
        load_iterations([good.replace("@", "/")], scored)
    with pytest.raises(DsltError, match="no scores on 'synthetic'"):
        load_iterations([good], {})
    short = save_convergence(tmp_path, "dslt_l2", 0.001, cap=30)
    with pytest.raises(DsltError, match="ends at iteration 30 without convergence"):
        load_iterations([good, short], scored)
    wide = save_convergence(tmp_path, "dslt_l3", 0.3, count=11)
    with pytest.raises(DsltError, match="other sequences than were scored: s10"):
        load_iterations([wide], scored)
    renamed = tmp_path / "final.csv"
    renamed.write_text("")
    with pytest.raises(DsltError, match="seed<number>"):
        load_iterations([f"dslt@synthetic={renamed}"], scored)


def test_scorecard_command(tmp_path):
    scores = [save_scores(tmp_path, "dslt", "synthetic", 0.6)]
    scores.append(save_scores(tmp_path, "dslt_l2", "synthetic", 0.5))
    compares = []
    for cell in ("dslt", "dslt_l2"):
        found = compare_cell(cell, info(), load_tables(scores), "dslt", [])
        compares.append(tmp_path / f"compare-{cell}.json")
        compares[-1].write_text(to_json(found))
    rates = {"dslt_paper": 0.6, "dslt_paper_l2": 0.5}
    specs = [save_convergence(tmp_path, cell, rate) for cell, rate in rates.items()]
    out = tmp_path / "scorecard.csv"
    arguments = [
        *("scorecard", "--compare", *map(str, compares), "--score", *map(str, scores)),
        *("--convergence", *specs, "--paper", str(PAPER), "--out", str(out)),
    ]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    rows = list(csv.DictReader(out.open()))
    judged = [row for row in rows if row["our_benchmark"]]
    assert {row["verdict"] for row in judged} == {"supported", "not judged", "not comparable"}
    assert {row["metric"] for row in judged if row["source"] == "fig16"} == {
        "iterations_own",
        "iterations_common",
    }
    assert sum(row["verdict"] == "not run" for row in rows) > 40


def test_an_empty_study_has_a_scorecard_of_what_was_not_run(tmp_path):
    out = tmp_path / "scorecard.csv"
    arguments = ["scorecard", "--compare", "--score", "--convergence"]
    arguments += ["--paper", str(PAPER), "--out", str(out)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert {row["verdict"] for row in csv.DictReader(out.open())} == {"not run"}


# ---------------------------------------------------------------------- the paper's numbers


def test_table3_is_as_printed():
    with (PAPER / "table3.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    printed = [(row["item"], row["precision_20"], row["success_auc"]) for row in rows]
    assert printed == [
        *(("w/o exp(Y)", "84.0", "59.7"), ("only exp(Y)", "80.6", "58.1")),
        *(("(10, 0.2)", "84.3", "59.9"), ("(6, 0.2)", "84.0", "59.7")),
        *(("(10, 0.6)", "83.7", "59.6"), ("(6, 0.6)", "83.1", "59.0")),
        *(("w/o exp(p_t)", "82.4", "60.9"), ("only exp(p_t)", "81.1", "59.8")),
        *(("(10, 0.6)", "82.7", "61.1"), ("(6, 0.2)", "82.4", "60.7")),
        *(("(10, 0.2)", "82.2", "60.6"), ("(6, 0.6)", "81.9", "60.4")),
        *(("(0.5, 0.5)", "81.1", "59.8"), ("(1, 0.5)", "81.4", "59.9")),
        *(("(0.5, 1)", "81.2", "59.8"), ("(1, 1)", "81.7", "60.2")),
        *(("(0.5, 2)", "81.8", "60.4"), ("(1, 2)", "82.0", "60.5")),
    ]


def test_every_table_reads_and_printed_differences_follow_from_printed_numbers():
    numbers = read_numbers(PAPER)
    assert {n.source for n in numbers} >= {"table1", "table2", "table3", "fig08", "fig15"}
    by_cell = {
        (cell, n.metric): n.value for n in numbers if n.source == "table3" for cell in n.cells
    }
    for one in read_claims(PAPER):
        for pair in one.pairs if one.source == "table3" else ():
            for metric, printed in one.printed.items():
                cells = (pair.better, metric), (pair.worse, metric)
                if all(cell in by_cell for cell in cells):
                    gap = by_cell[cells[0]] - by_cell[cells[1]]
                    assert gap == pytest.approx(printed), one.id
                else:
                    assert pair.better == "dslt_paper"  # not a row's own cell


def test_vot_tables_have_the_rows_of_the_paper():
    numbers = read_numbers(PAPER)
    eao = {(n.source, n.item): n.value for n in numbers if n.metric == "eao"}
    assert sum(source == "table1" for source, _ in eao) == 15
    assert sum(source == "table2" for source, _ in eao) == 23
    assert eao["table1", "DSLT++"] == 0.364
    assert eao["table2", "SiamRPN++_sl"] == 0.440


def test_names_compare_without_punctuation():
    assert same_name("EfficientNet-Lite0", "efficientnet_lite0")
    assert same_name("OTB-2015+UAV-123", "otb2015+uav123")
    assert not same_name("OTB-2015", "OTB-2013")
    assert not same_name("", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("item,value\na,1\n", r"unknown columns \['value'\]"),
        ("item,note\na\n", "expected 2 fields"),
        ("item,note\na,b,c\n", "expected 2 fields"),
    ],
)
def test_malformed_tables_of_the_paper_are_refused(tmp_path, text, message):
    (tmp_path / "table9.csv").write_text(text)
    with pytest.raises(DsltError, match=message):
        read_numbers(tmp_path)


def test_claims_are_checked(tmp_path):
    with pytest.raises(DsltError, match="no tables"):
        read_numbers(tmp_path)
    files = {
        "families": "family,title,metric,same_within\nf,losses,success_auc,1\n",
        "pairs": "claim,preset,better,worse,note\nx,lite,a,b,\n",
        "claims": "id,family,source,text,benchmark,printed,note,missing\n"
        "x,f,fig15,a beats b,OTB-2015,success_auc=0.2 precision_20,,\n",
    }

    def read(**changes):
        for name, text in (files | changes).items():
            (tmp_path / f"{name}.csv").write_text(text)
        return read_claims(tmp_path)

    (one,) = read()
    assert one.printed == {"success_auc": 0.2, "precision_20": None}
    assert [(pair.better, pair.worse) for pair in one.pairs] == [("a", "b")]
    lines = files["claims"].splitlines(keepends=True)
    for changes, message in (
        ({"claims": files["claims"] + lines[1]}, "row 3: the id x occurs more than once"),
        ({"claims": files["claims"].replace(",f,", ",g,")}, "row 2: unknown family 'g'"),
        ({"claims": files["claims"].replace("success_auc=0.2 ", "")}, "lacks its family's metric"),
        ({"claims": files["claims"].replace("0.2", "much")}, "'success_auc=much': expected METRIC"),
        ({"claims": files["claims"].replace("precision_20", "beauty")}, "beauty"),
        ({"families": files["families"].replace("success_auc", "beauty")}, "metric = 'beauty'"),
        ({"pairs": files["pairs"] + "y,lite,a,b,\n"}, "no such claim: y"),
    ):
        with pytest.raises(DsltError, match=message):
            read(**changes)


def test_comparisons_are_closed(tmp_path):
    path = tmp_path / "dslt.json"
    path.write_text(json.dumps({"cell": "dslt"}))
    with pytest.raises(DsltError, match=r"dslt\.json: missing key"):
        load_comparison(path)


# ---------------------------------------------------------------------- benchmarks as one


def test_benchmarks_are_pooled_as_the_paper_does(tmp_path):
    folder = {"OTB-2015": ["a", "b"], "UAV123": ["c", "d", "e"]}
    paths = [
        save_scores(tmp_path, cell, benchmark, value, videos=videos)
        for cell, offset in (("dslt", 0.0), ("dslt_l2", -0.1))
        for (benchmark, videos), value in zip(
            folder.items(), (0.9 + offset, 0.4 + offset), strict=True
        )
    ]
    tables = load_tables(paths)
    together = pool(tables, ["OTB-2015+UAV-123", "OTB-2015+LaSOT"])
    assert list(together) == [(cell, "OTB-2015+UAV123") for cell in ("dslt", "dslt_l2")]
    one = together["dslt", "OTB-2015+UAV123"]
    # Over the five sequences, not over the two benchmarks.
    assert one.values["success_auc"].value() == pytest.approx((2 * 0.9 + 3 * 0.4) / 5)
    assert len(set(one.videos)) == 5
    found = compare_cell("dslt_l2", info(), tables | together, "dslt", [])
    assert found.benchmarks["OTB-2015+UAV123"].gap("success_auc").value == pytest.approx(-0.1)
    assert found.benchmarks["OTB-2015+UAV123"].protocol == "otb+otb"


def test_numbers_of_both_benchmarks_are_compared_with_the_mean_over_both(tmp_path):
    truths = {"OTB-2015": "otb", "UAV123": "uav123"}
    paths = [
        save_scores(
            tmp_path, "dslt", benchmark, value + 0.001 * seed, seed, videos=list("abc"),
            conventions={"protocol": protocol},
        )
        for seed in range(3)
        for value, (benchmark, protocol) in zip((0.8, 0.6), truths.items(), strict=True)
    ]  # fmt: skip
    printed = [
        number(benchmark="OTB-2015+UAV-123", protocol="otb+uav123", value=70.1, source=source)
        for source in ("table3", "fig15")
    ]
    tables = load_tables(paths)
    tables |= pool(tables, pooled(printed))
    cell = compare_cell("dslt", info(preset="paper"), tables, "", [])
    rows = number_rows(printed, TOLERANCES, {"dslt": cell})
    judged = {row.our_benchmark: row.verdict for row in rows}
    assert judged == {
        "OTB-2015": "not comparable",
        "UAV123": "not comparable",
        "OTB-2015+UAV123": "supported",
    }


def test_a_benchmark_with_other_seeds_is_not_pooled(tmp_path):
    paths = [
        save_scores(tmp_path, "dslt", "OTB-2015", 0.5, videos=["a"]),
        save_scores(tmp_path, "dslt", "UAV123", 0.5, seed=1, videos=["b"]),
    ]
    assert pool(load_tables(paths), ["OTB-2015+UAV-123"]) == {}
