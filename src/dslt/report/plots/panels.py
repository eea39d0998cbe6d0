"""What an interactive plot shows: panels of series, without a word of how they are drawn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dslt.core.arrays import Ints
from dslt.score.scores import Scores

Value = float | str
HEADER = ("panel", "cell", "of", "x", "y")


@dataclass(frozen=True)
class PlotSeries:
    """A line or a set of points of one cell.

    Attributes:
        cell: Its id.
        of: What it is of: a seed, the mean over seeds, a sequence.
        x: (N,) places, names where the axis is one of names.
        y: (N,) values.
        single: Whether it is a part, such as one seed, of what another series sums up.
    """

    cell: str
    of: str
    x: Sequence[Value]
    y: Sequence[float]
    single: bool = False


@dataclass(frozen=True)
class PlotAxis:
    """An axis.

    Attributes:
        title: What is measured, with its unit.
        low: First value; None: as the data have it, with some room. A logarithmic axis has both.
        high: Last value; below `low` on an axis that runs backwards.
        kind: How values are placed; `names` in the order given.
        names: The names.
        step: Least distance of ticks.
    """

    title: str
    low: float | None = None
    high: float | None = None
    kind: Literal["linear", "log", "names"] = "linear"
    names: Sequence[str] = ()
    step: float | None = None


@dataclass(frozen=True)
class PlotPanel:
    """One panel.

    Attributes:
        title: What it shows.
        x: First axis.
        y: Second axis.
        series: Its series; later ones are drawn above earlier ones.
        mark: How they are drawn.
        band: Shaded range of x.
        level: Height of a thin line across.
    """

    title: str
    x: PlotAxis
    y: PlotAxis
    series: Sequence[PlotSeries]
    mark: Literal["line", "point"] = "line"
    band: tuple[float, float] | None = None
    level: float | None = None


def single_runs(cells: Mapping[str, Sequence[Scores]]) -> Iterator[tuple[str, Scores]]:
    """List the cells that have several seeds with each of their runs."""
    for cell, runs in cells.items():
        if len(runs) > 1:
            yield from ((cell, run) for run in runs)


def mean_of(seeds: Iterable[int]) -> str:
    """Say what a cell's main series is of."""
    known = list(seeds)
    return f"seed {known[0]}" if len(known) == 1 else f"mean of {len(known)} seeds"


def mean_of_runs(runs: Iterable[Scores]) -> str:
    """Say it of the runs of a cell."""
    return mean_of(run.seed for run in runs)


def rows(panels: Iterable[PlotPanel]) -> Iterator[tuple[object, ...]]:
    """List every value that the panels show, a row each, as `HEADER` names the columns.

    Six digits are written: more than scores of a few thousand frames have.
    """
    for panel in panels:
        for series in panel.series:
            for x, y in zip(series.x, series.y, strict=True):
                place = x if isinstance(x, str) else f"{x:.6g}"
                yield panel.title, series.cell, series.of, place, f"{y:.6g}"


def visible(last: int, count: int = 150) -> Ints:
    """Choose about `count` of the integers 0 to `last`, evenly spaced on a logarithmic axis."""
    spaced = np.geomspace(1, max(last, 1), count)
    chosen = np.round([0, *spaced]).clip(max=last)
    return np.unique(chosen).astype(np.int64)
