"""Readers of frames, archives, indexes and annotations of training sets."""

from __future__ import annotations

import functools
import gc
import io
import json
import random
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from mutate import mutate_bytes, mutate_json, mutate_text, mutate_tree, remade_png, remade_zip
from PIL import Image
from reader import DisagreementError, Reader, agree, written

from dslt.core.columns import METADATA
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.data.benchmarks.index_entry import ImagesSource, IndexEntry, SyntheticSource
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index, write_index
from dslt.data.downloads.ledger import _Originals, _read, _UnpackedPaths
from dslt.data.downloads.partial import PartialFile
from dslt.data.downloads.unpacking.gate import Limits
from dslt.data.downloads.unpacking.unpack import unpack
from dslt.data.downloads.vot_manifest import manifest_files
from dslt.data.pairs.sets import coco_youtube_bb, ilsvrc, youtube_vos
from dslt.data.pairs.sets.index import load_training_index, write_training_index
from dslt.data.pairs.sets.kinds import parse_training_set
from dslt.data.pairs.videos import VideoTable
from dslt.data.sequences.folders import select_targets
from dslt.data.sequences.frames import ImageFolder
from dslt.data.sequences.images import read_image
from dslt.data.sequences.names import match_names
from dslt.data.sequences.packed import PackedFrames, packed_frames
from dslt.data.sequences.video import VideoClip

_NOISE = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)


def encoded(suffix: str, pixels: np.ndarray = _NOISE, **options: Any) -> bytes:
    """An image file."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, suffix, **options)
    return buffer.getvalue()


def by_opencv(suffix: str, pixels: np.ndarray) -> bytes:
    """An image file of OpenCV's."""
    return bytes(cv2.imencode(suffix, pixels)[1])


def image_seeds() -> list[bytes]:
    """Images of every kind that the project reads, and some that it must refuse."""
    deep = _NOISE.astype(np.uint16) * 257
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        encoded("PNG"),
        encoded("PNG", _NOISE[..., 0]),
        by_opencv(".png", deep),
        by_opencv(".png", deep[..., 0]),
        encoded("JPEG"),
        encoded("JPEG", exif=exif),
        encoded("JPEG", _NOISE[..., 0]),
        encoded("BMP"),
        encoded("TIFF"),
        by_opencv(".tiff", deep),
        encoded("WEBP", lossless=True),
        encoded("PPM"),
        b"P2\n3 2\n255\n1 2 3\n4 5 6\n",
        encoded("GIF", _NOISE[..., 0]),
        b"<!DOCTYPE html><title>404</title>",
    ]


def read_frame(data: bytes, folder: Path) -> None:
    """An image, loose and in an archive."""
    path = written(data, folder, "0001.png")
    frame = read_image(path)
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or not frame.size:
        raise DisagreementError(f"a frame of {frame.shape} {frame.dtype}")
    archive = folder / "frames.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.write(path, "img/0001.png")
    packed = PackedFrames(archive, ["img/0001.png"], [len(data)])
    if not np.array_equal(frame, packed[0]):
        raise DisagreementError("an image differs from itself in an archive")
    if not np.array_equal(frame, ImageFolder([path], [len(data)])[0]):
        raise DisagreementError("an image differs from itself in a folder")


def video_seeds() -> list[bytes]:
    """Short videos of several containers."""
    made = []
    with tempfile.TemporaryDirectory() as place:
        for name, codec in (
            ("a.mp4", "mp4v"),
            ("a.avi", "MJPG"),
            ("a.avi", "XVID"),
            ("a.mkv", "mp4v"),
        ):
            path = Path(place, name)
            out = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 10, (32, 24))
            for shift in range(6):
                out.write(np.roll(_NOISE, shift, axis=1))
            out.release()
            made.append(path.read_bytes())
    return made


def read_video(data: bytes, folder: Path) -> None:
    """A video, counted and read forward, and one frame again from the start."""
    clip = VideoClip(written(data, folder, "a.mp4"))
    count = len(clip)
    frames = []
    for number in range(min(count, 40)):
        frames.append(clip[number])
    if not np.array_equal(clip[0], frames[0]):
        raise DisagreementError("the first frame is another one when it is read again")
    del clip
    gc.collect()  # decoders may hold threads in circles


def _archive_seeds() -> list[bytes]:
    frames = encoded("PNG", _NOISE[:4, :4])
    files = {"top/img/0001.png": frames, "top/a.txt": b"1,2,3,4\n", "top/b/": b""}
    made = []
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        made.append(buffer.getvalue())
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        for kind in (tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode=mode, format=kind) as archive:
                for name, data in [*files.items(), ("top/" + "long" * 40, b"x")]:
                    info = tarfile.TarInfo(name)
                    info.size = len(data)
                    archive.addfile(info, io.BytesIO(data))
            made.append(buffer.getvalue())
    return [*made, _bomb()]


