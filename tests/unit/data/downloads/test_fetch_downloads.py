"""`dslt fetch` of every download against a local server, and from copies."""

import contextlib
import hashlib
import json
import os
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from download_examples import NAMES, at_server, make_example, zipped
from dslt.cli import group
from dslt.core.errors import DsltError
from dslt.data.downloads.definitions import (
    downloads_folder,
    parse_download,
    receipt_file,
    unpacked_folder,
)
from dslt.data.downloads.fetch import fetch_download, undo
from dslt.data.downloads.receipts import Receipt
from dslt.data.downloads.transfer import Policy
from http_server import LOGIN, Fault, Server

FAST = Policy(tries=3, timeout=(5, 5), sleep=lambda _: None)
HANDED_OUT = [n for n in NAMES if make_example(n).definition.get("access") != "account"]


@pytest.fixture
def server():
    with Server() as running:
        yield running


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


def fetched(name, download, data, **options):
    return fetch_download(name, download, data, policy=FAST, progress=False, **options)


def tree(folder):
    """Files by path; hidden ones are nobody's result."""
    found = {}
    for base, folders, names in os.walk(folder, followlinks=True):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for name in names:
            if not name.startswith("."):
                path = Path(base, name)
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def gets(server):
    return [path for method, path, _ in server.asked if method == "GET"]


# ------------------------------------------------------------------------ every download


@pytest.mark.parametrize("name", HANDED_OUT)
def test_every_download_that_is_handed_out(name, server, data):
    example = make_example(name)
    download = example.serve(server)
    receipt = fetched(name, download, data, agreed=True)
    assert tree(unpacked_folder(data, name)) == example.expected
    kept = tree(downloads_folder(data, name))
    text = receipt_file(data, name).read_text(encoding="utf-8")
    assert receipt == Receipt.model_validate_json(text)
    kept.pop("receipt.json")
    if name.startswith("lasot"):  # its archives are removed
        assert kept == ({"training_set.txt": kept["training_set.txt"]} if name == "lasot" else {})
    else:
        assert kept == example.files
    assert {file.file for file in receipt.files} == set(example.files)
    assert {one.bytes for one in receipt.files} == {len(d) for d in example.files.values()}
    written = receipt_file(data, name).read_bytes()
    asked = len(server.asked)
    assert fetched(name, download, data) == receipt  # nothing to do, nothing to agree to
    assert len(server.asked) == asked
    receipt_file(data, name).unlink()
    fetched(name, download, data)
    assert receipt_file(data, name).read_bytes() == written
    receipt_file(data, name).write_bytes(b"\xff")
    fetched(name, download, data)
    assert receipt_file(data, name).read_bytes() == written


@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_every_download_from_a_copy(name, unpacked, server, data, tmp_path):
    example = make_example(name)
    copy = example.copy(tmp_path / "copy", unpacked=unpacked)
    if name.startswith("vot"):
        (copy / "description.json").write_bytes(example.files["description.json"])
    before = tree(copy)
    download = parse_download(name, at_server(example.definition, server.url))
    receipt = fetched(name, download, data, source=copy)
    assert server.asked == []
    assert receipt.adopted == str(copy)
    found = tree(unpacked_folder(data, name))
    assert found.items() >= example.expected.items()
    if unpacked and name not in ("vot2016", "vot2018"):
        assert found.items() <= before.items()
    assert tree(copy) == before
    assert fetched(name, download, data) == receipt
    undo(name, data)
    assert tree(unpacked_folder(data, name)) == {}
    assert tree(copy) == before


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(HANDED_OUT)))
def test_what_a_person_has_to_fetch(name, server, data):
    example = make_example(name)
    download = example.serve(server)
    with pytest.raises(DsltError, match="has to be fetched by hand") as caught:
        fetched(name, download, data, agreed=True)
    command = f"dslt fetch {name} --data {data} --from DIR"
    for words in (download.steps, download.page, command, *example.files):
        assert words in str(caught.value)
    assert gets(server) == []
    assert not receipt_file(data, name).exists()


# --------------------------------------------------------------------------- when it fails


def test_terms_have_to_be_accepted(server, data):
    download = make_example("ilsvrc_vid").serve(server)
    with pytest.raises(DsltError, match="terms that you have to accept") as caught:
        fetched("ilsvrc_vid", download, data)
    assert f"dslt fetch ilsvrc_vid --data {data} --agree" in str(caught.value)
    assert server.asked == []


