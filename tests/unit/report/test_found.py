"""The picture of the first page, and the page of provenance."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner

from dslt.commands.report import command
from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.report import found, provenance
from reported import SCORECARD, write_compare, write_scores

FASTER = """\
claim,fig16,shrinkage needs fewer iterations [preset paper],,,speed,g,dslt - dslt_l2,clips,\
iterations_common,iterations,-80,-120,-30,0.01,10,7,1,supported,negative supports the claim
"""


@pytest.fixture
def scorecard(tmp_path):
    (tmp_path / "scorecard.csv").write_text(SCORECARD + FASTER)
    return tmp_path / "scorecard.csv"


def percent(style: str, name: str) -> float:
    return float(style.split(f"{name}: ")[1].split("%")[0].replace("calc(100", "0"))


def test_judged_claims_are_drawn_as_the_scorecard_has_them(scorecard):
    page = BeautifulSoup(found.picture(scorecard), "html.parser")
    assert len(page.select(".found")) == 2  # points and iterations never share a scale
    drawn = {item.select_one(".claim").contents[0]: item for item in page.select("li")}
    assert set(drawn) == {"OHNM is below", "Shrinkage beats L2", "Shrinkage needs fewer iterations"}
    item = drawn["OHNM is below"]
    assert item.select_one(".claim small").text == "lite, real clips, AUC"
    assert item.select_one(".difference").contents[0] == "4.00"
    assert item.select_one(".difference small").text == "2.00 to 6.00"
    assert item.select_one(".verdict").text == "supported"
    low, value = percent(item.i["style"], "left"), percent(item.b["style"], "left")
    assert 50 < low < value < 100
    assert [s.text for s in page.select("details summary")] == ["1 that cannot be told"]


def test_a_benchmark_keeps_its_own_name(scorecard):
    scorecard.write_text(scorecard.read_text().replace(",clips,", ",OTB-2015,"))
    page = BeautifulSoup(found.picture(scorecard), "html.parser")
    shown = {small.text for small in page.select(".claim small")}
    assert shown == {"lite, OTB-2015, AUC", "OTB-2015, AUC", "OTB-2015, common iterations"}


def test_to_the_right_is_as_claimed_also_where_less_is_better(scorecard):
    page = BeautifulSoup(found.picture(scorecard), "html.parser")
    item = next(item for item in page.select("li") if "iterations" in item.text)
    assert item.select_one(".difference").contents[0] == "-80"
    assert percent(item.b["style"], "left") > 50
    ends = [[end.text for end in scale("span")] for scale in page.select(".scale")]
    assert ["-130", "0", "+130"] in ends


def test_differences_without_a_unit_are_named_by_their_metric(scorecard):
    text = scorecard.read_text().replace("iterations_common,iterations,", "eao,,")
    scorecard.write_text(text)
    page = BeautifulSoup(found.picture(scorecard), "html.parser")
    notes = [" ".join(note.text.split()) for note in page.select(".note")]
    assert sum(note.startswith("Differences of EAO with 95 % intervals") for note in notes) == 1
    assert sum(note.startswith("Differences in points with 95 % intervals") for note in notes) == 1


def test_the_class_of_a_verdict_is_one_word(scorecard):
    scorecard.write_text(scorecard.read_text().replace(",supported,", ",no difference,"))
    page = BeautifulSoup(found.picture(scorecard), "html.parser")
    classes = {item.select_one(".verdict").text: item["class"] for item in page.select("li")}
    assert classes == {"no difference": ["no-difference"], "inconclusive": ["inconclusive"]}


def test_nothing_is_drawn_without_intervals(tmp_path):
    (tmp_path / "scorecard.csv").write_text(SCORECARD.splitlines()[0] + "\n")
    assert found.picture(tmp_path / "scorecard.csv").strip() == ""


def rendered(folder: Path, *more: str) -> BeautifulSoup:
    write_compare(folder / "dslt.json", "dslt", "Shrinkage", 0.7)
    score = write_scores(folder, "clips", "dslt", 0, 0.0)
    (folder / "model.json").write_text(json.dumps({"model_id": "0123456789abcdef"}))
    words = ["--site", "index", "--site", "provenance", "--compare", str(folder / "dslt.json")]
    words += ["--score", str(score), "--model", f"dslt@3={folder / 'model.json'}", *more]
    words += ["--libraries", "numpy 2.0, torch 2.9", "--out", str(folder / "provenance.html")]
    done = CliRunner().invoke(command, ["provenance", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return BeautifulSoup((folder / "provenance.html").read_text(), "html.parser")


def test_provenance_names_settings_weights_and_checksums(tmp_path):
    page = rendered(tmp_path, "--settings", "dslt=feedfeedfeedfeed")
    leads = {link["href"] for link in page("a") if link.text == "dslt"}
    assert leads == {"sequences.html#cells=dslt", "sequences.html#benchmark=clips&cells=dslt"}
    text = page.get_text(" ")
    assert "feedfeedfeedfeed" in text
    assert "seed 3: 0123456789abcdef" in text
    assert sha256_file(tmp_path / "dslt-clips-0.json")[: provenance.SHOWN] in text
    assert " ".join(["numpy", "2.0"]) in " ".join(text.split())


def test_a_record_without_its_id_is_named(tmp_path):
    (tmp_path / "model.json").write_text("[]")
    write_compare(tmp_path / "dslt.json", "dslt", "Shrinkage", 0.7)
    sources = provenance.Sources(
        [tmp_path / "dslt.json"], models={"dslt@0": str(tmp_path / "model.json")}
    )
    with pytest.raises(DsltError, match=r"model\.json: not a record of `dslt train`"):
        provenance.render(sources, ["index"], tmp_path / "provenance.html")


def test_a_model_is_named_by_cell_and_seed(tmp_path):
    sources = provenance.Sources(models={"dslt": str(tmp_path / "model.json")})
    with pytest.raises(DsltError, match="'dslt': expected --model CELL@SEED=FILE"):
        provenance.render(sources, ["index"], tmp_path / "provenance.html")
