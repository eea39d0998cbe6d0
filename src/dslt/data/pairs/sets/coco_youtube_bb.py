"""Training sets that are annotated in one file: COCO, YouTube-BB, and PySOT's crop511 folders."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.errors import DsltError, cut, quote
from dslt.core.jsonfile import read_json
from dslt.data.pairs.sets.kinds import CocoSet, Crop511Set, YoutubeBbSet
from dslt.data.pairs.sets.rows import Box, by_track
from dslt.data.pairs.videos import RawTrack
from dslt.geometry.squares import template_side

COCO_IMAGE = "{video}"
CROP_IMAGE = "{video}/{frame:06d}.{track}.x.jpg"
_CROP_SIDE, _CROP_TEMPLATE, _CROP_CONTEXT = 511, 127, 0.5
_ABSENT = "absent"


def coco_tracks(entry: CocoSet, root: Path, _jobs: int = 1) -> Iterator[RawTrack]:
    """Objects of `annotations/instances_<split>.json`, crowds left out: a video per image.

    PySOT takes crowds as well (`training_dataset/coco`); their boxes are around many.

    Raises:
        DsltError: The file is missing or not such an annotation.
    """
    for split in entry.splits:
        path = root / "annotations" / f"instances_{split}.json"
        values = read_json(path)
        try:
            names = {item["id"]: f"{split}/{item['file_name']}" for item in values["images"]}
            objects: dict[str, list[Any]] = defaultdict(list)
            for item in values["annotations"]:
                if not item.get("iscrowd"):
                    objects[names[item["image_id"]]].append(item["bbox"])
        except (KeyError, TypeError, AttributeError) as error:
            raise DsltError(
                f"{path}: not an annotation of COCO ({quote(error)}); expected `images` and"
                " `annotations` with `image_id` and `bbox`"
            ) from error
        for name, boxes in objects.items():
            for number, box in enumerate(boxes):
                yield name, f"{number:02d}", [0], [box]


def youtube_tracks(entry: YoutubeBbSet, root: Path, _jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of YouTube-BB's CSV: id, ms, class, class name, object, presence, x1, x2, y1, y2.

    A video is `<class id>/<youtube id>`, a frame's number its time in ms. The boxes stay parts of
    the image's width and height.

    Raises:
        DsltError: The file is missing, or a line is not such a row.
    """
    table = root / entry.table
    try:
        with table.open(encoding="utf-8", newline="") as file:
            lines = enumerate(csv.reader(file), 1)
            rows = (_present(row, f"{table}, line {number}") for number, row in lines)
            tracks = by_track(row for row in rows if row)
    except FileNotFoundError:
        raise DsltError(f"{table}: no such file; expected YouTube-BB's table, unpacked") from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DsltError(f"{table}: not a readable CSV file ({cut(error)})") from error
    return ((*names, frames, boxes) for names, frames, boxes in tracks)


def _present(row: list[str], where: str) -> tuple[tuple[str, str], int, Box] | None:
    """Read a row of YouTube-BB: video and track, frame, and box; None where it is absent."""
    try:
        name, time, kind, _, target, presence, *corners = row
        left, right, top, bottom = map(float, corners)
        frame = int(time)
    except ValueError as error:
        raise DsltError(
            f"{where}: not a row of YouTube-BB ({cut(error)}); expected 10 values"
        ) from None
    if presence == _ABSENT:
        return None
    return (f"{kind}/{name}", target), frame, (left, top, right - left, bottom - top)


def crop_tracks(entry: Crop511Set, root: Path, _jobs: int = 1) -> Iterator[RawTrack]:
    """Tracks of a crop511 folder's JSON: {video: {track: {frame: [x1, y1, x2, y2] or [w, h]}}}.

    A crop of 511 pixels is centred on its target and zoomed so that the template's square has 127
    pixels, so only width and height count (PySOT, `training_dataset`).

    Returns:
        Boxes in the pixels of the crops.

    Raises:
        DsltError: The file is missing or not such a table.
    """
    table = root / entry.table
    values = read_json(table)
    try:
        for video, tracks in values.items():
            for track, rows in tracks.items():
                numbered = {int(frame): box for frame, box in rows.items() if frame.isdecimal()}
                yield video, track, list(numbered), [_in_crop(box) for box in numbered.values()]
    except (AttributeError, TypeError, ValueError, LookupError, OverflowError) as error:
        raise DsltError(
            f"{table}: not a table of crop511 ({cut(error)}); expected"
            " {video: {track: {frame: [x1, y1, x2, y2]}}}"
        ) from error


def _in_crop(box: list[float]) -> tuple[float, ...]:
    """Box of a target in its crop of 511 pixels."""
    width, height = box if len(box) == 2 else (box[2] - box[0], box[3] - box[1])
    if not (width > 0 and height > 0):
        return (0.0, 0.0, 0.0, 0.0)
    side = float(template_side(np.array([width, height], dtype=np.float64), _CROP_CONTEXT))
    width, height = width * _CROP_TEMPLATE / side, height * _CROP_TEMPLATE / side
    return (_CROP_SIDE - width) / 2, (_CROP_SIDE - height) / 2, width, height
