"""Every download of `config/downloads.yaml`, very small: the publisher's layout, real JPEGs.

`make_example(name)` makes the files, `example.serve(server)` puts them on a test server and gives
the download with that server's addresses, `example.copy(folder)` lays them into a folder as a
person who fetched them by hand has them.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import numpy as np
import yaml
from PIL import Image

from dslt.data.downloads.definitions import Download, parse_download
from dslt.data.downloads.vot_manifest import MANIFEST, manifest_files
from http_server import Server
from places import ROOT

REGISTRY = yaml.safe_load((ROOT / "config" / "downloads.yaml").read_text(encoding="utf-8"))
NAMES = list(REGISTRY)

FRAMES = 6
SIZE = (64, 48)  # width, height
SIDE = 14  # of the square target

OTB = ("Basketball", "Board", "Human4", "Jogging", "Skating2", "Walking")
UAV = ("bike1", "boat1", "person1_s")
UAV_ATTRIBUTES = (0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0)
UAV_CUT = {"bird1_1": (1, 3), "bird1_2": (4, 6)}  # targets of one video, with their frames
VOT = {"ants1": 112, "bag": FRAMES, "drone_across": FRAMES}  # EAO needs a long sequence
LASOT = {"airplane": ("1", "9", "13", "15"), "car": ("2", "6", "9", "17")}  # the test part
LASOT_TRAINING = "3"
GOT10K = ("GOT-10k_Train_000001", "GOT-10k_Train_000002")

Files = dict[str, bytes]


def boxes(seed: int, count: int = FRAMES) -> list[tuple[int, int, int, int]]:
    """Where the target is, to and fro: x, y, w, h in pixels, 1-based, in each frame."""
    x, y = 8 + seed % 9, 6 + seed % 7
    steps = (min(i % 10, 10 - i % 10) for i in range(count))
    return [(x + step, y + step, SIDE, SIDE) for step in steps]


@functools.cache
def jpeg(seed: int, frame: int) -> bytes:
    """A noisy image with a bright square at the target's place."""
    noise = np.random.default_rng(seed).integers(0, 60, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    x, y, w, h = boxes(seed, frame + 1)[frame]
    noise[y - 1 : y - 1 + h, x - 1 : x - 1 + w] += np.uint8(150)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=90)
    return out.getvalue()


def zipped(files: Files, junk: bool = False) -> bytes:
    """A zip archive; the same files give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content)
        if junk:
            archive.writestr(zipfile.ZipInfo("__MACOSX/._junk"), b"junk")
    return out.getvalue()


def tarred(files: Files) -> bytes:
    """A tar.gz archive; the same files give the same bytes."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w") as archive,
    ):
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def lines(rows, delimiter=",") -> bytes:
    """Rows of numbers as text."""
    return "".join(delimiter.join(map(str, row)) + "\n" for row in rows).encode()


def images(folder: str, seed: int, pattern: str, first: int = 1) -> Files:
    """Frames of a sequence."""
    return {f"{folder}/{pattern % (first + i)}": jpeg(seed, i) for i in range(FRAMES)}


@dataclass(frozen=True)
class Example:
    """A small download.

    Attributes:
        name: Its name.
        definition: Its entry, shortened to the files that were made; addresses as published.
        files: The originals by name.
        extra: Files that nobody hands out and a copy has, under the folder of what is unpacked.
        unpacked: All that a person has who unpacked everything, by path.
        expected: What `dslt fetch` unpacks (without images that stay packed), by path.
    """

    name: str
    definition: dict
    files: Files
    unpacked: Files
    expected: Files
    extra: Files

    def serve(self, server: Server) -> Download:
        """Put the files on a server; gives the download with its addresses."""
        download = parse_download(self.name, at_server(self.definition, server.url))
        for url, file in self._published(download):
            path = urlsplit(url).path
            server.put(path, self.files[file])
            if "drive.google.com" in path:
                server.drives.add(path)
        return download

    def copy(self, folder: Path, *, unpacked: bool = False) -> Path:
        """Lay the files into a folder, as they are or unpacked."""
        laid = self.unpacked if unpacked else self.files | self.extra
        for path, content in laid.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return folder

    def _published(self, download):
        if download.kind == "vot_manifest":
            yield download.url, MANIFEST
            listed = json.loads(self.files[MANIFEST])
            published = manifest_files(listed, download.url, MANIFEST)
        else:
            published = [single for file in download.files for single in file.spelled_out()]
        for file in published:
            for url in file.urls:
                yield url, file.file


