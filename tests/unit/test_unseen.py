"""The script that measures RT-MDNet on videos of other photographs than its training's."""

import importlib.util

import numpy as np
import pytest
from click.testing import CliRunner

from dslt.data.synthetic.photographs import TRAINING
from dslt.networks.make import make_network
from places import ROOT
from rtmdnet_examples import light


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("unseen", ROOT / "tools" / "unseen.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_no_video_shows_a_photograph_of_the_training(script):
    videos = script.unseen(22, 3)
    for video in videos:
        world = video.frames._world
        shown = {world.photo} | {c.photo for o in world.objects for c in o.shape.cloths}
        assert not shown & set(TRAINING)
        assert video.video in world.target_photo
    assert len({video.name for video in videos}) == 22
    assert len({video.video for video in videos}) == 10
    assert [len(video.frames) for video in videos] == [3] * 22


def test_videos_are_the_same_each_time(script):
    one, other = script.unseen(2, 2)[1], script.unseen(2, 2)[1]
    assert np.array_equal(one.frames[1], other.frames[1])
    assert not np.array_equal(one.frames[1], script.unseen(2, 2, seed=1)[1].frames[1])


def test_equal_starts_are_known_by_their_weights(script):
    start = script._digest(make_network(light(), 0))
    assert start == script._digest(make_network(light(loss={"name": "bce"}), 0))
    assert start != script._digest(make_network(light(), 1))


def test_boxes_are_measured_before_and_after(script, monkeypatch):
    monkeypatch.chdir(ROOT)
    words = ["boxes", "--worlds", "2", "--frames", "3", "--seed", "0", "--seed", "1"]
    done = CliRunner().invoke(script.main, words)
    assert done.exit_code == 0, done.output
    lines = done.output.splitlines()
    assert [line.split()[1] for line in lines] == ["0.03", "0.06", "0.12"]
    before = [float(line.split("mean overlap ")[1].split()[0]) for line in lines]
    assert 0.95 > before[0] > before[1] > before[2] > 0.5
    assert all("2 videos of 2 photographs, 2 seeds" in line for line in lines)
