"""Small runs with confidence: truth, per-frame records, and the files that are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dslt.core.csvfile import write_rows
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.score.confidence_file import CellConfidence, score_run
from dslt.score.records import COLUMNS
from dslt.score.scores import to_json
from dslt.settings.protocols import load_confidence
from places import ROOT

PROTOCOL = load_confidence(ROOT / "config" / "protocols.yaml")
FRAMES = 12
VIDEOS = 7


def make_index(benchmark: str = "clips", videos: int = VIDEOS) -> BenchmarkIndex:
    """Two sequences of each video, of a target that stands still and is absent in one frame."""
    entries = []
    for number in range(2 * videos):
        truth = np.tile([10.0, 10.0, 20.0, 20.0], (FRAMES, 1))
        if number == 0:
            truth[5] = np.nan
        names = {"name": f"seq{number}", "video": f"video{number % videos}"}
        entries.append(IndexEntry(truth=truth, attributes=(), source=None, **names))
    return BenchmarkIndex(benchmark, "otb", 1, entries)


def write_records(index: BenchmarkIndex, folder: Path, noise: float, seed: int = 0) -> None:
    """Write a run that is off by more and more; its score follows the error, but for `noise`."""
    source = np.random.default_rng(seed)
    for entry in index.sequences:
        off = np.concatenate([[0.0], source.uniform(0, 20, FRAMES - 1)])
        scores = np.clip(1 - off / 20 + noise * source.normal(size=FRAMES), 0, 1)
        rows = [
            (frame, 10 + x, 10, 20, 20, "" if frame == 0 else f"{score:.6f}")
            for frame, (x, score) in enumerate(zip(off, scores, strict=True))
        ]
        write_rows(folder / f"{entry.name}.csv", COLUMNS, rows)


def confidence_file(
    folder: Path,
    cell: str,
    noise: float,
    seeds: Sequence[int] = (0,),
    benchmarks: Sequence[str] = ("clips",),
) -> Path:
    """Make the confidence file of a cell."""
    runs = []
    for benchmark in benchmarks:
        index = make_index(benchmark)
        for seed in seeds:
            place = folder / cell / benchmark / f"seed{seed}"
            write_records(index, place, noise, seed)
            runs.append(score_run(index, place, seed, PROTOCOL))
    path = folder / f"{cell}.confidence.json"
    path.write_text(to_json(CellConfidence(cell=cell, runs=tuple(runs))), encoding="utf-8")
    return path
