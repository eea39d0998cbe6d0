"""Training sets on disk: each layout is read, and each kind of damage to one is named."""

import json
import pickle
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
import yaml
from click.testing import CliRunner
from PIL import Image

from dslt.cli import group
from dslt.commands import train as train_command
from dslt.core.definitions import changed_definitions, read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import write_index
from dslt.data.pairs.dataset import PairDataset
from dslt.data.pairs.domains import open_domains
from dslt.data.pairs.indexed import IndexSource
from dslt.data.pairs.procedural import ProceduralSource
from dslt.data.pairs.sets.index import load_training_index
from dslt.data.pairs.sets.kinds import parse_training_set, used_sets
from dslt.data.pairs.sets.open import (
    index_training_set,
    open_source,
    open_sources,
)
from dslt.data.pairs.videos import VideoTable, is_held_out
from dslt.geometry.squares import template_side
from dslt.settings.offline import CropSettings, PairSettings
from dslt.study.cells import resolve_settings
from places import ROOT
from rtmdnet_examples import light

FILE = ROOT / "config" / "training_sets.yaml"
COMMON = {"frame_range": 3, "damaged": 0.0, "held_out": 0.0}


def parsed(definitions):
    return {name: parse_training_set(name, values) for name, values in definitions.items()}


def image(path, size=(64, 48), value=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), value, dtype=np.uint8)).save(path, "JPEG")


