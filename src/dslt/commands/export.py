"""`dslt export`: raw results in the forms that other toolkits read."""

from pathlib import Path

import click

from dslt.commands.options import PATH, pair_option
from dslt.score.export import Form, export_files
from dslt.score.formats.archive import write_files
from dslt.score.formats.layouts import LAYOUTS
from dslt.score.formats.trees import SUPERVISED

ORIGIN = click.IntRange(0, 1)


@click.command()
@click.option(
    "--results",
    "folders",
    required=True,
    multiple=True,
    type=PATH,
    help="Folder of results; give one per repetition.",
)
@click.option("--to", required=True, type=click.Choice(LAYOUTS), help="The form to write.")
@click.option("--tracker", required=True, help="Name of the tracker in paths.")
@click.option(
    "--experiment", default=SUPERVISED, show_default=True, help="Name of VOT's experiment."
)
@click.option(
    "--layout",
    default="auto",
    show_default=True,
    type=click.Choice(["auto", *LAYOUTS]),
    help="How the results lie in their folder.",
)
@click.option(
    "--box-origin-in",
    type=ORIGIN,
    help="Where boxes of the results count pixels from.  [default: 1; of supervised runs 0]",
)
@click.option(
    "--box-origin-out",
    type=ORIGIN,
    help="Where the files to write are to count from.  [default: 1; VOT's 0]",
)
@pair_option(
    "--rename", "OLD=NEW", "rename", "Another name for a sequence, as the toolkit has it; repeat."
)
@click.option("--out", required=True, type=PATH, help="FILE.zip or a folder.")
def command(
    folders: tuple[Path, ...],
    to: str,
    tracker: str,
    experiment: str,
    layout: str,
    box_origin_in: int | None,
    box_origin_out: int | None,
    rename: dict[str, str],
    out: Path,
) -> None:
    """Write results as another toolkit reads them, to a zip file or a new folder."""
    form = Form(to, tracker, experiment, box_origin_in, box_origin_out, rename)
    files, notes = export_files(folders, form, layout)
    write_files(files, out)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{tracker}: {len(files)} files as {to} -> {out}")
