"""Expected average overlap, interactive: ranking, curves, accuracy and robustness."""

from collections.abc import Iterator, Mapping, Sequence

from dslt.figures.eao import Ranking, Result, ranking
from dslt.report.plots.panels import PlotAxis, PlotPanel, PlotSeries, mean_of_runs, single_runs
from dslt.score.metrics import METRICS
from dslt.score.scores import Scores
from dslt.settings.catalog import benchmark_title

Found = tuple[str, str, Result, bool]  # cell, what the result is of, the result, of one seed


def panels(runs: Mapping[str, Mapping[str, Sequence[Scores]]]) -> Iterator[PlotPanel]:
    """Make three panels of each benchmark from runs by benchmark and cell."""
    for benchmark, cells in runs.items():
        block = ranking(benchmark, cells)
        found: list[Found] = [
            (cell, f"seed {run.seed}", ranking(benchmark, {cell: [run]}).cells[cell], True)
            for cell, run in single_runs(cells)
        ]
        found += [(c, mean_of_runs(cells[c]), block.cells[c], False) for c in block.ranked]
        where = benchmark_title(benchmark)
        yield _ranks(where, block, found)
        yield _curves(f"{where} ({block.size}): expected overlap", block, found)
        yield _pairs(f"{where}: accuracy and robustness", found)


def _ranks(where: str, block: Ranking, found: Sequence[Found]) -> PlotPanel:
    """Rank the cells, the best at the right; a seed stands at its cell's rank."""
    place = {cell: rank for rank, cell in enumerate(block.ranked, start=1)}
    series = [PlotSeries(cell, of, [place[cell]], [r.eao], one) for cell, of, r, one in found]
    rank = PlotAxis("Rank", len(place) + 0.5, 0.5, step=1.0)
    return PlotPanel(f"{where}: ranking", rank, PlotAxis("EAO", 0.0), series, mark="point")


def _curves(title: str, block: Ranking, found: Sequence[Found]) -> PlotPanel:
    """Draw the expected overlap over lengths, the interval of the average shaded."""
    series = [
        PlotSeries(cell, of, r.lengths.tolist(), r.curve.tolist(), one)
        for cell, of, r, one in found
    ]
    last = max(float(result.lengths[-1]) for _, _, result, _ in found)
    length = PlotAxis("Sequence length (frames)", 1.0, last)
    band = block.interval if block.interval[1] else None
    return PlotPanel(title, length, PlotAxis("Expected overlap", 0.0, 1.0), series, band=band)


def _pairs(title: str, found: Sequence[Found]) -> PlotPanel:
    """Place the cells by accuracy and robustness, better towards the upper right."""
    series = [PlotSeries(c, of, [r.robustness], [r.accuracy], one) for c, of, r, one in found]
    most = max(result.robustness for _, _, result, _ in found)
    unit = METRICS["robustness"].unit.capitalize()
    failures = PlotAxis(unit, 1.1 * most or 1.0, 0.0)
    return PlotPanel(title, failures, PlotAxis("Accuracy"), series, mark="point")