def text(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def xml(path, objects):
    items = "".join(
        f"<object>{f'<trackid>{track}</trackid>' if track is not None else ''}<bndbox>"
        f"<xmin>{x}</xmin><ymin>{y}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax>"
        "</bndbox></object>"
        for track, (x, y, w, h) in objects
    )
    text(path, f"<annotation>{items}</annotation>")


def opened(kind, root, **values):
    entry = parse_training_set("mine", {"kind": kind, "root": str(root)} | COMMON | values)
    return open_source("mine", entry)


def listing(source):
    """Everything that a source has, as plain values."""
    return {
        (video.name, track.name): (track.frames.tolist(), track.boxes.tolist())
        for video in (source.videos[number] for number in range(len(source.videos)))
        for track in video.tracks
    }


def first_view(source):
    video = source.videos[0]
    return source.view(video, video.tracks[0], 0)


@pytest.fixture
def vid(tmp_path):
    for split, video in (("train", "train/part_0000/clip_a"), ("val", "val/clip_b")):
        for frame in range(3):
            boxes = [("0", (4 + frame, 5, 20, 10))] + [("1", (30, 20, 9, 9))] * (frame != 1)
            xml(tmp_path / f"Annotations/VID/{video}/{frame:06d}.xml", boxes)
            image(tmp_path / f"Data/VID/{video}/{frame:06d}.JPEG")
        assert video.startswith(split)
    return tmp_path


def test_vid(vid):
    source = opened("ilsvrc_vid", vid, splits=["train"])
    assert listing(source) == {
        ("train/part_0000/clip_a", "0"): (
            [0, 1, 2],
            [[4, 5, 20, 10], [5, 5, 20, 10], [6, 5, 20, 10]],
        ),
        ("train/part_0000/clip_a", "1"): ([0, 2], [[30, 20, 9, 9]] * 2),
    }
    view, box = first_view(source)
    assert view.size == (64, 48)
    assert box.tolist() == [4, 5, 20, 10]
    assert len(opened("ilsvrc_vid", vid, splits=["train", "val"]).videos) == 2
    assert len(pickle.loads(pickle.dumps(source)).videos) == 1


def test_videos_of_any_set_are_domains_of_rt_mdnet(vid):
    sets = {
        "vid": parse_training_set(
            "vid", {"kind": "ilsvrc_vid", "root": str(vid), "splits": ["train", "val"]} | COMMON
        ),
        "procedural": parsed(yaml.safe_load(FILE.read_text(encoding="utf-8")))["procedural"],
    }
    training = light(pairs={"sources": {"vid": 2, "procedural": 1}})
    domains = open_domains(training, open_sources(sorted(sets), sets), seed=0)
    first, *videos = domains.domains
    assert first.startswith("procedural/")
    assert sorted(videos) == ["vid/train/part_0000/clip_a", "vid/val/clip_b"]
    samples = [domains.sample(0, index) for index in range(3)]
    assert sorted(int(sample.domain) for sample in samples) == [0, 1, 2]
    flat = [sample for sample in samples if int(sample.domain)]
    assert all(sample.scenes.float().std() < 3 for sample in flat)  # the images have one colour
    more = light(pairs={"sources": {"vid": 3, "procedural": 0}})
    with pytest.raises(DsltError, match=r"vid: 3 videos.*no more than the 2 that"):
        open_domains(more, open_sources(["vid"], sets), seed=0)


def test_vid_without_its_parts(vid):
    with pytest.raises(DsltError, match="other: no such folder of annotations"):
        opened("ilsvrc_vid", vid, splits=["other"])
    annotation = vid / "Annotations/VID/val/clip_b/000001.xml"
    for content in ("<annotation><object>", "<annotation><object/></annotation>"):
        annotation.write_text(content)
        with pytest.raises(DsltError, match=r"000001.xml: not an annotation"):
            opened("ilsvrc_vid", vid, splits=["val"])
    (vid / "Data/VID/train/part_0000/clip_a/000000.JPEG").unlink()
    with pytest.raises(DsltError, match="no such image of training set mine; expected Data/VID"):
        opened("ilsvrc_vid", vid, splits=["train"])


def test_vid_without_objects(tmp_path):
    xml(tmp_path / "Annotations/VID/train/clip/000000.xml", [])
    with pytest.raises(DsltError, match=r"training set mine .*: no usable pair"):
        opened("ilsvrc_vid", tmp_path, splits=["train"])


def test_vid_in_an_unknown_encoding(tmp_path):
    path = tmp_path / "Annotations/VID/train/clip/000000.xml"
    text(path, '<?xml version="1.0" encoding="none"?><annotation></annotation>')
    with pytest.raises(DsltError, match=r"000000.xml: not an annotation \(unknown encoding"):
        opened("ilsvrc_vid", tmp_path, splits=["train"])


def test_det(tmp_path):
    for name in ("n01/one", "n02/two"):
        xml(
            tmp_path / f"Annotations/DET/train/{name}.xml",
            [(None, (1, 2, 3, 4)), (None, (9, 9, 0, 5)), (None, (5, 6, 7, 8))],
        )
        image(tmp_path / f"Data/DET/train/{name}.JPEG")
    source = opened("ilsvrc_det", tmp_path, splits=["train"])
    assert listing(source) == {
        (f"train/{name}", track): ([0], [box])
        for name in ("n01/one", "n02/two")
        for track, box in (("00", [1, 2, 3, 4]), ("02", [5, 6, 7, 8]))
    }
    assert first_view(source)[0].size == (64, 48)


def test_coco(tmp_path):
    values = {
        "images": [{"id": 7, "file_name": "07.jpg"}, {"id": 8, "file_name": "08.jpg"}],
        "annotations": [
            {"image_id": 7, "bbox": [1.5, 2, 3, 4], "iscrowd": 0},
            {"image_id": 7, "bbox": [0, 0, 60, 40], "iscrowd": 1},
            {"image_id": 7, "bbox": [5, 6, 7, 8]},
        ],
    }
    text(tmp_path / "annotations/instances_train2017.json", json.dumps(values))
    image(tmp_path / "train2017/07.jpg")
    source = opened("coco", tmp_path, splits=["train2017"])
    assert listing(source) == {
        ("train2017/07.jpg", "00"): ([0], [[1.5, 2, 3, 4]]),
        ("train2017/07.jpg", "01"): ([0], [[5, 6, 7, 8]]),
    }
    text(tmp_path / "annotations/instances_train2017.json", '{"images": [{}]}')
    with pytest.raises(DsltError, match=r"instances_train2017.json: not an annotation of COCO"):
        opened("coco", tmp_path, splits=["train2017"])


@pytest.mark.parametrize(
    "values",
    [
        {"images": [], "annotations": "0"},
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [None]},
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [{"image_id": 7, "bbox": []}]},
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [{"image_id": 7, "bbox": "box"}]},
        {"images": [{"id": 7, "file_name": "a"}], "annotations": [{"image_id": 7, "bbox": [{}]}]},
        [[]],
    ],
)
def test_coco_that_is_none(tmp_path, values):
    text(tmp_path / "annotations/instances_train2017.json", json.dumps(values))
    with pytest.raises(
        DsltError, match=r"not an annotation of COCO|mine.*: target '00' of .* a box"
    ):
        opened("coco", tmp_path, splits=["train2017"])


