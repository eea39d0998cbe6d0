"""Reading what the pages of a benchmark's sequences show."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dslt.compare.runs import group_runs
from dslt.core.errors import DsltError
from dslt.core.names import split_seed
from dslt.report.sequences.page import ShownBenchmark
from dslt.report.sequences.runs import read_frames
from dslt.report.sequences.shown import ShownTracker
from dslt.score.evaluate import Suite
from dslt.score.scores import Scores

Runs = Mapping[tuple[str, int], Path]
"""Id of a tracker and seed of a run to the folder of its raw results."""


def parse_runs(folders: Mapping[str, str]) -> Runs:
    """Read `CELL@SEED` and folder of runs.

    Raises:
        DsltError: A run is named otherwise.
    """
    return {
        split_seed(name, "--run CELL@SEED=DIR"): Path(folder) for name, folder in folders.items()
    }


def load_trackers(
    paths: Iterable[Path], labels: Mapping[str, str], losses: Mapping[str, str]
) -> dict[str, list[ShownTracker]]:
    """Read score files: benchmark to its trackers, in the order in which the files are given.

    Raises:
        DsltError: A file is missing or malformed, or two are of one run.
    """
    found: dict[str, list[ShownTracker]] = {}
    for benchmark, cells in group_runs(paths).items():
        seeds = {cell: {run.seed: run for _, run in runs} for cell, runs in cells.items()}
        found[benchmark] = named(seeds, labels, losses)
    return found


def named(
    cells: Mapping[str, Mapping[int, Scores]],
    labels: Mapping[str, str],
    losses: Mapping[str, str],
) -> list[ShownTracker]:
    """Give trackers their labels and losses; one without a label is called by its id."""
    return [
        ShownTracker(cell, labels.get(cell, cell), seeds, losses.get(cell, ""))
        for cell, seeds in cells.items()
    ]


def load_benchmark(
    suite: Suite,
    trackers: Sequence[ShownTracker],
    runs: Runs,
    chosen: Sequence[str],
    videos: Mapping[str, Path],
) -> ShownBenchmark:
    """Read the raw results of a benchmark's trackers, from where their scores say they count.

    Args:
        suite: The ground truth.
        trackers: The trackers with their scores.
        runs: The folders of the runs that are scored.
        chosen: Ids of the trackers that are shown at first.
        videos: Sequence to its video file.

    Raises:
        DsltError: A run has scores and no folder or the reverse, or results are unreadable.
    """
    scored = {(one.id, seed): run for one in trackers for seed, run in one.scores.items()}
    for cell, seed in scored.keys() ^ runs.keys():
        lacking = "no folder of results" if (cell, seed) in scored else "no scores"
        raise DsltError(f"{cell}, seed {seed}, on {suite.benchmark}: {lacking}; expected both")
    records = {
        run: read_frames(suite, runs[run], found.box_origin) for run, found in scored.items()
    }
    return ShownBenchmark(suite, trackers, records, chosen, videos)