def test_all_failures_are_named_and_the_rest_comes(server, data):
    example = make_example("otb")
    download = example.serve(server)
    for sequence in ("Board", "Jogging"):
        for folder in ("seq", "seq_new"):
            path = f"/cvlab.hanyang.ac.kr/tracker_benchmark/{folder}/{sequence}.zip"
            server.put(path, LOGIN, Fault(kind="text/html"))
    with pytest.raises(DsltError, match="otb: 2 files failed") as caught:
        fetched("otb", download, data, jobs=2)
    for words in ("seq/Board.zip", "seq_new/Board.zip", "Jogging.zip", "Sign in"):
        assert words in str(caught.value)
    assert sorted(path.name for path in unpacked_folder(data, "otb").iterdir()) == [
        "Basketball",
        "Human4",
        "Skating2",
        "Walking",
    ]
    assert not receipt_file(data, "otb").exists()
    download = example.serve(server)
    server.asked.clear()
    fetched("otb", download, data)
    assert len(gets(server)) == 2
    assert tree(unpacked_folder(data, "otb")) == example.expected


def test_a_network_that_is_gone_keeps_the_rest_from_being_tried(data):
    example = make_example("otb")
    download = parse_download("otb", at_server(example.definition, "http://127.0.0.1:9"))
    with pytest.raises(DsltError, match="connection failed") as caught:
        fetched("otb", download, data, jobs=1)
    assert "more were not tried" in str(caught.value)


def test_a_mirror_stands_in(server, data):
    example = make_example("otb")
    download = example.serve(server)
    path = "/cvlab.hanyang.ac.kr/tracker_benchmark/seq/Board.zip"
    server.put(path, b"", Fault(status=404))
    receipt = fetched("otb", download, data)
    assert tree(unpacked_folder(data, "otb")) == example.expected
    assert path in {file.url.removeprefix(server.url) for file in receipt.files}  # same bytes


def damaged_zip():
    """An archive whose list is whole; the bytes of its member are not."""
    content = bytearray(zipped({"000000000139.jpg": bytes(1000)}))
    content[40:60] = bytes(20)
    return bytes(content)


def test_a_damaged_archive(server, data):
    example = make_example("coco2017")
    download = example.serve(server)
    server.put("/images.cocodataset.org/zips/val2017.zip", damaged_zip())
    archive = downloads_folder(data, "coco2017") / "val2017.zip"
    with pytest.raises(DsltError, match=f"remove {archive} to fetch it again"):
        fetched("coco2017", download, data, jobs=1)
    found = {path.name for path in unpacked_folder(data, "coco2017").iterdir()}
    assert found == {"annotations", "train2017"}  # the others came
    assert not receipt_file(data, "coco2017").exists()
    archive.unlink()
    example.serve(server)
    fetched("coco2017", download, data)
    assert tree(unpacked_folder(data, "coco2017")) == example.expected


def test_what_is_expected_is_looked_for(server, data):
    example = make_example("ilsvrc_det")
    download = example.serve(server).model_copy(update={"expected": ("Annotations/VID",)})
    with pytest.raises(DsltError, match="lacks Annotations/VID after unpacking"):
        fetched("ilsvrc_det", download, data, agreed=True)


def test_the_disk_is_asked_before_the_first_byte(server, data, monkeypatch):
    download = make_example("coco2017").serve(server)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 20_000))
    with pytest.raises(DsltError, match=r"needs about .* kB in .*unpacked.* only 20.0 kB are free"):
        fetched("coco2017", download, data)
    assert gets(server) == []
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 10**11))
    fetched("coco2017", download, data)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 0))
    fetched("coco2017", download, data)  # nothing more to write


def test_archives_that_are_removed_need_no_room_at_once(server, data, monkeypatch):
    example = make_example("lasot_test")
    download = example.serve(server).model_copy(update={"unpacked_bytes": None})
    asked = []
    monkeypatch.setattr(
        "dslt.data.downloads.space.check_room", lambda name, needs: asked.append(needs)
    )
    fetched("lasot_test", download, data, jobs=1)
    lengths = [len(content) for content in example.files.values()]
    assert asked[0] == {
        downloads_folder(data, "lasot_test"): max(lengths),
        unpacked_folder(data, "lasot_test"): sum(lengths),
    }


