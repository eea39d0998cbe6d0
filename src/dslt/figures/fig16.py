"""Fig. 16: how fast first-frame and offline training converge under each loss."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.names import split_part
from dslt.core.text import split_pair
from dslt.figures import inputs, style, validation
from dslt.figures.style import Labels, Look
from dslt.figures.validation import Validated
from dslt.score.convergence import FRACTION, Convergence, convergence, read_records

MADE_BY = "rule `converge` (`dslt converge`)"
MEASURES = {"loss": "own loss", "criterion": "common criterion"}
HOLLOW: dict[str, Any] = {
    "marker": "^",
    "markerfacecolor": "none",
    "markersize": 4.5,
    "markeredgewidth": 0.8,
}
LOWEST = 0.01  # of the relative curves: well below the twentieth that counts as converged
TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
FORM = "CELL=FILE or CELL@BENCHMARK=FILE"


@dataclass(frozen=True)
class FirstFrameRun:
    """First-frame training of one cell on one sequence with one seed.

    Attributes:
        sequence: Name of the sequence.
        curves: Measure -> (N,) its value at iterations 0 to N - 1.
        convergence: Measure -> when it fell to a twentieth of its start.
        record: Stem of its file, which says the seed.
    """

    sequence: str
    curves: Mapping[str, np.ndarray]
    convergence: Mapping[str, Convergence]
    record: str

    @property
    def last(self) -> int:
        """The last iteration that was run."""
        return len(next(iter(self.curves.values()))) - 1

    @property
    def censored(self) -> bool:
        """Whether the run ended before it converged by one of the measures."""
        return any(found.censored for found in self.convergence.values())


CellRuns = Mapping[str, list[FirstFrameRun]]


def load(specs: Sequence[str]) -> dict[str, dict[str, list[FirstFrameRun]]]:
    """Read convergence files.

    Args:
        specs: `CELL=FILE` or `CELL@BENCHMARK=FILE`; several files of one cell and benchmark are
            its seeds.

    Returns:
        Benchmark ("" where none was named) -> cell -> one run per sequence and seed.

    Raises:
        DsltError: A file is missing or malformed, or the files of one benchmark hold different
            sequences (two benchmarks must be named, they never share an average) or were run for
            different numbers of iterations.
    """
    study: dict[str, dict[str, list[FirstFrameRun]]] = {}
    held: dict[str, tuple[Path, set[str]]] = {}
    for spec in specs:
        key, name = split_pair(spec, FORM)
        cell, benchmark = split_part(key, FORM)
        path = Path(name)
        runs = _read(path)
        names = {run.sequence for run in runs}
        first, expected = held.setdefault(benchmark, (path, names))
        if names != expected:
            raise DsltError(
                f"{path}: holds other sequences than {first} "
                f"({', '.join(sorted(names ^ expected))}); name the benchmarks with {FORM}"
            )
        study.setdefault(benchmark, {}).setdefault(cell, []).extend(runs)
    for cells in study.values():
        _check_caps(cells)
    return study


def _read(path: Path) -> list[FirstFrameRun]:
    """Read one file, one run per sequence."""
    records = read_records(inputs.existing(path, MADE_BY))
    if not records:
        raise DsltError(f"{path}: holds no iteration; the cell may have no first-frame training")
    return [
        FirstFrameRun(
            name, curves, {measure: convergence(curves[measure]) for measure in MEASURES}, path.stem
        )
        for name, curves in records.items()
    ]


def _check_caps(cells: CellRuns) -> None:
    """Refuse runs that ended before they converged, while others went on."""
    cap = _cap(cells)
    for cell, runs in cells.items():
        for run in runs:
            for found in run.convergence.values():
                found.checked(cap, f"{cell}, {run.sequence}")


def _cap(cells: CellRuns) -> int:
    """Return the longest run's last iteration."""
    return max(run.last for runs in cells.values() for run in runs)


def summary(study: Mapping[str, CellRuns], labels: Labels = None) -> pd.DataFrame:
    """Count iterations to convergence per benchmark, cell and measure.

    Returns:
        One row each, with the number of runs, how many converged within the cap, median and mean
        of the iterations. A run without convergence enters at its last iteration, so that the mean
        is then a lower bound.
    """
    looks = style.looks((cell for cells in study.values() for cell in cells), labels)
    rows = []
    for benchmark, cells in study.items():
        for cell in (cell for cell in looks if cell in cells):
            for measure, title in MEASURES.items():
                found = [run.convergence[measure] for run in cells[cell]]
                steps = [convergence.iterations for convergence in found]
                rows.append(
                    {
                        "benchmark": benchmark,
                        "cell": cell,
                        "loss": looks[cell].label,
                        "measured by": title,
                        "runs": len(steps),
                        "converged": sum(not convergence.censored for convergence in found),
                        "median": float(np.median(steps)),
                        "mean": float(np.mean(steps)),
                        "cap": _cap(cells),
                    }
                )
    return pd.DataFrame(rows)


def figure(
    study: Mapping[str, CellRuns],
    labels: Labels = None,
    validated: Validated | None = None,
) -> Figure:
    """Draw four panels per benchmark and, below them, the validation of offline trainings.

    The four are mean curves and iterations, by own loss and in common.

    Args:
        study: What `load` returns; may be empty.
        labels: Cell id -> label, where the default should be replaced.
        validated: What `read_validations` returns; may be empty.

    Raises:
        DsltError: There is nothing to draw.
    """
    heights = [0.3 + 3.7 * len(study)] * bool(study) + [validation.HEIGHT] * bool(validated)
    if not heights:
        raise DsltError("Fig. 16: nothing to draw; expected --convergence, --validation or both")
    with style.styled():
        canvas = style.new_figure(style.PAGE_WIDTH, sum(heights))
        parts = canvas.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
        if study:
            _first_frames(parts[0], study, labels)
        if validated:
            validation.draw(parts[-1].subplots(), 4 * len(study), validated, labels)
    return canvas


