"""Convergence, interactive: mean curves, the iterations of every run, and validation by seed."""

from collections.abc import Iterator, Mapping

from dslt.figures import validation
from dslt.figures.fig16 import (
    LOWEST,
    MEASURES,
    CellRuns,
    common_last,
    relative,
)
from dslt.figures.validation import Validated
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries, mean_of, visible
from dslt.score.convergence import FRACTION
from dslt.settings.catalog import benchmark_title


def panels(study: Mapping[str, CellRuns], validated: Validated) -> Iterator[PlotPanel]:
    """Make four panels of each benchmark, and one of the offline trainings.

    Args:
        study: What `fig16.load` returns.
        validated: What `read_validations` returns.
    """
    for benchmark, cells in study.items():
        where = f"{benchmark_title(benchmark)}: " if benchmark else ""
        for measure, title in MEASURES.items():
            yield _curves(f"{where}{title}", cells, measure)
            yield _counts(f"{where}iterations by {title}", cells, measure)
    if validated:
        yield _validation(validated)


def _curves(title: str, cells: CellRuns, measure: str) -> PlotPanel:
    """Average the runs of each cell, at iterations that can be told apart on the axis."""
    last = common_last(cells)
    shown = visible(last)[1:]  # every curve is 1 at iteration 0 by construction
    series = []
    for cell, runs in cells.items():
        mean, _ = relative(runs, measure, last)
        of = f"mean of {len(runs)} runs"
        series.append(PlotSeries(cell, of, shown.tolist(), mean[shown].tolist()))
    x = PlotAxis("Iteration", 1.0, float(max(2, last)), "log")
    y = PlotAxis("Relative to start", LOWEST, 1.5 * max(1.0, *(max(s.y) for s in series)), "log")
    return PlotPanel(title, x, y, series, level=FRACTION)


def _counts(title: str, cells: CellRuns, measure: str) -> PlotPanel:
    """Show the iterations of every run, by cell."""
    series = [
        PlotSeries(
            cell,
            f"{run.sequence}, {run.record}"
            + (", not converged" if run.convergence[measure].censored else ""),
            [cell],
            [float(run.convergence[measure].iterations)],
        )
        for cell, runs in cells.items()
        for run in runs
    ]
    names = PlotAxis("Cell", kind="names", names=list(cells))
    return PlotPanel(title, names, PlotAxis("Iterations", 0.0), series, mark="point")


def _validation(validated: Validated) -> PlotPanel:
    """Show the score on held-out sequences over epochs, mean and seeds."""
    singles, means, last = [], [], 1.0
    for cell, tables in validated.items():
        epochs, auc = validation.curves(tables)
        x = [float(epoch) for epoch in epochs]
        last = max(last, x[-1])
        means.append(PlotSeries(cell, mean_of(tables), x, auc.mean(axis=0).tolist()))
        if len(auc) > 1:
            singles += [
                PlotSeries(cell, f"seed {seed}", x, values.tolist(), single=True)
                for seed, values in zip(tables, auc, strict=True)
            ]
    epoch = PlotAxis("Epoch (0: untrained)", 0.0, last, step=1)
    series = [*singles, *means]
    return PlotPanel(validation.title(validated), epoch, PlotAxis("Success AUC"), series)
