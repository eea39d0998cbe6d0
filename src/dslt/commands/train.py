"""`dslt train`: train the network of a Siamese tracker offline.

Several processes share a training that `torchrun` starts:

    torchrun --nproc-per-node 2 -m dslt train ...
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from dslt.config_files import config_file
from dslt.data.benchmarks import read_definitions
from dslt.data.jsonfile import parse_json
from dslt.device import Device, choose_device, limit_threads
from dslt.errors import unknown
from dslt.fingerprint import fingerprint, libraries
from dslt.settings import canonical, validate
from dslt.siamese_settings import SiameseTraining
from dslt.tracker_settings import read_settings
from dslt.training.identity import identify, model_id, parse_training
from dslt.training.validation_settings import ValidationSettings

if TYPE_CHECKING:
    from dslt.data.pairs.dataset import PairDataset
    from dslt.training.processes import Processes
    from dslt.training.run import Run

TRAINING_SETS = "training_sets.yaml"


@click.command()
@click.option("--cell", required=True, help="Name of the cell, for messages.")
@click.option("--settings", required=True, help="Resolved training settings as JSON.")
@click.option("--seed", default=0, show_default=True)
@click.option(
    "--training-sets",
    "sets",
    type=click.Path(path_type=Path),
    help="Definitions of the training sets. Default: config/training_sets.yaml.",
)
@click.option("--validation", help="Validation settings as JSON. Default: no validation.")
@click.option("--threads", default=1, show_default=True, help="Threads of torch and OpenCV.")
@click.option("--workers", default=1, show_default=True, help="Processes that draw pairs.")
@click.option("--device", type=click.Choice(get_args(Device)), default="auto", show_default=True)
@click.option("--state", required=True, type=click.Path(path_type=Path), help="To go on from.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of outputs.")
def command(
    cell: str,
    settings: str,
    seed: int,
    sets: Path | None,
    validation: str | None,
    threads: int,
    workers: int,
    device: Device,
    state: Path,
    out: Path,
) -> None:
    """Train a Siamese network on pairs; an interrupted training goes on from its state."""
    from dslt.training.processes import joined

    limit_threads(threads)
    training = parse_training(read_settings(settings, cell), f"training settings of cell {cell!r}")
    scored = _validation_settings(validation)
    definitions = _definitions(training, sets or config_file(TRAINING_SETS))
    identity = identify(
        training,
        seed,
        definitions,
        validation=None if scored is None else json.loads(canonical(scored)),
        code=fingerprint(__name__),
        libraries=libraries(),
    )
    with joined(choose_device(device)) as (processes, place):
        pairs = _open_pairs(training, seed, definitions)
        run = _make_run(training, seed, pairs, scored, state, identity, processes, place, cell)
        run.go(workers)
        run.finish(out, {"model_id": model_id(training, seed, definitions), **identity})
    for name, count in pairs.damaged.items():
        if count:
            click.echo(f"{cell}: {count} damaged views of {name} were replaced", err=True)


def _validation_settings(text: str | None) -> ValidationSettings | None:
    """Read the validation settings, if there are any."""
    if text is None:
        return None
    return validate(ValidationSettings, parse_json(text, "--validation"), "--validation")


def _definitions(training: SiameseTraining, path: Path) -> dict[str, Any]:
    """Read the definitions of the training sets that are used, resolved."""
    from dslt.data.pairs.sets import parse_training_set

    found = read_definitions(path)
    for name in training.pairs.sources:
        if name not in found:
            raise unknown(f"training set of pairs.sources; {path}:", name, found)
    used = sorted(training.pairs.sources)
    return {name: parse_training_set(name, found[name]).model_dump(mode="json") for name in used}


def _open_pairs(training: SiameseTraining, seed: int, definitions: dict[str, Any]) -> PairDataset:
    """Open the training sets, whose order does not count."""
    from dslt.data.pairs.dataset import PairDataset
    from dslt.data.pairs.sets import open_sources, parse_training_set

    entries = {name: parse_training_set(name, values) for name, values in definitions.items()}
    ordered = dict(sorted(training.pairs.sources.items()))
    settings = training.pairs.model_copy(update={"sources": ordered})
    return PairDataset(settings, training.crops, open_sources(ordered, entries), seed)


def _make_run(
    training: SiameseTraining,
    seed: int,
    pairs: PairDataset,
    scored: ValidationSettings | None,
    state: Path,
    identity: dict[str, Any],
    processes: Processes,
    device: str,
    name: str,
) -> Run:
    """Put network, task, pairs and validation together."""
    from dslt.siamese.make import make_network
    from dslt.training.run import Run
    from dslt.training.tasks import make_task
    from dslt.training.trainer import Trainer
    from dslt.training.validation import Validation

    net = make_network(training, seed).to(device)
    trainer = Trainer(net, make_task(training), training.schedule, seed, processes)
    validation = None if scored is None else Validation(scored, training)
    return Run(trainer, pairs, state, identity, validate=validation, name=f"{name} seed {seed}")
