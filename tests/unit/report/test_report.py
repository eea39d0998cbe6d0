"""The report: notebooks rendered to HTML, and the site's entrance."""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Sequence
from html import unescape
from pathlib import Path

import jupytext
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image

from dslt.commands.report import command
from dslt.core.errors import DsltError
from dslt.report import html, index, page, show, summary, table1, table3, tables
from dslt.settings.catalog import FIGURES, PAGES
from places import ROOT
from reported import SCORECARD, TABLE1, write_compare, write_result_files

NOTEBOOKS = ROOT / "notebooks"


@pytest.fixture
def results(tmp_path):
    """A scorecard, tables, two comparisons and figures."""
    write_result_files(tmp_path)
    for name in ("fig04", "fig06", "fig10", "fig15", "added"):
        Image.new("RGB", (8, 8)).save(tmp_path / f"{name}.png")
    (tmp_path / "fig04.pdf").write_bytes(b"%PDF")
    return tmp_path


def notebook(path: Path, code: str, parameters: str = "path = None\nmany = []") -> Path:
    path.write_text(
        f'# %% [markdown]\n# # A title\n\n# %% tags=["parameters"]\n{parameters}\n\n# %%\n{code}\n'
    )
    return path


def words(text: str) -> str:
    """What a reader sees of a page."""
    text = re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


# ------------------------------------------------------------------ HTML


def test_a_table_escapes_aligns_and_marks():
    frame = pd.DataFrame(
        {
            "<item>": ["a & b", None],
            "AUC": [59.87, float("nan")],
            "Verdict": ["supported", "not run"],
        }
    )
    text = html.table(frame)
    assert '<th scope="col">&lt;item&gt;</th>' in text
    assert "<td>a &amp; b</td>" in text
    assert '<td class="number">59.9</td>' in text
    assert '<td class="verdict supported">supported</td>' in text
    assert '<td class="verdict not-run">not run</td>' in text
    assert text.count("<td>–</td>") == 1
    assert text.count('<td class="number">–</td>') == 1


@pytest.mark.parametrize(
    "load",
    [
        '<script src="https://cdn.example/require.js"></script>',
        '<link rel="stylesheet" href="http://fonts.example/css">',
        '<img src="//images.example/a.png">',
        "<style>@import 'https://fonts.example/css';</style>",
        "<style>p { background: url(//images.example/a.png) }</style>",
        '<p style="background: url(http://images.example/a.png)">x</p>',
    ],
)
def test_a_page_that_loads_from_a_network_is_refused(load):
    with pytest.raises(DsltError, match=r"p\.html: the page loads from a network"):
        html.check_offline(html.document("t", load), Path("p.html"))


def test_links_and_data_uris_are_no_loads():
    body = '<a href="https://example.org">x</a><img src="data:image/png;base64,aa//">'
    html.check_offline(html.document("t", body), Path("p.html"))


def test_a_picture_must_be_one(tmp_path):
    with pytest.raises(DsltError, match=r"gone\.png: cannot be read"):
        html.size(tmp_path / "gone.png")
    (tmp_path / "text.png").write_text("no")
    with pytest.raises(DsltError, match=r"text\.png: not a picture"):
        html.size(tmp_path / "text.png")


# ------------------------------------------------------------------ parameters


def test_parameters_are_filled_by_kind():
    defaults = {"path": None, "many": [], "figure": ""}
    filled = page.fill(defaults, [("many", "a"), ("path", "p"), ("many", "b")], Path("n.py"))
    assert filled == {"path": "p", "many": ["a", "b"]}
    assert page.fill(defaults, [("path", "p")], Path("n.py")) == {"path": "p"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            [("path", "p"), ("many", "a"), ("pth", "q")],
            r"n\.py: 'pth'; allowed: .*many, path|'pth'",
        ),
        ([("path", "p"), ("path", "q"), ("many", "a")], "'path' was given twice"),
        ([("many", "a")], "parameter path is needed"),
    ],
)
def test_wrong_parameters_are_errors(values, message):
    with pytest.raises(DsltError, match=message):
        page.fill({"path": None, "many": []}, values, Path("n.py"))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [("path = open('x')", "no list of defaults"), ("import os", "line 1 is not an assignment")],
)
def test_a_parameters_cell_holds_literals_only(tmp_path, parameters, message):
    source = jupytext.read(notebook(tmp_path / "n.py", "1", parameters), fmt="py:percent")
    with pytest.raises(DsltError, match=message):
        page.declared(source, Path("n.py"))


