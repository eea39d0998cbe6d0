"""Table 3: every printed row, ours beside it, each benchmark in columns of its own."""

from __future__ import annotations

import csv
import io

import pytest
from click.testing import CliRunner

from dslt.commands.table import command
from dslt.compare.cell import CellComparison
from dslt.compare.tables import table3, text
from dslt.core.errors import DsltError
from dslt.score.scores import to_json
from places import ROOT

PAPER = ROOT / "config" / "paper" / "table3.csv"


def comparison(cell, value, gap=None, preset="lite", videos=10, reference="dslt", interval=True):
    def part(center: float, **more: object) -> dict[str, object]:
        ends = {"low": center - 0.02, "high": center + 0.02}
        return {"value": center, **(ends if interval else {"low": None, "high": None}), **more}

    difference = None
    if gap is not None:
        difference = {
            "cell": reference,
            "metrics": {"success_auc": part(gap), "precision_20": part(gap)},
        }
    result = {
        "protocol": "otb",
        "sequences": 10,
        "videos": videos,
        "seeds": [0, 1],
        "metrics": {
            "success_auc": part(value, seed_sd=None),
            "precision_20": part(value + 0.1, seed_sd=None),
        },
        "fps": {"median": 20.0},
        "difference_to": difference,
        "notes": [],
    }
    return CellComparison.model_validate(
        {
            "label": cell,
            "base": "dslt/lite",
            "preset": preset,
            "backbone": "efficientnet_lite0",
            "cell": cell,
            "benchmarks": {"synthetic": result, "clips": {**result, "videos": 3}},
            "paper": [],
        }
    )


def to_csv(found):
    return text.to_csv(table3.records(found))


def to_markdown(found):
    return text.to_markdown(table3.to_text(found))


def to_latex(found):
    return text.to_latex(table3.to_text(found))


def table(**cells: CellComparison):
    return table3.build("table3", PAPER, cells)


@pytest.fixture
def usual():
    return table(
        dslt=comparison("dslt", 0.6), dslt_only_exp=comparison("dslt_only_exp", 0.55, -0.05)
    )


def test_csv(usual):
    rows = list(csv.DictReader(io.StringIO(to_csv(usual))))
    assert len(rows) == 18
    by_cell = {row["cell"]: row for row in rows if row["cell"]}
    only = by_cell["dslt_only_exp"]
    assert (only["paper_precision_20"], only["paper_success_auc"]) == ("80.6", "58.1")
    assert only["clips_success_auc"] == "55.00"
    assert only["clips_success_auc_low"] == "53.00"
    assert only["synthetic_precision_20"] == "65.00"
    assert only["clips_success_auc_difference"] == "-5.00"
    assert only["clips_success_auc_difference_high"] == "-3.00"
    assert (only["clips_videos"], only["synthetic_videos"]) == ("3", "10")
    assert only["status"] == "run"
    assert by_cell["dslt"]["clips_success_auc_difference"] == ""
    assert [row["status"] for row in rows if row["part"] != "regression"] == ["not run yet"] * 12


def test_markdown(usual):
    text = to_markdown(usual)
    lines = text.splitlines()
    assert lines[0].startswith("| loss | paper DP | paper AUC | clips DP | difference, clips DP |")
    assert "average" not in text
    only = next(line for line in lines if line.startswith("| only exp(Y)"))
    assert "| 80.6 | 58.1 | 65.0 [63.0, 67.0] | -5.0 [-7.0, -3.0] |" in only
    full = next(line for line in lines if line.startswith("| (10, 0.2) | 84.3"))
    assert "| 60.0 [58.0, 62.0] | - |" in full
    assert "**classification**" in text
    assert "not run yet" in text
    assert "to (10, 0.2) (regression)." in text
    assert "clips: 10 sequences from 3 source videos, 2 seeds; fewer than 6" in text
    assert "synthetic: 10 sequences from 10 source videos, 2 seeds." in text
    assert len({line.count(" | ") for line in lines if line.startswith("| ")}) <= 2


def test_latex(usual):
    text = to_latex(usual)
    for word in ("\\toprule", "\\midrule", "\\bottomrule", "\\usepackage{booktabs}"):
        assert word in text
    assert "w/o exp(p\\_t)" in text
    assert "$-$5.0 [$-$7.0, $-$3.0]" in text
    body = [line for line in text.splitlines() if line.endswith("\\\\") and "multicol" not in line]
    assert len(body) == 1 + 18
    assert {line.count(" & ") for line in body} == {10}
    assert text.count("{") == text.count("}")


def test_presets_are_rows_of_their_own():
    found = table(
        dslt=comparison("dslt", 0.6),
        dslt_paper=comparison("dslt_paper", 0.4, -0.2, preset="paper"),
    )
    labels = [row.label for row in found.rows]
    assert len(labels) == 19
    assert labels[2:4] == ["(10, 0.2), preset lite", "(10, 0.2), preset paper"]


def test_without_any_cell_the_printed_rows_remain():
    found = table()
    rows = list(csv.DictReader(io.StringIO(to_csv(found))))
    assert {row["status"] for row in rows} == {"not run yet"}
    assert "to no row." in to_markdown(found)


def test_without_intervals_only_values_are_shown():
    text = to_markdown(table(dslt=comparison("dslt", 0.6, interval=False)))
    assert "| 70.0 |  | 60.0 |  |" in text


def test_zero_has_no_sign_of_its_own():
    text = to_markdown(
        table(dslt_l2=comparison("dslt_l2", 0.5), dslt=comparison("dslt", 0.6, -1e-9))
    )
    assert "+0.0 [" in text
    assert "-0.0" not in text


def test_cells_without_the_tables_metrics_are_no_rows_of_it():
    reset = comparison("dslt", 0.6)
    eao = {"eao": reset.benchmarks["clips"].metrics["success_auc"]}
    results = {n: r.model_copy(update={"metrics": eao}) for n, r in reset.benchmarks.items()}
    found = table(dslt=reset.model_copy(update={"benchmarks": results}))
    assert found.benchmarks == ()
    assert {row["status"] for row in table3.records(found)} == {"not run yet"}


def test_each_part_has_its_own_reference():
    found = table(
        dslt=comparison("dslt", 0.6),
        dslt_no_exp=comparison("dslt_no_exp", 0.5, -0.1),
        siamfc_shrinkage=comparison("siamfc_shrinkage", 0.5),
        siamfc_focal=comparison("siamfc_focal", 0.4, -0.1, reference="siamfc_shrinkage"),
    )
    assert found.references == {
        "regression": "(10, 0.2) (regression)",
        "classification": "",
        "focal": "(10, 0.6) (classification)",
    }


def test_one_reference_only():
    with pytest.raises(DsltError, match="several cells: csrt, dslt"):
        table(
            dslt_no_exp=comparison("dslt_no_exp", 0.5, -0.1),
            dslt_only_exp=comparison("dslt_only_exp", 0.5, -0.1, reference="csrt"),
        )


def test_command(tmp_path):
    path = tmp_path / "dslt.json"
    path.write_text(to_json(comparison("dslt", 0.6)))
    out = tmp_path / "tables" / "table3"
    arguments = ["table3", "--compare", str(path), "--paper", str(PAPER), "--out", str(out)]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert sorted(p.name for p in out.parent.iterdir()) == ["table3.csv", "table3.md", "table3.tex"]


def test_a_malformed_table_is_refused(tmp_path):
    path = tmp_path / "table3.csv"
    path.write_text("item,part\na,regression\n")
    with pytest.raises(DsltError, match="lacks the columns a, c"):
        table3.build("table3", path, {})
