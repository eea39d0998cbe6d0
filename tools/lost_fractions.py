"""What `dslt demo` would call lost for each fraction of the level, on tracked sequences with truth.

    python tools/lost_fractions.py INDEX LABEL=RUN ...     writes a CSV to the standard output

INDEX is a benchmark's index, RUN a folder of `dslt track` on it. `config/lost.yaml` was chosen by
the result on the development videos, `config/tuning/lost.csv`. Each video has the same weight.
"""

import sys
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.csvfile import csv_text, read_frame
from dslt.core.text import split_pair
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.demo.lost import LostRule, read_lost_settings
from dslt.geometry.boxes import iou

GOOD, GONE = 0.5, 0.1  # overlaps; a target that is absent has none


def judged(scores: Floats, fraction: float, frames: int) -> Floats:
    """Judge the scores of a run, the first frame's left out: 1 lost, 0 not, NaN not judged."""
    rule = LostRule(fraction, frames)
    verdicts = [rule.lost(score) for score in scores.tolist()]
    return np.array([np.nan if verdict is None else verdict for verdict in verdicts], float)


def shares(index: BenchmarkIndex, run: Path, fraction: float) -> tuple[float, float]:
    """Return which share of the good frames is called lost, and of those whose target is gone."""
    frames = read_lost_settings().frames
    lost, overlaps, weights = [], [], []
    for entry in index.sequences:
        rows = read_frame(run / f"{entry.name}.csv", "frames of `dslt track`")
        found = judged(rows["score"].to_numpy(float)[1:], fraction, frames)
        overlap = np.nan_to_num(iou(rows[["x", "y", "w", "h"]].to_numpy(float), entry.boxes()))[1:]
        known = ~np.isnan(found)
        lost.append(found[known])
        overlaps.append(overlap[known])
        weights.append(np.full(known.sum(), 1 / max(known.sum(), 1)))
    called, overlap, weight = map(np.concatenate, (lost, overlaps, weights))
    good, gone = overlap >= GOOD, overlap < GONE
    return (
        float(np.average(called[good], weights=weight[good])),
        float(np.average(called[gone], weights=weight[gone])) if gone.any() else float("nan"),
    )


def main() -> None:
    """Write a row for each run and fraction."""
    index = load_index(sys.argv[1])
    rows = []
    for argument in sys.argv[2:]:
        label, run = split_pair(argument, "LABEL=RUN")
        for percent in range(5, 101, 5):
            good, gone = shares(index, Path(run), percent / 100)
            rows.append((label, percent / 100, f"{good:.4f}", f"{gone:.4f}"))
    print(csv_text(("cell", "fraction", "good_called_lost", "gone_called_lost"), rows), end="")


if __name__ == "__main__":
    main()