def _first_frames(part: SubFigure, study: Mapping[str, CellRuns], labels: Labels) -> None:
    """Draw the four panels of each benchmark and the legend of them all."""
    axes = part.subplots(2 * len(study), 2, squeeze=False)
    looks = style.looks((cell for cells in study.values() for cell in cells), labels)
    for row, (benchmark, cells) in enumerate(study.items()):
        where = f"{style.benchmark_title(benchmark)}: " if benchmark else ""
        for column, (measure, title) in enumerate(MEASURES.items()):
            top, bottom = axes[2 * row, column], axes[2 * row + 1, column]
            style.panel_title(top, 4 * row + column, f"{where}{title}")
            _curves(top, cells, looks, measure)
            style.panel_title(bottom, 4 * row + 2 + column, f"{where}iterations by {title}")
            _counts(bottom, cells, looks, measure)
    handles = [Line2D([], [], label=look.label, **look.line) for look in looks.values()]
    if any(run.censored for cells in study.values() for runs in cells.values() for run in runs):
        hollow: dict[str, Any] = {"color": style.BLACK, "linestyle": "none", **HOLLOW}
        handles.append(Line2D([], [], label="not converged", **hollow))
    style.legend_above(part, handles)


def common_last(cells: CellRuns) -> int:
    """Return the last iteration that every run has."""
    return min(run.last for runs in cells.values() for run in runs)


def relative(runs: Sequence[FirstFrameRun], measure: str, last: int) -> tuple[Floats, Floats]:
    """Average runs, each relative to its own start.

    Returns:
        Mean and standard deviation over the runs, both (last + 1,).
    """
    values = np.stack([run.curves[measure][: last + 1] for run in runs])
    values /= values[:, :1]
    return values.mean(axis=0), values.std(axis=0)


def _curves(ax: Axes, cells: CellRuns, looks: Mapping[str, Look], measure: str) -> None:
    """Draw mean and standard deviation over the runs, as far as all of them go."""
    highest = 1.0
    last = common_last(cells)
    for cell in (cell for cell in looks if cell in cells):
        mean, deviation = relative(cells[cell], measure, last)
        x, look = np.arange(last + 1), looks[cell]
        low = np.maximum(mean - deviation, LOWEST)
        ax.fill_between(x, low, mean + deviation, color=look.color, alpha=0.13, lw=0)
        ax.plot(x, mean, **look.layered)
        highest = max(highest, float(mean.max()))
    ax.axhline(FRACTION, color=style.GREY, linewidth=0.6)
    style.note(ax, f"{FRACTION:.0%} of the start", (1, FRACTION), (3, 1.5), color=style.GREY)
    # Logarithmic from 1 on: every curve is 1 at iteration 0 by construction.
    ax.set_xscale("log")
    last = max(2, last)
    shown = [tick for tick in TICKS if tick <= last]
    ax.set_xticks(shown, [str(tick) for tick in shown])
    ax.set_xticks([], minor=True)
    ax.set_yscale("log")
    ax.set(xlim=(1, last), ylim=(LOWEST, 1.5 * highest))
    ax.set(xlabel="Iteration", ylabel="Relative to start")


def _counts(ax: Axes, cells: CellRuns, looks: Mapping[str, Look], measure: str) -> None:
    """Draw one point per run and the median; hollow triangles at the cap did not converge."""
    names = [cell for cell in looks if cell in cells]
    cap = _cap(cells)
    for x, cell in enumerate(names):
        found = [run.convergence[measure] for run in cells[cell]]
        spread = np.linspace(-0.27, 0.27, len(found)) if len(found) > 1 else np.zeros(1)
        solid = {"marker": looks[cell].marker, "markersize": 3.4, "markeredgewidth": 0}
        for offset, one in zip(spread, found, strict=True):
            kind = HOLLOW if one.censored else solid
            ax.plot(x + offset, one.iterations, color=looks[cell].color, linestyle="none", **kind)
        median = float(np.median([one.iterations for one in found]))
        ax.plot([x - 0.36, x + 0.36], [median] * 2, color=style.BLACK, linewidth=1.0)
        text = count_text([not one.censored for one in found], median)
        style.note(ax, text, (x, cap), (0, 6), ha="center", va="bottom", linespacing=1.05)
    ax.axhline(cap, color=style.GREY, linewidth=0.6, linestyle=style.DASHED)
    labels = [style.wrapped(looks[cell].label, 16) for cell in names]
    ax.set_xticks(range(len(names)), labels, linespacing=1.0)
    ax.tick_params(axis="x", length=0)
    ax.set_yticks([tick for tick in MaxNLocator(5).tick_values(0, cap) if 0 <= tick <= cap])
    ax.grid(visible=False, axis="x")
    ax.set(ylim=(0, 1.3 * cap), xlim=(-0.6, len(names) - 0.4), ylabel="Iterations, with the median")


def count_text(reached: Sequence[bool], median: float) -> str:
    """Write the median and, below it, how many runs are censored.

    Where half of the runs or more did not converge, the median is only a lower bound.
    """
    censored = len(reached) - sum(reached)
    bound = "≥ " if 2 * censored >= len(reached) else ""
    text = f"{bound}{median:g}"
    return f"{text}\n({censored} of {len(reached)})" if censored else text
