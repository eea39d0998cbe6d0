"""Conventions of other people's results: told of, or counted, and never a silent number."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.io import savemat

from dslt.commands.score import command
from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import from_file_origin, to_file_origin, write_boxes
from dslt.score.evaluate import Suite, evaluate
from dslt.score.hints import better_fits
from dslt.score.read_boxes import read_results
from dslt.score.scores import Scores
from dslt.settings.protocols import OpeProtocol, load_protocols
from places import ROOT

OTB = load_protocols(ROOT / "config" / "protocols.yaml")["otb"]
ABSENT = [np.nan] * 4
FRAMES = 40


def path_of(seed: int, frames: int = FRAMES, step: float = 4.0) -> np.ndarray:
    """A target that moves, of the size 36 x 52."""
    random = np.random.default_rng(seed)
    moves = random.normal([step, step / 2], 1, (frames, 2))
    corner = np.round(np.cumsum(moves, axis=0)) + np.array([30, 40])
    return np.column_stack([corner, np.full(frames, 36.0), np.full(frames, 52.0)])


TRUTH = {name: path_of(seed) for seed, name in enumerate(("Deer", "Man", "Coke"))}


def shaky(truth: np.ndarray, seed: int) -> np.ndarray:
    """What a tracker makes of it: it starts at the initial box and is a little off."""
    boxes = truth + np.random.default_rng(100 + seed).normal(0, 2, truth.shape)
    boxes[0] = truth[0]
    return boxes


def suite(truths: dict[str, np.ndarray] = TRUTH, origin: int = 1, **changes: object) -> Suite:
    assert isinstance(OTB, OpeProtocol)
    targets = {name: Target(truth, (), name) for name, truth in truths.items()}
    return Suite("mine", targets, OTB.model_copy(update=changes), "otb", origin)


def scored(folder: Path, truths=TRUTH, origin: int = 1, others: bool = False) -> Scores:
    return evaluate("t", suite(truths, origin), folder, origin, others=others)


def save_rows(folder: Path, make, origin: int = 1) -> None:
    """Write for each sequence what `make` makes of a tracker's rows as a file has them."""
    for seed, (name, truth) in enumerate(TRUTH.items()):
        rows = make(to_file_origin(shaky(truth, seed), origin))
        text = "".join(",".join(f"{value:.4f}" for value in row) + "\n" for row in rows)
        (folder / f"{name}.txt").write_text(text)


def hints_of(notes) -> list[str]:
    return [note for note in notes if note.startswith("HINT")]


# ---------------------------------------------------------------------- validity


@pytest.mark.parametrize("origin", [0, 1])
def test_a_target_at_the_first_pixel_counts_wherever_files_count_from(tmp_path, origin):
    edge = np.array([[0.0, 80 + i, 40, 40] for i in range(12)])
    half = np.array([[max(0.0, 2 * (i - 5)), 80 + i, 40, 40] for i in range(12)])
    truths = {"edge": edge, "half": half}
    perfect, lost = tmp_path / "perfect", tmp_path / "lost"
    for folder in (perfect, lost):
        folder.mkdir()
    for name, truth in truths.items():
        write_boxes(perfect / f"{name}.txt", truth, origin)
        away = np.concatenate([truth[:1], np.tile([[250.0, 10, 40, 40]], (11, 1))])
        write_boxes(lost / f"{name}.txt", away, origin)
    found = scored(perfect, truths, origin, others=True)
    assert found.overall.success_auc == pytest.approx(20 / 21)
    assert found.notes == ()
    assert found.alternatives["invalid_truth_skipped"].success_auc == pytest.approx(20 / 21)
    away = scored(lost, truths, origin).overall
    assert (away.success_auc, away.precision_20) == pytest.approx((20 / 21 / 12, 1 / 12))


def test_invalid_truth_is_counted_in_a_note(tmp_path):
    truths = {"a": path_of(1), "b": path_of(2), "c": path_of(3)}
    truths["a"][3:6] = np.nan
    truths["b"][7, 0] = -1  # over the left edge
    for name, truth in truths.items():
        write_boxes(tmp_path / f"{name}.txt", np.nan_to_num(truth, nan=5))
    (note,) = scored(tmp_path, truths).notes
    assert note.startswith("4 of 120 frames, in 2 of 3 sequences, have an invalid ground truth")
    assert note.endswith("each is a success miss and a precision hit")
    skipping = suite(truths, invalid_ground_truth="skip")
    (note,) = evaluate("t", skipping, tmp_path, 1).notes
    assert note.endswith("they are left out")


