"""Pairs per second of a training: data alone, network alone, and both together.

    python speed/training.py
    python speed/training.py --preset siamrpn/pp_pysot --workers 14 --device cuda \
        --set "training.schedule.precision=mixed; training.backbone.weights=random"

`data` draws pairs in the workers and throws them away, `network` learns the same batch again and
again, `both` is the training's own loop. With one worker or more, `both` should be within 10 % of
the slower of the two, as long as there are at least as many cores as threads and workers.
Machines differ: compare the rows of one run.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import cast

import click
import torch

from dslt.core.definitions import TRAINING_SETS, config_file, read_definitions
from dslt.core.device import Device, choose_device, limit_threads
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.pairs.sets.open import open_sources
from dslt.networks.make import make_network
from dslt.settings.offline import OfflineNetworkTraining
from dslt.settings.registry import entry_of, parse_training
from dslt.study.cells import apply_overrides, load_presets
from dslt.train.batches import Batch, batches
from dslt.train.schedule import KeyBatches, Plan
from dslt.train.tasks import make_task
from dslt.train.trainer import Trainer

ROOT = Path(__file__).parents[1]
WARM_UP = 2  # steps that are not measured: caches, workers and buffers come into being


def training_of(preset: str, overrides: str) -> OfflineNetworkTraining:
    """Read the training settings of a preset, its pairs taken from the procedural source."""
    tracker, _, name = preset.partition("/")
    presets = load_presets(ROOT / "config" / "trackers" / f"{tracker}.yaml")
    values = apply_overrides(presets[name], overrides, preset)["training"]
    pairs = values["pairs"] | {"sources": {"procedural": 1000}}
    values = {"tracker": tracker, "training": values | {"pairs": pairs}}
    return cast(OfflineNetworkTraining, parse_training(values, preset))


class Bench:
    """One training whose parts are run apart and together."""

    def __init__(self, training: OfflineNetworkTraining, workers: int, device: str) -> None:
        self.training, self.workers = training, workers
        self.device = torch.device(device)
        definitions = read_definitions(config_file(TRAINING_SETS))
        sets = {
            name: parse_training_set(name, definitions[name]) for name in training.pairs.sources
        }
        self.sources = open_sources(sets, sets)
        net = make_network(training).to(self.device)
        self.trainer = Trainer(net, make_task(training), training.schedule, seed=0)
        self.trainer.begin(training.schedule.epochs - 1)  # all parts that are ever trained
        self.plan = Plan.of(
            training.schedule.model_copy(update={"epochs": 10**6}), training.pairs.per_epoch
        )

    def draw(self) -> Generator[Batch, None, None]:
        """Draw batches without end."""
        pairs = entry_of(self.training).load("pairs")(self.training, self.sources, seed=0)
        keys = KeyBatches(self.plan, 0, self.trainer.own)
        return batches(pairs, keys, self.workers, self.device)

    def data(self, seconds: float) -> float:
        """Draw, and do nothing."""
        with closing(self.draw()) as drawn:
            micro = self.plan.micro_batches
            return self.rate(lambda _: [next(drawn) for _ in range(micro)], seconds)

    def network(self, seconds: float) -> float:
        """Learn one batch again and again."""
        with closing(self.draw()) as drawn:
            same = itertools.repeat(next(drawn))
        return self.rate(lambda number: self.trainer.step(number, same), seconds)

    def both(self, seconds: float) -> float:
        """Draw and learn."""
        with closing(self.draw()) as drawn:
            return self.rate(lambda number: self.trainer.step(number, drawn), seconds)

    def rate(self, step: Callable[[int], object], seconds: float) -> float:
        """Call a step until the time is over; return pairs per second."""
        for number in range(WARM_UP):
            step(number)
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            step(WARM_UP + done)
            done += 1
        return done * self.plan.per_step / (time.perf_counter() - start)


@click.command()
@click.option("--preset", default="siamfc/lite", show_default=True)
@click.option("--set", "overrides", default="", help="Changes of its settings, a.b=c; d=e.")
@click.option("--threads", default=1, show_default=True)
@click.option("--workers", default=1, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--seconds", default=20.0, show_default=True, help="Of each measurement.")
@click.option("--rounds", default=1, show_default=True)
def main(
    preset: str,
    overrides: str,
    threads: int,
    workers: int,
    device: Device,
    seconds: float,
    rounds: int,
) -> None:
    """Measure data, network and both, in turn."""
    limit_threads(threads)
    training = training_of(preset, overrides)
    bench = Bench(training, workers, choose_device(device))
    for _ in range(rounds):
        rates = {
            "data": bench.data(seconds),
            "network": bench.network(seconds),
            "both": bench.both(seconds),
        }
        slower = min(rates["data"], rates["network"])
        click.echo(
            f"{preset}: "
            + ", ".join(f"{name} {rate:.1f} pairs/s" for name, rate in rates.items())
            + f"; both is {rates['both'] / slower:.2f} of the slower; {threads} threads, "
            f"{workers} workers, {bench.device}, {training.schedule.precision} precision"
        )


if __name__ == "__main__":
    main()
