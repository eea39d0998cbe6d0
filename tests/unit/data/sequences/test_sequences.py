"""Frames: every kind of image and video, every way to be broken, read ahead in order."""

import threading
import time

import cv2
import numpy as np
import pytest
from PIL import Image

from dslt.core.errors import DsltError
from dslt.data.sequences.frames import (
    ImageFolder,
    Sequence,
    iterate,
    validate_initial_box,
)
from dslt.data.sequences.images import read_image

RNG = np.random.default_rng(0)
COLOR = RNG.integers(0, 256, (24, 32, 3), dtype=np.uint8)


def save(path, pixels, **options):
    Image.fromarray(pixels).save(path, **options)
    return path


def test_color_and_gray(tmp_path):
    np.testing.assert_array_equal(read_image(save(tmp_path / "c.png", COLOR)), COLOR)
    gray = read_image(save(tmp_path / "g.png", COLOR[..., 0]))
    np.testing.assert_array_equal(gray, np.repeat(COLOR[..., :1], 3, axis=2))
    assert read_image(save(tmp_path / "g.jpg", COLOR[..., 0])).shape == COLOR.shape


def test_alpha_is_dropped(tmp_path):
    alpha = np.dstack([COLOR, np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)])
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", alpha)), COLOR)


def test_palette(tmp_path):
    image = Image.fromarray(COLOR).quantize(16)
    image.save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_image(tmp_path / "p.png"), np.array(image.convert("RGB")))


@pytest.mark.parametrize(("channels", "suffix"), [(1, "png"), (3, "png"), (4, "png"), (1, "tif")])
def test_sixteen_bits(tmp_path, channels, suffix):
    deep = RNG.integers(0, 65536, (24, 32, channels), dtype=np.uint16)
    path = tmp_path / f"d.{suffix}"
    assert cv2.imwrite(str(path), deep[..., [2, 1, 0, 3][:channels]] if channels > 2 else deep)
    expected = np.floor(deep.astype(np.float64) / 257 + 0.5).astype(np.uint8)
    if channels == 1:
        expected = np.repeat(expected, 3, axis=2)
    np.testing.assert_array_equal(read_image(path), expected[..., :3])


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_truncated_files_are_errors(tmp_path, suffix):
    path = save(tmp_path / f"0001.{suffix}", COLOR)
    data = path.read_bytes()
    for part in (len(data) // 2, len(data) - 40, 10, 0):
        path.write_bytes(data[:part])
        with pytest.raises(DsltError, match=f"0001.{suffix}: unreadable frame"):
            read_image(path)


def test_other_files_are_errors(tmp_path):
    (tmp_path / "x.png").write_text("hello")
    with pytest.raises(DsltError, match="unreadable frame"):
        read_image(tmp_path / "x.png")
    with pytest.raises(DsltError, match=r"none\.png: missing frame"):
        read_image(tmp_path / "none.png")
    save(tmp_path / "f.tif", np.zeros((4, 4), dtype=np.float32))
    with pytest.raises(DsltError, match="pixels of kind 'F'"):
        read_image(tmp_path / "f.tif")


def test_files_come_in_the_order_of_their_numbers(tmp_path):
    for name in ("img10.png", "img9.png", "img1.png", "IMG2.PNG", ".img3.png", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in ImageFolder.scan(tmp_path).files] == [
        "img1.png",
        "IMG2.PNG",
        "img9.png",
        "img10.png",
    ]
    with pytest.raises(DsltError, match="no such folder"):
        ImageFolder.scan(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DsltError, match="no frames in the folder"):
        ImageFolder.scan(tmp_path / "empty")


@pytest.fixture
def folder(tmp_path):
    for number in range(1, 7):
        save(tmp_path / f"{number:04d}.png", np.full((24, 32, 3), number, dtype=np.uint8))
    return tmp_path


def test_image_folder(folder):
    frames = ImageFolder.scan(folder)
    assert len(frames) == 6
    assert [frames[i][0, 0, 0] for i in (3, 0, 5)] == [4, 1, 6]
    with pytest.raises(IndexError):
        frames[6]
    with pytest.raises(IndexError):
        frames[-1]


def test_a_frame_of_another_size_is_an_error(folder):
    save(folder / "0004.png", np.zeros((24, 30, 3), dtype=np.uint8))
    with pytest.raises(DsltError, match=r"0004\.png: frame of 30x24 .* of 32x24"):
        ImageFolder.scan(folder)[3]


def test_a_frame_that_vanished_or_was_exchanged_is_an_error(folder):
    files = ImageFolder.scan(folder).files
    frames = ImageFolder(files, [file.stat().st_size for file in files])
    files[1].unlink()
    save(files[2], COLOR)
    assert frames[0].shape == (24, 32, 3)
    with pytest.raises(DsltError, match=r"0002\.png: missing frame"):
        frames[1]
    with pytest.raises(DsltError, match=r"0003\.png: .* when it was indexed"):
        frames[2]
    with pytest.raises(DsltError, match="at least one frame"):
        ImageFolder([])


class Slow:
    """Frames that take a while and may fail."""

    def __init__(self, length, bad=None):
        self.length, self.bad, self.read = length, bad, []

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.read.append(index)
        if index == self.bad:
            raise DsltError(f"frame {index} is broken")
        time.sleep(0.001 * (index % 3))
        return np.full((2, 2, 3), index, dtype=np.uint8)


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("dslt-frames")]


