"""`dslt table`: a table of the paper, ours beside the printed numbers."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from dslt.commands.options import SpreadCommand
from dslt.compare.cell import load_comparison
from dslt.compare.tables import table3, vot
from dslt.compare.tables.text import TextTable, to_csv, to_latex, to_markdown
from dslt.core.files import atomic_write

PATH = click.Path(path_type=Path)
COMPARE = click.option(
    "--compare", "compares", multiple=True, type=PATH, help="Comparisons of the cells."
)
PAPER = click.option("--paper", required=True, type=PATH, help="The printed table, a CSV file.")
OUT = click.option("--out", required=True, type=PATH, help="Path without suffix: .csv, .md, .tex.")


@click.group()
def command() -> None:
    """Write a table of the paper, ours beside the printed numbers."""


def _write(out: Path, records: Sequence[Mapping[str, str]], text: TextTable) -> None:
    """Write the three forms of a table."""
    forms = {".csv": to_csv(records), ".md": to_markdown(text), ".tex": to_latex(text)}
    for suffix, content in forms.items():
        with atomic_write(out.with_name(out.name + suffix)) as temporary:
            temporary.write_text(content, encoding="utf-8")


def _vot_table(name: str, benchmark: str) -> None:
    """Add the command of Table 1 or 2."""

    @command.command(name, cls=SpreadCommand, help=f"Table {name[-1]}, {benchmark}.")
    @COMPARE
    @PAPER
    @OUT
    def write(compares: tuple[Path, ...], paper: Path, out: Path) -> None:
        cells = {found.cell: found for found in map(load_comparison, compares)}
        table = vot.build_vot_table(name, paper, cells)
        _write(out, vot.records(table), vot.to_text(table))
        ours = sum(len(rows) for rows in table.ours.values())
        click.echo(
            f"{name}: {len(table.printed)} printed rows, {ours} of ours -> {out}.csv, .md, .tex"
        )


_vot_table("table1", "VOT-2016")
_vot_table("table2", "VOT-2018")


@command.command("table3", cls=SpreadCommand)
@COMPARE
@PAPER
@OUT
def table3_command(compares: tuple[Path, ...], paper: Path, out: Path) -> None:
    """Table 3, the ablation of the losses."""
    cells = {found.cell: found for found in map(load_comparison, compares)}
    table = table3.build_table3(paper, cells)
    _write(out, table3.records(table), table3.to_text(table))
    run = sum(row.cell is not None for row in table.rows)
    click.echo(f"table3: {run} of {len(table.rows)} rows run -> {out}.csv, .md, .tex")
