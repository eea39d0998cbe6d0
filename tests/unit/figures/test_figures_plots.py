"""Fig. 8 to 13, 15 and scores by attribute: plots from score files, beside what is printed."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from dslt.core.errors import DsltError
from dslt.figures import attributes, eao, one_pass, printed
from result_files import PAPER, call, texts, write_score, write_vot_score


def legends(figure: Figure) -> list[list[str]]:
    found = [ax.get_legend() for ax in figure.axes]
    return [[text.get_text() for text in legend.get_texts()] for legend in found if legend]


def overlapping(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that lie on each other, titles and legends included."""
    figure.draw_without_rendering()
    hidden = {
        label
        for ax in figure.axes
        for axis, ends in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim())))
        for tick, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=False)
        if not ends[0] <= tick <= ends[1]
    }
    found = [
        (artist.get_text(), artist.get_window_extent())
        for artist in figure.findobj(Text)
        if artist.get_text().strip() and artist.get_visible() and artist not in hidden
    ]
    return [
        (first, second)
        for i, (first, one) in enumerate(found)
        for second, other in found[:i]
        if one.shrunk(0.98, 0.8).overlaps(other.shrunk(0.98, 0.8))
    ]


# ------------------------------------------------------------------ success and precision


def test_seeds_are_averaged_and_legends_sorted(tmp_path):
    study = one_pass.load(
        [
            write_score(tmp_path / "a0.json", "dslt", "clips", 0, 0.60),
            write_score(tmp_path / "a1.json", "dslt", "clips", 1, 0.50),
            write_score(tmp_path / "b0.json", "dslt_l2", "clips", 0, 0.57),
            write_score(tmp_path / "c0.json", "dslt", "synthetic", 0, 0.80, ["one"]),
        ]
    )
    curve = study["clips"].plots["success"]["dslt"]
    assert curve.headline == pytest.approx(0.55)
    np.testing.assert_allclose(curve.values, [1, 0.55, 0])
    figure = one_pass.figure(study)
    assert legends(figure) == [
        ["57.0  L2", "55.0  Shrinkage"],
        ["67.0  L2", "65.0  Shrinkage"],
        ["80.0  Shrinkage"],
        ["90.0  Shrinkage"],
    ]
    written = texts(figure)
    assert "(a) Real clips (3 sequences): success" in written
    assert "(d) Synthetic videos (1 sequence): precision" in written


def test_unequal_files_are_refused(tmp_path):
    first = write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6)
    other = write_score(tmp_path / "b.json", "dslt_l2", "clips", 0, 0.5, ["alpha", "delta"])
    with pytest.raises(DsltError, match=r"b\.json: .*beta, delta, gamma"):
        one_pass.load([first, other])
    with pytest.raises(DsltError, match=r"seed 0 was given already by .*a\.json"):
        one_pass.load([first, first])
    with pytest.raises(DsltError, match=r"none\.json: no such file"):
        one_pass.load([tmp_path / "none.json"])
    (tmp_path / "half.json").write_text('{"cell": ')
    with pytest.raises(DsltError, match=r"half\.json"):
        one_pass.load([tmp_path / "half.json"])
    rule = {"protocol": "lasot"}
    other = write_score(tmp_path / "c.json", "dslt_l2", "clips", 0, 0.5, conventions=rule)
    with pytest.raises(DsltError, match=r"c\.json: was scored by other conventions"):
        one_pass.load([first, other])


def test_each_kind_of_plot_refuses_the_other_kind_of_scores(tmp_path):
    once = write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6)
    reset = write_vot_score(tmp_path / "b.json", "dslt", "clips_vot", 0.4)
    with pytest.raises(DsltError, match=r"clips_vot: the scores of dslt .*one-pass"):
        one_pass.load([once, reset])
    with pytest.raises(DsltError, match=r"clips: the scores of dslt .*supervised"):
        eao.load([once, reset])


