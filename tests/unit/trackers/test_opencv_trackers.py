"""OpenCV's trackers on boxes that they cannot start from."""

import cv2
import numpy as np
import pytest

from dslt.settings.opencv import OpenCvSettings
from dslt.trackers.opencv import OpenCvTracker

SCENE = cv2.resize(np.random.default_rng(0).integers(0, 255, (36, 64, 3), np.uint8), (640, 360))
BOXES = [(5, 5, 500, 10), (100, 60, 1, 1), (639.6, 300, 30, 10), (-10, 10, 11, 50), (9, 9, 2, 300)]


def tracker(algorithm):
    return OpenCvTracker(OpenCvSettings(tracker="opencv", algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["csrt", "kcf"])
@pytest.mark.parametrize("box", BOXES)
def test_what_cannot_start_is_lost_and_told(algorithm, box, capsys):
    made = tracker(algorithm)
    made.initialize(SCENE, np.array(box, dtype=np.float64))
    found = [made.update(SCENE) for _ in range(3)]
    assert all(np.isfinite(prediction.box).all() for prediction in found)
    words = capsys.readouterr().err
    assert made.started == (words == "")
    if made.started:
        return
    assert len(words.splitlines()) == 1
    assert f"OpenCV's {algorithm.upper()} cannot start on the box" in words
    assert "640x360 pixels: the target counts as lost" in words
    for prediction in found:
        assert prediction.score == 0
        np.testing.assert_array_equal(prediction.box, box)


def test_csrt_cannot_start_on_a_thin_box(capsys):
    made = tracker("csrt")
    made.initialize(SCENE, np.array([5.0, 5, 500, 10]))
    assert made.update(SCENE).score == 0
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_frames_that_cannot_be_tracked_are_lost_and_told_once(capsys):
    made = tracker("csrt")
    box = np.array([200.0, 100, 60, 60])
    made.initialize(SCENE, box)
    assert made.update(SCENE).score == 1
    failing = np.zeros((0, 0, 3), np.uint8)  # as good as any that OpenCV gives up on
    assert [made.update(failing).score for _ in range(2)] == [0, 0]
    (words,) = capsys.readouterr().err.splitlines()
    assert "gives up on frame 2 after its start" in words


def test_a_box_without_area_is_a_loss():
    made = tracker("kcf")
    box = np.array([100.0, 100, 1, 50])
    made.initialize(SCENE, box)
    for _ in range(3):
        assert (made.update(SCENE).box[2:] > 0).all()


def test_kcf_learns_from_the_first_frame():
    target = np.random.default_rng(1).integers(0, 255, (48, 48, 3), np.uint8)
    frames = [np.full((240, 320, 3), 110, np.uint8) for _ in range(12)]
    lefts = 160 + 6 * np.arange(12)
    for frame, left in zip(frames, lefts, strict=True):
        frame[60:108, left : left + 48] = target
    made = tracker("kcf")
    made.initialize(frames[0], np.array([160.0, 60, 48, 48]))
    found = [made.update(frame).box[0] for frame in frames[1:]]
    np.testing.assert_allclose(found, lefts[1:], atol=1)  # else 6 pixels behind
