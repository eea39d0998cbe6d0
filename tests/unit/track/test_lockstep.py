"""The driver of lockstep, with the tracker of docs/extend.md: lanes, failures, restarts, a kill."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from dslt.core.errors import DsltError
from dslt.settings.protocols import VotProtocol, load_protocols
from dslt.study.cells import resolve_settings
from dslt.track import lockstep
from dslt.track.lockstep import SequenceJob, choose_lanes, run_lockstep
from dslt.track.one_pass import alone, one_pass
from dslt.track.supervised import supervised
from dslt.track.team import Team
from dslt.trackers import make
from dslt.trackers.base import Prediction, TrainingRecord
from dslt.trackers.lanes import Start
from places import ROOT

FRAME = np.zeros((40, 60, 3), np.uint8)
BOX = np.array([10.0, 12, 8, 6])


def moved(x: float, wider: float = 0) -> Any:
    return BOX + np.array([x, 0, wider, 0])


class Plain:
    """Settings of the guide's tracker."""

    confidence = 0.5


def guide() -> dict[str, Any]:
    text = (ROOT / "docs" / "extend.md").read_text(encoding="utf-8")
    part = text.split("## A tracker in lockstep")[1]
    found = re.search(r"```python\n(.*?)```", part, re.DOTALL)
    assert found
    names: dict[str, Any] = {}
    exec(found[1], names)
    return names


GUIDE = guide()


class Maker(GUIDE["StillMaker"]):  # type: ignore[misc]
    """The guide's, with a kind for each width of box, and lanes that say what they see."""

    def __init__(self) -> None:
        super().__init__(Plain())
        self.made: list[Any] = []

    def kind(self, box: Any) -> Any:
        return float(box[2])

    def make(self, kind: Any, size: int) -> Any:
        made = self

        class Lanes(GUIDE["StillLanes"]):  # type: ignore[misc]
            def __init__(self, *options: Any) -> None:
                super().__init__(*options)
                self.room = self.state.pop("boxes")

            def begin(self, starts: Any) -> None:
                if any(start.box[0] < 0 for start in starts.values()):
                    raise DsltError("a box that cannot be learnt")
                self.state["boxes"] = self.room  # as those that do not know its shape before
                super().begin(starts)
                for lane in starts:
                    self.records[lane] = TrainingRecord(loss=[float(starts[lane].box[0])])

            def load(self, frames: Any) -> bool:
                made.made.append((kind, sorted(frames)))
                return bool(super().load(frames))

        return Lanes(Plain(), size, torch.device("cpu"))


class Broken(list):
    """Frames, one of which cannot be read."""

    def __init__(self, count: int, bad: int) -> None:
        super().__init__([FRAME] * count)
        self.bad = bad

    def __getitem__(self, index: Any) -> Any:
        if index == self.bad:
            raise DsltError(f"{index}.jpg: unreadable")
        return super().__getitem__(index)


def job(name: str, count: int, box: Any = BOX, bad: int = -1) -> SequenceJob[Any]:
    box = np.array(box, float)
    return SequenceJob(name, partial(one_pass, Broken(count, bad), box, name), box, count)


def run(jobs: list[SequenceJob[Any]], lanes: int, size: int = 2) -> dict[str, Any]:
    return dict(run_lockstep(jobs, Team(Maker(), size), lanes))


@pytest.mark.parametrize("lanes", [1, 2, 3, 10])
@pytest.mark.parametrize("size", [1, 2, 4])
def test_every_sequence_is_followed_to_its_end(lanes: int, size: int) -> None:
    boxes = [moved(number, number % 2) for number in range(7)]
    counts = [1, 5, 3, 4, 1, 2, 6]
    jobs = [
        job(f"s{i}", count, box) for i, (count, box) in enumerate(zip(counts, boxes, strict=True))
    ]
    done = run(jobs, lanes, size)
    assert sorted(done) == [f"s{i}" for i in range(7)]
    for number, (count, box) in enumerate(zip(counts, boxes, strict=True)):
        found = done[f"s{number}"]
        assert np.array_equal(found.boxes, np.tile(box, (count, 1)))
        assert np.isnan(found.scores[0])
        assert (found.scores[1:] == 0.5).all()
        assert (found.seconds > 0).all()
        assert found.record.loss == [box[0]]


def test_lanes_are_filled_again_and_never_more_than_asked_for() -> None:
    maker = Maker()
    jobs = [job(f"s{number}", 3 + number) for number in range(5)]
    dict(run_lockstep(jobs, Team(maker, 4), 2))
    counts = [len(lanes) for _, lanes in maker.made]
    assert max(counts) == 2
    assert sum(counts) == 6 + 5 + 4 + 3 + 2
    assert counts.count(1) <= 5, "while the other one starts, and at the end"


def test_blocks_that_fit_into_one_become_one() -> None:
    team = Team(Maker(), 2)
    starts = {n: Start(FRAME, moved(n)) for n in range(4)}
    team.start(starts)
    assert len(team.blocks) == 2
    team.release(0)
    assert len(team.blocks) == 2
    team.release(2)
    assert len(team.blocks) == 1
    left = team.update({1: FRAME, 3: FRAME})
    assert [left[n].box[0] for n in (1, 3)] == [11, 13]  # type: ignore[union-attr]
    assert [team.record(n).loss for n in (1, 3)] == [[11.0], [13.0]]


