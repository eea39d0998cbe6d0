"""Archives: unpacked as a whole, or refused with nothing written."""

import errno
import gzip
import os
import stat
import subprocess
import sys
import tarfile
import tracemalloc
from pathlib import Path, PurePosixPath
from platform import node

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive_files import HOSTILE, KINDS, make_archive, make_tar, make_zip, tree
from dslt.core.errors import DsltError
from dslt.core.images import SUFFIXES
from dslt.data.downloads.unpacking.gate import Limits
from dslt.data.downloads.unpacking.unpack import unpack

FILES = [("top/a.txt", b"1"), ("./top/s/b.txt", b"22"), ("top/s/0.jpg", b"333"), ("top/t/c", b"")]
TREE = {"a.txt": b"1", "s/b.txt": b"22", "s/0.jpg": b"333", "t/c": b""}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def refused(archive, tmp_path, words, **options):
    """The archive is refused by name, and nothing was written anywhere."""
    before = tree(tmp_path)
    with pytest.raises(DsltError, match=words) as caught:
        unpack(archive, tmp_path / "deep" / "out", **options)
    assert str(caught.value).startswith(f"{archive}: ")
    assert tree(tmp_path) == before
    assert not (tmp_path / "deep").exists() or names(tmp_path / "deep") == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_archive(tmp_path, kind):
    archive = make_archive(tmp_path / f"a.{kind}", kind, FILES)
    unpack(archive, tmp_path / "all")
    assert tree(tmp_path / "all" / "top") == TREE
    unpack(str(archive), str(tmp_path / "stripped"), strip=1)
    assert tree(tmp_path / "stripped") == TREE
    assert names(tmp_path) == sorted([archive.name, "all", "stripped"])


@pytest.mark.parametrize("kind", KINDS)
def test_choices(tmp_path, kind):
    archive = make_archive(tmp_path / f"a.{kind}", kind, FILES)
    unpack(archive, tmp_path / "text", strip=1, images=False)
    assert set(tree(tmp_path / "text")) == {"a.txt", "s/b.txt", "t/c"}
    unpack(archive, tmp_path / "s", strip=1, only=["s"])
    assert set(tree(tmp_path / "s")) == {"s/b.txt", "s/0.jpg"}
    unpack(archive, tmp_path / "members", {"s/b.txt"}, strip=1)
    assert set(tree(tmp_path / "members")) == {"s/b.txt"}


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_choices_that_are_not_there(tmp_path, kind):
    archive = make_archive(tmp_path / f"a.{kind}", kind, FILES)
    refused(archive, tmp_path, "no member 'u' in the archive", strip=1, only=("s", "u"))
    refused(archive, tmp_path, r"no member 'a\.txt' in", strip=1, only=("a.txt",))
    refused(archive, tmp_path, "no member 'top/x' in", members={"top/a.txt", "top/x"})
    refused(archive, tmp_path, r"'top/a\.txt' is not in 2 folder", strip=2)


def test_what_file_managers_add_is_left_out(tmp_path):
    junk = [".DS_Store", "._top", "__MACOSX/top/._a.txt", "top/s/.DS_Store", "top/s/._b.txt"]
    files = [*FILES, *((name, b"junk") for name in junk)]
    unpack(make_zip(tmp_path / "a.zip", files), tmp_path / "out", strip=1)
    assert tree(tmp_path / "out") == TREE


def test_folders_come_with_their_files(tmp_path):
    archive = make_tar(tmp_path / "a.tar", ("x/y", tarfile.DIRTYPE, b""), mode="w")
    unpack(archive, tmp_path / "out")
    assert names(tmp_path / "out") == []


