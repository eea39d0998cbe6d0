"""The parts of `gpu.py`: what each measures, in its own process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from equality import BOUNDS, SAME, compare
from streams import (
    jpeg_videos,
    lockstep_speed,
    many_targets,
    rounded,
    run_together,
    stream_speed,
)
from training import Bench, training_of

from dslt.data.sequences.target import Target
from dslt.networks.make import make_network
from dslt.settings.tracker import TrackerSettings
from dslt.study.cells import resolve_settings
from dslt.track.lockstep import SIZE
from dslt.track.one_pass import run_tracker
from dslt.trackers.make import make_lanes, start_tracker
from dslt.trackers.stream import StreamTracker

ROOT = Path(__file__).parents[1]
Note = Callable[[str, object], None]
"""Takes the name of a figure and its value, as soon as it is known."""
Preset = tuple[str, str]
"""A preset, and what is changed in it."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured, and of what.

    Attributes:
        dslt: The regression tracker.
        siamese: The tracker without learning on the video.
        training: What is trained offline.
        rtmdnet: The tracker whose backbone is trained, and that learns on the video as well.
        frames: Frames of a stream, and of each sequence in lockstep.
        lanes: Sequences in lockstep.
        starts: First frames that are learnt.
        compared: Procedural and textured sequences that are run both ways, and their frames.
        workers: Processes that draw pairs.
        seconds: Of each measurement of the training.
    """

    dslt: Preset
    siamese: Preset
    training: Preset
    rtmdnet: Preset
    frames: tuple[int, int]
    lanes: int
    starts: int
    compared: tuple[int, int, int]
    workers: int
    seconds: float


RANDOM = "training.backbone.weights=random"
FULL = Sizes(
    dslt=("dslt/paper", f"training.backbone.name=resnet50; {RANDOM}"),
    siamese=("siamrpn/paper", RANDOM),
    training=("siamrpn/pp_paper", f"training.schedule.precision=mixed; {RANDOM}"),
    rtmdnet=("rtmdnet/paper", RANDOM),
    frames=(60, 41),
    lanes=64,
    starts=100,
    compared=(16, 8, 40),
    workers=14,
    seconds=25,
)
DRY = Sizes(
    dslt=("dslt/lite", f"training.iterations=2; {RANDOM}"),
    siamese=("siamfc/lite", RANDOM),
    training=("siamfc/lite", f"training.schedule.batch=2; {RANDOM}"),
    rtmdnet=("rtmdnet/lite", f"tracking.first.iterations=1; tracking.update.every=0; {RANDOM}"),
    frames=(3, 3),
    lanes=2,
    starts=2,
    compared=(2, 0, 3),
    workers=0,
    seconds=0.01,
)


def one_stream(sizes: Sizes, device: str, note: Note) -> None:
    """One sequence by itself, exactly and by CUDA graphs."""
    settings = settings_of(sizes.dslt)
    exact = start_tracker(settings, None, device=device)
    note("exact", stream_speed(exact, sizes.frames[0]).model_dump())
    graphs = StreamTracker(make_lanes(settings, None, device=device))
    note("graphs", stream_speed(graphs, sizes.frames[0]).model_dump())


def first_frames(sizes: Sizes, device: str, note: Note) -> None:
    """First frames of many sequences, learnt together; decoding included."""
    maker = make_lanes(settings_of(sizes.dslt), None, device=device)
    targets = many_targets(sizes.starts, 1)
    note("kinds", len({maker.kind(one.initial_box) for one in targets}))
    start = time.perf_counter()
    run_together(maker, SIZE[device], targets, sizes.lanes)
    note("seconds", rounded(time.perf_counter() - start))


def lockstep(sizes: Sizes, device: str, note: Note) -> None:
    """The regression tracker, many sequences together."""
    maker = make_lanes(settings_of(sizes.dslt), None, device=device)
    targets = many_targets(sizes.lanes, sizes.frames[1])
    note("kinds", len({maker.kind(one.initial_box) for one in targets}))
    note("lockstep", lockstep_speed(maker, device, targets).model_dump())


def siamese(sizes: Sizes, device: str, note: Note) -> None:
    """The Siamese tracker: one stream both ways, and many sequences together."""
    settings = settings_of(sizes.siamese)
    assert settings.learnt
    net = make_network(settings.learnt)
    note(
        "exact",
        stream_speed(start_tracker(settings, net, device=device), sizes.frames[0]).model_dump(),
    )
    maker = make_lanes(settings, net, device=device)
    note("graphs", stream_speed(StreamTracker(maker), sizes.frames[0]).model_dump())
    targets = many_targets(sizes.lanes, sizes.frames[1])
    note("lockstep", lockstep_speed(maker, device, targets).model_dump())


def training(sizes: Sizes, device: str, note: Note) -> None:
    """Pairs per second of a training: the network alone, with its loader, and the loader alone."""
    bench = Bench(training_of(*sizes.training), sizes.workers, device)
    network = bench.network(sizes.seconds)
    note("network", rounded(network))
    both = bench.both(sizes.seconds)
    note("both", rounded(both))
    note("part", rounded(both / network))
    note("data", rounded(bench.data(sizes.seconds)))


def rtmdnet(sizes: Sizes, device: str, note: Note) -> None:
    """RT-MDNet: pairs per second of its training, one sequence by itself, and a few together."""
    one_micro = "training.schedule.micro_batches=1"
    preset, changes = sizes.rtmdnet
    bench = Bench(training_of(preset, f"{changes}; {one_micro}"), 0, device)
    note("pairs", rounded(bench.network(sizes.seconds / 4)))
    settings = settings_of(sizes.rtmdnet)
    assert settings.learnt
    net = make_network(settings.learnt).eval()
    tracker = start_tracker(settings, net, device=device)
    note("exact", stream_speed(tracker, min(sizes.frames[0], 20)).model_dump())
    # Its targets learn one after the other, so a block of lanes tells what more would.
    targets = many_targets(min(sizes.lanes, SIZE["cuda"]), min(sizes.frames[1], 20))
    note(
        "lockstep",
        lockstep_speed(make_lanes(settings, net, device=device), device, targets).model_dump(),
    )


def equality(sizes: Sizes, device: str, note: Note) -> None:
    """How far lockstep is from the exact path; `docs/deviations.md` says how far it may be."""
    settings = settings_of(sizes.dslt)
    videos = jpeg_videos(*sizes.compared)
    maker = make_lanes(settings, None, device=device)
    together = run_together(maker, SIZE[device], videos, sizes.lanes)
    exact = []
    for one in videos:
        tracker = start_tracker(settings, None, device=device)
        exact.append(run_tracker(tracker, one.frames, one.initial_box, one.name))
    boxes, others = ([run.boxes for run in way] for way in (together, exact))
    targets = [Target(one.ground_truth, (), one.video) for one in videos]
    apart = compare(boxes, others, targets)
    note("same", rounded(apart.same))
    note("exact_auc", rounded(apart.auc))
    note("difference", rounded(apart.difference.value))
    if apart.farthest is not None:
        note("interval", [rounded(end) for end in apart.difference.ends() if end is not None])
        note("farthest", rounded(apart.farthest))


def settings_of(preset: Preset) -> TrackerSettings:
    """Resolve the settings of a preset."""
    return resolve_settings(*preset, ROOT / "config" / "trackers", preset[0])


@dataclass(frozen=True)
class Bar:
    """What has to be reached.

    Attributes:
        title: What it is of.
        part: Part that measures it.
        figure: Path of the figure in what the part finds.
        unit: Its unit.
        bar: The bar.
        least: Whether the figure has to be at least the bar; else at most, whatever its sign.
    """

    title: str
    part: str
    figure: tuple[str, ...]
    unit: str
    bar: float
    least: bool = True

    def reached(self, value: float) -> bool:
        """Tell whether a value will do."""
        return value >= self.bar if self.least else abs(value) <= self.bar


PARTS: Mapping[str, tuple[Callable[[Sizes, str, Note], None], float]] = {
    "one stream": (one_stream, 90),
    "first frames": (first_frames, 60),
    "lockstep": (lockstep, 130),
    "SiamRPN": (siamese, 80),
    "training": (training, 120),
    "RT-MDNet": (rtmdnet, 60),
    "equality": (equality, 150),
}
"""What measures each part, and for how many seconds at most."""
BARS = (
    Bar("DSLT*, one stream", "one stream", ("graphs", "frames"), "frames/s", 100),
    Bar("DSLT*, first frames of 100", "first frames", ("seconds",), "s", 10, least=False),
    Bar("DSLT*, lockstep", "lockstep", ("lockstep", "frames"), "frames/s", 600),
    Bar("SiamRPN, lockstep", "SiamRPN", ("lockstep", "frames"), "frames/s", 2000),
    Bar("SiamRPN++, mixed: with its loader / alone", "training", ("part",), "", 0.9),
    *(
        Bar(f"DSLT*: {title}", "equality", (figure,), unit, getattr(BOUNDS[True], figure), least)
        for figure, title, unit, least in (
            ("same", f"boxes with overlap > {SAME}", "%", True),
            ("difference", "difference of AUC", "points", False),
            ("farthest", "far end of its interval", "points", False),
        )
    ),
)


def entry_of_speeds(found: Mapping[str, Mapping[str, Any]], sizes: Sizes) -> dict[str, Any]:
    """Make networks of an entry of config/speeds.yaml from what the parts found."""
    networks: dict[str, Any] = {}
    tracked = (
        (sizes.dslt, ("one stream", "lockstep")),
        (sizes.siamese, ("SiamRPN",)),
        (sizes.rtmdnet, ("RT-MDNet",)),
    )
    for preset, names in tracked:
        figures = {key: value for name in names for key, value in found.get(name, {}).items()}
        ways = {way: figures[way] for way in ("graphs", "lockstep") if way in figures}
        if values := figures.get("exact", {}) | ways:
            networks[settings_of(preset).speed_name] = {"preset": preset[0], **values}
    for preset, part, figure in (
        (sizes.training, "training", "network"),
        (sizes.rtmdnet, "RT-MDNet", "pairs"),
    ):
        trained = settings_of(preset)
        if pairs := found.get(part, {}).get(figure):
            assert trained.learnt
            precision = trained.learnt.schedule.precision  # type: ignore[attr-defined]
            values = {"preset": preset[0], "pairs": pairs, "precision": precision}
            networks.setdefault(trained.speed_name, {}).update(values)
    return networks
