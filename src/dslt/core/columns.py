"""Tables as Parquet files: columns of equal length, and JSON about them.

Compression and layout were chosen by the time to load an index of 1,000,000 frames
(`speed/indexing.py`): dictionaries and Zstandard in one row group take a sixth of the room of
plain columns, and are read as fast.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.core.files import atomic_write

METADATA = b"dslt"
"""Key of the JSON in the file's metadata."""

_ROW_GROUP = 64 * 2**20  # rows; one group, so that a column has one dictionary
_DICTIONARY_BYTES = 2**30  # names of a million videos stay a dictionary


class Words(Sequence[str]):
    """A column of texts that takes little room: a text is made when it is asked for."""

    def __init__(self, codes: NDArray[np.int64] | NDArray[np.int32], words: pa.Array) -> None:
        """Take the distinct texts, and which of them stands in each row, shape (N,)."""
        self._codes, self._words = codes, words

    def __len__(self) -> int:
        """Number of rows."""
        return len(self._codes)

    def __getitem__(self, index: Any) -> Any:
        """Text of a row, or the texts of a slice."""
        if isinstance(index, slice):
            return Words(self._codes[index], self._words)
        return self._words[int(self._codes[index])].as_py()

    def __iter__(self) -> Iterator[str]:
        """All texts."""
        return iter(self._words.take(pa.array(self._codes)).to_pylist())


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of a file, and the JSON that describes them."""

    columns: Mapping[str, pa.Array]
    metadata: Any
    rows: int

    def numbers(self, name: str, rows: slice = slice(None)) -> NDArray[Any]:
        """Rows of a numeric column of which none is missing; read-only and not copied."""
        return _array(self.columns[name][rows])

    def flags(self, name: str, rows: slice = slice(None)) -> NDArray[np.bool_]:
        """Rows of a column of truth values, missing ones as false."""
        return _array(self.columns[name][rows].fill_null(False).cast(pa.uint8())).view(np.bool_)

    def codes(self, name: str) -> tuple[NDArray[np.int32], pa.Array]:
        """Of a column of repeated texts: which text stands in each row, and the texts."""
        column = self.columns[name]
        if not isinstance(column, pa.DictionaryArray):
            column = column.dictionary_encode()
        return _array(column.indices), column.dictionary


def _array(column: pa.Array) -> NDArray[Any]:
    """The memory of a column as an array; `to_numpy` would import pandas first."""
    return np.from_dlpack(column)


def text(values: Iterable[str], where: str) -> pa.Array:
    """Make a column of texts.

    Raises:
        DsltError: One of them is not Unicode; the error names `where`.
    """
    try:
        return pa.array(values, type=pa.string())
    except UnicodeEncodeError as error:
        raise DsltError(
            f"{where}: the name {error.object!a} is not Unicode; rename the file"
        ) from None


def repeated(
    codes: NDArray[Any], words: Iterable[str] | pa.Array, mask: NDArray[np.bool_] | None = None
) -> pa.Array:
    """Make a column of texts of which few differ; rows in `mask` are missing."""
    known = words if isinstance(words, pa.Array) else pa.array(words, type=pa.string())
    return pa.DictionaryArray.from_arrays(pa.array(codes, type=pa.int32(), mask=mask), known)


def write_table(
    path: str | os.PathLike[str], columns: Mapping[str, pa.Array | NDArray[Any]], metadata: Any
) -> None:
    """Write columns of equal length; equal content gives equal bytes.

    Args:
        path: The file; replaced as a whole or not at all.
        columns: By name, in the file's order.
        metadata: Plain JSON values.
    """
    table = pa.table(dict(columns)).replace_schema_metadata({METADATA: json.dumps(metadata)})
    with atomic_write(path) as temporary:
        pq.write_table(
            table,
            temporary,
            compression="zstd",
            row_group_size=_ROW_GROUP,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
            write_statistics=False,
        )


def read_table(path: str | os.PathLike[str], leave: Iterable[str] = ()) -> Table:
    """Read a file that `write_table` made.

    Args:
        path: The file.
        leave: Columns that are not wanted.

    Raises:
        DsltError: It is missing, or was not made so.
    """
    where = os.fspath(path)
    try:
        with pq.ParquetFile(Path(path)) as file:
            schema = file.schema_arrow
            if METADATA not in (schema.metadata or {}):
                raise DsltError(f"{where}: not an index; make it again with `dslt index`")
            metadata = json.loads(schema.metadata[METADATA])
            names = [name for name in schema.names if name not in set(leave)]
            table = file.read(columns=names)
            rows: int = file.metadata.num_rows
    except FileNotFoundError:
        raise DsltError(f"{where}: no such file") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DsltError(
            f"{where}: not a readable index ({str(error).splitlines()[0]}); make it again with"
            " `dslt index`"
        ) from error
    return Table({name: _whole(table.column(name)) for name in names}, metadata, rows)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """A column in one piece."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    joined = column.combine_chunks()
    return joined.chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
