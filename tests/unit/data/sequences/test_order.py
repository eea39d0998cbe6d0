"""Which pictures are frames, and in which order."""

import random
from datetime import datetime, timedelta

import pytest

from dslt.core.errors import DsltError
from dslt.data.sequences.order import frame_order, last_number


def ordered(*names):
    """Names of the frames in their order, whatever the order of the folder, and the notes."""
    shuffled = list(names)
    random.Random(0).shuffle(shuffled)
    places, notes = frame_order(shuffled, "here")
    return [shuffled[place] for place in places], notes


@pytest.mark.parametrize(
    "names",
    [
        ["0001.jpg", "0002.jpg", "0010.jpg"],
        ["img1.png", "img9.png", "img10.png"],
        ["IMG1.JPG", "img2.jpg", "Img10.jpg"],
        ["a.png", "b.png", "c.png"],
        ["1403636579.763555.jpg", "1403636579.8.jpg", "1403636579.85.jpg", "1403636580.1.jpg"],
        ["frame_9.75.jpg", "frame_10.25.jpg", "frame_10.5.jpg"],
        ["9.jpg", "9.5.jpg", "10.jpg", "10.25.jpg"],
        ["t0.05.png", "t0.1.png", "t0.15.png", "t0.2.png"],
        # What cannot be times, as 1.1 and 1.10 are one time, are counts.
        [f"scene1.{number}.jpg" for number in range(1, 31)],
        ["2020.01.05.jpg", "2020.01.12.jpg", "2020.02.03.jpg"],
        ["c1.f9.jpg", "c1.f10.jpg", "c2.f1.jpg"],
    ],
)
def test_frames_come_by_number(names):
    assert ordered(*names) == (names, [])


def test_an_ambiguous_order_is_refused():
    with pytest.raises(DsltError, match=r"here: the order of .* is ambiguous: by time"):
        ordered("1.8.jpg", "1.9.jpg", "1.10.jpg", "1.11.jpg")
    # Seconds and nanoseconds, the latter without leading zeros, at 20 frames a second.
    times = [(100, count) for count in range(10_000_000, 1_000_000_000, 50_000_000)]
    with pytest.raises(DsltError, match="as many digits after the point"):
        ordered(*(f"{seconds}.{count}.jpg" for seconds, count in times))


@pytest.mark.parametrize("stray", ["thumb.jpg", "Thumbs.png", "groundtruth.png", "thumb1.jpg"])
def test_a_stray_picture_is_no_frame(stray):
    names = [f"{number:04d}.jpg" for number in range(1, 6)]
    frames, notes = ordered(*names, stray)
    assert frames == names
    assert notes == [f"1 of 6 pictures are not named like the frames and left out: {stray}"]


@pytest.mark.parametrize(
    ("stray", "frame", "reason"),
    [
        ("img.png", "img ({}).png", "img.png beside .* has no number"),
        ("clip.png", "clip_{}.png", "clip.png beside clip_1.png has no number"),
        ("frame_-1.png", "frame_{}.png", "has a minus sign where others have none"),
        ("-3.png", "{}.png", "-3.png beside 1.png has a minus sign"),
        ("0.png", "-{}.png", "the other way round"),
    ],
)
def test_a_stray_that_may_be_a_frame_is_refused(stray, frame, reason):
    with pytest.raises(DsltError, match=f"here: .*{reason}.*; give it a number"):
        ordered(stray, *(frame.format(number) for number in range(1, 13)))


@pytest.mark.parametrize(
    "others",
    [
        ["a.jpg", "b.jpg"],  # two of seven
        [f"picture {letter}.jpg" for letter in "abcdefghij"],  # more than there are frames
        ["left7.jpg", "left8.jpg"],
    ],
)
def test_many_strays_are_refused(others):
    names = [f"{number:04d}.jpg" for number in range(1, 6)]
    with pytest.raises(DsltError, match=rf"here: {len(others)} of .* not named like 0001\.jpg"):
        ordered(*names, *others)


