"""`dslt report`: render the pages of the report."""

from pathlib import Path

import click

from dslt.commands.options import SpreadCommand, pair_option
from dslt.settings.site import SITE

FILE = click.Path(path_type=Path)
OUT = click.option("--out", required=True, type=FILE, help="The HTML page.")
SITE_PAGES = click.option(
    "--site",
    "site_pages",
    multiple=True,
    type=click.Choice(list(SITE)),
    help="A page of the site, for the navigation; the entrance first. Repeat.",
)
WORKFLOW = click.option(
    "--workflow", type=FILE, help="Page of `snakemake --report` to link; may be made later."
)


@click.group()
def command() -> None:
    """Write the site: pages, and the files beside them."""


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
@SITE_PAGES
@OUT
def page(
    notebook: Path,
    parameters: tuple[tuple[str, str], ...],
    executed: Path,
    site_pages: tuple[str, ...],
    out: Path,
) -> None:
    """Execute a notebook and write it as one HTML page, code hidden."""
    from dslt.report.page import render

    render(notebook, parameters, executed, out, site_pages)
    click.echo(out)


@command.command()
@SITE_PAGES
@click.option("--scorecard", type=FILE, help="The scorecard, for what was found.")
@WORKFLOW
@OUT
def index(
    site_pages: tuple[str, ...], scorecard: Path | None, workflow: Path | None, out: Path
) -> None:
    """Write the entrance: what was found, and links to the pages."""
    from dslt.report.index import render

    render(site_pages, out, scorecard, workflow)
    click.echo(out)


@command.command(cls=SpreadCommand)
@SITE_PAGES
@click.option("--compare", multiple=True, type=FILE, help="A cell's comparison. Repeat.")
@click.option("--score", multiple=True, type=FILE, help="A score file. Repeat.")
@pair_option("--model", "CELL@SEED=FILE", "models", "model.json of a training. Repeat.")
@click.option("--index", multiple=True, type=FILE, help="Index of a benchmark. Repeat.")
@pair_option("--settings", "CELL=HASH", "settings", "Hash of a cell's settings. Repeat.")
@click.option("--libraries", default="", help="Libraries and versions, `numpy 2.0, torch 2.9`.")
@WORKFLOW
@OUT
def provenance(
    site_pages: tuple[str, ...],
    compare: tuple[Path, ...],
    score: tuple[Path, ...],
    models: dict[str, str],
    index: tuple[Path, ...],
    settings: dict[str, str],
    libraries: str,
    workflow: Path | None,
    out: Path,
) -> None:
    """Write the page that says what each result was made from."""
    from dslt.report.provenance import Sources, render

    render(Sources(compare, score, models, index, settings, libraries), site_pages, out, workflow)
    click.echo(out)


@command.command()
@click.option("--out", required=True, type=FILE, help="Folder of the files.")
def assets(out: Path) -> None:
    """Write the style and the scripts that every page loads."""
    from dslt.report.files import write_assets

    for path in write_assets(out):
        click.echo(path)


@command.command()
@click.option("--picture", "source", required=True, type=FILE, help="A PNG file.")
@click.option("--out", required=True, type=FILE, help="The WebP file.")
def picture(source: Path, out: Path) -> None:
    """Write a picture of a page, light enough for one."""
    from dslt.report.files import write_picture

    write_picture(source, out)
    click.echo(out)