def test_normalised_precision_is_a_third_panel(tmp_path):
    path = write_score(tmp_path / "a.json", "ATOM", "LaSOT", 0, 0.5, norm=True)
    paper = printed.load("fig13", PAPER, ["ATOM"])
    figure = one_pass.figure(one_pass.load([path]), printed=paper)
    assert legends(figure) == [
        ["50.3  SiamRPN++_sl, printed", "50.0  ATOM, re-scored"],
        ["60.0  ATOM, re-scored", "49.7  SiamRPN++_sl, printed"],
        ["40.0  ATOM, re-scored"],
    ]
    written = texts(figure)
    assert "(c) LaSOT (3 sequences): normalised precision" in written
    assert "not run" not in written
    assert "Unmarked: run here." in written


def test_a_part_of_a_benchmark_is_called_that(tmp_path):
    path = write_score(tmp_path / "a.json", "dslt", "OTB-2015", 0, 0.6)
    path.write_text(path.read_text().replace('"notes"', '"complete": false, "notes"'))
    assert "OTB-2015 (only 3 sequences of it)" in texts(one_pass.figure(one_pass.load([path])))


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("fig08", ["DSLT* on OTB-2013 DP 94.1, AUC 67.6", "OTB-2013 and OTB-2015: not run"]),
        ("fig09", ["SiamRPN_sl on UAV-123 DP 78.1, AUC 56.9", "UAV-123: not run"]),
        ("fig11", ["SiamFC_sl beats SiamFC on OTB-2015 (AUC by 0.7, DP by 2.5)", "OTB-2015: not"]),
        ("fig13", ["SiamRPN++_sl on LaSOT DP 49.7, AUC 50.3", "LaSOT: not run"]),
    ],
)
def test_what_the_paper_prints_and_what_was_not_run_is_said(tmp_path, name, facts):
    path = write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6)
    figure = one_pass.figure(one_pass.load([path]), printed=printed.load(name, PAPER))
    written = texts(figure).replace("\n", " ")
    for fact in facts:
        assert fact in written


def test_without_the_papers_folder_the_benchmarks_not_run_are_still_named(tmp_path):
    path = write_score(tmp_path / "a.json", "dslt", "OTB2013", 0, 0.6)
    figure = one_pass.figure(one_pass.load([path]), printed=printed.load("fig08", None))
    written = texts(figure)
    assert "OTB-2015: not run in this study." in written
    assert "other videos" not in written


# ------------------------------------------------------------------ expected average overlap


@pytest.fixture
def vot_study(tmp_path):
    return eao.load(
        [
            write_vot_score(tmp_path / "a0.json", "dslt", "clips_vot", 0.40),
            write_vot_score(tmp_path / "a1.json", "dslt", "clips_vot", 0.30, 1),
            write_vot_score(tmp_path / "b.json", "csrt", "clips_vot", 0.42),
            write_vot_score(tmp_path / "c.json", "dslt", "synthetic_vot", 0.7),
        ]
    )


def test_trackers_are_ranked_from_right_to_left(vot_study):
    block = vot_study["clips_vot"]
    assert block.ranked == ["csrt", "dslt"]
    assert block.cells["dslt"].eao == pytest.approx(0.35)
    np.testing.assert_allclose(block.cells["dslt"].curve, [1, 0.9, 0.35, 0.35, 0.35])
    figure = eao.figure(vot_study)
    ranking = figure.axes[0]
    assert {
        float(line.get_xdata()[0]): round(float(line.get_ydata()[0]), 2) for line in ranking.lines
    } == {1.0: 0.42, 2.0: 0.35}
    assert ranking.get_xlim()[0] > ranking.get_xlim()[1]
    robustness = figure.axes[2]
    assert robustness.xaxis_inverted()
    assert "3–5" in texts(figure)


def test_the_printed_ranking_has_a_panel_of_its_own(vot_study):
    figure = eao.figure(vot_study, printed=printed.load("fig10", PAPER))
    assert len(figure.axes) == 7
    points = [line for line in figure.axes[-1].lines if line.get_marker() == "o"]
    assert len(points) == 15  # Table 1; Fig. 10 repeats one of them
    assert float(points[0].get_ydata()[0]) == 0.374
    written = texts(figure)
    assert "VOT-2016: EAO as printed in the paper" in written
    assert "state-of-the-art bound, 0.251" in written
    assert "VOT-2016: not run in this study." in written


