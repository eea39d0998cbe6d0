"""Published raw results score as the official toolkits score them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from dslt.boxes import read_boxes
from dslt.evaluation.formats import read_result
from dslt.evaluation.ope import score, valid_ground_truth
from dslt.evaluation.protocols import load_protocols

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT.parent / "shared" / "published"
TOLERANCE = 0.0005
TIGER1_FIRST = 5  # the toolkit scores Tiger1 from frame 6

pytestmark = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason=f"published results are not at {PUBLISHED}"
)


def simple(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def boxes_by_name(folder: Path) -> dict[str, Path]:
    """Files by sequence; the spellings of OTB names differ between trackers."""
    name = simple if "OTB2015" in folder.parts else str
    return {name(path.stem): path for path in sorted(folder.glob("*.txt"))}


@pytest.fixture(scope="module")
def protocol():
    return load_protocols(ROOT / "config" / "protocols.yaml")["otb"]


@pytest.fixture(scope="module")
def otb() -> dict[str, np.ndarray]:
    folder = PUBLISHED / "annotations" / "OTB2015" / "anno"
    truths = {name: read_boxes(path) for name, path in boxes_by_name(folder).items()}
    truths["tiger1"] = truths["tiger1"][TIGER1_FIRST:]
    return truths


def evaluate(truths, folder, protocol, origin=1):
    paths = boxes_by_name(folder)
    names = sorted(truths)
    results = [read_result(paths[name], truths[name], origin).boxes for name in names]
    found = score(results, [truths[name] for name in names], protocol)
    return names, found


@pytest.mark.parametrize(
    ("tracker", "origin", "auc", "precision"),
    [
        ("KCF", 1, 0.4771, 0.6954),
        ("MDNet", 1, 0.6776, 0.9094),
        ("SiamFC", 1, 0.5865, 0.7717),
        ("SiamRPN", 1, 0.6317, 0.8503),
        ("SiamRPN", 0, 0.6380, 0.8505),
    ],
)
def test_otb2015(otb, protocol, tracker, origin, auc, precision):
    folder = PUBLISHED / "results" / "OTB2015" / tracker
    names, found = evaluate(otb, folder, protocol, origin)
    assert len(names) == 100
    assert found.success_auc.mean() == pytest.approx(auc, abs=TOLERANCE)
    assert found.precision_20.mean() == pytest.approx(precision, abs=TOLERANCE)


def test_otb2013(otb, protocol):
    text = (PUBLISHED / "annotations" / "OTB2015" / "cvpr13.txt").read_text()
    entries = {simple(line.split("\t")[0]) for line in text.splitlines() if line.strip()}
    truths = {name: truth for name, truth in otb.items() if name in entries}
    assert len(truths) == 51
    _, found = evaluate(truths, PUBLISHED / "results" / "OTB2015" / "KCF", protocol)
    assert found.success_auc.mean() == pytest.approx(0.5138, abs=TOLERANCE)
    assert found.precision_20.mean() == pytest.approx(0.7400, abs=TOLERANCE)


def uav_truths(folder: Path) -> dict[str, np.ndarray]:
    paths = boxes_by_name(PUBLISHED / "annotations" / "UAV123" / "anno")
    return {name: read_boxes(paths[name]) for name in boxes_by_name(folder)}


def test_uav123(protocol):
    folder = PUBLISHED / "results" / "UAV123" / "SiamFC"
    truths = uav_truths(folder)
    names, found = evaluate(truths, folder, protocol)
    assert len(names) == 123
    assert found.success_auc.mean() == pytest.approx(0.4996, abs=TOLERANCE)
    assert found.precision_20.mean() == pytest.approx(0.7205, abs=TOLERANCE)


def test_uav123_skipping_absent_frames_lowers_precision_by_more_than_a_point(protocol):
    folder = PUBLISHED / "results" / "UAV123" / "SiamFC"
    truths = uav_truths(folder)
    assert sum((~valid_ground_truth(truth, 1)).sum() for truth in truths.values()) == 2683
    _, official = evaluate(truths, folder, protocol)
    skipping = protocol.model_copy(update={"invalid_ground_truth": "skip"})
    _, skipped = evaluate(truths, folder, skipping)
    assert official.precision_20.mean() - skipped.precision_20.mean() > 0.01


def test_ground_truth_against_itself(otb, protocol):
    valid = {name: truth for name, truth in otb.items() if valid_ground_truth(truth, 1).all()}
    truths = list(valid.values())
    found = score(truths, truths, protocol)
    assert len(truths) == 96
    np.testing.assert_allclose(found.success_auc, 20 / 21, rtol=1e-12)
    assert (found.precision_20 == 1).all()


def test_results_of_another_sequence_are_mostly_recognised(otb):
    """Swapping files of different sequences must not give a number in silence."""
    from dslt.errors import DsltError

    paths = boxes_by_name(PUBLISHED / "results" / "OTB2015" / "KCF")
    names = sorted(otb)
    refused = 0
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        try:
            notes = read_result(paths[other], otb[name]).notes
        except DsltError:
            refused += 1
        else:
            assert notes, f"{other} passed as {name} without a note"
    assert refused >= 90