def test_two_at_once(server, data):
    download = make_example("otb").serve(server)
    server.slow_down(0.02)
    errors = []

    def other():
        with contextlib.suppress(IndexError):
            while not gets(server):
                pass
            try:
                fetched("otb", download, data)
            except DsltError as error:
                errors.append(str(error))

    thread = threading.Thread(target=other)
    thread.start()
    fetched("otb", download, data)
    thread.join()
    assert len(errors) == 1
    assert "another 'dslt fetch otb' is at work here" in errors[0]


# ------------------------------------------------------------------------ what is there


def test_a_changed_original_is_noticed(server, data):
    download = make_example("otb").serve(server)
    fetched("otb", download, data)
    path = downloads_folder(data, "otb") / "Board.zip"
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    with pytest.raises(DsltError, match=r"Board\.zip: it has changed since it was fetched"):
        fetched("otb", download, data)
    path.write_bytes(content)  # another time, the same bytes
    fetched("otb", download, data)


def test_a_checksum_that_came_later_is_compared(server, data):
    example = make_example("uav123")
    example.serve(server)
    definition = at_server(example.definition, server.url)
    fetched("uav123", parse_download("uav123", definition), data)
    file = definition["files"][0]
    path = downloads_folder(data, "uav123") / file["file"]
    for kind in ("md5", "sha256"):
        file["checksum"] = f"{kind}:{'0' * hashlib.new(kind).digest_size * 2}"
        with pytest.raises(DsltError, match=f"wrong checksum: expected {kind.upper()} 000"):
            fetched("uav123", parse_download("uav123", definition), data)
        file["checksum"] = f"{kind}:{hashlib.new(kind, path.read_bytes()).hexdigest()}"
        fetched("uav123", parse_download("uav123", definition), data)
    times, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    fetched("uav123", parse_download("uav123", definition), data)  # not read again


def test_verify_reads_everything_again(server, data):
    download = make_example("otb").serve(server)
    fetched("otb", download, data)
    path = downloads_folder(data, "otb") / "Board.zip"
    times, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + b"x")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    fetched("otb", download, data)
    with pytest.raises(DsltError, match=r"Board\.zip: it has changed.*remove it and run"):
        fetched("otb", download, data, verify=True)
    path.unlink()
    fetched("otb", download, data, verify=True)


def test_undo_and_again(server, data):
    example = make_example("otb")
    download = example.serve(server)
    receipt = fetched("otb", download, data)
    assert sorted(undo("otb", data)) == sorted(example.definition["files"][0]["names"])
    assert not unpacked_folder(data, "otb").exists()
    assert not receipt_file(data, "otb").exists()
    asked = len(server.asked)
    assert fetched("otb", download, data) == receipt
    assert tree(unpacked_folder(data, "otb")) == example.expected
    assert len(server.asked) == asked


def test_removed_archives_come_again_after_undo(server, data):
    example = make_example("lasot_test")
    download = example.serve(server)
    receipt = fetched("lasot_test", download, data)
    undo("lasot_test", data)
    assert fetched("lasot_test", download, data) == receipt
    assert tree(unpacked_folder(data, "lasot_test")) == example.expected


def test_other_settings_unpack_again(server, data):
    """A sequence more of LaSOT: its archive was removed, so it is fetched again, the other not."""
    example = make_example("lasot_test")
    download = example.serve(server)
    fetched("lasot_test", download, data)
    definition = at_server(example.definition, server.url)
    definition["files"][0]["only"].append("car-3")
    server.asked.clear()
    fetched("lasot_test", parse_download("lasot_test", definition), data)
    assert len(gets(server)) == 1
    found = {path.name for path in (unpacked_folder(data, "lasot_test") / "car").iterdir()}
    assert found == {"car-2", "car-3", "car-6", "car-9", "car-17"}


def test_only_archives_with_wanted_folders_come(server, data):
    definition = at_server(make_example("lasot_test").definition, server.url)
    make_example("lasot_test").serve(server)
    definition["files"][0]["only"] = ["car-6"]
    fetched("lasot_test", parse_download("lasot_test", definition), data)
    assert [Path(path).name for path in gets(server)] == ["car.zip"]
    definition["files"][0]["only"] = ["boat-6"]
    with pytest.raises(DsltError, match="'boat-6' of `only` is in no file"):
        fetched("lasot_test", parse_download("lasot_test", definition), data)


def test_a_folder_that_somebody_else_made_is_left_alone(server, data):
    download = make_example("otb").serve(server)
    mine = unpacked_folder(data, "otb") / "Board"
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    with pytest.raises(DsltError, match=r"Board: exists, but 'dslt fetch' did not make it"):
        fetched("otb", download, data)
    assert (mine / "notes.txt").read_text() == "mine"


