"""Forms of result files: what other tools wrote is read, what we write reads back the same."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import io as matlab

from dslt.core.errors import DsltError
from dslt.score.formats.layouts import find_files
from dslt.score.formats.otb_mat import mat_bytes, read_mat
from dslt.score.formats.seconds import read_records, read_time_file
from dslt.score.formats.vot import (
    binary_of,
    is_supervised,
    list_regions,
    make_trajectory,
    parse_binary,
    parse_text,
    read_vot,
    text_of,
)
from dslt.score.records import read_score_file

# One run as vot-toolkit 0.9 writes it in both of its forms: 1, a box, a polygon of four corners,
# 2, 0, 0, 0, 0, 1 and a polygon of three.
OFFICIAL_BINARY = bytes.fromhex(
    "01000a000000000100000001000028410000a2410000f041008020420204000000803f000000400000f44100"
    "0020400000f841000020420000403f0000244200020000000000000000000000000000000000000000000000"
    "00010000000203000000a0400000a040000010410000a0400000e04000003041"
)
OFFICIAL_TEXT = (
    "1\n10.5,20.25,30.0,40.125\n1.0,2.0,30.5,2.5,31.0,40.0,0.75,41.0\n2\n0\n0\n0\n0\n1\n"
    "5.0,5.0,9.0,5.0,7.0,11.0\n"
)
REGIONS = [
    1,
    (10.5, 20.25, 30, 40.125),
    (1, 2, 30.5, 2.5, 31, 40, 0.75, 41),
    *(2, 0, 0, 0, 0, 1),
    (5, 5, 9, 5, 7, 11),
]


def test_official_files_of_both_forms_hold_the_same_run(tmp_path):
    assert parse_binary(OFFICIAL_BINARY, "") == REGIONS
    assert parse_text(OFFICIAL_TEXT, "") == REGIONS
    (tmp_path / "a.bin").write_bytes(OFFICIAL_BINARY)
    (tmp_path / "a.txt").write_text(OFFICIAL_TEXT)
    binary, text = read_vot(tmp_path / "a.bin")[0], read_vot(tmp_path / "a.txt")[0]
    np.testing.assert_array_equal(binary.corners, text.corners)
    np.testing.assert_array_equal(binary.states, text.states)
    assert binary_of(binary) == OFFICIAL_BINARY


def test_the_official_toolkit_reads_what_we_write():
    toolkit = pytest.importorskip("vot.region.io", reason="the extra vot is not installed")
    run = make_trajectory(REGIONS, "run")[0]
    for written in (io.BytesIO(binary_of(run)), io.StringIO(text_of(run))):
        texts = [str(region) for region in toolkit.read_trajectory(written)]
        assert texts == OFFICIAL_TEXT.split()


COORDINATE = st.integers(-40_000_000, 40_000_000).map(lambda value: value / 10_000)
SIZE = st.integers(0, 40_000_000).map(lambda value: value / 10_000)
BOX = st.tuples(COORDINATE, COORDINATE, SIZE, SIZE)
POLYGON = st.integers(3, 7).flatmap(
    lambda count: st.lists(
        st.tuples(COORDINATE, COORDINATE), min_size=count, max_size=count, unique=True
    ).map(lambda points: tuple(value for point in points for value in point))
)
RUNS = st.lists(st.one_of(st.sampled_from([0, 1, 2]), BOX, POLYGON), min_size=1, max_size=12)


@given(RUNS)
def test_text_reads_back_to_four_decimals(regions):
    run = make_trajectory(regions, "run")[0]
    back = make_trajectory(parse_text(text_of(run), "run"), "run")[0]
    np.testing.assert_array_equal(back.states, run.states)
    np.testing.assert_array_equal(back.rectangles, run.rectangles)
    np.testing.assert_allclose(back.corners, run.corners, atol=2e-4, rtol=0)
    assert text_of(back) == text_of(run)


@given(RUNS)
def test_binary_reads_back_as_32_bit_floats(regions):
    run = make_trajectory(regions, "run")[0]
    back = parse_binary(binary_of(run), "run")
    for ours, theirs in zip(list_regions(run), back, strict=True):
        np.testing.assert_array_equal(np.float32(ours), np.float32(theirs))


@given(RUNS)
def test_regions_survive_a_trajectory(regions):
    for before, after in zip(
        regions, list_regions(make_trajectory(regions, "run")[0]), strict=True
    ):
        np.testing.assert_allclose(before, after, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "truncated after 0 bytes"),
        (OFFICIAL_BINARY[:-1], "truncated"),
        (OFFICIAL_BINARY + b"\0", "1 bytes too many after 10 frames"),
        (b"\2\0" + OFFICIAL_BINARY[2:], "binary form 2, expected 1"),
        (b"\1\0\1\0\0\0" + b"\3" + bytes(10), "frame 0: a mask, which is not supported"),
        (b"\1\0\1\0\0\0" + b"\4" + bytes(8), "frame 0: a point, which is not"),
        (b"\1\0\1\0\0\0" + b"\7", "unknown kind 7"),
        (b"\1\0\1\0\0\0" + b"\0\5\0\0\0", "code 5; expected 0, 1 or 2"),
        (b"\1\0\1\0\0\0" + b"\2\2\0" + bytes(16), "a polygon of 2 corners"),
        (b"\1\0\0\0\0\0", "no regions"),
        (b"\1\0\1\0\0\0\1" + np.float32([1, 2, np.inf, 4]).tobytes(), "infinite"),
    ],
)
def test_broken_binary_files(tmp_path, data, message):
    (tmp_path / "a.bin").write_bytes(data)
    with pytest.raises(DsltError, match=rf"a\.bin.*{message}"):
        read_vot(tmp_path / "a.bin")


def test_supervised_text_is_told_by_its_first_line(tmp_path):
    path = tmp_path / "a.txt"
    for text, supervised in (("1\r\n", True), ("\ufeff1.0000\n", True), ("1,2,3,4\n", False)):
        path.write_bytes(text.encode())
        assert is_supervised(path) is supervised
    assert not is_supervised(tmp_path / "none.txt")
    path.write_bytes(b"\xff\xfe\x00")
    assert not is_supervised(path)
    with pytest.raises(DsltError, match=r"a\.txt: not a text file"):
        read_vot(path)
    with pytest.raises(DsltError, match=r"none\.txt: unreadable"):
        read_vot(tmp_path / "none.txt")


# ---------------------------------------------------------------------- MATLAB


BOXES = np.array([[10.5, 20, 30, 40], [11, 21.25, 30, 40], [np.nan] * 4])


def cell(*runs: object) -> np.ndarray:
    array = np.empty((1, len(runs)), dtype=object)
    array[0, :] = runs
    return array


def save_mat(path: Path, results: object, name: str = "results", **options: object) -> Path:
    matlab.savemat(path, {name: results, "other": "left alone"}, **options)
    return path


@given(st.integers(0, 1), st.lists(BOX, min_size=1, max_size=9), st.none() | st.floats(1, 500))
def test_mat_reads_back(tmp_path_factory, origin, rows, fps):
    path = tmp_path_factory.mktemp("mat") / "a.mat"
    path.write_bytes(mat_bytes(np.array(rows), fps, origin))
    run = read_mat(path, origin)
    np.testing.assert_allclose(run.boxes, rows, atol=1e-9)
    assert (run.fps, run.start, run.notes) == (fps, 0, ())
    other = read_mat(path, 1 - origin).boxes
    np.testing.assert_allclose(other[:, 0], run.boxes[:, 0] + 2 * origin - 1)


def test_mat_bytes_have_no_time_of_day():
    assert mat_bytes(BOXES, 25.0) == mat_bytes(BOXES, 25.0)
    assert mat_bytes(BOXES).startswith(b"MATLAB 5.0 MAT-file   ")


@pytest.mark.parametrize("compressed", [False, True])
def test_mat_of_other_writers(tmp_path, compressed):
    run = {"res": np.array([[1, 2, 3, 4]], dtype=np.uint16), "type": "rect", "len": 1, "fps": []}
    options = {"do_compression": compressed}
    path = save_mat(tmp_path / "a.mat", cell(run), **options)
    np.testing.assert_array_equal(read_mat(path).boxes, [[0, 1, 3, 4]])
    assert read_mat(path).fps is None
    save_mat(path, {"res": np.array([[1.0, 2, 3, 4], [1, np.nan, 3, 4]])}, **options)
    np.testing.assert_array_equal(read_mat(path, 0).boxes, [[1, 2, 3, 4], [np.nan] * 4])


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (cell({"res": np.ones((5, 6)), "type": "ivtAff"}), "no 'tmplsize' .* 'ivtAff' needs"),
        (cell({"res": np.ones((5, 6)), "type": "spline"}), "unknown type of results 'spline'"),
        (cell({"res": np.ones((5, 4)), "type": "4corner"}), r"expected \(2 N, 4\), N > 0, of type"),
        (cell({"res": np.ones((5, 6)), "type": "rect"}), r"shape \(5, 6\), expected \(N, 4\)"),
        (cell({"res": np.ones((5, 4)), "len": 6}), "5 boxes, but len = 6"),
        (cell({"res": np.full((5, 4), np.inf)}), "box 1: 'inf' is not a finite number"),
        (cell({"res": np.full((5, 4), 1e300)}), "box 1: '1e\\+300' is beyond any picture"),
        (cell({"res": "text"}), "no numbers"),
        (cell({"type": "rect"}), "no field 'res'"),
        (cell(*[{"res": np.ones((5, 4))}] * 20), "20 runs; expected the one of one-pass"),
        (
            cell(*[{"res": np.ones((5, 4)), "shiftType": "left"}] * 12),
            "12 runs from shifted first boxes .SRE",
        ),
    ],
)
def test_mat_that_cannot_be_scored(tmp_path, results, message):
    with pytest.raises(DsltError, match=rf"a\.mat.*{message}"):
        read_mat(save_mat(tmp_path / "a.mat", results))


def test_unreadable_mat(tmp_path):
    path = tmp_path / "a.mat"
    with pytest.raises(DsltError, match="no such file"):
        read_mat(path)
    for data in (b"", b"text", mat_bytes(BOXES)[:200], b"\0" * 300):
        path.write_bytes(data)
        with pytest.raises(DsltError, match=r"a\.mat: (not a readable MATLAB file|no variable)"):
            read_mat(path)
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(124) + b"\0\2IM" + b"\x89HDF" + bytes(500))
    with pytest.raises(DsltError, match=r"MATLAB 7\.3"):
        read_mat(path)
    with pytest.raises(DsltError, match="no variable 'results'"):
        read_mat(save_mat(path, np.ones(3), "result"))


@pytest.mark.parametrize(
    ("files", "wanted", "expected"),
    [
        (["car1_1_KCF", "car1_KCF"], ["car1", "car1_1"], ["car1", "car1_1"]),
        (["car1_1_KCF"], ["car1_1"], ["car1_1"]),
        (["Jogging.1_MY_KCF", "basketball_MY_KCF"], ["Jogging-1"], ["Jogging.1", "basketball"]),
        (["a_MY_KCF", "b_MY_KCF"], [], ["a", "b"]),
        (["a_KCF"], [], ["a"]),
    ],
)
def test_names_of_mat_files_are_split_where_sequences_end(tmp_path, files, wanted, expected):
    for file in files:
        (tmp_path / f"{file}.mat").touch()
    assert sorted(find_files(tmp_path, "auto", wanted).files) == sorted(expected)


# ---------------------------------------------------------------------- folders and seconds


def test_text_goes_before_binary_and_hidden_files_are_left_out(tmp_path):
    folder = tmp_path / "baseline" / "a"
    folder.mkdir(parents=True)
    names = ("a_001.txt", "a_001.bin", "a_002.bin", ".a_003.txt", "b_001.txt", "a_1.txt", "a.txt")
    for name in names:
        (folder / name).touch()
    for number in (1, 2):
        (folder / f"a_{number:03d}_time.value").write_text("\n0.5\n")
    found = find_files(tmp_path, content="runs")
    assert [path.name for path in found.files["a"]] == ["a_001.txt", "a_002.bin"]
    assert [path.name for path in found.seconds["a"]] == ["a_001_time.value", "a_002_time.value"]
    seconds, notes = read_records(found.seconds["a"], "a", 2, 2)
    np.testing.assert_array_equal(seconds, [[np.nan, 0.5]] * 2)
    assert notes == []
    text = find_files(tmp_path, "vot", content="runs")
    assert [path.name for path in text.files["a"]] == ["a_001.txt"]


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.mark.parametrize("end", ["bin", "txt"])
@pytest.mark.parametrize(
    "record", ["a_001_time.value", "a_001_time.txt", "a_time.txt", "nothing.txt"]
)
def test_folders_of_the_current_vot_toolkit(tmp_path, end, record):
    touch(tmp_path, f"baseline/a/a_001.{end}", f"baseline/a/{record}", "baseline/b/b_001.txt")
    touch(tmp_path, "realtime/a/a_001.bin")
    found = find_files(tmp_path, content="runs")
    assert found.layout == ("vot-binary" if end == "bin" else "vot")
    assert [path.name for path in found.files["a"]] == [f"a_001.{end}"]
    expected = [] if record == "nothing.txt" else [record]
    assert [path.name for path in found.seconds.get("a", ())] == expected
    assert any("beside baseline were not read: realtime" in note for note in found.notes)


def test_the_one_experiment_of_another_name_is_read(tmp_path):
    touch(tmp_path, "vot2018/a/a_001.bin", "log/today.txt")
    found = find_files(tmp_path, content="runs")
    assert list(found.files) == ["a"]
    assert f"{tmp_path}: its folder vot2018 was read" in found.notes
    assert find_files(tmp_path / "vot2018", content="runs").files == found.files
    touch(tmp_path, "supervised/a/a_001.bin")
    with pytest.raises(DsltError, match="several trackers or experiments: supervised, vot2018; gi"):
        find_files(tmp_path, content="runs")
    assert list(find_files(tmp_path, content="runs", experiment="vot2018").files) == ["a"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (["a/a_00000000.bin", "a/a_00000000_time.value"], "a_00000000.bin: a run from one of sev"),
        (["baseline/a/a_00000050.txt"], "a_00000050.txt: a run from one of several frames"),
        (["a/a_1_001.bin", "a/a_2_001.bin"], "a_1_001.bin: a run on one of several targets, as V"),
        (["results/T/baseline/a/a_001.bin", "config.yaml"], "give the tracker's folder in results"),
        (["T/baseline/a/a_001.bin"], "found T/; give the tracker's own folder"),
    ],
)
def test_later_forms_of_vot_are_refused_by_name(tmp_path, files, message):
    touch(tmp_path, *files)
    with pytest.raises(DsltError, match=message):
        find_files(tmp_path, content="runs")


def test_mat_files_beside_text_are_noted(tmp_path):
    for name in ("a.txt", "a_KCF.mat"):
        (tmp_path / name).touch()
    assert "1 .mat files were not" in find_files(tmp_path).notes[0]
    assert find_files(tmp_path, "otb-mat").layout == "otb-mat"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1\n0.1,0.2\n", "line 1: 1 values, expected 2"),
        ("0.1\nfast\n", "line 2: seconds = 'fast'"),
        ("0.1\ninf\n", "line 2"),
    ],
)
def test_broken_time_files(tmp_path, text, message):
    (tmp_path / "a_time.txt").write_text(text)
    with pytest.raises(DsltError, match=rf"a_time\.txt, {message}"):
        read_time_file(tmp_path / "a_time.txt", 2)


def test_frames_that_were_skipped_at_the_end_have_empty_lines(tmp_path):
    (tmp_path / "a_time.txt").write_text("0.1\n0.2\n\n\n")
    np.testing.assert_array_equal(
        read_time_file(tmp_path / "a_time.txt", 4)[:, 0], [0.1, 0.2, np.nan, np.nan]
    )
    np.testing.assert_array_equal(read_time_file(tmp_path / "a_time.txt", 2)[:, 0], [0.1, 0.2])
    (tmp_path / "a.value").write_text("\n0.5\n\n\n")
    np.testing.assert_array_equal(
        read_score_file(tmp_path / "a.value", 4), [np.nan, 0.5, np.nan, np.nan]
    )
    with pytest.raises(DsltError, match="4 lines; expected 5"):
        read_score_file(tmp_path / "a.value", 5)


def test_a_sequence_may_be_called_as_a_record_of_time(tmp_path):
    touch(tmp_path, "lunch.txt", "lunch_time.txt", "dog.txt", "dog_time.txt")
    found = find_files(tmp_path, wanted=["lunch", "lunch_time", "dog"])
    assert list(found.files) == ["dog", "lunch", "lunch_time"]
    assert {name: path.name for name, (path,) in found.seconds.items()} == {"dog": "dog_time.txt"}


def test_times_that_do_not_fit_are_left_out(tmp_path):
    path = tmp_path / "a_time.txt"
    path.write_text("0.1,0.2\n0.1,0\n")
    seconds, _ = read_records([path], "a", 2, 2)
    np.testing.assert_array_equal(seconds, [[0.1, 0.1], [0.2, np.nan]])
    for repetitions, frames in ((1, 2), (2, 3)):
        seconds, notes = read_records([path], "a", repetitions, frames)
        assert seconds is None
        assert notes[0].startswith("a: times of 2 repetitions of 2 frames for")
    path.write_text("")
    assert read_records([path], "a", 1, 3)[0] is None
    assert read_records([], "a", 1, 3) == (None, [])
