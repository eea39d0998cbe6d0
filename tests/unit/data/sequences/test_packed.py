"""Frames that stay in their archive are those that would be unpacked."""

import multiprocessing
import operator
import random
import struct
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from archive_files import HOSTILE, make_zip
from dslt.core.errors import DsltError
from dslt.data.downloads.unpacking.unpack import unpack
from dslt.data.sequences import packed
from dslt.data.sequences.frames import ImageFolder, iterate
from dslt.data.sequences.images import read_image
from dslt.data.sequences.packed import PackedFrames, packed_frames

RNG = np.random.default_rng(0)
COUNT = 12


def encoded(pixels, kind="PNG"):
    data = BytesIO()
    Image.fromarray(pixels).save(data, kind)
    return data.getvalue()


def frame(number):
    return encoded(np.full((24, 32, 3), number, dtype=np.uint8))


@pytest.fixture
def archive(tmp_path):
    files = [(f"Dog/img/{number}.png", frame(number)) for number in range(COUNT)]
    files += [("Dog/groundtruth_rect.txt", b"1,2,3,4\n"), ("Dog/img/._1.png", b"junk")]
    return make_zip(tmp_path / "Dog.zip", files[::-1])


def members(archive):
    return packed_frames(archive, 1, "Dog")["Dog/img"]


def test_members_are_listed_as_if_unpacked(tmp_path, archive):
    assert packed_frames(archive, 1, "Dog") == {
        "Dog/img": [f"Dog/img/{number}.png" for number in range(COUNT)]
    }
    assert list(packed_frames(archive, 1, ".")) == ["img"]
    assert list(packed_frames(archive, 0, ".")) == ["Dog/img"]
    color = make_zip(tmp_path / "a.zip", [("10.jpg", b""), ("9.jpg", b"")])
    assert packed_frames(color, 0, "Dog/color") == {"Dog/color": ["9.jpg", "10.jpg"]}
    with pytest.raises(DsltError, match=r"'10\.jpg' is not in 1 folder"):
        packed_frames(color, 1, ".")


def test_packed_frames_are_those_of_the_unpacked_folder(tmp_path, archive):
    unpack(archive, tmp_path / "Dog", strip=1)
    for folder, names in packed_frames(archive, 1, "Dog").items():
        loose, inside = ImageFolder.scan(tmp_path / folder), PackedFrames(archive, names)
        assert [Path(name).name for name in names] == [file.name for file in loose.files]
        for one, other in zip(iterate(loose), iterate(inside), strict=True):
            np.testing.assert_array_equal(one, other)
        assert inside.lengths() == [file.stat().st_size for file in loose.files]
        assert PackedFrames(archive, names, inside.lengths())[3][0, 0, 0] == 3


def _kinds():
    color = RNG.integers(0, 256, (24, 32, 3), dtype=np.uint8)
    deep = RNG.integers(0, 65536, (24, 32, 3), dtype=np.uint16)
    jpeg = encoded(color, "JPEG")
    return {
        "color.png": encoded(color),
        "gray.png": encoded(color[..., 0]),
        "gray.jpg": encoded(color[..., 0], "JPEG"),
        "alpha.png": encoded(np.dstack([color, color[..., 0]])),
        "palette.bmp": encoded(color[..., 0], "BMP"),
        "deep.png": cv2.imencode(".png", deep)[1].tobytes(),
        "deep_gray.tif": cv2.imencode(".tif", deep[..., 0])[1].tobytes(),
        "good.jpg": jpeg,
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "cut.png": encoded(color)[:-40],
        "empty.png": b"",
        "text.png": b"not an image",
        "float.tif": cv2.imencode(".tif", color[..., 0].astype(np.float32))[1].tobytes(),
    }


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_every_kind_of_image_behaves_as_its_file(tmp_path, compression):
    kinds = _kinds()
    archive = make_zip(tmp_path / "a.zip", kinds.items(), compression=compression)
    unpack(archive, tmp_path / "a")
    for path in sorted((tmp_path / "a").iterdir()):
        try:
            expected = read_image(path)
        except DsltError as error:
            with pytest.raises(DsltError) as caught:
                PackedFrames(archive, [path.name])[0]
            words = str(error).removeprefix(str(path))
            assert str(caught.value) == f"{archive}!{path.name}{words}"
            assert path.stem in {"cut", "empty", "text", "float"}
        else:
            np.testing.assert_array_equal(PackedFrames(archive, [path.name])[0], expected)
            assert path.stem not in {"cut", "empty", "text", "float"}