def at_server(values, url):
    """A definition with a server's addresses: the host becomes the first folder."""
    if isinstance(values, dict):
        return {
            key: value if key == "page" else at_server(value, url) for key, value in values.items()
        }
    if isinstance(values, list | tuple):
        return [at_server(value, url) for value in values]
    if isinstance(values, str) and values.startswith(("http://", "https://")):
        return f"{url}/{values.partition('://')[2]}"
    return values


def make_example(name: str) -> Example:
    """Make the example of a download, always the same bytes."""
    return _MAKERS[name](name, json.loads(json.dumps(REGISTRY[name])))


def _example(name, definition, files, parts, extra=None) -> Example:
    """Put an example together.

    Args:
        name: Of the download.
        definition: Shortened.
        files: Originals.
        parts: (unpacked files by path, whether images are left packed), one for each original.
        extra: See `Example`.
    """
    extra = extra or {}
    unpacked = {path: data for contents, _ in parts for path, data in contents.items()}
    expected = {
        path: data
        for contents, packed in parts
        for path, data in contents.items()
        if not (packed and path.lower().endswith((".jpg", ".jpeg", ".png")))
    }
    lengths = {"bytes": files, "unpacked_bytes": expected}
    for key in lengths.keys() & definition.keys():
        definition[key] = sum(map(len, lengths[key].values()))
    return Example(name, definition, files, unpacked | extra, expected | extra, extra)


def _below(folder: str, files: Files) -> Files:
    return {f"{folder}/{path}" if folder else path: data for path, data in files.items()}


# ---------------------------------------------------------------------------- benchmarks


def otb_sequence(name: str, seed: int) -> Files:
    """A sequence folder; files and delimiters vary as on the site."""
    pattern = "%05d.jpg" if name == "Board" else "%04d.jpg"
    files = images("img", seed, pattern)
    if name in ("Jogging", "Skating2"):
        files["groundtruth_rect.1.txt"] = lines(boxes(seed))
        files["groundtruth_rect.2.txt"] = lines(boxes(seed + 1), "\t")
    elif name == "Human4":
        files["groundtruth_rect.2.txt"] = lines(boxes(seed))
    else:
        files["groundtruth_rect.txt"] = lines(boxes(seed), "\t" if seed % 2 else ",")
    return files


def _otb(name, definition):
    (file,) = definition["files"]
    file["names"] = list(OTB)
    files, parts = {}, []
    for seed, sequence in enumerate(OTB):
        contents = _below(sequence, otb_sequence(sequence, seed))
        files[f"{sequence}.zip"] = zipped(contents, junk=seed == 0)
        parts.append((contents, True))
    return _example(name, definition, files, parts)


def _uav123(name, definition):
    """Also of UAV123@10fps, whose folders have that name."""
    (file,) = definition["files"]
    top = file["file"].removeprefix("Dataset_").removesuffix(".zip")
    contents = {}
    for seed, sequence in enumerate(UAV):
        contents |= images(f"data_seq/{top}/{sequence}", seed, "%06d.jpg")
        truth = boxes(seed)
        contents[f"anno/{top}/{sequence}.txt"] = lines([*truth[:-1], ("NaN",) * 4])
        contents[f"anno/{top}/att/{sequence}.txt"] = lines([UAV_ATTRIBUTES])
    contents |= images(f"data_seq/{top}/bird1", len(UAV), "%06d.jpg")
    for target, (first, last) in UAV_CUT.items():
        contents[f"anno/{top}/{target}.txt"] = lines(boxes(len(UAV))[first - 1 : last])
        contents[f"anno/{top}/att/{target}.txt"] = lines([UAV_ATTRIBUTES])
    archive = zipped(_below(top, contents))
    if "bytes" in file:
        file["bytes"] = len(archive)
    return _example(name, definition, {file["file"]: archive}, [(contents, True)])


def polygon(box) -> tuple[int, ...]:
    """Corners x, y of a box, 0-based."""
    x, y, w, h = box[0] - 1, box[1] - 1, *box[2:]
    return (x, y, x + w, y, x + w, y + h, x, y + h)


