"""The page of a sequence: frames by their burnt-in numbers, boxes by pixels, curves, table."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from PIL import Image

from dslt.figures.style import LOOKS
from dslt.geometry.boxes import iou
from dslt.geometry.regions import box_corners
from made_site import ABSENT, FAILED, FRAMES, SHIFTS, SIZE, box_of, number_in, polygon, truth

ALPHA, TURNING = "sequences/made/alpha.html", "sequences/made_vot/turning.html"
WHITE = (255, 255, 255)


def shown(page: Any) -> int:
    """The frame that the page says it shows."""
    return int(page.locator("[data-is=frame]").inner_text().split(" / ")[0])


def wait_for(page: Any, frame: int) -> None:
    page.wait_for_function(
        f"document.querySelector('[data-is=frame]').textContent.startsWith('{frame} / ')"
    )


def seek(page: Any, frame: int) -> None:
    page.evaluate(
        "frame => { const slider = document.querySelector('[data-is=slider]');"
        " slider.value = frame; slider.dispatchEvent(new Event('input')); }",
        frame,
    )
    wait_for(page, frame)


def picture(page: Any) -> np.ndarray:
    """What the stage looks like, (H, W, 3)."""
    data = page.locator("[data-is=stage]").screenshot()
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def drawn(page: Any, *places: tuple[float, float]) -> np.ndarray:
    """Red, green, blue and alpha (P, 4) that were drawn at places (x, y) of the frame."""
    data = page.locator("canvas").evaluate("canvas => canvas.toDataURL('image/png')")
    layer = np.asarray(Image.open(io.BytesIO(base64.b64decode(data.partition(",")[2]))))
    scale = layer.shape[1] / SIZE[0]
    return np.array([layer[int(y * scale), int(x * scale)] for x, y in places], int)


def along(page: Any, start: np.ndarray, end: np.ndarray, color: tuple[int, ...]) -> float:
    """Part of the inner half of a line that has a colour, of which a dashed line has some."""
    places = [start + part * (end - start) for part in np.linspace(0.25, 0.75, 21)]
    found = drawn(page, *places)
    near = np.abs(found[:, :3] - np.array(color)).max(axis=1) < 60
    return float((near & (found[:, 3] > 200)).mean())


def has_box(page: Any, box: np.ndarray, color: tuple[int, ...], least: float = 1.0) -> bool:
    """Tell whether a box's left, right and upper sides are drawn."""
    corners = box_corners(box)
    sides = ((0, 3), (1, 2), (0, 1))
    return all(along(page, corners[i], corners[j], color) >= least for i, j in sides)


def rgb(tracker: str) -> tuple[int, ...]:
    color = LOOKS[tracker].color
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


def chosen(page: Any) -> list[str]:
    rows = page.locator("[data-is=cells] tbody tr").all()
    return [row.get_attribute("data-cell") for row in rows if row.locator("input").is_checked()]


def test_seeking_and_steps_show_the_right_frame(opened: Any) -> None:
    page = opened(ALPHA)
    for frame in (0, 13, FRAMES - 1, 7):
        seek(page, frame)
        assert number_in(picture(page)) == frame
    page.keyboard.press("ArrowRight")
    wait_for(page, 8)
    assert number_in(picture(page)) == 8
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    wait_for(page, 5)
    assert number_in(picture(page)) == 5


def test_keys_belong_to_the_player_where_no_control_uses_them(opened: Any) -> None:
    page = opened(ALPHA)
    seek(page, 7)
    for control in ("[data-is=on]", "[data-is=truth]", "[data-is=cells] tbody input >> nth=0"):
        frame = shown(page) + (control == "[data-is=on]")
        page.locator(control).click()
        page.keyboard.press("ArrowRight")
        wait_for(page, frame + 1)
    frame = shown(page)
    for control in ("[data-is=speed]", ".choose .wide"):
        page.locator(control).focus()
        page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)
    assert shown(page) == frame
    page.locator("[data-is=truth]").focus()
    page.keyboard.press("Space")  # the box's own
    assert page.get_by_role("button", name="Play").is_visible()
    page.locator(".choose .wide").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for()


