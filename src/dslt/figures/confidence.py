"""Confidence: precision over recall by confidence threshold, and reliability of scores."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MultipleLocator

from dslt.compare.confidences import known, load_confidences
from dslt.core.errors import unknown
from dslt.figures import style
from dslt.figures.style import Labels, Look
from dslt.score.confidence_file import ConfidenceRun, ReliabilityCurve

PANEL = 2.15  # inches
ISO_F = (0.5, 0.6, 0.7, 0.8, 0.9)  # values of F whose lines are drawn
LINEAR_TO = 2.0  # scores beyond it are drawn on a logarithmic axis


@dataclass(frozen=True)
class Trust:
    """The curves of one cell on one benchmark, means over seeds.

    Attributes:
        precision: (T,) over the thresholds.
        recall: (T,) the same.
        raw: (2, B) mean score and share of hits in bins of frames, NaN where a bin is empty.
        calibrated: (2, B) mean probability and share of hits.
    """

    precision: np.ndarray
    recall: np.ndarray
    raw: np.ndarray
    calibrated: np.ndarray


@dataclass(frozen=True)
class TrustOnBenchmark:
    """The curves of one benchmark.

    Attributes:
        size: Number of its sequences, in words.
        cells: Cell -> its curves.
    """

    size: str
    cells: Mapping[str, Trust]


def load(paths: Sequence[Path], benchmarks: Sequence[str] = ()) -> dict[str, TrustOnBenchmark]:
    """Read confidence files and average each cell's seeds.

    Args:
        paths: Files of `dslt confidence`.
        benchmarks: Those to show; empty: all.

    Raises:
        DsltError: As `load_confidences`; or no file has one of the benchmarks.
    """
    found = load_confidences(paths)
    for name in benchmarks:
        if name not in found:
            raise unknown("benchmark", name, found)
    return {
        name: TrustOnBenchmark(
            size=_size(next(iter(found[name].values()))[0]),
            cells={cell: _mean(runs) for cell, runs in found[name].items()},
        )
        for name in benchmarks or found
    }


def _size(run: ConfidenceRun) -> str:
    """Say how many sequences there are."""
    count = len(run.sequences)
    counted = "1 sequence" if count == 1 else f"{count} sequences"
    return counted if run.complete else f"only {counted} of it"


def _mean(runs: Sequence[ConfidenceRun]) -> Trust:
    """Average the seeds of a cell."""
    return Trust(
        np.mean([run.precision for run in runs], axis=0),
        np.mean([run.recall for run in runs], axis=0),
        _mean_reliability([run.raw for run in runs]),
        _mean_reliability([run.calibrated for run in runs]),
    )


def _mean_reliability(curves: Sequence[ReliabilityCurve]) -> np.ndarray:
    """Average bins over seeds by their weights, (2, B)."""
    weight = np.array([curve.weight for curve in curves])
    values = np.array([[known(curve.said), known(curve.hits)] for curve in curves])
    total, sums = weight.sum(axis=0), (np.nan_to_num(values) * weight[:, None]).sum(axis=0)
    return np.asarray(np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0))


def figure(study: Mapping[str, TrustOnBenchmark], labels: Labels = None) -> Figure:
    """Draw precision over recall, hits by score and hits by probability for each benchmark.

    Args:
        study: What `load` returns.
        labels: Cell -> label, where the default should be replaced.
    """
    looks = style.looks((cell for block in study.values() for cell in block.cells), labels)
    letters = itertools.count()
    with style.styled():
        canvas = style.new_figure(style.PAGE_WIDTH, 0)
        handles = [
            Line2D([], [], label=look.label, marker=look.marker, **look.line)
            for look in looks.values()
        ]
        canvas.set_figheight(PANEL * len(study) + style.legend_above(canvas, handles))
        draws = (_precision_recall, _by_score, _by_chance)
        rows = canvas.subplots(len(study), len(draws), squeeze=False)
        for row, (name, block) in zip(rows, study.items(), strict=True):
            for draw, ax in zip(draws, row, strict=True):
                about = draw(ax, block.cells, looks) or f" ({block.size})"
                style.panel_title(ax, next(letters), style.benchmark_title(name) + about)
    return canvas


def _precision_recall(ax: Axes, cells: Mapping[str, Trust], looks: Mapping[str, Look]) -> str:
    """Precision over recall, a point where F is largest; returns what stands in the title."""
    lowest = min(float(trust.precision.min()) for trust in cells.values())
    bottom = max(0.0, 0.2 * np.floor(lowest / 0.2 - 0.5))
    for value in ISO_F:
        _iso_f(ax, value, bottom)
    for cell, look in style.on_top(looks, cells):
        trust = cells[cell]
        ax.plot(trust.recall, trust.precision, **look.line)
        both = trust.recall + trust.precision
        best = np.argmax(trust.recall * trust.precision / np.where(both > 0, both, 1))
        ax.plot(trust.recall[best], trust.precision[best], zorder=4, **style.marker(look, 5))
    ax.set(xlabel="Recall", ylabel="Precision", xlim=(0, 1), ylim=(bottom, 1))
    ax.yaxis.set_major_locator(MultipleLocator(0.1))
    return ""


def _iso_f(ax: Axes, value: float, bottom: float) -> None:
    """Draw the line of one value of F above the lowest precision that is shown."""
    precision = np.linspace(max(bottom, value / (2 - value)), 1, 200)
    recall = value * precision / (2 * precision - value)
    ax.plot(recall, precision, color=style.GREY, linewidth=0.4, zorder=0.5)
    right = bool(recall[0] > 1 - 1e-9)  # it leaves there, else below
    place: dict[str, Any] = {"ha": "right" if right else "left", "color": style.GREY}
    style.note(ax, f"F {value:g}", (recall[0], precision[0]), (-1, 4) if right else (2, 2), **place)


def _by_score(ax: Axes, cells: Mapping[str, Trust], looks: Mapping[str, Look]) -> str:
    """Share of hits over the score; returns what stands in the title."""
    for cell, look in style.on_top(looks, cells):
        _line(ax, cells[cell].raw, look)
    ax.set(xlabel="Score", ylabel="Share of hits", ylim=(0, 1.02))
    said = np.concatenate([trust.raw[0][~np.isnan(trust.raw[0])] for trust in cells.values()])
    if said.min() >= 0:
        ax.set_xlim(left=0)
    if np.abs(said).max() > LINEAR_TO:  # such as RT-MDNet's, which are no responses to a label
        ax.set_xscale("symlog", linthresh=1)
    return ": hits by score"


def _by_chance(ax: Axes, cells: Mapping[str, Trust], looks: Mapping[str, Look]) -> str:
    """Share of hits over the probability that was said; returns what stands in the title."""
    ax.plot((0, 1), (0, 1), color=style.GREY, linewidth=0.5, zorder=0.5)
    for cell, look in style.on_top(looks, cells):
        _line(ax, cells[cell].calibrated, look)
    ax.set(xlabel="Probability, by other videos", ylabel="Share of hits")
    ax.set(xlim=(0, 1.02), ylim=(0, 1.02))
    return ": hits by probability"


def _line(ax: Axes, curve: np.ndarray, look: Look) -> None:
    """Draw a reliability curve (2, B) without its empty bins."""
    said, hits = curve[:, ~np.isnan(curve[0])]
    ax.plot(said, hits, **look.line)
    ax.plot(said, hits, zorder=3, **style.marker(look, 3))
