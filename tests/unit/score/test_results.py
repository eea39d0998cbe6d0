"""Raw results: what is read, what is refused, what the score file says about it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_entry import IndexEntry, SyntheticSource
from dslt.data.benchmarks.index_file import BenchmarkIndex, write_index
from dslt.data.sequences.target import FAILED, TRACKED, Target
from dslt.geometry.boxes import write_boxes
from dslt.score.convergence import convergence, iterations_to_converge, read_records
from dslt.score.evaluate import Suite, evaluate
from dslt.score.read_boxes import RawResult, read_results
from dslt.score.read_runs import read_runs
from dslt.score.scores import Scores, load_scores, to_json
from dslt.settings.protocols import load_protocols
from places import ROOT

CONFIG = ROOT / "config" / "protocols.yaml"
OTB = load_protocols(CONFIG)["otb"]


def track(frames: int = 6, x: float = 20) -> np.ndarray:
    """A target that moves one pixel a frame."""
    return np.column_stack(
        [x + np.arange(frames), np.full(frames, 30.0), np.full(frames, 40.0), np.full(frames, 25.0)]
    )


def targets(**truths: np.ndarray) -> dict[str, Target]:
    return {name: Target(truth, ("OCC",), "film") for name, truth in truths.items()}


def save(folder: Path, name: str, boxes, seconds=None) -> Path:
    write_boxes(folder / f"{name}.txt", boxes)
    if seconds is not None:
        rows = "".join(f"{i},0,0,1,1,,{value}\n" for i, value in enumerate(seconds))
        (folder / f"{name}.csv").write_text("frame,x,y,w,h,score,seconds\n" + rows)
    return folder / f"{name}.txt"


def read_result(path: Path, truth: np.ndarray, origin: int = 1) -> RawResult:
    """Read the result of one sequence, named as its file."""
    return read_results(path.parent, targets(**{path.stem: truth}), origin)[0][path.stem]


def test_reads_boxes_and_speed(tmp_path):
    path = save(tmp_path, "a", track(), [1.5, 0.05, 0.1, 0.05, 0.04, 0.05])
    result = read_result(path, track())
    np.testing.assert_allclose(result.boxes, track())
    assert result.fps == pytest.approx(20)
    assert result.init_seconds == 1.5
    assert result.notes == ()


@pytest.mark.parametrize("delimiter", [",", "\t", " "])
def test_reads_every_otb_delimiter(tmp_path, delimiter):
    path = tmp_path / "a.txt"
    rows = track() + np.array([1, 1, 0, 0])
    path.write_text("\r\n".join(delimiter.join(map(str, row)) for row in rows.tolist()))
    np.testing.assert_allclose(read_result(path, track()).boxes, track())
    np.testing.assert_allclose(read_result(path, track(), origin=0).boxes, rows)


def test_without_a_record_there_is_no_speed(tmp_path):
    result = read_result(save(tmp_path, "a", track(1), [1.5]), track(1))
    assert result.fps is None
    assert read_result(save(tmp_path, "b", track()), track()).init_seconds is None


def test_extra_and_missing_rows_are_noted(tmp_path):
    long = read_result(save(tmp_path, "a", track(9)), track(6))
    assert long.notes == ("a: 9 rows for 6 frames; the last 3 were cut",)
    short = read_result(save(tmp_path, "a", track(4)), track(6))
    assert short.notes == ("a: 4 rows for 6 frames; the missing 2 are failures",)


def test_unusable_boxes_are_noted(tmp_path):
    boxes = track()
    boxes[2] = np.nan
    boxes[4, 2] = 0
    assert read_result(save(tmp_path, "a", boxes), track()).notes == (
        "a: 2 boxes are NaN or have no area",
    )


def test_another_sequences_file_is_refused(tmp_path):
    far = save(tmp_path, "far", track(x=300))
    with pytest.raises(DsltError, match=r"far\.txt: looks like the result of another sequence"):
        read_result(far, track())
    near_but_longer = save(tmp_path, "near", track(50, x=45))
    with pytest.raises(DsltError, match="and 50 rows for 6 frames"):
        read_result(near_but_longer, track())


def test_a_first_box_of_another_form_is_noted(tmp_path):
    boxes = track()
    boxes[0] = [20, 30, 60, 55]  # corners instead of a size, as in some published results
    (note,) = read_result(save(tmp_path, "a", boxes), track()).notes
    assert "the first box has overlap" in note


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no boxes"),
        ("20,30,40,25\n21,31,40\n", "line 2"),
        ("20,30,40,25\n21,abc,40,25\n", "line 2.*abc"),
        ("20,30,40,25\n21,inf,40,25\n", "line 2.*not a finite number"),
    ],
)
def test_broken_files_are_refused(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DsltError, match=message):
        read_results(tmp_path, targets(a=track()))


def test_folder(tmp_path):
    with pytest.raises(DsltError, match="no such folder"):
        read_results(tmp_path / "absent", targets(a=track()))
    save(tmp_path, "a", track())
    with pytest.raises(DsltError, match=r"no result for b, c; .* 3 sequences, found a$"):
        read_results(tmp_path, targets(a=track(), b=track(), c=track()))
    save(tmp_path, "other", track())
    results, notes = read_results(tmp_path, targets(a=track()))
    assert list(results) == ["a"]
    assert notes == ["1 files of no sequence that is scored ignored: other"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("frame,x\n" + "0,1\n" * 6, "no column 'seconds'; expected .* seconds, score, or both"),
        ("frame,seconds\n" + "0,\n" * 6, "seconds = '' is not a finite number"),
        ("frame,seconds\n0,1\n", "1 rows; expected 6"),
        ("frame,seconds\n" + "0,x\n" * 6, "seconds = 'x' is not a finite number"),
    ],
)
def test_broken_record_is_refused(tmp_path, record, message):
    path = save(tmp_path, "a", track())
    path.with_suffix(".csv").write_text(record)
    with pytest.raises(DsltError, match=message):
        read_result(path, track())


@pytest.mark.parametrize("record", ["frame,score\n", "frame,score,seconds\n"])
def test_a_record_of_scores_need_have_no_times(tmp_path, record):
    path = save(tmp_path, "a", track())
    commas = "," * (record.count(",") - 1)
    path.with_suffix(".csv").write_text(record + f"0,1{commas}\n" * 6)
    assert read_result(path, track()).fps is None


# ---------------------------------------------------------------------- layouts of one-pass results


def test_every_layout_gives_the_same_boxes(tmp_path):
    from dslt.score.formats.otb_mat import mat_bytes

    truths = {"Jogging-1": track(), "Girl2": track(8, 50)}
    flat, mat, tree = (tmp_path / name for name in ("flat", "mat", "tree"))
    for folder in (flat, mat, tree / "jogging.1", tree / "Girl2"):
        folder.mkdir(parents=True)
    for name, boxes in truths.items():
        other = {"Jogging-1": "jogging.1"}.get(name, name)
        save(flat, other.replace(".", "_"), boxes)
        (mat / f"{name.lower()}_MY_TRACKER.mat").write_bytes(mat_bytes(boxes, 25.0))
        write_boxes(tree / other / f"{other}_001.txt", boxes)
        (tree / other / f"{other}_time.txt").write_text("0.5\n" + "0.04\n" * (len(boxes) - 1))
    found = {f.name: read_results(f, targets(**truths)) for f in (flat, mat, tree)}
    for results, notes in found.values():
        for name, boxes in truths.items():
            np.testing.assert_allclose(results[name].boxes, boxes)
        assert "1 for Jogging-1" in notes[-1]
    assert found["mat"][0]["Girl2"].fps == 25.0
    assert found["tree"][0]["Girl2"].fps == pytest.approx(25.0)
    assert found["tree"][0]["Girl2"].init_seconds == 0.5
    assert "_MY_TRACKER.mat" in found["mat"][1][0]
    assert "as GOT-10k has them" in found["tree"][1][0]


@pytest.mark.parametrize("place", ["times/a_time.txt", "a_time.txt"])
def test_times_of_other_toolkits(tmp_path, place):
    save(tmp_path, "a", track())
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text("1.0\n" + "0.1\n" * 5)
    results, notes = read_results(tmp_path, targets(a=track()))
    assert results["a"].fps == pytest.approx(10)
    assert notes == []
    (tmp_path / place).write_text("1.0\n")
    results, notes = read_results(tmp_path, targets(a=track()))
    assert results["a"].fps is None
    assert "the speed is left out" in notes[0]


def test_of_several_repetitions_the_first_is_read(tmp_path):
    (tmp_path / "a").mkdir()
    for number in (1, 2, 3):
        write_boxes(tmp_path / "a" / f"a_{number:03d}.txt", track() + number / 10)
    (tmp_path / "a" / "a_time.txt").write_text("0.5,1,1\n" + "0.1,0.2,0.4\n" * 5)
    results, notes = read_results(tmp_path, targets(a=track()))
    np.testing.assert_allclose(results["a"].boxes, track() + 0.1)
    assert results["a"].fps == pytest.approx(10)
    assert notes[-1] == "a: the first of 3 repetitions was read"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ([], "found nothing"),
        (["KCF/a.txt", "MDNet/a.txt"], "found KCF/, MDNet/; give the tracker's own folder"),
        (["a_KCF.mat", "b_KCF.mat", "a_MDNet.mat"], "several trackers: KCF, MDNet"),
        (["b_KCF.mat", "c_MDNet.mat"], "no result for a; .* found b_KCF, c_MDNet"),
        (["baseline/a/a_001.txt"], "supervised VOT results"),
        (["a/a_001.bin"], "binary VOT files"),
    ],
)
def test_folders_without_one_trackers_results(tmp_path, files, message):
    for file in files:
        (tmp_path / file).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / file).touch()
    with pytest.raises(DsltError, match=message):
        read_results(tmp_path, targets(a=track()))


def test_a_supervised_file_is_named_as_one(tmp_path):
    (tmp_path / "a.txt").write_text("1\n21,31,40,25\n2\n")
    with pytest.raises(DsltError, match=r"a\.txt: lines of a supervised VOT run"):
        read_results(tmp_path, targets(a=track()))


def test_a_one_pass_run_of_vot_is_read(tmp_path):
    rows = ["1", *box_lines(track()[1:])]
    rows[3] = "-nan(ind),0,0,0"
    write = tmp_path / "unsupervised" / "a" / "a_001.txt"
    write.parent.mkdir(parents=True)
    write.write_text(vot(*rows))
    results, notes = read_results(tmp_path, targets(a=track()), 0)
    boxes = track()
    boxes[[0, 3]] = np.nan
    np.testing.assert_allclose(results["a"].boxes, boxes)
    text = "\n".join(notes)
    assert "its folder unsupervised was read" in text
    assert "a: a run of VOT's, whose first row says only that it begins there" in text
    assert "a: 1 boxes are NaN or have no area" in text


def test_unknown_layout_and_archives(tmp_path):
    with pytest.raises(DsltError, match=r"unknown layout of results 'otb\.txt'; allowed: auto"):
        read_results(tmp_path, {}, layout="otb.txt")
    with pytest.raises(DsltError, match="unpack the archive first"):
        read_results(tmp_path / "raw.zip", {})


def test_a_result_from_the_first_frame_is_cut_where_scoring_starts_later(tmp_path):
    save(tmp_path, "Tiger1", track(354), [9.0, *[0.1] * 353])
    cut = targets(Tiger1=track(354)[5:])
    results, notes = read_results(tmp_path, cut, skipped={"Tiger1": 5})
    np.testing.assert_allclose(results["Tiger1"].boxes, track(354)[5:])
    assert notes == ["Tiger1: 354 rows for 349 frames; the first 5 were cut"]
    assert results["Tiger1"].init_seconds == 9.0
    assert len(results["Tiger1"].seconds) == 349
    # Without being told, the last rows are cut; one that has the right length is left alone.
    assert read_results(tmp_path, cut)[1] == [
        "Tiger1: 354 rows for 349 frames; the last 5 were cut"
    ]
    save(tmp_path, "Tiger1", track(354)[5:], [1.0] * 349)
    assert read_results(tmp_path, cut, skipped={"Tiger1": 5})[1] == []


@pytest.mark.parametrize(
    ("written", "read", "hint"),
    [
        (0, 1, "above and left of the initial box, read as 1-based; .* give --box-origin 0"),
        (1, 0, "below and right of the initial box, read as 0-based; .* give --box-origin 1"),
        (1, 1, None),
        (0, 0, None),
    ],
)
def test_a_shift_by_one_pixel_is_hinted_at_and_not_repaired(tmp_path, written, read, hint):
    truths = {"a": track(), "b": track(x=60), "c": track(x=90)}
    for name, boxes in truths.items():
        write_boxes(tmp_path / f"{name}.txt", boxes, written)
    results, notes = read_results(tmp_path, targets(**truths), read)
    np.testing.assert_allclose(results["a"].boxes[:, 0], truths["a"][:, 0] + written - read)
    assert bool(notes) == (hint is not None)
    if hint:
        assert re.search(hint, notes[0])
        assert notes[0].startswith("HINT: ")


def test_many_notes_of_one_kind_are_joined(tmp_path):
    truths = {f"s{i}": track() for i in range(9)}
    for name in truths:
        save(tmp_path, name, track(4))
    (note,) = read_results(tmp_path, targets(**truths))[1]
    assert note.startswith("s0: 4 rows for 6 frames; the missing 2 are failures; much the same for")
    assert "8 others: s1, s2" in note


# ---------------------------------------------------------------------- bad one-pass input


def lines(boxes: np.ndarray) -> list[str]:
    return [",".join(map(str, row)) for row in (boxes + np.array([1, 1, 0, 0])).tolist()]


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("mixed delimiters", "21,31 40\t25\n22\t31,40 25\n23, 31, 40, 25\n24 31 40 25\n"),
        ("byte-order mark", "\ufeff" + "\n".join(lines(track(4)))),
        ("windows line ends", "\r\n".join(lines(track(4))) + "\r\n"),
        ("empty lines at the end", "\n".join(lines(track(4))) + "\n\n\n"),
    ],
)
def test_odd_but_clear_files_give_the_same_boxes(tmp_path, case, text):
    (tmp_path / "a.txt").write_bytes(text.encode())
    results, notes = read_results(tmp_path, targets(a=track(4)))
    np.testing.assert_allclose(results["a"].boxes, track(4))
    assert notes == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"a\.txt: no boxes in the file"),
        ("\n \n", r"a\.txt: no boxes in the file"),
        ("\n".join(lines(track(4)))[:-5], r"a\.txt, line 4: 3 values"),
        ("NaN,NaN,NaN,NaN\n" * 6, r"a\.txt: none of its 6 boxes has a place and an area"),
        ("0,0,0,0\n" * 6, r"a\.txt: none of its 6 boxes"),
        ("\n".join([*lines(track(4)), "inf,1,1,1"]), r"a\.txt, line 5: 'inf' is not a finite"),
        ("\n".join([*lines(track(4)), "1e999,1,1,1"]), r"a\.txt, line 5"),
        ("21,31,60,55,1,2,3,4\n", r"a\.txt, line 1: 8 values .* a polygon is not a box"),
        ("\x00\x01", r"a\.txt"),
    ],
)
def test_broken_text_is_an_error(tmp_path, text, message):
    (tmp_path / "a.txt").write_text(text)
    with pytest.raises(DsltError, match=message):
        read_results(tmp_path, targets(a=track()))


def test_negative_sizes_and_nan_are_counted(tmp_path):
    boxes = track()
    boxes[2, 2:] *= -1
    boxes[3] = np.nan
    write_boxes(tmp_path / "a.txt", boxes)
    assert read_results(tmp_path, targets(a=track()))[1] == ["a: 2 boxes are NaN or have no area"]


# ---------------------------------------------------------------------- supervised runs


def vot(*parts: str | int) -> str:
    return "".join(f"{part}\n" for part in parts)


def box_lines(boxes: np.ndarray) -> list[str]:
    return [",".join(f"{value:.4f}" for value in row) for row in boxes.tolist()]


RUN = ["1", *box_lines(track(8)[1:3]), "2", "0", "0", "0", "1"]


def save_run(folder: Path, name: str, text: str, number: int = 1) -> Path:
    path = folder / "baseline" / name / f"{name}_{number:03d}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_supervised_runs_and_their_seconds(tmp_path):
    for number in (1, 2):
        save_run(tmp_path, "a", vot(*RUN), number)
    (tmp_path / "baseline/a/a_time.txt").write_text("9,9\n0.1,0.3\n0.1,0.3\n" + "0,0\n" * 5)
    (tmp_path / "unsupervised").mkdir()
    runs, seconds, notes = read_runs(tmp_path, targets(a=track(8)))
    assert [run.states.tolist() for run in runs["a"]] == [[1, 3, 3, 2, 0, 0, 0, 1]] * 2
    np.testing.assert_allclose(runs["a"][0].corners[1], [[21, 30], [61, 30], [61, 55], [21, 55]])
    np.testing.assert_allclose(np.sort(seconds["a"]), [0.1, 0.1, 0.3, 0.3])
    assert "as VOT has them" in notes[0]
    assert "not read: unsupervised" in notes[1]


def test_the_experiments_own_folder_and_a_flat_one_are_read(tmp_path):
    save_run(tmp_path, "a", vot(*RUN))
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "a.txt").write_text(vot(*RUN))
    (flat / "a.csv").write_text("frame,seconds\n" + "0,0.5\n" * 3 + "0,\n" * 5)
    inside, none, _ = read_runs(tmp_path / "baseline", targets(a=track(8)))
    own, seconds, notes = read_runs(flat, targets(a=track(8)))
    np.testing.assert_array_equal(inside["a"][0].states, own["a"][0].states)
    assert none["a"] is None
    np.testing.assert_allclose(seconds["a"], [0.5, 0.5])
    assert notes == []


def test_polygons_and_boxes_share_one_array(tmp_path):
    triangle, five = "21,30,61,30,61,55", "21,30,61,30,61,55,40,60,21,55"
    save_run(tmp_path, "a", vot("1", triangle, five, "21,30,40,25"))
    run = read_runs(tmp_path, targets(a=track(4)))[0]["a"][0]
    assert run.corners.shape == (4, 5, 2)
    assert run.rectangles.tolist() == [False, False, False, True]
    np.testing.assert_array_equal(run.corners[1, 2:], [[61, 55]] * 3)
    np.testing.assert_array_equal(run.corners[3, 3:], [[21, 55]] * 2)
    assert np.isnan(run.corners[0]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no regions in the file"),
        (vot(*RUN[:-1]), "7 lines for 8 frames"),
        (vot(*RUN, "0"), "9 lines for 8 frames"),
        (vot(*RUN[:5], "", *RUN[6:]), "line 6: '' is no region"),
        (vot("1", "21,30,40", *RUN[2:]), "line 2: '21,30,40' is no region"),
        (vot("1", "21,30,,25", *RUN[2:]), "line 2: '21,30,,25' is no region"),
        (vot("1", "21,30 40,25", *RUN[2:]), "line 2: .* is no region"),
        (vot("1", "m2,3,4,5,0,20", *RUN[2:]), "line 2: .* masks are not supported"),
        (vot("1", "21,30,inf,25", *RUN[2:]), "line 2: an infinite number"),
        (vot("1", "21,30,-40,25", *RUN[2:]), "line 2: a box of negative size, -40 x 25"),
        (vot("1", "2_1,30,40,25", *RUN[2:]), "line 2: expected numbers"),
        (vot("3", *RUN[1:]), "line 1: '3' is no region"),
        (vot(*box_lines(track(8))), "line 1: a region without an initialisation .* kind ope"),
        (vot("0", "2", *RUN[2:]), "line 2: a failure without"),
        (vot(*RUN[:4], *box_lines(track(8)[4:])), "line 5: a region without"),
        (vot(*["0"] * 8), "never initialised"),
        (vot("1", *box_lines(track(8, 400)[1:])), "looks like the result of another sequence: 7"),
    ],
)
def test_broken_runs_are_refused(tmp_path, text, message):
    save_run(tmp_path, "a", text)
    with pytest.raises(DsltError, match=rf"a_001\.txt.*{message}"):
        read_runs(tmp_path, targets(a=track(8)))


def test_odd_runs_are_noted(tmp_path):
    save_run(tmp_path, "a", "\ufeff" + vot("1", "nan,nan,nan,nan", *box_lines(track(8)[2:])))
    save_run(tmp_path, "b", vot(*RUN).replace("\n", "\r\n"))
    save_run(tmp_path, "b", vot(*RUN).replace(",", "\t"), 2)
    save_run(tmp_path, "b", vot("1", *box_lines(track(8)[1:7]), "400,400,5,5"), 3)
    save_run(tmp_path, "c", vot(*RUN))
    runs, _, notes = read_runs(tmp_path, targets(a=track(8), b=track(8)))
    text = "\n".join(notes)
    assert runs["a"][0].states.tolist() == [1, 0, 3, 3, 3, 3, 3, 3]
    np.testing.assert_array_equal(runs["b"][0].corners, runs["b"][1].corners)
    assert "a_001.txt: 1 regions with NaN in them count as skipped frames" in text
    assert "b_003.txt: 1 tracked regions are off the target, yet no failures" in text
    assert "1 files of no sequence that is scored ignored: c" in text
    assert "the sequences have 1 to 3 repetitions" in text
    assert runs["b"][0].states[3] == FAILED
    assert runs["b"][2].states[7] == TRACKED


def test_odd_files_among_runs_are_told(tmp_path):
    for number in (1, 2):
        save_run(tmp_path, "a", vot(*RUN), number)
    _, _, notes = read_runs(tmp_path, targets(a=track(8)))
    assert len(notes) == 1, "nothing odd: only how they were read"
    (place,) = {path.parent for path in tmp_path.rglob("a_001.txt")}
    (place / "a_002.txt").rename(place / "a_003.txt")
    for name in ("a_001 (1).txt", "a_0004.txt", "b_002.txt", "a_002.TXT"):
        (place / name).write_text(vot(*RUN))
    for name in ("a_001.bin", "a_001_confidence.value", ".DS_Store"):
        (place / name).touch()
    runs, _, notes = read_runs(tmp_path, targets(a=track(8)))
    assert len(runs["a"]) == 2
    odd, gap = notes[-2:]
    assert odd.endswith(": a/a_0004.txt, a/a_001 (1).txt, a/a_002.TXT, a/b_002.txt")
    assert "not read, nor counted as a repetition" in odd
    assert gap.endswith("numbers of repetitions are missing in a")


def test_missing_runs_and_wrong_forms(tmp_path):
    save_run(tmp_path, "a", vot(*RUN))
    with pytest.raises(DsltError, match=r"no result for b; .* 2 sequences, found a$"):
        read_runs(tmp_path, targets(a=track(8), b=track(8)))
    (tmp_path / "mat").mkdir()
    (tmp_path / "mat" / "a_KCF.mat").touch()
    with pytest.raises(DsltError, match="layout otb-mat hold no supervised runs"):
        read_runs(tmp_path / "mat", targets(a=track(8)))


# ---------------------------------------------------------------------- scores of results


def scores_of(folder: Path, **truths: np.ndarray) -> Scores:
    return evaluate("dslt", Suite("clips", targets(**truths), OTB, "otb", 1), folder, 1, seed=3)


def test_score_file(tmp_path):
    save(tmp_path, "a", track(), [1.0, *[0.1] * 5])
    lost = track()
    lost[3:] = [400, 400, 5, 5]
    save(tmp_path, "b", lost, [1.0, *[0.2] * 5])
    scores = scores_of(tmp_path, a=track(), b=track())
    assert scores.overall.success_auc == pytest.approx(20 / 21 * 0.75)
    assert scores.overall.precision_20 == pytest.approx(0.75)
    assert scores.overall.fps == pytest.approx(7.5)
    assert scores.sequences["b"].precision_20 == 0.5
    assert scores.attributes["OCC"].sequences == 2
    assert scores.curves.precision.values[20] == pytest.approx(0.75)
    assert len(scores.curves.success.thresholds) == len(scores.curves.success.values) == 21
    assert scores.conventions["invalid_ground_truth"] == "official"
    assert scores.conventions["protocol"] == "otb"
    path = tmp_path / "score.json"
    path.write_text(to_json(scores))
    assert load_scores(path) == scores
    assert to_json(scores_of(tmp_path, b=track(), a=track())).count("NaN") == 0


def test_score_files_are_closed(tmp_path):
    path = tmp_path / "score.json"
    path.write_text('{"cell": "dslt", "average": 1}')
    with pytest.raises(DsltError, match=r"score\.json: .*unknown key 'average'"):
        load_scores(path)


@pytest.fixture
def index(tmp_path) -> Path:
    path = tmp_path / "index.parquet"
    source = SyntheticSource(scene="a", seed=0)
    truth = np.concatenate([track()[:5], np.full((1, 4), np.nan)])
    entry = IndexEntry(truth, ("OCC",), "film", size=(320, 240), name="a", source=source)
    write_index(path, BenchmarkIndex("synthetic", "otb", 1, [entry]))
    return path


def arguments(index: Path, results: Path, out: Path) -> list[str]:
    definition = OTB.model_dump_json()
    return [
        *("--index", str(index), "--results", str(results), "--json", str(out)),
        *("--protocol-definition", definition, "--cell", "dslt", "--seed", "0"),
    ]


def test_score_command(tmp_path, index):
    from dslt.commands.score import command

    results = tmp_path / "raw"
    results.mkdir()
    save(results, "a", track(8))
    out = tmp_path / "new" / "seed0.json"
    done = CliRunner().invoke(command, arguments(index, results, out), catch_exceptions=False)
    assert done.exit_code == 0
    assert "a: 8 rows for 6 frames; the last 2 were cut" in done.output
    scores = load_scores(out)
    cut, invalid = scores.notes
    assert cut == "a: 8 rows for 6 frames; the last 2 were cut"
    assert invalid.startswith("1 of 6 frames, in 1 of 1 sequences, have an invalid ground truth")
    assert scores.overall.precision_20 == 1.0  # the absent frame is a hit ...
    assert scores.sequences["a"].success[0] == pytest.approx(5 / 6)  # ... and a miss
    assert scores.overall.fps is None


def test_score_command_leaves_nothing_on_error(tmp_path, index):
    from dslt.commands.score import command

    (tmp_path / "raw").mkdir()
    save(tmp_path / "raw", "a", track(x=300))
    out = tmp_path / "new" / "seed0.json"
    done = CliRunner().invoke(command, arguments(index, tmp_path / "raw", out))
    assert isinstance(done.exception, DsltError)
    assert not out.exists()


def test_score_imports_no_torch():
    code = "import dslt.commands.score, sys; print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "False"


# ---------------------------------------------------------------------- convergence


def record(path: Path, rows: list[tuple[str, int, float, float]]) -> Path:
    text = "".join(f"{a},{b},{c},{d},0,0\n" for a, b, c, d in rows)
    path.write_text("sequence,iteration,loss,criterion,peak,background\n" + text)
    return path


def test_iterations_by_hand():
    # Means of five: 0.62, 0.42, 0.22, 0.02 at iterations 4, 5, 6, 7.
    values = np.array([1, 1, 1, 0.05, 0.05, 0, 0, 0.05])
    assert iterations_to_converge(np.array([1, 1, 1, 0.02, 0.02, 0.02, 0.02, 0.02])) == 7
    assert iterations_to_converge(values * 7, part=0.3) == 6
    assert iterations_to_converge(np.array([1, 0.0, 0.0])) == -1
    assert iterations_to_converge(np.ones(30)) == -1


def test_censored_runs_count_as_their_last_iteration(tmp_path):
    rows = [("a", i, 0.5**i, 1.0) for i in range(21)]
    found = read_records(record(tmp_path / "seed0.csv", rows))
    assert not convergence(found["a"]["loss"]).censored
    common = convergence(found["a"]["criterion"])
    assert common.censored
    assert common.iterations == 20


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("a", 1, 1.0, 1.0)], r"iterations 0\.\.0"),
        ([("a", 0, 0.0, 1.0)], "positive at iteration 0"),
        ([("a", 0, 1.0, 1.0), ("a", 1, float("nan"), 1.0)], "must be finite"),
    ],
)
def test_broken_convergence_records(tmp_path, rows, message):
    with pytest.raises(DsltError, match=message):
        read_records(record(tmp_path / "seed0.csv", rows))


def test_convergence_record_without_columns(tmp_path):
    (tmp_path / "seed0.csv").write_text("sequence,iteration\na,0\n")
    with pytest.raises(DsltError, match="lacks the columns loss, criterion"):
        read_records(tmp_path / "seed0.csv")
    with pytest.raises(DsltError, match="not a convergence record"):
        read_records(tmp_path / "absent.csv")
