"""Interactive plots: the figures' numbers, every seed beside the mean, in a script and as CSV."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from dslt.commands.plot import command
from dslt.core.errors import DsltError
from dslt.figures import fig16, style
from dslt.report.plots import charts, convergence
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries, visible
from dslt.report.plots.write import write_plot
from dslt.settings.catalog import FIGURES
from reported import write_scores


def plotted(folder: Path, name: str, *arguments: object) -> tuple[dict, pd.DataFrame]:
    """Run the verb; return what the script hands over and the table."""
    words = [name, *map(str, arguments), "--out", str(folder / name)]
    done = CliRunner().invoke(command, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    text = (folder / f"{name}.js").read_text()
    head, _, rest = text.partition(" = ")
    assert head == f'dslt.plots["{name}"]'
    return json.loads(rest.rstrip(";\n")), pd.read_csv(folder / f"{name}.csv")


def values_in(shown: dict, panel: int = 0) -> list[dict]:
    """The data of a panel, however Vega-Lite nests it."""
    spec = shown["panels"][panel]["spec"]
    texts = json.dumps(spec)
    assert "$schema" in texts
    found = [data for data in spec.get("datasets", {}).values() if "cell" in data[0]]
    inline = [layer["data"]["values"] for layer in spec["layer"] if "data" in layer]
    own = [spec["data"]["values"]] if "values" in spec.get("data", {}) else []
    return next(rows for rows in [*found, *inline, *own] if "cell" in rows[0])


def test_curves_hold_the_mean_and_every_seed(tmp_path):
    scores = [write_scores(tmp_path, "clips", "dslt", seed, 0.1 * seed) for seed in (0, 1)]
    scores.append(write_scores(tmp_path, "clips", "kcf", 0, -0.2))
    words = [word for path in scores for word in ("--score", path)]
    shown, table = plotted(tmp_path, "fig15", *words, "--label", "kcf=<KCF>")
    assert [(e["cell"], e["label"]) for e in shown["legend"]] == [
        ("dslt", "Shrinkage"),
        ("kcf", "<KCF>"),
    ]
    assert "<" not in (tmp_path / "fig15.js").read_text()
    rows = {(row["cell"], row["of"]): row for row in values_in(shown)}
    assert set(rows) == {
        ("dslt", "seed 0"),
        ("dslt", "seed 1"),
        ("dslt", "mean of 2 seeds"),
        ("kcf", "seed 0"),
    }
    assert rows["dslt", "seed 1"]["y"] == [1.0, 0.7, 0.0]
    assert rows["dslt", "mean of 2 seeds"]["y"] == [1.0, 0.65, 0.0]
    assert rows["dslt", "seed 1"]["single"]
    middle = table.query("cell == 'dslt' and of == 'mean of 2 seeds' and x == 0.5")
    assert middle["y"].item() == pytest.approx(0.65)
    assert middle["panel"].item() == "Real clips (2 sequences): success"


def test_runs_with_resets_are_ranked(tmp_path):
    scores = [write_scores(tmp_path, "clips_vot", c, 0, d) for c, d in (("kcf", 0), ("dslt", 0.2))]
    words = [word for path in scores for word in ("--score", path)]
    shown, table = plotted(tmp_path, "fig10", *words)
    assert len(shown["panels"]) == 3
    ranks = {row["cell"]: row["x"] for row in values_in(shown)}
    assert ranks == {"dslt": [1.0], "kcf": [2.0]}
    assert table.query("cell == 'dslt' and panel.str.contains('ranking')")["y"].item() == 0.51


def test_attributes_are_named(tmp_path):
    scores = [write_scores(tmp_path, "clips", "dslt", seed, 0.1 * seed) for seed in (0, 1)]
    words = [word for path in scores for word in ("--score", path)]
    _, table = plotted(tmp_path, "attributes", *words)
    mean = table.query("of == 'mean of 2 seeds'").set_index("x")["y"]
    assert mean.to_dict() == pytest.approx({"all": 65.0, "OCC": 45.0})


def test_convergence_shows_means_runs_and_validation():
    falling = {"loss": np.geomspace(1, 0.01, 50), "criterion": np.geomspace(2, 1.9, 50)}
    found = {measure: fig16.convergence(curve) for measure, curve in falling.items()}
    runs = {"dslt": [fig16.FirstFrameRun("a", falling, found, "seed0")]}
    tables = {seed: pd.DataFrame({("a", "v"): [0.1, 0.2 + seed]}, index=[0, 5]) for seed in (0, 1)}
    own, counts, common, others, validation = convergence.panels({"clips": runs}, {"net": tables})
    assert own.title == "Real clips: own loss"
    assert own.series[0].y[0] == pytest.approx(falling["loss"][1])
    assert counts.series[0].y == [float(found["loss"].iterations)]
    assert common.y.kind == "log"
    assert others.series[0].of == "a, seed0, not converged"
    assert [s.of for s in validation.series] == ["seed 0", "seed 1", "mean of 2 seeds"]
    assert validation.series[-1].y == pytest.approx([0.1, 0.7])
    looks = style.looks(["dslt", "net"])
    for panel in (own, counts, common, others, validation):
        assert charts.specification(panel, looks)["width"] == "container"


def test_iterations_are_even_on_a_logarithmic_axis():
    assert visible(3).tolist() == [0, 1, 2, 3]
    chosen = visible(2000)
    assert (chosen[0], chosen[-1]) == (0, 2000)
    assert len(chosen) < 160


def test_every_look_has_its_colour_dash_and_shape():
    looks = style.looks(style.LOOKS)
    series = [PlotSeries(cell, "one seed", [0.0, 1.0], [0.0, 1.0]) for cell in looks]
    panel = PlotPanel("t", PlotAxis("x", 0.0, 1.0), PlotAxis("y", 0.0, 1.0), series)
    layers = charts.specification(panel, looks)["layer"]
    line, points = (next(la for la in layers if la["mark"]["type"] == t) for t in ("line", "point"))
    color = line["encoding"]["color"]["scale"]
    assert dict(zip(color["domain"], color["range"], strict=True)) == {
        cell: look.color for cell, look in style.LOOKS.items()
    }
    assert line["encoding"]["strokeDash"]["scale"]["range"][1] == [8, 3]
    shapes = points["encoding"]["shape"]["scale"]["range"]
    assert len(shapes) == len(looks)
    assert set(style.MARKERS) <= set(charts.SHAPES)


def test_a_plot_of_nothing_is_an_error(tmp_path):
    with pytest.raises(DsltError, match="nothing to plot"):
        write_plot("fig15", [], {}, tmp_path / "fig15")
    assert list(tmp_path.iterdir()) == []


def test_plots_are_of_figures_that_have_their_files():
    for name, entry in FIGURES.items():
        assert (name in command.commands) == bool(entry.plot)
        assert not entry.plot or entry.source in ("scores", "records")
