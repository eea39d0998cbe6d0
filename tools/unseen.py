"""What RT-MDNet learns offline is worth on videos without any photograph of the training.

    python tools/unseen.py networks --out FOLDER
    python tools/unseen.py boxes

Both make procedural videos of the photographs that no training video shows, those of the benchmark
`synthetic` among them; nothing is chosen by them. Sequences whose targets are cut from the same
photograph count as one video.

`networks`, in a folder where `snakemake track` has run, scores the trained networks of the default
study's cells and their own untrained starts, as the validation of their training does, and prints
the rise of each cell with its interval over videos and seeds. It leaves validation records, which
`dslt compare training` reads, too.

`boxes` learns the box regression on first frames, moves noisy boxes of later frames by it, and
prints their mean overlap with the target before and after.
"""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path
from typing import cast

import click
import numpy as np
import torch
import yaml

from dslt.commands.options import Decorator
from dslt.compare.intervals import interval_of_difference
from dslt.compare.ratios import RatioSums
from dslt.compare.training import COLUMNS, gains
from dslt.core.arrays import Floats
from dslt.core.device import limit_threads
from dslt.core.files import atomic_write
from dslt.data.pairs.heldout import WorldFrames
from dslt.data.pairs.sampling import generator
from dslt.data.sequences.frames import Sequence
from dslt.data.synthetic.photographs import PHOTOS, TRAINING
from dslt.data.synthetic.worlds import make_world
from dslt.geometry.boxes import Box, Boxes, iou
from dslt.geometry.samples import make_scene
from dslt.geometry.squares import mean_color, padded_crop, to_batch
from dslt.networks.base import TrainedNet
from dslt.networks.make import make_network
from dslt.networks.rtmdnet import RtmdNet
from dslt.networks.saved import read_model
from dslt.score.validation import COLUMNS as RECORD
from dslt.score.validation import read_validations
from dslt.settings.offline import OfflineNetworkTraining
from dslt.settings.rtmdnet import RtmdNetSettings
from dslt.settings.validation import ValidationSettings
from dslt.study.cells import resolve_settings
from dslt.study.load import load_study
from dslt.study.paths import MODEL
from dslt.trackers.rtmdnet import RtmdNetTracker
from dslt.train.validation import Validation

UNSEEN = tuple(sorted(set(PHOTOS) - set(TRAINING)))
STREAM = 2  # second word of the seeds; training and validation videos have 0 and 1
STEP = 3  # every third frame of a video, as in the validation
NOISE = (0.03, 0.06, 0.12)  # standard deviations of a noisy box, parts of the target's sides
BOXES = 60  # noisy boxes of a frame
CELLS = ("rtmdnet_shrinkage", "rtmdnet_bce", "rtmdnet_focal")
WORLDS = click.option("--worlds", default=2 * len(UNSEEN), show_default=True, help="Videos.")
FRAMES = click.option("--frames", default=30, show_default=True, help="Of each video.")


def seeds_option(default: tuple[int, ...]) -> Decorator:
    """Make the option of seeds."""
    return click.option(
        "--seed", "seeds", multiple=True, type=int, default=default, show_default=True
    )


def unseen(worlds: int, frames: int, seed: int = 0) -> list[Sequence]:
    """Make videos whose photographs are in no training video, their targets' in turn."""
    numbers = range(0, STEP * frames, STEP)
    made = []
    for number in range(worlds):
        photo = UNSEEN[number % len(UNSEEN)]
        world = make_world(generator(seed, STREAM, number), UNSEEN, (photo,))
        boxes = world.boxes(np.array(numbers))
        video = photo.removesuffix("_left").removesuffix("_right")  # two views of one motorcycle
        made.append(
            Sequence(f"unseen-{number:02d}", WorldFrames(world, numbers), boxes, video=video)
        )
    return made


@click.group()
def main() -> None:
    """Measure RT-MDNet on videos without any photograph of its training."""
    limit_threads(1)


