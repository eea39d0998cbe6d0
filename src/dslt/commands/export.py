"""`dslt export`: raw results in the forms that other toolkits read."""

from pathlib import Path

import click

from dslt.core.errors import DsltError
from dslt.score.export import SUPERVISED, Form, export_files
from dslt.score.formats.archive import write_files
from dslt.score.formats.layouts import LAYOUTS

ORIGIN = click.Choice(["0", "1"])


@click.command()
@click.option(
    "--results",
    "folders",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
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
@click.option(
    "--rename",
    multiple=True,
    metavar="OLD=NEW",
    help="Another name for a sequence, as the toolkit has it; repeat.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="FILE.zip or a folder.")
def command(
    folders: tuple[Path, ...],
    to: str,
    tracker: str,
    experiment: str,
    layout: str,
    box_origin_in: str | None,
    box_origin_out: str | None,
    rename: tuple[str, ...],
    out: Path,
) -> None:
    """Write results as another toolkit reads them, to a zip file or a new folder."""
    form = Form(
        to=to,
        tracker=tracker,
        experiment=experiment,
        origin_in=None if box_origin_in is None else int(box_origin_in),
        origin_out=None if box_origin_out is None else int(box_origin_out),
        rename=dict(_pair(text) for text in rename),
    )
    files, notes = export_files(folders, form, layout)
    write_files(files, out)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{tracker}: {len(files)} files as {to} -> {out}")


def _pair(text: str) -> tuple[str, str]:
    """Split OLD=NEW."""
    old, equals, new = text.partition("=")
    if not (old and equals and new) or "/" in new or "\\" in new:
        raise DsltError(f"--rename {text!r}: expected OLD=NEW, two names of sequences")
    return old, new
