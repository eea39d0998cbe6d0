"""One-pass evaluation, convention by convention, with values computed by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from dslt.core.errors import DsltError
from dslt.core.jsonfile import parse_json
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import center_error, iou
from dslt.score.ope import (
    OpeScores,
    align,
    per_attribute,
    usable,
    valid_ground_truth,
)
from dslt.score.ope import score as score_targets
from dslt.settings.protocols import OpeProtocol, load_protocols, parse_protocol
from places import ROOT

CONFIG = ROOT / "config" / "protocols.yaml"
OTB = load_protocols(CONFIG)["otb"]
NAN = float("nan")
BOX = [10.0, 10.0, 20.0, 20.0]


LASOT = load_protocols(CONFIG)["lasot"]


def score(results, truths, protocol) -> OpeScores:
    """Scores against boxes alone."""
    targets = [Target(truth, (), "") for truth in truths]
    return score_targets(results, targets, protocol)


def varied(**changes: object) -> OpeProtocol:
    return OTB.model_validate({**OTB.model_dump(), **changes})


def one(result, truth, protocol=OTB):
    """Scores of a single sequence."""
    boxes = [np.array(rows, dtype=float).reshape(-1, 4) for rows in (result, truth)]
    found = score(boxes[:1], boxes[1:], protocol)
    return found.success[0], found.precision[0]


def test_thresholds_are_matlabs():
    values = OTB.success.values()
    by_hand = [k * 0.05 if k <= 10 else 1 - (20 - k) * 0.05 for k in range(21)]
    assert values.tolist() == by_hand
    assert values.tolist() != np.linspace(0, 1, 21).tolist()
    assert OTB.precision.values().tolist() == list(range(51))
    assert OTB.precision.headline() == 20


def test_success_is_strict():
    # (0, 0, 10, 10) and (0, 0, 10, 5) overlap by exactly one half: it passes 0 to 0.45 only.
    success, _ = one([BOX, [0, 0, 10, 5]], [BOX, [0, 0, 10, 10]])
    assert success[9] == 1.0
    assert success[10] == 0.5
    generous = varied(success={**OTB.success.model_dump(), "counts": "at_or_above"})
    success, _ = one([BOX, [0, 0, 10, 5]], [BOX, [0, 0, 10, 10]], generous)
    assert success[10] == 1.0
    assert success[11] == 0.5


def test_no_overlap_fails_at_threshold_zero():
    success, _ = one([BOX, [100, 100, 5, 5]], [BOX, BOX])
    assert success[0] == 0.5


def test_precision_includes_its_threshold():
    truth = [BOX, BOX]
    shifted = [BOX, [10 + 12, 10 + 16, 20, 20]]  # 12, 16: exactly 20 pixels away
    _, precision = one(shifted, truth)
    assert precision[19] == 0.5
    assert precision[20] == 1.0
    below = varied(precision={**OTB.precision.model_dump(), "counts": "below"})
    _, precision = one(shifted, truth, below)
    assert precision[20] == 0.5
    assert precision[21] == 1.0


def test_first_frame_is_the_ground_truth():
    success, precision = one([[500, 500, 3, 3], BOX], [BOX, BOX])
    assert success[0] == precision[0] == 1.0
    success, precision = one([[500, 500, 3, 3], BOX], [BOX, BOX], varied(first_frame="result"))
    assert success[0] == precision[20] == 0.5


@pytest.mark.parametrize("bad", [[NAN] * 4, [50, 50, 0, 20], [50, 50, 20, -1], [NAN, 50, 9, 9]])
def test_unusable_box_repeats_the_previous_one(bad):
    moved = [12, 10, 20, 20]
    truth = [BOX, moved, moved, moved]
    np.testing.assert_array_equal(
        align(np.array([BOX, moved, bad, bad]), np.array(truth, dtype=float), OTB), truth
    )
    success, precision = one([BOX, moved, bad, bad], truth)
    assert success[0] == precision[0] == 1.0
    success, precision = one([BOX, moved, bad, bad], truth, varied(invalid_result="failure"))
    assert success[0] == precision[50] == 0.5


def test_short_result_fails_and_long_result_is_cut():
    success, precision = one([BOX, BOX], [BOX] * 4)
    assert success[0] == precision[50] == 0.5
    success, precision = one([BOX] * 4 + [[300, 300, 5, 5]] * 6, [BOX] * 4)
    assert success[19] == precision[0] == 1.0


@pytest.mark.parametrize("absent", [[NAN] * 4, [0, 10, 20, 20], [10, 10, 20, 0]])
def test_invalid_ground_truth_is_a_miss_and_a_hit(absent):
    # Given in the file's own 1-based numbers: x = 0 is invalid there.
    truth = np.array([BOX, absent, BOX, BOX]) - [1, 1, 0, 0]
    result = np.array([BOX, [200, 200, 5, 5], BOX, BOX]) - [1, 1, 0, 0]
    assert valid_ground_truth(truth).tolist() == [True, False, True, True]
    success, precision = one(result, truth)
    assert success[0] == 0.75
    assert precision[0] == 1.0
    success, precision = one(result, truth, varied(invalid_ground_truth="skip"))
    assert success[0] == 1.0
    assert precision[0] == 1.0


def test_a_box_at_the_first_pixel_is_valid_and_one_beside_it_is_not():
    rows = np.array([[0.0, 0.0, 20.0, 20.0], [-1.0, 0.0, 20.0, 20.0], [-0.5, 3.0, 20.0, 20.0]])
    assert valid_ground_truth(rows).tolist() == [True, False, True]  # 1, 0 and 0.5 counted from 1


def test_invalid_truth_is_counted_where_it_is_looked_at():
    truth = np.array([BOX, [NAN] * 4, [0, 0, 0, 20], BOX])
    assert score([truth], [truth], OTB).invalid.tolist() == [2]
    assert score([truth], [truth], varied(invalid_ground_truth="skip")).invalid.tolist() == [2]
    target = Target(truth, (), "", absent=np.array([False, True, False, False]))
    assert score_targets([truth], [target], LASOT).invalid.tolist() == [1]


def test_invalid_ground_truth_of_the_first_frame_does_not_leak_into_the_next_sequence():
    bad = np.array([[NAN] * 4, [NAN] * 4])
    found = score([bad, bad], [np.array([BOX, BOX]), np.array([BOX, [90, 90, 9, 9]])], OTB)
    assert found.success[:, 0].tolist() == [1.0, 0.5]


def test_denominator_is_every_row_and_sequences_weigh_the_same():
    short, long = np.array([BOX, BOX]), np.tile(BOX, (100, 1))
    lost = np.vstack([BOX, np.tile([300.0, 300.0, 5.0, 5.0], (99, 1))])
    found = score([short, lost], [short, long], OTB)
    assert found.success[:, 0].tolist() == [1.0, 0.01]
    assert found.success[:, 0].mean() == pytest.approx(0.505)


def test_one_frame_sequence():
    success, precision = one([BOX], [BOX])
    assert success.mean() == pytest.approx(20 / 21)
    assert precision.tolist() == [1.0] * 51


def test_matches_the_plain_definition():
    rng = np.random.default_rng(1)
    truths = [rng.uniform(5, 60, (n, 4)) for n in (1, 7, 40)]
    results = [truth + rng.normal(0, 6, truth.shape) for truth in truths]
    found = score(results, truths, OTB)
    for i, (result, truth) in enumerate(zip(results, truths, strict=True)):
        boxes = align(result, truth, OTB)
        overlap, error = iou(boxes, truth), center_error(boxes, truth)
        success = [(overlap > t).mean() for t in OTB.success.values()]
        precision = [(error <= d).mean() for d in range(51)]
        np.testing.assert_allclose(found.success[i], success, rtol=0, atol=1e-15)
        np.testing.assert_allclose(found.precision[i], precision, rtol=0, atol=1e-15)
        assert found.success_auc[i] == pytest.approx(np.mean(success))
        assert found.precision_20[i] == precision[20]


def flagged(result, truth, flags, **changes):
    """Scores of one sequence with flags of absent frames."""
    target = Target(np.array(truth, dtype=float), (), "", absent=np.array(flags))
    boxes = np.array(result, dtype=float)
    return score_targets([boxes], [target], LASOT.model_copy(update=changes))


FAR = [500.0, 500.0, 20.0, 20.0]


def test_absent_frames_are_dropped_but_stay_in_the_denominator():
    truth, absent = [BOX] * 4, [False, False, True, True]
    found = flagged([BOX, FAR, FAR, BOX], truth, absent)
    assert found.success[0, 0] == found.precision_20[0] == found.norm_precision_20[0] == 0.25
    visible = flagged([BOX, FAR, FAR, BOX], truth, absent, denominator="visible")
    assert visible.success[0, 0] == visible.precision_20[0] == 0.5
    scored = flagged([BOX, FAR, FAR, BOX], truth, absent, absent="score")
    assert scored.success[0, 0] == scored.precision_20[0] == 0.5


def test_absent_frames_are_dropped_after_unusable_boxes_are_repeated():
    moved = [12.0, 10.0, 20.0, 20.0]
    found = flagged([BOX, moved, [NAN] * 4], [BOX, moved, moved], [False, True, False])
    assert found.success[0, -2] == pytest.approx(2 / 3)  # the third box repeats the dropped one


def test_invalid_and_skipped_frames_leave_the_denominator():
    truth = [BOX, [NAN] * 4, BOX, BOX]
    absent = [False, True, True, False]
    found = flagged([BOX] * 4, truth, absent)
    assert found.success[0, 0] == 0.5
    found = flagged([BOX] * 4, truth, absent, invalid_ground_truth="skip")
    assert found.success[0, 0] == pytest.approx(2 / 3)


def test_normalised_precision_divides_by_the_truths_size_per_axis():
    wide = [10.0, 10.0, 100.0, 10.0]
    by_x, by_y = [30.0, 10.0, 100.0, 10.0], [10.0, 12.0, 100.0, 10.0]
    found = flagged([wide, by_x, by_y, FAR], [wide] * 4, [False] * 4)
    values = LASOT.norm_precision.values()
    assert values[20] == pytest.approx(0.2)
    assert found.norm_precision[0, 19] == 0.25
    assert found.norm_precision[0, 20] == found.norm_precision_20[0] == 0.75


def test_invalid_truth_is_a_hit_of_normalised_precision():
    found = flagged([BOX, FAR], [BOX, [10.0, 10.0, 0.0, 0.0]], [False] * 2)
    assert found.norm_precision[0].tolist() == [1.0] * 51
    assert found.success[0, 0] == 0.5


def test_other_protocols_have_no_normalised_precision():
    found = score([np.array([BOX])], [np.array([BOX])], OTB)
    assert found.norm_precision is None
    assert found.norm_precision_20 is None


def test_flags_of_another_length_are_an_error():
    with pytest.raises(DsltError, match="sequence 1 of 1: 2 absence flags for 3 frames"):
        flagged([BOX] * 3, [BOX] * 3, [False] * 2)
    with pytest.raises(DsltError, match="nothing to score"):
        flagged([BOX] * 2, [BOX] * 2, [True] * 2)


finite = st.floats(-200, 200)
size = st.floats(0.5, 200)
box = st.tuples(st.floats(1, 200), st.floats(1, 200), size, size)
result_box = st.one_of(
    st.tuples(finite, finite, size, size), st.just((NAN,) * 4), st.just((3.0, 3.0, 0.0, -2.0))
)
sequence = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        st.lists(result_box, min_size=1, max_size=15), st.lists(box, min_size=n, max_size=n)
    )
)


@settings(max_examples=60, deadline=None)
@given(st.lists(sequence, min_size=1, max_size=4))
def test_curves_are_monotone_and_order_does_not_matter(sequences):
    results = [np.array(result) for result, _ in sequences]
    truths = [np.array(truth) for _, truth in sequences]
    found = score(results, truths, OTB)
    assert (np.diff(found.success, axis=1) <= 0).all()
    assert (np.diff(found.precision, axis=1) >= 0).all()
    for curves in (found.success, found.precision):
        assert ((curves >= 0) & (curves <= 1)).all()
    assert (found.success[:, -1] == 0).all()
    backwards = score(results[::-1], truths[::-1], OTB)
    np.testing.assert_array_equal(found.success, backwards.success[::-1])
    np.testing.assert_array_equal(found.precision, backwards.precision[::-1])


@settings(max_examples=60, deadline=None)
@given(st.lists(box, min_size=1, max_size=10))
def test_ground_truth_against_itself_scores_twenty_of_twenty_one(rows):
    truth = np.array(rows)
    found = score([truth], [truth], OTB)
    assert found.success_auc[0] == pytest.approx(20 / 21, abs=1e-12)
    assert found.precision_20[0] == 1.0


@settings(max_examples=60, deadline=None)
@given(sequence, st.integers(0, 11))
def test_a_lost_frame_never_helps(pair, frame):
    result, truth = np.array(pair[0]), np.array(pair[1])
    boxes = align(result, truth, OTB)
    worse = boxes.copy()
    worse[min(frame, len(worse) - 1)] = [9000, 9000, 1, 1]
    kept, lost = score([boxes, worse], [truth, truth], OTB).success
    assert (lost <= kept).all()


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (6, 4), elements=finite), arrays(np.float64, (6, 4), elements=finite))
def test_overlap_is_symmetric_and_within_its_range(a, b):
    overlap = iou(a, b)
    assert ((overlap >= 0) & (overlap <= 1)).all()
    np.testing.assert_array_equal(overlap, iou(b, a))


def test_usable():
    rows = np.array([BOX, [NAN, 1, 1, 1], [1, 1, 0, 1], [1, 1, 1, -1], [np.inf, 1, 1, 1]])
    assert usable(rows).tolist() == [True, False, False, False, False]


def test_attributes_average_over_their_own_sequences():
    rows = per_attribute([("OCC", "SV"), ("OCC",), ()], {"success_auc": np.array([0.2, 0.6, 0.9])})
    assert rows == {
        "OCC": {"success_auc": pytest.approx(0.4), "sequences": 2},
        "SV": {"success_auc": pytest.approx(0.2), "sequences": 1},
    }


def test_nothing_to_score_is_an_error():
    with pytest.raises(DsltError, match="nothing to score"):
        score([], [], OTB)
    with pytest.raises(DsltError, match=r"shape \(N, 4\)"):
        score([np.zeros((3, 8))], [np.ones((3, 4))], OTB)
    absent = np.full((3, 4), NAN)
    with pytest.raises(DsltError, match="no frame has a valid ground truth"):
        score([absent], [absent], varied(invalid_ground_truth="skip"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "otb"}, "unknown kind of protocol 'otb'; allowed: ope, vot"),
        ({"speed": 1}, "unknown key 'speed'; allowed: .*invalid_ground_truth"),
        ({"invalid_result": "guess"}, "invalid_result = 'guess'"),
        ({"success": {**OTB.success.model_dump(), "step": 0.3}}, "whole number of steps"),
        ({"precision": {**OTB.precision.model_dump(), "stop": 10}}, "must contain 20 px"),
    ],
)
def test_a_wrong_protocol_is_refused(change, message):
    with pytest.raises(DsltError, match=message):
        parse_protocol({**OTB.model_dump(), **change}, "protocols.yaml: otb")


def test_protocol_files_and_texts(tmp_path):
    with pytest.raises(DsltError, match="not JSON"):
        parse_json("{kind: ope", "protocol")
    with pytest.raises(DsltError, match="no such file"):
        load_protocols(tmp_path / "absent.yaml")
    listed = tmp_path / "list.yaml"
    listed.write_text("- otb\n")
    with pytest.raises(DsltError, match="expected a mapping"):
        load_protocols(listed)
    assert parse_protocol(OTB.model_dump(mode="json"), "copy") == OTB
