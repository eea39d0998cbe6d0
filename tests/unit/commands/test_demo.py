"""`dslt demo`: what it tells of a video, and whose files it writes over."""

import os
import resource
import subprocess
import sys
from dataclasses import asdict

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.core.device import frozen_networks
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.data.sequences.recording import FORMATS, description, write_video
from dslt.geometry.boxes import read_boxes
from places import ROOT

SCENE = cv2.resize(np.random.default_rng(0).integers(0, 255, (12, 16, 3), np.uint8), (160, 120))
FRAMES = [np.roll(SCENE, number, axis=1) for number in range(12)]


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source.mkv"
    write_video(path, FRAMES, 25, "mine")
    return path


def demo(source, out, *more):
    arguments = ["demo", str(source), "--box", "60,40,40,40", "--tracker", "opencv/kcf"]
    arguments += ["--out", str(out), "--trackers", str(ROOT / "config" / "trackers"), *more]
    result = CliRunner().invoke(group, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_a_text_file_of_the_user_is_kept(tmp_path, source):
    out, text = tmp_path / "car.mp4", tmp_path / "car.txt"
    text.write_text("61,61,60,60\n62,61,60,60\n")
    with pytest.raises(DsltError, match=r"car\.txt: is there already.* --overwrite"):
        demo(source, out)
    assert text.read_text() == "61,61,60,60\n62,61,60,60\n"
    assert not out.exists()
    demo(source, out, "--overwrite")
    assert len(read_boxes(text, origin=0)) == 12


def test_only_what_demo_wrote_is_written_over(tmp_path, source):
    out, text = tmp_path / "car.mp4", tmp_path / "car.txt"
    demo(source, out)
    demo(source, out)  # what is there is from the first run
    text.write_text("1,2,3,4\n")
    with pytest.raises(DsltError, match=r"car\.txt: is there already.*no longer"):
        demo(source, out)
    text.unlink()
    demo(source, out)
    write_video(out, FRAMES, 25, "a holiday")
    with pytest.raises(DsltError, match=r"car\.mp4: is there already, and is not \(or no longer\)"):
        demo(source, out)
    assert description(out) == "a holiday"
    with pytest.raises(DsltError, match="is the source itself"):
        demo(source, source, "--overwrite")


def test_the_source_is_kept_where_the_boxes_would_go(tmp_path, source):
    clip = tmp_path / "clip.txt"
    data = source.read_bytes()
    clip.write_bytes(data)
    linked = tmp_path / "linked.txt"
    linked.hardlink_to(clip)
    for out in (clip, linked):
        with pytest.raises(DsltError, match=r"\.txt, where the boxes would go, is the source"):
            demo(clip, out.with_suffix(".mp4"), "--overwrite")
    assert clip.read_bytes() == data


def test_a_demo_by_graphs_says_so(tmp_path, source):
    out = tmp_path / "car.mp4"
    words = ("--end", "2", "--device", "cpu")
    quick = "training.backbone.weights=random;training.iterations=2"
    demo(source, out, "--tracker", "dslt/lite", "--set", quick, "--graphs", *words)
    about = read_json(out.with_suffix(".json"))
    assert (about["graphs"], about["device"]) == (True, "cpu")
    assert len(read_boxes(out.with_suffix(".txt"), origin=0)) == 3
    with pytest.raises(DsltError, match=r"opencv.* decides on the host within a frame"):
        demo(source, tmp_path / "other.mp4", "--graphs", *words)


def test_the_summary_says_what_the_networks_ran_on(tmp_path, source):
    out = tmp_path / "car.mp4"
    quick = "training.backbone.weights=random;training.iterations=2"
    demo(source, out, "--tracker", "dslt/lite", "--set", quick, "--end", "1")
    about = read_json(out.with_suffix(".json"))
    assert about["device"] in ("cpu", "cuda", "mps")
    assert about["frozen"] == (asdict(frozen_networks()) if about["device"] == "cpu" else None)
    demo(source, out)  # OpenCV's has none
    about = read_json(out.with_suffix(".json"))
    assert (about["device"], about["frozen"]) == ("cpu", None)


def test_boxes_of_a_demo_that_was_ended_early(tmp_path, source):
    out = tmp_path / "car.mp4"
    demo(source, out)
    out.unlink()
    out.with_suffix(".json").unlink()
    with pytest.raises(DsltError, match=r"there is no car\.json beside it .* say --overwrite"):
        demo(source, out)
    demo(source, out, "--overwrite")


def test_notes_come_before_the_result(tmp_path, source):
    data = source.read_bytes()
    part = tmp_path / "part.mkv"
    part.write_bytes(data[: len(data) * 8 // 10])
    assert "part.mkv: the container announces" in demo(part, tmp_path / "o.mp4")
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(FRAMES):
        Image.fromarray(frame).save(folder / f"{number}.png")
    Image.fromarray(FRAMES[0]).save(folder / "cover.png")
    output = demo(folder, tmp_path / "o.mp4")
    assert "1 of 13 pictures are not named like the frames and left out: cover.png" in output
    assert "12 frames" in output
    assert ": 1 frames" in demo(folder / "3.png", tmp_path / "o.mp4")


def test_notes_of_later_frames_come_after_them(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, frame in enumerate(FRAMES):
        pixels = 7000 + 4 * frame[..., 0].astype(np.uint16)
        cv2.imwrite(str(folder / f"{number}.png"), pixels if number else np.full_like(pixels, 7300))
    assert "some keep fewer than 32 grey levels" in demo(folder, tmp_path / "o.mp4")


def test_a_target_that_cannot_be_followed_is_told(tmp_path, source):
    command = [sys.executable, "-m", "dslt", "demo", str(source), "--box", "2,60,150,3"]
    command += ["--tracker", "opencv/csrt", "--out", str(tmp_path / "o.mp4")]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    assert "note: OpenCV's CSRT cannot start on the box (2, 60, 150, 3)" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs limits of POSIX")
@pytest.mark.parametrize("suffix", FORMATS)
def test_a_video_that_cannot_be_written_leaves_the_boxes(tmp_path, source, suffix):
    out = tmp_path / f"o{suffix}"
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, limits[1]))
    try:
        with pytest.raises(DsltError, match=r"could not be written; the file is larger.*boxes are"):
            demo(source, out)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    made = {path.name for path in tmp_path.iterdir()}
    assert made == {source.name, "o.txt", "o.csv", "o.mot.txt", "o.json"}
    assert read_json(tmp_path / "o.json")["files"].keys() == {"o.txt", "o.csv", "o.mot.txt"}
    demo(source, out)
