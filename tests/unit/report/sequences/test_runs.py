"""What the pages take of result files: regions, overlaps, scores, failures."""

from __future__ import annotations

import numpy as np
import pytest

from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import load_index
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import iou, write_boxes
from dslt.report.sequences.runs import Regions, ShownRun, read_frames
from dslt.score.evaluate import Suite
from dslt.settings.protocols import load_protocols
from made_site import (
    ABSENT,
    FAILED,
    FRAMES,
    box_of,
    polygon,
    truth,
    write_results,
    write_supervised,
)
from places import ROOT

PROTOCOLS = load_protocols(ROOT / "config" / "protocols.yaml")


def one_pass_suite(**more: np.ndarray) -> Suite:
    targets = {name: Target(truth(name), (), name, **more) for name in ("alpha", "beta")}
    return Suite("made", targets, PROTOCOLS["otb"], "otb", 1)


def test_boxes_are_those_of_the_file(tmp_path):
    run = write_results(tmp_path)["dslt", 0]
    record = read_frames(one_pass_suite(), run, 1)["alpha"]
    boxes = np.array([box_of("dslt", 0, "alpha", i) for i in range(FRAMES)])
    assert np.array_equal(record.regions.boxes, boxes)
    assert record.regions.rows()[3] == boxes[3].tolist()
    gone = slice(ABSENT[0], ABSENT[1] + 1)
    assert np.isnan(record.overlap[gone]).all()
    seen = ~np.isnan(truth("alpha")).any(axis=1)
    assert np.allclose(record.overlap[seen], iou(boxes, truth("alpha"))[seen])
    assert record.score is not None
    assert np.isnan(record.score[0])
    assert record.score[7] == 0.07
    assert (record.failed, record.started) == ((), ())


def test_flags_of_absence_count_as_absent(tmp_path):
    run = write_results(tmp_path)["dslt", 0]
    absent = np.arange(FRAMES) < 2
    record = read_frames(one_pass_suite(absent=absent), run, 1)["beta"]
    assert np.flatnonzero(np.isnan(record.overlap)).tolist() == [0, 1]
    target = Target(truth("beta"), (), "beta", absent=absent)
    assert [row is None for row in Regions.of_truth(target).rows()][:3] == [True, True, False]


def test_missing_rows_and_unusable_boxes_have_no_overlap(tmp_path):
    for name in ("alpha", "beta"):
        boxes = truth("beta")[: FRAMES - 2].copy() if name == "beta" else truth(name)
        boxes[4] = np.nan
        boxes[6, 2] = 0
        write_boxes(tmp_path / f"{name}.txt", boxes, 1)
    record = read_frames(one_pass_suite(), tmp_path, 1)["beta"]
    assert np.flatnonzero(record.overlap == 0).tolist() == [4, 6, FRAMES - 2, FRAMES - 1]
    assert [i for i, row in enumerate(record.regions.rows()) if row is None] == [4, 28, 29]
    assert record.score is None


def supervised(tmp_path, lines=None) -> ShownRun:
    index, run = write_supervised(tmp_path)
    (entry,) = load_index(index).sequences
    if lines is not None:
        (run / "turning.txt").write_text("\n".join(lines) + "\n")
    suite = Suite("made_vot", {"turning": entry}, PROTOCOLS["vot_short"], "vot_short", 0)
    return read_frames(suite, run, 0)["turning"]


def test_runs_with_resets_have_polygons_failures_and_starts(tmp_path):
    record = supervised(tmp_path)
    assert (record.failed, record.started) == ((FAILED,), (0, FAILED + 5))
    rows = record.regions.rows()
    assert rows[0] == polygon(0).ravel().tolist()  # started on the truth
    assert rows[7] == (polygon(7) + 3).ravel().tolist()
    assert all(rows[i] is None for i in range(FAILED, FAILED + 5))
    assert np.isnan(record.overlap[[0, *range(FAILED, FAILED + 6)]]).all()
    assert 0.5 < record.overlap[7] < 1


def test_boxes_of_a_run_with_resets_stay_boxes(tmp_path):
    lines = [f"{30 + i},20,70,60" for i in range(60)]
    lines[0] = "1"
    rows = supervised(tmp_path, lines).regions.rows()
    assert rows[5] == [35, 20, 70, 60]
    assert rows[0] == polygon(0).ravel().tolist()


def test_a_record_of_another_length_is_an_error(tmp_path):
    run = write_results(tmp_path)["dslt", 0]
    (run / "beta.csv").write_text("frame,score,seconds\n0,,0.01\n1,0.5,0.01\n")
    with pytest.raises(DsltError, match=r"beta\.csv: 2 rows"):
        read_frames(one_pass_suite(), run, 1)
