"""The sequences of an index as columns, and back; `index_file` says what they are."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from dslt.core.columns import REPEATED, flags, numbers, repeated, require
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_entry import (
    FrameOrigin,
    ImagesSource,
    IndexEntry,
    SyntheticSource,
    VideoSource,
)
from dslt.settings.base import Natural, Settings

_BOX = ("x", "y", "w", "h")
_IMAGES = ("file", "bytes")
_TAG = "tag_"
_AS_IS = {"name", "video", "attributes", "size", "skipped"}  # as in the metadata
_ALWAYS = pa.schema(
    {
        "sequence": REPEATED,
        "frame": pa.int32(),
        "archive": REPEATED,
        "file": pa.string(),
        "bytes": pa.int64(),
        **dict.fromkeys(_BOX, pa.float64()),
    }
)


class _Images(Settings):
    """Image files: those of a sequence are in the columns."""

    kind: Literal["images"] = "images"
    root: str


class Head(Settings):
    """What the metadata says of one sequence; see `IndexEntry`.

    Attributes:
        name: Name of the sequence.
        video: Its source video.
        attributes: Codes of its attributes.
        frames: Number of its frames, which is that of its rows.
        size: Width and height of the frames in pixels, None where they are not known.
        source: Where the frames are.
        corners: Number of corners of each polygon, 0 where the ground truth is boxes.
        absent: Whether the sequence has flags of absence.
        tags: Names of the attributes of frames that it has.
        skipped: Rows of the annotation before the first one that is scored.
    """

    name: str
    video: str
    attributes: tuple[str, ...]
    frames: Natural
    size: tuple[int, int] | None
    source: Annotated[_Images | VideoSource | SyntheticSource, Field(discriminator="kind")] | None
    corners: Natural
    absent: bool
    tags: tuple[str, ...]
    skipped: Natural


def head_of(entry: IndexEntry) -> Head:
    """What the metadata says of a sequence."""
    source = entry.source
    return Head(
        **{key: getattr(entry, key) for key in _AS_IS},
        frames=entry.frames,
        source=_Images(root=source.root) if isinstance(source, ImagesSource) else source,
        corners=_corner_count(entry),
        absent=entry.absent is not None,
        tags=tuple(entry.tags),
    )


def entry_of(head: Head, rows: pa.Table, where: str) -> IndexEntry:
    """Make a sequence of what the metadata says of it and of its rows.

    Raises:
        DsltError: The rows have not what the metadata says; the error starts with `where`.
    """
    if 2 * head.corners > rows.num_columns:
        raise DsltError(
            f"{where}: sequence {head.name} of polygons with {head.corners} corners in a table of"
            f" {rows.num_columns} columns; make the index again with `dslt index`"
        )
    names = _corner_names(head.corners)
    require(rows, _fields(head, names), f"{where}, sequence {head.name}")
    return IndexEntry(
        **head.model_dump(include=_AS_IS),
        truth=_stacked(rows, _BOX),
        corners=_stacked(rows, names).reshape(-1, head.corners, 2) if names else None,
        absent=flags(rows["absent"]) if head.absent else None,
        tags={tag: flags(rows[_TAG + tag]) for tag in head.tags},
        source=_source(head, rows),
    )


def _fields(head: Head, corners: Sequence[str]) -> list[pa.Field]:
    """The columns that the rows of a sequence must have."""
    found = [pa.field(name, pa.float64(), nullable=False) for name in (*_BOX, *corners)]
    tags = [_TAG + tag for tag in head.tags] + ["absent"] * head.absent
    found += [pa.field(name, pa.bool_()) for name in tags]
    if isinstance(head.source, _Images):
        found += [pa.field(name, _ALWAYS.field(name).type, nullable=False) for name in _IMAGES]
        found.append(_ALWAYS.field("archive"))
    return found


def _stacked(rows: pa.Table, names: Sequence[str]) -> NDArray[np.float64]:
    return np.stack([numbers(rows[name]) for name in names], axis=1)


def _source(head: Head, rows: pa.Table) -> FrameOrigin | None:
    if not isinstance(head.source, _Images):
        return head.source
    archive = rows["archive"][0].as_py() if head.frames else None
    names = rows["file"].combine_chunks()
    return ImagesSource(head.source.root, names, numbers(rows["bytes"]), archive)


def table_of(entries: Sequence[IndexEntry]) -> pa.Table:
    """The rows of all sequences, one after another."""
    most = max(map(_corner_count, entries), default=0)
    parts = [_ALWAYS.empty_table(), *(_rows(entry, most) for entry in entries)]
    table = pa.concat_tables(parts, promote_options="default")
    tags = dict.fromkeys(_TAG + tag for entry in entries for tag in entry.tags)
    order = [*_ALWAYS.names, *_corner_names(most), "absent", *tags]
    return table.select([name for name in order if name in table.column_names])


def _rows(entry: IndexEntry, corners: int) -> pa.Table:
    """The rows of a sequence, with columns for so many corners: NaN where it has fewer.

    Columns without a value are left out.
    """
    count = entry.frames
    source = entry.source if isinstance(entry.source, ImagesSource) else None
    first = np.zeros(count, dtype=np.int32)
    polygons = np.full((count, corners, 2), np.nan)
    polygons[:, : _corner_count(entry)] = 0 if entry.corners is None else entry.corners
    columns: dict[str, Any] = {
        "sequence": repeated(first, [entry.name]),
        "frame": np.arange(count, dtype=np.int32),
        **dict(zip(_BOX, entry.truth.astype(np.float64, copy=False).T, strict=True)),
        **dict(zip(_corner_names(corners), polygons.reshape(count, -1).T, strict=True)),
        **{_TAG + tag: carried for tag, carried in entry.tags.items()},
    }
    if entry.absent is not None:
        columns["absent"] = entry.absent
    if source is not None:
        columns |= {"file": source.names, "bytes": source.bytes}
        if source.archive is not None:
            columns["archive"] = repeated(first, [source.archive])
    return pa.table(columns)


def _corner_count(entry: IndexEntry) -> int:
    return 0 if entry.corners is None else entry.corners.shape[1]


def _corner_names(corners: int) -> list[str]:
    return [f"{axis}{corner}" for corner in range(1, corners + 1) for axis in "xy"]