def test_youtube_bb(tmp_path):
    rows = [
        "vid,2000,3,cat,0,present,0.25,0.75,0.5,0.625",
        "vid,1000,3,cat,0,present,0.5,0.75,0.25,0.5",
        "vid,3000,3,cat,0,absent,-1,-1,-1,-1",
        "vid,1000,3,cat,1,present,0,1,0,1",
    ]
    text(tmp_path / "bb.csv", "\n".join(rows) + "\n")
    image(tmp_path / "frames/3/vid/1000.jpg")
    values = {"table": "bb.csv", "image": "frames/{video}/{frame}.jpg"}
    source = opened("youtube_bb", tmp_path, **values)
    assert listing(source) == {
        ("3/vid", "0"): ([1000, 2000], [[0.5, 0.25, 0.25, 0.25], [0.25, 0.5, 0.5, 0.125]]),
        ("3/vid", "1"): ([1000], [[0, 0, 1, 1]]),
    }
    assert first_view(source)[1].tolist() == [32, 12, 16, 12]
    text(tmp_path / "bb.csv", rows[0] + "\nvid,1000,3\n")
    with pytest.raises(DsltError, match=r"bb.csv, line 2: not a row of YouTube-BB"):
        opened("youtube_bb", tmp_path, **values)


def test_youtube_bb_of_which_videos_are_gone(tmp_path):
    names = [f"v{number:03d}" for number in range(250)]
    rows = "".join(f"{name},0,3,cat,0,present,0,1,0,1\n" for name in names)
    text(tmp_path / "bb.csv", rows)
    values = {"table": "bb.csv", "image": "frames/{video}/{frame}.jpg"}
    with pytest.raises(DsltError, match=r"v000/0.jpg: no such image .* first one of 84 videos was"):
        opened("youtube_bb", tmp_path, **values)
    image(tmp_path / "frames/3/v249/0.jpg")
    assert len(opened("youtube_bb", tmp_path, **values).videos) == 250


def test_lasot(tmp_path):
    folder = tmp_path / "cat" / "cat-2"
    text(tmp_path / "training_set.txt", "cat-2\n")
    text(folder / "groundtruth.txt", "5,6,7,8\n9,9,9,9\n3,3,3,3\n1,1,0,0\n")
    text(folder / "full_occlusion.txt", "0,1,0,0\n")
    text(folder / "out_of_view.txt", "0,0,0,0\n")
    image(folder / "img" / "00000001.jpg")
    values = {"sequences": "training_set.txt"}
    source = opened("lasot", tmp_path, **values)
    assert listing(source) == {("cat/cat-2", "0"): ([1, 3], [[4, 5, 7, 8], [2, 2, 3, 3]])}
    assert first_view(source)[0].size == (64, 48)
    text(folder / "out_of_view.txt", "0,0\n")
    with pytest.raises(DsltError, match=r"out_of_view.txt: 2 flags, expected 4"):
        opened("lasot", tmp_path, **values)
    text(tmp_path / "training_set.txt", "cat-2\ndog-1\n")
    text(folder / "out_of_view.txt", "0,0,0,0\n")
    with pytest.raises(DsltError, match="no folder of sequence dog-1"):
        opened("lasot", tmp_path, **values)
    (tmp_path / "training_set.txt").unlink()
    with pytest.raises(DsltError, match=r"training_set.txt: no such file"):
        opened("lasot", tmp_path, **values)