# ---------------------------------------------------------------------------- copies


def test_a_copy_that_lacks_files(server, data, tmp_path):
    example = make_example("otb")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy")
    (copy / "Board.zip").unlink()
    (copy / "Walking.zip").write_bytes(b"PK broken")
    with pytest.raises(DsltError, match="2 of 6 are missing or damaged") as caught:
        fetched("otb", download, data, source=copy)
    for words in ("Board.zip (or, unpacked, Board)", "Walking.zip: does not open", "nothing was"):
        assert words in str(caught.value)
    assert tree(data) == {}
    receipt = fetched("otb", download, data, source=copy, fetch_missing=True)
    assert sorted(Path(path).name for path in gets(server)) == ["Board.zip", "Walking.zip"]
    assert tree(unpacked_folder(data, "otb")) == example.expected
    assert receipt.adopted == str(copy)
    assert (copy / "Walking.zip").read_bytes() == b"PK broken"


def test_a_copy_with_many_gaps_names_the_first(server, data, tmp_path):
    download = make_example("otb").serve(server)
    (tmp_path / "copy").mkdir()
    with pytest.raises(DsltError, match=r"6 of 6 are missing.* and 1 more; nothing was taken"):
        fetched("otb", download, data, source=tmp_path / "copy")
    with pytest.raises(DsltError, match="no such folder"):
        fetched("otb", download, data, source=tmp_path / "nowhere")


def test_archives_of_a_copy_are_checked(server, data, tmp_path):
    example = make_example("uav123")
    definition = at_server(example.definition, server.url)
    definition["files"][0]["checksum"] = "md5:" + "0" * 32
    copy = example.copy(tmp_path / "copy")
    with pytest.raises(DsltError, match="wrong checksum: expected MD5 000"):
        fetched("uav123", parse_download("uav123", definition), data, source=copy)
    definition["files"][0]["bytes"] = 5
    with pytest.raises(DsltError, match="expected 5"):
        fetched("uav123", parse_download("uav123", definition), data, source=copy)
    assert tree(data) == {}


def test_archives_are_linked(server, data, tmp_path, monkeypatch):
    example = make_example("otb")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy")
    fetched("otb", download, data, source=copy)
    originals = downloads_folder(data, "otb")
    assert (originals / "Board.zip").samefile(copy / "Board.zip")
    assert not (originals / "Board.zip").is_symlink()

    def no_link(*_):
        raise OSError("another disk")

    monkeypatch.setattr(os, "link", no_link)
    fetched("otb", download, tmp_path / "other", source=copy)
    assert (downloads_folder(tmp_path / "other", "otb") / "Board.zip").is_symlink()


def test_archives_that_are_not_kept_stay_in_the_copy(server, data, tmp_path):
    example = make_example("lasot_test")
    copy = example.copy(tmp_path / "copy")
    fetched("lasot_test", example.serve(server), data, source=copy)
    assert tree(downloads_folder(data, "lasot_test")).keys() == {"receipt.json"}
    assert tree(copy) == example.files


def test_sequences_of_a_copy_are_looked_for_one_by_one(server, data, tmp_path):
    example = make_example("lasot_test")
    copy = example.copy(tmp_path / "copy", unpacked=True)
    shutil.rmtree(copy / "car" / "car-9")
    with pytest.raises(DsltError, match=r"car lacks car-9 \(1 in all\); nothing was taken"):
        fetched("lasot_test", example.serve(server), data, source=copy)
    fetched("lasot_test", example.serve(server), data, source=copy, fetch_missing=True)
    assert [Path(path).name for path in gets(server)] == ["car.zip"]
    folder = unpacked_folder(data, "lasot_test")
    assert (folder / "airplane").is_symlink()
    assert not (folder / "car").is_symlink()
    assert tree(folder).items() >= example.expected.items()
    assert not (copy / "car" / "car-9").exists()


def test_a_copy_without_the_manifest(server, data, tmp_path):
    example = make_example("vot2018")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy", unpacked=True)
    with pytest.raises(DsltError, match=r"lacks description.json, .*--fetch-missing"):
        fetched("vot2018", download, data, source=copy)
    before = tree(copy)
    fetched("vot2018", download, data, source=copy, fetch_missing=True)
    assert [Path(path).name for path in gets(server)] == ["description.json"]
    assert (unpacked_folder(data, "vot2018") / "bag" / "color" / "00000001.jpg").is_file()
    assert tree(copy) == before


