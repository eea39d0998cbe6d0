"""Frames from anywhere: spans, times, cameras."""

import os
import signal
from pathlib import Path

import cv2
import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.demo.footage import open_footage, parse_moment
from videos import encode


def gray(number):
    return np.full((48, 64, 3), 12 * number, np.uint8)


def shown(footage):
    """Numbers of the frames, and their times."""
    pairs = [(round(float(frame.mean()) / 12), seconds) for frame, seconds in footage.frames]
    return [number for number, _ in pairs], [seconds for _, seconds in pairs]


@pytest.fixture(scope="module")
def uneven(tmp_path_factory):
    """Frames 0 to 19, the last five a second later."""
    times = [number + 25 * (number >= 15) for number in range(20)]
    path = tmp_path_factory.mktemp("video") / "v.mkv"
    return encode(path, [gray(number) for number in range(20)], times=times)


@pytest.mark.parametrize(
    ("text", "moment"),
    [("0", 0), ("120", 120), ("4.8s", 4.8), ("3s", 3.0), ("1:04.8", 64.8), ("1:00:01", 3601.0)],
)
def test_a_moment_is_a_frame_or_a_time(text, moment):
    found = parse_moment(text, "--start")
    assert (found, type(found)) == (moment, type(moment))


@pytest.mark.parametrize("text", ["", "-1", "4.8", "1:2:3:4", "soon", "1e3s", "1:004", "٣"])
def test_moments_that_are_none(text):
    with pytest.raises(DsltError, match=r"--end .*: expected the number of a frame such as 120"):
        parse_moment(text, "--end")


@pytest.mark.parametrize(
    ("start", "end", "numbers"),
    [
        (None, None, range(20)),
        (5, 9, range(5, 10)),
        (0.2, 0.36, range(5, 10)),
        (0.21, 1.2, range(6, 15)),
        (16, 10**9, range(16, 20)),
        (1.0, 99.0, range(15, 20)),
        (19, None, range(19, 20)),
        (None, 0, range(1)),
    ],
)
def test_a_span_of_a_video(uneven, start, end, numbers):
    footage = open_footage(uneven, start, end)
    assert (footage.first, footage.count) == (numbers[0], len(numbers))
    found, seconds = shown(footage)
    assert found == list(numbers)
    assert seconds == pytest.approx([(n + 25 * (n >= 15)) / 25 for n in numbers], abs=1e-3)
    assert footage.even == (not (numbers[0] < 15 <= numbers[-1]))


@pytest.mark.parametrize(("start", "end"), [(20, None), (99.0, None), (9, 8), (0.5, 0.3)])
def test_a_span_without_frames(uneven, start, end):
    with pytest.raises(DsltError, match=r"no frame between .* frames 0 to 19, at 0 to 1\.76 s"):
        open_footage(uneven, start, end)


def test_a_folder_of_images(tmp_path):
    for number in range(4):
        cv2.imwrite(str(tmp_path / f"{number}.png"), gray(number))
    footage = open_footage(tmp_path, 1, 0.08)
    assert shown(footage) == ([1, 2], [0.04, 0.08])
    assert footage.even


def test_the_first_frame_can_be_looked_at(uneven):
    frame, footage = open_footage(uneven, 3).shown_first()
    assert round(float(frame.mean()) / 12) == 3
    assert shown(footage)[0] == list(range(3, 20))


class Camera:
    """What OpenCV gives for a camera; it breaks off after some frames."""

    frames, opened, after = 6, True, None

    def __init__(self, number):
        self.number, self.given, self.released = number, 0, False

    def isOpened(self):  # noqa: N802
        return self.opened

    def get(self, key):
        return 50.0

    def read(self):
        self.given += 1
        if self.after and self.given == 3:
            self.after()
        return self.given <= self.frames, np.full((4, 6, 3), (0, 0, 12 * self.given), np.uint8)

    def release(self):
        self.released = True


def test_a_camera_is_read_until_it_stops(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    footage = open_footage(Path("3"))
    assert (footage.rate, footage.first, footage.count, footage.even) == (50, 0, None, False)
    frames, seconds = zip(*footage.frames, strict=True)
    assert [frame[0, 0].tolist() for frame in frames] == [[12 * n, 0, 0] for n in range(1, 7)]
    assert seconds[0] == 0
    assert seconds[1] == pytest.approx(0.02, abs=0.01)
    assert (np.diff(seconds) > 0).all()


def test_a_camera_ends_in_time(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    assert len(list(open_footage(Path("0"), end=2).frames)) == 3
    assert len(list(open_footage(Path("0"), end=0.0).frames)) == 1
    with pytest.raises(DsltError, match="--start: camera 0 starts when it is opened"):
        open_footage(Path("0"), start=1)


def test_a_camera_ends_by_ctrl_c(monkeypatch):
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    monkeypatch.setattr(Camera, "after", lambda self: os.kill(os.getpid(), signal.SIGINT))
    # A process that a shell started in the background ignores the signal.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert len(list(open_footage(Path("0")).frames)) == 2
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)


def test_sources_that_are_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    for name, value in (("opened", False), ("frames", 0)):
        monkeypatch.setattr(Camera, name, value)
        with pytest.raises(DsltError, match="camera 0: gives no frame"):
            open_footage(Path("0"))
    for name in ("none.mp4", "99999999999"):
        with pytest.raises(DsltError, match=f"{name}: no such video"):
            open_footage(Path(name))
    Path("0").mkdir()
    with pytest.raises(DsltError, match="0: no frames in the folder"):
        open_footage(Path("0"))
