"""Raw results: what is read, what is refused, what the score file says about it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from dslt.boxes import write_boxes
from dslt.errors import DsltError
from dslt.evaluation.convergence import converged, iterations_to_converge, read_records
from dslt.evaluation.formats import read_result, read_results
from dslt.evaluation.protocols import load_protocols
from dslt.evaluation.scores import Run, Scores, Target, build_scores, load_scores, to_json

CONFIG = Path(__file__).resolve().parents[2] / "config" / "protocols.yaml"
OTB = load_protocols(CONFIG)["otb"]


def track(frames: int = 6, x: float = 20) -> np.ndarray:
    """A target that moves one pixel a frame."""
    return np.column_stack(
        [x + np.arange(frames), np.full(frames, 30.0), np.full(frames, 40.0), np.full(frames, 25.0)]
    )


def save(folder: Path, name: str, boxes, seconds=None) -> Path:
    write_boxes(folder / f"{name}.txt", boxes)
    if seconds is not None:
        rows = "".join(f"{i},0,0,1,1,,{value}\n" for i, value in enumerate(seconds))
        (folder / f"{name}.csv").write_text("frame,x,y,w,h,score,seconds\n" + rows)
    return folder / f"{name}.txt"


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
        read_results(tmp_path, {"a": track()})


def test_folder(tmp_path):
    with pytest.raises(DsltError, match="no such folder"):
        read_results(tmp_path / "absent", {"a": track()})
    save(tmp_path, "a", track())
    with pytest.raises(DsltError, match=r"no result for b, c; .* 3 sequences, found a"):
        read_results(tmp_path, {"a": track(), "b": track(), "c": track()})
    save(tmp_path, "other", track())
    results, notes = read_results(tmp_path, {"a": track()})
    assert list(results) == ["a"]
    assert notes == ["1 files of no sequence in this benchmark ignored: other"]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("frame,score\n0,1\n", "no column 'seconds'"),
        ("frame,seconds\n0,1\n", "1 rows, but 6 boxes"),
        ("frame,seconds\n" + "0,x\n" * 6, "seconds = 'x' is not a finite number"),
    ],
)
def test_broken_record_is_refused(tmp_path, record, message):
    path = save(tmp_path, "a", track())
    path.with_suffix(".csv").write_text(record)
    with pytest.raises(DsltError, match=message):
        read_result(path, track())


def scores_of(folder: Path, **truths: np.ndarray) -> Scores:
    targets = {name: Target(truth, ("OCC",), "film") for name, truth in truths.items()}
    results, notes = read_results(folder, truths)
    return build_scores(Run("dslt", "clips", 3, "otb"), targets, results, notes, OTB, 1)


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
    path = tmp_path / "index.json"
    path.write_text(
        json.dumps(
            {
                "benchmark": "synthetic",
                "protocol": "otb",
                "box_origin": 1,
                "sequences": [
                    {
                        "name": "a",
                        "video": "film",
                        "attributes": ["OCC"],
                        "frames": 6,
                        "size": [320, 240],
                        "source": {"kind": "synthetic", "scene": "a", "seed": 0},
                        "ground_truth": [*track()[:5].tolist(), None],
                    }
                ],
            }
        )
    )
    return path


def arguments(index: Path, results: Path, out: Path) -> list[str]:
    definition = OTB.model_dump_json()
    return [
        *("--index", str(index), "--results", str(results), "--out", str(out)),
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
    assert "note: a: 8 rows for 6 frames; the last 2 were cut" in done.output
    scores = load_scores(out)
    assert scores.notes == ("a: 8 rows for 6 frames; the last 2 were cut",)
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
    assert not converged(found, "loss")["a"].censored
    common = converged(found, "criterion")["a"]
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