def test_a_sequence_of_a_stack_is_taken_whole_or_not(server, data, tmp_path):
    example = make_example("vot2018")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy", unpacked=True)
    shutil.rmtree(copy / "bag" / "color")
    before = tree(copy)
    fetched("vot2018", download, data, source=copy, fetch_missing=True)
    assert tree(copy) == before
    folder = unpacked_folder(data, "vot2018")
    assert (folder / "ants1").is_symlink()
    assert not (folder / "bag").is_symlink()
    undo("vot2018", data)
    assert tree(copy) == before


def test_frames_that_nobody_hands_out(server, data, tmp_path):
    """YouTube-BB: the table comes, the frames are the user's."""
    example = make_example("youtube_bb")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy")
    (copy / "yt_bb_detection_train.csv.gz").unlink()
    with pytest.raises(DsltError, match=r"yt_bb_detection_train\.csv\.gz"):
        fetched("youtube_bb", download, data, source=copy)
    fetched("youtube_bb", download, data, source=copy, fetch_missing=True)
    assert tree(unpacked_folder(data, "youtube_bb")) == example.expected
    assert (unpacked_folder(data, "youtube_bb") / "frames").is_symlink()


def test_the_data_folder_is_no_copy_of_itself(server, data):
    download = make_example("otb").serve(server)
    fetched("otb", download, data)
    with pytest.raises(DsltError, match="name another folder"):
        fetched("otb", download, data, source=unpacked_folder(data, "otb"))


def test_a_copy_that_is_gone(server, data, tmp_path):
    example = make_example("otb")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy", unpacked=True)
    fetched("otb", download, data, source=copy)
    copy.rename(tmp_path / "moved")
    fetched("otb", download, data, source=tmp_path / "moved")
    assert tree(unpacked_folder(data, "otb")).items() >= example.expected.items()
    away = (tmp_path / "moved").rename(tmp_path / "away")
    receipt_file(data, "otb").unlink()
    with pytest.raises(DsltError, match=r"was taken from .*moved and leads nowhere .* mounted\?"):
        fetched("otb", download, data)
    assert gets(server) == []
    away.rename(tmp_path / "moved")
    fetched("otb", download, data)
    assert gets(server) == []
    shutil.rmtree(tmp_path / "moved")
    undo("otb", data)
    assert fetched("otb", download, data).adopted is None
    assert tree(unpacked_folder(data, "otb")) == example.expected


def test_archives_of_a_copy_on_another_disk_that_is_gone(server, data, tmp_path, monkeypatch):
    def other_disk(*paths):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_disk)
    example = make_example("vot2018")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy")
    fetched("vot2018", download, data, source=copy)
    copy.rename(tmp_path / "away")
    with pytest.raises(DsltError, match="leads nowhere now"):
        fetched("vot2018", download, data)
    assert gets(server) == []
    undo("vot2018", data)
    fetched("vot2018", download, data)
    assert gets(server) != []


def test_more_is_wanted_of_a_copy(server, data, tmp_path):
    """What is unpacked lacks a sequence: with --from it comes from there, not from the web."""
    example = make_example("lasot_test")
    download = example.serve(server)
    copy = example.copy(tmp_path / "copy")
    fetched("lasot_test", download, data, source=copy)
    definition = at_server(example.definition, server.url)
    definition["files"][0]["only"].append("car-3")
    fetched("lasot_test", parse_download("lasot_test", definition), data, source=copy)
    assert gets(server) == []
    assert (unpacked_folder(data, "lasot_test") / "car" / "car-3").is_dir()


# ------------------------------------------------------------------------- hostile names


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/b", "..", "a b", ""])
def test_a_manifest_with_a_name_that_leaves_the_folder(name, server, data):
    example = make_example("vot2018")
    download = example.serve(server)
    manifest = json.loads(example.files["description.json"])
    manifest["sequences"][1]["name"] = name
    path = "/data.votchallenge.net/vot2018/main/description.json"
    server.put(path, json.dumps(manifest).encode())
    with pytest.raises(DsltError, match="cannot name a sequence"):
        fetched("vot2018", download, data)
    assert gets(server) == [path]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"checksum": "abc"}, "neither MD5 nor SHA-1"),
        ({"url": "file:///etc/passwd"}, "urls"),
        ({"url": "ftp://x/y"}, "urls"),
    ],
)
def test_a_manifest_with_wrong_values(change, words, server, data):
    example = make_example("vot2018")
    download = example.serve(server)
    manifest = json.loads(example.files["description.json"])
    manifest["sequences"][0]["annotations"] |= change
    server.put(
        "/data.votchallenge.net/vot2018/main/description.json", json.dumps(manifest).encode()
    )
    with pytest.raises(DsltError, match=words):
        fetched("vot2018", download, data)


