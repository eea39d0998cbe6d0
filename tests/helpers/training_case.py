"""A tiny training for the tests of the loop, also as a process of its own.

    python training_case.py FOLDER [--schedule JSON] [--kill STEP | --kill-in-write STEP]

trains in FOLDER/state and writes to FOLDER/out; it can kill itself on the way. `--reduction mean
--reduction sum` trains in a folder for each. Under torchrun's environment variables several such
processes share the training.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from dslt.core.device import seeded
from dslt.data.pairs.dataset import Pair
from dslt.networks.backbones.spec import Pixels
from dslt.networks.siamese import SiameseNet, correlate
from dslt.networks.trunk import Trunk
from dslt.settings.offline import CropSettings, JitterSettings, ScheduleSettings
from dslt.train.processes import ALONE, Processes, joined
from dslt.train.run import Score, TrainingRun
from dslt.train.trainer import Trainer

TEMPLATE, SEARCH, PER_EPOCH = 31, 47, 9
STILL = JitterSettings(shift=0, scale=0, blur=0, color=0, flip=0)
CROPS = CropSettings(
    context=0.5,
    template=TEMPLATE,
    search=SEARCH,
    template_jitter=STILL,
    search_jitter=STILL,
)
SGD = {
    "momentum": 0.9,
    "weight_decay": 1e-3,
    "warmup": 1,
    "warmup_from": 0.01,
    "start": 0.05,
    "end": 0.01,
    "clip": 1.0,
}
# Nine pairs make two steps of two micro-batches of two; the ninth is left over.
SCHEDULE = {
    "epochs": 3,
    "batch": 2,
    "micro_batches": 2,
    "gradient_reduction": "mean",
    "unfreeze_epoch": 1,
    "unfreeze": ["layer2"],
    "backbone_rate": 0.5,
    "precision": "full",
    "sgd": SGD,
}


def schedule(sgd: dict[str, Any] | None = None, **changes: Any) -> ScheduleSettings:
    """The tiny schedule with changes."""
    return ScheduleSettings.model_validate(SCHEDULE | changes | {"sgd": SGD | (sgd or {})})


def _part(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=kernel), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class TinyNet(SiameseNet):
    """Two layers of stride 8 and a neck with dropout, whose draws must not depend on the past."""

    def __init__(self, seed: int = 0):
        with seeded(seed):
            parts = {"layer1": _part(3, 4, 8), "layer2": _part(4, 4, 1)}
            super().__init__(Trunk(parts, {"layer2": 4}, Pixels(std=(100.0,) * 3)), CROPS)
            self.neck = nn.Sequential(nn.Conv2d(4, 3, 1), nn.BatchNorm2d(3), nn.Dropout(0.2))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """Logits `(B, 1, 3, 3)`."""
        maps = (self.neck(self.backbone(images, ("layer2",))[0]) for images in (z, x))
        return correlate(*maps) + self.bias


class TinyTask:
    """Two terms; the second one is random, by the generator that it is given."""

    terms = ("first", "second")

    def loss(self, outputs: Tensor, batch: Pair, generator: torch.Generator) -> dict[str, Tensor]:
        wanted = batch.positive.float()[:, None, None, None].expand_as(outputs)
        first = nn.functional.binary_cross_entropy_with_logits(outputs, wanted)
        return {
            "first": first,
            "second": 0.1 * torch.rand((), generator=generator) * outputs.mean(),
        }


class TinyPairs:
    """Noise, a function of seed, epoch and index; `before` is called before each draw."""

    domains: tuple[str, ...] = ()

    def __init__(self, seed: int = 0, before: Callable[[int, int], None] | None = None):
        self.seed, self.before = seed, before

    def __len__(self) -> int:
        return PER_EPOCH

    def sample(self, epoch: int, index: int) -> Pair:
        if self.before is not None:
            self.before(epoch, index)
        random = np.random.default_rng([self.seed, epoch, index])

        def image(side: int) -> Tensor:
            return torch.from_numpy(random.uniform(0, 255, (3, side, side)).astype(np.float32))

        box = torch.tensor([10.0, 10.0, 20.0, 20.0])
        return Pair(image(TEMPLATE), image(SEARCH), box, torch.tensor(index % 2 == 0))


def validate(net: SiameseNet, epoch: int) -> Iterator[Score]:
    """Something that depends on all weights, in evaluation mode as the trackers do it."""
    net.eval()
    total = sum(float(value.double().abs().sum()) for value in net.state_dict().values())
    for name in ("one", "two"):
        yield Score(name, f"video {name}", total / 1000)


def make_run(folder: Path, **given: Any) -> TrainingRun:
    """A run in `folder`; `given` may hold net, task, schedule, pairs, processes, identity, ..."""
    trainer = Trainer(
        given.pop("net", None) or TinyNet(),
        given.pop("task", TinyTask()),
        given.pop("schedule", schedule()),
        seed=3,
        processes=given.pop("processes", ALONE),
    )
    pairs, identity = given.pop("pairs", TinyPairs()), given.pop("identity", {"seed": 3})
    return TrainingRun(trainer, pairs, folder, identity, **({"validate": validate} | given))


def train(folder: Path, workers: int = 0, **given: Any) -> TrainingRun:
    """Train to the end and write the outputs."""
    run = make_run(folder / "state", **given)
    run.go(workers)
    run.finish(folder / "out", {"name": "tiny"})
    return run


def outputs(folder: Path) -> dict[str, bytes]:
    """The outputs that do not hold times."""
    names = ("model.pt", "model.json", "log.csv", "validation.csv")
    return {name: (folder / "out" / name).read_bytes() for name in names}


def _kill_at(step: int) -> Callable[[int, int], None]:
    """Kill this process where the first pair of a step is drawn."""

    def before(epoch: int, index: int) -> None:
        if epoch * 2 + index // 4 == step and index < 8:
            os.kill(os.getpid(), signal.SIGKILL)

    return before


def _kill_in_write(step: int) -> None:
    """Kill this process with half of the state of a step written."""
    whole = torch.save

    def half(content: Any, path: Any) -> None:
        whole(content, path)
        if isinstance(path, Path) and json.loads(content["progress"])["step"] == step:
            with path.open("r+b") as file:
                file.truncate(path.stat().st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    torch.save = half


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--schedule", type=json.loads, default={})
    parser.add_argument("--reduction", action="append", default=[])
    parser.add_argument("--kill", type=int, default=-1)
    parser.add_argument("--kill-in-write", type=int, default=-1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    _kill_in_write(options.kill_in_write)
    with joined("cpu") as (processes, _):
        assert isinstance(processes, Processes)
        for reduction in options.reduction or [""]:
            changes = {"gradient_reduction": reduction} if reduction else {}
            train(
                options.folder / reduction,
                pairs=TinyPairs(before=_kill_at(options.kill)),
                schedule=schedule(**options.schedule, **changes),
                processes=processes,
                save_every=0,
            )


if __name__ == "__main__":
    main()
