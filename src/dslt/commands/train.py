"""`dslt train`: train the network of a tracker that learns offline.

Several processes share a training that `torchrun` starts:

    torchrun --nproc-per-node 2 -m dslt train ...
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from dslt.commands.options import (
    CELL,
    DEVICE,
    ENGINE,
    PATH,
    SEED,
    START,
    THREADS,
    SpreadCommand,
    pair_option,
)
from dslt.core.definitions import TRAINING_SETS, changed_definitions, config_file, read_definitions
from dslt.core.device import Device, choose_device, frozen_networks, limit_threads
from dslt.core.files import sha256_file
from dslt.core.fingerprint import libraries
from dslt.core.jsonfile import parse_json
from dslt.core.text import canonical, digest
from dslt.data.pairs.sets.kinds import own_indexes, parse_training_set, used_sets
from dslt.settings.base import validate
from dslt.settings.identity import code_of_training, hash_files, identify, model_id
from dslt.settings.offline import OfflineNetworkTraining
from dslt.settings.registry import entry_of, parse_training, require
from dslt.settings.validation import ValidationSettings

if TYPE_CHECKING:
    from dslt.train.processes import Processes
    from dslt.train.run import TrainingRun
    from dslt.train.validation import Validation


@click.command(cls=SpreadCommand)
@CELL
@click.option("--settings", required=True, help="Tracker and training settings as JSON.")
@SEED
@START
@click.option(
    "--training-sets",
    "sets",
    type=PATH,
    help="Definitions of the training sets. Default: config/training_sets.yaml.",
)
@click.option(
    "--training-sets-definition",
    "changes",
    default="{}",
    help="Entries that replace those of the file, or some of their keys, as JSON.",
)
@pair_option(
    "--training-index",
    "NAME=PATH",
    "indexes",
    "Index of a training set (`dslt index NAME`); repeat. Default: its annotations are read.",
)
@click.option("--data", default="data", show_default=True, help="Folder with fetched files.")
@click.option("--validation", help="Validation settings as JSON. Default: no validation.")
@click.option(
    "--validation-index", type=PATH, help="Index of the benchmark that --validation names."
)
@THREADS
@click.option(
    "--skip-non-finite",
    "skip",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Steps with a loss or gradient that is not finite to leave out before one is an error.",
)
@click.option("--workers", default=1, show_default=True, help="Processes that draw pairs.")
@DEVICE
@ENGINE
@click.option("--state", type=PATH, help="Folder of the state to go on from.")
@click.option(
    "--states",
    type=PATH,
    help="Instead of --state: folder in which each training has one, named after its identity.",
)
@click.option("--out", required=True, type=PATH, help="Folder of outputs.")
def command(
    cell: str,
    settings: str,
    seed: int,
    start: Path | None,
    sets: Path | None,
    changes: str,
    indexes: Mapping[str, str],
    data: str,
    validation: str | None,
    validation_index: Path | None,
    threads: int,
    skip: int,
    workers: int,
    device: Device,
    state: Path | None,
    states: Path | None,
    out: Path,
) -> None:
    """Train a network offline; an interrupted training goes on from its state."""
    from dslt.train.processes import joined

    limit_threads(threads)
    where = f"training settings of cell {cell!r}"
    training = _offline_settings(parse_json(settings, where), where)
    scored = _validation_settings(validation, validation_index)
    found = changed_definitions(
        read_definitions(sets or config_file(TRAINING_SETS)),
        parse_json(changes, "--training-sets-definition"),
    )
    definitions = used_sets(found, training.pairs.sources, f"pairs.sources of cell {cell!r}")
    chosen = choose_device(device)
    identity = identify(
        training,
        seed,
        definitions,
        validation=None if scored is None else json.loads(canonical(scored)),
        validated_on=None if validation_index is None else sha256_file(validation_index),
        code=code_of_training(entry_of(training)),
        libraries=libraries(),
        frozen=asdict(frozen_networks()) if chosen == "cpu" else None,
        threads=threads,
        device=chosen,
        **({} if start is None else {"start": sha256_file(start)}),
        **hash_files(_named_files(training, definitions, indexes)),
    )
    folder = _state_folder(state, states, identity)
    with joined(chosen) as (processes, place):
        pairs = _open_pairs(training, seed, definitions, indexes, data)
        checks = None if scored is None else _validation(scored, training, validation_index)
        run = _make_run(
            training, seed, start, pairs, checks, folder, identity, processes, place, skip, cell
        )
        run.go(workers)
        run.finish(out, {"model_id": model_id(training, seed, definitions), **identity})
    if run.progress.skipped:
        click.echo(f"{cell}: {run.progress.skipped} steps were not finite: left out", err=True)
    for name, count in pairs.damaged.items():
        if count:
            click.echo(f"{cell}: {count} damaged views of {name} were replaced", err=True)


def _offline_settings(values: Any, where: str) -> OfflineNetworkTraining:
    """Read the settings of a training that `dslt train` can do."""
    parsed = parse_training(values, where)
    require(parsed, lambda entry: entry.offline, where, "learns on the first frame of a video")
    return cast(OfflineNetworkTraining, parsed)


def _validation_settings(text: str | None, index: Path | None) -> ValidationSettings | None:
    """Read the validation settings, if there are any; they and the index belong together."""
    found = None
    if text is not None:
        found = validate(ValidationSettings, parse_json(text, "--validation"), "--validation")
    named = found is not None and found.benchmark is not None
    if named != (index is not None):
        raise click.UsageError("expected --validation-index where --validation names a benchmark")
    return found


def _state_folder(state: Path | None, states: Path | None, identity: dict[str, Any]) -> Path:
    """Name the folder of this training's state."""
    if state is not None and states is None:
        return state
    if states is not None and state is None:
        return states / digest(canonical(identity))
    raise click.UsageError("expected one of --state and --states")


