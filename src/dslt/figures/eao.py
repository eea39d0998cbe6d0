"""Fig. 10 and 12: ranking by expected average overlap, its curve, accuracy and robustness.

One row of panels per benchmark; the paper's trackers have a panel of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dslt.compare.runs import load_runs, metric, size
from dslt.core.errors import DsltError
from dslt.figures import printed as paper
from dslt.figures import style
from dslt.figures.printed import NOTHING, Printed
from dslt.figures.style import Labels, Look
from dslt.score.metrics import METRICS
from dslt.score.scores import Scores

ROW = 2.15  # inches, like the next
RANKS = 2.3
SIZE = 4.5  # of markers, points
NEEDED = ("eao", "accuracy", "robustness")
TITLE = 40  # characters of a panel's heading
UPRIGHT = 7  # ranks whose numbers fit beside each other


@dataclass(frozen=True)
class Result:
    """What one cell reached on one benchmark, averaged over seeds.

    Attributes:
        eao: Expected average overlap.
        accuracy: Mean overlap while tracking.
        robustness: Failures per 100 frames.
        lengths: (L,) sequence lengths in frames.
        curve: (L,) expected overlaps.
    """

    eao: float
    accuracy: float
    robustness: float
    lengths: np.ndarray
    curve: np.ndarray


@dataclass(frozen=True)
class Ranking:
    """What the cells reached on one benchmark.

    Attributes:
        size: Number of its sequences, in words.
        interval: First and last length of the average.
        cells: Cell -> result.
    """

    size: str
    interval: tuple[float, float]
    cells: Mapping[str, Result]

    @property
    def ranked(self) -> list[str]:
        """The cells, best first."""
        return sorted(self.cells, key=lambda cell: -self.cells[cell].eao)


def load(paths: Sequence[Path]) -> dict[str, Ranking]:
    """Read score files and average each cell's seeds.

    Returns:
        Benchmark -> its results, in the order in which the files name them.

    Raises:
        DsltError: As `load_runs`; or a file holds no supervised scores.
    """
    return {name: ranking(name, cells) for name, cells in load_runs(paths).items()}


def ranking(benchmark: str, cells: Mapping[str, Sequence[Scores]]) -> Ranking:
    """Average the results of one benchmark over each cell's seeds.

    Raises:
        DsltError: A cell has no supervised scores.
    """
    first = next(iter(cells.values()))[0]
    low, high = first.conventions.get("eao_interval") or (0, 0)
    results = {cell: _result(benchmark, cell, runs) for cell, runs in cells.items()}
    return Ranking(size(cells), (float(low), float(high)), results)


def _result(benchmark: str, cell: str, runs: Sequence[Scores]) -> Result:
    """Average one cell over its seeds, the curve as far as all of them go."""
    eao, accuracy, robustness = (metric(runs, name) for name in NEEDED)
    curves = [run.curves.expected_overlap for run in runs if run.curves.expected_overlap]
    if eao is None or accuracy is None or robustness is None or len(curves) < len(runs):
        raise DsltError(
            f"benchmark {benchmark}: the scores of {cell} lack a curve of the expected overlap or"
            f" one of {', '.join(NEEDED)}; expected supervised scores"
        )
    length = min(len(curve.values) for curve in curves)
    mean = np.mean([curve.values[:length] for curve in curves], axis=0)
    return Result(eao, accuracy, robustness, np.array(curves[0].thresholds[:length]), mean)


def figure(
    study: Mapping[str, Ranking], labels: Labels = None, printed: Printed = NOTHING
) -> Figure:
    """Draw three panels per benchmark, and one of what the paper prints.

    Args:
        study: What `load` returns.
        labels: Cell -> label, where the default should be replaced.
        printed: What stands beside our runs.
    """
    cells = (cell for block in study.values() for cell in block.cells)
    looks = printed.looks(cells, labels)
    entries = _printed_entries(printed)
    heights = [ROW] * len(study) + ([RANKS] if entries else [])
    with style.styled():
        handles = [
            Line2D([], [], label=look.label, marker=look.marker, markersize=SIZE, **look.line)
            for look in looks.values()
        ]
        canvas = style.new_figure(style.PAGE_WIDTH, sum(heights))
        around = style.legend_above(canvas, handles)
        around += paper.foot(canvas, printed, study, numbers=False)
        canvas.set_figheight(sum(heights) + around)
        grid = canvas.add_gridspec(len(heights), 3, height_ratios=heights)
        for row, (name, block) in enumerate(study.items()):
            axes = [canvas.add_subplot(grid[row, column]) for column in range(3)]
            _row(axes, 3 * row, style.benchmark_title(name), block, looks)
        if entries:
            ax = canvas.add_subplot(grid[len(study), :])
            where = " and ".join(printed.benchmarks)
            style.panel_title(ax, 3 * len(study), f"{where}: EAO as {paper.PRINTED} in the paper")
            _ranks_printed(ax, entries, printed)
    return canvas


def _row(
    axes: Sequence[Axes], letter: int, where: str, block: Ranking, looks: Mapping[str, Look]
) -> None:
    """Draw ranking, curves, and accuracy over robustness of one benchmark."""
    ranking, curves, pairs = axes
    style.panel_title(ranking, letter, style.wrapped(f"{where}: ranking", TITLE))
    _ranks(ranking, block, looks)
    style.panel_title(curves, letter + 1, f"expected overlap ({block.size})")
    _curves(curves, block, looks)
    style.panel_title(pairs, letter + 2, "accuracy and robustness")
    for cell, look in style.on_top(looks, block.cells):
        result = block.cells[cell]
        pairs.plot(result.robustness, result.accuracy, **style.marker(look, SIZE + 1))
    pairs.invert_xaxis()  # as in the challenge's reports: the better, the further right and up
    pairs.set(xlabel=f"{METRICS['robustness'].unit.capitalize()}", ylabel="Accuracy")
    pairs.margins(0.15)


def _ranks(ax: Axes, block: Ranking, looks: Mapping[str, Look]) -> None:
    """Draw the ranking, the best at the right."""
    upright = len(block.cells) <= UPRIGHT
    for rank, cell in enumerate(block.ranked, start=1):
        eao = block.cells[cell].eao
        ax.plot(rank, eao, **style.marker(looks[cell], SIZE + 1))
        angle = 0 if upright else 90
        style.note(ax, f"{eao:.3f}", (rank, eao), (0, 6), ha="center", rotation=angle)
    highest = max(result.eao for result in block.cells.values())
    ax.set(xlim=(len(block.cells) + 0.6, 0.4), ylim=(0, (1.22 if upright else 1.45) * highest or 1))
    ax.set_xticks(range(1, len(block.cells) + 1, 1 + len(block.cells) // 16))
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="Rank", ylabel="EAO")


def _curves(ax: Axes, block: Ranking, looks: Mapping[str, Look]) -> None:
    """Draw the expected overlap over sequence lengths, the interval of the average shaded."""
    low, high = block.interval
    if high:
        ax.axvspan(low, high, color=style.GREY, alpha=0.15, linewidth=0)
        style.note(ax, f"{low:g}–{high:g}", ((low + high) / 2, 1.0), (0, -8), ha="center")
    for cell, look in style.on_top(looks, block.cells):
        ax.plot(block.cells[cell].lengths, block.cells[cell].curve, **look.line)
    last = max(float(result.lengths[-1]) for result in block.cells.values())
    ax.set(xlim=(1, last), ylim=(0, 1), xlabel="Sequence length (frames)", ylabel="EO")


# ---------------------------------------------------------------------- what the paper prints


def _printed_entries(printed: Printed) -> list[tuple[str, float, bool]]:
    """List name, EAO and whether it is one of the paper's own, best first, each tracker once."""
    found: dict[tuple[str, float], bool] = {}
    for number in printed.numbers:
        if number.metric == "eao" and number.tracker:
            found.setdefault((number.tracker, number.value), number.reproduce)
    entries = [(name, value, own) for (name, value), own in found.items()]
    return sorted(entries, key=lambda entry: -entry[1])


