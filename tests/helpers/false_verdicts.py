"""How often the scorecard finds what is not there, and what is: a simulation of its rules.

    python tests/helpers/false_verdicts.py     writes docs/false_verdicts.csv and .svg (5 minutes)

A family of four claims is judged as the scorecard does: jackknife, p value, Holm's correction. The
differences of a claim between videos have one of the shapes below, with a standard deviation of 1.
Each video has one sequence, but for the last case: the videos of `clips`, whose sequences differ by
a little besides.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dslt.compare.intervals import LEVEL, Interval, holm, interval_of_mean
from dslt.compare.ratios import RatioSums
from dslt.core.arrays import Floats

VIDEOS = (6, 7, 10, 14, 20, 57)
CLIPS = (7, 2, 2, 2, 2, *[1] * 9)
SIZES = (*((1,) * videos for videos in VIDEOS), CLIPS)
_WITHIN = 0.3  # deviation of the sequences of a video
CLAIMS = 4
_VARIANCE = 0.75**2
# One video in ten loses its target, which costs 20 times as much as the others differ by.
_RARE, _LOSS = 0.1, 20.0
SHAPES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], Floats]] = {
    "normal": lambda random, shape: random.normal(size=shape),
    "heavy tails (t, 3)": lambda random, shape: random.standard_t(3, shape) / np.sqrt(3),
    "skewed (exponential)": lambda random, shape: random.exponential(size=shape) - 1,
    "very skewed (log-normal)": lambda random, shape: (
        (random.lognormal(0, np.sqrt(_VARIANCE), shape) - np.exp(_VARIANCE / 2))
        / np.sqrt((np.exp(_VARIANCE) - 1) * np.exp(_VARIANCE))
    ),
}
# No rule that sees the videos alone can know of what is in none of them: shown, not bounded.
LOST = "a lost target in one of ten"


def lost(random: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Differences that are small but for one video in ten, about 0, with deviation 1."""
    rare = _LOSS * ((random.uniform(size=shape) < _RARE) - _RARE)
    return np.asarray(
        (random.normal(size=shape) + rare) / np.sqrt(1 + _LOSS**2 * _RARE * (1 - _RARE))
    )


@dataclass(frozen=True)
class Rates:
    """Shares of simulated studies.

    Attributes:
        false_one: A claim alone without an effect gets a verdict.
        false_family: Of four without an effect at least one gets one.
        power_one: A claim alone with an effect of one standard deviation gets its verdict.
        power_one_of_four: That claim, where the three others have no effect.
        power_all_of_four: The mean of four where all have that effect.
    """

    false_one: float
    false_family: float
    power_one: float
    power_one_of_four: float
    power_all_of_four: float


def chances(values: Floats, sizes: tuple[int, ...]) -> list[list[float]]:
    """p values of samples of claims, (B, C, N) to B lists of C; video i has `sizes[i]` of the N."""
    videos = np.repeat(np.arange(len(sizes)).astype(str), sizes).tolist()
    return [
        [_chance(interval_of_mean(RatioSums.of_means(one[:, None]), videos)) for one in row]
        for row in values
    ]


def _chance(interval: Interval) -> float:
    found = interval.chance()
    assert found is not None
    return found


def simulate(shape: str, sizes: tuple[int, ...], samples: int, seed: int = 0) -> Rates:
    """Judge families of four claims, without an effect and with one of either sign."""
    random = np.random.default_rng([seed, len(sizes)])
    drawn = (lost if shape == LOST else SHAPES[shape])(random, (samples, CLAIMS, len(sizes)))
    if max(sizes) > 1:
        drawn = np.repeat(drawn, sizes, axis=-1)
        drawn = drawn + _WITHIN * random.normal(size=drawn.shape)
    signs = np.where(np.arange(samples) % 2, 1.0, -1.0)[:, None, None]
    none, some = chances(drawn, sizes), chances(drawn + signs, sizes)
    mixed = [[effect[0], *rest[1:]] for effect, rest in zip(some, none, strict=True)]

    def share(hits: Floats) -> float:
        return float(hits.mean())

    def corrected(rows: list[list[float]]) -> Floats:
        return np.array([holm(row) for row in rows]) <= LEVEL

    return Rates(
        share(np.array(none) <= LEVEL),
        share(corrected(none).any(axis=1)),
        share(np.array(some) <= LEVEL),
        share(corrected(mixed)[:, 0]),
        share(corrected(some)),
    )


def draw(rows: list[tuple[str, tuple[int, ...], Rates]], path: Path) -> None:
    """Draw false verdicts and power over the number of videos with one sequence each."""
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    mpl.rcParams |= {"svg.hashsalt": "dslt", "svg.fonttype": "none"}
    canvas, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    panels = [
        ("false_family", "no effect: a verdict in a family of four"),
        ("power_one", "effect of one deviation: a claim alone"),
        ("power_one_of_four", "the same, with three claims of no effect"),
    ]
    for ax, (name, title) in zip(axes, panels, strict=True):
        for shape, style in zip((*SHAPES, LOST), ("o-", "s--", "^-.", "v:", "kx-"), strict=True):
            own = [
                (len(sizes), 100 * getattr(rates, name))
                for kind, sizes, rates in rows
                if kind == shape and max(sizes) == 1
            ]
            ax.plot(*zip(*own, strict=True), style, label=shape, ms=4)
        ax.set(title=title, xlabel="source videos", xscale="log")
        ax.title.set_fontsize(9)
        ax.set_xticks(VIDEOS, map(str, VIDEOS))
        ax.minorticks_off()
        ax.grid(alpha=0.3)
    axes[0].axhline(6, color="k", lw=0.8)
    axes[0].set(ylim=(0, 100), ylabel="% of simulated studies")
    for ax in axes[1:]:
        ax.set(ylim=(0, 102))
    axes[1].legend(fontsize=8)
    canvas.savefig(path, metadata={"Date": None})


def main() -> None:
    """Simulate, write the table and the figure."""
    docs = Path(__file__).resolve().parents[2] / "docs"
    rows = [
        (shape, sizes, simulate(shape, sizes, 4000)) for shape in (*SHAPES, LOST) for sizes in SIZES
    ]
    with (docs / "false_verdicts.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("shape", "videos", "sequences", *Rates.__annotations__))
        for shape, sizes, rates in rows:
            shares = (f"{getattr(rates, name):.3f}" for name in Rates.__annotations__)
            table.writerow((shape, len(sizes), sum(sizes), *shares))
    draw(rows, docs / "false_verdicts.svg")


if __name__ == "__main__":
    main()
