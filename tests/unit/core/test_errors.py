"""Values in messages: whole where they are short, cut where nobody would read them."""

import json

import pytest

from dslt.core.definitions import changed_definitions, parse_yaml
from dslt.core.errors import DsltError, quote, unknown
from dslt.core.jsonfile import parse_json
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.downloads.vot_manifest import manifest_files
from dslt.score.convergence import read_records
from dslt.score.records import read_record, read_seconds
from dslt.settings.registry import parse_tracker, parse_training
from dslt.study.cells import apply_overrides, load_cells, resolve_settings
from places import ROOT

LONG = "x" * 300_000
TRACKERS = ROOT / "config" / "trackers"


def test_short_values_are_whole_and_long_ones_cut():
    assert quote("a'b") == repr("a'b")
    assert quote([1, None]) == "[1, None]"
    assert quote("x" * 1000) == "'" + "x" * 199 + "... (802 more characters)"


def sheet(folder, **columns):
    values = {"id": "a", "label": "A", "base": "opencv/kcf", "overrides": "", "benchmarks": "clips"}
    values |= {"seeds": "0", "shown_in": "", "note": ""} | columns
    path = folder / "cells.tsv"
    path.write_text("\t".join(values) + "\n" + "\t".join(values.values()) + "\n")
    return load_cells(path, TRACKERS)


def seconds(folder):
    path = folder / "a.csv"
    path.write_text(f"frame,seconds\n0,{LONG}\n")
    return read_seconds(path, 1)


def records(folder):
    path = folder / "a.csv"
    path.write_text(f"sequence,iteration,loss,criterion\na,0,{LONG},1\n")
    return read_records(path)


def tracked(folder):
    path = folder / "a.csv"
    path.write_text(f"frame,x,y,w,h,score,seconds\n0,{LONG},1,1,1,1,1\n")
    return read_record(path, 1)


def annotation(folder):
    entry = {"gt_rect": [[1, 2, 3, 4]], LONG: ["x"]}
    (folder / "a.json").write_text(json.dumps({LONG: entry}))
    values = {"kind": "annotations", "family": "otb", "protocol": "otb", "box_origin": 1}
    return load_targets(AnnotationsBenchmark.model_validate(values), folder / "a.json")


@pytest.mark.parametrize(
    "read",
    [
        annotation,
        records,
        tracked,
        lambda folder: resolve_settings("siamfc/lite", LONG, TRACKERS, "cell"),
        lambda folder: resolve_settings("siamfc/lite", f"{LONG}=1", TRACKERS, "cell"),
        lambda folder: resolve_settings(
            "siamfc/lite", f"training.loss.name={LONG}", TRACKERS, "cell"
        ),
        lambda folder: resolve_settings(
            "siamfc/lite", f"training.loss.name=[{LONG}", TRACKERS, "cell"
        ),
        lambda folder: resolve_settings(
            "siamfc/lite", f"training.pairs.sources={{x: [{LONG}]}}", TRACKERS, "cell"
        ),
        lambda folder: resolve_settings(f"siamfc/{LONG}", "", TRACKERS, "cell"),
        lambda folder: resolve_settings(f"{LONG}/lite", "", TRACKERS, "cell"),
        lambda folder: apply_overrides({}, f"a.b={LONG}", "cell"),
        lambda folder: sheet(folder, id=LONG + "."),
        lambda folder: sheet(folder, seeds=LONG),
        lambda folder: sheet(folder, base=LONG),
        lambda folder: parse_tracker({"tracker": LONG}, "settings"),
        lambda folder: parse_tracker({"tracker": "opencv", LONG: 1}, "settings"),
        lambda folder: parse_tracker({"tracker": "opencv"} | dict.fromkeys(range(20_000)), "a"),
        lambda folder: parse_training({"tracker": "dslt", LONG: 1, "training": 1}, "settings"),
        lambda folder: parse_tracker([LONG], "settings"),
        lambda folder: parse_json(LONG, "settings"),
        lambda folder: parse_yaml(f"a: !!{LONG} 1", "settings"),
        lambda folder: changed_definitions({}, {LONG: 1}),
        lambda folder: changed_definitions({}, [LONG]),
        lambda folder: manifest_files(
            {"sequences": [{"name": LONG + "/"}]}, "https://example.org/a.json", "manifest"
        ),
        seconds,
    ],
)
def test_no_message_is_as_long_as_the_value(tmp_path, read):
    with pytest.raises(DsltError) as error:
        read(tmp_path)
    assert len(str(error.value)) < 20_000


def test_a_value_outside_a_list_is_cut():
    assert len(str(unknown("cell", LONG, ["a"]))) < 300