@pytest.mark.parametrize(
    "names",
    [
        ["0001.jpg", "0002.jpg", "0001.png", "0002.png"],
        ["0001.jpg", "0002.jpg", "0001.JPG"],
        ["1.jpg", "01.jpg", "2.jpg"],
        ["1.50.jpg", "1.5.jpg", "1.5.png"],
    ],
)
def test_one_frame_twice_is_refused(names):
    with pytest.raises(DsltError, match=r"here: \S+ and \S+ are one frame twice.*; keep one"):
        ordered(*names)


def test_two_kinds_of_frames_are_refused():
    names = [f"{number}{kind}.png" for number in range(1, 4) for kind in ("", "_mask")]
    with pytest.raises(DsltError, match=r"pictures of 2 kinds, 3 named like 1\S* and 3 like 1"):
        ordered(*names)


def test_numbers_in_names():
    names = ["0001.jpg", "a1b22.png", "frame_10.5.jpg", "cover.jpg", "2020.01.05.jpg"]
    assert [last_number(name) for name in names] == ["0001", "22", "10.5", "", "05"]


def written(form, **step):
    start = datetime(2024, 1, 30, 11, 50, 50)
    return [(start + n * timedelta(**step)).strftime(form) + ".jpg" for n in range(20)]


DAY_FIRST = ("%d-%m-%Y_%H-%M-%S", "%d%m%Y_%H%M%S", "%d.%m.%Y %H.%M.%S", "%d%m%Y%H%M%S")


@pytest.mark.parametrize("form", [*DAY_FIRST, "%H%M%S_%d%m%Y", "frame %H-%M %d-%m-%Y"])
def test_days_before_years_are_refused_where_they_mislead(form):
    with pytest.raises(DsltError, match=r"dates with the year last.*year-month-day"):
        ordered(*written(form, days=3))


@pytest.mark.parametrize("form", DAY_FIRST)
def test_days_before_years_are_read_where_they_do_not_mislead(form):
    names = written(form, minutes=5)
    assert ordered(*names) == (names, [])


@pytest.mark.parametrize("form", ["%Y%m%d_%H%M%S", "%Y-%m-%d %H.%M.%S", "%m-%d-%Y_%H-%M"])
def test_dates_that_sort_are_read(form):
    names = written(form, days=3)
    assert ordered(*names) == (names, [])


def test_hours_of_twelve_are_refused():
    names = [*written("%Y-%m-%d %I-%M-%S PM", minutes=60)[1:4]]
    with pytest.raises(DsltError, match="hours of a 12-hour clock"):
        ordered(*names)
    assert ordered(*names[1:]) == (names[1:], [])


@pytest.mark.parametrize("form", ["seq01_view{:04d}.jpg", "webcam_{:08d}.jpg"])
def test_frames_of_one_camera_may_be_called_after_it(form):
    names = [form.format(number) for number in range(1, 41)]
    assert frame_order(names, "folder") == ([*range(40)], [])


@pytest.mark.parametrize("form", ["cam{}_{:04d}.jpg", "{1:03d}-view {0}.png", "camera-{}-{}.jpg"])
def test_two_cameras_are_refused(form):
    names = [form.format(camera, number) for camera in (1, 2) for number in range(9)]
    with pytest.raises(DsltError, match="pictures of 2 cameras"):
        ordered(*names)
    assert ordered(*names[:9]) == (names[:9], [])


def test_pairs_of_numbers_are_told():
    names = [f"{part}_{number:03d}.jpg" for part in range(3) for number in range(5)]
    found, (note,) = ordered(*names)
    assert found == names
    assert "every pair of two numbers (3 and 5 of them), from 0_000.jpg to 2_004.jpg" in note
    assert ordered(*names[:-1]) == (names[:-1], [])
    assert ordered(*(f"clip7_{n}.jpg" for n in range(12)))[1] == []
