"""Iterations until convergence (Fig. 16), in the form in which claims are judged."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from dslt.compare.ratios import RatioSums
from dslt.compare.stacks import CellScores, ScoreTables
from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, quote
from dslt.core.names import split_part
from dslt.core.text import split_pair
from dslt.score.convergence import convergence, read_records

METRIC_OF = {"loss": "iterations_own", "criterion": "iterations_common"}
FORM = "CELL@BENCHMARK=FILE"
Records = dict[str, dict[str, Floats]]


def load_iterations(specs: Iterable[str], scored: ScoreTables) -> ScoreTables:
    """Read convergence records and count iterations.

    Args:
        specs: `CELL@BENCHMARK=.../seed<number>.csv`, one per seed.
        scored: Score tables; they tell the source video of each sequence.

    Returns:
        (cell, benchmark) to a table with the metrics `iterations_own` and `iterations_common`; a
        training that did not converge counts as the cap and is counted in `censored`.

    Raises:
        DsltError: A spec or a file is malformed, a seed is given twice, the sequences are not
            those that were scored, or a record ends before it converged and before the cap.
    """
    groups: dict[tuple[str, str], dict[int, tuple[str, Records]]] = {}
    for spec in specs:
        cell, benchmark, seed, path = _parse(spec)
        seeds = groups.setdefault((cell, benchmark), {})
        if seed in seeds:
            raise DsltError(
                f"{spec}: seed {seed} of {cell} on {benchmark} is also {seeds[seed][0]}"
            )
        seeds[seed] = str(path), read_records(path)
    caps: dict[str, int] = {}
    for (_, benchmark), seeds in groups.items():
        lengths = [len(one["loss"]) for _, records in seeds.values() for one in records.values()]
        caps[benchmark] = max([caps.get(benchmark, 0), *(length - 1 for length in lengths)])
    return {
        key: _table(seeds, _videos(key[1], scored), caps[key[1]]) for key, seeds in groups.items()
    }


def _parse(spec: str) -> tuple[str, str, int, Path]:
    """Split `CELL@BENCHMARK=FILE`; the seed is in the file's name."""
    key, name = split_pair(spec, FORM)
    cell, benchmark = split_part(key, FORM)
    if not benchmark:
        raise DsltError(f"{quote(spec)}: expected {FORM}")
    path = Path(name)
    seed = re.fullmatch(r"seed(\d+)", path.stem)
    if seed is None:
        raise DsltError(f"{path}: expected a file named seed<number>.csv")
    return cell, benchmark, int(seed[1]), path


def _videos(benchmark: str, scored: ScoreTables) -> Mapping[str, str]:
    """Sequence to source video, from any cell that was scored on the benchmark."""
    for (_, name), table in scored.items():
        if name == benchmark:
            return dict(zip(table.names, table.videos, strict=True))
    raise DsltError(f"no scores on {benchmark!r}: they tell which sequences share a video")


def _table(
    seeds: Mapping[int, tuple[str, Records]], videos: Mapping[str, str], cap: int
) -> CellScores:
    """Stack the seeds of one cell on one benchmark."""
    runs = [seeds[seed] for seed in sorted(seeds)]
    names = sorted(runs[0][1])
    for path, records in runs:
        odd = sorted(set(records) ^ set(names)) + sorted(set(names) - set(videos))
        if odd or not names:
            raise DsltError(f"{path}: other sequences than were scored: {', '.join(odd) or 'none'}")
    values: dict[str, RatioSums] = {}
    censored: dict[str, int] = {}
    for curve, metric in METRIC_OF.items():
        found = [
            [convergence(own[name][curve]).checked(cap, f"{path}, {name}") for path, own in runs]
            for name in names
        ]
        counts = np.array([[float(one.iterations) for one in row] for row in found])
        values[metric] = RatioSums.of_means(counts)
        censored[metric] = sum(one.censored for row in found for one in row)
    key = tuple(names), tuple(videos[name] for name in names), tuple(sorted(seeds))
    return CellScores(*key, values, conventions={"cap": cap}, censored=censored)
