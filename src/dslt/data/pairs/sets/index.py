"""The index of a training set: what `results/data/sets/<name>.parquet` holds.

The file is one table with a row per usable box: `video` and `track` (names of the video and of the
target in it), `frame` (the number in the image's name), and `x`, `y`, `w`, `h` (pixels from 0; of
YouTube-BB, parts of the image's width and height). The rows of a track follow one another, and so
do the tracks of a video. Which videos are held out is not in it: that is decided when it is opened.

    import pandas
    boxes = pandas.read_parquet("results/data/sets/vid.parquet")
    boxes.groupby("video", observed=True)["track"].nunique()
"""

import os
from typing import Any

import numpy as np
import pyarrow as pa

from dslt.core.columns import REPEATED, codes, numbers, read_table, repeated, require, write_table
from dslt.core.errors import DsltError
from dslt.data.pairs.videos import TEXTS, VideoTable

FORM = 1
_BOX = ("x", "y", "w", "h")
_COLUMNS = pa.schema(
    {
        "video": REPEATED,
        "track": REPEATED,
        "frame": pa.int64(),
        **dict.fromkeys(_BOX, pa.float64()),
    }
)


def write_training_index(
    path: str | os.PathLike[str], table: VideoTable, definition: dict[str, Any]
) -> None:
    """Write the index of a training set; the same content gives the same bytes.

    Args:
        path: The file.
        table: All its videos.
        definition: The part of the set's definition that decides which videos and boxes there are.
    """
    lengths = np.diff(table.row_start)
    video = np.repeat(np.arange(len(table)), np.diff(table.track_start))
    track = np.repeat(np.arange(len(table.tracks)), lengths)
    targets = pa.array(table.tracks.tolist(), pa.string()).dictionary_encode()
    columns = {
        "video": repeated(np.repeat(video, lengths), table.names.tolist()),
        "track": targets.take(pa.array(track)),
        "frame": table.frames,
        **dict(zip(_BOX, table.boxes.T, strict=True)),
    }
    write_table(path, pa.table(columns), {"form": FORM, "training_set": definition})


def load_training_index(
    path: str | os.PathLike[str], definition: dict[str, Any] | None = None
) -> VideoTable:
    """Read the index of a training set.

    Args:
        path: The file.
        definition: Definition that it must be made of; None: any.

    Raises:
        DsltError: The file is missing, no such index, or made of another definition.
    """
    table, found = read_table(path)
    where = os.fspath(path)
    if not isinstance(found, dict) or found.get("form") != FORM or "training_set" not in found:
        raise DsltError(f"{where}: not the index of a training set; make it with `dslt index`")
    if definition is not None and found["training_set"] != definition:
        raise DsltError(
            f"{where}: made of {found['training_set']}, but the training set is {definition}; make"
            " it again with `dslt index`"
        )
    require(table, (column.with_nullable(False) for column in _COLUMNS), where)
    video, names = codes(table["video"])
    track, targets = codes(table["track"])
    ends = np.flatnonzero((np.diff(video) != 0) | (np.diff(track) != 0)) + 1
    row_start = np.concatenate([[0], ends, [table.num_rows]]).astype(np.int64)
    video_of = video[row_start[:-1]]
    track_start = np.concatenate([[0], np.flatnonzero(np.diff(video_of)) + 1, [len(video_of)]])
    return VideoTable(
        names=np.array(names, dtype=TEXTS),
        tracks=np.array(targets, dtype=TEXTS)[track[row_start[:-1]]],
        track_start=track_start.astype(np.int64),
        row_start=row_start,
        frames=numbers(table["frame"]),
        boxes=np.stack([numbers(table[name]) for name in _BOX], axis=1),
    )
