"""Tables as Parquet files: columns of equal length, and JSON about them.

Compression and layout were chosen by the time to load an index of 1,000,000 frames
(`speed/indexing.py`): dictionaries and Zstandard in one row group take a sixth of the room of
plain columns, and are read as fast.
"""

import json
import os
from collections.abc import Iterable
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


REPEATED = pa.dictionary(pa.int32(), pa.string())
"""Type of a column of texts of which few differ."""


def require(table: pa.Table, columns: Iterable[pa.Field], where: str) -> None:
    """Check that a table has columns.

    Raises:
        DsltError: One is missing, of another type, or lacks a value that it must have; the error
            starts with `where`.
    """
    for column in columns:
        known = table.schema.get_field_index(column.name) >= 0  # -1 where two have the name, too
        found = table[column.name] if known else None
        if found is None or found.type != column.type or (found.null_count and not column.nullable):
            kind = "missing" if found is None else f"{found.type}, {found.null_count} missing"
            raise DsltError(
                f"{where}: not a readable index (column {column.name} is {kind}; expected"
                f" {column.type}); make it again with `dslt index`"
            )


def numbers(column: pa.ChunkedArray) -> NDArray[Any]:
    """Values of a numeric column of which none is missing."""
    return np.from_dlpack(column.combine_chunks())  # `to_numpy` would import pandas first


def flags(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Values of a column of truth values, missing ones as false."""
    return numbers(column.fill_null(False).cast(pa.uint8())).view(np.bool_)


def codes(column: pa.ChunkedArray) -> tuple[NDArray[Any], list[str]]:
    """Of a column of repeated texts: which text stands in each row, and the texts."""
    whole = column.dictionary_encode().unify_dictionaries().combine_chunks()
    return np.from_dlpack(whole.indices), whole.dictionary.to_pylist()


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


def repeated(rows: NDArray[Any], words: Iterable[str]) -> pa.Array:
    """Make a column of texts of which few differ: in each row, the number of one of `words`."""
    known = text(words, "index")
    return pa.DictionaryArray.from_arrays(pa.array(rows, type=pa.int32()), known)


def write_table(path: str | os.PathLike[str], table: pa.Table, metadata: Any) -> None:
    """Write a table; equal content gives equal bytes.

    Args:
        path: The file; replaced as a whole or not at all.
        table: The columns, in the file's order.
        metadata: Plain JSON values.
    """
    whole = table.unify_dictionaries().combine_chunks()
    with atomic_write(path) as temporary:
        pq.write_table(
            whole.replace_schema_metadata({METADATA: json.dumps(metadata)}),
            temporary,
            compression="zstd",
            row_group_size=_ROW_GROUP,
            dictionary_pagesize_limit=_DICTIONARY_BYTES,
            write_statistics=False,
        )


def read_table(path: str | os.PathLike[str], leave: Iterable[str] = ()) -> tuple[pa.Table, Any]:
    """Read a file that `write_table` made.

    Args:
        path: The file.
        leave: Columns that are not wanted.

    Returns:
        The table, and the JSON about it.

    Raises:
        DsltError: It is missing, or was not made so.
    """
    where = os.fspath(path)
    try:
        with pq.ParquetFile(Path(path)) as file:
            schema = file.schema_arrow
            if METADATA not in (schema.metadata or {}):
                raise DsltError(f"{where}: not an index; make it again with `dslt index`")
            names = [name for name in schema.names if name not in set(leave)]
            table = file.read(columns=names)
            table.validate(full=True)  # texts, dictionaries; quick beside reading it
            return table, json.loads(schema.metadata[METADATA])
    except FileNotFoundError:
        raise DsltError(f"{where}: no such file") from None
    except (OSError, ValueError, RecursionError, pa.ArrowException) as error:
        raise DsltError(
            f"{where}: not a readable index ({str(error).splitlines()[0]}); make it again with"
            " `dslt index`"
        ) from error
