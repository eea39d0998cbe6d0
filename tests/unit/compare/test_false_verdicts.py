"""The scorecard's error and power by simulation: a small one here, the large one as it was kept."""

from __future__ import annotations

import csv

import pytest

from false_verdicts import CLIPS, SHAPES, SIZES, Rates, simulate
from places import ROOT

MOST_FALSE = 0.06
POWER = {14: 0.5, 57: 0.9}


def kept() -> dict[tuple[str, int, int], Rates]:
    with (ROOT / "docs" / "false_verdicts.csv").open(newline="", encoding="utf-8") as file:
        return {
            (row.pop("shape"), int(row.pop("videos")), int(row.pop("sequences"))): Rates(
                *map(float, row.values())
            )
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("sizes", SIZES, ids=sum)
def test_the_kept_simulation_holds_the_bars(shape: str, sizes: tuple[int, ...]) -> None:
    rates = kept()[shape, len(sizes), sum(sizes)]
    assert rates.false_one <= MOST_FALSE
    assert rates.false_family <= MOST_FALSE
    assert rates.power_one >= POWER.get(len(sizes), 0)


@pytest.mark.parametrize(
    ("shape", "sizes"),
    [("skewed (exponential)", (1,) * 7), ("normal", (1,) * 14), ("skewed (exponential)", CLIPS)],
    ids=["7", "14", "clips"],
)
def test_the_code_still_does_what_was_kept(shape: str, sizes: tuple[int, ...]) -> None:
    """300 families each: a share differs from the kept one by less than four standard errors."""
    samples = 300
    found = simulate(shape, sizes, samples, seed=1)
    known = kept()[shape, len(sizes), sum(sizes)]
    for name in Rates.__annotations__:
        share = getattr(known, name)
        error = (max(share, 0.01) * (1 - share) / samples) ** 0.5
        assert abs(getattr(found, name) - share) <= 4 * error, name
