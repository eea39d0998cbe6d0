"""Tables 1 and 2: printed rows, re-scored trackers and our own, each with where it comes from."""

from __future__ import annotations

import csv
import io

import pytest
from click.testing import CliRunner

from dslt.commands.table import command
from dslt.compare.cell import CellComparison
from dslt.compare.tables import text, vot
from dslt.core.errors import DsltError
from dslt.score.scores import to_json
from places import ROOT

PAPER = ROOT / "config" / "paper"


def result(eao: float, gap: float | None = None, **more: object) -> dict[str, object]:
    """One benchmark of a cell; the intervals reach 0.05 to both sides."""

    def part(center: float) -> dict[str, float]:
        return {"value": center, "low": center - 0.05, "high": center + 0.05}

    metrics = {"eao": part(eao), "accuracy": part(0.6), "robustness": part(0.3)}
    metrics |= {"failures": {"value": 7.0}, "failures_weighted": {"value": 7.25}}
    difference = None if gap is None else {"cell": "dslt", "metrics": {"eao": part(gap)}}
    return {
        "protocol": "vot_short",
        "sequences": 10,
        "videos": 3,
        "seeds": [0],
        "metrics": metrics,
        "fps": {},
        "difference_to": difference,
        "notes": ["only 3 source videos"],
        **more,
    }


def cell(name: str, base: str = "dslt", **benchmarks: dict[str, object]) -> CellComparison:
    values = {"cell": name, "label": name.upper(), "base": base, "preset": "", "backbone": ""}
    renamed = {key.replace("__", "-"): value for key, value in benchmarks.items()}
    return CellComparison.model_validate({**values, "benchmarks": renamed, "paper": []})


def table(name: str, *cells: CellComparison) -> vot.VotTable:
    return vot.build(name, PAPER / f"{name}.csv", {one.cell: one for one in cells})


@pytest.fixture
def usual() -> tuple[CellComparison, ...]:
    one_pass = {"metrics": {"success_auc": {"value": 0.5}}}
    return (
        cell("dslt", clips_vot=result(0.4), clips=result(0.4, **one_pass)),
        cell("csrt", "opencv", clips_vot=result(0.5, 0.1)),
        cell("rpn", "external", VOT__2018=result(0.38, videos=60, protocol="vot2018")),
    )


def test_each_row_says_where_it_comes_from(usual):
    rows = vot.records(table("table2", *usual))
    assert [row["source"] for row in rows] == ["printed"] * 23 + [
        "re-scored here",
        "run here",
        "run here",
    ]
    assert [(row["tracker"], row["benchmark"]) for row in rows[22:]] == [
        ("CFTR", "VOT-2018"),
        ("RPN", "VOT-2018"),
        ("CSRT", "clips_vot"),
        ("DSLT", "clips_vot"),
    ]
    assert rows[0]["eao"] == "0.440"  # exactly as printed
    assert float(rows[24]["eao"]) == 0.5
    assert float(rows[24]["eao_low"]) == 0.45
    assert float(rows[24]["eao_difference_high"]) == pytest.approx(0.15)
    assert rows[24]["note"] == "only 3 source videos"
    assert rows[25]["eao_difference"] == ""


def test_table_1_has_failures_by_tag_and_no_rows_of_vot_2018(usual):
    rows = list(csv.DictReader(io.StringIO(text.to_csv(vot.records(table("table1", *usual))))))
    assert len(rows) == 15 + 2
    assert rows[0]["failures_weighted"] == "9.253"
    assert float(rows[-1]["failures_weighted"]) == 7.25
    assert "robustness" not in rows[0]
    assert {row["benchmark"] for row in rows} == {"VOT-2016", "clips_vot"}


def test_markdown_keeps_benchmarks_apart(usual):
    lines = text.to_markdown(vot.to_text(table("table2", *usual))).splitlines()
    assert lines[0] == "| tracker | source | EAO | A | R | difference, EAO |"
    assert "| SiamRPN++_sl | printed | 0.440 | 0.586 | 0.179 |  |" in lines
    own = lines.index("| **Real clips with resets (clips_vot), not VOT-2018** |  |  |  |  |  |")
    rescored = "| RPN | re-scored here | 0.380 [0.330, 0.430] | 0.600 [0.550, 0.650] |"
    assert lines[own - 1].startswith(rescored)
    assert lines[own - 1].endswith("|  |")
    assert lines[own + 1].endswith("| +0.100 [+0.050, +0.150] |")
    assert lines[own + 2].endswith("| - |")
    notes = "\n".join(lines[own + 3 :])
    assert "not run" not in notes
    assert "Differences are paired and taken to DSLT." in notes
    assert "clips_vot: 10 sequences from 3 source videos, 1 seed, protocol vot_short" in notes
    assert "fewer than 6 source videos" in notes


def test_a_benchmark_that_was_not_run_is_said_so(usual):
    written = text.to_markdown(vot.to_text(table("table1", *usual)))
    assert "VOT-2016: not run in this study. Rows of other benchmarks" in written
    alone = text.to_markdown(vot.to_text(table("table1")))
    assert "VOT-2016: not run in this study." in alone
    assert "In brackets" not in alone


def test_a_benchmark_of_the_user_is_called_by_its_name():
    mine = cell("dslt", mine=result(0.4, complete=False))
    written = text.to_markdown(vot.to_text(table("table2", mine)))
    assert "**mine, not VOT-2018**" in written
    assert "mine: only a part of the benchmark, 10 sequences" in written


def test_names_of_the_papers_benchmark_compare_without_punctuation():
    found = table("table1", cell("rpn", "external", VOT2016=result(0.3)))
    assert found.run
    assert list(vot.to_text(found).parts) == ["VOT-2016"]


def test_latex(usual):
    written = text.to_latex(vot.to_text(table("table2", *usual)))
    assert "\\begin{tabular}{llrrrr}" in written
    assert "SiamRPN++\\_sl & printed & 0.440" in written
    assert "$+$0.100 [$+$0.050, $+$0.150]" in written
    body = [line for line in written.splitlines() if line.endswith("\\\\") and "multi" not in line]
    assert len(body) == 1 + 23 + 3
    assert {line.count(" & ") for line in body} == {5}
    assert written.count("{") == written.count("}")


def test_command(tmp_path, usual):
    paths = []
    for one in usual:
        paths.append(tmp_path / f"{one.cell}.json")
        paths[-1].write_text(to_json(one))
    for name in ("table1", "table2"):
        out = tmp_path / "tables" / name
        given = [name, "--compare", *map(str, paths), "--paper", str(PAPER / f"{name}.csv")]
        done = CliRunner().invoke(command, [*given, "--out", str(out)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert {p.suffix for p in out.parent.glob(f"{name}.*")} == {".csv", ".md", ".tex"}
    assert "table2: 23 printed rows, 3 of ours" in done.output


def test_a_malformed_table_is_refused(tmp_path):
    path = tmp_path / "table1.csv"
    path.write_text("item,eao\nx,0.3\n")
    with pytest.raises(DsltError, match="lacks the columns note, accuracy, failures_weighted"):
        vot.build("table1", path, {})