def test_an_alternative_that_fails_leaves_the_others(tmp_path):
    truths = {"a": path_of(1), "gone": np.full((FRAMES, 4), -5.0)}
    for name in truths:
        write_boxes(tmp_path / f"{name}.txt", path_of(1))
    truths["gone"][0] = path_of(1)[0]
    truths["gone"][0, 0] = -1
    found = scored(tmp_path, truths, others=True)
    assert set(found.alternatives) == {"thresholds_101", "at_or_above", "first_frame_of_result"}
    (note,) = [note for note in found.notes if note.startswith("alternative")]
    assert note.startswith("alternative invalid_truth_skipped: cannot be scored (sequence 2 of 2")


# ---------------------------------------------------------------------- hints


def corners(rows):
    return np.column_stack([rows[:, :2], rows[:, :2] + rows[:, 2:] - 1])


def middle(rows):
    return np.column_stack([rows[:, :2] + rows[:, 2:] / 2, rows[:, 2:]])


FORMS = {
    "two corners x1": lambda rows: corners(rows) + np.array([0, 0, 1, 1]),
    "in two corners": corners,
    "two corners y1": lambda rows: (corners(rows) + np.array([0, 0, 1, 1]))[:, [1, 0, 3, 2]],
    "the centre and the size": middle,
    "the centre and the size, rows before": lambda rows: middle(rows)[:, [1, 0, 3, 2]],
    "y,x,w,h": lambda rows: rows[:, [1, 0, 2, 3]],
    "frames of another size": lambda rows: np.concatenate([rows[:1], rows[1:] / 2]),
    "x1,x2,y1,y2": lambda rows: (corners(rows) + np.array([0, 0, 1, 1]))[:, [0, 2, 1, 3]],
    "y1,y2,x1,x2": lambda rows: (corners(rows) + np.array([0, 0, 1, 1]))[:, [1, 3, 0, 2]],
    "height before width": lambda rows: rows[:, [0, 1, 3, 2]],
    "y,x,h,w": lambda rows: rows[:, [1, 0, 3, 2]],
    "that of the first frame were missing": lambda rows: rows[1:],
    "one too many at the start": lambda rows: np.concatenate([rows[:1], rows]),
    "fractions of the frame": lambda rows: rows / [640, 480, 640, 480],
}

REFUSED = {"fractions of the frame", "y1,y2,x1,x2"}  # their first box is beside the target


@pytest.mark.parametrize("origin", [0, 1])
@pytest.mark.parametrize("form", FORMS)
def test_another_convention_is_never_silent(tmp_path, form, origin):
    save_rows(tmp_path, FORMS[form], origin)
    refusal = f"looks like the result of another sequence: .*; its rows look like .*{form}"
    if form in REFUSED:
        with pytest.raises(DsltError, match=refusal):
            scored(tmp_path, origin=origin)
        return
    (hint,) = hints_of(scored(tmp_path, origin=origin).notes)
    assert re.search(f"3 of 3 results fit the ground truth better as .*{form}", hint)
    assert re.search(
        "they were scored as they are: (convert them to x,y,w,h|put|take|multiply)", hint
    )


@pytest.mark.parametrize("form", ["two corners x1,y1,x2,y2", "the centre and the size"])
def test_ground_truth_in_another_convention_is_told(tmp_path, form):
    convert = middle if "centre" in form else FORMS["two corners x1"]
    save_rows(tmp_path, lambda rows: rows)
    wrong = {
        name: from_file_origin(convert(to_file_origin(boxes, 1)), 1)
        for name, boxes in TRUTH.items()
    }
    (hint,) = hints_of(scored(tmp_path, wrong).notes)
    assert f"fit the ground truth better as boxes, if the ground truth is {form} (mean" in hint
    assert hint.endswith("they were scored as they are: convert the ground truth to x,y,w,h")