def test_there_are_no_more_blocks_than_a_kind_needs() -> None:
    team = Team(Maker(), 3)
    team.start({n: Start(FRAME, moved(n)) for n in range(9)})
    for gone in (0, 4):
        team.release(gone)
        assert len(team.blocks) == 3
    team.release(8)
    assert [len(block.targets) for block in team.blocks] == [3, 3], "one is spread over two"
    left = team.update(dict.fromkeys((1, 2, 3, 5, 6, 7), FRAME))
    assert [left[n].box[0] for n in sorted(left)] == [11, 12, 13, 15, 16, 17]  # type: ignore[union-attr]


@pytest.mark.parametrize("bad", [{0, 2}, {2}, {0, 1}, {0, 1, 2}])
def test_nobody_moves_to_a_block_that_learnt_nothing(bad: set[int]) -> None:
    team = Team(Maker(), 2)
    found = team.start({n: Start(FRAME, moved(-11 if n in bad else n)) for n in range(3)})
    assert {n for n, answer in found.items() if isinstance(answer, DsltError)} == bad
    left = team.update(dict.fromkeys(set(range(3)) - bad, FRAME))
    assert {n: answer.box[0] for n, answer in left.items()} == {  # type: ignore[union-attr]
        n: 10 + n for n in range(3) if n not in bad
    }


@pytest.mark.parametrize("bad", [0, 2, 4])
def test_a_frame_that_cannot_be_read_ends_one_sequence(bad: int) -> None:
    jobs = [job("a", 5), job("broken", 5, moved(1), bad=bad), job("b", 6)]
    done = run(jobs, 3)
    assert isinstance(done["broken"], DsltError)
    assert f"{bad}.jpg: unreadable" in str(done["broken"])
    assert len(done["a"].boxes) == 5
    assert len(done["b"].boxes) == 6


def test_a_first_frame_that_cannot_be_learnt_ends_one_sequence() -> None:
    jobs = [job(name, 3, box) for name, box in (("a", BOX), ("x", moved(-11)), ("b", BOX))]
    done = run(jobs, 3, size=4)
    assert str(done["x"]) == "a box that cannot be learnt"
    assert [len(done[name].boxes) for name in "ab"] == [3, 3]
    assert isinstance(run([job("out", 3, [70, 0, 5, 5])], 1)["out"], DsltError)


def test_an_answer_that_is_not_finite_ends_one_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    step = GUIDE["StillLanes"].step

    def broken(self: Any, learn: bool) -> Any:
        found = step(self, learn).clone()
        found[:, 5] = found[:, 0] != 11
        return found

    monkeypatch.setattr(GUIDE["StillLanes"], "step", broken)
    done = run([job("a", 3), job("nan", 3, moved(1))], 2)
    assert "the response holds nan or inf" in str(done["nan"])
    assert len(done["a"].boxes) == 3


def test_a_lost_tracker_starts_again_as_alone() -> None:
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["vot2018"]
    assert isinstance(protocol, VotProtocol)

    class Target:
        corners = None

        def __init__(self, speed: float) -> None:
            steps = np.arange(30)[:, None] * [speed, 0, 0, 0]
            self.truth = BOX + steps

    class Still:
        record = TrainingRecord()

        def initialize(self, frame: Any, box: Any) -> None:
            self.box = box

        def update(self, frame: Any) -> Prediction:
            return Prediction(self.box, 0.5)

    targets = {str(speed): Target(speed) for speed in (0.0, 1.0, 1.5)}
    jobs = [
        SequenceJob(name, partial(supervised, [FRAME] * 30, target, protocol, name), BOX, 30)
        for name, target in targets.items()
    ]
    for name, found in run_lockstep(jobs, Team(Maker(), 2), 3):
        by_itself = alone(supervised([FRAME] * 30, targets[name], protocol, name), Still)  # type: ignore[arg-type]
        assert np.array_equal(found.states, by_itself.states)  # type: ignore[union-attr]
        assert np.array_equal(found.boxes, by_itself.boxes, equal_nan=True)  # type: ignore[union-attr]


def test_a_device_without_float64_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "choose_device", lambda device: "mps")
    random = "training.backbone.weights=random"
    settings = resolve_settings("dslt/lite", random, ROOT / "config" / "trackers", "test")
    with pytest.raises(DsltError, match="float64, which mps does not have; give --device cpu"):
        make.prepare_lanes(settings)


def test_the_number_of_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [BOX] * 100
    assert choose_lanes(7, Maker(), boxes, "cpu") == 7
    assert choose_lanes(700, Maker(), boxes, "cpu") == 100
    monkeypatch.setattr(lockstep, "free_memory", lambda device: 10**12)
    assert choose_lanes(None, Maker(), boxes, "cuda") == lockstep.MOST["cuda"]
    monkeypatch.setattr(lockstep, "free_memory", lambda device: 10**9)
    few = choose_lanes(None, Maker(), boxes, "cuda")
    assert few % lockstep.SIZE["cuda"] == 0
    assert 0 < few < lockstep.MOST["cuda"]
    larger = choose_lanes(None, Maker(), boxes, "cuda", 4 * lockstep.FRAME)
    assert 0 < larger < few, "frames of another size"
    host = {"cuda": 10**12, "cpu": 10**9}
    monkeypatch.setattr(lockstep, "free_memory", host.get)
    assert choose_lanes(None, Maker(), boxes, "cuda") < lockstep.MOST["cuda"], "decoded frames"
    monkeypatch.setattr(lockstep, "free_memory", lambda device: 10**9)
    mixed = [moved(0, number) for number in range(100)]
    assert 0 < choose_lanes(None, Maker(), mixed, "cuda") < few, "blocks of each kind"
    monkeypatch.setattr(lockstep, "free_memory", lambda device: 0)
    assert choose_lanes(None, Maker(), boxes, "cuda") == 1