def _bomb() -> bytes:
    """A zip file of a few kB that claims, and has, a hundred megabytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.png", bytes(100 << 20))
    return buffer.getvalue()


def remade_tar(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change a header of a tar whose checksum then fits, and compress it again."""
    import bz2
    import gzip
    import lzma

    for magic, unpacked, packed in (
        (b"\x1f\x8b", gzip.decompress, lambda raw: gzip.compress(raw, 1)),
        (b"BZh", bz2.decompress, bz2.compress),
        (b"\xfd7zXZ", lzma.decompress, lambda raw: lzma.compress(raw, preset=0)),
        (b"", bytes, bytes),
    ):
        if data.startswith(magic):
            if magic == b"" and data[257:262] != b"ustar":
                return mutate_bytes(random, data, others)
            raw = bytearray(unpacked(data))
            start = 512 * random.randrange(max(len(raw) // 512, 1))
            block = bytearray(
                mutate_bytes(random, bytes(raw[start : start + 512])).ljust(512, b"\0")
            )
            del block[512:]
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
            raw[start : start + 512] = block
            return packed(bytes(raw))
    raise AssertionError


def read_archive(data: bytes, folder: Path) -> None:
    """An archive: unpacked, and read in place."""
    limits = Limits(max_bytes=8 << 20)
    for number, suffix in enumerate(("zip", "tar.gz", "gz")):
        path = written(data, folder, f"a.{suffix}")
        try:
            unpack(path, folder / str(number), limits=limits)
        except DsltError:
            continue
        outside = {child.name for child in folder.iterdir()} - {"a.zip", "a.tar.gz", "a.gz", *"012"}
        if outside:
            raise DisagreementError(f"left beside the target: {sorted(outside)}")
    for members in packed_frames(folder / "a.zip", 1, "x").values():
        frames = PackedFrames(folder / "a.zip", members)
        frames.lengths()
        for number in range(len(frames)):
            try:
                frames[number]
            except DsltError:
                continue


def _index_seeds() -> list[bytes]:
    truth = np.array([[1.0, 2, 3, 4], [np.nan] * 4, [1, 2, 3, 5]])
    polygons = np.arange(24.0).reshape(3, 4, 2)
    images = ImagesSource("frames", pa.array(["a/1.png", "a/2.png", "a/3.png"]), np.arange(3) + 9)
    entries = [
        IndexEntry(name="one", truth=truth, attributes=("IV",), video="one", source=images),
        IndexEntry(
            **{"name": "two", "truth": truth, "attributes": (), "video": "two", "size": (320, 240)},
            corners=polygons,
            absent=np.array([False, True, False]),
            tags={"occlusion": np.array([True, False, False])},
            source=SyntheticSource(scene="helmet", seed=1),
        ),
        IndexEntry(name="three", truth=truth, attributes=(), video="", source=None, skipped=2),
    ]
    table = VideoTable.collect([("v", "0", [1, 2], [(1, 2, 3, 4)] * 2)], "set")
    with tempfile.TemporaryDirectory() as place:
        path = Path(place, "a.parquet")
        made = []
        for chosen in (entries, entries[:1], entries[1:]):
            write_index(path, BenchmarkIndex("b", "otb", 1, chosen, ("a note",)))
            made.append(path.read_bytes())
        write_training_index(path, table, {"kind": "got10k"})
        return [*made, path.read_bytes()]


def remade_index(random: random.Random, data: bytes, others: Sequence[bytes] = (b"",)) -> bytes:
    """Change what the metadata says, or a column, in a file that is whole."""
    table = pq.read_table(io.BytesIO(data))
    about = json.loads(table.schema.metadata[METADATA])
    kind = random.randrange(4)
    if kind <= 1:
        for _ in range(random.choice((1, 1, 3))):
            about = mutate_tree(random, about)
    name = random.choice(table.column_names)
    place = table.column_names.index(name)
    if kind == 2:
        column = random.choice(
            (
                pa.array([None] * len(table), pa.float64()),
                pa.array(["x"] * len(table)),
                pa.array([[1]] * len(table)),
                pa.array([b"\xff"] * len(table)),
                pa.array([float("inf")] * len(table)),
                pa.array([-1] * len(table), pa.int8()),
                pa.array([True] * len(table)),
                pa.nulls(len(table)),
            )
        )
        table = table.set_column(place, name, column)
    if kind == 3:
        table = random.choice(
            (
                table.drop_columns([name]),
                table.slice(1),
                pa.concat_tables([table, table]),
                table.rename_columns([*table.column_names[:-1], name]),
            )
        )
    buffer = io.BytesIO()
    pq.write_table(table.replace_schema_metadata({METADATA: json.dumps(about)}), buffer)
    return buffer.getvalue()


def read_index(data: bytes, folder: Path) -> None:
    """An index of a benchmark or of a training set, and what is written of it again."""
    path = written(data, folder, "a.parquet")
    try:
        videos = load_training_index(path)
        if len(videos):
            _ = videos[0], videos[len(videos) - 1]
    except DsltError:
        pass
    index = load_index(path)
    for name in index.names:
        index.entry(name).boxes()
        try:
            index.sequence(name)
        except DsltError:
            continue
    write_index(folder / "b.parquet", index)
    again = load_index(folder / "b.parquet")
    agree(again.names, index.names, "names")
    for one, other in zip(index.sequences, again.sequences, strict=True):
        if not np.array_equal(one.truth, other.truth, equal_nan=True):
            raise DisagreementError(f"truth of {one.name} differs when it is written again")
        agree(one.attributes, other.attributes, "attributes")


def _sets() -> dict[str, Any]:
    common = {"root": ".", "damaged": 0, "held_out": 0, "frame_range": 10}
    entries = {
        "ilsvrc_vid": {"splits": ["train"]},
        "ilsvrc_det": {"splits": ["train"]},
        "coco": {"splits": ["train"]},
        "youtube_bb": {"table": "a.csv", "image": "{video}/{frame}.jpg"},
        "crop511": {"table": "a.json"},
        "youtube_vos": {},
    }
    return {
        kind: parse_training_set(kind, {"kind": kind, **common, **entry})
        for kind, entry in entries.items()
    }


_SETS = _sets()


def reading_set(
    kind: str, place: str, tracks: Callable[[Any, Path], Iterable[Any]]
) -> Callable[[bytes, Path], None]:
    """Read the tracks of a training set whose one file is the input, and write its index."""

    def read(data: bytes, folder: Path) -> None:
        written(data, folder, place)
        table = VideoTable.collect(tracks(_SETS[kind], folder), kind)
        path = folder / "index.parquet"
        write_training_index(path, table, {"kind": kind})
        again = load_training_index(path)
        agree(len(again.row_start), len(table.row_start), "tracks of an index")
        if not np.array_equal(again.boxes, table.boxes):
            raise DisagreementError("boxes differ in the index")

    return read


XML = [
    b"<annotation><filename>0</filename><size><width>320</width></size><object><trackid>0</trackid>"
    b"<bndbox><xmax>40</xmax><xmin>10</xmin><ymax>60</ymax><ymin>20</ymin></bndbox></object>"
    b"<object><trackid>1</trackid><bndbox><xmax>9</xmax><xmin>1</xmin><ymax>9</ymax><ymin>2</ymin>"
    b"</bndbox></object></annotation>",
    b'<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE a [<!ENTITY b "10">]><annotation><object>'
    b"<bndbox><xmax>40</xmax><xmin>&b;</xmin><ymax>60</ymax><ymin>20</ymin></bndbox></object>"
    b"</annotation>",
]
COCO = {
    "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 1, "bbox": [1, 2, 30, 40], "iscrowd": 0, "category_id": 1},
        {"id": 2, "image_id": 2, "bbox": [5.5, 2, 30, 40]},
    ],
}
CROPS = {
    "a/b": {"00": {"000001": [1, 2, 31, 42], "000002": [30, 40]}, "01": {"000003": [0, 0, 5, 5]}}
}
ROWS = [
    b"AAA,1000,0,person,0,present,0.1,0.4,0.2,0.6\nAAA,2000,0,person,0,absent,-1,-1,-1,-1\n"
    b"AAA,3000,0,person,0,present,0.1,0.5,0.2,0.6\nBBB,1000,1,bird,1,present,0,1,0,1\n"
]
MANIFEST = {
    "sequences": [
        {
            "name": "ants1",
            "annotations": {"url": "ants1.zip", "checksum": "0" * 40},
            "channels": {
                "color": {"url": "../color/ants1.zip", "checksum": "", "pattern": "%08d.jpg"}
            },
            "length": 3,
        }
    ]
}


def read_notes(data: bytes, folder: Path) -> None:
    """What a download keeps: its manifest, its records, the note beside a part."""
    written(data, folder, "a.zip.part")
    written(data, folder, "a.zip.part.json")
    PartialFile(folder / "a.zip", None, lambda count: None)
    for model in (_Originals, _UnpackedPaths):
        try:
            _read(model, folder / "a.zip.part.json")
        except DsltError:
            continue
    values = read_json(folder / "a.zip.part.json")
    for file in manifest_files(values, "https://example.org/vot/description.json", "manifest"):
        if ".." in file.file or file.file.startswith("/"):
            raise DisagreementError(f"a file outside its folder: {file.file}")


NOTES = [
    MANIFEST,
    {"url": "https://example.org/a.zip", "validator": '"x"', "total": 12},
    {"adopted": None, "files": {"a.zip": {"bytes": 3, "mtime_ns": 5, "sha256": "0" * 64}}},
    {"paths": {"a": {"archive": "0" * 64, "settings": "x", "whole": True, "link": None}}},
]


def read_names(data: bytes, folder: Path) -> None:
    """Names of sequences, matched and as folders."""
    names = [name for name in data.decode("utf-8", "replace").split("\n") if name]
    half = len(names) // 2
    found = match_names(names[:half], names[half:])
    if len(set(found.values())) != len(found):
        raise DisagreementError(f"one file for two sequences: {found}")
    for name in names[:6]:
        place = folder / name.replace("/", "_").replace("\0", "")[:60]
        if place.name in ("", ".", "..") or len(place.name.encode()) > 200:
            continue
        place.mkdir(parents=True, exist_ok=True)
        (
            place / f"groundtruth_rect{random.Random(name).choice(('', '.1', '.2', '.x'))}.txt"
        ).touch()
    select_targets(folder)


NAMES = [
    b"Jogging-1\nJogging-2\nHuman4-2\ncar1_1\ncar11\nJogging.1\njogging_2\nHuman4\ncar1_1\nCAR11\n",
    b"Jogging-1\nJogging-2\nA B\nJogging\nJogging(2)\n-x\n.y\n'q'\n",
]


def _json(*values: Any) -> Callable[[], list[bytes]]:
    return lambda: [json.dumps(value).encode() for value in values]


@functools.cache
def _outline() -> list[bytes]:
    mask = np.zeros((24, 32), np.uint8)
    mask[3:9, 4:12], mask[12:20, 20:30], mask[0, 0] = 1, 2, 255
    picture = Image.fromarray(mask)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0])
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return [buffer.getvalue(), encoded("PNG", mask), encoded("PNG")]