def _vot(name, definition):
    base = definition["url"]
    files, parts, sequences = {}, [], []
    for seed, (sequence, count) in enumerate(VOT.items()):
        truth = {
            "groundtruth.txt": lines(map(polygon, boxes(seed, count))),
            "camera_motion.tag": lines([[seed % 2]] * count),
            "occlusion.tag": lines([[0]] * count),
        }
        color = {f"{i + 1:08d}.jpg": jpeg(seed, i) for i in range(count)}
        archives = {"annotations": zipped(truth), "color": zipped(color)}
        entry = {"name": sequence, "fps": 30, "length": count}
        for kind, archive in archives.items():
            files[f"{kind}/{sequence}.zip"] = archive
            digest = hashlib.sha1(archive).hexdigest()
            described = {
                "url": f"../../sequences/{digest}.zip",
                "checksum": digest,
                "compressed": len(archive),
                "uncompressed": len(archive),
            }
            if kind == "annotations":
                entry["annotations"] = described
            else:
                entry["channels"] = {"color": described | {"pattern": "%08d.jpg"}}
            assert urljoin(base, described["url"])
        sequences.append(entry)
        parts += [(_below(sequence, truth), False), (_below(f"{sequence}/color", color), True)]
    files[MANIFEST] = json.dumps({"name": name, "sequences": sequences}).encode()
    return _example(name, definition, files, parts)


def lasot_sequence(seed: int) -> Files:
    """A sequence folder of LaSOT; the target is out of view in its last frame."""
    flags = [[0] * (FRAMES - 1) + [1]]
    return {
        **images("img", seed, "%08d.jpg"),
        "groundtruth.txt": lines([*boxes(seed)[:-1], (0, 0, 0, 0)]),
        "full_occlusion.txt": lines([[0] * FRAMES]),
        "out_of_view.txt": lines(flags),
        "nlp.txt": b"a bright square\n",
    }


def _lasot_test(name, definition):
    (file,) = definition["files"]
    file["names"] = list(LASOT)
    file["only"] = [f"{kind}-{number}" for kind in LASOT for number in LASOT[kind]]
    return _lasot_archives(name, definition, wanted=set(file["only"]))


def _lasot(name, definition):
    definition["files"][0]["names"] = list(LASOT)
    listed = "".join(f"{kind}-{LASOT_TRAINING}\n" for kind in LASOT).encode()
    return _lasot_archives(name, definition, extra={"training_set.txt": listed})


def _lasot_archives(name, definition, wanted=None, extra=None):
    extra = extra or {}
    files, parts = dict(extra), [(extra, False)]
    for number, kind in enumerate(LASOT):
        sequences = [f"{kind}-{one}" for one in (*LASOT[kind], LASOT_TRAINING)]
        contents = {
            path: data
            for seed, sequence in enumerate(sequences, 10 * number)
            for path, data in _below(f"{kind}/{sequence}", lasot_sequence(seed)).items()
        }
        files[f"{kind}.zip"] = zipped(contents)
        used = {p: d for p, d in contents.items() if not wanted or p.split("/")[1] in wanted}
        parts.append((used, False))
    return _example(name, definition, files, parts)


# ------------------------------------------------------------------------------- results


def _raw_results(name, definition):
    """Boxes of one tracker on OTB, a pixel off the truth, and one file of another on LaSOT."""
    contents = {}
    for seed, sequence in enumerate(OTB):
        several = sequence in ("Jogging", "Skating2")
        for part in (1, 2) if several else (0,):
            target = f"{sequence}-{part}" if several else sequence
            found = [(x + 1, y, w, h) for x, y, w, h in boxes(seed + max(0, part - 1))]
            contents[f"OTB100/MDNet/{target}.txt"] = lines(found)
    contents["LASOT/C-RPN/airplane-1.txt"] = lines(boxes(0))
    top = "tracking_raw_results-0bf44cb"
    archive = zipped(_below(top, contents | {"NFS/ECO/a.txt": lines(boxes(0))}))
    return _example(name, definition, {"tracking_raw_results.zip": archive}, [(contents, False)])


# ------------------------------------------------------------------------- training sets


def xml(track: str | None, box) -> bytes:
    """An annotation of ILSVRC."""
    x, y, w, h = box
    identity = "" if track is None else f"<trackid>{track}</trackid>"
    return (
        f"<annotation><size><width>{SIZE[0]}</width><height>{SIZE[1]}</height></size><object>"
        f"{identity}<name>n02691156</name><bndbox><xmax>{x + w}</xmax><xmin>{x}</xmin>"
        f"<ymax>{y + h}</ymax><ymin>{y}</ymin></bndbox></object></annotation>"
    ).encode()


def _vid(name, definition):
    contents: Files = {"ImageSets/VID/val.txt": b"val/ILSVRC2015_val_00000000/000000 1\n"}
    videos = (
        "train/ILSVRC2015_VID_train_0000/ILSVRC2015_train_00000000",
        "train/ILSVRC2015_VID_train_0001/ILSVRC2015_train_00025000",
        "val/ILSVRC2015_val_00000000",
    )
    for seed, video in enumerate(videos):
        contents |= images(f"Data/VID/{video}", seed, "%06d.JPEG", first=0)
        for i, box in enumerate(boxes(seed)):
            contents[f"Annotations/VID/{video}/{i:06d}.xml"] = xml("0", box)
    return _ilsvrc(name, definition, contents)


