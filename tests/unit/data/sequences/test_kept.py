"""Frames that are kept beside a video: the same ones, whatever happens to the files."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.data.sequences.kept import FOLDER, keep_frames

SCENES = np.random.default_rng(0).integers(0, 256, (6, 9, 7, 3), np.uint8)
Usage = namedtuple("Usage", "total used free")


class Video:
    """Six frames that are counted when they are decoded."""

    def __init__(self) -> None:
        self.decoded: list[int] = []

    def __len__(self) -> int:
        return len(SCENES)

    def __getitem__(self, index: int) -> np.ndarray:
        self.decoded.append(index)
        return SCENES[index].copy()


def read(order: list[int]) -> list[int]:
    """Read frames in an order, check them, and list those that were decoded for it."""
    video = Video()
    frames = keep_frames(video, "5ea1", 100)
    assert len(frames) == 6
    for number in order:
        frame = frames[number]
        assert frame.flags.writeable
        np.testing.assert_array_equal(frame, SCENES[number])
    return video.decoded


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("NODE_DISK", str(tmp_path))
    monkeypatch.setenv(FOLDER, "$NODE_DISK/frames")
    return tmp_path / "frames"


def test_nothing_is_kept_unless_a_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)
    video = Video()
    assert keep_frames(video, "5ea1", 100) is video


def test_each_frame_is_decoded_once_in_any_order(folder: Path) -> None:
    assert read([3, 1, 5, 0]) == [0, 1, 2, 3, 4, 5]
    assert read([5, 4, 3, 2, 1, 0]) == []
    assert [path.name for path in sorted(folder.glob("*/5ea1/*"))][::5] == ["0000100", "0000105"]


def test_a_damaged_file_is_made_again(folder: Path) -> None:
    read([2])
    first, second, third = sorted(folder.glob("*/5ea1/*"))
    first.write_bytes(first.read_bytes()[:-1])
    second.write_bytes(second.read_bytes()[:-1] + b"\x00")
    third.write_bytes(b"")
    second_decoded = [] if SCENES[1].flat[-1] == 0 else [1]
    assert read([0, 1, 2]) == [0, *second_decoded, 2]
    assert read([0, 1, 2]) == []


def test_a_full_disk_keeps_no_more(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read([1])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(100, 95, 5))
    assert read([1, 3, 3]) == [3, 3]
    assert len(list(folder.glob("*/5ea1/*"))) == 2


def test_what_is_no_folder_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(FOLDER, str(tmp_path / "file"))
    with pytest.raises(DsltError, match="a part of the path is a file"):
        read([0])
    monkeypatch.delenv("NO_SUCH_DISK", raising=False)
    monkeypatch.setenv(FOLDER, "$NO_SUCH_DISK/frames")
    with pytest.raises(DsltError, match=r"DSLT_FRAMES: \$NO_SUCH_DISK/frames"):
        read([0])