def test_bad_frames_are_named(tmp_path, archive):
    names = members(archive)
    frames = PackedFrames(archive, [*names, "Dog/img/none.png"])
    with pytest.raises(DsltError, match=r"Dog\.zip!Dog/img/none\.png: missing frame"):
        frames[COUNT]
    for index in (-1, COUNT + 1):
        with pytest.raises(IndexError):
            frames[index]
    wrong = PackedFrames(archive, names, [1] * COUNT)
    with pytest.raises(DsltError, match=r"Dog\.zip!Dog/img/2\.png: \d+ bytes, but 1 when it was"):
        wrong[2]
    with pytest.raises(DsltError, match="at least one frame"):
        PackedFrames(archive, [])
    wide = make_zip(tmp_path / "w.zip", [("0.png", frame(0)), ("1.png", encoded(np.eye(9) > 0))])
    with pytest.raises(DsltError, match=r"w\.zip!1\.png: frame of 9x9 .* of 32x24"):
        PackedFrames(wide, ["0.png", "1.png"])[1]


def test_bad_archives_are_named(tmp_path, archive):
    frames = PackedFrames(tmp_path / "none.zip", ["x.png"])
    with pytest.raises(DsltError, match=r"none\.zip: no such archive"):
        frames[0]
    with pytest.raises(DsltError, match=r"none\.zip: no such archive"):
        packed_frames(tmp_path / "none.zip", 0, ".")
    (tmp_path / "text.zip").write_text("<html>")
    with pytest.raises(DsltError, match=r"text\.zip: damaged archive"):
        PackedFrames(tmp_path / "text.zip", ["x.png"])[0]
    content = bytearray(archive.read_bytes())
    content[content.index(b"Dog/img/3.png") + 20] ^= 0xFF
    archive.write_bytes(content)
    broken = PackedFrames(archive, members(archive))
    assert broken[4][0, 0, 0] == 4
    with pytest.raises(DsltError, match=r"Dog\.zip!Dog/img/3\.png: unreadable frame, truncated"):
        broken[3]


def test_a_frame_of_many_gigabytes_is_none(archive):
    content = bytearray(archive.read_bytes())
    struct.pack_into("<I", content, content.index(b"PK\1\2") + 24, (1 << 32) - 2)
    archive.write_bytes(content)
    first = zipfile.ZipFile(archive).infolist()[0].filename
    with pytest.raises(DsltError, match="4294967294 bytes are no frame"):
        PackedFrames(archive, [first])[0]


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.startswith("zip ")])
def test_hostile_archives_are_refused(tmp_path, name):
    build, words = HOSTILE[name]
    build(tmp_path / "a.zip")
    if words not in ("occurs twice", "damaged") or name == "zip twice":
        with pytest.raises(DsltError, match=words):
            packed_frames(tmp_path / "a.zip", 0, ".")


def test_an_exchanged_archive_is_opened_again(archive):
    frames = PackedFrames(archive, ["Dog/img/0.png"])
    assert frames[0][0, 0, 0] == 0
    make_zip(archive, [("Dog/img/0.png", frame(77)), ("more", b"")])
    assert frames[0][0, 0, 0] == 77
    archive.unlink()
    with pytest.raises(DsltError, match="no such archive"):
        frames[0]


def open_handles(path):
    links = list(Path("/proc/self/fd").iterdir())
    return sum(link.exists() and link.samefile(path) for link in links)


def test_threads_share_one_handle(archive):
    frames = PackedFrames(archive, members(archive))
    again = PackedFrames(str(archive), members(archive))
    order = random.Random(0).choices(range(COUNT), k=400)
    with ThreadPoolExecutor(8) as pool:
        for source in (frames, again):
            levels = [int(pixels[0, 0, 0]) for pixels in pool.map(source.__getitem__, order)]
            assert levels == order
    if Path("/proc/self/fd").exists():
        assert open_handles(archive) == 1


def test_few_archives_stay_open(tmp_path):
    for number in range(10):
        path = make_zip(tmp_path / f"{number}.zip", [("a.png", frame(number))])
        assert PackedFrames(path, ["a.png"])[0][0, 0, 0] == number
    assert packed._open_once.cache_info().currsize == packed._KEPT_OPEN
    if Path("/proc/self/fd").exists():
        assert [open_handles(tmp_path / f"{number}.zip") for number in (0, 9)] == [0, 1]


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_read_at_the_same_time(tmp_path, method):
    """Also those that are forked while this one has the archive open: each has its own place."""
    pixels = RNG.integers(0, 256, (COUNT, 150, 150, 3), dtype=np.uint8)  # more than is read ahead
    files = [(f"{number}.png", encoded(pixels[number])) for number in range(COUNT)]
    frames = PackedFrames(make_zip(tmp_path / "a.zip", files), [name for name, _ in files])
    np.testing.assert_array_equal(frames[5], pixels[5])
    order = random.Random(1).choices(range(COUNT), k=120)
    context = multiprocessing.get_context(method)
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        waiting = [pool.submit(operator.getitem, frames, index) for index in order]
        for index, future in zip(order, waiting, strict=True):
            np.testing.assert_array_equal(frames[index], pixels[index])
            np.testing.assert_array_equal(future.result(), pixels[index])
