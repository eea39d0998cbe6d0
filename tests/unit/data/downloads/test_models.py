"""Published models: found, fetched, verified."""

import hashlib

import pytest

from dslt.core.errors import DsltError
from dslt.data.downloads.models import (
    fetch_model,
    find_weights_file,
    is_published,
    read_sums,
)
from http_server import Server

FILES = {"model.json": b"{}", "model.safetensors": b"weights", "README.md": b"a card"}


def sums_of(files):
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    return "".join(lines).encode()


@pytest.fixture
def server():
    with Server() as server:
        for name, data in {**FILES, "SHA256SUMS": sums_of(FILES)}.items():
            server.put(f"/zoo/net-seed0/{name}", data)
        yield server


@pytest.fixture
def published(tmp_path):
    folder = tmp_path / "zoo one" / "net-seed0"
    folder.mkdir(parents=True)
    for name, data in {**FILES, "SHA256SUMS": sums_of(FILES)}.items():
        (folder / name).write_bytes(data)
    return folder


def test_a_model_is_fetched_once(server, tmp_path):
    data, address = str(tmp_path / "data"), f"{server.url}/zoo/net-seed0"
    assert is_published(address)
    folder = fetch_model(address, data)
    assert {path.name: path.read_bytes() for path in folder.iterdir()}.items() >= FILES.items()
    count = len(server.asked)
    weights = folder / "model.safetensors"
    assert find_weights_file(address, data) == find_weights_file("net-seed0", data) == weights
    assert len(server.asked) == count


def test_a_folder_is_copied_or_used_as_it_is(published, tmp_path):
    data = str(tmp_path / "data")
    assert is_published(str(published))
    assert find_weights_file(str(published), data) == published / "model.safetensors"
    folder = fetch_model(str(published), data)
    assert (folder / "model.safetensors").read_bytes() == b"weights"
    with pytest.raises(DsltError, match="is there already, from file:"):
        fetch_model("https://localhost/zoo/net-seed0", data)
    (folder / "address.txt").write_bytes(b"\xff")  # damaged
    with pytest.raises(DsltError, match="is there already, from"):
        fetch_model(str(published), data)


def test_a_changed_file_is_refused(server, tmp_path):
    server.put("/zoo/net-seed0/model.safetensors", b"other weights")
    with pytest.raises(DsltError, match=r"model\.safetensors"):
        fetch_model(f"{server.url}/zoo/net-seed0", str(tmp_path))
    assert not list(tmp_path.rglob("model.safetensors"))


@pytest.mark.parametrize(
    "text", ["", "no list", "0" * 64 + "  README.md\n", "0" * 64 + "  ../model.safetensors\n"]
)
def test_a_list_without_weights_or_with_folders_is_refused(text, tmp_path):
    (tmp_path / "SHA256SUMS").write_text(text)
    with pytest.raises(DsltError, match="no list of a published model's checksums"):
        read_sums(tmp_path / "SHA256SUMS")


def test_what_is_not_there_is_told(tmp_path):
    (tmp_path / "models" / "net-seed1").mkdir(parents=True)
    (tmp_path / "models" / "net-seed1" / "model.safetensors").write_bytes(b"")
    with pytest.raises(DsltError, match=r"--weights nothing: no such file.* net-seed1"):
        find_weights_file("nothing", str(tmp_path))
