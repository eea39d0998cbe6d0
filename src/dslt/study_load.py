"""Reading a configuration and checking everything that it names."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from dslt.cells import load_cells
from dslt.data.benchmarks import AnnotationsBenchmark, parse_benchmark, read_definitions
from dslt.errors import DsltError, unknown
from dslt.evaluation.protocols import load_protocols
from dslt.settings import canonical, merge, validate
from dslt.study import Study
from dslt.study_settings import StudySettings
from dslt.tracker_settings import ExternalSettings


def load_study(values: Mapping[str, Any]) -> Study:
    """Check a configuration and everything that it names.

    Args:
        values: The merged configuration, as Snakemake holds it.

    Raises:
        DsltError: naming the key or value, and what is allowed.
    """
    settings = validate(StudySettings, dict(values), "configuration")
    definitions = _definitions(settings)
    protocols = load_protocols(Path(settings.protocols_file))
    study = Study(
        settings=settings,
        cells=load_cells(Path(settings.cells), Path(settings.trackers)),
        benchmarks={name: parse_benchmark(name, value) for name, value in definitions.items()},
        definitions={name: canonical(value) for name, value in definitions.items()},
        protocols=protocols,
    )
    _check_names(study)
    return study


def _definitions(settings: StudySettings) -> dict[str, Any]:
    """Read the benchmarks; an entry of the configuration without a kind changes one of the file."""
    known = read_definitions(settings.benchmarks_file)
    for name, values in settings.benchmarks.items():
        known[name] = values if "kind" in values else merge(known.get(name, {}), values)
    return known


def _check_names(study: Study) -> None:
    """Refuse names of cells, benchmarks, protocols and sequences that do not exist."""
    settings = study.settings
    recorded = settings.convergence.run
    choices = {f"figures.{name}": choice for name, choice in settings.figures.choices().items()}
    cells = {settings.reference_cell, *settings.quick.cells, *chain(*settings.run.values())}
    cells |= set(chain(*recorded.values()))
    benchmarks = {settings.quick.benchmark, *settings.run, *recorded}
    benchmarks |= {name for cell in study.cells.values() for name in cell.benchmarks}
    for choice in choices.values():
        cells |= set(choice.cells)
        benchmarks |= set(choice.benchmarks)
    protocols = {benchmark.protocol for benchmark in study.benchmarks.values()}
    for kind, used, allowed in (
        ("cell", cells, study.cells),
        ("benchmark", benchmarks, study.benchmarks),
        ("protocol", protocols, study.protocols),
    ):
        for name in sorted(used - set(allowed)):
            raise unknown(kind, name, allowed)
    _check_runs(study)
    for key, choice in choices.items():
        for name in set(choice.cells) - set(study.cells_run):
            raise unknown(f"cell of {key} (it runs on no benchmark)", name, study.cells_run)
        for name in set(choice.benchmarks) - set(study.runs):
            raise unknown(f"benchmark of {key} (no cell runs on it)", name, study.runs)


def _check_runs(study: Study) -> None:
    """Refuse to run a tracker where there are no frames, and results that nobody named."""
    for benchmark, cells in study.runs.items():
        definition = study.benchmarks[benchmark]
        frames = not isinstance(definition, AnnotationsBenchmark) or definition.images is not None
        for cell in cells:
            settings = study.cells[cell].settings
            if isinstance(settings, ExternalSettings):
                if not settings.results:
                    raise DsltError(f"cell {cell}: its setting `results` names no folder")
                # Now, not in the rule: Snakemake takes an old score for a source file where the
                # rule that makes it cannot name its inputs.
                for seed in study.cells[cell].seeds:
                    study.box_files(cell, benchmark, seed)
            elif not frames:
                raise DsltError(
                    f"cell {cell} on {benchmark}: there are annotations but no frames of this"
                    " benchmark (its `images` names none); without them only cells of `tracker:"
                    " external` can be scored on it"
                )