@pytest.mark.parametrize("origin", [0, 1])
@pytest.mark.parametrize("step", [0.0, 1.0, 12.0])
def test_the_right_convention_gets_no_hint(tmp_path, origin, step):
    truths = {str(seed): path_of(seed, step=step) for seed in range(3)}
    for seed, (name, truth) in enumerate(truths.items()):
        boxes = shaky(truth, seed)
        boxes[15:] += 200  # lost
        write_boxes(tmp_path / f"{name}.txt", boxes, origin)
    assert scored(tmp_path, truths, origin).notes == ()


@pytest.mark.parametrize("later", [True, False])
def test_a_shift_that_no_result_alone_shows(tmp_path, later):
    truths = {str(seed): path_of(seed, step=1.5) for seed in range(12)}
    for seed, (name, truth) in enumerate(truths.items()):
        boxes = shaky(truth, seed)
        moved = np.concatenate([boxes[1:], boxes[-1:]] if later else [boxes[:1], boxes[:-1]])
        write_boxes(tmp_path / f"{name}.txt", moved)
    (hint,) = scored(tmp_path, truths).notes
    pattern = "put a row with the initial box in front" if later else "take the first row out"
    assert re.search(rf"of 12 results fit .* one frame {'later' if later else 'earlier'}", hint)
    assert hint.endswith(f"{pattern}, or the tracker {'is ahead' if later else 'lags'}")
    few = dict(list(truths.items())[:9])
    assert hints_of(scored(tmp_path, few).notes) == []


def lagging(boxes: np.ndarray) -> np.ndarray:
    late = boxes.copy()
    for row in range(1, len(boxes)):
        late[row] = 0.9 * late[row - 1] + 0.1 * boxes[row]
    return late


@pytest.mark.parametrize(
    "track",
    [lagging, lambda boxes: np.tile(boxes[:1], (FRAMES, 1)), lambda boxes: boxes[::5].repeat(5, 0)],
)
@pytest.mark.parametrize("step", [0.5, 1.5, -1.5])
def test_a_tracker_that_lags_or_is_lost_gets_no_hint(tmp_path, track, step):
    truths = {str(seed): path_of(seed, step=step) for seed in range(12)}
    for seed, (name, truth) in enumerate(truths.items()):
        write_boxes(tmp_path / f"{name}.txt", track(shaky(truth, seed))[:FRAMES])
    assert hints_of(scored(tmp_path, truths).notes) == []


def test_one_odd_first_row_or_one_odd_file_of_many_gets_no_hint(tmp_path):
    save_rows(tmp_path, lambda rows: np.concatenate([corners(rows[:1]), rows[1:]]))
    assert hints_of(scored(tmp_path).notes) == []
    save_rows(tmp_path, lambda rows: rows)
    odd = corners(to_file_origin(TRUTH["Man"], 1))
    text = "".join(",".join(map(str, row)) + "\n" for row in odd.tolist())
    (tmp_path / "Man.txt").write_text(text)
    notes = scored(tmp_path).notes
    assert hints_of(notes) == []
    assert notes[0].startswith(
        "Man: its rows look like the pixels x1,y1,x2,y2 in two corners (mean"
    )


@pytest.mark.parametrize("odd", [("Man",), ("Man", "Coke")])
def test_files_that_count_otherwise_than_the_others(tmp_path, odd):
    truths = TRUTH | {"Boat": path_of(7)}
    for seed, (name, truth) in enumerate(truths.items()):
        write_boxes(tmp_path / f"{name}.txt", shaky(truth, seed), 0 if name in odd else 1)
    (hint,) = scored(tmp_path, truths).notes
    names = ", ".join(odd)
    assert re.search(f": {names} starts? exactly one pixel above and left of the initial", hint)
    assert hint.endswith("the others start on it: check where these files count pixels from")


def test_results_without_the_last_row_get_no_hint(tmp_path):
    save_rows(tmp_path, lambda rows: rows[:-1])
    notes = scored(tmp_path).notes
    assert len(notes) == 3
    assert all("39 rows for 40 frames; the missing 1 are failures" in note for note in notes)


def test_nothing_to_look_at():
    assert better_fits([], [], 1) == []
    one = np.array([[5.0, 5, 9, 9]])
    assert better_fits([one, one * np.nan], [one, one], 1) == [None, None]


# ---------------------------------------------------------------------- parts of a benchmark


