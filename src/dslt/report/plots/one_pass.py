"""Success and precision, interactive: the mean of each cell, and every seed."""

from collections.abc import Iterator, Mapping, Sequence

from dslt.figures.one_pass import PLOTS, MeanCurve, mean_curves
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries, mean_of_runs, single_runs
from dslt.score.scores import Scores
from dslt.settings.catalog import benchmark_title

UNIT = ("linear", 0.0, 1.0)


def panels(runs: Mapping[str, Mapping[str, Sequence[Scores]]]) -> Iterator[PlotPanel]:
    """Make the panels of each benchmark from runs by benchmark and cell."""
    for benchmark, cells in runs.items():
        block = mean_curves(benchmark, cells)
        seeds = {
            (cell, run.seed): mean_curves(benchmark, {cell: [run]})
            for cell, run in single_runs(cells)
        }
        for plot in (plot for plot in PLOTS if plot.curve in block.plots):
            curves = block.plots[plot.curve]
            thresholds = next(iter(curves.values())).thresholds
            singles = [
                _series(cell, f"seed {seed}", one.plots[plot.curve][cell], single=True)
                for (cell, seed), one in seeds.items()
                if cell in curves
            ]
            means = [_series(c, mean_of_runs(cells[c]), curve) for c, curve in curves.items()]
            yield PlotPanel(
                f"{benchmark_title(benchmark)} ({block.size}): {plot.title}",
                PlotAxis(plot.x, float(thresholds[0]), float(thresholds[-1])),
                PlotAxis(plot.y, 0.0, 1.0),
                [*singles, *means],
            )


def _series(cell: str, of: str, curve: MeanCurve, *, single: bool = False) -> PlotSeries:
    return PlotSeries(cell, of, curve.thresholds.tolist(), curve.values.tolist(), single)
