"""What commands write plays in a browser: the video of `dslt demo`, the pages of `dslt view`."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dslt.geometry.boxes import read_boxes
from made_site import (
    FRAMES,
    SIZE,
    WIDE,
    dslt,
    frame_of,
    number_in,
    write_index_of_frames,
    write_results,
)  # fmt: skip
from places import ROOT
from videos import encode

SIDE, STEP = 48, 6  # pixels: a target's side, and the way of the one that leaves in a frame


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """An empty page; what goes wrong on it fails the test."""
    wrong: list[str] = []
    context = browser.new_context(viewport=WIDE)
    made = context.new_page()
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else 0)
    yield made
    context.close()
    assert wrong == []


def left_of(frame: int) -> int:
    return 160 + STEP * frame


def scene() -> list[np.ndarray]:
    """Numbered frames with a target that leaves to the right and one that stays."""
    texture = np.random.default_rng(0).integers(0, 255, (2, SIDE, SIDE, 3), np.uint8)
    frames = []
    for number in range(FRAMES):
        frame = np.full((SIZE[1], SIZE[0] + SIDE + STEP, 3), 110, np.uint8)
        frame[:, : SIZE[0]] = frame_of(number)
        left = min(left_of(number), SIZE[0])
        frame[60 : 60 + SIDE, left : left + SIDE] = texture[0]
        frame[150 : 150 + SIDE, 40 : 40 + SIDE] = texture[1]
        frames.append(np.ascontiguousarray(frame[:, : SIZE[0]]))
    return frames


def test_a_demo_of_two_targets_plays(page: Any, tmp_path: Path) -> None:
    source, out = encode(tmp_path / "v.mkv", scene(), "ffv1"), tmp_path / "out.webm"
    boxes = [
        "--box",
        f"leaves={left_of(0)},60,{SIDE},{SIDE}",
        "--box",
        f"stays=40,150,{SIDE},{SIDE}",
    ]
    trackers = ["--trackers", ROOT / "config" / "trackers", "--tracker", "opencv/kcf"]
    told = dslt("demo", source, *boxes, *trackers, "--out", out)
    assert f"stays: lost in 0 of {FRAMES} frames" in told
    assert "leaves: lost in 0 of" not in told
    leaves = read_boxes(tmp_path / "out-leaves.txt", origin=0)
    np.testing.assert_allclose(leaves[:15, 0], [left_of(i) for i in range(15)], atol=2)
    stays = read_boxes(tmp_path / "out-stays.txt", origin=0)
    np.testing.assert_allclose(stays, [[40, 150, SIDE, SIDE]] * FRAMES, atol=2)

    page.goto(out.as_uri())
    video = page.locator("video")
    page.wait_for_function("document.querySelector('video').readyState >= 2")
    assert video.evaluate("video => [video.videoWidth, video.videoHeight]") == list(SIZE)
    for frame in (20, 3):
        video.evaluate(
            "(video, time) => new Promise(done => { video.pause();"
            " video.addEventListener('seeked', done, {once: true}); video.currentTime = time; })",
            (frame + 0.5) / 25,
        )
        video.evaluate("video => { video.controls = false }")
        picture = np.asarray(Image.open(io.BytesIO(video.screenshot())).convert("RGB"))
        assert number_in(picture) == frame
    video.evaluate("video => video.play()")
    page.wait_for_function("document.querySelector('video').ended")


def test_pages_of_view_play(page: Any, tmp_path: Path) -> None:
    index, runs = write_index_of_frames(tmp_path), write_results(tmp_path / "track")
    dslt("view", "--index", index, "--results", *runs.values(), "--out", tmp_path / "out")
    page.goto((tmp_path / "out" / "sequences.html").as_uri())
    page.get_by_role("link", name="alpha").first.click()
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        f"document.querySelector('[data-is=frame]').textContent.startsWith('{FRAMES - 1} / ')"
    )
    stage = page.locator("[data-is=stage]").screenshot()
    assert number_in(np.asarray(Image.open(io.BytesIO(stage)).convert("RGB"))) == FRAMES - 1