def test_scores_name_the_results_they_are_of(tmp_path):
    save_rows(tmp_path, lambda boxes: boxes)
    before = scored(tmp_path)
    (tmp_path / "other.txt").write_text("1,2,3,4\n")  # of no sequence
    assert scored(tmp_path).raw == before.raw
    path = tmp_path / "Man.txt"
    path.write_bytes(path.read_bytes() + b"\n")
    after = scored(tmp_path)
    assert after.raw != before.raw
    same = {"raw", "notes"}
    assert after.model_dump(exclude=same) == before.model_dump(exclude=same)
    (tmp_path / "Man.csv").write_text(
        "frame,seconds\n" + "".join(f"{n},0.1\n" for n in range(FRAMES))
    )
    assert scored(tmp_path).raw not in {before.raw, after.raw}


def test_a_missing_sequence_makes_a_part(tmp_path):
    save_rows(tmp_path, lambda rows: rows)
    whole = scored(tmp_path)
    (tmp_path / "Man.txt").unlink()
    part = scored(tmp_path)
    assert (whole.complete, part.complete) == (True, False)
    assert list(part.sequences) == ["Deer", "Coke"]
    assert part.sequences["Coke"] == whole.sequences["Coke"]
    (note,) = part.notes
    assert note.startswith("A PART ONLY: 2 of 3 sequences were scored; ")
    assert note.endswith("has no result for Man")
    with pytest.raises(DsltError, match="no result for Man"):
        read_results(tmp_path, suite().targets)  # a part only where it is asked for
    (tmp_path / "Coke.txt").unlink()
    with pytest.raises(DsltError, match=r"no result for Man, Coke; .* 3 sequences, found Deer"):
        scored(tmp_path)


def test_a_part_of_supervised_runs(tmp_path):
    vot = load_protocols(ROOT / "config" / "protocols.yaml")["vot_short"]
    for name in ("Deer", "Coke"):
        (tmp_path / name).mkdir()
        rows = [",".join(map(str, row)) for row in TRUTH[name].tolist()]
        (tmp_path / name / f"{name}_001.txt").write_text("\n".join(["1", *rows[1:]]))
    whole = Suite("mine", suite().targets, vot, "vot_short", 0)
    found = evaluate("t", whole, tmp_path, 0)
    assert list(found.sequences) == ["Deer", "Coke"]
    assert not found.complete
    assert any(note.startswith("A PART ONLY: 2 of 3") for note in found.notes)


def supervised_hints(folder: Path, make) -> list[str]:
    """The hints of runs that are a few pixels off, in the form that `make` makes of them."""
    vot = load_protocols(ROOT / "config" / "protocols.yaml")["vot_short"]
    truths = {str(seed): path_of(seed) for seed in range(12)}
    for seed, (name, truth) in enumerate(truths.items()):
        rows = [",".join(map(str, row)) for row in make(shaky(truth, seed)).tolist()]
        path = folder / name / f"{name}_001.txt"
        path.parent.mkdir()
        path.write_text("\n".join(["1", *rows[1:]]))
    found = evaluate("t", Suite("m", suite(truths).targets, vot, "vot_short", 0), folder, 0)
    return hints_of(found.notes)


def test_accuracy_by_length_is_the_same_in_comparisons(tmp_path):
    pooled = load_protocols(ROOT / "config" / "protocols.yaml")["vot_short"]
    by_length = pooled.model_copy(update={"accuracy": "by_length"})
    truths = {"long": path_of(0)[:40], "short": path_of(1)[:20]}
    for (name, truth), shift in zip(truths.items(), (1, 5), strict=True):
        rows = [",".join(map(str, row)) for row in np.add(truth, [shift, 0, 0, 0]).tolist()]
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}_001.txt").write_text("\n".join(["1", *rows[1:]]))
    accuracies = []
    for protocol in (pooled, by_length):
        whole = Suite("mine", suite(truths).targets, protocol, "vot_short", 0)
        found = evaluate("t", whole, tmp_path, 0)
        sums = np.array([one.sums("accuracy") for one in found.sequences.values()]).sum(axis=0)
        assert (sums[0] / sums[1]).item() == pytest.approx(found.overall.accuracy)
        accuracies.append(found.overall.accuracy)
    assert accuracies[0] > accuracies[1] + 0.001  # the short one counts more by length


