"""Indexes as files: what is written is what is read, byte for byte the same every time."""

import json
import pickle

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dslt.core.columns import (
    codes,
    read_table,
    repeated,
    text,
    write_table,
)
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_entry import (
    ImagesSource,
    IndexEntry,
    SyntheticSource,
    VideoSource,
)
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index, write_index
from dslt.data.pairs.sets.index import load_training_index, write_training_index
from dslt.data.pairs.videos import VideoTable

WORD = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8)
NUMBER = st.floats(-1e6, 1e6, width=64) | st.just(np.nan)


def arrays(count, *shape):
    size = int(np.prod(shape, dtype=int)) * count
    numbers = st.lists(NUMBER, min_size=size, max_size=size)
    return numbers.map(lambda values: np.array(values, dtype=np.float64).reshape(count, *shape))


def flags(count):
    return st.lists(st.booleans(), min_size=count, max_size=count).map(
        lambda values: np.array(values, dtype=bool)
    )


@st.composite
def images(draw, count):
    names = draw(st.lists(WORD, min_size=count, max_size=count))
    lengths = draw(st.lists(st.integers(0, 2**40), min_size=count, max_size=count))
    archive = draw(st.none() | WORD)
    return ImagesSource(draw(WORD), text(names, "x"), np.array(lengths, dtype=np.int64), archive)


@st.composite
def entries(draw, name):
    count = draw(st.integers(1, 5))
    corners = draw(st.sampled_from([None, 4, 6]))
    video = VideoSource(path=draw(WORD), sha256="0" * 64, first_frame=3, frames=count)
    kinds = st.sampled_from([None, video, SyntheticSource(scene=draw(WORD), seed=7)])
    return IndexEntry(
        name=name,
        video=draw(WORD),
        attributes=tuple(draw(st.lists(WORD, max_size=3))),
        size=draw(st.none() | st.tuples(st.integers(1, 9999), st.integers(1, 9999))),
        source=draw(kinds | images(count)),
        truth=draw(arrays(count, 4)),
        corners=None if corners is None else draw(arrays(count, corners, 2)),
        absent=draw(st.none() | flags(count)),
        tags={tag: draw(flags(count)) for tag in draw(st.lists(WORD, max_size=2, unique=True))},
        skipped=draw(st.integers(0, 9)),
    )


@st.composite
def indexes(draw):
    names = draw(st.lists(WORD, max_size=4, unique=True))
    found = [draw(entries(name)) for name in names]
    notes = tuple(draw(st.lists(WORD, max_size=2)))
    return BenchmarkIndex(draw(WORD), "otb", draw(st.sampled_from([0, 1])), found, notes)


def plain(entry):
    """An entry as values that can be compared."""
    source = entry.source
    if isinstance(source, ImagesSource):
        source = (source.root, source.archive, source.files, source.bytes.tolist())
    parts = {"truth": entry.truth, "corners": entry.corners, "absent": entry.absent, **entry.tags}
    arrays = {
        name: None if part is None else (part.dtype, part.shape, part.tobytes())
        for name, part in parts.items()
    }
    head = (entry.name, entry.video, entry.attributes, entry.size, entry.skipped, entry.frames)
    return head, source, arrays