def test_fig12_prints_table_2(vot_study):
    figure = eao.figure(vot_study, printed=printed.load("fig12", PAPER, ["csrt"]))
    assert len([line for line in figure.axes[-1].lines if line.get_marker() == "o"]) == 23
    assert "CSRT, re-scored" in texts(figure)


@pytest.mark.parametrize("name", ["fig10", "fig12"])
def test_no_text_lies_on_another(tmp_path, name):
    cells = ["dslt", "dslt_l2", "csrt", "kcf", *(f"mine{i}" for i in range(8))]
    paths = [
        write_vot_score(tmp_path / f"{cell}-{name}.json", cell, name, 0.4 - 0.02 * number)
        for name in ("clips_vot", "synthetic_vot")
        for number, cell in enumerate(cells)
    ]
    assert not overlapping(eao.figure(eao.load(paths), printed=printed.load(name, PAPER)))


def test_legends_beside_many_curves_have_room(tmp_path):
    paths = [
        write_score(tmp_path / f"{i}.json", f"a long name of cell {i}", "clips", 0, 0.5 + i / 100)
        for i in range(14)
    ]
    figure = one_pass.figure(one_pass.load(paths), printed=printed.load("fig08", PAPER))
    assert not overlapping(figure)


# ------------------------------------------------------------------ attributes


def test_attributes_of_both_kinds(tmp_path):
    paths = [
        write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6),
        write_score(tmp_path / "b.json", "dslt", "clips", 1, 0.5),
        write_score(tmp_path / "c.json", "kcf", "clips", 0, 0.3),
        write_vot_score(tmp_path / "d.json", "dslt", "VOT-2018", 0.4),
        write_vot_score(tmp_path / "e.json", "dslt", "clips_vot", 0.4, attributes={}),
    ]
    panels = attributes.load(paths)
    assert [(p.benchmark, p.metric) for p in panels] == [
        ("clips", "success_auc"),
        ("VOT-2018", "accuracy"),
        ("VOT-2018", "failures"),
    ]
    assert panels[0].groups == {"all": "3", "OCC": "2", "SV": "1"}
    assert panels[0].bars["dslt"] == pytest.approx({"all": 55, "OCC": 35, "SV": 55})
    assert panels[1].bars["dslt"] == {"all": 0.6, "occlusion": 0.5}
    assert panels[2].groups == {"all": "150", "empty": "90", "occlusion": "60"}
    assert panels[2].bars["dslt"] == {"all": 2.0, "occlusion": 5.0, "empty": 0.0}
    figure = attributes.figure(panels)
    assert not overlapping(figure)
    assert "(c) VOT-2018: failures per 100 frames" in texts(figure)


def test_without_attributes_there_is_nothing_to_draw(tmp_path):
    path = write_vot_score(tmp_path / "a.json", "dslt", "clips_vot", 0.4, attributes={})
    with pytest.raises(DsltError, match="no sequence of clips_vot has an attribute"):
        attributes.load([path])


# ------------------------------------------------------------------ command line


def test_the_plots_from_the_command_line(tmp_path):
    once = write_score(tmp_path / "a.json", "dslt", "clips", 0, 0.6)
    reset = write_vot_score(tmp_path / "b.json", "dslt", "clips_vot", 0.4)
    for name in ("fig08", "fig09", "fig10", "fig11", "fig12", "fig13", "fig15", "attributes"):
        score = reset if name in ("fig10", "fig12") else once
        given = ["--score", score, "--paper", PAPER, "--label", "dslt=Ours"]
        written = call(name, *given, "--rescored", "dslt", "--out", tmp_path / name)
        assert [path.name for path in written] == [f"{name}.pdf", f"{name}.png"]
        assert all(path.stat().st_size > 5000 for path in written)
