"""Fig. 8, 9, 11, 13 and 15: success and precision plots, a block of panels per benchmark."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dslt.compare.paper import PrintedNumber
from dslt.compare.runs import load_runs, metric, size
from dslt.core.errors import DsltError
from dslt.figures import printed as paper
from dslt.figures import style
from dslt.figures.printed import NOTHING, Printed
from dslt.figures.style import Labels, Look
from dslt.score.scores import Scores

PANEL = 2.15  # inches
ENTRY = 0.142  # of a legend
INDENT = 7 * " "  # as wide as a score and two spaces


@dataclass(frozen=True)
class Plot:
    """One kind of plot.

    Attributes:
        curve: Field of the score file.
        metric: Metric whose value stands in the legend.
        x: Label of the first axis.
        y: Label of the second axis.
        head: Title of the legend.
        mark: Threshold of the metric, None where it is an area.
    """

    curve: str
    metric: str
    x: str
    y: str
    head: str
    mark: float | None = None

    @property
    def title(self) -> str:
        """Title of the panel."""
        return self.curve.replace("norm_", "normalised ")


PIXELS, SIZES = (f"Centre error threshold ({unit})" for unit in ("pixels", "of the target's size"))
PLOTS = (
    Plot("success", "success_auc", "Overlap threshold", "Success rate", "AUC (%)"),
    Plot("precision", "precision_20", PIXELS, "Precision", "DP, 20 px (%)", 20.0),
    Plot("norm_precision", "norm_precision_20", SIZES, "Precision", "NP, 0.2 (%)", 0.2),
)


@dataclass(frozen=True)
class MeanCurve:
    """One line of a plot, averaged over seeds.

    Attributes:
        thresholds: (T,) overlaps in [0, 1], or centre errors in pixels or sizes of the target.
        values: (T,) fractions in [0, 1].
        headline: Number in the legend, a fraction.
    """

    thresholds: np.ndarray
    values: np.ndarray
    headline: float


@dataclass(frozen=True)
class BenchmarkCurves:
    """The curves of one benchmark.

    Attributes:
        size: Number of its sequences, in words.
        plots: Kind of plot -> cell -> curve; kinds that its protocol does not define are left out.
    """

    size: str
    plots: Mapping[str, Mapping[str, MeanCurve]]


def load(paths: Sequence[Path]) -> dict[str, BenchmarkCurves]:
    """Read score files and average each cell's seeds.

    Returns:
        Benchmark -> its curves, in the order in which the files name them.

    Raises:
        DsltError: As `load_runs`; or a file holds no one-pass scores.
    """
    return {name: mean_curves(name, cells) for name, cells in load_runs(paths).items()}


def mean_curves(benchmark: str, cells: Mapping[str, Sequence[Scores]]) -> BenchmarkCurves:
    """Average the curves of one benchmark over each cell's seeds.

    Raises:
        DsltError: A cell has no one-pass scores.
    """
    plots = {}
    for plot in PLOTS:
        curves = {cell: curve for cell, runs in cells.items() if (curve := _mean_curve(runs, plot))}
        if curves:
            plots[plot.curve] = curves
    lacking = [cell for cell in cells if cell not in plots.get("success", {})]
    if lacking:
        raise DsltError(
            f"benchmark {benchmark}: the scores of {', '.join(lacking)} have no success curve;"
            " expected one-pass scores"
        )
    return BenchmarkCurves(size(cells), plots)


def _mean_curve(runs: Sequence[Scores], plot: Plot) -> MeanCurve | None:
    """Average a curve of one cell over its seeds; None where it is not defined."""
    headline = metric(runs, plot.metric)
    curves = [curve for run in runs if (curve := getattr(run.curves, plot.curve))]
    if headline is None or len(curves) < len(runs):
        return None
    values = np.mean([curve.values for curve in curves], axis=0)
    return MeanCurve(np.array(curves[0].thresholds), values, headline)


def figure(
    study: Mapping[str, BenchmarkCurves], labels: Labels = None, printed: Printed = NOTHING
) -> Figure:
    """Draw two or three plots for each benchmark, with the scores in the legends.

    Args:
        study: What `load` returns.
        labels: Cell -> label, where the default should be replaced.
        printed: What stands beside our runs.
    """
    cells = (c for b in study.values() for curves in b.plots.values() for c in curves)
    looks = printed.looks(cells, labels)
    grid, heights = [], []
    for name, block in study.items():
        plots = [plot for plot in PLOTS if plot.curve in block.plots]
        entries = len(block.plots["success"]) + len(printed.on(name, "success_auc"))
        for start in range(0, len(plots), 2):
            grid.append((name, block, plots[start : start + 2]))
            heights.append(max(PANEL, 0.6 + ENTRY * entries))  # so that the legend has room
    with style.styled():
        canvas = style.new_figure(style.PAGE_WIDTH, sum(heights))
        canvas.set_figheight(sum(heights) + paper.foot(canvas, printed, study))
        axes = canvas.subplots(len(grid), 2, squeeze=False, height_ratios=heights)
        letters = itertools.count()
        for (name, block, row), pair in zip(grid, axes, strict=True):
            for ax in pair[len(row) :]:
                ax.set_axis_off()
            for plot, ax in zip(row, pair, strict=False):
                head = f"{style.benchmark_title(name)} ({block.size}): {plot.title}"
                style.panel_title(ax, next(letters), head)
                extra = printed.on(name, plot.metric)
                _draw(ax, plot, block.plots[plot.curve], looks, extra)
    return canvas


def _draw(
    ax: Axes,
    plot: Plot,
    curves: Mapping[str, MeanCurve],
    looks: Mapping[str, Look],
    extra: Sequence[PrintedNumber],
) -> None:
    """Draw one plot; the legend is sorted by its number, best first."""
    entries = []
    for cell, look in style.on_top(looks, curves):
        curve = curves[cell]
        (line,) = ax.plot(curve.thresholds, curve.values, **look.line)
        entries.append((curve.headline, line, look.label))
    for number in extra:
        label = style.plain(f"{number.tracker}, {paper.PRINTED}")
        entries.append((number.fraction, Line2D([], [], linestyle="none"), label))
    for value, line, label in entries:
        words = style.wrapped(label, 22).replace("\n", f"\n{INDENT}")
        line.set_label(f"{100 * value:.1f}  {words}")
    thresholds = next(iter(curves.values())).thresholds
    ax.set(xlabel=plot.x, ylabel=plot.y, ylim=(0, 1), xlim=(thresholds[0], thresholds[-1]))
    if plot.mark is not None:
        ax.axvline(plot.mark, color=style.GREY, linewidth=0.5, zorder=0.5)
    handles = [line for _, line, _ in sorted(entries, key=lambda entry: -entry[0])]
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.02)}
    beside = ax.legend(
        handles=handles, title=plot.head, borderaxespad=0.2, alignment="left", **place
    )
    beside.get_title().set_fontsize(7)
