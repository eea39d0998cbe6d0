"""Scores by attribute, interactive: a point for each cell, and for every seed."""

from collections.abc import Iterator, Mapping, Sequence

from dslt.figures.attributes import TITLES, Panel, panels_of
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries, mean_of_runs, single_runs
from dslt.score.metrics import METRICS
from dslt.score.scores import Scores
from dslt.settings.catalog import benchmark_title


def panels(runs: Mapping[str, Mapping[str, Sequence[Scores]]]) -> Iterator[PlotPanel]:
    """Make the panels of each benchmark with attributes from runs by benchmark and cell."""
    for benchmark, cells in runs.items():
        singles = {
            (cell, run.seed): panels_of(benchmark, {cell: [run]})
            for cell, run in single_runs(cells)
        }
        for index, panel in enumerate(panels_of(benchmark, cells)):
            series = [
                _series(cell, f"seed {seed}", panel, one[index].bars[cell], single=True)
                for (cell, seed), one in singles.items()
            ]
            series += [
                _series(cell, mean_of_runs(cells[cell]), panel, bars)
                for cell, bars in panel.bars.items()
            ]
            names = PlotAxis("Attribute", kind="names", names=list(panel.groups))
            title = f"{benchmark_title(benchmark)}: {TITLES[panel.metric]}"
            high = 100.0 if METRICS[panel.metric].unit == "%" else None
            values = PlotAxis(TITLES[panel.metric], 0.0, high)
            yield PlotPanel(title, names, values, series, mark="point")


def _series(
    cell: str, of: str, panel: Panel, bars: Mapping[str, float], *, single: bool = False
) -> PlotSeries:
    codes = [code for code in panel.groups if code in bars]
    return PlotSeries(cell, of, codes, [bars[code] for code in codes], single)
