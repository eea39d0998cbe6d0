"""Boxes: overlap, centres, and their text form."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dslt.core.errors import DsltError
from dslt.geometry.boxes import (
    _parse_any,
    _parse_clean,
    center_error,
    centers,
    format_boxes,
    from_file_origin,
    iou,
    parse_box,
    read_boxes,
    to_file_origin,
    write_boxes,
)

PLACE = st.floats(-500, 500, width=32)
SIDE = st.floats(0.5, 300, width=32)
BOX = st.tuples(PLACE, PLACE, SIDE, SIDE).map(np.array)
BOXES = hnp.arrays(np.float64, st.tuples(st.integers(1, 20), st.just(4)), elements=PLACE)


@given(BOX, BOX)
def test_iou_is_symmetric_and_bounded(a, b):
    value = iou(a, b)
    assert 0 <= value <= 1
    assert value == iou(b, a)


@given(BOX)
def test_iou_of_a_box_with_itself_is_one(a):
    assert iou(a, a) == pytest.approx(1, abs=1e-12)


@given(BOX, st.floats(1, 3))
def test_iou_of_nested_boxes_is_the_ratio_of_their_areas(a, factor):
    size = a[2:] * factor
    outer = np.concatenate([centers(a) - size / 2, size])
    assert iou(a, outer) == pytest.approx(1 / factor**2, rel=1e-6)


@given(BOX, BOX, PLACE, PLACE)
def test_iou_and_center_error_do_not_depend_on_the_origin(a, b, dx, dy):
    shift = np.array([dx, dy, 0, 0])
    assert iou(a + shift, b + shift) == pytest.approx(iou(a, b), abs=1e-9)
    assert center_error(a + shift, b + shift) == pytest.approx(center_error(a, b), abs=1e-9)


def test_iou_by_hand_and_broadcast():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 10, 10], [20, 20, 5, 5], [0, 0, 0, 10]])
    np.testing.assert_allclose(iou(boxes, boxes[0]), [1, 1 / 3, 0, 0])
    assert iou(boxes[:, None], boxes[None]).shape == (4, 4)


def test_the_inclusive_form_of_the_otb_toolkit_is_the_same():
    a, b = np.array([3.0, 4, 20, 11]), np.array([9.0, 1, 17, 12])
    w = min(a[0] + a[2] - 1, b[0] + b[2] - 1) - max(a[0], b[0]) + 1
    h = min(a[1] + a[3] - 1, b[1] + b[3] - 1) - max(a[1], b[1]) + 1
    assert iou(a, b) == pytest.approx(w * h / (a[2] * a[3] + b[2] * b[3] - w * h))


def test_absent_boxes_have_no_overlap_and_no_distance():
    box, absent = [0, 0, 1, 1], [math.nan] * 4
    assert np.isnan(iou(box, absent))
    assert np.isnan(center_error([box, absent], [absent, box])).all()
    assert center_error([0, 0, 2, 2], [3, 4, 2, 2]) == 5


def test_wrong_shapes_are_errors():
    with pytest.raises(ValueError, match="last axis of 4"):
        iou([1, 2, 3], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="from 0 or 1"):
        from_file_origin([1, 2, 3, 4], 2)


@given(BOXES, st.sampled_from([0, 1]))
def test_file_origin_round_trip(boxes, origin):
    np.testing.assert_allclose(
        from_file_origin(to_file_origin(boxes, origin), origin), boxes, atol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(boxes=BOXES, absent=st.integers(0, 30), origin=st.sampled_from([0, 1]))
def test_text_round_trip(tmp_path_factory, boxes, absent, origin):
    if absent < len(boxes):
        boxes[absent] = math.nan
    path = tmp_path_factory.mktemp("boxes") / "b.txt"
    write_boxes(path, boxes, origin)
    again = read_boxes(path, origin)
    np.testing.assert_allclose(again, boxes, atol=0.5001e-4)
    assert format_boxes(again, origin) == path.read_text()  # what was rounded once stays


def test_text_is_short():
    assert format_boxes([[0, -1, 10.5, 3.14159]]) == "1,0,10.5,3.1416\n"
    assert format_boxes([[-1e-9, 0, 1, 1]], origin=0) == "0,0,1,1\n"
    assert format_boxes([[math.nan] * 4]) == "NaN,NaN,NaN,NaN\n"


@pytest.mark.parametrize(
    "text",
    [
        "11,21,30,40\n12,22,31,41\n",
        "11\t21\t30\t40\n12\t22\t31\t41",
        "11 21 30 40\n 12  22  31  41 \n",
        "11;21;30;40\r\n12;22;31;41\r\n",
        "\ufeff11, 21, 30, 40\n12,\t22 31;41\n\n\n",
        "1.1e1,21.0,30,40,\n12.,22,31,41\n",
    ],
)
def test_all_delimiters(tmp_path, text):
    path = tmp_path / "groundtruth_rect.txt"
    path.write_bytes(text.encode())
    np.testing.assert_array_equal(read_boxes(path), [[10, 20, 30, 40], [11, 21, 31, 41]])


@pytest.mark.parametrize(
    "nan", ["-nan(ind)", "nan(0x8000)", "-1.#IND", "1.#QNAN0", "-1.#IND00", "+NaN"]
)
def test_nan_as_other_programs_print_it(tmp_path, nan):
    path = tmp_path / "b.txt"
    path.write_text(f"1,1,5,5\n{nan},{nan},{nan},{nan}\n2,{nan},5,5\n")
    assert np.isnan(read_boxes(path)).all(axis=1).tolist() == [False, True, True]


def test_nan_rows_are_absent_as_a_whole(tmp_path):
    path = tmp_path / "b.txt"
    path.write_text("1,1,5,5\nNaN,NaN,NaN,NaN\nnan\tnan\tnan\tnan\n3,NaN,5,5\n")
    assert np.isnan(read_boxes(path)).all(axis=1).tolist() == [False, True, True, True]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1,2,3,4\n1,2,3\n", "line 2: 3 values"),
        ("1,2,3,4\n\n1,2,3,4\n", "line 2: empty"),
        ("1,2,3,4\n1,2,x,4\n", "line 2: 'x' is not a finite number"),
        ("1,2,inf,4\n", "line 1: 'inf' is not a finite number; write NaN where there is no box"),
        ("1,2,3,-1.#INF\n", "line 1: '-1.#INF' is not a finite number"),
        ("1,2,3,4\n1,2,1e300,4\n", "line 2: '1e300' is beyond any picture; write NaN"),
        ("1,2,3," + "9" * 400, r"line 1: '9{199}\.\.\. \(202 more characters\) is not a finite"),
        ("7,1,2,3,4\n", "line 1: 5 values .*; leave out the frame's number, or the score"),
        ("1,2,1_0,4\n", "line 1: '1_0'"),
        ("1,,2,3,4\n", "line 1: 5 values"),
        ("1,2,3,4\r\r\n1,2,3,4\n", "line 2: empty"),
        ("1,2,3," + "9" * 300_000 + "x", r"line 1: '9{199}\.\.\. \(\d+ more characters\) is not"),
        ("1,2,3,4,5,6,7,8\n", "polygon"),
        ("", "no boxes"),
        ("\n \n", "no boxes"),
    ],
)
def test_bad_lines_are_named(tmp_path, text, words):
    path = tmp_path / "b.txt"
    path.write_text(text)
    with pytest.raises(DsltError, match=words) as caught:
        read_boxes(path)
    assert str(path) in str(caught.value)


def test_missing_and_binary_files(tmp_path):
    with pytest.raises(DsltError, match="no such boxes file"):
        read_boxes(tmp_path / "none.txt")
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(DsltError, match="not a readable text file"):
        read_boxes(tmp_path / "b.txt")


def test_parse_box():
    assert parse_box("1,2,3.5,4").tolist() == [1, 2, 3.5, 4]
    with pytest.raises(DsltError, match="--box: 2 values"):
        parse_box("1,2", "--box")


NUMBERS = ["1", "2.5", "-3", ".5", "5.", "+7", "-.5", "-0.0", "007", "1e2", "1.5e-3", "nan", "-NaN"]
NUMBERS += ["3.14159265358979", "0.30000000000000004", "9007199254740992"]
NONE = ["1e", ".", "-", "1-2", "1.2.3", ".-5", "1e999", "na", "1_0", "inf", "0x1", "", "\u0663"]
NONE += ["123456789012345678901", "9007199254740994", "1e300", "-1.#IND", "-nan(ind)"]
GAPS = [",", " ", "\t", ";", ", ", "  ", " \t;", " ,", ",,", " , ,"]
ENDS = ["\n", "\r\n", ",\n", " \n", "\r", "\n\n", "\n,", "\n ", "\x0b", "\u2028"]


def texts(numbers, gaps, ends, fields=(4, 4)):
    """Texts of one to four lines of boxes."""
    line = st.integers(*fields).flatmap(
        lambda n: st.tuples(
            st.lists(st.sampled_from(numbers), min_size=n, max_size=n),
            st.lists(st.sampled_from(gaps), min_size=n - 1, max_size=n - 1),
            st.sampled_from(ends),
        )
    )
    return st.lists(line, min_size=1, max_size=4).map(
        lambda lines: "".join(
            "".join(map(str.__add__, values, [*between, end])) for values, between, end in lines
        )
    )


@settings(max_examples=300, deadline=None)
@given(texts(NUMBERS, GAPS[:6], ENDS[:4]), st.sampled_from(["", "\ufeff"]))
def test_clean_files_are_read_the_fast_way(text, mark):
    data = (mark + text).encode()
    np.testing.assert_array_equal(_parse_clean(data), _parse_any(data, "file"))


@settings(max_examples=600, deadline=None)
@given(texts(NUMBERS + NONE, GAPS, ENDS, fields=(3, 5)))
def test_the_fast_way_gives_up_where_the_careful_one_would_read_something_else(text):
    fast = _parse_clean(text.encode())
    if fast is not None:
        np.testing.assert_array_equal(fast, _parse_any(text.encode(), "file"))


@settings(max_examples=200, deadline=None)
@given(hnp.arrays(np.float64, (5, 4), elements=st.floats(-1e9, 1e9)), st.integers(0, 17))
def test_numbers_are_read_to_the_last_bit(boxes, decimals):
    text = "\n".join(",".join(f"{v:.{decimals}f}" for v in row) for row in boxes.tolist())
    expected = [[float(v) for v in line.split(",")] for line in text.split("\n")]
    np.testing.assert_array_equal(_parse_clean(text.encode()), expected)
