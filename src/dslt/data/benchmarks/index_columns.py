"""The sequences of an index as columns, and back; `index_file` says what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import Field

from dslt.core.columns import Table, repeated
from dslt.data.benchmarks.index_entry import (
    ImagesSource,
    IndexEntry,
    Source,
    SyntheticSource,
    VideoSource,
)
from dslt.data.sequences.target import Mask
from dslt.settings.base import Settings

_BOX = ("x", "y", "w", "h")
_TAG = "tag_"


class _Images(Settings):
    """Image files: those of a sequence are in the columns."""

    kind: Literal["images"] = "images"
    root: str


class Head(Settings):
    """What the metadata says of one sequence.

    Attributes:
        corners: Corners of each polygon, 0 where the ground truth is boxes.
        absent: Whether the sequence has flags of absence.
        tags: Attributes of frames that it has.
    """

    name: str
    video: str
    attributes: tuple[str, ...]
    frames: int
    size: tuple[int, int] | None
    source: Annotated[_Images | VideoSource | SyntheticSource, Field(discriminator="kind")] | None
    corners: int
    absent: bool
    tags: tuple[str, ...]
    skipped: int


class Entries(Sequence[IndexEntry]):
    """The sequences of a file; one is made when it is asked for."""

    def __init__(self, heads: Sequence[Head], table: Table) -> None:
        """Take what the metadata says of each, and the columns of all."""
        self._heads, self._table = heads, table
        self._starts = np.cumsum([0, *(head.frames for head in heads)])

    def __len__(self) -> int:
        """Number of sequences."""
        return len(self._heads)

    def __iter__(self) -> Iterator[IndexEntry]:
        """All sequences."""
        return (self._entry(place) for place in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        """One sequence, or those of a slice."""
        if isinstance(index, slice):
            return [self._entry(place) for place in range(len(self))[index]]
        return self._entry(range(len(self))[index])

    def _entry(self, place: int) -> IndexEntry:
        head, table = self._heads[place], self._table
        rows = slice(*self._starts[place : place + 2].tolist())
        names = _corner_names(head.corners)
        corners = _stacked(table, names, rows).reshape(-1, head.corners, 2) if names else None
        return IndexEntry(
            name=head.name,
            video=head.video,
            attributes=head.attributes,
            size=head.size,
            source=_source(head, table, rows),
            truth=_stacked(table, _BOX, rows),
            corners=corners,
            absent=table.flags("absent", rows) if head.absent else None,
            tags={tag: table.flags(_TAG + tag, rows) for tag in head.tags},
            skipped=head.skipped,
        )


def _stacked(table: Table, names: Sequence[str], rows: slice) -> NDArray[np.float64]:
    return np.stack([table.numbers(name, rows) for name in names], axis=1)


def _source(head: Head, table: Table, rows: slice) -> Source | None:
    if not isinstance(head.source, _Images):
        return head.source
    archive = table.columns["archive"][rows.start].as_py() if head.frames else None
    names = table.columns["file"][rows]
    return ImagesSource(head.source.root, names, table.numbers("bytes", rows), archive)


def _corner_names(corners: int) -> list[str]:
    return [f"{axis}{corner}" for corner in range(1, corners + 1) for axis in "xy"]


def head_of(entry: IndexEntry) -> Head:
    """What the metadata says of a sequence."""
    source = entry.source
    return Head(
        name=entry.name,
        video=entry.video,
        attributes=entry.attributes,
        frames=entry.frames,
        size=entry.size,
        source=_Images(root=source.root) if isinstance(source, ImagesSource) else source,
        corners=0 if entry.corners is None else entry.corners.shape[1],
        absent=entry.absent is not None,
        tags=tuple(entry.tags),
        skipped=entry.skipped,
    )


def columns_of(entries: Sequence[IndexEntry]) -> dict[str, pa.Array | NDArray[Any]]:
    """The columns of all sequences, one after another."""
    counts = [entry.frames for entry in entries]
    codes = np.repeat(np.arange(len(entries)), counts)
    truth = np.concatenate([np.empty((0, 4)), *(entry.truth for entry in entries)])
    columns: dict[str, pa.Array | NDArray[Any]] = {
        "sequence": repeated(codes, [entry.name for entry in entries]),
        "frame": np.concatenate([np.empty(0), *map(np.arange, counts)]).astype(np.int32),
        **_image_columns(entries, codes),
        **{name: np.ascontiguousarray(truth[:, place]) for place, name in enumerate(_BOX)},
    }
    most = max(
        (entry.corners.shape[1] for entry in entries if entry.corners is not None), default=0
    )
    for place, name in enumerate(_corner_names(most)):
        columns[name] = np.concatenate([_corner(entry, *divmod(place, 2)) for entry in entries])
    if any(entry.absent is not None for entry in entries):
        columns["absent"] = _flag_column([entry.absent for entry in entries], counts)
    for tag in dict.fromkeys(tag for entry in entries for tag in entry.tags):
        columns[_TAG + tag] = _flag_column([entry.tags.get(tag) for entry in entries], counts)
    return columns


def _image_columns(
    entries: Sequence[IndexEntry], codes: NDArray[np.int64]
) -> dict[str, pa.Array | NDArray[Any]]:
    """Archive, file and length of every frame that is an image."""
    sources = [
        entry.source if isinstance(entry.source, ImagesSource) else None for entry in entries
    ]
    archives = [None if source is None else source.archive for source in sources]
    known = {archive: code for code, archive in enumerate(dict.fromkeys(filter(None, archives)))}
    rows = np.array([-1 if archive is None else known[archive] for archive in archives], np.int32)
    files, lengths = [], []
    for entry, source in zip(entries, sources, strict=True):
        if source is None:
            files.append(pa.nulls(entry.frames, pa.string()))
            lengths.append(pa.nulls(entry.frames, pa.int64()))
        else:
            files.append(source.names)
            lengths.append(pa.array(source.bytes, type=pa.int64()))
    archive = rows[codes]
    return {
        "archive": repeated(np.maximum(archive, 0), list(known), mask=archive < 0),
        "file": pa.concat_arrays([pa.array([], pa.string()), *files]),
        "bytes": pa.concat_arrays([pa.array([], pa.int64()), *lengths]),
    }


def _corner(entry: IndexEntry, corner: int, axis: int) -> NDArray[np.float64]:
    """One coordinate (N,) of one corner, NaN where the sequence's polygons have no such corner."""
    if entry.corners is None or corner >= entry.corners.shape[1]:
        return np.full(entry.frames, np.nan)
    return entry.corners[:, corner, axis]


def _flag_column(flags: Sequence[Mask | None], counts: Sequence[int]) -> pa.Array:
    """Flags of all sequences, missing in those without."""
    parts = [
        pa.nulls(count, pa.bool_()) if given is None else pa.array(given, type=pa.bool_())
        for given, count in zip(flags, counts, strict=True)
    ]
    return pa.concat_arrays(parts)
