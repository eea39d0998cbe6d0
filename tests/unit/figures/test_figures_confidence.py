"""The figure of confidence: precision over recall, and reliability, from confidence files."""

from __future__ import annotations

import json

import numpy as np
import pytest

from confidence_runs import confidence_file
from dslt.core.errors import DsltError
from dslt.figures import confidence
from dslt.score.confidence_file import load_confidence_file
from result_files import call


@pytest.fixture
def files(tmp_path):
    both = ("clips", "synthetic")
    return [
        confidence_file(tmp_path, "dslt", 0.05, seeds=(0, 1), benchmarks=both),
        confidence_file(tmp_path, "dslt_l2", 0.8, benchmarks=both),
    ]


def test_curves_are_means_over_seeds(files):
    found = confidence.load(files)
    assert list(found) == ["clips", "synthetic"]
    trust, runs = found["clips"].cells["dslt"], load_confidence_file(files[0]).runs[:2]
    np.testing.assert_allclose(trust.recall, np.mean([run.recall for run in runs], axis=0))
    first, second = (np.array([run.raw.hits, run.raw.weight]) for run in runs)
    mean = (first[0] * first[1] + second[0] * second[1]) / (first[1] + second[1])
    np.testing.assert_allclose(trust.raw[1], mean)


def test_each_benchmark_has_three_panels(files):
    found = confidence.figure(confidence.load(files, ["synthetic", "clips"]), {"dslt": "ours"})
    titles = [ax.get_title("left") for ax in found.axes]
    assert titles == [
        "(a) Synthetic videos (14 sequences)",
        "(b) Synthetic videos: hits by score",
        "(c) Synthetic videos: hits by probability",
        "(d) Real clips (14 sequences)",
        "(e) Real clips: hits by score",
        "(f) Real clips: hits by probability",
    ]
    (legend,) = found.legends
    assert [text.get_text() for text in legend.get_texts()] == ["ours", "L2"]
    assert found.axes[1].get_xscale() == "linear"


def test_a_bin_without_frames_is_no_point(files):
    record = json.loads(files[1].read_text())
    raw = record["runs"][0]["raw"]
    _, other, *_, last = np.flatnonzero(raw["weight"]).tolist()
    raw["weight"][other], raw["said"][other], raw["hits"][other] = 0.0, None, None
    raw["said"][last] = 40.0
    files[1].write_text(json.dumps(record))
    found = confidence.load(files)
    curve = found["clips"].cells["dslt_l2"].raw
    assert np.isnan(curve[:, other]).all()
    axes = confidence.figure(found).axes[1]
    assert (~np.isnan(curve[0])).sum() in {len(line.get_xdata()) for line in axes.lines}
    assert axes.get_xscale() == "symlog"  # 40 is no response to a label


def test_the_verb_draws_it_and_refuses_what_is_not_there(files, tmp_path):
    given = [word for path in files for word in ("--confidence", str(path))]
    made = call("confidence", *given, "--benchmark", "clips", "--out", tmp_path / "out")
    assert [path.suffix for path in made if path.is_file()] == [".pdf", ".png"]
    with pytest.raises(DsltError, match="unknown benchmark 'OTB-2015'; allowed: clips"):
        confidence.load(files, ["OTB-2015"])