def got10k(root, count):
    for number in range(1, count + 1):
        folder = root / f"GOT-10k_Train_{number:06d}"
        text(folder / "groundtruth.txt", "1,1,10,10\n2,2,10,10\n3,3,10,10\n")
        text(folder / "absence.label", "0\n1\n0\n")
        for frame in (1, 2, 3):
            image(folder / f"{frame:08d}.jpg", value=number)


def test_got10k(tmp_path):
    got10k(tmp_path, 2)
    source = opened("got10k", tmp_path)
    assert listing(source) == {
        (f"GOT-10k_Train_{number:06d}", "0"): ([1, 3], [[0, 0, 10, 10], [2, 2, 10, 10]])
        for number in (1, 2)
    }
    text(tmp_path / "list.txt", "GOT-10k_Train_000002\n")
    assert len(opened("got10k", tmp_path).videos) == 1
    text(tmp_path / "list.txt", "".join(f"GOT-10k_Train_00000{n}\n" for n in (2, 1, 2)))
    assert len(listing(opened("got10k", tmp_path))) == 2
    with pytest.raises(DsltError, match="nowhere: no such folder"):
        opened("got10k", tmp_path / "nowhere")


def test_no_pair_is_drawn_from_held_out_videos(tmp_path):
    got10k(tmp_path, 40)
    videos = {video for video, _ in listing(opened("got10k", tmp_path))}
    drawn = {video for video, _ in listing(opened("got10k", tmp_path, held_out=0.3))}
    assert len(videos) == 40
    assert 4 < len(videos - drawn) < 22
    assert drawn == {video for video in videos if not is_held_out(video, 0.3)}


def test_crop511(tmp_path):
    values = {"a/v": {"00": {"000004": [10, 20, 40, 70], "skip": [1, 1, 2, 2], "000002": [30, 50]}}}
    text(tmp_path / "train.json", json.dumps(values))
    image(tmp_path / "a/v/000002.00.x.jpg", size=(511, 511))
    source = opened("crop511", tmp_path, table="train.json")
    ((frames, boxes),) = listing(source).values()
    assert frames == [2, 4]
    size = np.array([30, 50]) * 127 / template_side(np.array([30.0, 50.0]), 0.5)
    assert np.allclose(boxes, [*(511 - size) / 2, *size])
    assert template_side(size, 0.5) == pytest.approx(127)
    assert first_view(source)[0].size == (511, 511)
    large = f'{{"a": {{"00": {{"1": [1, 1{"0" * 400}]}}}}}}'
    for broken in (
        large,
        '{"a": {"00": [1]}}',
        '{"a": {"00": {"1": [3]}}}',
        '{"a": {"00": {"1": {}}}}',
    ):
        text(tmp_path / "train.json", broken)
        with pytest.raises(DsltError, match=r"train.json: not a table of crop511"):
            opened("crop511", tmp_path, table="train.json")


def outlines(path, pixels, mode="P"):
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(np.asarray(pixels, dtype=np.uint8), "L" if mode == "P" else None)
    if mode == "P":
        picture = picture.convert("P")
        picture.putdata(np.asarray(pixels).ravel().tolist())
        picture.putpalette([value for number in range(256) for value in (number, 0, 255 - number)])
    picture.save(path)


def test_youtube_vos(tmp_path):
    base = tmp_path / "Annotations" / "a12"
    empty = np.zeros((48, 64), dtype=np.uint8)
    first, second = empty.copy(), empty.copy()
    first[5:10, 7:20] = 2
    first[30:32, 40:41] = 2  # a second piece of the same object
    second[0:48, 0:64] = 255  # undecided
    second[5:10, 8:21], second[47, 63] = 2, 1
    outlines(base / "00000.png", first)
    outlines(base / "00005.png", second)
    outlines(base / "00010.png", empty)
    image(tmp_path / "JPEGImages/a12/00005.jpg")
    image(tmp_path / "JPEGImages/a12/00000.jpg")
    source = opened("youtube_vos", tmp_path)
    assert listing(source) == {
        ("a12", "1"): ([5], [[63, 47, 1, 1]]),
        ("a12", "2"): ([0, 5], [[7, 5, 34, 27], [8, 5, 13, 5]]),
    }
    assert source.path(source.videos[0], source.videos[0].tracks[0], 0).name == "00005.jpg"
    assert first_view(source)[0].size == (64, 48)


