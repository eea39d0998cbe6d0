"""`dslt report`: render the pages of the report."""

from pathlib import Path
from typing import Any

import click

from dslt.commands.options import SpreadCommand

FILE = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """Render the report as self-contained HTML."""


@command.command()
@click.option("--notebook", required=True, type=FILE, help="Notebook in the py:percent format.")
@click.option(
    "-p",
    "--parameter",
    "parameters",
    nargs=2,
    multiple=True,
    metavar="NAME VALUE",
    help="A parameter of the notebook's first cell; repeat the name where it takes a list.",
)
@click.option(
    "--executed", required=True, type=FILE, help="Where the executed notebook goes, always."
)
@click.option("--out", required=True, type=FILE, help="The HTML page.")
def page(
    notebook: Path, parameters: tuple[tuple[str, str], ...], executed: Path, out: Path
) -> None:
    """Execute a notebook and write it as one HTML page, code hidden."""
    from dslt.report.page import render

    render(notebook, parameters, executed, out)
    click.echo(out)


@command.command(cls=SpreadCommand)
@click.option("--page", "pages", multiple=True, type=FILE, help="A page to link. Repeat.")
@click.option("--table", "tables", multiple=True, type=FILE, help="A CSV table to show. Repeat.")
@click.option("--figure", "figures", multiple=True, type=FILE, help="A PNG to show. Repeat.")
@click.option("--compare", multiple=True, type=FILE, help="A cell's comparison. Repeat.")
@click.option("--scorecard", type=FILE, help="The scorecard; its verdicts are counted.")
@click.option(
    "--workflow", type=FILE, help="Page of `snakemake --report` to link; may be made later."
)
@click.option("--out", required=True, type=FILE, help="The HTML page.")
def index(out: Path, **contents: Any) -> None:
    """Write the front page: headline numbers, and links to pages, tables and figures."""
    from dslt.report.index import Contents, render

    render(Contents(**contents), out)
    click.echo(out)
