"""Benchmarks and their indexes: definitions, folders of sequences, clips, every bad input."""

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.core.fingerprint import closure
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.clips import read_annotation
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import load_index, write_index
from dslt.data.sequences.frames import iterate
from places import ROOT

SHARED = ROOT.parent / "shared" / "sequences"


def definition(root, **more):
    return {"kind": "folder", "root": str(root), "protocol": "otb", "box_origin": 1, **more}


def add(root, name, frames=3, rows=None, boxes_file="groundtruth_rect.txt", first=1, size=(32, 24)):
    images = root / name / "img"
    images.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + frames):
        pixels = np.full((size[1], size[0], 3), number % 256, dtype=np.uint8)
        Image.fromarray(pixels).save(images / f"{number:04d}.png")
    if rows is None:
        rows = [f"{3 + i},4,10,8" for i in range(frames)]
    (root / name / boxes_file).write_text("\n".join(rows) + "\n")
    return root / name


def index_of(root, **more):
    return build_index("mine", parse_benchmark("mine", definition(root, **more)), "data")


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("fast motion, occlusion\n", ("FM", "OCC")),
        ("Out of View\nOCC SV\n", ("OV", "OCC", "SV")),
        ("IV;\tLR dark ,", ("IV", "LR", "dark")),
        ("occ, sv\nFm bc", ("OCC", "SV", "FM", "BC")),
        (" \n", ()),
    ],
)
def test_attributes_may_be_words(tmp_path, text, codes):
    add(tmp_path, "Dog").joinpath("attributes.txt").write_text(text)
    add(tmp_path, "Cat").joinpath("meta.json").write_text('{"attributes": ["fast motion"]}')
    index = index_of(tmp_path)
    assert index.sequence("Dog").attributes == codes
    assert index.sequence("Cat").attributes == ("FM",)