def test_youtube_vos_of_another_form(tmp_path):
    with pytest.raises(DsltError, match="Annotations: no folders of outlines; expected"):
        opened("youtube_vos", tmp_path)
    path = tmp_path / "Annotations" / "a12" / "00000.png"
    outlines(path, np.zeros((4, 4, 3)), "RGB")
    with pytest.raises(DsltError, match=r"00000.png: pixels of kind 'RGB'; expected numbers"):
        opened("youtube_vos", tmp_path)
    large = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(
        ">IIBBBBB", 1 << 15, 1 << 15, 8, 0, 0, 0, 0
    )
    for content in (b"no", large + struct.pack(">I", zlib.crc32(large[12:]))):
        path.write_bytes(content)
        with pytest.raises(DsltError, match=r"00000.png: unreadable outlines"):
            opened("youtube_vos", tmp_path)
    path.rename(path.with_name("first.png"))
    with pytest.raises(DsltError, match=r"first.png: expected a frame number as file name"):
        opened("youtube_vos", tmp_path)


# --- indexes of training sets


def many_videos(root, count):
    for number in range(count):
        video = f"train/part_0000/clip_{number:03d}"
        for frame in range(2):
            boxes = [("0", (number, 5, 20, 10)), ("1", (3, 2, 9, 8))]
            xml(root / f"Annotations/VID/{video}/{frame:06d}.xml", boxes)
    image(root / "Data/VID/train/part_0000/clip_000/000000.JPEG")


def test_an_index_opens_as_the_annotations_do(tmp_path):
    many_videos(tmp_path, 40)
    values = {"kind": "ilsvrc_vid", "root": str(tmp_path), "splits": ["train"]} | COMMON
    entry = parse_training_set("mine", values)
    for jobs in (1, 2):  # of two processes, each starts anew
        index_training_set("mine", entry, tmp_path / f"{jobs}.parquet", jobs=jobs)
    file = tmp_path / "1.parquet"
    assert file.read_bytes() == (tmp_path / "2.parquet").read_bytes()
    opened_index = open_source("mine", entry, index=file)
    assert listing(opened_index) == listing(open_source("mine", entry))
    assert first_view(opened_index)[0].size == (64, 48)
    # What is held out is decided when it is opened.
    image(tmp_path / "Data/VID/train/part_0000/clip_001/000000.JPEG")
    for number in range(40):
        image(tmp_path / f"Data/VID/train/part_0000/clip_{number:03d}/000000.JPEG")
    shared = entry.model_copy(update={"held_out": 0.3, "damaged": 0.5, "frame_range": 9})
    part = listing(open_source("mine", shared, file))
    assert part == listing(open_source("mine", shared))
    assert part.keys() == {key for key in listing(opened_index) if not is_held_out(key[0], 0.3)}
    assert 0 < len(part) < len(listing(opened_index))
    other = entry.model_copy(update={"splits": ("train", "val")})
    with pytest.raises(DsltError, match=r"1.parquet: made of .* make it again with `dslt index`"):
        open_source("mine", other, index=file)
    with pytest.raises(DsltError, match="unknown training set of an index: 'yours'; allowed: mine"):
        open_sources(["mine"], {"mine": entry}, indexes={"yours": file})
    found = open_sources(["mine"], {"mine": entry}, indexes={"mine": file})["mine"]
    assert len(pickle.loads(pickle.dumps(found)).videos) == 40


def test_what_is_unpacked_is_the_root(tmp_path):
    got10k(tmp_path / "unpacked" / "got", 1)
    values = {"kind": "got10k", "root": None, "download": "got"} | COMMON
    entry = parse_training_set("mine", values)
    table = index_training_set("mine", entry, tmp_path / "i.parquet", tmp_path)
    assert len(table) == 1
    source = open_source("mine", entry, index=tmp_path / "i.parquet", data=tmp_path)
    assert first_view(source)[0].size == (64, 48)
    with pytest.raises(
        DsltError, match="unpacked/got: training set mine is not there; run `dslt f"
    ):
        open_source("mine", entry, data=tmp_path / "other")


