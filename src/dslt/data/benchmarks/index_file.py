"""The index of a benchmark: what `results/data/<benchmark>.parquet` holds, and how it is opened.

The file is one table with a row per frame, sequence after sequence:

    sequence     name of the sequence
    frame        number of the frame in the sequence, from 0
    archive      zip archive below the root that holds the image; missing where images are loose
    file         path of the image below the root, or in the archive; missing where the frames are
                 no image files (clips, synthetic videos) or where there are annotations only
    bytes        length of the image file when it was indexed
    x y w h      box of the target in pixels, from 0; NaN where it is absent. Of polygons, the box
                 around them
    x1 y1 ...    corners of the polygon; only where a benchmark has polygons, NaN where a sequence
                 has none
    absent       whether the annotation flags the frame as without target; only where it has flags
    tag_<name>   whether the frame carries this attribute; only where there are such attributes

    import pandas
    frames = pandas.read_parquet("results/data/clips.parquet")
    frames.groupby("sequence", observed=True).size()

What is said once per sequence (name, source video, attributes, frames, size, where the frames are,
skipped rows), and once of the benchmark, is JSON in the file's metadata:

    import json, pyarrow.parquet
    json.loads(pyarrow.parquet.read_schema("results/data/clips.parquet").metadata[b"dslt"])
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import Literal

from dslt.core.columns import read_table, write_table
from dslt.core.errors import DsltError, unknown
from dslt.data.benchmarks.index_columns import Head, entry_of, head_of, table_of
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.sequences.frames import Sequence as Opened
from dslt.settings.base import Settings, validate

FORM = 1
"""Version of the form of an index."""
_AS_IS = {"benchmark", "protocol", "box_origin", "notes", "complete"}  # as in the metadata


class _Metadata(Settings):
    form: int
    benchmark: str
    protocol: str
    box_origin: Literal[0, 1]
    notes: tuple[str, ...]
    complete: bool
    sequences: tuple[Head, ...]


@dataclass(frozen=True, eq=False)
class BenchmarkIndex:
    """An index.

    Attributes:
        benchmark: The benchmark's name.
        protocol: Entry of `config/protocols.yaml` that scores it.
        box_origin: Where files of results and annotations count pixels from.
        sequences: The sequences, in the order of the tables.
        notes: What a reader of the scores has to know about the data.
        complete: False where sequences of a published benchmark are missing.
    """

    benchmark: str
    protocol: str
    box_origin: Literal[0, 1]
    sequences: Sequence[IndexEntry]
    notes: tuple[str, ...] = ()
    complete: bool = True

    @property
    def names(self) -> list[str]:
        """Names of the sequences, in the order of the tables."""
        return list(self._by_name)

    @cached_property
    def _by_name(self) -> dict[str, IndexEntry]:
        return {entry.name: entry for entry in self.sequences}

    def entry(self, name: str) -> IndexEntry:
        """What the index says about one sequence.

        Raises:
            DsltError: There is no such sequence; the error lists the names.
        """
        if name not in self._by_name:
            raise unknown(f"sequence of benchmark {self.benchmark}:", name, self.names)
        return self._by_name[name]

    def part(self, names: Iterable[str]) -> BenchmarkIndex:
        """The index of some of its sequences; of all where none is named.

        Raises:
            DsltError: There is no such sequence.
        """
        wanted = {self.entry(name).name for name in names}
        if not wanted:
            return self
        return replace(self, sequences=[entry for entry in self.sequences if entry.name in wanted])

    def sequence(self, name: str) -> Opened:
        """Open one sequence.

        Raises:
            DsltError: There is no such sequence, or its frames are missing or were exchanged, or
                the index was made of annotations only.
        """
        entry = self.entry(name)
        if entry.source is None:
            raise DsltError(
                f"sequence {name} of benchmark {self.benchmark}: there are annotations but no"
                " frames; name the folder of images in the benchmark's `images`"
            )
        frames = entry.source.open()
        return Opened(name, frames, entry.boxes(), entry.attributes, entry.video)


def load_index(path: str | os.PathLike[str]) -> BenchmarkIndex:
    """Read an index.

    Raises:
        DsltError: The file is missing or not an index.
    """
    table, metadata = read_table(path, leave=("sequence", "frame"))
    where = os.fspath(path)
    found = validate(_Metadata, metadata, where)
    ends = list(accumulate(head.frames for head in found.sequences))
    frames = ends[-1] if ends else 0
    if found.form != FORM or frames != table.num_rows:
        raise DsltError(
            f"{where}: form {found.form} with {table.num_rows} rows for {frames} frames; expected"
            f" form {FORM}: make the index again with `dslt index`"
        )
    return BenchmarkIndex(
        **found.model_dump(include=_AS_IS),
        sequences=[
            entry_of(head, table.slice(end - head.frames, head.frames), where)
            for head, end in zip(found.sequences, ends, strict=True)
        ],
    )


def write_index(path: str | os.PathLike[str], index: BenchmarkIndex) -> None:
    """Write an index; the same index gives the same bytes."""
    metadata = _Metadata(
        **{key: getattr(index, key) for key in _AS_IS},
        form=FORM,
        sequences=tuple(map(head_of, index.sequences)),
    )
    write_table(path, table_of(index.sequences), metadata.model_dump(mode="json"))
