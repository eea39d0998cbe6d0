"""`dslt plot`: an interactive plot of a figure, from the files that the figure is drawn from."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from dslt.commands.figure import LABELS, OPTIONS
from dslt.commands.options import PATH, SpreadCommand
from dslt.settings.catalog import FIGURES, FigureEntry, Source

OUT = click.option(
    "--out", required=True, type=PATH, help="Where to write, without suffix: OUT.js and OUT.csv."
)


@click.group()
def command() -> None:
    """Write an interactive plot for the site: a script with Vega-Lite, and its data as CSV."""


def _scores(
    name: str, module: Any, labels: Any, scores: Any, paper: Path | None, rescored: Any
) -> Any:
    from dslt.compare.runs import load_runs
    from dslt.figures import printed

    runs = load_runs(scores)
    cells = (cell for cells in runs.values() for cell in cells)
    return module.panels(runs), printed.load(name, paper, rescored).looks(cells, labels)


def _records(name: str, module: Any, labels: Any, convergence: Any, validation: Any) -> Any:
    from dslt.figures import fig16, style
    from dslt.score.validation import read_validations

    study, validated = fig16.load(convergence), read_validations(validation)
    cells = [cell for cells in study.values() for cell in cells]
    return module.panels(study, validated), style.looks([*cells, *validated], labels)


# What makes the panels and looks of a plot, by what its figure is drawn from.
PLOTTED: Mapping[Source, Callable[..., Any]] = {"scores": _scores, "records": _records}


def _add(name: str, entry: FigureEntry) -> None:
    """Add the command of one plot."""

    def write(out: Path, labels: Any = None, **options: Any) -> None:
        from dslt.report.plots.write import write_plot

        module = importlib.import_module(entry.plot)
        panels, looks = PLOTTED[entry.source](name, module, labels, **options)
        for path in write_plot(name, list(panels), looks, out):
            click.echo(path)

    callback: Any = write
    for option in reversed([*OPTIONS[entry.source](entry), LABELS, OUT]):
        callback = option(callback)
    command.command(name, cls=SpreadCommand, help=f"{entry.heading}, interactive.")(callback)


for _name, _entry in FIGURES.items():
    if _entry.plot:
        _add(_name, _entry)
