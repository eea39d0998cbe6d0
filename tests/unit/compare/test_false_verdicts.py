"""The scorecard's error and power by simulation: a small one here, the large one as it was kept."""

from __future__ import annotations

import csv

import pytest

from false_verdicts import SHAPES, VIDEOS, Rates, simulate
from places import ROOT

MOST_FALSE = 0.06
POWER = {14: 0.5, 57: 0.9}


def kept() -> dict[tuple[str, int], Rates]:
    with (ROOT / "docs" / "false_verdicts.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row.pop("shape"), int(row.pop("videos"))): Rates(*map(float, row.values()))
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("videos", VIDEOS)
def test_the_kept_simulation_holds_the_bars(shape: str, videos: int) -> None:
    rates = kept()[shape, videos]
    assert rates.false_one <= MOST_FALSE
    assert rates.false_family <= MOST_FALSE
    assert rates.power_one >= POWER.get(videos, 0)


@pytest.mark.parametrize(("shape", "videos"), [("skewed (exponential)", 7), ("normal", 14)])
def test_the_code_still_does_what_was_kept(shape: str, videos: int) -> None:
    """300 families each: a share differs from the kept one by less than four standard errors."""
    samples = 300
    found, known = simulate(shape, videos, samples, seed=1), kept()[shape, videos]
    for name in Rates.__annotations__:
        share = getattr(known, name)
        error = (max(share, 0.01) * (1 - share) / samples) ** 0.5
        assert abs(getattr(found, name) - share) <= 4 * error, name
