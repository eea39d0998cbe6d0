"""Files: whole or not at all, and checked."""

import errno
import os
import stat
import subprocess
import sys

import pytest

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, files_below, sha256_file, verify_sha256


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_atomic_write_makes_folders_and_keeps_the_suffix(tmp_path):
    target = tmp_path / "a" / "b" / "plot.png"
    with atomic_write(target) as temporary:
        assert temporary.suffix == ".png"
        assert temporary.parent == target.parent
        temporary.write_bytes(b"new")
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["plot.png"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_the_old_file(tmp_path, error):
    target = tmp_path / "result.txt"
    target.write_text("old")

    def fail():
        with atomic_write(target) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        fail()
    assert target.read_text() == "old"
    assert names(tmp_path) == ["result.txt"]


@pytest.mark.parametrize("path", [".", "/", ""])
def test_a_folder_is_no_file(path):
    with pytest.raises(DsltError, match="is a folder; expected the path of a file"):
        atomic_write(path).__enter__()


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(DsltError, match="produced no file"), atomic_write(tmp_path / "v.mp4"):
        pass
    assert names(tmp_path) == []


FULL = """
import resource, sys
from dslt.geometry.boxes import write_boxes
from dslt.core.errors import DsltError
import numpy as np
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    write_boxes(sys.argv[1], np.zeros((5000, 4)))
except DsltError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are a Unix matter")
def test_no_room_for_the_file(tmp_path):
    target = tmp_path / "boxes.txt"
    target.write_text("old")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(target)], capture_output=True, text=True, check=True
    )
    assert "could not be written" in done.stdout
    assert str(target) in done.stdout
    assert target.read_text() == "old"
    assert names(tmp_path) == ["boxes.txt"]


def test_a_full_disk_is_said_in_words(tmp_path):
    def fill():
        with atomic_write(tmp_path / "x") as temporary:
            temporary.write_text("half")
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(DsltError, match="disk is full"):
        fill()
    assert names(tmp_path) == []


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "results").write_text("")
    with (
        pytest.raises(DsltError, match="could not be written"),
        atomic_write(tmp_path / "results" / "a.txt"),
    ):
        pass


def test_sha256(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256_file(path) == digest
    verify_sha256(path, digest.upper())
    with pytest.raises(DsltError, match="wrong checksum") as caught:
        verify_sha256(path, "0" * 64, "download it again")
    for part in (str(path), "0" * 64, digest, "download it again"):
        assert part in str(caught.value)
    with pytest.raises(DsltError, match="no such file"):
        sha256_file(tmp_path / "none")


def test_files_behind_links_are_found_once(tmp_path):
    there = tmp_path / "there" / "deep"
    there.mkdir(parents=True)
    (there / "a.txt").touch()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.txt").touch()
    (folder / "link").symlink_to(tmp_path / "there")
    (folder / "loop").symlink_to(folder)
    (folder / "nowhere.txt").symlink_to("gone")
    found = [path.relative_to(folder).as_posix() for path in files_below(folder)]
    assert found == ["b.txt", "link/deep/a.txt"]


def test_names_that_are_too_long_are_told_and_long_ones_are_written(tmp_path):
    with (
        pytest.raises(DsltError, match="longer than this file system allows"),
        atomic_write(tmp_path / ("x" * 300)) as temporary,
    ):
        temporary.touch()
    name = "\u72d7" * 80  # 240 bytes
    with atomic_write(tmp_path / f"{name}.txt") as temporary:
        temporary.touch()
    assert (tmp_path / f"{name}.txt").is_file()
