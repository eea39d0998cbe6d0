"""Fig. 1, 17 and 18: the rules that choose sequences and frames, and the drawing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from dslt.core.errors import DsltError
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import load_index, write_index
from dslt.figures import boxes_on_frames, strip_frames, strips
from dslt.figures.strips import Request
from dslt.geometry import boxes
from result_files import call, texts

SEEN = hnp.arrays(bool, st.integers(1, 40)).filter(lambda v: v.any())


@pytest.fixture
def tracked(tmp_path):
    """An indexed benchmark of two sequences and the boxes of two cells."""
    rng = np.random.default_rng(0)
    truth = np.tile([20.0, 12.0, 16.0, 12.0], (8, 1)) + np.arange(8)[:, None] * [2, 1, 0, 0]
    truth[3] = np.nan
    for name in ("near", "far"):
        frames = tmp_path / "set" / name / "img"
        frames.mkdir(parents=True)
        for number in range(1, 9):
            pixels = rng.integers(0, 255, (48, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(frames / f"{number:04d}.png")
        boxes.write_boxes(frames.parent / "groundtruth_rect.txt", truth)
    definition = {"kind": "folder", "root": str(tmp_path / "set"), "protocol": "otb"}
    index = tmp_path / "index.parquet"
    write_index(
        index,
        build_index("mine", parse_benchmark("mine", definition | {"box_origin": 1}), tmp_path),
    )
    for cell, offset in {"dslt": 1.0, "dslt_l2": 9.0}.items():
        for name in ("near", "far"):
            shift = offset if name == "far" else 1.0
            found = np.tile([20.0, 12.0, 16.0, 12.0], (8, 1)) + np.arange(8)[:, None] * [2, 1, 0, 0]
            path = tmp_path / "track" / cell / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            boxes.write_boxes(path, found + np.array([shift, 0, 0, 0]))
    return index, {cell: tmp_path / "track" / cell for cell in ("dslt", "dslt_l2")}


def specs(folders: dict[str, Path]) -> list[str]:
    return [f"{cell}={folder}" for cell, folder in folders.items()]


def load(tracked, **request: object) -> list[strips.Strip]:
    index, folders = tracked
    return strips.load([index], specs(folders), Request(**{"rule": "fig01", **request}))


# ------------------------------------------------------------------ frames


@given(SEEN, st.integers(1, 8))
def test_frames_are_visible_ascending_and_end_with_the_last(visible, count):
    truth = np.where(visible[:, None], 1.0, np.nan) * np.ones(4)
    chosen = strip_frames.evenly_spaced(truth, count)
    seen = np.flatnonzero(visible)
    assert 1 <= len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(seen)
    assert chosen[-1] == seen[-1]
    assert len(seen) == 1 or chosen[0] != seen[0]


@given(
    hnp.arrays(np.float64, (3, 4), elements=st.floats(1, 90)),
    hnp.arrays(np.float64, (3, 4), elements=st.floats(-200, 300)),
)
def test_the_view_holds_the_truth_and_stays_in_the_frame(truth, found):
    truth[:, 2:] = np.minimum(truth[:, 2:], [[160, 120]] - truth[:, :2])
    found[:, 2:] = np.abs(found[:, 2:])
    frame = np.zeros((120, 160, 3), np.uint8)
    strip = strips.Strip("s", (0, 1, 2), (frame,) * 3, truth, {"dslt": found}, {"dslt": 0.5})
    left, top, right, bottom = boxes_on_frames.view(strip)
    assert 0 <= left < right <= 160 + 1e-9
    assert 0 <= top < bottom <= 120 + 1e-9
    assert (truth[:, 0] >= left - 1e-6).all()
    assert (truth[:, :2] + truth[:, 2:] <= [right + 1e-6, bottom + 1e-6]).all()


def test_a_lost_target_counts_as_no_overlap():
    truth = np.array([[0, 0, 4, 4], [np.nan] * 4, [0, 0, 4, 4]])
    found = np.array([[0, 0, 4, 4], [0, 0, 4, 4], [np.nan] * 4])
    assert strips.mean_overlap(found, truth) == 0.5


@given(SEEN, st.integers(1, 8), st.data())
def test_frames_around_a_failure_hold_it_and_stay_near(visible, count, data):
    truth = np.where(visible[:, None], 1.0, np.nan) * np.ones(4)
    seen = np.flatnonzero(visible)
    failure = data.draw(st.sampled_from(seen.tolist()))
    chosen = strip_frames.around(truth, failure, count)
    assert failure in chosen
    assert len(chosen) <= count
    assert list(chosen) == sorted(set(chosen))
    assert set(chosen) <= set(seen)
    places = np.searchsorted(seen, chosen)
    assert places[-1] - places[0] <= max(count - 1, len(seen) // 2)


def test_the_first_failure_is_the_first_frame_without_overlap():
    truth = np.tile([0.0, 0, 10, 10], (6, 1))
    truth[1] = np.nan
    found = truth.copy()
    found[:, 0] = [0, 99, 2, 50, 0, 50]
    assert strip_frames.first_failure(found, truth) == (3, "first failure")
    found[3] = np.nan
    assert strip_frames.first_failure(found, truth) == (3, "first failure")
    found[[3, 5], 0] = [4, 1]
    found[[3, 5], 1:] = [0, 10, 10]
    assert strip_frames.first_failure(found, truth) == (3, "least overlap")


# ------------------------------------------------------------------ sequences


OVERLAPS = {
    "even": {"ours": 0.5, "a": 0.5, "b": 0.4},
    "lead": {"ours": 0.9, "a": 0.3, "b": 0.5},
    "lost": {"ours": 0.1, "a": 0.8, "b": 0.7},
    "near": {"ours": 0.6, "a": 0.6, "b": 0.7},
}


def test_each_figure_has_a_rule_of_its_own():
    chosen = {name: strips.choose(OVERLAPS, Request(name, "ours", 2)) for name in strips.RULES}
    assert chosen == {
        "fig01": ["lost", "lead"],
        "fig17": ["lead", "even"],
        "fig18": ["lost", "even"],
    }


def test_a_reference_that_leads_nowhere_shows_its_nearest_sequence():
    behind = {name: OVERLAPS[name] for name in ("lost", "near")}
    assert strips.choose(behind, Request("fig17", "ours", 4)) == ["near"]


def test_no_more_sequences_than_lead():
    assert strips.choose(OVERLAPS, Request("fig17", "ours", 4)) == ["lead", "even"]


def test_frames_that_are_flagged_absent_are_not_shown(tracked):
    index, _ = tracked
    found = load_index(index)
    gone = np.arange(8) > 5
    write_index(
        index, replace(found, sequences=[replace(one, absent=gone) for one in found.sequences])
    )
    for strip in load(tracked):
        assert max(strip.indices) == 5


def test_the_sequences_with_the_widest_spread_come_first(tracked):
    found = load(tracked, rows=1, columns=3)
    assert [strip.name for strip in found] == ["far"]
    assert [strip.name for strip in load(tracked, rows=5)] == ["far", "near"]
    assert [strip.name for strip in load(tracked, rows=1, named=("near",))] == ["near"]
    with pytest.raises(DsltError, match="unknown sequence of benchmark mine: 'Typo'"):
        load(tracked, among=("near", "Typo"))
    assert found[0].indices == (2, 5, 7)
    assert found[0].overlap["dslt"] == pytest.approx(15 / 17)
    np.testing.assert_allclose(found[0].boxes["dslt"] - found[0].truth, [[1, 0, 0, 0]] * 3)


def test_fig17_and_fig18_ask_for_the_reference(tracked):
    best = load(tracked, rule="fig17", reference="dslt", rows=1)
    assert [strip.name for strip in best] == ["far"]
    (worst,) = load(tracked, rule="fig18", reference="dslt_l2", rows=1, columns=3)
    assert worst.name == "far"
    assert worst.mark == (0, "least overlap")
    with pytest.raises(DsltError, match="reference 'kcf': no boxes on benchmark mine"):
        load(tracked, rule="fig17", reference="kcf")


# ------------------------------------------------------------------ drawing


def test_the_overlaps_and_frame_numbers_are_written(tracked):
    found = load(tracked, rows=2, columns=3)
    written = texts(boxes_on_frames.figure(found, {"dslt": "Ours"}))
    assert "(a) far.  Mean overlap:  Ours 0.88,  L2 0.28" in written
    assert {"#2", "#5", "#7", "Ground truth"} <= set(written.splitlines())


def test_the_failure_is_marked(tracked):
    found = load(tracked, rule="fig18", reference="dslt_l2", rows=1, columns=3)
    assert "#0, least overlap" in texts(boxes_on_frames.figure(found))


def test_with_long_labels_the_overlaps_stand_in_legend_order(tracked):
    long = {"dslt": "a label " * 6, "dslt_l2": "another label " * 5}
    found = load(tracked, rows=1, columns=3)
    assert "0.88,  0.28 (in the order of the legend)" in texts(boxes_on_frames.figure(found, long))


def test_several_benchmarks_are_named(tracked, tmp_path):
    index, folders = tracked
    other = tmp_path / "other.parquet"
    write_index(other, replace(load_index(index), benchmark="clips"))
    both = [f"{c}@{b}={folder}" for b in ("mine", "clips") for c, folder in folders.items()]
    found = strips.load([index, other], both, Request("fig01", rows=1))
    assert [strip.benchmark for strip in found] == ["mine", "clips"]
    assert "(b) Real clips, far." in texts(boxes_on_frames.figure(found))
    with pytest.raises(DsltError, match=r"expected CELL@BENCHMARK=DIR"):
        strips.load([index, other], specs(folders), Request("fig01"))
    with pytest.raises(DsltError, match=r"no boxes on benchmark clips"):
        strips.load([index, other], both[:2], Request("fig01"))
    with pytest.raises(DsltError, match=r"no index of 'clips'; there are mine"):
        strips.load([index], both, Request("fig01"))
    with pytest.raises(DsltError, match=r"dslt@mine was given twice"):
        strips.load([index], [both[0], both[0]], Request("fig01"))


@pytest.mark.parametrize("text", ["2", "one", "-1"])
def test_an_origin_is_0_or_1(tracked, tmp_path, text):
    index, folders = tracked
    words = ["fig01", "--index", index, *(f"--tracks={spec}" for spec in specs(folders))]
    with pytest.raises(DsltError, match=f"--origin rpn={text}: expected 0 or 1"):
        call(*words, "--out", tmp_path / "fig", "--origin", f"rpn={text}")


def test_a_named_sequence_is_shown_once(tracked, tmp_path):
    index, folders = tracked
    other = tmp_path / "other.parquet"
    write_index(other, replace(load_index(index), benchmark="clips"))
    both = [f"{c}@{b}={folder}" for b in ("mine", "clips") for c, folder in folders.items()]
    found = strips.load([index, other], both, Request("fig01", named=("far",)))
    assert [(strip.benchmark, strip.name) for strip in found] == [("mine", "far")]


def test_a_run_with_resets(tracked):
    """A start has the truth's box; where the tracker failed or was not started, there is none."""
    index, folders = tracked
    truth = load_index(index).entry("far").boxes()
    rows = ["1", "22,13,16,12", "24,14,16,12", "2", "0", "0", "1", "34,19,16,12"]
    (folders["dslt"] / "far.txt").write_text("".join(f"{row}\n" for row in rows))
    (strip,) = load(tracked, named=("far",), columns=7)
    assert strip.indices == (1, 2, 4, 5, 6, 7)
    shown = strip.boxes["dslt"]
    assert np.array_equal(shown[4], truth[6])
    assert np.array_equal(shown[[0, 1, 5]], [[22, 13, 16, 12], [24, 14, 16, 12], [34, 19, 16, 12]])
    assert np.isnan(shown[2:4]).all()
    boxes_on_frames.figure([strip])


