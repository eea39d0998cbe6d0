"""When a target counts as lost."""

import csv
import math

import pytest

from dslt.core.errors import DsltError
from dslt.demo.lost import LostRule, below_level, read_lost_settings
from places import ROOT


def judged(scores, below=0.5, frames=3):
    rule = LostRule(below, frames)
    return [rule.lost(score) for score in scores], rule


def test_the_level_is_the_median_of_the_first_scores():
    lost, rule = judged([0.8, 0.1, 0.6, 0.29, 0.31, 0.6])
    assert rule.level == 0.6
    assert lost == [None, None, None, True, False, False]


@pytest.mark.parametrize("factor", [1e-3, 1, 50])
def test_the_height_of_the_scores_does_not_matter(factor):
    scores = [0.8, 0.7, 0.6, 0.4, 0.3, 0.34, 0.36]
    assert judged([factor * score for score in scores])[0] == judged(scores)[0]


def test_no_score_is_lost():
    assert judged([0.8, 0.7, 0.6, math.nan])[0][-1] is True


def test_a_tracker_that_finds_nothing_from_the_start_is_lost():
    assert judged([0, 0, 1, 0, 1])[0] == [None, None, None, True, False]


@pytest.mark.parametrize("first", [-1.0, math.nan])
def test_a_level_without_a_fraction_judges_nothing(first):
    lost, rule = judged([first, first, first, -9, 9])
    assert lost == [None] * 5
    assert rule.blind
    assert not judged([first])[1].blind


def test_the_fraction_depends_on_the_tracker(tmp_path, monkeypatch):
    settings = read_lost_settings()
    assert below_level(settings, "siamfc") == settings.below["siamfc"]
    assert below_level(settings, "still") == settings.below["others"]
    (tmp_path / "config").mkdir()
    monkeypatch.chdir(tmp_path)
    for text, error in [
        ("frames: 10\nbelow: {dslt: 0.3}", "no value for 'others'"),
        ("frames: 0\nbelow: {others: 0.3}", "frames = 0"),
        ("frames: 10\nbelow: {others: 3}", "others = 3"),
    ]:
        (tmp_path / "config" / "lost.yaml").write_text(text)
        with pytest.raises(DsltError, match=rf"lost\.yaml: .*{error}"):
            read_lost_settings()


@pytest.mark.parametrize("tracker", ["dslt", "siamfc", "rtmdnet"])
def test_the_fractions_are_what_the_development_videos_say(tracker):
    with (ROOT / "config" / "tuning" / "lost.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["cell"].startswith(tracker)]
    too_far = {row["fraction"] for row in rows if float(row["good_called_lost"]) > 0.01}
    fractions = {row["fraction"] for row in rows}
    chosen = max(map(float, fractions - too_far), default=min(map(float, fractions)))
    assert below_level(read_lost_settings(), tracker) == chosen