@settings(max_examples=150, deadline=None)
@given(index=indexes())
def test_an_index_is_read_as_it_was_written(tmp_path_factory, index):
    folder = tmp_path_factory.mktemp("index")
    write_index(folder / "a.parquet", index)
    found = load_index(folder / "a.parquet")
    for key in ("benchmark", "protocol", "box_origin", "names", "notes"):
        assert getattr(found, key) == getattr(index, key)
    assert list(map(plain, found.sequences)) == list(map(plain, index.sequences))
    assert [plain(found.entry(name)) for name in index.names] == list(map(plain, index.sequences))
    write_index(folder / "b.parquet", pickle.loads(pickle.dumps(found)))
    assert (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()


def test_entries_are_a_sequence(tmp_path):
    made = [
        IndexEntry(np.full((3, 4), at), (), name, name=name, source=None)
        for at, name in enumerate(["a", "b", "c"])
    ]
    write_index(tmp_path / "i.parquet", BenchmarkIndex("mine", "otb", 1, made))
    found = load_index(tmp_path / "i.parquet").sequences
    assert [entry.truth[0, 0] for entry in found] == [0, 1, 2]
    assert [entry.name for entry in found[1:]] == ["b", "c"]
    assert (found[-1].name, len(found)) == ("c", 3)
    with pytest.raises(IndexError):
        found[3]
    boxes = found[0].boxes()
    boxes[0] = 9  # a copy of what is in the file
    assert found[0].boxes()[0, 0] == 0


def test_pandas_shows_what_is_in_it(tmp_path):
    files = text([f"a/img/{number}.jpg" for number in (1, 2)], "a")
    loose = ImagesSource("root", files, np.array([10, 20]))
    packed = ImagesSource("root", files, np.array([30, 40]), "a.zip")
    truth = np.array([[1.0, 2, 3, 4], [np.nan] * 4])
    absent = np.array([False, True])
    made = [
        IndexEntry(
            truth,
            (),
            "v",
            absent=absent,
            tags={"SV": absent},
            size=(64, 48),
            name="a",
            source=loose,
        ),
        IndexEntry(
            truth,
            (),
            "v",
            corners=np.ones((2, 4, 2)),
            size=(64, 48),
            name="b",
            source=packed,
        ),
    ]
    write_index(tmp_path / "i.parquet", BenchmarkIndex("mine", "otb", 1, made))
    frames = pd.read_parquet(tmp_path / "i.parquet")
    corners = [f"{axis}{corner}" for corner in (1, 2, 3, 4) for axis in "xy"]
    columns = ["sequence", "frame", "archive", "file", "bytes", "x", "y", "w", "h"]
    assert list(frames) == [*columns, *corners, "absent", "tag_SV"]
    assert frames.groupby("sequence", observed=True).size().to_dict() == {"a": 2, "b": 2}
    assert frames["archive"].isna().tolist() == [True, True, False, False]
    assert frames["bytes"].tolist() == [10, 20, 30, 40]
    assert frames["x"].isna().tolist() == [False, True, False, True]
    assert frames["tag_SV"].tolist() == [False, True, None, None]
    metadata = pq.read_schema(tmp_path / "i.parquet").metadata
    (first, _) = json.loads(metadata[b"dslt"])["sequences"]
    assert (first["name"], first["video"], first["size"]) == ("a", "v", [64, 48])


def test_columns_of_texts_and_of_nothing(tmp_path):
    with pytest.raises(DsltError, match=r"a/img: the name 'x\\udcff.jpg' is not Unicode; rename"):
        text(["x\udcff.jpg"], "a/img")
    words = repeated(np.array([1, 1, 0]), ["a", "b"])
    write_table(tmp_path / "t.parquet", pa.table({"n": np.arange(3), "w": words}), {"a": 1})
    table, metadata = read_table(tmp_path / "t.parquet", leave=("n",))
    assert (table.column_names, metadata, table.num_rows) == (["w"], {"a": 1}, 3)
    rows, found = codes(table["w"])
    assert (rows.tolist(), found) == ([1, 1, 0], ["a", "b"])
    pq.write_table(pa.table({"w": ["a", "b", "a"]}, metadata={"dslt": "{}"}), tmp_path / "p")
    rows, found = codes(read_table(tmp_path / "p")[0]["w"])
    assert (rows.tolist(), found) == ([0, 1, 0], ["a", "b"])


# --- training sets


BOX = st.tuples(*[st.floats(0.5, 1e4)] * 4)
TRACKS = st.dictionaries(
    WORD,
    st.dictionaries(
        WORD,
        st.dictionaries(st.integers(0, 2**40), BOX, min_size=1, max_size=4),
        min_size=1,
        max_size=3,
    ),
    min_size=1,
    max_size=5,
)


def listed(table):
    return [
        (video.name, [(t.name, t.frames.tolist(), t.boxes.tolist()) for t in video.tracks])
        for video in (table[number] for number in range(len(table)))
    ]


@settings(max_examples=100, deadline=None)
@given(videos=TRACKS, kept=st.sets(st.integers(0, 4)))
def test_a_training_index_is_read_as_it_was_written(tmp_path_factory, videos, kept):
    folder = tmp_path_factory.mktemp("index")
    rows = [
        (video, track, list(frames), list(frames.values()))
        for video, tracks in videos.items()
        for track, frames in tracks.items()
    ]
    table = VideoTable.collect(rows, "mine")
    write_training_index(folder / "a.parquet", table, {"kind": "coco"})
    found = load_training_index(folder / "a.parquet", {"kind": "coco"})
    assert listed(found) == listed(table)
    assert listed(pickle.loads(pickle.dumps(found))) == listed(table)
    write_training_index(folder / "b.parquet", found, {"kind": "coco"})
    assert (folder / "a.parquet").read_bytes() == (folder / "b.parquet").read_bytes()
    names = {name for number, name in enumerate(videos) if number in kept}
    part = found.part(lambda name: name in names)
    assert listed(part) == [video for video in listed(table) if video[0] in names]
    if not names:
        with pytest.raises(DsltError, match="mine: no usable pair"):
            part.checked("mine")


def remade(path, change):
    """Write a whole file whose table, or what the metadata says, was changed."""
    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[b"dslt"])
    table = change(table, about) or table
    pq.write_table(table.replace_schema_metadata({b"dslt": json.dumps(about)}), path)