@pytest.mark.parametrize("form", ["two corners x1", "two corners y1", "the centre and the size"])
def test_supervised_runs_in_another_form(tmp_path, form):
    (hint,) = supervised_hints(tmp_path, FORMS[form])
    assert re.search(f"1[12] of 12 results fit the ground truth better as {form}", hint)


def test_supervised_runs_that_count_from_one(tmp_path):
    (hint,) = supervised_hints(tmp_path, lambda rows: rows + np.array([1, 1, 0, 0]))
    assert "about one pixel below and right of the ground truth, read as 0-based" in hint
    assert hint.endswith("if they count pixels from 1, give --box-origin 1")


def test_supervised_runs_as_they_should_be_get_no_hint(tmp_path):
    assert supervised_hints(tmp_path, lambda rows: rows) == []


def test_a_part_is_said_in_the_headline(tmp_path):
    for name in ("Deer", "Man"):
        write_boxes(tmp_path / "anno" / f"{name}.txt", TRUTH[name])
        write_boxes(tmp_path / "res" / f"{name}.txt", TRUTH[name])
    arguments = ["--benchmark", "OTB-2015", "--annotations", str(tmp_path / "anno")]
    done = CliRunner().invoke(command, [*arguments, "--results", str(tmp_path / "res")])
    assert "OTB-2015: 2 sequences, A PART OF THE BENCHMARK" in done.output


def test_annotations_that_lack_rows_are_not_the_benchmark(tmp_path):
    known = read_definitions(ROOT / "config" / "benchmarks.yaml")["OTB-2013"]
    for name in known["sequences"]:
        rows = known["annotated_rows"].get(name, FRAMES)
        for folder in ("anno", "res"):
            write_boxes(tmp_path / folder / f"{name}.txt", path_of(1, rows))
    arguments = ["--benchmark", "OTB-2013", "--annotations", str(tmp_path / "anno")]
    done = CliRunner().invoke(command, [*arguments, "--results", str(tmp_path / "res")])
    assert "OTB-2013: 51 sequences, A PART OF THE BENCHMARK" in done.output
    assert f"{50 * FRAMES + 354} annotated frames, but OTB-2013 has 29491" in done.output
    (tmp_path / "anno" / "Girl.txt").unlink()
    done = CliRunner().invoke(command, [*arguments, "--results", str(tmp_path / "res")])
    assert "there is no ground truth of Girl" in done.output


def test_hidden_folders_are_no_trackers(tmp_path):
    write_boxes(tmp_path / "anno" / "Deer.txt", TRUTH["Deer"])
    write_boxes(tmp_path / "res" / "A" / "Deer.txt", TRUTH["Deer"])
    (tmp_path / "res" / ".cache").mkdir()
    arguments = ["--benchmark", "OTB-2015", "--annotations", str(tmp_path / "anno")]
    done = CliRunner().invoke(command, [*arguments, "--trackers", str(tmp_path / "res")])
    assert done.exit_code == 0


def test_trackers_of_which_one_lacks_a_sequence_are_not_compared(tmp_path):
    for name, truth in TRUTH.items():
        write_boxes(tmp_path / "anno" / f"{name}.txt", truth)
        for tracker in ("A", "B"):
            write_boxes(tmp_path / "res" / tracker / f"{name}.txt", truth)
    (tmp_path / "res" / "B" / "Man.txt").unlink()
    arguments = ["--benchmark", "OTB-2015", "--annotations", str(tmp_path / "anno")]
    arguments += ["--trackers", str(tmp_path / "res")]
    done = CliRunner().invoke(command, arguments)
    assert isinstance(done.exception, DsltError)
    assert "B has no result for Man; name those that all have" in str(done.exception)
    done = CliRunner().invoke(command, [*arguments, "--sequence", "Deer", "--sequence", "Coke"])
    assert done.exit_code == 0
    assert "note: A: 1 files of no sequence that is scored ignored: Man" in done.output


# ---------------------------------------------------------------------- names of files


def save_as(folder: Path, pattern: str, names=tuple(TRUTH)) -> None:
    for name in names:
        write_boxes(folder / pattern.format(name), TRUTH[name])


