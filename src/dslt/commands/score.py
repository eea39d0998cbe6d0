"""`dslt score`: raw results to scores."""

from __future__ import annotations

from pathlib import Path

import click

from dslt.data.files import atomic_write
from dslt.data.index import load_index
from dslt.data.jsonfile import parse_json
from dslt.evaluation.formats import read_results
from dslt.evaluation.protocols import parse_protocol
from dslt.evaluation.scores import Run, Target, build_scores, to_json

EXISTING = click.Path(path_type=Path)


@click.command()
@click.option("--index", "index_path", required=True, type=EXISTING, help="The benchmark's index.")
@click.option("--results", required=True, type=EXISTING, help="Folder of <sequence>.txt files.")
@click.option(
    "--protocol-definition", required=True, help="The protocol as JSON (config/protocols.yaml)."
)
@click.option("--cell", required=True, help="Id of the cell that made the results.")
@click.option("--seed", required=True, type=int, help="Seed of the run.")
@click.option(
    "--box-origin",
    default="1",
    show_default=True,
    type=click.Choice(["0", "1"]),
    help="Where the result files count pixels from; never guessed.",
)
@click.option("--out", required=True, type=EXISTING, help="The JSON file to write.")
def command(
    index_path: Path,
    results: Path,
    protocol_definition: str,
    cell: str,
    seed: int,
    box_origin: str,
    out: Path,
) -> None:
    """Score the raw results of one run over a benchmark."""
    index = load_index(index_path)
    where = f"protocol {index.protocol!r}"
    protocol = parse_protocol(parse_json(protocol_definition, where), where)
    targets = {
        entry.name: Target(entry.boxes(), entry.attributes, entry.video)
        for entry in index.sequences
    }
    truths = {name: target.truth for name, target in targets.items()}
    found, notes = read_results(results, truths, int(box_origin))
    run = Run(cell, index.benchmark, seed, index.protocol)
    scores = build_scores(run, targets, found, notes, protocol, index.box_origin)
    with atomic_write(out) as temporary:
        temporary.write_text(to_json(scores), encoding="utf-8")
    overall = scores.overall
    click.echo(
        f"{cell} on {index.benchmark}, seed {seed}: success AUC {overall.success_auc:.4f},"
        f" precision {overall.precision_20:.4f} over {len(targets)} sequences -> {out}"
    )
    for note in notes:
        click.echo(f"note: {note}", err=True)
