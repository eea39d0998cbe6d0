"""`dslt table`: a table of the report, a verb for each of the catalog."""

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from dslt.commands.options import PATH, Decorator, SpreadCommand, pair_option
from dslt.compare.cell import load_comparison
from dslt.compare.tables.text import to_csv, to_latex, to_markdown
from dslt.core.files import atomic_write
from dslt.settings.catalog import TABLES, TableEntry, TableSource

COMPARE = click.option("--compare", multiple=True, type=PATH, help="Comparisons of the cells.")
OUT = click.option("--out", required=True, type=PATH, help="Path without suffix: .csv, .md, .tex.")
# The options of a table, by what it is made from.
OPTIONS: Mapping[TableSource, list[Decorator]] = {
    "printed": [
        click.option("--paper", required=True, type=PATH, help="The printed table, a CSV file.")
    ],
    "confidence": [
        click.option(
            "--confidence", multiple=True, required=True, type=PATH, help="Confidence files."
        ),
        pair_option("--left-out", "CELL=WHY", "left_out", "Name a cell without one; repeat."),
    ],
}


def _printed(module: Any, name: str, cells: Any, paper: Path) -> Any:
    return module.build(name, paper, cells)


def _confidence(module: Any, name: str, cells: Any, confidence: Any, left_out: Any) -> Any:
    from dslt.compare.confidences import load_confidences

    return module.build(load_confidences(confidence), cells, left_out)


# How a table's module is called, by what the table is made from.
BUILDERS: Mapping[TableSource, Callable[..., Any]] = {
    "printed": _printed,
    "confidence": _confidence,
}


@click.group()
def command() -> None:
    """Write a table of the report; those of the paper have ours beside the printed numbers."""


def _add(name: str, entry: TableEntry) -> None:
    """Add the command of one table."""

    def write(compare: tuple[Path, ...], out: Path, **options: Any) -> None:
        module = importlib.import_module(entry.module)
        cells = {found.cell: found for found in map(load_comparison, compare)}
        table = BUILDERS[entry.source](module, name, cells, **options)
        text = module.to_text(table)
        forms = {
            ".csv": to_csv(module.records(table)),
            ".md": to_markdown(text),
            ".tex": to_latex(text),
        }
        for suffix, content in forms.items():
            with atomic_write(out.with_name(out.name + suffix)) as temporary:
                temporary.write_text(content, encoding="utf-8")
        click.echo(f"{name}: {table.counts} -> {out}{', '.join(forms)}")

    callback: Any = write
    for option in reversed([COMPARE, *OPTIONS[entry.source], OUT]):
        callback = option(callback)
    command.command(name, cls=SpreadCommand, help=f"{entry.heading}.")(callback)


for _name, _entry in TABLES.items():
    _add(_name, _entry)