def _named_files(
    training: OfflineNetworkTraining, definitions: Mapping[str, Any], indexes: Mapping[str, str]
) -> dict[str, str | Path]:
    """Find the files that settings only name: indexes of training sets, weights of one's own."""
    from dslt.networks.backbones.weights import find_weights

    files: dict[str, str | Path] = {**own_indexes(definitions), **indexes}
    if training.backbone.own_file:
        files["weights"] = find_weights(training.backbone)
    return files


def _open_pairs(
    training: OfflineNetworkTraining,
    seed: int,
    definitions: dict[str, Any],
    indexes: Mapping[str, str],
    data: str,
) -> Any:
    """Open the training sets and make what is learnt from them."""
    from dslt.data.pairs.sets.open import open_sources

    entries = {name: parse_training_set(name, values) for name, values in definitions.items()}
    sources = open_sources(
        sorted(training.pairs.sources),
        entries,
        indexes={name: Path(path) for name, path in indexes.items()},
        data=data,
    )
    return entry_of(training).load("pairs")(training, sources, seed)


def _validation(
    settings: ValidationSettings, training: OfflineNetworkTraining, index: Path | None
) -> Validation:
    """Open the sequences on which the network is scored."""
    from dslt.data.benchmarks.index_file import load_index
    from dslt.train.validation import Validation

    return Validation(settings, training, None if index is None else load_index(index))


def _make_run(
    training: OfflineNetworkTraining,
    seed: int,
    start: Path | None,
    pairs: Any,
    validation: Validation | None,
    state: Path,
    identity: dict[str, Any],
    processes: Processes,
    device: str,
    skip: int,
    name: str,
) -> TrainingRun:
    """Put network, task and pairs together."""
    from dslt.networks.make import make_network
    from dslt.networks.saved import load_weights
    from dslt.train.run import TrainingRun
    from dslt.train.tasks import make_task
    from dslt.train.trainer import Trainer

    net = make_network(training, seed)
    if start is not None:
        load_weights(net, start, without=net.of_videos)
    net = net.to(device)
    trainer = Trainer(net, make_task(training), training.schedule, seed, processes)
    return TrainingRun(
        trainer,
        pairs,
        state,
        identity,
        validate=validation,
        skip=skip,
        name=f"{name} seed {seed}",
    )
