"""Folders before a run: links become copies, halves go."""

import os
import stat

import pytest

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write
from dslt.core.folders import own_files, remove_halves, remove_halves_of


@pytest.fixture
def linked(tmp_path):
    """A cache of two read-only files, and a folder with links to them and a file of its own."""
    cache, folder = tmp_path / "cache", tmp_path / "folder" / "deep"
    cache.mkdir()
    folder.mkdir(parents=True)
    for name in ("hard", "soft"):
        (cache / name).write_text(name)
        (cache / name).chmod(0o444)
        os.utime(cache / name, (1000, 1000))
    os.link(cache / "hard", folder / "hard")
    (folder / "soft").symlink_to(cache / "soft")
    (folder / "own").write_text("own")
    return cache, folder


def test_links_become_copies(linked):
    cache, folder = linked
    assert own_files([folder.parent]) == 2
    assert sorted(path.name for path in folder.iterdir()) == ["hard", "own", "soft"]
    for name in ("hard", "soft"):
        path = folder / name
        status = path.lstat()
        assert (status.st_nlink, stat.S_ISREG(status.st_mode)) == (1, True)
        assert status.st_mtime == 1000
        assert status.st_mode & stat.S_IWUSR
        path.write_text("changed")
        assert (cache / name).read_text() == name
    assert own_files([folder.parent]) == 0


def test_files_are_named_one_by_one_and_folders_may_be_links(linked, tmp_path):
    cache, folder = linked
    assert own_files([folder / "hard", folder / "own"]) == 1
    assert (folder / "soft").is_symlink()
    assert (cache / "hard").stat().st_nlink == 1
    (tmp_path / "elsewhere").symlink_to(folder)
    (folder / "inner").symlink_to(cache)
    assert own_files([tmp_path / "elsewhere"]) == 1
    assert (folder / "inner").is_symlink()


def test_a_link_that_leads_nowhere_is_told_and_stays(linked):
    cache, folder = linked
    (folder / "gone").symlink_to(cache / "gone")
    with pytest.raises(DsltError, match=r"gone leads to .*, which is not there: is the disk"):
        own_files([folder])
    assert (folder / "gone").is_symlink()


def test_a_folder_need_not_be_there(tmp_path):
    assert own_files([tmp_path / "none"]) == 0
    remove_halves(tmp_path / "none")


def test_a_copy_that_cannot_be_written_is_told(linked, monkeypatch):
    def full(*paths):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    cache, folder = linked
    with pytest.raises(DsltError, match="could not be written; the disk is full"):
        own_files([folder])
    assert (cache / "hard").read_text() == (folder / "hard").read_text() == "hard"
    assert not list(folder.glob(".*"))


def test_what_is_half_written_of_one_file_goes_and_nothing_else(tmp_path):
    for file in (tmp_path / "a.json", tmp_path / ".a.json", tmp_path / "a.b.json"):
        file.write_text("")
        with atomic_write(file) as temporary:
            temporary.write_text("")
            temporary.rename(tmp_path / f"{temporary.name}.kept")
            temporary.write_text("")
        (tmp_path / f"{temporary.name}.kept").rename(temporary)
    remove_halves_of(tmp_path / "none" / "a.json")
    remove_halves_of(tmp_path / "a.json")
    left = [path.name for path in tmp_path.glob(".*.part.json")]
    assert sorted(name.partition(".json")[0][:4] for name in left) == ["..a.", ".a.b"]


def test_what_is_half_written_goes_and_nothing_else(tmp_path):
    names = ["a.txt", ".hidden", "b.part", ".c.part.txt", "d.0123456789ab.part.txt"]
    for name in names:
        (tmp_path / name).write_text("")
    with atomic_write(tmp_path / "deep" / "e.training.csv") as temporary:
        temporary.write_text("")
        assert [path.name for path in (tmp_path / "deep").iterdir()] == [temporary.name]
        temporary.rename(tmp_path / temporary.name)
        remove_halves(tmp_path)
        assert sorted(path.name for path in tmp_path.glob("*")) == sorted([*names, "deep"])
        temporary.write_text("")
