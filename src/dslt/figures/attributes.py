"""Scores by attribute: one group of bars per attribute, a row of panels per benchmark."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dslt.compare.runs import load_runs, metric
from dslt.core.errors import DsltError
from dslt.figures import printed as paper
from dslt.figures import style
from dslt.figures.printed import NOTHING, Printed
from dslt.figures.style import Labels, Look
from dslt.score.metrics import METRICS
from dslt.score.scores import AttributeScore, Scores

ROW = 1.85  # inches
ALL = "all"
# A benchmark's panels: the metrics of the first entry of which there is one.
SHOWN = (("success_auc",), ("accuracy", "failures"))
TITLES = {
    "success_auc": "success AUC (%)",
    "accuracy": "accuracy",
    "failures": "failures per 100 frames",
}


@dataclass(frozen=True)
class Panel:
    """One metric on one benchmark.

    Attributes:
        benchmark: Name of the benchmark.
        metric: Key of `METRICS`; failures are per 100 frames with the attribute.
        groups: Attribute, first all of them -> number of sequences (one pass) or frames.
        bars: Cell -> attribute -> value in the unit of print.
    """

    benchmark: str
    metric: str
    groups: Mapping[str, str]
    bars: Mapping[str, Mapping[str, float]]


def load(paths: Sequence[Path]) -> list[Panel]:
    """Read score files and average each cell's seeds.

    Returns:
        Panels of all benchmarks; those without attributes have none.

    Raises:
        DsltError: As `load_runs`; or no benchmark has attributes.
    """
    runs = load_runs(paths)
    panels = [panel for name, cells in runs.items() for panel in panels_of(name, cells)]
    if not panels:
        raise DsltError(f"no sequence of {', '.join(runs) or 'any benchmark'} has an attribute")
    return panels


def panels_of(benchmark: str, cells: Mapping[str, Sequence[Scores]]) -> list[Panel]:
    """Make the panels of one benchmark: none where it has no attributes."""
    first = next(iter(cells.values()))[0]
    if not first.attributes:
        return []
    overall = first.overall.defined()
    metrics = next((names for names in SHOWN if names[0] in overall), ())
    one_pass = "success_auc" in overall
    frames = sum(sequence.frames for sequence in first.sequences.values())
    counts = {code: _count(score) for code, score in first.attributes.items()}
    groups = {ALL: f"{len(first.sequences) if one_pass else frames}"}
    groups |= {code: f"{counts[code]:g}" for code in sorted(counts, key=lambda code: -counts[code])}
    return [
        Panel(benchmark, name, groups, {cell: _bars(r, name, groups) for cell, r in cells.items()})
        for name in metrics
    ]


def _count(score: AttributeScore) -> float:
    """Count the sequences (one pass) or frames (supervised) that carry an attribute."""
    return float(score.sequences if score.sequences is not None else score.frames or 0)


def _bars(runs: Sequence[Scores], name: str, groups: Mapping[str, str]) -> dict[str, float]:
    """Average a cell's values over its seeds, one per attribute where there is one."""
    overall = metric(runs, "robustness" if name == "failures" else name)
    found = {} if overall is None else {ALL: overall * METRICS[name].factor}
    for code in groups:
        scores = [run.attributes[code] for run in runs if code in run.attributes]
        values = [value for score in scores if (value := _value(score, name)) is not None]
        if values:
            found[code] = float(np.mean(values))
    return found


def _value(score: AttributeScore, name: str) -> float | None:
    """Return one value in the unit of print; failures per 100 frames."""
    value = score.defined().get(name)
    if value is None:
        return None
    if name == "failures":
        return 100 * value / score.frames if score.frames else None
    return value * METRICS[name].factor


def figure(panels: Sequence[Panel], labels: Labels = None, printed: Printed = NOTHING) -> Figure:
    """Draw the panels under one legend; the bars of a group are in the legend's order.

    Args:
        panels: What `load` returns.
        labels: Cell -> label, where the default should be replaced.
        printed: What stands beside our runs.
    """
    cells = (cell for panel in panels for cell in panel.bars)
    looks = printed.looks(cells, labels)
    with style.styled():
        handles = [Line2D([], [], label=k.label, **style.marker(k, 5)) for k in looks.values()]
        canvas = style.new_figure(style.PAGE_WIDTH, ROW * len(panels))
        around = style.legend_above(canvas, handles) + paper.foot(canvas, printed, ())
        canvas.set_figheight(ROW * len(panels) + around)
        axes = canvas.subplots(len(panels), 1, squeeze=False)[:, 0]
        for index, (panel, ax) in enumerate(zip(panels, axes, strict=True)):
            title = f"{style.benchmark_title(panel.benchmark)}: {TITLES[panel.metric]}"
            style.panel_title(ax, index, title)
            _draw(ax, panel, looks)
    return canvas


def _draw(ax: Axes, panel: Panel, looks: Mapping[str, Look]) -> None:
    """Draw one group of bars per attribute; each ends in its cell's marker."""
    cells = [cell for cell in looks if cell in panel.bars]
    width = 0.8 / len(cells)
    for number, cell in enumerate(cells):
        look = looks[cell]
        for place, code in enumerate(panel.groups):
            if code in panel.bars[cell]:
                x, value = place - 0.4 + (number + 0.5) * width, panel.bars[cell][code]
                ax.bar(x, value, 0.86 * width, color=look.color, alpha=0.45, linewidth=0)
                ax.plot(x, value, clip_on=False, **style.marker(look, 4))
    counted = "sequences" if METRICS[panel.metric].unit == "%" else "frames"
    ax.set_xlabel(f"Attribute, and the number of {counted} with it")
    ax.axvline(0.5, color=style.GREY, linewidth=0.5)
    ax.set_xticks(range(len(panel.groups)), [f"{c}\n{n}" for c, n in panel.groups.items()])
    ax.tick_params(axis="x", length=0)
    ax.grid(visible=False, axis="x")
    highest = max((v for bars in panel.bars.values() for v in bars.values()), default=1.0)
    top = 100.0 if METRICS[panel.metric].unit == "%" else 1.0 if panel.metric == "accuracy" else 0
    ax.set(xlim=(-0.5, len(panel.groups) - 0.5), ylim=(0, top or 1.15 * highest or 1.0))
