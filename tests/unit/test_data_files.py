"""Files: whole or not at all; archives: refused before the first byte."""

import errno
import io
import os
import stat
import subprocess
import sys
import tarfile
import zipfile

import pytest

from dslt.data.files import atomic_write, sha256_file, verify_sha256
from dslt.data.unpack import Limits, unpack
from dslt.errors import DsltError


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


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(DsltError, match="produced no file"), atomic_write(tmp_path / "v.mp4"):
        pass
    assert names(tmp_path) == []


FULL = """
import resource, sys
from dslt.boxes import write_boxes
from dslt.errors import DsltError
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


def make_zip(path, files, mode=None):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if mode is not None:
                info.external_attr = mode << 16
            archive.writestr(info, data)
    return path


def make_tar(path, *members):
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, data in members:
            info = tarfile.TarInfo(name)
            info.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                info.linkname = data
                archive.addfile(info)
            else:
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
    return path


def test_plain_archives_unpack(tmp_path):
    files = [("a.txt", b"1"), ("./folder/b.txt", b"2")]
    unpack(make_zip(tmp_path / "a.zip", files), tmp_path / "zip")
    members = [(name, tarfile.REGTYPE, data) for name, data in files]
    unpack(make_tar(tmp_path / "a.tgz", *members), tmp_path / "tar")
    for folder in ("zip", "tar"):
        assert (tmp_path / folder / "a.txt").read_bytes() == b"1"
        assert (tmp_path / folder / "folder" / "b.txt").read_bytes() == b"2"


def test_chosen_members_only(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("a", b"1"), ("b", b"2")])
    unpack(archive, tmp_path / "out", {"b"})
    assert names(tmp_path / "out") == ["b"]
    with pytest.raises(DsltError, match="no member 'c'"):
        unpack(archive, tmp_path / "other", {"c"})


BAD_PATHS = ["../evil", "a/../../evil", "/etc/evil", "..\\evil", "C:/evil", "a\\..\\..\\evil"]


@pytest.mark.parametrize("path", BAD_PATHS)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_paths_that_leave_the_folder(tmp_path, path, kind):
    archive = tmp_path / "a"
    if kind == "zip":
        make_zip(archive, [("good", b"1"), (path, b"2")])
    else:
        make_tar(archive, ("good", tarfile.REGTYPE, b"1"), (path, tarfile.REGTYPE, b"2"))
    refused(archive, tmp_path, "leaves its folder|not portable")


def refused(archive, tmp_path, words, **options):
    with pytest.raises(DsltError, match=words) as caught:
        unpack(archive, tmp_path / "deep" / "out", **options)
    assert str(archive) in str(caught.value)
    assert names(tmp_path / "deep") == []
    assert names(tmp_path) == sorted([archive.name, "deep"])


@pytest.mark.parametrize(
    ("kind", "data", "words"),
    [
        (tarfile.SYMTYPE, "../../etc", "is a link"),
        (tarfile.LNKTYPE, "/etc/passwd", "is a link"),
        (tarfile.CHRTYPE, b"", "not a plain file"),
        (tarfile.FIFOTYPE, b"", "not a plain file"),
    ],
)
def test_links_and_devices(tmp_path, kind, data, words):
    refused(make_tar(tmp_path / "a.tar", ("x", kind, data)), tmp_path, words)


def test_links_in_a_zip(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("x", b"/etc/passwd")], stat.S_IFLNK | 0o777)
    refused(archive, tmp_path, "is a link")


def test_a_name_twice(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate"):
        archive = make_zip(tmp_path / "a.zip", [("x", b"1"), ("x", b"2")])
    refused(archive, tmp_path, "occurs twice")


def test_decompression_bombs(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("x", bytes(3 << 20)), ("y", bytes(3 << 20))])
    refused(archive, tmp_path, "bomb", limits=Limits(max_bytes=5 << 20))
    assert Limits().allowance(1 << 20) == 100 << 20


def test_damaged_archives(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("x", bytes(range(256)) * 40)])
    data = bytearray(archive.read_bytes())
    data[60] ^= 0xFF
    archive.write_bytes(data)
    refused(archive, tmp_path, "damaged archive")


def test_a_cut_tar_and_no_archive(tmp_path):
    archive = make_tar(tmp_path / "a", ("x", tarfile.REGTYPE, os.urandom(40_000)))
    archive.write_bytes(archive.read_bytes()[:20_000])
    refused(archive, tmp_path, "damaged archive")
    archive.write_text("<html>not found</html>")
    refused(archive, tmp_path, "neither a zip nor a tar")


def test_an_existing_folder_is_kept(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(DsltError, match="exists already"):
        unpack(make_zip(tmp_path / "a.zip", [("x", b"")]), tmp_path / "out")
