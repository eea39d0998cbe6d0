"""`dslt table`: a table of the paper, ours beside the printed numbers."""

from __future__ import annotations

from pathlib import Path

import click

from dslt.commands.spread import SpreadCommand
from dslt.compare.cell import load_comparison
from dslt.data.files import atomic_write
from dslt.tables import build_table3, to_csv, to_latex, to_markdown

PATH = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """Write a table of the paper, ours beside the printed numbers."""


@command.command("table3", cls=SpreadCommand)
@click.option("--compare", "compares", multiple=True, type=PATH, help="Comparisons of the cells.")
@click.option("--paper", required=True, type=PATH, help="The printed table (table3.csv).")
@click.option("--out", required=True, type=PATH, help="Path without suffix: .csv, .md, .tex.")
def table3(compares: tuple[Path, ...], paper: Path, out: Path) -> None:
    """Table 3, the ablation of the losses."""
    table = build_table3(paper, {found.cell: found for found in map(load_comparison, compares)})
    for suffix, text in (
        (".csv", to_csv(table)),
        (".md", to_markdown(table)),
        (".tex", to_latex(table)),
    ):
        with atomic_write(out.with_name(out.name + suffix)) as temporary:
            temporary.write_text(text, encoding="utf-8")
    run = sum(row.cell is not None for row in table.rows)
    click.echo(f"table 3: {run} of {len(table.rows)} rows run -> {out}.csv, .md, .tex")