def test_a_manifest_with_a_sequence_twice_or_without_images(server, data):
    example = make_example("vot2018")
    download = example.serve(server)
    path = "/data.votchallenge.net/vot2018/main/description.json"
    manifest = json.loads(example.files["description.json"])
    twice = {"sequences": [manifest["sequences"][0]] * 2}
    server.put(path, json.dumps(twice).encode())
    with pytest.raises(DsltError, match="ants1 occurs twice"):
        fetched("vot2018", download, data)
    shutil.rmtree(data)
    manifest["sequences"][0]["channels"] = {}
    server.put(path, json.dumps(manifest).encode())
    with pytest.raises(DsltError, match="no channel 'color'"):
        fetched("vot2018", download, data)
    shutil.rmtree(data)
    server.put(path, b"[]")
    with pytest.raises(DsltError, match=r"description\.json"):
        fetched("vot2018", download, data)


@pytest.mark.parametrize("names", [["../../evil"], ["/evil"], ["a/../../../evil"]])
def test_a_registry_with_a_name_that_leaves_the_folder(names, server, data):
    definition = at_server(make_example("otb").definition, server.url)
    definition["files"][0]["names"] = names
    with pytest.raises(DsltError, match="leaves the download's folder"):
        fetched("otb", parse_download("otb", definition), data)
    with pytest.raises(DsltError, match="the name has a space, a slash"):
        fetched("../otb", parse_download("otb", definition), data)
    assert server.asked == []


def test_an_archive_that_leaves_the_folder(server, data):
    download = make_example("coco2017").serve(server)
    evil = zipped({"val2017/../../../evil.txt": b"evil"})
    server.put("/images.cocodataset.org/zips/val2017.zip", evil)
    with pytest.raises(DsltError, match=r"val2017\.zip"):
        fetched("coco2017", download, data)
    assert list(data.parent.rglob("evil*")) == []


# ------------------------------------------------------------------------- the command


def run(*arguments):
    return CliRunner().invoke(group, ["fetch", *map(str, arguments)])


def test_the_command(server, data, tmp_path):
    example = make_example("lasot_test")
    example.serve(server)
    definition = json.dumps(at_server(example.definition, server.url))
    result = run("lasot_test", "--definition", definition, "--data", data, "--jobs", 2)
    assert result.exit_code == 0, result.output
    assert f"receipt {receipt_file(data, 'lasot_test')}" in result.output
    result = run("lasot_test", "--definition", definition, "--data", data, "--undo")
    assert "2 unpacked or linked paths removed" in result.output
    copy = example.copy(tmp_path / "copy", unpacked=True)
    result = run("lasot_test", "--definition", definition, "--data", data, "--from", copy)
    assert f"taken from {copy}" in result.output


def test_what_names_a_download(server, data, tmp_path):
    """A benchmark or a training set brings its download."""
    entries = tmp_path / "mine.yaml"
    entries.write_text(json.dumps({"Mine": {"kind": "annotations", "download": "uav123_10fps"}}))
    result = run("Mine", "--definitions", entries, "--data", data)
    assert "uav123_10fps (UAV123@10fps) has to be fetched by hand" in str(result.exception)


def test_the_list(data):
    result = run("--list", "--data", data)
    assert result.exit_code == 0, result.output
    for name in NAMES:
        assert name in result.output
    folder = downloads_folder(data, "otb")
    folder.mkdir(parents=True)
    (folder / "Board.zip.part").write_bytes(b"")
    receipt_file(data, "got10k").parent.mkdir()
    receipt_file(data, "got10k").write_text("{}")
    rows = {line.split()[0]: line for line in run("--list", "--data", data).output.splitlines()[2:]}
    assert rows["otb"].endswith("in part")
    assert rows["got10k"].endswith("yes")
    assert rows["uav123"].endswith("no")


def test_wrong_calls(data):
    assert run("--data", data).exit_code == 2
    unknown = str(run("nothing", "--data", data).exception)
    for name in ("otb", "clips", "vid", "resnet50"):
        assert name in unknown
    assert "--from are for data sets" in str(run("resnet50", "--undo").exception)
