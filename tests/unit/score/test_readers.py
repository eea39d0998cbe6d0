"""Readers of results: any bytes give numbers or an error of ours, and no two readers disagree."""

from __future__ import annotations

import io
import json
import math
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import io as matlab

from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import LARGEST, read_boxes, write_boxes
from dslt.score.export import Form, export_files
from dslt.score.formats.matlab import read_variable
from dslt.score.formats.otb_json import read_json_run
from dslt.score.formats.otb_mat import mat_bytes, read_mat
from dslt.score.formats.seconds import read_time_file
from dslt.score.formats.vot import binary_of, make_trajectory, read_vot, text_of
from dslt.score.read_boxes import read_results

FAST = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BOXES = np.array([[10.5, 20, 30, 40], [11, 21.25, 30, 40], [np.nan] * 4])
RUN = make_trajectory([1, (1, 2, 3, 4), 2, 0, (1, 2, 3, 4, 5, 6)], "run")[0]


def scipy_mat(content: object, **options: object) -> bytes:
    cell = np.empty((1, 1), dtype=object)
    cell[0, 0] = content
    buffer = io.BytesIO()
    matlab.savemat(buffer, {"results": cell}, **options)
    return buffer.getvalue()


SIGNALLING = np.array([[0x7FA00000] * 4, [0x3F800000] * 4], "<u4").view("<f4")  # NaN and 1
READERS: dict[str, tuple[Callable[[Path], np.ndarray], list[bytes]]] = {
    "txt": (read_boxes, [b"1,2,3,4\n5.5\t6 7;8\nnan,NaN,1,1\n-1.#IND,1,1,1\n", b"1,2,3,4\r\n" * 3]),
    "mat": (
        lambda path: read_mat(path).boxes,
        [
            mat_bytes(BOXES, 25.0),
            scipy_mat({"res": BOXES, "len": 3}, do_compression=True),
            scipy_mat({"res": SIGNALLING, "fps": SIGNALLING[:1, :1]}),
        ],
    ),
    "json": (
        lambda path: read_json_run(path).boxes,
        [
            b'{"res": [[1,2,3,4],[null,1,2,3]], "type":"rect","len":2,"fps":2.5}',
            b'[{"res":[[1,2,3,4,5,6]],"type":"ivtAff","tmplsize":[32,32]}]',
        ],
    ),
    "vot": (lambda path: read_vot(path)[0].corners, [text_of(RUN).encode()]),
    "bin": (lambda path: read_vot(path)[0].corners, [binary_of(RUN)]),
    "time": (lambda path: read_time_file(path, 2), [b"0.1,0.2\n0.1,0\n\n"]),
}
ODD = [
    b"\0",
    b"\xff",
    b"1e308",
    b"inf",
    b"nan",
    b",",
    b"\n",
    b"-",
    b"9" * 30,
    b"\xe2\x80\xa8",
    b"[",
]
WORDS = [b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\x80", b"\0\0\0\0", b"\1\0\0\0"]


@st.composite
def damaged(draw: st.DrawFn, whole: list[bytes]) -> bytes:
    """Bytes of a file with some of them changed, or just any."""
    data = bytearray(draw(st.sampled_from([*whole, *whole, b""])))
    if not data:
        return draw(st.binary(max_size=300))
    for _ in range(draw(st.integers(1, 4))):
        place, kind = draw(st.integers(0, len(data))), draw(st.integers(0, 3))
        if kind == 0:
            data[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == 1:
            data[place:place] = draw(st.sampled_from(ODD))
        elif kind == 2:
            del data[place : place + draw(st.integers(1, 9))]
        else:
            data[place : place + 4] = draw(st.sampled_from(WORDS))
    return bytes(data)


@pytest.mark.parametrize("kind", READERS)
def test_any_bytes_give_numbers_or_an_error_that_names_the_file(tmp_path, kind):
    read, whole = READERS[kind]
    path = tmp_path / f"a.{kind}"

    @settings(FAST, max_examples=250)
    @given(damaged(whole))
    def check(data: bytes) -> None:
        path.write_bytes(data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                found = read(path)
            except DsltError as error:
                assert str(path) in str(error)  # noqa: PT017 (both ways are right)
                return
        assert found.dtype == np.float64
        assert kind == "time" or not (np.abs(found) > LARGEST).any()
        if kind in {"txt", "mat", "json"}:
            assert found.shape[1:] == (4,)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for data in whole:
            path.write_bytes(data)
            assert len(read(path)) > 0
    check()


NUMBER = st.one_of(
    st.integers(-(10**6), 10**6).map(float),
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.sampled_from([math.nan, 0.0, LARGEST, -LARGEST]),
)
ROWS = st.lists(st.lists(NUMBER, min_size=4, max_size=4), min_size=1, max_size=6)


@settings(FAST, max_examples=150)
@given(ROWS, st.integers(0, 1))
def test_readers_of_boxes_agree(tmp_path, rows, origin):
    """The same numbers as text, in MATLAB's forms and in JSON's give the same boxes."""
    (tmp_path / "a.txt").write_text("".join(",".join(map(repr, row)) + "\n" for row in rows))
    (tmp_path / "a.json").write_text(json.dumps({"res": rows}))
    (tmp_path / "b.json").write_text(
        json.dumps([[None if math.isnan(value) else value for value in row] for row in rows])
    )
    (tmp_path / "a.mat").write_bytes(scipy_mat({"res": np.array(rows), "type": "rect"}))
    (tmp_path / "b.mat").write_bytes(
        scipy_mat({"len": len(rows), "res": np.array(rows)}, do_compression=True)
    )
    expected = read_boxes(tmp_path / "a.txt", origin)
    for found in (
        read_json_run(tmp_path / "a.json", origin),
        read_json_run(tmp_path / "b.json", origin),
        read_mat(tmp_path / "a.mat", origin),
        read_mat(tmp_path / "b.mat", origin),
    ):
        np.testing.assert_array_equal(found.boxes, expected)


@settings(FAST, max_examples=60)
@given(ROWS)
def test_what_one_reader_refuses_the_others_refuse(tmp_path, rows):
    wrong = [*rows, [1.0, 2.0, 3.0, 2 * LARGEST]]
    (tmp_path / "a.txt").write_text("".join(",".join(map(repr, row)) + "\n" for row in wrong))
    (tmp_path / "a.json").write_text(json.dumps({"res": wrong}))
    (tmp_path / "a.mat").write_bytes(scipy_mat({"res": np.array(wrong), "type": "rect"}))
    for read, name in ((read_boxes, "a.txt"), (read_json_run, "a.json"), (read_mat, "a.mat")):
        with pytest.raises(DsltError, match="beyond any picture"):
            read(tmp_path / name)


@pytest.mark.parametrize("to", ["otb", "otb-mat", "got10k"])
def test_what_is_written_in_a_form_is_read_from_it(tmp_path, to):
    truth = np.array([[20.0 + k, 30, 40, 25] for k in range(6)])
    write_boxes(tmp_path / "in" / "Deer.txt", truth)
    files, _ = export_files([tmp_path / "in"], Form(to, "T"))
    for name, data in files.items():
        path = tmp_path / "out" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    folder = tmp_path / "out" / ("T" if to == "otb" else "")
    results, _ = read_results(folder, {"Deer": Target(truth, (), "")})
    np.testing.assert_array_equal(results["Deer"].boxes, truth)


# ---------------------------------------------------------------------- MATLAB's forms


def test_all_that_scipy_writes_is_read():
    content = {
        "whole": np.array([[1, 2], [3, 4]], np.uint16),
        "float": np.array([[1.5, -2]], np.float32),
        "text": "a longer text, with \u00e9",
        "nothing": np.empty((0, 0)),
        "cell": np.array([["x", 3.0]], dtype=object),
        "structures": np.array([(1.0, "a"), (2.0, "b")], dtype=[("n", object), ("t", object)]),
        "complex": np.array([[1 + 2j]]),
        "flag": np.array([[True, False]]),
    }
    for options in ({}, {"do_compression": True}):
        (found,) = read_variable(scipy_mat(content, **options), "results")
        np.testing.assert_array_equal(found["whole"], [[1, 2], [3, 4]])
        np.testing.assert_array_equal(found["float"], [[1.5, -2]])
        assert found["text"] == "a longer text, with \u00e9"
        assert found["nothing"].size == 0
        assert found["cell"][0] == "x"
        assert found["cell"][1].item() == 3
        assert [one["t"] for one in found["structures"]] == ["a", "b"]
        assert found["complex"].item() == 1 + 2j
        np.testing.assert_array_equal(found["flag"], [[1, 0]])


def test_a_file_of_the_other_byte_order():
    """A 1 x 2 array of doubles named `results`, as a big-endian machine writes it."""
    words = np.array([6, 8, 6, 0, 5, 8, 1, 2, 1, 7], ">u4").tobytes() + b"results\0"
    words += np.array([9, 16], ">u4").tobytes() + np.array([3, 4], ">f8").tobytes()
    data = (
        b"MATLAB 5.0".ljust(124) + b"\1\0MI" + np.array([14, len(words)], ">u4").tobytes() + words
    )
    np.testing.assert_array_equal(read_variable(data, "results"), [[3, 4]])
    with pytest.raises(KeyError):
        read_variable(data, "result")


def test_a_bomb_is_not_inflated(monkeypatch):
    monkeypatch.setattr("dslt.score.formats.matlab._LARGEST", 2**20)
    inside = zlib.compress(bytes(2**20 + 1))
    data = b"MATLAB 5.0".ljust(124) + b"\0\1IM" + np.array([15, len(inside)], "<u4").tobytes()
    with pytest.raises(ValueError, match="cut off, or over"):
        read_variable(data + inside, "results")


def test_cells_in_cells_have_an_end(tmp_path):
    content: object = 1.0
    for _ in range(30):
        cell = np.empty((1, 1), dtype=object)
        cell[0, 0] = content
        content = cell
    (tmp_path / "a.mat").write_bytes(scipy_mat(content))
    with pytest.raises(DsltError, match="nested too deeply"):
        read_mat(tmp_path / "a.mat")


def test_a_box_that_ends_beyond_any_picture_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(f"1\n{LARGEST:.0f},2,3,4\n")
    with pytest.raises(DsltError, match=r"a\.txt, line 2: a number beyond any picture"):
        read_vot(path)