@pytest.mark.parametrize(
    "pattern", ["{}_KCF.txt", "KCF_{}.txt", "otb-{}.txt", "my_{}.v2.txt", "{}/{}_001.txt"]
)
def test_names_around_the_sequences_are_read(tmp_path, pattern):
    for name in TRUTH:
        write_boxes(tmp_path / pattern.format(name, name), TRUTH[name])
    results, notes = read_results(tmp_path, suite().targets)
    for name, truth in TRUTH.items():
        np.testing.assert_allclose(results[name].boxes, truth)
    assert len(notes) == 1
    if "/" not in pattern:
        assert notes[0].endswith(f"read as files {pattern.format('<sequence>')}")


def test_times_beside_names_with_a_tracker(tmp_path):
    save_as(tmp_path, "{}_KCF.txt")
    for name in TRUTH:
        (tmp_path / f"{name}_KCF_time.txt").write_text("1\n" + "0.1\n" * (FRAMES - 1))
    results, _ = read_results(tmp_path, suite().targets)
    assert results["Deer"].fps == pytest.approx(10)


def test_names_that_are_right_go_before_names_with_a_tracker(tmp_path):
    save_as(tmp_path, "{}.txt")
    write_boxes(tmp_path / "Deer_old.txt", TRUTH["Man"])
    results, notes = read_results(tmp_path, suite().targets)
    np.testing.assert_allclose(results["Deer"].boxes, TRUTH["Deer"])
    assert notes == ["1 files of no sequence that is scored ignored: Deer_old"]


@pytest.mark.parametrize(
    ("patterns", "message"),
    [
        (("{}_KCF.txt", "{}_MDNet.txt"), "several trackers: KCF, MDNet; put each tracker's files"),
        (("KCF_{}.txt", "MDNet_{}.txt"), "several trackers: KCF, MDNet"),
        (("KCF/{0}/{0}_001.txt", "MDNet/{0}/{0}_001.txt"), "several trackers or exp.*: KCF, MDNet"),
    ],
)
def test_two_trackers_in_one_folder_are_refused(tmp_path, patterns, message):
    for pattern in patterns:
        save_as(tmp_path, pattern)
    with pytest.raises(DsltError, match=message):
        read_results(tmp_path, suite().targets)


def test_one_sequence_of_names_that_begin_alike(tmp_path):
    names = ("car1", "car1_s", "car1_1", "car10")
    for seed, name in enumerate(names):
        write_boxes(tmp_path / f"{name}_KCF.txt", path_of(seed))
    results, notes = read_results(tmp_path, suite({"car1": path_of(0)}).targets)
    np.testing.assert_allclose(results["car1"].boxes, path_of(0))
    assert notes[0].endswith("read as files <sequence>_KCF.txt")
    assert notes[1].startswith("3 files of no sequence that is scored ignored: car10, car1_1")


def test_a_second_target_beside_a_first_without_a_number(tmp_path):
    truths = {"Jogging-1": path_of(1), "Jogging-2": path_of(2), "Deer": path_of(3)}
    for pattern in ("{}_KCF.txt", "{}.txt"):
        folder = tmp_path / pattern.strip("{}.")
        for name, theirs in zip(truths, ("Jogging", "Jogging(2)", "Deer"), strict=True):
            write_boxes(folder / pattern.format(theirs), truths[name])
        results, _ = read_results(folder, suite(truths).targets)
        for name, truth in truths.items():
            np.testing.assert_allclose(results[name].boxes, truth)


@pytest.mark.parametrize("pattern", ["{}.txt", "{}_KCF.txt"])
def test_two_files_that_are_spelled_alike_are_both_named(tmp_path, pattern):
    save_as(tmp_path, pattern, ["Deer", "Coke"])
    for name in ("MAN", "man"):
        write_boxes(tmp_path / pattern.format(name), TRUTH["Man"])
    with pytest.raises(DsltError, match="MAN, man could each be the result of Man; leave one"):
        scored(tmp_path)
    save_as(tmp_path, pattern)
    assert any(note.startswith("2 files of no sequence") for note in scored(tmp_path).notes)


