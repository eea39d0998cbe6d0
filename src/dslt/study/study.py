"""The study that a configuration asks for: which cell runs on which benchmark.

This is what the workflow reads while it builds its graph, so nothing here imports a heavy package.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.core.files import files_below
from dslt.core.text import canonical
from dslt.data.benchmarks.definitions import Benchmark
from dslt.data.downloads.definitions import receipt_file, unpacked_folder
from dslt.settings.protocols import Protocol, VotProtocol
from dslt.study import paths
from dslt.study.cells import Cell, OfflineTraining
from dslt.study.part import Part, part_of
from dslt.study.settings import SelectionSettings, StudySettings


@dataclass(frozen=True)
class Study:
    """A checked configuration with everything that it names.

    Attributes:
        settings: The configuration.
        cells: Map from ids to cells, in the sheet's order.
        benchmarks: Map from names to definitions.
        definitions: Map from names to definitions as canonical JSON, parameters of the rules.
        downloads: Map from names to checked definitions as canonical JSON.
        protocols: Map from names to protocols.
        offline: Map from the cells that have one to their offline training.
    """

    settings: StudySettings
    cells: Mapping[str, Cell]
    benchmarks: Mapping[str, Benchmark]
    definitions: Mapping[str, str]
    downloads: Mapping[str, str]
    protocols: Mapping[str, Protocol]
    offline: Mapping[str, OfflineTraining]

    @cached_property
    def planned(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark of the whole study to its cells, as `runs` does for the part."""
        if self.settings.run:
            return dict(self.settings.run)
        planned = {
            name: tuple(cell.id for cell in self.cells.values() if name in cell.benchmarks)
            for name in self.benchmarks
        }
        return {name: cells for name, cells in planned.items() if cells}

    @cached_property
    def part(self) -> Part:
        """The part that is run, as `only` names it.

        Raises:
            DsltError: A name is of no kind, or of two.
        """
        only = self.settings.only  # where nothing is named, no folder of sequences is read for it
        return part_of(only, self.planned, self.all_sequences) if only else Part()

    @cached_property
    def runs(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark that is run to its cells, both in the order of their sheets."""
        part = self.part
        chosen = {
            name: tuple(cell for cell in cells if not part.cells or cell in part.cells)
            for name, cells in self.planned.items()
            if not part.benchmarks or name in part.benchmarks
            if not part.sequences or part.sequences.intersection(self.all_sequences.get(name, ()))
        }
        return {name: cells for name, cells in chosen.items() if cells}

    @cached_property
    def cells_run(self) -> tuple[str, ...]:
        """List the cells that run on any benchmark, in the sheet's order."""
        wanted = {cell for cells in self.runs.values() for cell in cells}
        return tuple(cell for cell in self.cells if cell in wanted)

    @cached_property
    def choices(self) -> dict[str, str]:
        """Map the cells that run to what is set in them: preset and overrides."""
        chosen = (self.cells[name] for name in self.cells_run)
        return {c.id: "; ".join(filter(None, [c.base, c.overrides])) for c in chosen}

    def benchmarks_of(self, cell: str) -> tuple[str, ...]:
        """List the benchmarks on which a cell runs."""
        return tuple(name for name, cells in self.runs.items() if cell in cells)

    def scores_of(self, cell: str, benchmarks: Iterable[str] | None = None) -> list[str]:
        """List a cell's score files: each benchmark, each seed."""
        names = self.benchmarks_of(cell) if benchmarks is None else benchmarks
        seeds = self.cells[cell].seeds
        return [
            paths.SCORE.format(cell=cell, benchmark=name, seed=seed)
            for name in names
            for seed in seeds
        ]

    def reference_of(self, cell: str) -> str:
        """Name the cell that `cell` is compared with."""
        base, references = self.cells[cell].base, self.settings.references
        tracker = base.partition("/")[0]
        return references.get(base) or references.get(tracker, self.settings.reference_cell)

    def reference_scores(self, cell: str) -> list[str]:
        """List the reference cell's score files on the benchmarks that it shares with `cell`."""
        reference = self.reference_of(cell)
        shared = set(self.benchmarks_of(reference))
        return self.scores_of(reference, [b for b in self.benchmarks_of(cell) if b in shared])

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
        # The first frames of a supervised benchmark are recorded only where it is named.
        pairs = {
            name: tuple(
                cell
                for cell in chosen.get(name, [] if self.supervision(name) else shown)
                if self.cells[cell].entry.first_frame
                and cell in (self.cells_run if name in chosen else cells)
            )
            for name, cells in self.runs.items()
        }
        return {name: cells for name, cells in pairs.items() if cells}

    def records(self, chosen: Mapping[str, Iterable[str]]) -> dict[str, str]:
        """Map `CELL@BENCHMARK` to the recorded training of the chosen cells that have one."""
        seed = self.settings.convergence.seed
        return {
            f"{cell}@{name}": paths.FIRST_FRAMES.format(cell=cell, benchmark=name, seed=seed)
            for name, cells in chosen.items()
            for cell in cells
            if cell in self.converged.get(name, ())
        }

    @cached_property
    def trained_as(self) -> dict[str, str]:
        """Map each cell with an offline training to the first of those with the same one.

        That one is trained for all of them: cells that differ in tracking settings share weights.
        """
        first: dict[OfflineTraining, str] = {}
        return {cell: first.setdefault(made, cell) for cell, made in self.offline.items()}

    def weights(self, cell: str, seed: int | str) -> list[str]:
        """Name the file of the weights that a cell tracks with; nothing if it needs none."""
        if cell not in self.offline:
            return []
        return [paths.MODEL.format(cell=self.trained_as[cell], seed=seed)]

    @cached_property
    def validations(self) -> dict[str, str]:
        """Map `CELL@SEED` to the validation record of each offline training that is run."""
        trained = {
            (self.trained_as[cell], seed): None
            for cell in self.cells_run
            if cell in self.offline and self.offline[cell].validation
            for seed in self.cells[cell].seeds
        }
        return {
            f"{cell}@{seed}": paths.VALIDATION.format(cell=cell, seed=seed)
            for cell, seed in trained
        }

    @cached_property
    def benchmarks_used(self) -> tuple[str, ...]:
        """List the benchmarks that any target of this configuration needs."""
        chosen = {*self.runs, self.settings.quick.benchmark, *self.settings.training.validated_on}
        return tuple(name for name in self.benchmarks if name in chosen)

    @cached_property
    def sequences(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark that is used to its sequences, those that are run."""
        return {
            name: tuple(one for one in self.all_sequences[name] if one in wanted)
            if (wanted := self.part.sequences) and name in self.runs
            else self.all_sequences[name]
            for name in self.benchmarks_used
        }

    def among(self, benchmark: str) -> tuple[str, ...]:
        """Name the sequences that are run where these are a part of the benchmark's, else none."""
        chosen = self.sequences[benchmark]
        return chosen if chosen != self.all_sequences[benchmark] else ()

    @cached_property
    def all_sequences(self) -> dict[str, tuple[str, ...]]:
        """Map each benchmark of the whole study to all its sequences.

        Raises:
            DsltError: if a name cannot stand in a path pattern, or a folder is missing.
        """
        chosen = self.settings
        used = {*self.planned, chosen.quick.benchmark, *chosen.training.validated_on}
        found = {
            name: tuple(benchmark.sequence_names())
            for name, benchmark in self.benchmarks.items()
            if name in used
        }
        for benchmark, name in ((one, name) for one, names in found.items() for name in names):
            if "{" in name or "}" in name:
                raise DsltError(f"benchmark {benchmark}: rename {name!r}, it has a brace in it")
        return found

    def is_external(self, cell: str) -> bool:
        """Tell whether a cell is another tracker's results, which are not run."""
        return not self.cells[cell].entry.tracker

    def result_folder(self, cell: str, benchmark: str, seed: int | str) -> str:
        """Name the folder with the raw results of one run."""
        settings = self.cells[cell].settings
        other = settings.results_of(benchmark, int(seed))
        if other and settings.results_download:
            return (unpacked_folder(paths.DATA, settings.results_download) / other).as_posix()
        return other or paths.RUN.format(cell=cell, benchmark=benchmark, seed=seed)

    def response(self, cell: str, benchmark: str, sequence: str) -> str:
        """Name the file of the response of a cell's first network in a sequence."""
        seed = self.cells[cell].seeds[0]
        return paths.RESPONSE.format(cell=cell, benchmark=benchmark, seed=seed, sequence=sequence)

    def first_folder(self, cell: str, benchmark: str) -> str:
        """Name the folder of a cell's first seed."""
        return self.result_folder(cell, benchmark, self.cells[cell].seeds[0])

    def result_origin(self, cell: str, benchmark: str) -> list[int]:
        """Say where a cell's result files count pixels from; empty for the benchmark's usual one.

        One-pass boxes of our own are in the OTB raw form, which counts from 1.
        """
        if self.is_external(cell):
            origin = self.cells[cell].settings.results_origin
            return [] if origin is None else [origin]
        return [0 if self.supervision(benchmark) else 1]

    def box_files(self, cell: str, benchmark: str, seed: int | str, *suffixes: str) -> list[str]:
        """List a cell's result files on a benchmark.

        One per sequence and suffix of a run; of another tracker's all, or their download's receipt.

        Raises:
            DsltError: There is no such folder.
        """
        folder = self.result_folder(cell, benchmark, seed)
        if download := self.cells[cell].settings.results_download:
            return [receipt_file(paths.DATA, download).as_posix()]
        if self.is_external(cell):
            found = files_below(Path(folder))
            if not found:
                raise DsltError(f"cell {cell}: no results in {folder!r} (its setting `results`)")
            return [path.as_posix() for path in found]
        return [f"{folder}/{name}{end}" for name in self.sequences[benchmark] for end in suffixes]

    def tracked(self) -> list[str]:
        """List the boxes and records that the target `track` makes."""
        return [
            path
            for benchmark, cells in self.runs.items()
            for cell in cells
            if not self.is_external(cell)
            for seed in self.cells[cell].seeds
            for path in self.box_files(cell, benchmark, seed, ".txt", ".csv")
        ]

    def units(self, benchmark: str) -> list[tuple[str, ...]]:
        """Cut a benchmark's sequences into the portions of one track job."""
        names, size = self.sequences[benchmark], self.settings.unit_size
        return [names[start : start + size] for start in range(0, len(names), size)]

    def protocol(self, benchmark: str) -> str:
        """Give a benchmark's protocol as JSON."""
        return canonical(self.protocols[self.benchmarks[benchmark].protocol])

    def supervision(self, benchmark: str) -> list[str]:
        """Give what tracking has to know of a supervised protocol as JSON, else nothing."""
        protocol = self.protocols[self.benchmarks[benchmark].protocol]
        return [canonical(protocol.supervision())] if isinstance(protocol, VotProtocol) else []
