"""`dslt confidence`: what the scores are worth that a tracker gives its own boxes."""

from collections.abc import Sequence
from pathlib import Path

import click
from tabulate import tabulate

from dslt.commands.options import PATH, SpreadCommand
from dslt.core.definitions import PROTOCOLS, config_file
from dslt.core.errors import unknown
from dslt.core.files import atomic_write
from dslt.core.jsonfile import parse_json
from dslt.core.names import split_seed
from dslt.core.text import split_pair
from dslt.data.benchmarks.index_file import load_index
from dslt.score.confidence_file import CellConfidence, ConfidenceRun, score_run
from dslt.score.metrics import CONFIDENCE, METRICS
from dslt.score.scores import to_json
from dslt.settings.base import validate
from dslt.settings.protocols import ConfidenceProtocol, load_confidence

FORM = "BENCHMARK@SEED=DIR"


@click.command(cls=SpreadCommand)
@click.option("--cell", required=True, help="Id of the cell, or the tracker's name.")
@click.option(
    "--index", "indexes", multiple=True, required=True, type=PATH, help="Benchmark index; repeat."
)
@click.option(
    "--run",
    "runs",
    multiple=True,
    required=True,
    metavar=FORM,
    help="Folder with the per-frame records SEQUENCE.csv of one run, as `dslt track` leaves them"
    " (columns frame, x, y, w, h, score; boxes count from 0). Repeat.",
)
@click.option(
    "--sequence",
    "sequences",
    multiple=True,
    help="Only these sequences, each of any index; repeat.  [default: all]",
)
@click.option(
    "--protocol-definition",
    "definition",
    help="The conventions as JSON.  [default: `confidence` of config/protocols.yaml]",
)
@click.option("--out", type=PATH, help="Write the JSON file to this path.")
def command(
    cell: str,
    indexes: tuple[Path, ...],
    runs: tuple[str, ...],
    sequences: tuple[str, ...],
    definition: str | None,
    out: Path | None,
) -> None:
    """Score the confidence of one tracker: is its score low where it has lost the target?"""
    protocol = _protocol(definition)
    known = {index.benchmark: index for index in map(load_index, indexes)}
    names = {name for index in known.values() for name in index.names}
    for name in sequences:
        if name not in names:
            raise unknown("--sequence", name, names)
    found = []
    for benchmark, seed, folder in map(_run, runs):
        if benchmark not in known:
            raise unknown(f"benchmark of --run {FORM}:", benchmark, known)
        found.append(score_run(known[benchmark], folder, seed, protocol, sequences))
    if out is not None:
        with atomic_write(out) as temporary:
            text = to_json(CellConfidence(cell=cell, runs=tuple(found)))
            temporary.write_text(text, encoding="utf-8")
    click.echo(_table(found))
    click.echo(f"{cell}: {len(found)} runs" + (f" -> {out}" if out else ""))


def _protocol(definition: str | None) -> ConfidenceProtocol:
    """Read the conventions from JSON, or the project's own."""
    if definition is None:
        return load_confidence(config_file(PROTOCOLS))
    where = "--protocol-definition"
    return validate(ConfidenceProtocol, parse_json(definition, where), where)


def _run(text: str) -> tuple[str, int, Path]:
    """Read what a run is of, and where."""
    key, folder = split_pair(text, f"--run {FORM}")
    return *split_seed(key, f"--run {FORM}"), Path(folder)


def _table(found: Sequence[ConfidenceRun]) -> str:
    """A plain table, a line for each run."""
    rows = [[run.benchmark, str(run.seed), *map(_number, _values(run))] for run in found]
    header = ["benchmark", "seed", *(METRICS[name].title for name in CONFIDENCE)]
    return tabulate(rows, header, tablefmt="simple", disable_numparse=True)


def _values(run: ConfidenceRun) -> list[float | None]:
    return [run.metrics[name].value for name in CONFIDENCE]


def _number(value: float | None) -> str:
    """Three decimals; a dash where the metric is undefined."""
    return "-" if value is None else f"{value:.3f}"