def test_attributes_that_are_no_text_are_named(tmp_path):
    add(tmp_path, "Dog").joinpath("attributes.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(DsltError, match=r"attributes\.txt: not a readable text file"):
        index_of(tmp_path)


def test_a_folder_of_sequences(tmp_path):
    add(tmp_path, "Dog", rows=["3\t4\t10\t8", "NaN,NaN,NaN,NaN", "5,4 10;8"])
    add(tmp_path, "Cat", frames=2)
    (tmp_path / "Dog" / "meta.json").write_text('{"attributes": ["OCC", "SV"]}')
    (tmp_path / "Cat" / "attributes.txt").write_text("IV, LR\n")
    (tmp_path / "notes").mkdir()
    write_index(tmp_path / "i.parquet", index_of(tmp_path))
    index = load_index(tmp_path / "i.parquet")
    assert index.names == ["Cat", "Dog"]
    assert (index.protocol, index.box_origin) == ("otb", 1)
    dog = index.sequence("Dog")
    assert dog.attributes == ("OCC", "SV")
    assert dog.video == "Dog"
    assert dog.initial_box.tolist() == [2, 3, 10, 8]
    assert np.isnan(dog.ground_truth[1]).all()
    assert [int(frame[0, 0, 0]) for frame in iterate(dog.frames)] == [1, 2, 3]
    assert index.entry("Dog").size == (32, 24)
    cat = index.sequence("Cat")
    assert (len(cat), cat.attributes) == (2, ("IV", "LR"))
    with pytest.raises(DsltError, match=r"unknown sequence .*'Cow'; allowed: Cat, Dog"):
        index.sequence("Cow")


def test_the_same_index_has_the_same_bytes(tmp_path):
    add(tmp_path / "s", "Dog")
    for name in ("a.parquet", "b.parquet"):
        write_index(tmp_path / name, index_of(tmp_path / "s"))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    frames = pd.read_parquet(tmp_path / "a.parquet")
    # no column that only published annotations need
    assert list(frames) == ["sequence", "frame", "archive", "file", "bytes", "x", "y", "w", "h"]
    assert frames["file"].tolist() == [f"Dog/img/000{number}.png" for number in (1, 2, 3)]
    assert frames.loc[0, ["x", "y", "w", "h"]].tolist() == [2, 3, 10, 8]
    assert frames["frame"].tolist() == [0, 1, 2]


def test_code_of_training_sets_makes_no_benchmark_index_again():
    needed = closure("dslt.data.benchmarks.build_index")
    assert "dslt.data.benchmarks.index_file" in needed
    assert not any(name.startswith("dslt.data.pairs") for name in needed)


def test_chosen_sequences_keep_their_order(tmp_path):
    for name in ("A", "B", "C"):
        add(tmp_path, name)
    assert index_of(tmp_path, sequences=["C", "A"]).names == ["C", "A"]
    with pytest.raises(DsltError, match=r"unknown sequence .*'D'; allowed: A, B, C"):
        index_of(tmp_path, sequences=["D"])
    (tmp_path / "E" / "img").mkdir(parents=True)
    with pytest.raises(DsltError, match=r"E/groundtruth_rect\.txt: no ground truth"):
        index_of(tmp_path, sequences=["E"])


def test_several_targets_in_a_folder(tmp_path):
    add(tmp_path, "Jogging", boxes_file="groundtruth_rect.1.txt")
    add(tmp_path, "Jogging", boxes_file="groundtruth_rect.2.txt", rows=["9,9,5,5"] * 3)
    add(tmp_path, "Human4", boxes_file="groundtruth_rect.2.txt")
    index = index_of(tmp_path)
    assert index.names == ["Human4", "Jogging-1", "Jogging-2"]
    assert index.sequence("Jogging-2").initial_box.tolist() == [8, 8, 5, 5]
    assert {index.entry(f"Jogging-{k}").video for k in (1, 2)} == {"Jogging"}
    assert index_of(tmp_path, sequences=["Human4-2"]).names == ["Human4-2"]
    with pytest.raises(DsltError, match="holds 2 targets; name one: Jogging-1, Jogging-2"):
        index_of(tmp_path, sequences=["Jogging"])


def test_ranges_of_frames(tmp_path):
    add(tmp_path, "David", frames=9, rows=[f"{i},1,5,5" for i in range(4, 8)])
    add(tmp_path, "Tiger1", frames=6)
    add(tmp_path, "BlurCar1", frames=4, first=247)
    spans = {"David": [4, 7], "Tiger1": [3, 6], "BlurCar1": [247, 250]}
    index = index_of(tmp_path, frames=spans)
    assert index.sequence("David").frames[0][0, 0, 0] == 4
    assert len(index.sequence("David")) == 4
    assert index.sequence("Tiger1").initial_box.tolist() == [4, 3, 10, 8]
    assert len(index.sequence("BlurCar1")) == 4
    with pytest.raises(DsltError, match="6 frames numbered 1 to 8, expected 8"):
        index_of(tmp_path, sequences=["Tiger1"], frames={"Tiger1": [1, 8]})


def test_boxes_and_frames_of_different_number(tmp_path):
    folder = add(tmp_path, "Dog", frames=5, rows=["3,4,10,8"] * 4)
    with pytest.raises(DsltError, match=r"sequence Dog: .*Dog/img: 5 frames for 4 rows"):
        index_of(tmp_path)
    add(tmp_path, "Dog", frames=5)
    (folder / "img" / "0003.png").unlink()
    with pytest.raises(DsltError, match=r"4 frames for 5 rows of .*frame 0003 is missing after"):
        index_of(tmp_path)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("3,4,0,8", "no area"),
        ("NaN,NaN,NaN,NaN", "not a number"),
        ("100,4,10,8", "outside the frame of 32x24"),
    ],
)
def test_unusable_initial_boxes(tmp_path, row, words):
    add(tmp_path, "Dog", rows=[row, "3,4,10,8", "3,4,10,8"])
    with pytest.raises(DsltError, match=f"sequence Dog: .*{words}"):
        index_of(tmp_path)