def test_missing_and_foreign_boxes_are_named(tracked):
    index, folders = tracked
    path = folders["dslt"] / "far.txt"
    path.write_text("1,1,4,4\n")
    with pytest.raises(DsltError, match=r"far\.txt: 1 boxes, but sequence far has 8"):
        load(tracked)
    path.unlink()
    with pytest.raises(DsltError, match=r"far\.txt: no such file"):
        load(tracked)
    with pytest.raises(DsltError, match=r"nowhere: no such file or folder"):
        strips.load([index], ["dslt=nowhere"], Request("fig01"))


def test_published_boxes_stand_beside_ours(tmp_path, tracked):
    """In a layout and with an origin of their own; what they lack is no box."""
    index, folders = tracked
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    for name in ("near", "far"):
        found = boxes.read_boxes(folders["dslt"] / f"{name}.txt", origin=1)
        rows = ["\t".join(f"{value:g}" for value in box) for box in found[:6]]
        (theirs / f"{name.upper()}.txt").write_text("\n".join(rows) + "\n")
    published = strips.Published([f"mdnet={theirs}"], {"mdnet": 0})
    shown = strips.load([index], specs(folders), Request("fig01", rows=2, columns=8), published)
    for strip in shown:
        first = [i for i, frame in enumerate(strip.indices) if frame < 6]
        assert np.allclose(strip.boxes["mdnet"][first], strip.boxes["dslt"][first])
        assert np.isnan(strip.boxes["mdnet"][-1]).all()
        assert strip.overlap["mdnet"] < strip.overlap["dslt"]
    boxes_on_frames.figure(shown)


def test_the_strips_from_the_command_line(tmp_path, tracked):
    index, folders = tracked
    tracks = [f"--tracks={spec}" for spec in specs(folders)]
    for name in ("fig01", "fig17", "fig18"):
        given = ["--index", index, *tracks, "--frames", 3, "--reference", "dslt"]
        written = call(name, *given, "--out", tmp_path / name)
        assert [path.name for path in written] == [f"{name}.pdf", f"{name}.png"]
        assert all(path.stat().st_size > 5000 for path in written)
