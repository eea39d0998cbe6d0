"""Published raw results score as the official toolkits score them."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.sequences.target import Target
from dslt.score.ope import OpeScores, score, valid_ground_truth
from dslt.score.read_boxes import read_results
from dslt.settings.protocols import OpeProtocol, alternatives, load_protocols
from places import ROOT
from published import ANNOTATIONS, RESULTS, needs

FOLDER = {"OTB-2015": "OTB2015", "OTB-2013": "OTB2015", "UAV123": "UAV123", "LaSOT": "LaSOT"}
TOLERANCE = 0.0005

pytestmark = needs(".")


@cache
def definition(name: str) -> AnnotationsBenchmark:
    found = find_benchmark(read_definitions(ROOT / "config" / "benchmarks.yaml"), name)[1]
    assert isinstance(found, AnnotationsBenchmark)
    return found


@cache
def loaded(name: str) -> tuple[dict[str, Target], list[str]]:
    return load_targets(definition(name), ANNOTATIONS / FOLDER[name])


def protocol_of(name: str, **changes: object) -> OpeProtocol:
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")[definition(name).protocol]
    assert isinstance(protocol, OpeProtocol)
    return protocol.model_copy(update=changes)


@cache
def boxes_of(name: str, tracker: str, origin: int) -> tuple[np.ndarray, ...]:
    targets, _ = loaded(name)
    skipped = {key: first - 1 for key, first in definition(name).scored_from.items()}
    folder = RESULTS / FOLDER[name] / tracker
    results, _ = read_results(folder, targets, origin, skipped=skipped)
    return tuple(results[key].boxes for key in targets)


def evaluate(name: str, tracker: str, origin: int = 1, **changes: object) -> OpeScores:
    targets = list(loaded(name)[0].values())
    return score(boxes_of(name, tracker, origin), targets, protocol_of(name, **changes))


@pytest.mark.parametrize(
    ("name", "count", "tracker", "origin", "auc", "precision"),
    [
        ("OTB-2015", 100, "KCF", 1, 0.4771, 0.6954),
        ("OTB-2015", 100, "MDNet", 1, 0.6776, 0.9094),
        ("OTB-2015", 100, "SiamFC", 1, 0.5865, 0.7717),
        ("OTB-2015", 100, "SiamRPN", 1, 0.6317, 0.8503),
        ("OTB-2015", 100, "SiamRPN", 0, 0.6380, 0.8505),
        ("OTB-2013", 51, "KCF", 1, 0.5138, 0.7400),
        ("UAV123", 123, "SiamFC", 1, 0.4996, 0.7205),
        ("LaSOT", 280, "ATOM", 1, 0.5143, 0.5054),
    ],
)
def test_published_numbers(name, count, tracker, origin, auc, precision):
    found = evaluate(name, tracker, origin)
    assert len(found.success_auc) == count
    assert found.success_auc.mean() == pytest.approx(auc, abs=TOLERANCE)
    assert found.precision_20.mean() == pytest.approx(precision, abs=TOLERANCE)
    assert (found.norm_precision_20 is None) == (name != "LaSOT")


def test_the_table_of_other_conventions_is_what_they_move():
    text = (ROOT / "docs" / "conventions.md").read_text(encoding="utf-8")
    table = text.partition("| convention | ")[2].partition("\n\n")[0].replace("*", "")
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()
    )
    rows = {name.strip("`"): cells for name, *cells in lines}
    assert len(rows) == 7
    for place, column in enumerate(head):
        tracker, name = column.split(", ")
        origin = 0 if tracker == "SiamRPN" else 1
        others = alternatives(protocol_of(name), definition(name).protocol)
        for convention, cells in rows.items():
            changed = others.get(convention, protocol_of(name))
            if shown := [float(value) for value in cells[place].split(" / ") if value]:
                found = score(
                    boxes_of(name, tracker, origin), list(loaded(name)[0].values()), changed
                )
                means = (found.success_auc.mean(), found.precision_20.mean())
                assert means[: len(shown)] == pytest.approx(shown, abs=6e-5), (column, convention)


def test_normalised_precision_of_lasot():
    found = evaluate("LaSOT", "ATOM")
    assert found.norm_precision.shape == (280, 51)
    assert found.norm_precision_20.mean() == pytest.approx(0.5768, abs=TOLERANCE)


def test_absent_frames_of_lasot():
    targets, notes = loaded("LaSOT")
    assert notes == []
    assert sum(len(target.truth) for target in targets.values()) == 685_360
    assert sum(int(target.absent.sum()) for target in targets.values()) == 18_346
    official = evaluate("LaSOT", "ATOM")
    visible = evaluate("LaSOT", "ATOM", denominator="visible")
    scored = evaluate("LaSOT", "ATOM", absent="score")
    assert 0.005 < (visible.success_auc - official.success_auc).mean() < 0.02
    assert (scored.precision_20 - official.precision_20).mean() > 0.005


def test_skipping_absent_frames_of_uav123_lowers_precision_by_more_than_a_point():
    targets, _ = loaded("UAV123")
    invalid = [~valid_ground_truth(target.truth) for target in targets.values()]
    assert sum(int(rows.sum()) for rows in invalid) == 2683
    official = evaluate("UAV123", "SiamFC")
    skipped = evaluate("UAV123", "SiamFC", invalid_ground_truth="skip")
    assert official.precision_20.mean() - skipped.precision_20.mean() > 0.01


def test_ground_truth_against_itself():
    targets = [
        target
        for target in loaded("OTB-2015")[0].values()
        if valid_ground_truth(target.truth).all()
    ]
    found = score([target.truth for target in targets], targets, protocol_of("OTB-2015"))
    assert len(targets) == 96
    np.testing.assert_allclose(found.success_auc, 20 / 21, rtol=1e-12)
    assert (found.precision_20 == 1).all()


def test_otb_from_json_and_from_text_are_the_same():
    texts, notes = loaded("OTB-2015")
    file = ANNOTATIONS / "OTB2015" / "OTB100_pysot_with_attributes.json"
    entries, json_notes = load_targets(definition("OTB-2015"), file)
    assert list(texts) == list(entries) == list(definition("OTB-2015").sequences)
    assert notes == ["Tiger1 is scored from row 6 of 354 on"]
    assert json_notes == []
    assert len(texts["Tiger1"].truth) == 349
    for name, target in texts.items():
        np.testing.assert_array_equal(target.truth, entries[name].truth)
        assert target.attributes == entries[name].attributes
    codes = [code for target in texts.values() for code in target.attributes]
    # As in the legends of papers.
    assert {code: codes.count(code) for code in ("LR", "FM", "BC", "OPR")} == {
        "LR": 9,
        "FM": 39,
        "BC": 31,
        "OPR": 63,
    }
    assert texts["Jogging-2"].video == "Jogging"
    assert texts["Human4-2"].video == "Human4"


def test_attributes_and_videos_of_uav123():
    targets, notes = loaded("UAV123")
    assert notes == []
    assert len({target.video for target in targets.values()}) == 91
    codes = [code for target in targets.values() for code in target.attributes]
    # The benchmark's paper counts these sequences (its table of attributes).
    assert {code: codes.count(code) for code in ("SV", "ARC", "FOC", "LR")} == {
        "SV": 109,
        "ARC": 68,
        "FOC": 33,
        "LR": 48,
    }


def test_polygons_and_tags_of_vot2018():
    benchmark = definition("VOT-2018")
    targets, notes = load_targets(benchmark, ANNOTATIONS / "VOT2018")
    assert notes == []
    assert list(targets) == list(benchmark.sequences)
    assert sum(len(target.truth) for target in targets.values()) == 21_356
    assert [name for name, target in targets.items() if target.corners is None] == ["conduction1"]
    ants = targets["ants1"]
    assert ants.corners[0].tolist() == [
        [137.21, 458.36],
        [156.83, 460.78],
        [148.35, 529.41],
        [128.72, 526.99],
    ]
    np.testing.assert_allclose(ants.truth[0], [128.72, 458.36, 28.11, 71.05])
    assert ants.size == (1024, 1024)
    assert set(ants.tags) == set(load_protocols(ROOT / "config/protocols.yaml")["vot2018"].tags)


def test_results_of_another_sequence_are_mostly_recognised():
    """Swapping files of different sequences must not give a number in silence."""
    targets, _ = loaded("OTB-2015")
    refused = 0
    for path in sorted((RESULTS / "OTB2015" / "KCF").glob("*.txt")):
        for name in ("Basketball", "Woman"):
            if path.stem.lower() == name.lower():
                continue
            try:
                found = read_results(path.parent, {path.stem: Target(targets[name].truth, (), "")})
            except DsltError:
                refused += 1
            else:
                assert found[0][path.stem].notes, f"{path.stem} passed as {name} without a note"
    assert refused >= 170