def test_controls_say_what_is_shown_after_going_back(opened: Any) -> None:
    page = opened(ALPHA)
    page.locator("[data-is=truth]").uncheck()
    page.locator("[data-is=speed]").select_option("0.25")
    page.get_by_role("link", name="beta").click()
    page.locator("h1", has_text="beta").wait_for()
    page.go_back()
    page.locator("h1", has_text="alpha").wait_for()
    assert page.locator("[data-is=speed]").input_value() == "0.25"
    assert page.locator("video").evaluate("video => video.playbackRate") == 0.25
    assert not page.locator("[data-is=truth]").is_checked()
    seek(page, 20)
    assert not has_box(page, truth("alpha")[20], WHITE, 0.1)


@pytest.mark.parametrize("address", ["http"], indirect=True)
def test_a_video_that_cannot_be_played_leaves_a_blank_picture(opened: Any) -> None:
    page = opened(ALPHA)
    note = page.locator("[data-is=blank]")
    assert not note.is_visible()
    page.route("**/*.webm", lambda route: route.fulfill(content_type="video/webm", body=b"none"))
    page.reload()
    note.wait_for()
    page.get_by_role("button", name="None").click()
    seek(page, 20)
    assert has_box(page, truth("alpha")[20], WHITE)
    page.locator("h1").click()
    page.keyboard.press("Space")
    page.wait_for_function("parseInt(document.querySelector('[data-is=frame]').textContent) > 21")


@pytest.mark.parametrize("address", ["file"], indirect=True)
def test_ids_in_the_address_may_hold_commas(opened: Any) -> None:
    page = opened("index.html")
    page.route(
        "**/alpha.html",
        lambda route: route.fulfill(content_type="text/html", body=renamed(route.request.url)),
    )
    page.goto(page.url.replace("index.html", f"{ALPHA}#cells=a%2Cb%26,siamfc_bce"))
    assert chosen(page) == ["a,b&", "siamfc_bce"]


def renamed(url: str) -> str:
    """A page whose cell `dslt_l2` is called `a,b&`."""
    return Path(unquote(urlsplit(url).path)).read_text().replace('"id":"dslt_l2"', '"id":"a,b&"')


def test_it_plays_and_a_pause_shows_the_right_frame(opened: Any) -> None:
    page = opened(ALPHA)
    page.locator("[data-is=speed]").select_option("0.5")
    page.locator("h1").click()
    page.keyboard.press("Space")
    page.wait_for_function("parseInt(document.querySelector('[data-is=frame]').textContent) >= 4")
    assert page.get_by_role("button", name="Pause").is_visible()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Play").wait_for()
    page.wait_for_timeout(200)
    frame = shown(page)
    assert 4 <= frame < FRAMES - 1
    assert number_in(picture(page)) == frame
    page.keyboard.press("ArrowRight")
    wait_for(page, frame + 1)
    assert number_in(picture(page)) == frame + 1


def test_boxes_stand_where_the_result_file_says(opened: Any) -> None:
    page = opened(f"{ALPHA}#cells=dslt")
    for frame in (5, 20):
        seek(page, frame)
        box = box_of("dslt", 0, "alpha", frame)
        assert has_box(page, box, rgb("dslt"))
        left = box_corners(truth("alpha")[frame])
        assert along(page, left[0], left[3], WHITE) == 1
        assert drawn(page, box[:2] + box[2:] / 2)[0, 3] == 0
    seek(page, ABSENT[0])  # the truth is nowhere, the tracker's box still is
    box = box_of("dslt", 0, "alpha", ABSENT[0])
    assert has_box(page, box, rgb("dslt"))
    assert drawn(page, box[:2] - [SHIFTS["dslt"][0], -25])[0, 3] == 0


