"""Every tracker with lanes against itself, one by one, on made-up videos."""

from __future__ import annotations

from functools import cached_property, partial
from itertools import permutations
from typing import Any

import numpy as np
import pytest
import torch

from dslt.core.device import arithmetic_of_gpu
from dslt.geometry.boxes import iou
from dslt.networks.make import make_network
from dslt.settings.registry import TRACKERS, entry_of
from dslt.study.cells import resolve_settings
from dslt.track.lockstep import SequenceJob, run_lockstep
from dslt.track.one_pass import TrackerRun, one_pass, run_tracker
from dslt.track.team import Team
from dslt.trackers.base import Prediction
from dslt.trackers.lanes import Start
from dslt.trackers.make import start_tracker
from dslt.trackers.rtmdnet_lanes import RtmdNetLanes
from places import ROOT

RANDOM = "training.backbone.weights=random"
TINY = "training.iterations=4; training.patch.target_side=24; training.patch.min_side=100"
SMALL = "training.crops.search=143; tracking.instance=143"
FEW = (
    "tracking.scene.side=160; tracking.first.positives=40; tracking.first.negatives=120;"
    " tracking.first.iterations=3; tracking.box.count=60; tracking.update.every=2;"
    " training.head.hidden=32"
)
LOSSES = ("l2", "l3", "ohnm", "released")
CASES = {
    "dslt lite": ("dslt/lite", TINY),
    "dslt paper": ("dslt/paper", TINY),
    "dslt released": ("dslt/released", TINY),
    "dslt_mul": ("dslt/lite", f"{TINY}; training.head.fuse=false"),
    **{f"dslt {name}": ("dslt/lite", f"{TINY}; training.loss.name={name}") for name in LOSSES},
    "siamfc light": ("siamfc/lite", SMALL),
    "siamfc": ("siamfc/paper", f"{RANDOM}; {SMALL}"),
    "siamrpn": ("siamrpn/pysot", f"{RANDOM}; {SMALL}"),
    "siamrpn++": ("siamrpn/pp_pysot", f"{RANDOM}; {SMALL}"),
    "rtmdnet light": ("rtmdnet/lite", FEW),
    "rtmdnet": ("rtmdnet/paper", f"{RANDOM}; {FEW}"),
}


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def video(count: int, speed: tuple[int, int], size: tuple[int, int]) -> tuple[Any, Any]:
    """A textured box that moves over a textured background; frames and first box."""
    random = np.random.default_rng(count)
    low = random.integers(0, 256, (24, 32, 3), np.uint8)
    scene = np.repeat(np.repeat(low, 5, axis=0), 5, axis=1) // 2
    target = np.repeat(np.repeat(random.integers(0, 256, (8, 8, 3), np.uint8), 4, 0), 4, 1)
    target = target[: size[1], : size[0]]
    frames = []
    for number in range(count):
        x, y = 60 + speed[0] * number, 45 + speed[1] * number
        frame = scene.copy()
        frame[y : y + size[1], x : x + size[0]] = target
        frames.append(frame)
    return frames, np.array([60.0, 45, *size])


VIDEOS = {
    "a": video(4, (2, 1), (28, 28)),
    "b": video(3, (-2, 2), (28, 28)),
    "c": video(2, (3, 0), (32, 20)),
}


class Case:
    """A tracker's settings and network, and what it finds one by one."""

    def __init__(self, base: str, overrides: str) -> None:
        self.settings = resolve_settings(base, overrides, ROOT / "config" / "trackers", "test")
        entry = entry_of(self.settings)
        net = make_network(self.settings.learnt, 0) if entry.offline else None
        self.alone = {
            name: run_tracker(start_tracker(self.settings, net), frames, box, name)
            for name, (frames, box) in VIDEOS.items()
        }
        options = {"net": net} if entry.offline else {}
        self.maker = partial(entry.load("lanes"), self.settings, **options)

    def together(
        self, names: Any = VIDEOS, lanes: int = 3, size: int = 1, **more: Any
    ) -> dict[str, TrackerRun]:
        jobs = [
            SequenceJob(name, partial(one_pass, *VIDEOS[name], name), VIDEOS[name][1], lanes)
            for name in names
        ]
        found = dict(run_lockstep(jobs, Team(self.maker(**more), size), lanes))
        assert sorted(found) == sorted(names)
        return found  # type: ignore[return-value]

    @cached_property
    def on_cpu(self) -> dict[str, TrackerRun]:
        return self.together()

    @cached_property
    def as_on_gpu(self) -> dict[str, TrackerRun]:
        """A GPU's arithmetic cuts, stacks and folds by itself."""
        with arithmetic_of_gpu():
            return self.together(size=2)


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return Case(*CASES[request.param])


def test_every_tracker_with_lanes_is_tested() -> None:
    assert {base.split("/")[0] for base, _ in CASES.values()} == {
        name for name, entry in TRACKERS.items() if entry.lanes
    }