@pytest.mark.parametrize("depth", [1, 4, 100])
def test_iterate_keeps_the_order(depth):
    assert [int(f[0, 0, 0]) for f in iterate(Slow(12), 3, depth)] == list(range(3, 12))
    assert threads() == []
    assert list(iterate(Slow(3), 3)) == []


def test_iterate_raises_at_the_broken_frame():
    frames = iterate(Slow(12, bad=5))
    assert [int(next(frames)[0, 0, 0]) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(DsltError, match="frame 5 is broken"):
        next(frames)
    assert threads() == []


def test_iterate_stops_with_its_reader_and_does_not_run_ahead():
    source = Slow(1000)
    frames = iterate(source, depth=3)
    next(frames)
    time.sleep(0.05)
    assert max(source.read) <= 4
    frames.close()
    assert threads() == []
    with pytest.raises(ValueError, match="depth"):
        next(iterate(source, depth=0))


def test_sequence_checks_its_lengths():
    boxes = np.arange(12).reshape(3, 4)
    sequence = Sequence("a", Slow(3), boxes, ("OCC",), "film")
    assert len(sequence) == 3
    assert sequence.initial_box.tolist() == [0, 1, 2, 3]
    with pytest.raises(DsltError, match="sequence a: 4 frames but ground truth of 3 boxes"):
        Sequence("a", Slow(4), boxes)


@pytest.mark.parametrize(
    ("box", "words"),
    [
        ([1, 1, 0, 5], "no area"),
        ([1, 1, 5, -2], "no area"),
        ([np.nan] * 4, "not a number"),
        ([1, 1, np.inf, 5], "not a number"),
        ([32, 5, 5, 5], "outside the frame of 32x24"),
        ([-5, 5, 5, 5], "outside the frame"),
        ([5, 24, 5, 5], "outside the frame"),
        ([0.2, 0.3, 0.1, 0.2], "smaller than a pixel; if these are fractions of the frame"),
    ],
)
def test_unusable_initial_boxes(box, words):
    with pytest.raises(DsltError, match=words) as caught:
        validate_initial_box(box, (24, 32, 3), "sequence Dog")
    assert "sequence Dog" in str(caught.value)


def test_usable_initial_boxes():
    for box in ([-4, -4, 5, 5], [31.5, 23.5, 5, 5], [0, 0, 32, 24]):
        assert validate_initial_box(box, (24, 32), "x").tolist() == box
