"""`dslt publish`: trained networks as folders for others."""

from dataclasses import replace
from pathlib import Path

import click

from dslt.commands.options import PATH
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.study.load import read_study
from dslt.study.model_card import card, page
from dslt.study.release import CARD, Release, load_release, write_files, write_sums
from dslt.study.study import Study


@click.command()
@click.argument("cells", nargs=-1)
@click.option(
    "--configfile",
    "overlays",
    multiple=True,
    metavar="FILE",
    help="An overlay of the study's configuration. Repeat.",
)
@click.option("--seed", "seeds", type=int, multiple=True, help="Seed; repeat. Default: all.")
@click.option("--onnx/--no-onnx", default=True, help="Write Siamese networks as ONNX, too.")
@click.option("--out", required=True, type=PATH, help="Folder of the models, one folder each.")
@click.option("--page", "listing", type=PATH, help="Also write a page that lists them.")
def command(
    cells: tuple[str, ...],
    overlays: tuple[str, ...],
    seeds: tuple[int, ...],
    onnx: bool,
    out: Path,
    listing: Path | None,
) -> None:
    """Write the trained networks of CELLS (default: all) for others, each with a card.

    It reads the results of a finished study in this folder. What it writes can be put on any web
    server: `dslt fetch ADDRESS/NAME` and `--weights ADDRESS/NAME` read it from there.
    """
    study = read_study(overlays)
    chosen = cells or tuple(name for name in study.cells_run if name in study.offline)
    if unknown := [name for name in chosen if name not in study.offline]:
        raise DsltError(
            f"{', '.join(unknown)}: not trained offline in this study; nothing to publish"
        )
    found = [
        replace(load_release(study, cell, seed), overlays=overlays)
        for cell in chosen
        for seed in seeds or study.cells[cell].seeds
    ]
    for release in found:
        _publish(study, release, out / release.name, onnx=onnx)
    if listing is not None:
        with atomic_write(listing) as temporary:
            temporary.write_text(page(found), encoding="utf-8")


def _publish(study: Study, release: Release, folder: Path, *, onnx: bool) -> None:
    """Write one folder; the checksums come last."""
    names, error = write_files(study, release, folder, onnx=onnx)
    with atomic_write(folder / CARD) as temporary:
        temporary.write_text(card(replace(release, onnx_error=error)), encoding="utf-8")
    write_sums(folder, [*names, CARD])
    checked = "" if error is None else f"; ONNX Runtime agrees to {error:.1g}"
    click.echo(f"{release.name}: {folder}{checked}")
