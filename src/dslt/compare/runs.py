"""Score files by benchmark and cell, checked to be comparable."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from dslt.core.errors import DsltError
from dslt.score.scores import Scores, load_scores

SHARED = ("success", "precision", "norm_precision")  # curves over thresholds of the protocol
Runs = dict[str, dict[str, list[tuple[Path, Scores]]]]


def group_runs(paths: Iterable[Path]) -> Runs:
    """Read score files.

    Returns:
        Benchmark -> cell -> its seeds, each with the file that it is in; all in the order in which
        the files are given.

    Raises:
        DsltError: A file is missing or malformed, or a seed occurs twice.
    """
    groups: Runs = {}
    for path in paths:
        scores = load_scores(path)
        group = groups.setdefault(scores.benchmark, {}).setdefault(scores.cell, [])
        for other_path, other in group:
            if other.seed == scores.seed:
                raise DsltError(
                    f"{path}: cell {scores.cell}, benchmark {scores.benchmark}, seed {scores.seed} "
                    f"was given already by {other_path}"
                )
        group.append((path, scores))
    return groups


def load_runs(paths: Iterable[Path]) -> dict[str, dict[str, list[Scores]]]:
    """Read score files that are to be shown in one plot.

    Returns:
        Benchmark -> cell -> its seeds, in the order in which the files are given.

    Raises:
        DsltError: As `group_runs`; or a file scores other sequences or by other conventions than
            the others of its benchmark.
    """
    groups = group_runs(paths)
    for cells in groups.values():
        check_comparable([run for runs in cells.values() for run in runs])
    return {
        benchmark: {cell: [scores for _, scores in runs] for cell, runs in cells.items()}
        for benchmark, cells in groups.items()
    }


def check_comparable(runs: Sequence[tuple[object, Scores]]) -> None:
    """Refuse to put together what was scored on other sequences or otherwise.

    Args:
        runs: What names each run in errors, and its scores.

    Raises:
        DsltError: Two runs differ in their sequences, conventions or thresholds.
    """
    (first_name, first), *others = runs
    for name, scores in others:
        differing = sorted(set(scores.sequences) ^ set(first.sequences))
        if differing:
            raise DsltError(
                f"{name}: scores other sequences than {first_name} "
                f"(only in one of them: {', '.join(differing)}); score both on the same index"
            )
        if scores.conventions != first.conventions:
            raise DsltError(f"{name}: was scored by other conventions than {first_name}")
        for kind in SHARED:
            mine, theirs = getattr(scores.curves, kind), getattr(first.curves, kind)
            if (mine and mine.thresholds) != (theirs and theirs.thresholds):
                raise DsltError(f"{name}: its {kind} thresholds differ from those of {first_name}")


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
