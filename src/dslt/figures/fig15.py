"""Fig. 15: success and precision plots of the ablation, one row per benchmark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dslt.errors import DsltError
from dslt.evaluation.scores import Curve as ScoredCurve
from dslt.evaluation.scores import Scores, load_scores
from dslt.figures import inputs, style
from dslt.figures.style import Look

MADE_BY = "rule `score` (`dslt score`)"


@dataclass(frozen=True)
class Curve:
    """One line of a plot, averaged over seeds.

    Attributes:
        thresholds: (T,) overlap in [0, 1] or centre error in pixels.
        values: (T,) fractions in [0, 1].
        headline: The number of the legend: success AUC or precision at 20 pixels, a fraction.
    """

    thresholds: np.ndarray
    values: np.ndarray
    headline: float


@dataclass(frozen=True)
class Result:
    """What one cell reached on one benchmark."""

    success: Curve
    precision: Curve
    sequences: frozenset[str]


Study = dict[str, dict[str, Result]]


def load(paths: Sequence[Path]) -> Study:
    """Read score files and average each cell's seeds.

    Returns:
        benchmark -> cell -> result, in the order in which the files name them.

    Raises:
        DsltError: A file is missing or malformed, repeats a seed, or scores other sequences than
            the others of its benchmark.
    """
    groups: dict[str, dict[str, dict[Path, Scores]]] = {}
    for path in paths:
        score = load_scores(inputs.existing(path, MADE_BY))
        files = groups.setdefault(score.benchmark, {}).setdefault(score.cell, {})
        for other_path, other in files.items():
            if other.seed == score.seed:
                raise DsltError(
                    f"{path}: cell {score.cell}, benchmark {score.benchmark}, seed {score.seed} "
                    f"was given already by {other_path}"
                )
        files[path] = score
    for cells in groups.values():
        _check_comparable({path: s for files in cells.values() for path, s in files.items()})
    return {
        benchmark: {cell: _result(list(files.values())) for cell, files in cells.items()}
        for benchmark, cells in groups.items()
    }


def _check_comparable(files: Mapping[Path, Scores]) -> None:
    """Refuse to draw in one plot what was scored on other sequences or at other thresholds."""
    (first_path, first), *others = files.items()
    for path, score in others:
        differing = sorted(set(score.sequences) ^ set(first.sequences))
        if differing:
            raise DsltError(
                f"{path}: scores other sequences than {first_path} "
                f"(only in one of them: {', '.join(differing)}); score both on the same index"
            )
        for kind in ("success", "precision"):
            mine, theirs = getattr(score.curves, kind), getattr(first.curves, kind)
            if mine.thresholds != theirs.thresholds:
                raise DsltError(f"{path}: its {kind} thresholds differ from those of {first_path}")


def _result(scores: Sequence[Scores]) -> Result:
    """Average the curves and the headline numbers of one cell over its seeds."""
    return Result(
        success=_curve([s.curves.success for s in scores], [s.overall.success_auc for s in scores]),
        precision=_curve(
            [s.curves.precision for s in scores], [s.overall.precision_20 for s in scores]
        ),
        sequences=frozenset(scores[0].sequences),
    )


def _curve(curves: Sequence[ScoredCurve], headlines: Sequence[float]) -> Curve:
    values = np.mean([curve.values for curve in curves], axis=0)
    return Curve(np.array(curves[0].thresholds), values, float(np.mean(headlines)))


def figure(study: Study, labels: Mapping[str, str] | None = None) -> Figure:
    """Draw a success and a precision plot for each benchmark, with AUC and DP in the legends.

    Args:
        study: What `load` returns.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks((cell for cells in study.values() for cell in cells), labels)
    with style.styled():
        canvas = style.new_figure(style.PAGE_WIDTH, 2.15 * len(study))
        axes = canvas.subplots(len(study), 2, squeeze=False)
        for row, (benchmark, results) in enumerate(study.items()):
            count = len(next(iter(results.values())).sequences)
            title = f"{style.benchmark_title(benchmark)} ({count} sequences)"
            success = {cell: result.success for cell, result in results.items()}
            precision = {cell: result.precision for cell, result in results.items()}
            left, right = axes[row]
            style.panel_title(left, 2 * row, f"{title}: success")
            _plot(left, success, looks, "Overlap threshold", "Success rate", "AUC")
            style.panel_title(right, 2 * row + 1, f"{title}: precision")
            _plot(
                right, precision, looks, "Centre error threshold (pixels)", "Precision", "DP, 20 px"
            )
            right.axvline(20, color=style.GREY, linewidth=0.5, zorder=0.5)
    return canvas


def _plot(
    ax: Axes,
    curves: Mapping[str, Curve],
    looks: dict[str, Look],
    xlabel: str,
    ylabel: str,
    headline: str,
) -> None:
    """Draw one plot; the legend is sorted by its number, best first."""
    handles = []
    for cell, look in reversed(looks.items()):  # the reference comes last, on top
        if cell not in curves:
            continue
        curve = curves[cell]
        (line,) = ax.plot(curve.thresholds, curve.values, **look.line)
        line.set_label(f"{100 * curve.headline:.1f}  {style.wrapped(look.label, 20)}")
        handles.append((curve.headline, line))
    thresholds = next(iter(curves.values())).thresholds
    ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, 1), xlim=(thresholds[0], thresholds[-1]))
    ranked = [line for _, line in sorted(handles, key=lambda pair: -pair[0])]
    beside = ax.legend(
        handles=ranked,
        title=f"{headline} (%)",
        loc="upper left",
        bbox_to_anchor=(1.0, 1.02),
        borderaxespad=0.2,
        alignment="left",
    )
    beside.get_title().set_fontsize(7)
