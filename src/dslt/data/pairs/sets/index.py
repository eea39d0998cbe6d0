"""The index of a training set: what `results/data/sets/<name>.parquet` holds.

The file is one table with a row per usable box: `video` and `track` (names of the video and of the
target in it), `frame` (the number in the image's name), and `x`, `y`, `w`, `h` (pixels from 0; of
YouTube-BB, parts of the image's width and height). The rows of a track follow one another, and so
do the tracks of a video. Which videos are held out is not in it: that is decided when it is opened.

    import pandas
    boxes = pandas.read_parquet("results/data/sets/vid.parquet")
    boxes.groupby("video", observed=True)["track"].nunique()
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pyarrow as pa

from dslt.core.columns import (
    Table,
    Words,
    read_table,
    repeated,
    write_table,
)
from dslt.core.errors import DsltError
from dslt.data.pairs.videos import VideoTable

FORM = 1
_BOX = ("x", "y", "w", "h")


def write_training_index(
    path: str | os.PathLike[str], table: VideoTable, definition: dict[str, Any]
) -> None:
    """Write the index of a training set; the same content gives the same bytes.

    Args:
        path: The file.
        table: All its videos.
        definition: What of the set's definition decides them.
    """
    lengths = np.diff(table.row_start)
    video = np.repeat(np.arange(len(table)), np.diff(table.track_start))
    tracks = pa.array(list(table.tracks), type=pa.string()).dictionary_encode()
    track = np.asarray(tracks.indices)
    columns = {
        "video": repeated(np.repeat(video, lengths), list(table.names)),
        "track": repeated(np.repeat(track, lengths), tracks.dictionary),
        "frame": table.frames,
        **{name: np.ascontiguousarray(table.boxes[:, at]) for at, name in enumerate(_BOX)},
    }
    write_table(path, columns, {"form": FORM, "training_set": definition})


def load_training_index(
    path: str | os.PathLike[str], definition: dict[str, Any] | None = None
) -> VideoTable:
    """Read the index of a training set.

    Args:
        path: The file.
        definition: What it must be made of; None: anything.

    Raises:
        DsltError: The file is missing, no such index, or made of another definition.
    """
    table = read_table(path)
    where = os.fspath(path)
    found = table.metadata
    if found.get("form") != FORM or "training_set" not in found:
        raise DsltError(f"{where}: not the index of a training set; make it with `dslt index`")
    if definition is not None and found["training_set"] != definition:
        raise DsltError(
            f"{where}: made of {found['training_set']}, but the training set is {definition}; make"
            " it again with `dslt index`"
        )
    return _videos(table)


def _videos(table: Table) -> VideoTable:
    video, names = table.codes("video")
    track, targets = table.codes("track")
    ends = np.flatnonzero((np.diff(video) != 0) | (np.diff(track) != 0)) + 1
    row_start = np.concatenate([[0], ends, [table.rows]]).astype(np.int64)
    video_of = video[row_start[:-1]]
    track_start = np.concatenate([[0], np.flatnonzero(np.diff(video_of)) + 1, [len(video_of)]])
    return VideoTable(
        names=Words(np.arange(len(names)), names),
        tracks=Words(track[row_start[:-1]], targets),
        track_start=track_start.astype(np.int64),
        row_start=row_start,
        frames=table.numbers("frame"),
        boxes=np.stack([table.numbers(name) for name in _BOX], axis=1),
    )