def replaced(name, values):
    def change(table, _about):
        return table.set_column(table.column_names.index(name), name, values)

    return change


def of_first(**values):
    def change(_table, about):
        about["sequences"][0].update(values)

    return change


MISSING = pa.array([None, None], pa.float64())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table, _: table.drop_columns(["x"]), "column x is missing; expected double"),
        (lambda table, _: table.append_column("x", MISSING), "column x is missing"),  # there twice
        (replaced("x", MISSING), "column x is double, 2 missing"),
        (replaced("x", pa.array([1, 2])), "column x is int64"),
        (replaced("y", pa.array(["1", "2"])), "column y is string"),
        (replaced("file", pa.array(["a", None])), "column file is string, 1 missing"),
        (replaced("bytes", pa.array([1.0, 2])), "column bytes is double"),
        (replaced("archive", pa.array([b"\xff", b"a"])), "column archive is binary"),
        (of_first(corners=3), "column x1 is missing"),
        (of_first(corners=10**9), "polygons with 1000000000 corners in a table of"),
        (of_first(corners=-1), "corners = -1"),
        (of_first(frames=-2), "frames = -2"),
        (of_first(absent=True), "column absent is missing"),
        (of_first(tags=["blur"]), "column tag_blur is missing"),
    ],
)
def test_a_file_that_has_not_what_an_index_has(tmp_path, change, words):
    path = tmp_path / "a.parquet"
    source = ImagesSource("frames", pa.array(["1.png", "2.png"]), np.array([3, 4]), "a.zip")
    truth = np.ones((2, 4))
    entry = IndexEntry(name="one", truth=truth, attributes=(), video="one", source=source)
    write_index(path, BenchmarkIndex("mine", "otb", 1, [entry]))
    load_index(path)
    remade(path, change)
    with pytest.raises(DsltError, match=words):
        load_index(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table, _: table.drop_columns(["video"]), "column video is missing"),
        (replaced("frame", pa.array([1.0])), "column frame is double"),
        (replaced("track", pa.array([None], pa.string())), "column track is string, 1 missing"),
        (lambda _, about: about.clear(), "not the index of a training set"),
    ],
)
def test_a_file_that_has_not_what_a_training_index_has(tmp_path, change, words):
    path = tmp_path / "a.parquet"
    table = VideoTable.collect([("v", "0", [1], [[1, 2, 3, 4]])], "mine")
    write_training_index(path, table, {"kind": "coco"})
    remade(path, change)
    with pytest.raises(DsltError, match=words):
        load_training_index(path)


def test_names_in_an_index_that_are_no_unicode(tmp_path):
    path = tmp_path / "a.parquet"
    table = VideoTable.collect([("vvvvvvvv", "0", [1], [[1, 2, 3, 4]])], "mine")
    write_training_index(path, table, {"kind": "coco"})
    data = path.read_bytes()
    assert b"vvvvvvvv" in data
    path.write_bytes(data.replace(b"vvvvvvvv", b"vvv\xffvvvv"))
    with pytest.raises(DsltError, match=r"not a readable index"):
        load_training_index(path)


def test_a_training_index_of_something_else(tmp_path):
    table = VideoTable.collect([("v", "0", [1], [[1, 2, 3, 4]])], "mine")
    write_training_index(tmp_path / "a.parquet", table, {"kind": "coco", "root": "a"})
    with pytest.raises(DsltError, match=r"made of .*'root': 'a'.* but the training set is .*'b'"):
        load_training_index(tmp_path / "a.parquet", {"kind": "coco", "root": "b"})
    write_index(tmp_path / "i.parquet", BenchmarkIndex("mine", "otb", 1, []))
    with pytest.raises(DsltError, match="not the index of a training set; make it"):
        load_training_index(tmp_path / "i.parquet")
