"""Fig. 6, 7, 14 and the lower part of Fig. 16: classification losses and offline training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import write_index
from dslt.figures import fig06, fig07, fig14, fig16
from dslt.geometry import boxes
from dslt.score.validation import read_validations
from dslt.track.one_pass import TrackerRun, write_run
from dslt.track.responses import Response, write_response
from dslt.trackers.base import TrainingRecord
from result_files import call, texts
from training_case import train

# ------------------------------------------------------------------ Fig. 6


def test_fig06_draws_the_corrected_losses():
    factors, losses = fig06.evaluate(1 - np.array([0.01, 0.3, 0.38, 0.9]))
    np.testing.assert_allclose(factors["bce"], 1)
    np.testing.assert_allclose(factors["no_exp"][[0, 1, 3]], [0.99727, 0.95257, 0.04743], atol=1e-5)
    np.testing.assert_allclose(factors["full"], [1.00729, 1.28584, 1.3164, 0.11665], atol=3e-5)
    np.testing.assert_allclose(losses["focal"][[0, 1, 3]], [4.51353, 0.58995, 0.00105], atol=1e-5)
    np.testing.assert_allclose(losses["full"][[0, 1, 3]], [4.63875, 1.54812, 0.01229], atol=1e-5)


def test_fig06_names_the_peak_and_shades_what_is_easy():
    figure = fig06.figure()
    written = texts(figure)
    assert "1.32 at $p_t = 0.38$" in written
    for ax in figure.axes:
        (shade,) = [patch for patch in ax.patches if patch.get_alpha() == 0.15]
        assert shade.get_x() + shade.get_width() == pytest.approx(0.4)
        assert len(ax.get_lines()) >= 4


# ------------------------------------------------------------------ Fig. 7


def write_map(path: Path, low: float = 0.1, frame: int = 5, side: int = 9) -> Path:
    """A map that is 0.9 at the cell of its middle and `low` elsewhere; the box is 32 pixels."""
    probability = np.full((side, side), low, np.float32)
    probability[side // 2, side // 2] = 0.9
    response = Response(
        template=np.full((127, 127, 3), 80, np.uint8),
        search=np.full((255, 255, 3), 120, np.uint8),
        probability=probability,
        box=np.array([111.5, 111.5, 32, 32]),
        stride=8,
        frame=frame,
        sequence="alpha",
        loss="bce",
    )
    write_response(response, path)
    return path


def test_fig07_says_how_high_the_maps_are_in_the_box_and_outside(tmp_path):
    write_map(tmp_path / "a.npz", 0.25)
    write_map(tmp_path / "b.npz", 0.0, side=3)
    rows = fig07.load([f"a={tmp_path / 'a.npz'}", f"b={tmp_path / 'b.npz'}"])
    assert rows[""]["a"].place == (91.5, 163.5)
    figure = fig07.figure(rows, {"a": "BCE"})
    written = texts(figure)
    assert "max. in box 0.90, outside 0.25" in written
    assert "max. in box 0.90, outside –" in written  # all cells of the small map are in the box
    assert {"(a) alpha", "frame 5", "Template", "Search region", "BCE", "b"} <= set(
        written.splitlines()
    )
    maps = [ax.images[0] for ax in figure.axes[2:4]]
    assert [image.get_clim() for image in maps] == [(0, 1)] * 2


def test_fig07_has_a_row_for_each_name(tmp_path):
    one, two = (write_map(tmp_path / f"{n}.npz", frame=n) for n in (5, 7))
    rows = fig07.load([f"a@first={one}", f"b@first={one}", f"a@second={two}"])
    figure = fig07.figure(rows)
    assert [ax.axison for ax in figure.axes[:8]] == [True] * 7 + [False]
    assert "(b) alpha" in texts(figure)


def test_fig07_refuses_to_compare_answers_to_different_questions(tmp_path):
    one, two = (write_map(tmp_path / f"{n}.npz", frame=n) for n in (5, 7))
    with pytest.raises(DsltError, match=r"7\.npz: is of alpha, frame 7, .*5\.npz of alpha, frame"):
        fig07.load([f"a={one}", f"b={two}"])
    changed = dict(np.load(one))
    changed["search"] = changed["search"][:239, :239]
    np.savez(tmp_path / "small.npz", **changed)
    with pytest.raises(DsltError, match=r"small\.npz: its search differs.*the same crops"):
        fig07.load([f"a={one}", f"b={tmp_path / 'small.npz'}"])


def test_fig07_errors_name_the_file(tmp_path):
    good = write_map(tmp_path / "good.npz")
    with pytest.raises(DsltError, match=r"gone\.npz: no such file.*dslt respond"):
        fig07.load([f"a={tmp_path / 'gone.npz'}"])
    with pytest.raises(DsltError, match="a was given twice; name the rows with"):
        fig07.load([f"a={good}", f"a={good}"])
    (tmp_path / "text.npz").write_text("not an archive")
    with pytest.raises(DsltError, match=r"text\.npz: not an npz file"):
        fig07.load([f"a={tmp_path / 'text.npz'}"])
    np.savez(tmp_path / "other.npz", search=np.zeros(3))
    with pytest.raises(DsltError, match=r"other\.npz: no template, probability"):
        fig07.load([f"a={tmp_path / 'other.npz'}"])


# ------------------------------------------------------------------ Fig. 14

FRAMES = 8
ABSENT = 3


@pytest.fixture
def tracked(tmp_path):
    """The index of two sequences, and what two trackers said of them; in `far` one goes astray."""
    truth = np.tile([20.0, 12.0, 16.0, 12.0], (FRAMES, 1)) + np.arange(FRAMES)[:, None] * [
        2,
        1,
        0,
        0,
    ]
    truth[ABSENT] = np.nan
    seen = np.nan_to_num(truth, nan=20.0)
    for name in ("near", "far"):
        frames = tmp_path / "set" / name / "img"
        frames.mkdir(parents=True)
        for number in range(FRAMES):
            Image.fromarray(np.full((48, 80, 3), 20 * number, np.uint8)).save(
                frames / f"{number + 1:04d}.png"
            )
        boxes.write_boxes(frames.parent / "groundtruth_rect.txt", truth)
        for cell, shift in {"good": 0.0, "bad": 8.0 if name == "far" else 0.0}.items():
            scores = np.concatenate([[np.nan], np.linspace(0.9, 0.3, FRAMES - 1)])
            found = seen + np.array([shift, 0, 0, 0])
            run = TrackerRun(found, scores, np.ones(FRAMES), TrainingRecord())
            write_run(run, tmp_path / "track" / cell, name)
    definition = {"kind": "folder", "root": str(tmp_path / "set"), "protocol": "otb"}
    benchmark = parse_benchmark("mine", definition | {"box_origin": 1})
    write_index(tmp_path / "index.parquet", build_index("mine", benchmark, tmp_path))
    specs = [f"{cell}@mine={tmp_path / 'track' / cell}" for cell in ("good", "bad")]
    return tmp_path / "index.parquet", specs


def test_fig14_takes_the_sequence_on_which_the_trackers_differ_most(tracked):
    film = fig14.load(*tracked, None, 3)
    assert film.strip.name == "far"
    assert np.isnan(film.traces["bad"].overlap).nonzero()[0].tolist() == [ABSENT]
    np.testing.assert_allclose(np.delete(film.traces["bad"].overlap, ABSENT), 8 / 24)
    np.testing.assert_allclose(film.traces["good"].score[[1, -1]], [0.9, 0.3])
    written = texts(fig14.figure(film, {"bad": "Worse"}))
    assert "(a) far, where the mean overlaps differ most.  White: ground truth" in written
    assert {"good, mean 0.60", "Worse, mean 0.33", "#2", "#7"} <= set(written.splitlines())


def test_fig14_shows_the_named_sequence_and_where_the_target_is_absent(tracked):
    figure = fig14.figure(fig14.load(*tracked, "near", 3))
    assert "(a) near.  White" in texts(figure)
    for ax in figure.axes[3:]:
        (span,) = ax.patches
        assert (span.get_x(), span.get_width()) == (ABSENT - 0.5, 1)
        dotted = [line for line in ax.lines if len(line.get_xdata()) == 2]
        assert [line.get_xdata()[0] for line in dotted] == [2, 5, 7]


def test_a_box_that_is_no_number_overlaps_nothing(tracked, tmp_path):
    path = tmp_path / "track" / "bad" / "near.csv"
    lines = path.read_text().splitlines()
    lines[2] = "1,,,,,0.5,1.0"
    path.write_text("\n".join(lines) + "\n")
    assert fig14.load(*tracked, "near", 3).traces["bad"].overlap[1] == 0


def test_fig14_errors_name_the_file(tracked, tmp_path):
    path = tmp_path / "track" / "bad" / "near.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n")
    with pytest.raises(DsltError, match=r"near\.csv: 7 rows; expected 8, one for each frame"):
        fig14.load(*tracked, "near", 3)
    path.write_text("\n".join(",".join(line.split(",")[:5]) for line in lines) + "\n")
    with pytest.raises(DsltError, match=r"near\.csv: lacks the columns score"):
        fig14.load(*tracked, "near", 3)
    scoreless = [",".join([*line.split(",")[:5], "", "1"]) for line in lines[1:]]
    path.write_text("\n".join([lines[0], *scoreless]) + "\n")
    with pytest.raises(DsltError, match=r"near\.csv: no scores"):
        fig14.load(*tracked, "near", 3)
    path.unlink()
    with pytest.raises(DsltError, match=r"near\.csv: no such file.*rule `track`"):
        fig14.load(*tracked, "near", 3)
    with pytest.raises(DsltError, match="unknown sequence of benchmark mine: 'lost'"):
        fig14.load(*tracked, "lost", 3)


# ------------------------------------------------------------------ Fig. 16, lower part


def write_validation(path: Path, auc: dict[int, list[float]]) -> Path:
    """Scores after epochs, of sequences that are numbered."""
    rows = (
        (e, f"s{i}", "v", f"{a:.6g}") for e, values in auc.items() for i, a in enumerate(values)
    )
    write_rows(path, ("epoch", "sequence", "video", "success_auc"), rows)
    return path


@pytest.fixture
def validated(tmp_path):
    first = write_validation(tmp_path / "a0.csv", {0: [0.2, 0.4], 2: [0.5, 0.7], 3: [0.6, 0.8]})
    second = write_validation(tmp_path / "a1.csv", {0: [0.2, 0.6], 2: [0.5, 0.5], 3: [0.8, 1.0]})
    other = write_validation(tmp_path / "b.csv", {0: [0.1, 0.1], 1: [0.3, 0.3]})
    return [f"a@0={first}", f"a@1={second}", f"b@0={other}"]


def test_the_validation_is_a_mean_over_seeds_in_their_range(validated):
    figure = fig16.figure({}, {"a": "BCE"}, read_validations(validated))
    (ax,) = figure.axes
    np.testing.assert_allclose(ax.lines[0].get_xdata(), [0, 2, 3])
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [0.35, 0.55, 0.8])
    (band,) = ax.collections
    heights = band.get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((0.3, 0.9))
    written = texts(figure)
    assert "mean over 2 held-out sequences and seeds; band: range over seeds" in written
    assert {"BCE (2 seeds)", "b (1 seed)"} <= set(written.splitlines())


def test_cells_with_other_sequences_say_how_many(validated, tmp_path):
    more = write_validation(tmp_path / "more.csv", {0: [0.1, 0.1, 0.2], 4: [0.3, 0.3, 0.4]})
    written = texts(fig16.figure({}, {}, read_validations([*validated, f"c@0={more}"])))
    assert "mean over held-out sequences and seeds; band: range over seeds" in written
    assert {"a (2 seeds, 2 sequences)", "c (1 seed, 3 sequences)"} <= set(written.splitlines())


def test_the_validation_of_a_training_is_drawn(tmp_path):
    train(tmp_path)
    figure = fig16.figure({}, {}, read_validations([f"tiny@3={tmp_path}/out/validation.csv"]))
    assert figure.axes[0].lines[0].get_xdata().tolist() == [0, 1, 2, 3]
    assert "(a) Offline training: mean over 2 held-out sequences" in texts(figure).splitlines()


def test_fig16_has_either_part_or_both(validated, tmp_path):
    lines = [f"s,{i},{0.7**i},{0.7**i},0.9,0.1" for i in range(40)]
    record = tmp_path / "record.csv"
    record.write_text("\n".join(["sequence,iteration,loss,criterion,peak,background", *lines]))
    study = fig16.load([f"dslt@clips={record}"])
    assert len(fig16.figure(study).axes) == 4
    both = fig16.figure(study, {}, read_validations(validated))
    assert len(both.axes) == 5
    assert "(e) Offline training" in texts(both)
    with pytest.raises(DsltError, match="nothing to draw; expected --convergence, --validation"):
        fig16.figure({})


# ------------------------------------------------------------------ command line


def test_the_figures_from_the_command_line(tracked, validated, tmp_path):
    index, specs = tracked
    maps = write_map(tmp_path / "a.npz")
    labels = ["--label", "a=BCE"]
    given = {
        "fig06": [],
        "fig07": ["--maps", f"a@one={maps}", *labels],
        "fig14": ["--index", index, *(w for spec in specs for w in ("--tracks", spec))],
        "fig16": [*(w for spec in validated for w in ("--validation", spec)), *labels],
    }
    for name, words in given.items():
        written = call(name, *words, "--out", tmp_path / name)
        assert [path.name for path in written] == [f"{name}.pdf", f"{name}.png"]
        assert all(path.stat().st_size > 5000 for path in written)