@pytest.mark.parametrize("gpu", [False, True], ids=["CPU's arithmetic", "GPU's arithmetic"])
def test_lockstep_finds_what_one_by_one_finds(case: Case, gpu: bool) -> None:
    """But for rounding."""
    found = case.as_on_gpu if gpu else case.on_cpu
    for name, alone in case.alone.items():
        overlap = iou(found[name].boxes, alone.boxes)
        assert overlap.min() > 0.999
        assert overlap.mean() > 0.95
        scores = np.stack([found[name].scores[1:], alone.scores[1:]])
        assert np.ptp(scores, axis=0).max() < 1e-3
        loss, wanted = found[name].record.loss, alone.record.loss
        assert len(loss) == len(wanted)
        assert np.allclose(loss, wanted, rtol=1e-3, atol=1e-4)


def test_neither_order_nor_company_decides(case: Case) -> None:
    reference = case.on_cpu
    for lanes, names in enumerate(list(permutations(VIDEOS))[1:3], start=1):
        found = case.together(names, lanes)
        for name, run in reference.items():
            assert np.array_equal(found[name].boxes, run.boxes)
            assert np.array_equal(found[name].scores, run.scores, equal_nan=True)
            assert found[name].record == run.record
    alone = case.together(["b"], 1)["b"]
    assert np.array_equal(alone.boxes, reference["b"].boxes)


def test_company_decides_nothing_in_the_arithmetic_of_a_gpu(case: Case) -> None:
    with arithmetic_of_gpu():
        alone = case.together(["b"], 1, size=2)["b"]
    reference = case.as_on_gpu["b"]
    assert np.array_equal(alone.boxes, reference.boxes)
    assert np.array_equal(alone.scores, reference.scores, equal_nan=True)


@pytest.mark.parametrize(
    ("base", "overrides"),
    [
        ("dslt/lite", f"{TINY}; tracking.update.every=3"),
        CASES["siamfc light"],
        CASES["siamrpn"],
        CASES["rtmdnet light"],
    ],
)
def test_a_target_that_moves_to_another_block_goes_on(base: str, overrides: str) -> None:
    case = Case(base, overrides)
    videos = {n: video(8 + n, (n % 3 - 1, n % 2), (28, 28)) for n in range(4)}
    begins, ends = {0: 0, 1: 0, 2: 1, 3: 1}, {0: 7, 1: 3, 2: 8, 3: 3}

    def follow(numbers: Any) -> dict[tuple[int, int], Any]:
        team, found = Team(case.maker(), 2), {}
        for tick in range(9):
            running = [n for n in numbers if begins[n] < tick <= ends[n]]
            answers = team.update({n: videos[n][0][tick - begins[n]] for n in running})
            found |= {(n, tick): [*a.box, a.score] for n, a in answers.items()}  # type: ignore[union-attr]
            new = [n for n in numbers if begins[n] == tick]
            team.start({n: Start(videos[n][0][0], videos[n][1]) for n in new})
            blocks.append(len(team.blocks))
        return found

    blocks: list[int] = []
    with arithmetic_of_gpu():
        together = follow(range(4))
        assert blocks == [1, 2, 2, 2, 1, 1, 1, 1, 1]
        for number in range(4):
            for place, answer in follow([number]).items():
                assert np.array_equal(answer, together[place]), place


def test_coarse_patches_bring_more_targets_together() -> None:
    case = Case(*CASES["dslt lite"])
    exact, coarse = case.maker(), case.maker(coarse=True)
    boxes = [np.array([0, 0, 40.0 * zoom, 40 / zoom]) for zoom in np.linspace(0.7, 1.4, 15)]
    kinds = [len({maker.kind(box) for box in boxes}) for maker in (exact, coarse)]
    assert kinds[1] < kinds[0]
    with arithmetic_of_gpu():
        found = case.together(size=2, coarse=True)
    for name, alone in case.alone.items():
        assert iou(found[name].boxes, alone.boxes).min() > 0.6


def test_a_broken_classifier_ends_its_own_target_only() -> None:
    maker = Case(*CASES["rtmdnet light"]).maker()
    team = Team(maker, 2)
    team.start({n: Start(VIDEOS[name][0][0], VIDEOS[name][1]) for n, name in enumerate("ab")})
    lanes = team.blocks[0].lanes
    assert isinstance(lanes, RtmdNetLanes)
    with torch.no_grad():
        for weights in lanes.trackers[0].classifier.layers.parameters():
            weights.fill_(torch.nan)
    answers = team.update({n: VIDEOS[name][0][1] for n, name in enumerate("ab")})
    assert "RT-MDNet: the scores hold nan" in str(answers[0])
    assert isinstance(answers[1], Prediction)
    assert list(team.places) == [1]
