"""Cells whose tracking constants are moved, to see which verdicts depend on them."""

from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from dslt.core.errors import DsltError, quote
from dslt.core.files import sha256_file
from dslt.core.fingerprint import code_of, libraries
from dslt.core.names import moved
from dslt.core.text import canonical, digest
from dslt.settings.identity import code_of_training
from dslt.settings.registry import parse_tracker
from dslt.study.cells import Cell, apply_overrides
from dslt.study.job import found_device
from dslt.study.settings import SensitivitySettings
from dslt.study.study import Study


def moved_cells(cells: Mapping[str, Cell], settings: SensitivitySettings) -> dict[str, Cell]:
    """Make the cells of the pairs with each change; none of them runs in any other target.

    Raises:
        DsltError: A change has an unusable name, names no key of a cell's settings, or changes what
            is learnt before the second frame; or a cell is called like a moved one.
    """
    found: dict[str, Cell] = {}
    for pair in settings.pairs:
        known = [cells[name] for name in pair if name in cells]
        if len({cell.base for cell in known}) > 1:
            raise DsltError(f"sensitivity.pairs: {' and '.join(pair)} are of two presets")
        for cell in known:
            for change in change_names(settings, cell):
                other = _moved(cell, change, settings.changes[cell.base][change])
                if other.id in cells or found.get(other.id, other) != other:
                    raise DsltError(f"sensitivity: there is a cell {quote(other.id)} already")
                found[other.id] = other
    return found


def change_names(settings: SensitivitySettings, cell: Cell) -> list[str]:
    """Name the changes of a cell; one without a text is left out."""
    return [name for name, text in settings.changes.get(cell.base, {}).items() if text]


def _moved(cell: Cell, change: str, overrides: str) -> Cell:
    """Make a cell with a change."""
    where = f"sensitivity.changes.{cell.base}.{change}"
    if not change.replace("_", "").isalnum():
        raise DsltError(f"{where}: expected a name of letters, digits and underscores")
    values = apply_overrides(cell.settings.model_dump(mode="json"), overrides, where)
    other = replace(
        cell,
        id=moved(cell.id, change),
        label=f"{cell.label}, {change}",
        change=change,
        overrides="; ".join(filter(None, [cell.overrides, overrides])),
        benchmarks=(),
        shown_in=(),
        settings=parse_tracker(values, f"{where}, cell {quote(cell.id)}"),
    )
    if other.training_json() != cell.training_json():
        raise DsltError(f"{where}: {quote(overrides)} changes more than `tracking`")
    return other


def compared(study: Study) -> dict[str, tuple[tuple[str, str], ...]]:
    """Map each benchmark of the comparison to the pairs that run on it, changed and not."""
    settings = study.settings.sensitivity
    return {
        benchmark: tuple(
            (moved(better, change), moved(worse, change))
            for better, worse in settings.pairs
            if {better, worse} <= set(study.runs[benchmark])
            for change in ("", *change_names(settings, study.cells[better]))
        )
        for benchmark in settings.benchmarks
        if benchmark in study.runs
    }


def all_changes(study: Study) -> list[str]:
    """Name the changes of any cell, in order."""
    settings = study.settings.sensitivity
    firsts = (study.cells[better] for better, _ in settings.pairs)
    return list(dict.fromkeys(name for cell in firsts for name in change_names(settings, cell)))


def sensitivity_scores(study: Study) -> list[str]:
    """List the score files of the comparison."""
    return [
        path
        for benchmark, pairs in compared(study).items()
        for cell in dict.fromkeys(chain(*pairs))
        for path in study.scores_of(cell, [benchmark])
    ]


def sensitivity_key(study: Study) -> str:
    """Hash what decides the comparison: settings, data, seeds, scoring, code, libraries."""
    settings = study.settings
    chosen = compared(study)
    cells = [study.cells[name] for name in dict.fromkeys(chain(*chain(*chosen.values())))]
    place = (found_device(settings.device), settings.engine, settings.precision, settings.lockstep)
    judging = code_of("dslt.commands.score", "dslt.compare.sensitivity")
    return digest(
        *(text for benchmark in chosen for text in _data(study, benchmark)),
        *(f"{cell.id} {cell.seeds} {cell.settings_json()}" for cell in cells),
        canonical(settings.sensitivity),
        *sorted({_code(cell) for cell in cells}),
        *(digest(*_learnt(study, cell)) for cell in cells if cell.id in study.offline),
        *place,
        judging,
        libraries(),
    )


def _data(study: Study, benchmark: str) -> list[str]:
    """Write down what a benchmark's scores depend on, beside the cells."""
    files = map(Path, study.benchmarks[benchmark].input_files())
    return [
        f"{benchmark} {study.sequences[benchmark]} {study.definitions[benchmark]}",
        study.protocol(benchmark),
        *(sha256_file(file) for file in files if file.is_file()),
    ]


def _code(cell: Cell) -> str:
    """Fingerprint the code that tracks with a cell."""
    return code_of("dslt.commands.track", *cell.entry.modules("tracker", "network", "lanes"))


def _learnt(study: Study, cell: Cell) -> list[str]:
    """Write down what a network that is trained offline depends on, beside its seeds."""
    training = study.offline[cell.id]
    code = code_of_training(cell.entry)
    return [training.settings, training.sets, str(study.settings.training.threads), code]
