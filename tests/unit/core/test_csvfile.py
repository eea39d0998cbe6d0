"""CSV files that are read with a value for each name."""

from pathlib import Path

import pytest

from dslt.core.csvfile import read_frame, write_rows
from dslt.core.errors import DsltError


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_rows(path, ("name", "value"), [("a, b", 1.5), ("c", 2)])
    assert read_frame(path, "a table").to_numpy().tolist() == [["a, b", 1.5], ["c", 2.0]]


@pytest.mark.parametrize("text", ["x,y\n1,2,3\n4,5,6\n", "x,y\n1,2\n4,5,6\n", "", "x,y\n\0\xff"])
def test_no_value_moves_to_another_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DsltError, match=r"table\.csv: not a table \("):
        read_frame(path, "a table")