_IMAGE = (mutate_bytes, remade_png)
_TEXT = (mutate_text, mutate_text, mutate_bytes)
READERS = (
    Reader("frames", 70, image_seeds, read_frame, _IMAGE, headroom=2048),
    Reader("video", 8, video_seeds, read_video, headroom=2048),
    # LZMA may ask for a dictionary of 4 GB, of which only what is used becomes memory.
    Reader(
        "archives", 20, _archive_seeds, read_archive, (mutate_bytes, remade_tar), headroom=10_000
    ),
    Reader("archives, inside", 10, lambda: _archive_seeds()[:4], read_archive, (remade_zip(),)),
    Reader("index, Parquet", 30, _index_seeds, read_index, (mutate_bytes, remade_index)),
    Reader(
        "ILSVRC, XML",
        25,
        lambda: XML,
        reading_set("ilsvrc_vid", "Annotations/VID/train/v/000000.xml", ilsvrc.vid_tracks),
        _TEXT,
    ),
    Reader(
        "COCO, JSON",
        15,
        _json(COCO),
        reading_set("coco", "annotations/instances_train.json", coco_youtube_bb.coco_tracks),
        (mutate_json,),
    ),
    Reader(
        "YouTube-BB, CSV",
        20,
        lambda: ROWS,
        reading_set("youtube_bb", "a.csv", coco_youtube_bb.youtube_tracks),
        _TEXT,
    ),
    Reader(
        "crop511, JSON",
        15,
        _json(CROPS),
        reading_set("crop511", "a.json", coco_youtube_bb.crop_tracks),
        (mutate_json,),
    ),
    Reader(
        "YouTube-VOS, PNG",
        8,
        _outline,
        reading_set("youtube_vos", "Annotations/v/00000.png", youtube_vos.youtube_vos_tracks),
        _IMAGE,
        headroom=2048,
    ),
    Reader("notes of downloads", 25, _json(*NOTES), read_notes, (mutate_json,)),
    Reader("names", 15, lambda: NAMES, read_names, _TEXT),
)
