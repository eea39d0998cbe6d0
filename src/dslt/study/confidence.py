"""Whose confidence a study scores, and from which files."""

from collections.abc import Iterable
from pathlib import Path

from dslt.core.text import canonical
from dslt.settings.protocols import OpeProtocol, load_confidence
from dslt.study import paths
from dslt.study.study import Study


def protocol_json(study: Study) -> str:
    """Say how confidence is scored, as JSON."""
    return canonical(load_confidence(Path(study.settings.protocols_file)))


def left_out(study: Study) -> dict[str, str]:
    """Map the cells whose trackers have no confidence to the reason."""
    cells = {cell: study.cells[cell].entry.no_confidence for cell in study.cells_run}
    return {cell: reason for cell, reason in cells.items() if reason and _benchmarks(study, cell)}


def runs(study: Study, cell: str) -> dict[str, str]:
    """Map `BENCHMARK@SEED` of each run of a cell that is scored to the folder of its records."""
    if study.cells[cell].entry.no_confidence:
        return {}
    return {
        f"{benchmark}@{seed}": study.result_folder(cell, benchmark, seed)
        for benchmark in _benchmarks(study, cell)
        for seed in study.cells[cell].seeds
    }


def indexes(study: Study, cell: str) -> list[str]:
    """List the indexes of the benchmarks on which a cell's confidence is scored."""
    return [paths.INDEX.format(benchmark=name) for name in _benchmarks(study, cell)]


def sequences(study: Study, cell: str) -> list[str]:
    """List the sequences on which a cell's confidence is scored, where `only` names any."""
    there = {name for benchmark in _benchmarks(study, cell) for name in study.sequences[benchmark]}
    return sorted(study.part.sequences & there)


def scores(study: Study, cell: str) -> list[str]:
    """List the score files of these runs, each of which names the checksum of its records.

    They stand for the records: thousands of files twice are what planning takes longest for.
    """
    return study.scores_of(cell, _benchmarks(study, cell))


def files(study: Study, cells: Iterable[str] | None = None) -> dict[str, str]:
    """Map those of some cells, or of all that run, whose confidence is scored to their files."""
    return {
        cell: paths.CONFIDENCE.format(cell=cell)
        for cell in (study.cells_run if cells is None else cells)
        if runs(study, cell)
    }


def is_scored(study: Study, benchmark: str) -> bool:
    """Tell whether confidence is scored on a benchmark: trackers run there in one pass."""
    protocol = study.protocols[study.benchmarks[benchmark].protocol]
    return isinstance(protocol, OpeProtocol)


def _benchmarks(study: Study, cell: str) -> list[str]:
    """List the benchmarks on which a cell runs in one pass."""
    return [name for name in study.benchmarks_of(cell) if is_scored(study, name)]