def test_polygons_stand_where_the_result_file_says(opened: Any) -> None:
    page = opened(TURNING)
    sides = ((0, 3), (1, 2))  # which do not cross the other polygon
    seek(page, 12)
    for shift, color in ((0, WHITE), (3, rgb("dslt"))):
        corners = polygon(12) + shift
        assert all(along(page, corners[i], corners[j], color) > 0.8 for i, j in sides), shift
    seek(page, FAILED + 2)  # nothing is tracked there, and the truth stands alone
    corners = polygon(FAILED + 2)
    assert all(along(page, corners[i], corners[j], WHITE) > 0.8 for i, j in sides)
    assert along(page, corners[0] + 3, corners[3] + 3, rgb("dslt")) == 0


def test_failures_and_starts_are_marked(opened: Any) -> None:
    page = opened(TURNING)
    marks = page.locator(
        "[data-is=overlap] path.failed title, [data-is=overlap] path.started title"
    )
    assert marks.all_text_contents() == [
        f"failed at {FAILED}",
        "started at 0",
        f"started at {FAILED + 5}",
    ]
    seek(page, FAILED)
    assert "failed" in page.locator("[data-is=cells] tbody tr").inner_text()


def test_trackers_are_chosen_by_address_and_by_hand(opened: Any) -> None:
    page = opened(ALPHA)
    assert chosen(page) == ["dslt"]
    page = opened(f"{ALPHA}#cells=siamfc_bce&seed=1")
    assert chosen(page) == ["siamfc_bce"]
    seek(page, 20)
    for seed in (1, 0):
        page.locator("[data-is=seed]").select_option(str(seed))
        box = box_of("siamfc_bce", seed, "alpha", 20)
        assert has_box(page, box, rgb("siamfc_bce"), 0.3)
    page.locator("tr[data-cell=siamfc_bce] input").uncheck()
    assert not has_box(page, box, rgb("siamfc_bce"), 0.1)
    page.locator("tr[data-cell=dslt_l2] input").check()
    assert has_box(page, box_of("dslt_l2", 0, "alpha", 20), rgb("dslt_l2"), 0.3)
    assert page.evaluate("location.hash") == "#cells=dslt_l2&seed=0"
    assert page.locator("[data-is=no-score]").is_visible()
    page.get_by_role("button", name="None").click()
    assert chosen(page) == []
    assert has_box(page, truth("alpha")[20], WHITE)
    page.locator("[data-is=truth]").uncheck()
    assert not has_box(page, truth("alpha")[20], WHITE, 0.1)


@pytest.mark.parametrize("frame", [4, 25])
def test_curves_tell_values_and_a_click_seeks(opened: Any, frame: int) -> None:
    page = opened(f"{ALPHA}#cells=dslt,dslt_l2")
    area = page.locator("[data-is=overlap] svg").bounding_box()
    left, right = 44, 14  # margins of the curves
    x = area["x"] + left + (area["width"] - left - right) * frame / (FRAMES - 1)
    page.mouse.move(x, area["y"] + 60)
    tip = page.locator("[data-is=overlap] .tip").inner_text()
    for tracker in ("dslt", "dslt_l2"):
        overlap = iou(box_of(tracker, 0, "alpha", frame), truth("alpha")[frame])
        assert f"{float(overlap):.3f}" in tip
    page.mouse.click(x, area["y"] + 60)
    wait_for(page, frame)
    assert number_in(picture(page)) == frame
    now = page.locator("[data-is=overlap] path.now").get_attribute("d")
    assert abs(float(now[1:].split()[0]) - (x - area["x"])) < 1


def test_the_table_sorts(opened: Any) -> None:
    page = opened(ALPHA)
    column = "[data-is=cells] tbody td:nth-child(2)"
    page.get_by_role("button", name="AUC (%)").click()
    falling = [float(text) for text in page.locator(column).all_text_contents()]
    page.get_by_role("button", name="AUC (%)").click()
    rising = [float(text) for text in page.locator(column).all_text_contents()]
    assert falling == sorted(falling, reverse=True) == rising[::-1]
    assert len(set(falling)) == len(SHIFTS)