def test_broken_first_frames(tmp_path):
    image = add(tmp_path, "Dog") / "img" / "0001.png"
    image.write_bytes(image.read_bytes()[:-30])
    with pytest.raises(DsltError, match=r"0001\.png: unreadable frame"):
        index_of(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"), [("{", "not a readable JSON"), ('{"attributes": "OCC"}', "list of codes")]
)
def test_broken_meta_files(tmp_path, content, words):
    (add(tmp_path, "Dog") / "meta.json").write_text(content)
    with pytest.raises(DsltError, match=words):
        index_of(tmp_path)


def test_roots_without_sequences(tmp_path):
    with pytest.raises(DsltError, match="no such folder of sequences"):
        index_of(tmp_path / "none")
    with pytest.raises(DsltError, match="no sequence in the folder"):
        index_of(tmp_path)
    add(tmp_path, "my dog")
    with pytest.raises(DsltError, match="'my dog' cannot name a sequence"):
        index_of(tmp_path)


def test_frames_of_a_sequence_that_is_not_there(tmp_path):
    add(tmp_path, "Dog")
    add(tmp_path, "Cat", frames=5, rows=["3,4,10,8"] * 3)
    assert index_of(tmp_path, frames={"Cat": [2, 4]}).entry("Cat").frames == 3
    index_of(tmp_path, frames={"Cat": [2, 4]}, sequences=["Dog"])
    with pytest.raises(DsltError, match=r"`frames` has 'Catt', but .*; did you mean Cat\?"):
        index_of(tmp_path, frames={"Catt": [2, 4]})


def test_a_folder_that_cannot_be_read(tmp_path, monkeypatch):
    add(tmp_path, "Dog")
    add(tmp_path, "Cat")
    listed = Path.iterdir

    def refuse(folder):
        if folder.name == "Cat":
            raise PermissionError(errno.EACCES, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(DsltError, match=r"/Cat: not a readable folder \(Permission denied\)"):
        index_of(tmp_path)


def test_two_sequences_of_one_name(tmp_path):
    add(tmp_path, "Dog-1")
    for number in (1, 2):
        add(tmp_path, "Dog", boxes_file=f"groundtruth_rect.{number}.txt")
    with pytest.raises(DsltError, match="two sequences are called Dog-1"):
        index_of(tmp_path)


GOOD = definition("x")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {**GOOD, "kind": "zip"},
            "unknown kind .*'zip'; allowed: annotations, clips, folder, synthetic",
        ),
        ("nonsense", "unknown kind"),
        ({**GOOD, "rooot": "y"}, "unknown key 'rooot'; allowed: .*root"),
        ({"kind": "folder", "protocol": "otb"}, "missing key 'root'"),
        ({**GOOD, "box_origin": 2}, "box_origin = 2"),
        ({**GOOD, "sequences": ["a", "a"]}, "occurs twice"),
        ({**GOOD, "sequences": ["../a"]}, "cannot name a sequence"),
        ({**GOOD, "sequences": []}, "sequences"),
        ({**GOOD, "frames": {"a": [31, 30]}}, r"frames\.a = .*first frame 31 comes after .* 30"),
    ],
)
def test_bad_definitions(values, words):
    with pytest.raises(DsltError, match=words):
        parse_benchmark("mine", values)


def test_the_definitions_of_this_repository(monkeypatch):
    monkeypatch.chdir(ROOT)
    definitions = read_definitions("config/benchmarks.yaml") | {"mine": GOOD}
    benchmarks = {name: parse_benchmark(name, values) for name, values in definitions.items()}
    assert list(benchmarks) == [
        *("clips", "quick", "synthetic", "synthetic_development"),
        *("clips_vot", "synthetic_vot"),
        *("OTB-2015", "OTB-2013", "UAV123", "UAV123_10fps", "LaSOT", "VOT-2016", "VOT-2018"),
        "mine",
    ]
    assert len(benchmarks["clips"].sequence_names()) == 24
    assert len(benchmarks["quick"].sequence_names()) == 3
    assert len(benchmarks["synthetic"].sequence_names()) >= 10
    clips = benchmarks["clips"]
    assert len(clips.fetched_files()) == 14
    assert len(benchmarks["quick"].fetched_files()) == 3
    assert all(Path(file).is_file() for file in clips.input_files())
    total = 0
    for name in clips.sequence_names():
        _, boxes = read_annotation(clips, name)
        total += len(boxes)
        assert not np.isnan(boxes[0]).any()
    assert total == 1878
    with pytest.raises(DsltError, match="unknown kind"):
        parse_benchmark("x", {"kind": "wheel"})


def test_two_packages_may_not_give_one_name(monkeypatch):
    monkeypatch.chdir(ROOT)
    values = read_definitions("config/benchmarks.yaml")["clips"]
    twice = values | {"packages": values["packages"] * 2}
    with pytest.raises(DsltError, match=r"bikes\.mp4.*: members of two packages under one name"):
        parse_benchmark("clips", twice)
    with pytest.raises(DsltError, match=r"packages = .*at least 1"):
        parse_benchmark("clips", values | {"packages": []})