def test_sets_without_annotations_have_no_index(tmp_path):
    procedural = parsed(read_definitions(FILE))["procedural"]
    with pytest.raises(DsltError, match="mine: procedural sets need no index"):
        index_training_set("mine", procedural, tmp_path / "i.parquet")


def test_the_command_indexes_training_sets(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    got10k(tmp_path / "got", 2)
    (tmp_path / "s.yaml").write_text(
        json.dumps({"mine": {"kind": "got10k", "root": "got"} | COMMON})
    )
    done = CliRunner().invoke(group, ["index", "mine", "--definitions", "s.yaml"])
    assert done.exit_code == 0, done.output
    assert "mine: 2 videos, 2 tracks, 4 boxes -> results/data/sets/mine.parquet" in done.output
    assert len(load_training_index("results/data/sets/mine.parquet")) == 2


def test_a_training_opens_the_index(tmp_path, monkeypatch):
    got10k(tmp_path / "got", 2)
    values = {"kind": "got10k", "root": str(tmp_path / "got")} | COMMON
    index_training_set("mine", parse_training_set("mine", values), tmp_path / "i.parquet")
    preset = resolve_settings("siamfc/paper", "", ROOT / "config" / "trackers", "test")
    pairs = preset.training.pairs.model_copy(update={"sources": {"mine": None}})
    training = preset.training.model_copy(update={"pairs": pairs})
    (option,) = (o for o in train_command.command.params if o.name == "indexes")
    indexes = option.callback(None, option, [f"mine={tmp_path / 'i.parquet'}"])
    monkeypatch.setattr(VideoTable, "collect", None)  # no annotation is read
    dataset = train_command._open_pairs(training, 0, {"mine": values}, indexes, "data")
    assert dataset.sample(0, 0).template.shape == (3, 127, 127)
    for text in ("mine", "mine=", "=i.parquet"):
        with pytest.raises(DsltError, match="expected --training-index NAME=PATH"):
            option.callback(None, option, [text])


def test_index(tmp_path):
    definition = {
        "kind": "synthetic",
        "seed": 0,
        "protocol": "otb",
        "sequences": ["face-exit", "face-approach"],
    }
    index = build_index("mine", parse_benchmark("mine", definition), tmp_path)
    write_index(tmp_path / "mine.parquet", index)
    source = opened("index", tmp_path / "mine.parquet")
    assert isinstance(source, IndexSource)
    assert set(listing(source)) == {("astronaut", "face-exit"), ("astronaut", "face-approach")}
    view, box = first_view(source)
    assert view.size == (320, 240)
    assert np.isfinite(box).all()
    copy = pickle.loads(pickle.dumps(source))
    assert first_view(copy)[1].tolist() == box.tolist()


def test_frames_of_an_index_that_are_flagged_absent(tmp_path):
    definition = {"kind": "synthetic", "seed": 0, "protocol": "otb", "sequences": ["face-approach"]}
    index = build_index("mine", parse_benchmark("mine", definition), tmp_path)
    (entry,) = index.sequences
    absent = np.arange(entry.frames) == 3
    flagged = [replace(entry, absent=absent)]
    write_index(tmp_path / "mine.parquet", replace(index, sequences=flagged))
    ((frames, boxes),) = listing(opened("index", tmp_path / "mine.parquet")).values()
    assert frames == [number for number in range(entry.frames) if number != 3]
    assert boxes == entry.truth[~absent].tolist()


def test_pairs_of_two_sources_and_a_truncated_image(tmp_path):
    got10k(tmp_path / "got", 3)
    xml(tmp_path / "det/Annotations/DET/train/one.xml", [(None, (1, 2, 30, 40))])
    image(tmp_path / "det/Data/DET/train/one.JPEG", value=200)
    sets = {
        "got": parse_training_set(
            "got", {"kind": "got10k", "root": str(tmp_path / "got")} | COMMON | {"damaged": 0.5}
        ),
        "det": parse_training_set(
            "det",
            {"kind": "ilsvrc_det", "root": str(tmp_path / "det"), "splits": ["train"]} | COMMON,
        ),
    }
    still = {"shift": 0, "scale": 0, "blur": 0, "color": 0, "flip": 0}
    crops = CropSettings(
        context=0.5,
        template=127,
        search=255,
        template_jitter=still,
        search_jitter=still,
    )
    pairs = PairSettings(sources={"got": None, "det": 2}, per_epoch=10, negative=0.5, gray=0)
    dataset = PairDataset(pairs, crops, open_sources(pairs.sources, sets), seed=0)
    bad = tmp_path / "got/GOT-10k_Train_000001/00000003.jpg"
    bad.write_bytes(bad.read_bytes()[:300])
    values = {float(dataset.sample(0, i).template.median()) for i in range(10)}
    assert any(value > 190 for value in values)
    assert any(value < 10 for value in values)
    assert dataset.damaged["got"] > 0
    assert dataset.damaged["det"] == 0


# --- the file


def test_the_file_of_training_sets():
    sets = parsed(read_definitions(FILE))
    assert {"procedural", "vid", "det", "coco", "youtube_bb", "lasot", "got10k"} <= set(sets)
    # The frame ranges of the reference, section A.2.4.
    ranges = {name: sets[name].frame_range for name in ("vid", "youtube_bb", "coco", "det")}
    assert ranges == {"vid": 100, "youtube_bb": 3, "coco": 1, "det": 1}
    source = open_source("procedural", sets["procedural"])
    assert isinstance(source, ProceduralSource)
    assert source.endless
    for name, entry in sets.items():
        if name == "procedural":
            continue
        assert entry.root is None
        words = (
            f"data/unpacked/{entry.download}: training set {name} is not there; run `dslt fetch"
            if entry.download
            else f"training set {name}: no root is named"
        )
        with pytest.raises(DsltError, match=words):
            open_source(name, entry)


def test_an_overlay_names_a_root(tmp_path):
    got10k(tmp_path, 1)
    overlay = {"got10k": {"root": str(tmp_path), "held_out": 0}}
    sets = parsed(changed_definitions(read_definitions(FILE), overlay))
    assert len(open_sources(["got10k"], sets)["got10k"].videos) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "video"}, "unknown kind of training set vid: 'video'; allowed: coco"),
        ({"frame_range": 0}, "training set vid: frame_range = 0"),
        ({"damaged": 2}, "training set vid: damaged = 2"),
        ({"splits": []}, "training set vid: splits"),
        ({"other": 1}, "training set vid: unknown key 'other'; allowed: .*splits"),
    ],
)
def test_wrong_entries(tmp_path, change, message):
    values = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    values["vid"] |= change
    path = tmp_path / "sets.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    with pytest.raises(DsltError, match=message):
        parsed(read_definitions(path))


def test_an_unknown_name():
    with pytest.raises(DsltError, match=r"unknown training set 'vidd'; allowed: .*vid"):
        open_sources(["vidd"], parsed(read_definitions(FILE)))


def test_names_that_are_no_text_are_refused():
    track = ("video", "\ud83d", [0], [[1, 1, 4, 4]])
    with pytest.raises(DsltError, match=r"coco: a name that is no text"):
        VideoTable.collect([track], "coco")


def test_a_video_that_comes_again_after_another_is_refused():
    rows = np.array([[0.0, 0, 9, 9]])
    tracks = [(video, "0", [1], rows) for video in ("a", "b", "a")]
    with pytest.raises(DsltError, match="mine: video 'a' comes again after another one"):
        VideoTable.collect(tracks, "mine")


def test_the_words_of_a_title_train_nothing_again():
    entry = {"kind": "procedural", "seed": 0, "frames": 9, "frame_range": 3}
    sets = [{"mine": {**entry, "title": title}} for title in ("one", "another")]
    first, second = (used_sets(found, ["mine"], "here") for found in sets)
    assert first == second
    assert parse_training_set("mine", first["mine"]).title == ""