def _det(name, definition):
    contents: Files = {}
    pictures = (
        "train/ILSVRC2013_train/n02691156/n02691156_10002",
        "train/ILSVRC2014_train_0000/ILSVRC2014_train_00000001",
        "val/ILSVRC2012_val_00000001",
    )
    for seed, picture in enumerate(pictures):
        contents[f"Data/DET/{picture}.JPEG"] = jpeg(seed, 0)
        contents[f"Annotations/DET/{picture}.xml"] = xml(None, boxes(seed)[0])
    return _ilsvrc(name, definition, contents)


def _ilsvrc(name, definition, contents):
    (file,) = definition["files"]
    archive = tarred(_below("ILSVRC2015", contents))
    return _example(name, definition, {file["file"]: archive}, [(contents, False)])


def _coco(name, definition):
    files, parts = {}, []
    annotations: Files = {}
    for first, split in ((1, "train2017"), (101, "val2017")):
        numbers = range(first, first + 4)
        pictures = {f"{split}/{number:012d}.jpg": jpeg(number, 0) for number in numbers}
        described = {
            "images": [
                {"id": n, "file_name": f"{n:012d}.jpg", "width": SIZE[0], "height": SIZE[1]}
                for n in numbers
            ],
            "annotations": [
                {"id": n, "image_id": n, "bbox": list(boxes(n)[0]), "iscrowd": 0, "category_id": 1}
                for n in numbers
            ],
        }
        annotations[f"annotations/instances_{split}.json"] = json.dumps(described).encode()
        files[f"{split}.zip"] = zipped(pictures)
        parts.append((pictures, False))
    files["annotations_trainval2017.zip"] = zipped(annotations)
    return _example(name, definition, files, [*parts, (annotations, False)])


def _youtube_bb(name, definition):
    rows, frames = [], {}
    for seed, video in enumerate(("AAA-bbb_000", "BBB-ccc_111")):
        for i, (x, y, w, h) in enumerate(boxes(seed)):
            corners = [x / SIZE[0], (x + w) / SIZE[0], y / SIZE[1], (y + h) / SIZE[1]]
            rows.append([video, 1000 * i, 3, "cat", 0, "present", *(f"{c:.6f}" for c in corners)])
            frames[f"frames/3/{video}/{1000 * i}.jpg"] = jpeg(seed, i)
    table = lines(rows)
    file = "yt_bb_detection_train.csv"
    files = {f"{file}.gz": gzip.compress(table, mtime=0)}
    return _example(name, definition, files, [({file: table}, False)], extra=frames)


def _got10k(name, definition):
    contents: Files = {"list.txt": "".join(f"{video}\n" for video in GOT10K).encode()}
    for seed, video in enumerate(GOT10K):
        contents |= images(video, seed, "%08d.jpg")
        contents[f"{video}/groundtruth.txt"] = lines(boxes(seed))
        contents[f"{video}/absence.label"] = lines([[0]] * FRAMES)
        contents[f"{video}/meta_info.ini"] = b"[METAINFO]\n"
    files = {"train.zip": zipped(_below("train", contents))}
    return _example(name, definition, files, [(contents, False)])


def _youtube_vos(name, definition):
    contents: Files = {"meta.json": b'{"videos": {}}'}
    for seed, video in enumerate(("003234408d", "0043f083b5")):
        for i in range(FRAMES):
            contents[f"JPEGImages/{video}/{5 * i:05d}.jpg"] = jpeg(seed, i)
            x, y, w, h = boxes(seed)[i]
            mask = np.zeros((SIZE[1], SIZE[0]), dtype=np.uint8)
            mask[y - 1 : y - 1 + h, x - 1 : x - 1 + w] = 1
            out = io.BytesIO()
            Image.fromarray(mask).save(out, "PNG")
            contents[f"Annotations/{video}/{5 * i:05d}.png"] = out.getvalue()
    files = {"train.zip": zipped(_below("train", contents))}
    return _example(name, definition, files, [(contents, False)])


_MAKERS = {
    "otb": _otb,
    "uav123": _uav123,
    "uav123_10fps": _uav123,
    "vot2016": _vot,
    "vot2018": _vot,
    "lasot_test": _lasot_test,
    "tracking_raw_results": _raw_results,
    "lasot": _lasot,
    "ilsvrc_vid": _vid,
    "ilsvrc_det": _det,
    "coco2017": _coco,
    "youtube_bb": _youtube_bb,
    "got10k": _got10k,
    "youtube_vos": _youtube_vos,
}
