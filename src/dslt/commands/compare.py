"""`dslt compare`: cells with each other and with the paper."""

from dataclasses import astuple
from pathlib import Path

import click

from dslt.commands.options import PATH, SpreadCommand, pair_option
from dslt.compare.cell import CellInfo, compare_cell, load_comparison
from dslt.compare.claims import Measured
from dslt.compare.confidences import confidence_tables, load_confidences
from dslt.compare.grid import HEADER, grid_rows
from dslt.compare.iterations import FORM, load_iterations
from dslt.compare.paper import pooled, read_claims, read_numbers, read_tolerances
from dslt.compare.scorecard import scorecard as build_scorecard
from dslt.compare.scorecard import to_csv
from dslt.compare.sensitivity import COLUMNS as VERDICT_COLUMNS
from dslt.compare.sensitivity import load_sensitivity, verdicts
from dslt.compare.stacks import load_tables, pool
from dslt.compare.training import COLUMNS, gains, trained_tables
from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.jsonfile import parse_json
from dslt.core.text import split_pair
from dslt.score.scores import to_json
from dslt.score.validation import FORM as VALIDATION_FORM
from dslt.score.validation import read_validations
from dslt.settings.base import validate

PAPER = click.option(
    "--paper", required=True, type=PATH, help="Folder of the printed numbers (config/paper)."
)

PAIR_FORM = "BETTER=WORSE"
PAIR = click.option(
    "--pair", "pairs", multiple=True, metavar=PAIR_FORM, help="Cells that are compared; repeat."
)
VALIDATION = click.option(
    "--validation",
    "validations",
    multiple=True,
    metavar=VALIDATION_FORM,
    help="validation.csv of offline trainings.",
)


@click.group()
def command() -> None:
    """Compare cells with each other and with the paper."""


@command.command("cell", cls=SpreadCommand)
@click.option("--cell", required=True, help="Id of the cell.")
@click.option("--cell-info", required=True, help="The cell's label, base, ... as JSON.")
@click.option("--reference", required=True, help="Id of the cell that differences are taken to.")
@click.option("--score", "scores", multiple=True, type=PATH, help="The cell's score files.")
@click.option(
    "--reference-score", "references", multiple=True, type=PATH, help="The reference's score files."
)
@PAPER
@click.option("--out", required=True, type=PATH, help="The JSON file to write.")
def cell_command(
    cell: str,
    cell_info: str,
    reference: str,
    scores: tuple[Path, ...],
    references: tuple[Path, ...],
    paper: Path,
    out: Path,
) -> None:
    """Compare one cell with the reference cell and list the numbers printed for it."""
    info = validate(CellInfo, parse_json(cell_info, f"cell {cell}"), f"cell {cell}")
    numbers = read_numbers(paper)
    tables = load_tables(dict.fromkeys([*scores, *references]))
    tables |= pool(tables, pooled(numbers))
    found = compare_cell(cell, info, tables, reference, numbers)
    with atomic_write(out) as temporary:
        temporary.write_text(to_json(found), encoding="utf-8")
    click.echo(f"{cell}: {', '.join(found.benchmarks)} -> {out}")


