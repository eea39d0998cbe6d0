"""Runs of the OTB toolkit, in MATLAB files and in JSON: types, sets of runs, where rows begin."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import io as matlab

from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import to_file_origin, write_boxes
from dslt.score.export import Form, export_files
from dslt.score.formats.otb_json import read_json_run
from dslt.score.formats.otb_mat import read_mat
from dslt.score.formats.otb_run import make_run
from dslt.score.read_boxes import read_results

TRUTH = np.array([[60.0 + 6 * k, 60 + 4 * k, 40, 40] for k in range(40)])


def save_mat(path: Path, *runs: dict) -> Path:
    cell = np.empty((1, len(runs)), dtype=object)
    cell[0, :] = runs
    path.parent.mkdir(parents=True, exist_ok=True)
    matlab.savemat(path, {"results": cell})
    return path


def save_json(path: Path, content: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
    return path


def run_of(boxes: np.ndarray, **more: object) -> dict:
    return {"res": to_file_origin(boxes, 1).tolist(), "type": "rect", "len": len(boxes), **more}


def read(folder: Path, frames: int = 40, skipped: int = 0):
    targets = {"Deer": Target(TRUTH[-frames:], (), "Deer")}
    results, notes = read_results(folder, targets, skipped={"Deer": skipped})
    return results["Deer"], notes


# ---------------------------------------------------------------------- types
# Each is the box 80, 68, 40, 24 of a 1-based file, by hand.

STEEP, WIDE = 23 / 11, 39 / 14
TYPES = {
    "rect": ([[80, 68, 40, 24]], None),
    "ivtAff": ([[100, 80, 40 / 32, 0, 0, 24 / 32]], [32, 32]),
    "L1Aff": ([[STEEP, 0, 0, WIDE, 68 - STEEP, 80 - WIDE]], [12, 15]),
    "4corner": ([[80, 80, 119, 119], [68, 91, 91, 68]], None),
    "affine": ([[119, 80, 80, 119], [91, 68, 91, 68]], [9, 9]),
    "LK_Aff": ([[0, 0, 79], [0, 0, 67]], [24, 40]),
    "SIMILARITY": ([[2, 0, 78, 66]], [12.5, 20.5]),
}
ALIASES = {"affine_ivt": "ivtAff", "affine_L1": "L1Aff", "four_corners": "4corner"}


@pytest.mark.parametrize("kind", [*TYPES, *ALIASES])
def test_every_type_of_the_toolkit_gives_its_boxes(tmp_path, kind):
    rows, size = TYPES[ALIASES.get(kind, kind)]
    run = {"res": rows * 3, "type": kind, "len": 3, "fps": 7.0}
    run |= {} if size is None else {"tmplsize": size}
    for found in (
        read_mat(save_mat(tmp_path / "a.mat", run)),
        read_json_run(save_json(tmp_path / "a.json", run)),
    ):
        np.testing.assert_array_equal(found.boxes, [[79, 67, 40, 24]] * 3)
        assert found.fps == 7
        assert found.notes == (
            ()
            if kind == "rect"
            else (f"type {kind}: boxes of the template's corners, as the OTB toolkit has it",)
        )


def test_turned_templates():
    half = {"res": [[50, 50, 0, 1, -1, 0]], "type": "ivtAff", "tmplsize": [20, 10]}
    # Turned by 90 degrees, the corner (-10, -5) is at (45, 60), the opposite one at (55, 40).
    np.testing.assert_array_equal(make_run(half, "a", 1).boxes, [[44, 59, 10, -20]])
    diamond = {"res": [[50, 60, 50, 40], [40, 50, 60, 50]], "type": "4corner"}
    np.testing.assert_array_equal(make_run(diamond, "a", 1).boxes, [[39, 39, 21, 21]])
    quarter = {"res": [[1, np.pi / 2, 50, 50]], "type": "SIMILARITY", "tmplsize": [5, 9]}
    # (1..9, 1..5) becomes (-1..-5, 1..9), moved by 50.
    np.testing.assert_array_equal(make_run(quarter, "a", 1).boxes, [[44, 50, 5, 9]])


def test_the_older_name_of_the_type_has_columns_for_frames():
    run = {"res": [[1, 1], [0, 0], [79, 80], [67, 67]], "tmplsize": [24, 40]}
    found = make_run(run | {"transformType": "SIMILARITY"}, "a", 1)
    np.testing.assert_array_equal(found.boxes, [[79, 67, 40, 24], [80, 67, 40, 24]])


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (
            {"res": [[1, 2, 3, 4]], "type": "spline"},
            "unknown type of results 'spline'; allowed: 4",
        ),
        ({"res": [[1, 2, 3, 4]] * 3, "type": "4corner"}, r"shape \(3, 4\), expected \(2 N, 4\)"),
        ({"res": [[1, 2, 3]] * 3, "type": "LK_Aff"}, r"shape \(3, 3\), expected \(2 N, 3\)"),
        ({"res": [[1, 2, 3, 4, 5, 6]], "type": "L1Aff"}, "no 'tmplsize' of two numbers"),
        ({"res": [[1] * 6], "type": "ivtAff", "tmplsize": [0, 4]}, "no 'tmplsize' of two numbers"),
        ({"res": [[1] * 6], "type": "ivtAff", "tmplsize": "ab"}, "no 'tmplsize' of two numbers"),
        ({"res": [[1, 2, 3, 4]], "len": 2}, "1 boxes, but len = 2 in the file"),
        ({"res": [[1, 2, 3, 4], [1, 2]]}, "'res' holds no numbers"),
        ({"res": [[1, 2, 3, 4]], "type": ["a", ["b"]]}, "unknown type of results"),
        ([{"res": [[1], [2, 3]]}, {"res": [[1]]}], "'res' holds no numbers"),
        ({"res": [["1", "2", "3", "4"]]}, "'res' holds no numbers"),
        ({"res": [[True, True, True, True]]}, "'res' holds no numbers"),
        ({"res": [[1, 2, 3, 10**400]]}, "'res' holds no numbers"),
        ({"res": [[1, 2, 3, 1e300]]}, "box 1: '1e\\+300' is beyond any picture"),
        ({"res": {}}, r"shape \(1, 0\), expected"),
        ({"res": {"x": 1}}, "'res' holds no numbers"),
        ({"res": []}, r"expected \(N, 4\), N > 0"),
        ({"boxes": [[1, 2, 3, 4]]}, "no field 'res'"),
        ([], "no field 'res'"),
        (7, "no field 'res'"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path, run, message):
    with pytest.raises(DsltError, match=rf"a\.json.*{message}"):
        read_json_run(save_json(tmp_path / "a.json", run))


# ---------------------------------------------------------------------- several runs


def tre(count: int = 20) -> list[dict]:
    starts = np.linspace(0, 38, count).astype(int)
    return [run_of(TRUTH[s:], startFrame=s + 1, annoBegin=1) for s in starts.tolist()]


def test_of_temporal_robustness_the_first_run_is_the_one_pass_run(tmp_path):
    save_mat(tmp_path / "mat" / "Deer_T.mat", *tre())
    save_json(tmp_path / "json" / "Deer.json", tre())
    for folder in ("mat", "json"):
        result, notes = read(tmp_path / folder)
        np.testing.assert_array_equal(result.boxes, TRUTH)
        assert "Deer: the first of 20 runs was read, the others begin later (TRE)" in notes


@pytest.mark.parametrize(
    ("runs", "message"),
    [
        ([run_of(TRUTH, shiftType="left")] * 12, "12 runs from shifted first boxes .SRE"),
        ([run_of(TRUTH)] * 3, "3 runs; expected the one of one-pass evaluation .OPE., or those"),
        (tre()[::-1], "20 runs; expected the one"),
        ([run_of(TRUTH), 7], "no field 'res'"),
    ],
)
def test_other_sets_of_runs_are_refused_by_name(tmp_path, runs, message):
    with pytest.raises(DsltError, match=message):
        read_json_run(save_json(tmp_path / "a.json", runs))


# ---------------------------------------------------------------------- the start


@pytest.mark.parametrize(
    ("rows", "start", "begin", "skipped", "note"),
    [
        (TRUTH, 1, 1, 0, None),
        (TRUTH, 300, 300, 0, None),  # numbers of the images
        (TRUTH, 7, 1, 0, None),  # the length says that there is a row for each frame
        (TRUTH[1:], 2, 1, 0, "its rows begin at frame 2, as startFrame in the file says"),
        (TRUTH[1:], 301, 300, 0, "its rows begin at frame 2, as startFrame"),
        (TRUTH[5:], 6, 1, 5, None),  # as the toolkit has Tiger1
        (TRUTH, 1, 1, 5, "40 rows for 35 frames; the first 5 were cut"),
        (TRUTH[3:], 4, 1, 5, "37 rows for 35 frames; the first 2 were cut"),
        (TRUTH[:37], 9, 1, 0, "begin at frame 9, as .* says, which does not fit and is left out"),
    ],
)
def test_rows_begin_where_the_file_says(tmp_path, rows, start, begin, skipped, note):
    save_mat(tmp_path / "Deer_T.mat", run_of(rows, startFrame=start, annoBegin=begin))
    truth = TRUTH[skipped:]
    if note and "left out" in note:
        truth = rows
    result, notes = read(tmp_path, len(TRUTH) - skipped, skipped)
    there = ~np.isnan(result.boxes).any(axis=1)
    np.testing.assert_array_equal(result.boxes[there], truth[: len(there)][there])
    assert int((~there).sum()) == (1 if note and "frame 2" in note else 0)
    text = "\n".join(note for note in notes if "MATLAB" not in note)
    assert (note is None) == ("rows" not in text)
    if note:
        assert np.any([re.search(note, one) for one in notes])
    assert "NaN" not in text  # what is put in front is no unusable box


def test_a_file_that_begins_at_the_second_frame_scores_as_a_whole_one(tmp_path):
    save_mat(tmp_path / "Deer_T.mat", run_of(TRUTH[1:], startFrame=2, annoBegin=1))
    result, notes = read(tmp_path)
    np.testing.assert_array_equal(result.boxes[1:], TRUTH[1:])
    assert not any("missing" in note or "HINT" in note for note in notes)


def test_a_file_that_begins_at_the_second_frame_goes_out_as_a_whole_one(tmp_path):
    save_mat(tmp_path / "Deer_T.mat", run_of(TRUTH[1:], startFrame=2, annoBegin=1))
    files, notes = export_files([tmp_path], Form("otb", "T"))
    first, second, *_ = files["T/Deer.txt"].decode().splitlines()
    assert (first, second) == ("NaN,NaN,NaN,NaN", "67,65,40,40")
    assert any("1 rows of NaN were put in front, as startFrame says" in note for note in notes)


# ---------------------------------------------------------------------- forms


def test_json_in_every_place(tmp_path):
    boxes = to_file_origin(TRUTH, 1).tolist()
    save_json(tmp_path / "a" / "Deer.json", {"res": boxes, "type": "rect", "fps": 2.5})
    save_json(tmp_path / "b" / "KCF_Deer.json", {"res": boxes})
    save_json(tmp_path / "c" / "Deer" / "result.json", {"res": boxes})
    save_json(tmp_path / "d" / "deer.json", boxes)
    (tmp_path / "d" / "deer.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(boxes).encode())
    write_boxes(tmp_path / "e" / "Deer.txt", TRUTH)
    for folder in "abcde":
        result, notes = read(tmp_path / folder)
        np.testing.assert_array_equal(result.boxes, TRUTH)
        assert any("JSON" in note for note in notes) == (folder != "e")
    assert read(tmp_path / "a")[0].fps == 2.5


def test_json_with_nothing_for_a_lost_target(tmp_path):
    path = save_json(
        tmp_path / "a.json", {"res": [[1, 2, 3, 4], [None] * 4, [float("nan"), 1, 2, 3]]}
    )
    assert np.isnan(read_json_run(path, 0).boxes).all(axis=1).tolist() == [False, True, True]
    (tmp_path / "b.json").write_text("[" * 100_000)
    with pytest.raises(DsltError, match=r"b\.json: not a readable JSON file"):
        read_json_run(tmp_path / "b.json")