def test_a_single_compressed_file(tmp_path):
    archive = tmp_path / "table.csv.gz"
    for data in (b"a,b\n" * 1000, b""):
        archive.write_bytes(gzip.compress(data))
        unpack(archive, tmp_path / "table.csv")
        assert (tmp_path / "table.csv").read_bytes() == data
        assert names(tmp_path) == ["table.csv", "table.csv.gz"]
        (tmp_path / "table.csv").unlink()
    refused(archive, tmp_path, "nothing to choose", strip=1)
    archive.write_bytes(gzip.compress(b"a,b\n" * 1000)[:-4])
    refused(archive, tmp_path, "damaged archive")
    archive.rename(tmp_path / "table.tar.gz")
    refused(tmp_path / "table.tar.gz", tmp_path, "neither a zip nor a tar")


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.skipif(os.name == "nt", reason="permissions are a Unix matter")
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_permissions_are_those_of_new_files(tmp_path, kind):
    if kind == "zip":
        archive = make_zip(tmp_path / "a", [("d/x", b"1")], mode=stat.S_IFREG | 0o6777)
    else:
        info = tarfile.TarInfo("d/x")
        info.mode = 0o6777
        with tarfile.open(tmp_path / "a", "w") as opened:
            opened.addfile(info)
        archive = tmp_path / "a"
    unpack(archive, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out" / "d" / "x").stat().st_mode) == 0o666 & ~_umask()
    for folder in ("out", "out/d"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o777 & ~_umask()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_hostile_archives(tmp_path, name):
    build, words = HOSTILE[name]
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "kept").write_text("kept")
    build(tmp_path / "a")
    refused(tmp_path / "a", tmp_path, words)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_limits(tmp_path, kind):
    archive = make_archive(tmp_path / "a", kind, [("x", bytes(3 << 20)), ("y", bytes(3 << 20))])
    refused(archive, tmp_path, "bomb", limits=Limits(max_bytes=5 << 20))
    refused(archive, tmp_path, "'y' is one of more than 1;", limits=Limits(max_members=1))
    assert Limits().allowance(1 << 20) == 100 << 20


@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_is_damage(tmp_path, kind):
    """At any place, between two members of a tar, too."""
    archive = make_archive(tmp_path / "a", kind, [(f"f{i}", os.urandom(700)) for i in range(4)])
    data = archive.read_bytes()
    for length in {*range(0, len(data) - 1, 512), len(data) // 3, len(data) - 20}:
        if kind == "tar" and length > 4 * 3 * 512:  # the mark of the end is there
            continue
        archive.write_bytes(data[:length])
        refused(archive, tmp_path, "damaged archive|neither a zip nor a tar")


def test_a_tar_with_a_broken_header(tmp_path):
    archive = make_archive(tmp_path / "a", "tar", [("x", b"1"), ("y", b"2")])
    data = bytearray(archive.read_bytes())
    data[1024 + 5] ^= 0xFF
    archive.write_bytes(data)
    refused(archive, tmp_path, "damaged archive")


def test_no_archive(tmp_path):
    archive = tmp_path / "a"
    archive.write_text("<html>not found</html>")
    refused(archive, tmp_path, "neither a zip nor a tar")
    with pytest.raises(DsltError, match="no such archive"):
        unpack(tmp_path / "none.zip", tmp_path / "out")


def test_an_existing_folder_is_kept(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(DsltError, match="exists already"):
        unpack(make_zip(tmp_path / "a.zip", [("x", b"")]), tmp_path / "out")


NO_ROOM = """
import resource, sys
from dslt.data.downloads.unpacking.unpack import unpack
from dslt.core.errors import DsltError
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
try:
    unpack(sys.argv[1], sys.argv[2])
except DsltError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="file size limits are a Unix matter")
def test_no_room_for_a_file(tmp_path):
    archive = make_zip(tmp_path / "a.zip", [("x", b"1"), ("y", bytes(100_000))])
    command = [sys.executable, "-c", NO_ROOM, str(archive), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{tmp_path / 'out'}: could not be written" in done.stdout
    assert names(tmp_path) == ["a.zip"]


def test_a_full_disk_is_said_in_words(tmp_path, monkeypatch):
    def full(self, *arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    archive = make_zip(tmp_path / "a.zip", FILES)
    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(DsltError, match="disk is full"):
        unpack(archive, tmp_path / "out")
    monkeypatch.undo()
    assert names(tmp_path) == ["a.zip"]


def test_an_interrupt_leaves_nothing(tmp_path):
    def interrupt(count):
        raise KeyboardInterrupt

    archive = make_archive(tmp_path / "a", "tar.gz", FILES)
    with pytest.raises(KeyboardInterrupt):
        unpack(archive, tmp_path / "out", progress=interrupt)
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("kind", KINDS)
def test_progress_adds_up_to_the_archive(tmp_path, kind):
    files = [(f"{i}.{'jpg' if i % 2 else 'txt'}", os.urandom(100_000)) for i in range(50)]
    archive = make_archive(tmp_path / "a", kind, files)
    size = archive.stat().st_size
    for images in (True, False):
        steps = []
        unpack(archive, tmp_path / f"out{images}", images=images, progress=steps.append)
        assert sum(steps) == size
        assert min(steps) > 0
        assert len(steps) >= (3 if images else 1)


def test_what_a_kill_left_is_removed_but_not_what_is_in_use(tmp_path):
    archives = [make_archive(tmp_path / name, "tar", FILES) for name in "ab"]
    command = [sys.executable, "-c", "import os; print(os.getpid())"]
    gone = int(subprocess.run(command, capture_output=True, check=True).stdout)
    kept = [f".unpack-{gone}-elsewhere-0a", ".unpack-x", f".unpack-{os.getppid()}-{node()}-0a"]
    for name in (f".unpack-{gone}-{node()}-0a", *kept):
        (tmp_path / name / "d").mkdir(parents=True)

    def unpack_another(count):
        if not (tmp_path / "inner").exists():
            unpack(archives[1], tmp_path / "inner")

    unpack(archives[0], tmp_path / "outer", progress=unpack_another)
    assert names(tmp_path) == sorted([*kept, "a", "b", "inner", "outer"])
    assert tree(tmp_path / "outer") == tree(tmp_path / "inner") != {}


def test_memory_does_not_grow_with_the_members_of_a_tar(tmp_path):
    def peak(count):
        members = [(f"d/{number}", tarfile.REGTYPE, b"") for number in range(count)]
        make_tar(tmp_path / f"{count}.tar", *members, mode="w")
        tracemalloc.start()
        unpack(tmp_path / f"{count}.tar", tmp_path / f"out{count}", ["d/0"])
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    assert peak(4000) < peak(400) + 200_000


# ------------------------------------------------------------------------------- properties

NAMES = st.text("abc.é _-1", min_size=1, max_size=6).filter(
    lambda name: name.strip(".") and not name.startswith("._")
)
LEAVES = st.tuples(NAMES, st.sampled_from(["", ".txt", ".jpg", ".PNG"])).map("".join)
CHOSEN = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@st.composite
def trees(draw):
    """Files of up to two folders; no file stands where a folder is."""
    folders = draw(st.lists(st.lists(NAMES, max_size=2), min_size=1, max_size=4))
    files = {}
    for folder in folders:
        for leaf in draw(st.lists(LEAVES, max_size=4)):
            files["/".join(["top", *folder, leaf])] = draw(st.binary(max_size=2000))
    folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
    return {path: data for path, data in files.items() if path not in folders}


@CHOSEN
@given(
    files=trees(),
    kind=st.sampled_from(KINDS),
    strip=st.booleans(),
    images=st.booleans(),
    data=st.data(),
)
def test_what_goes_in_comes_out(tmp_path_factory, files, kind, strip, images, data):
    base = tmp_path_factory.mktemp("tree")
    expected = {path.removeprefix("top/") if strip else path: files[path] for path in files}
    tops = sorted({path.partition("/")[0] for path in expected if "/" in path})
    only = data.draw(st.sets(st.sampled_from(tops)) if tops else st.just(set()))
    archive = make_archive(base / f"a.{kind}", kind, list(files.items()))
    unpack(archive, base / "out", strip=int(strip), only=only, images=images)
    assert tree(base / "out") == {
        path: content
        for path, content in expected.items()
        if (not only or ("/" in path and path.partition("/")[0] in only))
        and (images or PurePosixPath(path).suffix.lower() not in SUFFIXES)
    }
    assert names(base) == sorted([archive.name, "out"])


@CHOSEN
@given(
    kind=st.sampled_from(KINDS),
    changes=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=6),
)
def test_damage_is_an_error_or_harmless(tmp_path_factory, kind, changes):
    """Whatever bytes change, the only exception is the user's, and nothing half is left."""
    base = tmp_path_factory.mktemp("damage")
    archive = make_archive(base / f"a.{kind}", kind, FILES)
    content = bytearray(archive.read_bytes())
    for place, change in changes:
        content[int(place * (len(content) - 1))] ^= change
    archive.write_bytes(content)
    try:
        unpack(archive, base / "out")
    except DsltError:
        assert names(base) == [archive.name]
    else:
        assert names(base) == [archive.name, "out"]
