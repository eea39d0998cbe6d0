"""`dslt report`: render the pages of the report."""

from pathlib import Path

import click

from dslt.commands.options import INDEX, PATH, SpreadCommand, pair_option
from dslt.settings.site import SITE

OUT = click.option("--out", required=True, type=PATH, help="The HTML page.")
SITE_PAGES = click.option(
    "--site",
    "site_pages",
    multiple=True,
    type=click.Choice(list(SITE)),
    help="A page of the site, for the navigation; the entrance first. Repeat.",
)


@click.group()
def command() -> None:
    """Write the site: pages, and the files beside them."""


@command.command()
@click.option("--notebook", required=True, type=PATH, help="Notebook in the py:percent format.")
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
    "--executed", required=True, type=PATH, help="Where the executed notebook goes, always."
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
@click.option("--scorecard", type=PATH, help="The scorecard, for what was found.")
@OUT
def index(site_pages: tuple[str, ...], scorecard: Path | None, out: Path) -> None:
    """Write the entrance: what was found, and links to the pages."""
    from dslt.report.index import render

    render(site_pages, out, scorecard)
    click.echo(out)


@command.command(cls=SpreadCommand)
@SITE_PAGES
@click.option("--compare", multiple=True, type=PATH, help="A cell's comparison. Repeat.")
@click.option("--score", multiple=True, type=PATH, help="A score file. Repeat.")
@pair_option("--model", "CELL@SEED=FILE", "models", "model.json of a training. Repeat.")
@click.option("--index", multiple=True, type=PATH, help="Index of a benchmark. Repeat.")
@pair_option("--settings", "CELL=HASH", "settings", "Hash of a cell's settings. Repeat.")
@click.option("--libraries", default="", help="Libraries and versions, `numpy 2.0, torch 2.9`.")
@OUT
def provenance(
    site_pages: tuple[str, ...],
    compare: tuple[Path, ...],
    score: tuple[Path, ...],
    models: dict[str, str],
    index: tuple[Path, ...],
    settings: dict[str, str],
    libraries: str,
    out: Path,
) -> None:
    """Write the page that says what each result was made from."""
    from dslt.report.provenance import Sources, render

    render(Sources(compare, score, models, index, settings, libraries), site_pages, out)
    click.echo(out)


@command.command()
@click.option("--out", required=True, type=PATH, help="Folder of the files.")
def assets(out: Path) -> None:
    """Write the style and the scripts that every page loads."""
    from dslt.report.files import write_assets

    for path in write_assets(out):
        click.echo(path)


@command.command()
@click.option("--picture", "source", required=True, type=PATH, help="A PNG file.")
@click.option("--out", required=True, type=PATH, help="The WebP file.")
def picture(source: Path, out: Path) -> None:
    """Write a picture of a page, light enough for one."""
    from dslt.report.files import write_picture

    write_picture(source, out)
    click.echo(out)


SCORES = click.option("--score", "scores", multiple=True, type=PATH, help="A score file. Repeat.")
LABELS = pair_option("--label", "CELL=TEXT", "labels", "What a cell is called. Repeat.")
LOSSES = pair_option("--loss", "CELL=NAME", "losses", "What a cell was trained with. Repeat.")


@command.command(cls=SpreadCommand)
@INDEX
@click.option("--sequence", "names", multiple=True, required=True, help="A sequence. Repeat.")
@click.option("--out", required=True, type=PATH, help="Folder of the videos.")
def videos(index: Path, names: tuple[str, ...], out: Path) -> None:
    """Write sequences as small videos that browsers play."""
    from dslt.data.benchmarks.index_file import load_index
    from dslt.report.sequences.video import write_videos

    for path in write_videos(load_index(index), names, out):
        click.echo(path)


@command.command(cls=SpreadCommand)
@INDEX
@click.option("--protocol-definition", required=True, help="The benchmark's protocol as JSON.")
@click.option("--sequence", "names", multiple=True, help="This sequence only. Repeat.")
@pair_option("--run", "CELL@SEED=DIR", "runs", "Raw results that were scored. Repeat.")
@SCORES
@LABELS
@LOSSES
@click.option("--chosen", multiple=True, help="Cell that is shown at first. Repeat.")
@click.option("--videos", "films", type=PATH, help="Folder of the videos, made before or later.")
@SITE_PAGES
@click.option("--site-folder", required=True, type=PATH, help="Folder of the site.")
@click.option("--out", required=True, type=PATH, help="Folder of the pages.")
def sequences(
    index: Path,
    protocol_definition: str,
    names: tuple[str, ...],
    runs: dict[str, str],
    scores: tuple[Path, ...],
    labels: dict[str, str],
    losses: dict[str, str],
    chosen: tuple[str, ...],
    films: Path | None,
    site_pages: tuple[str, ...],
    site_folder: Path,
    out: Path,
) -> None:
    """Write the page of each sequence of a benchmark."""
    from dslt.commands.raw_results import load_suite, part_of
    from dslt.report.html import Site
    from dslt.report.sequences.load import load_benchmark, load_trackers, parse_runs
    from dslt.report.sequences.page import write_pages

    suite = part_of(load_suite(None, None, index, None, protocol_definition), names)
    trackers = load_trackers(scores, labels, losses).get(suite.benchmark, [])
    videos = {name: films / f"{name}.webm" for name in suite.targets} if films else {}
    shown = load_benchmark(suite, trackers, parse_runs(runs), chosen, videos)
    for path in write_pages(shown, out, Site(site_pages, "sequences", site_folder)):
        click.echo(path)


@command.command(cls=SpreadCommand)
@SCORES
@LABELS
@LOSSES
@pair_option("--pages", "BENCHMARK=DIR", "folders", "The folder of its sequences' pages. Repeat.")
@SITE_PAGES
@OUT
def matrix(
    scores: tuple[Path, ...],
    labels: dict[str, str],
    losses: dict[str, str],
    folders: dict[str, str],
    site_pages: tuple[str, ...],
    out: Path,
) -> None:
    """Write the matrix of sequences and trackers."""
    from dslt.report.html import Site
    from dslt.report.sequences.load import load_trackers
    from dslt.report.sequences.matrix import write_matrix

    pages = {benchmark: Path(folder) for benchmark, folder in folders.items()}
    site = Site(site_pages, "sequences")
    write_matrix(load_trackers(scores, labels, losses), pages, out, site)
    click.echo(out)