def test_a_missing_notebook_is_named(tmp_path):
    with pytest.raises(DsltError, match=r"gone\.py: no such notebook"):
        page.render(tmp_path / "gone.py", [], tmp_path / "e.ipynb", tmp_path / "o.html")


# ------------------------------------------------------------------ pages


def test_a_page_shows_results_and_no_code(results, monkeypatch):
    monkeypatch.chdir(results)
    values = ["-p", "scorecard", "scorecard.csv", "-p", "sensitivity", "sensitivity.csv"]
    values += ["-p", "key", "older"]
    source = str(NOTEBOOKS / "scorecard.py")
    outputs = ["--executed", "logs/scorecard.ipynb", "--out", "report/scorecard.html"]
    arguments = ["page", "--notebook", source, *values, *outputs]
    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = (results / "report" / "scorecard.html").read_text()
    html.check_offline(text, Path("scorecard.html"))
    assert "<title>Scorecard: the paper's statements and ours</title>" in unescape(text)
    seen = words(text)
    assert "Shrinkage beats L2" in seen
    assert "-0.50 to 2.90" in seen
    assert "17.60 +" in seen
    assert "Stale: computed with other settings, data or code than this report" in seen
    assert "&lt;other&gt; &amp; data" in seen
    assert "import" not in seen
    assert "scorecard : scorecard.csv" in seen
    executed = json.loads((results / "logs" / "scorecard.ipynb").read_text())
    assert any("from dslt.report" in "".join(cell["source"]) for cell in executed["cells"])


def test_a_failing_cell_is_told_and_kept(tmp_path):
    code = "print('reached')\n\n# %%\nraise ValueError(f'no such column in {path}')"
    source = notebook(tmp_path / "n.py", code, "path = None")
    executed, out = tmp_path / "logs" / "n.ipynb", tmp_path / "n.html"
    with pytest.raises(
        DsltError, match=r"n\.py: a cell failed with ValueError: no such column in X"
    ):
        page.render(source, [("path", "X")], executed, out)
    assert not out.exists()
    kept = executed.read_text()
    assert "reached" in kept
    assert "no such column in X" in kept
    assert [path.name for path in executed.parent.iterdir()] == ["n.ipynb"]


