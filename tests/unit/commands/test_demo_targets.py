"""`dslt demo` on videos of every kind, with two targets of which one leaves the frame."""

import csv
import itertools
import json
import re
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from dslt.cli import group
from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.data.sequences.video import VideoClip
from dslt.geometry.boxes import read_boxes
from videos import ColourTracker, encode, red_lefts, two_squares

COUNT = 40
BOXES = ("red=20,20,24,24", "blue=40,60,24,24")
ENDINGS = ("-red.txt", "-blue.txt", ".csv", ".json", ".mot.txt", ".png", ".webm")


@pytest.fixture(autouse=True)
def colours(monkeypatch):
    """Track colours, whatever tracker is asked for."""
    monkeypatch.setattr("dslt.commands.demo.prepare", lambda *_: ColourTracker)


def demo(source, out, *more, boxes=BOXES):
    arguments = ["demo", str(source), "--out", str(out), "--tracker", "csrt", *more]
    arguments += [part for box in boxes for part in ("--box", box)]
    result = CliRunner().invoke(group, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return encode(tmp_path_factory.mktemp("video") / "v.mkv", two_squares(COUNT), "ffv1")


@pytest.fixture
def made(tmp_path, video):
    """Where a demo wrote its files, and what it said."""
    return tmp_path, demo(video, tmp_path / "out.webm")


def check_lost(output, frames=COUNT):
    """Red leaves and is lost for some of the last quarter, blue stays."""
    [found] = re.findall(rf"red: lost in (\d+) of {frames} frames", output)
    assert frames / 8 < int(found) < frames / 2
    assert f"blue: lost in 0 of {frames} frames" in output


def times_of(path):
    with av.open(str(path)) as container:
        return [frame.time for frame in container.decode(video=0)]


def test_files_of_two_targets(made):
    folder, output = made
    assert {path.name for path in folder.iterdir()} == {f"out{ending}" for ending in ENDINGS}
    assert "out.webm: 40 frames" in output
    red, blue = (read_boxes(folder / f"out-{name}.txt", origin=0) for name in ("red", "blue"))
    seen = [left for left in red_lefts(COUNT) if left < 150]
    np.testing.assert_allclose(red[: len(seen), 0], seen, atol=2)
    np.testing.assert_allclose(blue, [[40, 60, 24, 24]] * COUNT, atol=2)


def test_a_target_that_leaves_is_lost_and_the_other_is_not(made):
    folder, output = made
    rows = list(csv.DictReader((folder / "out.csv").open()))
    assert [row["frame"] for row in rows[:4]] == ["0", "0", "1", "1"]
    lost = {
        name: [row["lost"] for row in rows if row["target"] == name] for name in ("red", "blue")
    }
    assert lost["blue"] == [""] * 11 + ["0"] * (COUNT - 11)
    gone = next(number for number, left in enumerate(red_lefts(COUNT)) if left >= 160 - 12)
    assert lost["red"] == [""] * 11 + ["0"] * (gone - 11) + ["1"] * (COUNT - gone)
    assert f"red: lost in {COUNT - gone} of 40 frames, the first is {gone} (score up to" in output
    assert "blue: lost in 0 of 40 frames (score" in output
    first, then = VideoClip(folder / "out.webm")[0], VideoClip(folder / "out.webm")[COUNT - 1]
    vermillion = (abs(first.astype(int) - (213, 94, 0)) < 40).all(axis=-1)
    assert vermillion[:20, 20:60].sum() > 50  # its label
    assert not (abs(then.astype(int) - (213, 94, 0)) < 40).all(axis=-1).any()


def test_mot_counts_from_one_and_leaves_out_the_lost(made):
    folder, _ = made
    lines = [line.split(",") for line in (folder / "out.mot.txt").read_text().splitlines()]
    assert lines[0] == ["1", "1", "21", "21", "24", "24", "1", "-1", "-1", "-1"]
    assert lines[1][:6] == ["1", "2", "41", "61", "24", "24"]
    kept = [int(frame) for frame, target, *_ in lines if target == "1"]
    lost = json.loads((folder / "out.json").read_text())["targets"][0]["lost"]
    assert kept == [number for number, gone in enumerate(lost, 1) if not gone]


def test_the_summary_says_everything(made, video):
    folder, _ = made
    values = json.loads((folder / "out.json").read_text())
    assert (values["source"], values["size"], values["frames"]) == (str(video), [160, 120], 40)
    assert values["tracker"]["settings"] == {"tracker": "opencv", "algorithm": "csrt"}
    red, blue = values["targets"]
    assert (red["name"], red["colour"], red["lost_below"]) == ("red", "#D55E00", 0.5)
    assert red["boxes"] == read_boxes(folder / "out-red.txt", origin=0).tolist()
    assert blue["level"] == pytest.approx(1, abs=0.1)
    assert values["files"] == {
        path.name: sha256_file(path) for path in folder.iterdir() if path.suffix != ".json"
    }
    assert cv2.imread(str(folder / "out.png")).shape[1] == 3 * 480 + 4 * 8


def test_a_fraction_of_ones_own(tmp_path, video):
    assert "blue: lost in 29 of 40 frames" in demo(video, tmp_path / "o.webm", "--lost", "1")
    assert "red: lost in 0 of 40" not in demo(video, tmp_path / "o.webm", "--lost", "0")


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_file_of_the_user_is_written_over(tmp_path, video, ending):
    theirs = tmp_path / f"out{ending}"
    theirs.write_text("mine")
    with pytest.raises(DsltError, match=r"is there already, and .* --overwrite"):
        demo(video, tmp_path / "out.webm")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {theirs.name: "mine"}
    demo(video, tmp_path / "out.webm", "--overwrite")


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_demo_may_be_repeated_unless_a_file_was_changed(made, video, ending):
    folder, _ = made
    demo(video, folder / "out.webm", "--lost", "0.6")
    changed = folder / f"out{ending}"
    if ending == ".json":
        changed.write_text(changed.read_text().replace('"red"', '"car"'))
    else:
        changed.write_bytes(changed.read_bytes() + b"1")
    with pytest.raises(
        DsltError, match=rf"out{ending}: is there already, and ".replace(".", r"\.")
    ):
        demo(video, folder / "out.webm")


def test_no_contact_sheet_among_the_frames(tmp_path):
    cv2.imwrite(str(tmp_path / "1.png"), two_squares(1)[0])
    with pytest.raises(DsltError, match="the contact sheet would lie among the frames"):
        demo(tmp_path, tmp_path / "out.webm")
    demo(tmp_path / "1.png", tmp_path / "out.webm")


def test_interlaced(tmp_path):
    frames = two_squares(COUNT)
    for frame, later in itertools.pairwise(frames):
        frame[1::2] = later[1::2]
    options = {"flags": "+ildct+ilme", "field_order": "tt", "b": "4M"}
    source = encode(tmp_path / "v.mp4", frames, **options)
    output = demo(source, tmp_path / "out.webm")
    assert "40 of 40 frames are interlaced" in output
    check_lost(output)


def test_rotated(tmp_path):
    source = encode(tmp_path / "v.mp4", two_squares(COUNT), turn=(0, 1, -1, 0), b="4M")
    # A quarter turn to the right: what was left is on top.
    boxes = [f"red={120 - 44},20,24,24", f"blue={120 - 84},40,24,24"]
    output = demo(source, tmp_path / "out.webm", boxes=boxes)
    assert VideoClip(tmp_path / "out.webm")[0].shape == (160, 120, 3)
    red = read_boxes(tmp_path / "out-red.txt", origin=0)
    np.testing.assert_allclose(red[:20, 1], red_lefts(COUNT)[:20], atol=3)
    check_lost(output)


@pytest.mark.parametrize("suffix", [".webm", ".mp4", ".mkv"])
def test_uneven_times_are_kept(tmp_path, suffix):
    times = [number + 10 * (number > 20) + number // 7 for number in range(COUNT)]
    source = encode(tmp_path / "v.mkv", two_squares(COUNT), "ffv1", times=times)
    boxes = [f"red={red_lefts(COUNT)[7]},20,24,24", BOXES[1]]
    check_lost(demo(source, tmp_path / f"out{suffix}", "--start", "7", boxes=boxes), COUNT - 7)
    expected = [(time - times[7]) / 25 for time in times[7:]]
    assert times_of(tmp_path / f"out{suffix}") == pytest.approx(expected, abs=2e-3)
    seconds = json.loads((tmp_path / "out.json").read_text())["times"]
    assert seconds == pytest.approx([time / 25 for time in times[7:]], abs=2e-3)


def test_uneven_times_in_an_avi_are_told(tmp_path):
    source = encode(tmp_path / "v.mkv", two_squares(6), "ffv1", times=[0, 1, 2, 30, 31, 32])
    assert "note: " in (output := demo(source, tmp_path / "out.avi"))
    assert ".avi has no times: frames are shown at" in output
    assert len(times_of(tmp_path / "out.avi")) == 6


def test_4k(tmp_path):
    frames = two_squares(16, (3840, 2160), side=240, below=300)
    source = encode(tmp_path / "v.mp4", frames, b="40M")
    boxes = ["red=20,20,240,240", "blue=40,300,240,240"]
    check_lost(demo(source, tmp_path / "out.webm", boxes=boxes), 16)
    assert VideoClip(tmp_path / "out.webm")[4].shape == (2160, 3840, 3)
    blue = read_boxes(tmp_path / "out-blue.txt", origin=0)
    np.testing.assert_allclose(blue, [[40, 300, 240, 240]] * 16, atol=4)


def test_a_span_counts_as_the_source_does(tmp_path, video):
    box = f"red={red_lefts(COUNT)[10]},20,24,24"
    output = demo(video, tmp_path / "o.webm", "--start", "0.4s", "--end", "19", boxes=[box])
    assert "o.webm: 10 frames; boxes in" in output
    assert "red: not judged" in output  # nine scores make no level
    rows = list(csv.DictReader((tmp_path / "o.csv").open()))
    assert (rows[0]["frame"], rows[0]["time"], rows[-1]["frame"]) == ("10", "0.400000", "19")
    assert (tmp_path / "o.mot.txt").read_text().startswith("11,1,")
    assert len(read_boxes(tmp_path / "o.txt", origin=0)) == 10


def test_each_frame_is_decoded_once_for_all_targets(tmp_path, video, monkeypatch):
    asked = []
    read = VideoClip.__getitem__
    monkeypatch.setattr(VideoClip, "__getitem__", lambda *a: asked.append(a[1]) or read(*a))
    demo(video, tmp_path / "out.webm")
    assert asked == list(range(COUNT))


def test_a_camera(tmp_path, monkeypatch):
    frames = two_squares(COUNT)

    class Camera:
        def __init__(self, number):
            self.left = iter(frames)

        isOpened = get = lambda *_: 25.0  # noqa: N815

        def read(self):
            frame = next(self.left, None)
            return frame is not None, None if frame is None else frame[..., ::-1]

        def release(self):
            pass

    monkeypatch.setattr(cv2, "VideoCapture", Camera)
    output = demo(Path("0"), tmp_path / "out.webm", "--end", "29")
    assert "out.webm: 30 frames" in output
    assert json.loads((tmp_path / "out.json").read_text())["source"] == "0"
    assert len(times_of(tmp_path / "out.webm")) == 30


def test_boxes_drawn_by_hand(tmp_path, video, monkeypatch):
    monkeypatch.setattr("dslt.demo.by_hand.check_display", lambda: None)
    seen = []

    def draw(frame):
        seen.append(frame)
        return [("", np.array([20.0, 20, 24, 24])), ("", np.array([40.0, 60, 24, 24]))]

    monkeypatch.setattr("dslt.demo.by_hand.draw_boxes", draw)
    (tmp_path / "out-2.txt").write_text("mine")
    with pytest.raises(DsltError, match=r"out-2\.txt: is there already"):
        demo(video, tmp_path / "out.webm", boxes=[])
    demo(video, tmp_path / "out.webm", "--overwrite", boxes=[])
    np.testing.assert_array_equal(seen[0], VideoClip(video)[0])
    assert len(read_boxes(tmp_path / "out-1.txt", origin=0)) == COUNT


def test_without_boxes_and_without_a_display(tmp_path, video, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.setattr("matplotlib.pyplot.get_backend", lambda: "agg")
    with pytest.raises(DsltError, match="no --box, and no window to draw one in"):
        demo(video, tmp_path / "out.webm", boxes=[])


def test_a_box_of_nothing_writes_nothing(tmp_path, video):
    with pytest.raises(DsltError, match=r"v\.mkv, --box far: the initial box .* lies outside"):
        demo(video, tmp_path / "out.webm", boxes=["red=20,20,24,24", "far=900,1,5,5"])
    assert list(tmp_path.iterdir()) == []