def _ranks_printed(ax: Axes, entries: Sequence[tuple[str, float, bool]], printed: Printed) -> None:
    """Draw the printed ranking with the trackers' names, the paper's own filled; and bounds."""
    for rank, (name, value, own) in enumerate(entries, start=1):
        face = style.BLACK if own else "white"
        look: dict[str, Any] = {"color": style.BLACK, "marker": "o", "markerfacecolor": face}
        ax.plot(rank, value, linestyle="none", markersize=SIZE, markeredgewidth=0.8, **look)
        upwards: dict[str, Any] = {"rotation": 90, "ha": "center", "va": "bottom"}
        style.note(ax, name, (rank, value), (0, 6), **upwards)
    for bound in (n for n in printed.numbers if n.metric == "eao" and not n.tracker):
        ax.axhline(bound.value, color=style.GREY, linewidth=0.7, linestyle=style.DASHED)
        text, place = f"{bound.item}, {bound.value:.3f}", (0.4, bound.value)
        style.note(ax, text, place, (-3, -3), ha="right", va="top")
    highest = max(value for _, value, _ in entries)
    ax.set(xlim=(len(entries) + 0.6, 0.4), ylim=(0, 1.75 * highest))
    ax.set_xticks(range(1, len(entries) + 1))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= 1.1 * highest])
    ax.grid(visible=False, axis="x")
    ax.set(xlabel="Rank; filled: the paper's own and their baselines", ylabel="EAO")