@main.command()
@click.option("--cell", "cells", multiple=True, default=CELLS, show_default=True)
@seeds_option((0, 1, 2, 3, 4))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of records.")
@WORLDS
@FRAMES
def networks(
    cells: tuple[str, ...], seeds: tuple[int, ...], out: Path, worlds: int, frames: int
) -> None:
    """Compare trained networks with their untrained starts."""
    study = load_study(yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8")))
    videos = unseen(worlds, frames)
    starts: dict[str, list[float]] = {}  # equal starts, of losses with one seed, are scored once
    specs = []
    for seed in seeds:
        for cell in cells:
            training = cast(OfflineNetworkTraining, study.cells[cell].offline)
            values = json.loads(study.offline[cell].validation)
            validation = Validation(ValidationSettings.model_validate(values), training)
            validation.sequences = videos
            start = make_network(training, seed)
            key = _digest(start)
            if key not in starts:
                starts[key] = _scores(validation, start, 0)
            path = Path(MODEL.format(cell=study.trained_as[cell], seed=seed))
            end = _scores(validation, read_model(path, training), validation.last)
            record = out / f"{cell}-seed{seed}.csv"
            _write(record, videos, {0: starts[key], validation.last: end})
            specs.append(f"{cell}@{seed}={record}")
            click.echo(f"{record}: {np.mean(starts[key]):.4f} -> {np.mean(end):.4f}")
    for row in gains(read_validations(specs)):
        click.echo(", ".join(f"{name} {row[name]}" for name in COLUMNS))


def _scores(validation: Validation, net: TrainedNet, epoch: int) -> list[float]:
    """Score a network on each video, success AUC in [0, 1]."""
    return [one.success_auc for one in validation(net.eval(), epoch)]


def _digest(net: TrainedNet) -> str:
    """Hash the weights of a network."""
    found = hashlib.sha256()
    for name, value in net.state_dict().items():
        found.update(name.encode() + value.numpy().tobytes())
    return found.hexdigest()


def _write(path: Path, videos: list[Sequence], scores: dict[int, list[float]]) -> None:
    """Write a validation record."""
    rows = [
        (epoch, one.name, one.video, f"{value:.6f}")
        for epoch, values in scores.items()
        for one, value in zip(videos, values, strict=True)
    ]
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([RECORD, *rows])


@main.command()
@click.option("--preset", default="rtmdnet/lite", show_default=True)
@seeds_option((0, 1, 2))
@WORLDS
@FRAMES
def boxes(preset: str, seeds: tuple[int, ...], worlds: int, frames: int) -> None:
    """Measure the overlap of noisy boxes before and after box regression."""
    settings = resolve_settings(preset, "", Path("config/trackers"), "--preset")
    assert isinstance(settings, RtmdNetSettings)
    net = cast(RtmdNet, make_network(settings.training))  # its features do not learn
    videos = unseen(worlds, frames)
    overlaps = np.array(
        [[_moved(settings, net, video, seed) for seed in seeds] for video in videos]
    )  # (V, S, noises, 2)
    names = [one.video for one in videos]
    for which, noise in enumerate(NOISE):
        before, after = (RatioSums.of_means(overlaps[:, :, which, k]) for k in (0, 1))
        gap = interval_of_difference(after, before, names, paired_seeds=True)
        click.echo(
            f"noise {noise:g} of the sides: mean overlap {before.value():.4f} -> "
            f"{after.value():.4f}, gain {gap.value:.4f} [{gap.low}, {gap.high}]; "
            f"{len(names)} videos of {gap.videos} photographs, {len(seeds)} seeds"
        )


def _moved(settings: RtmdNetSettings, net: RtmdNet, video: Sequence, seed: int) -> Floats:
    """Return, for each noise, the mean overlap `(noises, 2)` of boxes before and after."""
    tracker = RtmdNetTracker(settings, net, seed)
    tracker.initialize(video.frames[0], video.initial_box)
    assert tracker.regression is not None
    random = generator(seed)
    found = []
    for index in range(1, len(video.frames)):
        truth = video.ground_truth[index]
        shifts = np.concatenate([n * random.standard_normal((BOXES, 4)) for n in NOISE])
        drawn = truth + shifts * np.tile(truth[2:], 2)
        moved = tracker.regression(_features(settings, net, video, index, drawn), drawn)
        found.append([iou(one, truth).reshape(len(NOISE), BOXES) for one in (drawn, moved)])
    means: Floats = np.array(found).mean(axis=(0, 3)).T
    return means


@torch.no_grad()
def _features(
    settings: RtmdNetSettings, net: RtmdNet, video: Sequence, index: int, drawn: Boxes
) -> torch.Tensor:
    """Take the features `(N, D)` of boxes of a frame, in a scene about the target."""
    frame, truth = video.frames[index], cast(Box, video.ground_truth[index])
    size = (frame.shape[1], frame.shape[0])
    scene = make_scene(settings.tracking.scene, truth, size, drawn, settings.training.head.padding)
    patch = padded_crop(frame, scene.region, mean_color(frame))
    placed = torch.from_numpy(scene.place(drawn).astype(np.float32))
    maps = net.maps(to_batch([patch], torch.device("cpu")))
    return net.features(maps, placed, torch.zeros(len(placed), dtype=torch.long))


if __name__ == "__main__":
    main()