@command.command("scorecard", cls=SpreadCommand)
@click.option("--compare", "compares", multiple=True, type=PATH, help="Comparisons of the cells.")
@click.option("--score", "scores", multiple=True, type=PATH, help="Score files of the cells.")
@click.option(
    "--convergence", multiple=True, metavar=FORM, help="Convergence records, seed<number>.csv."
)
@VALIDATION
@PAPER
@click.option("--confidence", "confidences", multiple=True, type=PATH, help="Confidence files.")
@click.option("--claims", type=PATH, help="Folder of claims of ours (config/claims).")
@click.option("--sensitivity", type=PATH, help="What `sensitivity` wrote, if it is there.")
@click.option("--key", default="", help="What that must have been computed with.")
@PAIR
@click.option("--out", required=True, type=PATH, help="The CSV file to write.")
def scorecard_command(
    compares: tuple[Path, ...],
    scores: tuple[Path, ...],
    convergence: tuple[str, ...],
    validations: tuple[str, ...],
    paper: Path,
    confidences: tuple[Path, ...],
    claims: Path | None,
    sensitivity: Path | None,
    key: str,
    pairs: tuple[str, ...],
    out: Path,
) -> None:
    """Judge every printed number and claim by what was measured."""
    comparisons = {found.cell: found for found in map(load_comparison, compares)}
    numbers, tolerances = read_numbers(paper), read_tolerances(paper)
    tables = load_tables(scores)
    tables |= pool(tables, pooled(numbers))
    trainings = load_iterations(convergence, tables) | trained_tables(read_validations(validations))
    known = load_sensitivity(sensitivity, key, _pairs(pairs))
    trusted = confidence_tables(load_confidences(confidences))
    measured = Measured(comparisons, tables, trainings, trusted, known)
    own = read_claims(claims) if claims else []
    rows = build_scorecard(read_claims(paper), numbers, tolerances, measured, own)
    with atomic_write(out) as temporary:
        temporary.write_text(to_csv(rows), encoding="utf-8")
    verdicts = [row.verdict for row in rows]
    counts = ", ".join(f"{verdicts.count(one)} {one}" for one in dict.fromkeys(verdicts))
    click.echo(f"{len(rows)} rows: {counts} -> {out}")


@command.command("sensitivity", cls=SpreadCommand)
@click.option("--score", "scores", multiple=True, type=PATH, help="Score files of the cells.")
@PAIR
@click.option("--change", "changes", multiple=True, help="Name of a change; repeat.")
@click.option("--key", required=True, help="What all of it was computed with.")
@click.option("--out", required=True, type=PATH, help="The CSV file to write.")
def sensitivity_command(
    scores: tuple[Path, ...],
    pairs: tuple[str, ...],
    changes: tuple[str, ...],
    key: str,
    out: Path,
) -> None:
    """Judge pairs of cells with constants of tracking moved."""
    rows = verdicts(_pairs(pairs), changes, load_tables(scores), key)
    if not rows:
        raise DsltError(
            "no pair of cells with one-pass scores on one benchmark; do `sensitivity.pairs` run on"
            " `sensitivity.benchmarks` in this study?"
        )
    write_rows(out, VERDICT_COLUMNS, map(astuple, rows))
    click.echo(f"{len(rows)} rows -> {out}")


@command.command("grid", cls=SpreadCommand)
@click.option("--score", "scores", multiple=True, type=PATH, help="Score files of the cells.")
@pair_option("--cell", "CELL=SETTINGS", "settings", "What was set in a cell; repeat.")
@click.option("--out", required=True, type=PATH, help="The CSV file to write.")
def grid_command(scores: tuple[Path, ...], settings: dict[str, str], out: Path) -> None:
    """List the cells of a grid of settings with their scores."""
    rows = grid_rows(settings, load_tables(scores))
    write_rows(out, HEADER, rows)
    click.echo(f"{len(rows)} rows -> {out}")


def _pairs(texts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Read pairs of cells."""
    return [split_pair(text, f"--pair {PAIR_FORM}") for text in texts]


@command.command("training", cls=SpreadCommand)
@VALIDATION
@click.option("--out", required=True, type=PATH, help="The CSV file to write.")
def training_command(validations: tuple[str, ...], out: Path) -> None:
    """Compare trained networks with their untrained starts on the held-out sequences."""
    rows = gains(read_validations(validations))
    text = ([_text(row[name]) for name in COLUMNS] for row in rows)
    write_rows(out, COLUMNS, text)
    click.echo(f"{len(rows)} cells -> {out}")


def _text(value: object) -> str:
    """Write a number with six digits; what is not there stays empty."""
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)