@pytest.mark.parametrize("name", ["README.txt", "attributes.txt"])
@pytest.mark.parametrize("form", ["{0}_KCF.mat", "{0}.json", "{0}/{0}_001.txt"])
def test_a_text_beside_other_results_hides_none(tmp_path, form, name):
    for sequence, truth in TRUTH.items():
        path = tmp_path / form.format(sequence)
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".mat":
            savemat(path, {"results": {"res": truth + np.array([1, 1, 0, 0]), "type": "rect"}})
        elif path.suffix == ".json":
            path.write_text(json.dumps((truth + np.array([1, 1, 0, 0])).tolist()))
        else:
            write_boxes(path, truth)
    whole = read_results(tmp_path, suite().targets)[0]
    (tmp_path / name).write_text("1,2,3,4\n")
    for sequence, result in read_results(tmp_path, suite().targets)[0].items():
        np.testing.assert_array_equal(result.boxes, whole[sequence].boxes)


def test_texts_of_sequences_go_before_other_files(tmp_path):
    save_as(tmp_path, "{}.txt")
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "README.txt").write_text("of mine\n")
    _, notes = read_results(tmp_path, suite().targets)
    assert notes == ["1 files of no sequence that is scored ignored: README"]


@pytest.mark.parametrize(("seconds", "told"), [(40, True), (0.04, False), (1, False)])
def test_milliseconds_are_told(tmp_path, seconds, told):
    save_rows(tmp_path, lambda rows: rows)
    (tmp_path / "Man_time.txt").write_text(f"{seconds}\n" * FRAMES)
    notes = hints_of(scored(tmp_path).notes)
    assert [": frames of Man took more than 10 s each" in note for note in notes] == [True] * told


def test_a_ground_truth_of_one_row_is_not_scored(tmp_path):
    save_rows(tmp_path, lambda rows: rows)
    first_only = TRUTH | {"Man": TRUTH["Man"][:1]}
    with pytest.raises(DsltError, match="of Man has one row, the box that a tracker is given"):
        scored(tmp_path, first_only)


WRITTEN = {
    "line 2: .* has decimal commas": lambda text: (
        "1;2;3;4\n" + text.replace(",", ";").replace(".", ",")
    ).encode(),
    "has decimal commas; expected x,y,w,h with decimal points": lambda text: (
        text.replace(",", ";").replace(".", ",").encode()
    ),
    "text in UTF-16; expected UTF-8": lambda text: text.encode("utf-16"),
    "a pointer of Git LFS, not the file; fetch": lambda text: (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n"
    ),
    "line 1: 'x,y,w,h' is a header; .* take the line out": lambda text: (
        b"x,y,w,h\r\n" + text.encode()
    ),
}


@pytest.mark.parametrize("words", WRITTEN)
@pytest.mark.parametrize("kind", ["otb", "vot_short"])
def test_what_a_file_is_instead_is_said(tmp_path, words, kind):
    save_rows(tmp_path, lambda rows: rows)
    path = tmp_path / "Man.txt"
    path.write_bytes(WRITTEN[words](path.read_text()))
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")[kind]
    for name in ("Deer", "Coke") if kind == "vot_short" else ():
        text = (tmp_path / f"{name}.txt").read_text().partition("\n")[2]
        (tmp_path / f"{name}.txt").write_text(f"1\n{text}")
    with pytest.raises(DsltError, match=rf"Man.txt.*{words}"):
        evaluate("t", Suite("m", suite().targets, protocol, kind, 1), tmp_path, 1)


@pytest.mark.parametrize(("end", "to"), [("TXT", "txt"), ("csv", "txt"), ("Json", "json")])
def test_files_with_another_end_are_to_be_renamed(tmp_path, end, to):
    save_as(tmp_path, f"{{}}.{end}")
    with pytest.raises(DsltError, match=f"found Coke.{end}, .*; rename the .{end} files to .{to}"):
        scored(tmp_path)


def test_true_is_no_number(tmp_path):
    for name, truth in TRUTH.items():
        (tmp_path / f"{name}.json").write_text(json.dumps({"res": truth.tolist()}))
    scored(tmp_path)
    rows = [*TRUTH["Man"].tolist()[:-1], [True] * 4]
    (tmp_path / "Man.json").write_text(json.dumps({"res": rows}))
    with pytest.raises(DsltError, match=r"Man\.json: 'res' holds no numbers"):
        scored(tmp_path)
