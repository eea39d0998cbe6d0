"""Score files as the plots need them: by benchmark and cell, checked to be comparable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from dslt.core.errors import DsltError
from dslt.figures import inputs
from dslt.score.scores import Scores, load_scores

MADE_BY = "rule `score` (`dslt score`)"
SHARED = ("success", "precision", "norm_precision")  # curves over thresholds of the protocol
Runs = dict[str, dict[str, list[Scores]]]


def load_runs(paths: Sequence[Path]) -> Runs:
    """Read score files.

    Returns:
        benchmark -> cell -> its seeds, in the order in which the files name them.

    Raises:
        DsltError: A file is missing or malformed, repeats a seed, or scores other sequences or
            other conventions than the others of its benchmark.
    """
    groups: dict[str, dict[str, dict[Path, Scores]]] = {}
    for path in paths:
        score = load_scores(inputs.existing(path, MADE_BY))
        files = groups.setdefault(score.benchmark, {}).setdefault(score.cell, {})
        for other_path, other in files.items():
            if other.seed == score.seed:
                raise DsltError(
                    f"{path}: cell {score.cell}, benchmark {score.benchmark}, seed {score.seed} "
                    f"was given already by {other_path}"
                )
        files[path] = score
    for cells in groups.values():
        _check_comparable({path: s for files in cells.values() for path, s in files.items()})
    return {
        benchmark: {cell: list(files.values()) for cell, files in cells.items()}
        for benchmark, cells in groups.items()
    }


def _check_comparable(files: Mapping[Path, Scores]) -> None:
    """Refuse to draw in one plot what was scored on other sequences or otherwise."""
    (first_path, first), *others = files.items()
    for path, score in others:
        differing = sorted(set(score.sequences) ^ set(first.sequences))
        if differing:
            raise DsltError(
                f"{path}: scores other sequences than {first_path} "
                f"(only in one of them: {', '.join(differing)}); score both on the same index"
            )
        if score.conventions != first.conventions:
            raise DsltError(f"{path}: was scored by other conventions than {first_path}")
        for kind in SHARED:
            mine, theirs = getattr(score.curves, kind), getattr(first.curves, kind)
            if (mine and mine.thresholds) != (theirs and theirs.thresholds):
                raise DsltError(f"{path}: its {kind} thresholds differ from those of {first_path}")


def metric(runs: Sequence[Scores], name: str) -> float | None:
    """Average a metric over the seeds of a cell; None where a seed has none."""
    values = [run.overall.defined().get(name) for run in runs]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None


def size(cells: Mapping[str, Sequence[Scores]]) -> str:
    """Say how many sequences a benchmark has, and whether that is all of it."""
    first = next(iter(cells.values()))[0]
    count = len(first.sequences)
    counted = "1 sequence" if count == 1 else f"{count} sequences"
    return counted if first.complete else f"only {counted} of it"