def test_annotations_of_another_clip_are_errors(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    clips = parse_benchmark("clips", read_definitions("config/benchmarks.yaml")["clips"])
    folder = tmp_path / "carphone-face"
    folder.mkdir()
    for name in ("meta.json", "groundtruth_rect.txt"):
        text = Path("config/clips/carphone-face", name).read_text()
        (folder / name).write_text(text.replace("1c4add78", "00000000"))
    moved = clips.model_copy(update={"annotations": str(tmp_path)})
    with pytest.raises(DsltError, match="the benchmark fetches 1c4add78"):
        read_annotation(moved, "carphone-face")
    with pytest.raises(DsltError, match="'carphone-tie'; allowed: carphone-face"):
        read_annotation(moved, "carphone-tie")
    (folder / "groundtruth_rect.txt").write_text("1,1,2,2\n")
    with pytest.raises(DsltError, match=r"1 boxes, but meta\.json says 120 frames"):
        read_annotation(moved, "carphone-face")


def test_missing_and_exchanged_clips(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    clips = parse_benchmark("clips", read_definitions("config/benchmarks.yaml")["clips"])
    with pytest.raises(DsltError, match=r"carphone_pristine\.mp4: no such clip; fetch it"):
        build_index("clips", clips, tmp_path)
    (tmp_path / "downloads" / "clips").mkdir(parents=True)
    (tmp_path / "downloads" / "clips" / "carphone_pristine.mp4").write_bytes(b"no")
    with pytest.raises(DsltError, match="wrong checksum: expected SHA-256 1c4add78"):
        build_index("clips", clips, tmp_path)


def test_synthetic_sequences_open_from_the_index(tmp_path):
    values = {"kind": "synthetic", "seed": 0, "protocol": "otb", "sequences": ["cat-posts"]}
    write_index(tmp_path / "i.parquet", build_index("s", parse_benchmark("s", values), "data"))
    sequence = load_index(tmp_path / "i.parquet").sequence("cat-posts")
    assert sequence.attributes == ("OCC",)
    assert sequence.frames[0].shape == (240, 320, 3)
    values["sequences"] = ["dog"]
    with pytest.raises(DsltError, match="unknown synthetic sequence"):
        build_index("s", parse_benchmark("s", values), "data")


def annotations(root, family="vot", **more):
    values = {"kind": "annotations", "title": "mine", "protocol": "vot2018", "family": family}
    return parse_benchmark("mine", {**values, "box_origin": 0, "root": str(root), **more})


def vot_sequence(root):
    folder = root / "ants"
    folder.mkdir(parents=True)
    polygon = "3,4,13,4,13,12,3,12"
    (folder / "groundtruth.txt").write_text(f"{polygon}\n{polygon}\n{','.join(['NaN'] * 8)}\n")
    (folder / "occlusion.tag").write_text("0\n1\n")
    (folder / "sequence").write_text("width=32\nheight=24\n")
    return folder


def test_an_index_of_annotations_alone(tmp_path):
    vot_sequence(tmp_path / "s")
    write_index(tmp_path / "i.parquet", build_index("mine", annotations(tmp_path / "s"), "data"))
    index = load_index(tmp_path / "i.parquet")
    frames = pd.read_parquet(tmp_path / "i.parquet")
    assert frames["file"].isna().all()
    assert frames["tag_occlusion"].tolist() == [False, True, False]
    corners = [f"{axis}{corner}" for corner in (1, 2, 3, 4) for axis in "xy"]
    assert frames[corners].loc[1].tolist() == [3, 4, 13, 4, 13, 12, 3, 12]
    assert frames[corners].loc[2].isna().all()
    assert "absent" not in frames
    target = index.entry("ants")
    assert target.truth[0].tolist() == [3, 4, 10, 8]
    assert target.corners[1].tolist() == [[3, 4], [13, 4], [13, 12], [3, 12]]
    assert np.isnan(target.corners[2]).all()
    assert target.tags["occlusion"].tolist() == [False, True, False]
    assert target.absent is None
    assert target.size == (32, 24)
    with pytest.raises(DsltError, match=r"sequence ants of benchmark mine: .* no frames; name"):
        index.sequence("ants")


def test_an_index_of_published_sequences_with_their_images(tmp_path):
    folder = vot_sequence(tmp_path)
    (folder / "color").mkdir()
    for number in (1, 2, 3):
        Image.new("RGB", (32, 24), (number, 0, 0)).save(folder / "color" / f"{number:08d}.png")
    index = build_index("mine", annotations(tmp_path, images=str(tmp_path)), "data")
    sequence = index.sequence("ants")
    assert [int(frame[0, 0, 0]) for frame in iterate(sequence.frames)] == [1, 2, 3]
    (folder / "color" / "00000003.png").unlink()
    with pytest.raises(DsltError, match="2 frames for 3 rows of ground truth of ants"):
        build_index("mine", annotations(tmp_path, images=str(tmp_path)), "data")
    with pytest.raises(DsltError, match=r"no frames of ants; looked in .*ants/img"):
        build_index("mine", annotations(tmp_path, images=str(tmp_path / "none")), "data")


def test_absent_frames_and_skipped_rows_are_in_the_index(tmp_path):
    (tmp_path / "boxes").mkdir()
    (tmp_path / "absent").mkdir()
    (tmp_path / "boxes" / "cat-1.txt").write_text("3,4,10,8\n" * 4)
    (tmp_path / "absent" / "cat-1.txt").write_text("1\n0\n1\n0\n")
    more = {"scored_from": {"cat-1": 2}, "annotated_rows": {"cat-1": 4}, "sequences": ["cat-1"]}
    write_index(
        tmp_path / "i.parquet", build_index("m", annotations(tmp_path, "lasot", **more), "d")
    )
    entry = load_index(tmp_path / "i.parquet").entry("cat-1")
    assert (entry.frames, entry.skipped, entry.size) == (3, 1, None)
    assert entry.absent.tolist() == [False, True, False]


def test_indexes_of_annotations_need_a_root_and_hold_what_fits():
    with pytest.raises(DsltError, match="mine: no folder of annotations is named; set `root`"):
        build_index("mine", annotations("x").model_copy(update={"root": None}), "data")
    with pytest.raises(ValueError, match="sequence a: absent of 2 frames, truth of 1"):
        IndexEntry(np.ones((1, 4)), (), "a", name="a", source=None, absent=np.zeros(2, dtype=bool))
    with pytest.raises(ValueError, match="sequence a: corners of 0 frames, truth of 1"):
        IndexEntry(np.ones((1, 4)), (), "a", name="a", source=None, corners=np.ones((0, 4, 2)))


def test_broken_indexes(tmp_path):
    path = tmp_path / "i.parquet"
    add(tmp_path / "s", "Dog")
    write_index(path, index_of(tmp_path / "s"))
    whole, table = path.read_bytes(), pq.read_table(path)

    def refused(words):
        with pytest.raises(DsltError, match=words) as caught:
            load_index(path)
        assert str(path) in str(caught.value)

    for content in (b"", b'{"benchmark": "mine"}', whole[:-20], whole[len(whole) // 2 :]):
        path.write_bytes(content)
        refused("not a readable index .* make it again with `dslt index`")
    path.unlink()
    refused("no such file")
    pq.write_table(table.replace_schema_metadata({}), path)
    refused("not an index; make it again")
    pq.write_table(table.replace_schema_metadata({"dslt": "{}"}), path)
    refused("missing key 'benchmark'")
    pq.write_table(table.slice(1), path)
    refused("form 1 with 2 rows for 3 frames; expected form 1: make the index again")


def test_the_command(tmp_path):
    add(tmp_path / "s", "Dog")
    out = tmp_path / "results" / "mine.parquet"
    run = CliRunner().invoke
    text = json.dumps(definition(tmp_path / "s"))
    result = run(group, ["index", "mine", "--definition", text, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "1 sequences, 3 frames" in result.output
    assert load_index(out).names == ["Dog"]
    (tmp_path / "s" / "Dog" / "img" / "0002.png").unlink()
    before = out.read_bytes()
    result = run(group, ["index", "mine", "--definition", text, "--out", str(out)])
    assert isinstance(result.exception, DsltError)
    assert out.read_bytes() == before
    assert [path.name for path in out.parent.iterdir()] == ["mine.parquet"]


def test_commands_look_names_up(tmp_path):
    (tmp_path / "b.yaml").write_text("mine: {kind: folder, root: /none, protocol: otb}\n")
    options = ["--definitions", str(tmp_path / "b.yaml"), "--out", str(tmp_path / "o.parquet")]
    run = CliRunner().invoke
    result = run(group, ["index", "yours", *options])
    assert "unknown benchmark 'yours'; allowed: mine" in str(result.exception)
    result = run(group, ["index", "mine", "--definition", "{", *options])
    assert "--definition of mine: not JSON" in str(result.exception)
    (tmp_path / "b.yaml").write_text("mine: [")
    assert "not readable as YAML" in str(run(group, ["index", "mine", *options]).exception)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of real sequences is not here")
@pytest.mark.parametrize("name", ["OTB", "TLD", "VOT2015", "UAV123_10fps", "DAVIS2016"])
def test_real_folders(name):
    index = index_of(SHARED / name)
    for entry in index.sequences:
        sequence = index.sequence(entry.name)
        assert len(sequence) == len(sequence.ground_truth)
        assert sequence.frames[len(sequence) - 1].shape[:2] == entry.size[::-1]