WHO = """# %% tags=["parameters"]
x = None
# %%
import os, sys
import matplotlib.pyplot
print(sys.executable, os.environ.get("WHO"))
"""
OTHERS = {  # of an environment that was removed, and of another one
    "removed": ["/opt/conda/envs/removed/bin/python"],
    "other": ["env", "WHO=other", sys.executable],
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("variable", ["JUPYTER_PATH", "JUPYTER_DATA_DIR"])
def test_a_page_is_run_by_this_interpreter(tmp_path, monkeypatch, name, variable):
    for kernel in ("python3", page.KERNEL):
        folder = tmp_path / "share" / "kernels" / kernel
        folder.mkdir(parents=True)
        argv = [*OTHERS[name], "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        values = {"argv": argv, "display_name": "Python 3", "language": "python"}
        (folder / "kernel.json").write_text(json.dumps(values))
    monkeypatch.setenv(variable, str(tmp_path / "share"))
    monkeypatch.setenv("HOME", "/proc/none")  # nothing is read there, and nothing said of it
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    source, out = tmp_path / "who.py", tmp_path / "who.html"
    source.write_text(WHO)
    page.render(source, [("x", "1")], tmp_path / "who.ipynb", out)
    text = out.read_text()
    assert f"{sys.executable} None" in text
    assert "matplotlib" not in text.lower()


def run_notebook(name, given, monkeypatch):
    """Run the cells of a notebook with parameters; return what they show, as words."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda *several: shown.extend(several))
    source = jupytext.read(NOTEBOOKS / f"{name}.py", fmt="py:percent")
    values = page.declared(source, NOTEBOOKS / f"{name}.py") | given
    for cell in source.cells:
        if cell.cell_type == "code" and "parameters" not in cell.metadata.get("tags", []):
            *statements, last = ast.parse(cell.source).body
            if not isinstance(last, ast.Expr):
                statements, last = [*statements, last], None
            exec(compile(ast.Module(statements, []), name, "exec"), values)
            if last is not None:
                shown.append(eval(compile(ast.Expression(last.value), name, "eval"), values))
    return words(" ".join(one.data for one in shown if one is not None))


@pytest.mark.parametrize(
    ("name", "given", "seen"),
    [
        (
            "ablation",
            {"table": ["losses.csv"], "compare": ["dslt.json"], "figures": ["fig15.png"]},
            "70.1",
        ),
        ("benchmarks", {"table": ["table1.csv"], "figures": ["fig10.png"]}, ".412"),
        ("confidence", {"table": ["confidence.csv"], "scorecard": "scorecard.csv"}, "0.876"),
        ("convergence", {"convergence": ["dslt=seed0.csv"], "figures": ["fig04.png"]}, "77"),
        ("offline", {"training": ["training.csv"], "figures": ["fig06.png"]}, "75.0"),
        (
            "scorecard",
            {"scorecard": "scorecard.csv", "sensitivity": "gone.csv", "key": "k"},
            "not run",
        ),
        (
            "scorecard",
            {"scorecard": "scorecard.csv", "sensitivity": "sensitivity.csv", "key": "x"},
            "17.60",
        ),
    ],
)
def test_the_notebooks_show_what_result_files_say(results, monkeypatch, name, given, seen):
    monkeypatch.chdir(results)
    assert seen in run_notebook(name, given, monkeypatch)


def test_figures_are_found_by_their_names_and_described_by_the_catalog(results):
    given = [str(results / "fig10.png"), str(results / "fig04.png")]
    shown = show.figure(given, "fig04").data
    assert 'alt="Fig. 4: modulating factor and losses"' in shown
    assert f'src="{results.name}/fig04.png"' in shown
    assert 'width="8" height="8"' in shown
    note = show.figure(given, "fig08").data
    assert "Not drawn in this study: Fig. 8: success and precision (in the paper: OTB" in note
    with pytest.raises(
        DsltError, match="unknown figure 'fig99'; allowed: attributes, confidence, fig01"
    ):
        show.figure(given, "fig99")


def test_figures_that_a_page_does_not_place_come_last(results, monkeypatch):
    monkeypatch.setattr(show, "_SHOWN", set())
    given = [str(results / f"{name}.png") for name in ("fig10", "added", "fig15")]
    show.figure(given, "fig15")
    more = show.rest(given).data
    assert more.startswith("<h2>More figures</h2>")
    captions = re.findall(r"<figcaption>(.*?)\. <a", more)
    assert captions == ["Fig. 10: expected average overlap (in the paper: VOT-2016)", "added"]
    show.figure(given[:1], "fig10")
    assert show.rest([given[0], given[2]]).data == ""


def test_every_notebook_shows_figures_of_its_page_and_those_that_were_added():
    for name in PAGES:
        source = (NOTEBOOKS / f"{name}.py").read_text()
        shown = set(re.findall(r'show\.figure\(figures, "(\w+)"\)', source))
        assert shown <= {figure for figure, entry in FIGURES.items() if name in entry.pages}
        assert source.endswith("show.rest(figures)\n")


def test_every_notebook_declares_parameters_and_a_title():
    found = sorted(NOTEBOOKS.glob("*.py"))
    assert [path.stem for path in found] == [
        "ablation",
        "benchmarks",
        "confidence",
        "convergence",
        "data",
        "offline",
        "scorecard",
    ]
    for path in found:
        source = jupytext.read(path, fmt="py:percent")
        assert page.declared(source, path)
        assert source.cells[0].source.startswith("# ")


# ------------------------------------------------------------------ tables and front page


def test_gains_of_the_training_are_in_percent(results):
    shown = tables.training(results / "training.csv")
    assert list(shown["Gain"]) == pytest.approx([5, 5])
    assert list(shown["its 95 % interval"]) == ["1.0 to 9.0", ""]
    with pytest.raises(DsltError, match="lacks the columns after, before, cell, epochs"):
        tables.training(results / "table3.csv")


def test_tables_keep_benchmarks_apart_and_give_intervals(results):
    found = tables.comparisons([results / "dslt.json", results / "dslt_l2.json"])
    assert list(found) == ["clips"]
    cells = found["clips"]["Cell"]
    assert cells[1] == '<a href="sequences.html#benchmark=clips&amp;cells=dslt_l2">L2</a>'
    rows = found["clips"].set_index(cells.map(lambda cell: cell.striptags()))
    assert rows.loc["Shrinkage", "AUC (%)"] == pytest.approx(70.1)
    assert rows.loc["L2", "AUC interval"] == "50.0 to 70.0"
    assert rows.loc["L2", "its interval"] == "-5.0 to 1.0"
    assert rows.loc["Shrinkage", "its interval"] == ""


def test_claims_lead_to_both_their_cells(results):
    items = tables.claims(results / "scorecard.csv")["Claim of the paper"]
    assert "#benchmark=clips&amp;cells=dslt&amp;cells=dslt_l2" in items.iloc[0]
    number, not_run = tables.numbers(results / "scorecard.csv")["Printed number"]
    assert "#benchmark=clips&amp;cells=dslt" in number
    assert not_run == "classification"


def test_what_has_no_verdict_is_folded(results):
    shown = show.statements(tables.claims(results / "scorecard.csv")).data
    head, _, folded = shown.partition("<details><summary>1 not judged</summary>")
    assert (head.count("<tr>"), folded.count("<tr>")) == (3, 2)
    shown = show.statements(tables.numbers(results / "scorecard.csv")).data
    assert shown.startswith("<details><summary>1 not comparable</summary>")
    assert "<details><summary>1 not run</summary>" in shown


def test_metrics_have_decimals_of_their_own(results):
    path = write_compare(results / "vot.json", "dslt", "Shrinkage", 0.4)
    text = path.read_text().replace("success_auc", "eao").replace("precision_20", "failures")
    path.write_text(text)
    (frame,) = tables.comparisons([path]).values()
    page_text = html.table(frame)
    assert '<td class="number">0.400</td>' in page_text
    assert '<td class="number">0.300 to 0.500</td>' in page_text


def test_table_1_shows_intervals_and_what_was_not_run(results):
    frame = table1.scores(results / "table1.csv")
    assert list(frame) == ["Benchmark", "Tracker", "Source", "EAO", "EAO interval", "A", "Note"]
    assert frame["EAO"].to_list() == ["0.374", "0.412"]
    assert frame["Tracker"][0] == "ECO"  # printed; ours leads to what it did
    assert 'href="sequences.html#benchmark=clips_vot&amp;cells=Shrinkage"' in frame["Tracker"][1]
    assert frame["EAO interval"].to_list() == ["", "0.399 to 0.450"]
    assert table1.not_run(results / "table1.csv") == "VOT-2016: not run in this study."
    path = results / "table2.csv"
    path.write_text(TABLE1.replace("clips_vot", "VOT2016"))
    assert table1.not_run(path) == ""
    with pytest.raises(DsltError, match=r"table3\.csv: lacks the columns benchmark, note"):
        table1.scores(results / "table3.csv")


def test_table_3_is_told_in_words(results):
    (results / "table3.csv").write_text(
        "part,item,a,paper_success_auc,cell,clips_success_auc,clips_success_auc_low,"
        "clips_success_auc_high,clips_success_auc_difference,clips_videos,status\n"
        "regression,full,10,59.9,dslt,70.1,60.0,80.0,-0.4,14,\n"
    )
    shown = table3.losses(results / "table3.csv")
    ours = ["Real clips: AUC", "Real clips: AUC, interval", "Real clips: AUC minus reference"]
    assert list(shown) == [
        *("Part", "Item", "a", "Paper: AUC", "Cell"),
        *(*ours, "Real clips: videos", "Status"),
    ]
    assert shown[ours[1]].item() == "60.0 to 80.0"
    assert shown.attrs["numbers"][0] == "Paper: AUC"


def test_verdicts_are_counted_by_kind(results):
    counts = tables.verdicts(results / "scorecard.csv").set_index("Verdict")
    assert counts.loc["supported"].to_list() == [1, 0, 0]
    assert counts.loc["not run"].to_list() == [0, 1, 0]
    assert counts.to_numpy().sum() == 5


def summed_up(folder: Path, *changes: tuple[str, str], more: Sequence[str] = ()) -> list[str]:
    """The sentences on the scorecard with other texts, and with further lines."""
    text = SCORECARD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "scorecard.csv").write_text(text + "".join(f"{line}\n" for line in more))
    return summary.sentences(folder / "scorecard.csv")


OHNM = next(line for line in SCORECARD.splitlines() if ",supported," in line)


def test_three_sentences_say_what_holds(results):
    holds, fails, doubts = summed_up(results)
    assert holds == (
        "1 of the 2 claims of the paper that this study could test holds in our data: OHNM is below"
        " (lite, real clips)."
    )
    assert fails == "None of them is contradicted."
    assert doubts == (
        "1 cannot be told: in 1 the trackers differ no more than chance would have it."
    )


def test_a_study_without_the_papers_cells_says_so(results):
    lines = SCORECARD.splitlines()
    blank = OHNM.replace("clips,success_auc,points,4.00,2.00,6.00,0.01,10,3,1,supported", "@")
    (results / "scorecard.csv").write_text(
        f"{lines[0]}\n{blank.replace('@', ',success_auc,points,,,,,,,,not run')}\n"
    )
    assert summary.sentences(results / "scorecard.csv") == [
        "This study could test none of the 1 claims of the paper."
    ]


def test_a_claim_counts_once_and_by_the_papers_preset(results):
    paper = OHNM.replace("[preset lite]", "[preset paper]").replace("0.01", "1")
    paper = paper.replace("supported", "inconclusive")
    assert summed_up(results, more=[paper])[0].startswith("None of the 2 claims")
    paper = paper.replace("inconclusive", "contradicted").replace(
        "points,4.00,2.00,6.00,1,", "points,-4,-6,-2,0.01,"
    )
    assert (
        "1 of them is contradicted: OHNM is below (real clips)"
        in summed_up(results, more=[paper])[1]
    )


def test_what_makes_no_difference_is_said(results):
    same = (OHNM, OHNM.replace("supported", "no difference"))
    assert (
        "; in 1 there is no difference worth the name: OHNM is below" in summed_up(results, same)[1]
    )


def test_several_boards_are_corrected_for(results):
    other = OHNM.replace("clips", "synthetic")
    twice = summed_up(results, more=[other])[0]
    assert "OHNM is below (lite, real clips; lite, synthetic videos)" in twice
    weak = [(OHNM, OHNM.replace("0.01", "0.04"))]
    assert summed_up(results, *weak)[0].startswith("1 of the 2")
    unsure = other.replace("0.01", "0.5").replace("supported", "inconclusive")
    assert summed_up(results, *weak, more=[unsure])[0].startswith("None of the 2")
    for p in ("0.01", "0.04"):  # the second alone would not stand the correction
        against = other.replace("supported", "contradicted").replace("0.01", p)
        assert (
            "in 1 the verdict depends on which trackers or videos"
            in summed_up(results, more=[against])[2]
        )


def test_a_second_pair_of_cells_against_a_claim_is_not_passed_over(results):
    """A claim may be judged by two pairs of cells of one preset on one benchmark."""
    pair = OHNM.replace("dslt - dslt_ohnm", "dslt_star - dslt_star_ohnm")
    assert "(lite, real clips)" in summed_up(results, more=[pair])[0]
    against = pair.replace("supported", "contradicted")
    for swap in (), ((OHNM, against),):
        sentences = summed_up(results, *swap, more=[OHNM if swap else against])
        assert sentences[0].startswith("None of the 2")
        assert "in 1 the verdict depends on which trackers or videos are taken" in sentences[2]


def test_claims_with_one_text_are_not_one(results):
    holds = summed_up(results, more=[OHNM.replace(",ohnm,", ",ohnm2,")])[0]
    assert holds.startswith("2 of the 3 claims")


def test_the_reasons_of_doubt_are_counted_apart(results):
    few = (
        "2.90,1,10,3,1,inconclusive,the interval contains 0",
        "2.90,,10,3,1,inconclusive,3 source videos; a verdict needs 6",
    )
    assert "for 1 there are too few videos or seeds" in summed_up(results, few)[2]
    foreign = "claim,fig15,Shrinkage beats L2,OTB-2015,,l2,f,dslt_star - dslt_star_l2,synthetic,"
    foreign += "success_auc,points,,,,,,,,not comparable,another backbone"
    assert "for 1 there are too few videos or seeds" in summed_up(results, few, more=[foreign])[2]
    moved = (
        "inconclusive,the interval contains 0",
        "inconclusive,the verdict depends on constants of tracking: x",
    )
    assert "in 1 the verdict depends on constants of tracking" in summed_up(results, moved)[2]
    not_run = (
        "claim,fig11,RT beats,OTB-2015,,rt,f,,,success_auc,points,,,,,,,,not run,it is not built"
    )
    assert "; 1 could not be tested." in summed_up(results, more=[not_run])[2]


def test_what_the_papers_own_numbers_contradict_is_no_claim(results):
    changed = (OHNM, OHNM.replace("OTB-2015,,ohnm", "OTB-2015,-0.2,ohnm"))
    assert summed_up(results, changed)[0].startswith("None of the 1 claims")


def test_a_table_that_is_no_scorecard_is_named(results):
    with pytest.raises(DsltError, match=r"table3\.csv: lacks the columns .*verdict"):
        tables.claims(results / "table3.csv")


def test_verdicts_with_moved_constants_stand_side_by_side(results):
    table = tables.sensitivity(results / "sensitivity.csv")
    assert list(table) == ["Cells", "Our data", "Metric", "as it is", "gate on"]
    first, second = table.to_dict("records")
    where = "sequences.html#benchmark=clips&amp;cells=dslt&amp;cells=dslt_l2"
    assert first["Cells"] == f'<a href="{where}">dslt - dslt_l2</a>'
    assert (first["as it is"], first["gate on"]) == ("17.60 +", "-0.10 ?")
    assert second["as it is"] == "-2.00 -"
    assert "–" in words(html.table(table))
    state = tables.state_of_sensitivity
    assert state(results / "sensitivity.csv", "k") == ""
    assert state(results / "sensitivity.csv", "l").startswith("Stale")
    assert state(results / "gone.csv", "k").startswith("Not run")
    assert tables.sensitivity(results / "gone.csv").empty
    (results / "sensitivity.csv").write_text("better,worse\na,b\n")
    with pytest.raises(DsltError, match=r"sensitivity\.csv: lacks the columns benchmark"):
        tables.sensitivity(results / "sensitivity.csv")


def test_the_entrance_says_what_was_found_and_links_the_pages(results):
    out = results / "report" / "index.html"
    arguments = ["--site", "index", "--site", "scorecard", "--site", "data"]
    arguments += ["--scorecard", str(results / "scorecard.csv")]
    arguments += ["--out", str(out)]
    done = CliRunner().invoke(command, ["index", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = out.read_text()
    html.check_offline(text, out)
    assert '<a href="scorecard.html">Scorecard</a><p>Every claim' in text
    seen = words(text)
    assert summary.sentences(results / "scorecard.csv")[0] in seen
    assert "OHNM is below" in text[text.index('class="claims"') :]
    assert re.search(r"dslt \d+\.\d+\.\d+$", seen.strip())


def test_a_site_needs_pages(tmp_path):
    with pytest.raises(DsltError, match=r"index\.html: a site needs pages"):
        index.render([], tmp_path / "index.html")
    assert not (tmp_path / "index.html").exists()
