"""`dslt table`: a table of the paper, ours beside the printed numbers, a verb for each."""

from pathlib import Path
from typing import Any

import click

from dslt.commands.options import PATH, SpreadCommand
from dslt.compare.cell import load_comparison
from dslt.compare.tables import table3, vot
from dslt.compare.tables.text import to_csv, to_latex, to_markdown
from dslt.core.files import atomic_write
from dslt.settings.catalog import TABLES, TableEntry


@click.group()
def command() -> None:
    """Write a table of the paper, ours beside the printed numbers."""


def _add(name: str, entry: TableEntry) -> None:
    """Add the command of one table; those that the paper prints for a benchmark are VOT's."""
    module: Any = vot if entry.paper else table3

    @command.command(name, cls=SpreadCommand, help=f"{entry.heading}.")
    @click.option("--compare", multiple=True, type=PATH, help="Comparisons of the cells.")
    @click.option("--paper", required=True, type=PATH, help="The printed table, a CSV file.")
    @click.option("--out", required=True, type=PATH, help="Path without suffix: .csv, .md, .tex.")
    def write(compare: tuple[Path, ...], paper: Path, out: Path) -> None:
        table = module.build(name, paper, {c.cell: c for c in map(load_comparison, compare)})
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


for _name, _entry in TABLES.items():
    _add(_name, _entry)
