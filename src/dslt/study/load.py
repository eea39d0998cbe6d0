"""Reading a configuration and checking everything that it names."""

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

from dslt.core.definitions import changed_definitions, own_study, read_definitions
from dslt.core.errors import DsltError, quote, unknown
from dslt.core.text import canonical, merge
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.downloads.definitions import parse_downloads
from dslt.data.pairs.sets.kinds import used_sets
from dslt.settings.base import validate
from dslt.settings.protocols import OpeProtocol, Protocol, load_protocols
from dslt.settings.validation import ValidationSettings
from dslt.study.cells import Cell, OfflineTraining, load_cells, resolve_settings
from dslt.study.data import StudyData
from dslt.study.heldout_settings import HeldOutSettings, SomeHeldOutSettings
from dslt.study.sensitivity import moved_cells
from dslt.study.settings import StudySettings
from dslt.study.study import Study

# Where a folder has its configuration, the first one first; snakedeploy writes the second.
CONFIGURATIONS = ("config.yaml", "config/config.yaml")


def read_study(overlays: Iterable[str]) -> Study:
    """Load the study of the current folder as the workflow reads it.

    Args:
        overlays: Files that are laid over the folder's configuration, in their order.

    Raises:
        DsltError: As `load_study`, or a file is missing or no mapping.
    """
    base = next((name for name in CONFIGURATIONS if Path(name).is_file()), CONFIGURATIONS[0])
    said = reduce(merge, map(read_definitions, (base, *overlays)))
    # What it does not say, the default study does.
    return load_study(merge(read_definitions(own_study()), said))


def load_study(values: Mapping[str, Any]) -> Study:
    """Check a configuration and everything that it names.

    Args:
        values: The merged configuration, as Snakemake holds it.

    Raises:
        DsltError: naming the key or value, and what is allowed.
    """
    settings = validate(StudySettings, dict(values), "configuration")
    known = read_definitions(settings.benchmarks_file)
    definitions = changed_definitions(known, settings.benchmarks)
    protocols = load_protocols(Path(settings.protocols_file))
    cells = load_cells(Path(settings.cells), Path(settings.trackers))
    cells |= moved_cells(cells, settings.sensitivity)
    benchmarks = {name: parse_benchmark(name, value) for name, value in definitions.items()}
    published = changed_definitions(read_definitions(settings.downloads_file), settings.downloads)
    downloads = parse_downloads(published, definitions)
    study = Study(
        settings=settings,
        cells=cells,
        benchmarks=benchmarks,
        definitions={name: canonical(value) for name, value in definitions.items()},
        downloads={name: canonical(value) for name, value in downloads.items()},
        protocols=protocols,
        offline=_offline(settings, cells, protocols),
    )
    _check_names(study)
    return study


def _offline(
    settings: StudySettings, cells: Mapping[str, Cell], protocols: Mapping[str, Protocol]
) -> dict[str, OfflineTraining]:
    """Spell out the offline training of the cells that have one.

    Raises:
        DsltError: an unknown training set, preset or protocol, or a value that is not allowed.
    """
    chosen = settings.training
    sets = changed_definitions(read_definitions(chosen.sets_file), chosen.sets)
    found: dict[str, OfflineTraining] = {}
    for name, cell in cells.items():
        if cell.offline is None:
            continue
        sources = cell.offline.pairs.sources
        where = f"pairs.sources of cell {quote(name)}"
        used = canonical(used_sets(sets, sources, where))
        validation = ""
        if chosen.validation:
            validation = canonical(_validation(settings, chosen.validation, cell, protocols))
        found[name] = OfflineTraining(cell.training_json(), used, validation)
    return found


def _validation(
    settings: StudySettings,
    chosen: HeldOutSettings,
    cell: Cell,
    protocols: Mapping[str, Protocol],
) -> ValidationSettings:
    """Resolve the names in the settings of the validation."""
    where, tracker = "training.validation", cell.base.partition("/")[0]
    names = (cell.settings.speed_name, tracker)
    key = next((name for name in names if name in chosen.tracking), None)
    if key is None:
        raise unknown(f"tracker of {where}.tracking:", tracker, chosen.tracking)
    base, place = chosen.tracking[key], f"{where}.tracking.{key}"
    preset = resolve_settings(base, "", Path(settings.trackers), place)
    if preset.tracker != tracker:
        raise DsltError(f"{place}: {quote(base)}; expected {tracker}/PRESET")
    if chosen.protocol not in protocols:
        raise unknown(f"protocol of {where}:", chosen.protocol, protocols)
    protocol = protocols[chosen.protocol]
    if not isinstance(protocol, OpeProtocol):
        raise DsltError(f"{where}.protocol: {quote(chosen.protocol)}; expected one of kind ope")
    own = next((chosen.of[name] for name in names if name in chosen.of), SomeHeldOutSettings())
    resolved = chosen.model_dump(mode="json", exclude={"of"}) | {
        **own.model_dump(exclude_none=True),
        "tracking": preset.model_dump(mode="json")["tracking"],
        "protocol": protocol.model_dump(mode="json"),
    }
    if chosen.benchmark is not None:
        resolved |= {"procedural": 0, "texture": 0}
    return validate(ValidationSettings, resolved, where)


def _check_names(study: Study) -> None:
    """Refuse names of cells, benchmarks, protocols and sequences that do not exist."""
    settings = study.settings
    recorded = settings.convergence.run
    choices = {f"figures.{name}": choice for name, choice in settings.figures.choices().items()}
    bases = {cell.base for cell in study.cells.values()}
    trackers = bases | {base.partition("/")[0] for base in bases}
    references = {cell for name, cell in settings.references.items() if name in trackers}
    cells = {settings.reference_cell, *settings.quick.cells, *chain(*settings.run.values())}
    cells |= set(chain(*recorded.values()))
    benchmarks = {settings.quick.benchmark, *settings.run}
    benchmarks |= {name for name, chosen in recorded.items() if chosen}
    benchmarks |= {*settings.sensitivity.benchmarks, *settings.training.validated_on}
    benchmarks |= {name for cell in study.cells.values() for name in cell.benchmarks}
    for choice in choices.values():
        cells |= set(choice.cells)
        benchmarks |= set(choice.benchmarks)
    sheet = [cell.id for cell in study.cells.values() if not cell.change]
    protocols = {benchmark.protocol for benchmark in study.benchmarks.values()}
    data = StudyData(study)
    downloads = {data.download_of(name) for name in study.benchmarks_used} - {""}
    downloads |= {str(entry["download"]) for entry in data.training_sets.values()} - {"None"}
    downloads |= {study.cells[cell].settings.results_download for cell in study.cells_run} - {""}
    for kind, used, allowed in (
        ("cell", cells, sheet),
        (
            "cell of references (an overlay names others, {TRACKER/PRESET: CELL}):",
            references,
            sheet,
        ),
        (
            "cell of sensitivity.pairs (an overlay may set them, {pairs: []} for none):",
            set(chain(*settings.sensitivity.pairs)),
            sheet,
        ),
        ("benchmark", benchmarks, study.benchmarks),
        ("protocol", protocols, study.protocols),
        ("download", {*downloads, *settings.agreed}, study.downloads),
    ):
        for name in sorted(used - set(allowed)):
            raise unknown(kind, name, allowed)
    for benchmark in settings.training.validated_on:
        for name in settings.training.validation.sequences:  # type: ignore[union-attr]
            if name not in (known := study.all_sequences[benchmark]):
                raise unknown(f"training.validation, sequence of {benchmark}:", name, known)
    for name in settings.sensitivity.benchmarks:
        if study.supervision(name):
            raise DsltError(f"sensitivity.benchmarks: {name} has resets; expected one-pass ones")
    _check_runs(study)
    planned = set(chain(*study.planned.values()))
    for key, choice in choices.items():
        for name in set(choice.cells) - planned:
            raise unknown(f"cell of {key} (it runs on no benchmark)", name, sorted(planned))


def _check_runs(study: Study) -> None:
    """Refuse to run a tracker where there are no frames, and data that nobody named."""
    for cell in study.cells_run:
        if cell in study.offline:
            for name, entry in json.loads(study.offline[cell].sets).items():
                if entry.get("root", "") is None and not entry.get("download"):
                    raise DsltError(
                        f"cell {cell} is trained on {name}, which has neither `root` nor"
                        f" `download`; set training.sets.{name}.root to the place where it is"
                        " unpacked"
                    )
    data = StudyData(study)
    data.fetches  # noqa: B018  # refuses packages on which benchmarks disagree
    for benchmark, cells in study.runs.items():
        for cell in cells:
            if study.is_external(cell):
                if not study.cells[cell].settings.results_of(benchmark, 0):
                    raise DsltError(f"cell {cell}: its setting `results` names no folder")
                # Now, not in the rule: Snakemake takes an old score for a source file where the
                # rule that makes it cannot name its inputs.
                for seed in study.cells[cell].seeds:
                    study.box_files(cell, benchmark, seed)
            elif not data.has_frames(benchmark):
                raise DsltError(
                    f"cell {cell} on {benchmark}: there are annotations but no frames of this"
                    " benchmark (its `images` names none, and it is not taken from a `download`);"
                    " without them only cells of `tracker: external` can be scored on it"
                )


def check_data(study: Study) -> None:
    """Refuse to plan a study whose frames, training sets or claims are not there.

    Raises:
        DsltError: naming the folder, and the key that says where it is.
    """
    for key, folder in (("paper", study.settings.paper), ("claims", study.settings.claims)):
        if not any(Path(folder).glob("*.csv")):
            raise DsltError(f"{key}: there are no .csv files in {quote(folder)}")
    for benchmark, cells in study.runs.items():
        definition = study.benchmarks[benchmark]
        images = definition.images if isinstance(definition, AnnotationsBenchmark) else None
        if images and not all(map(study.is_external, cells)) and not Path(images).is_dir():
            raise DsltError(
                f"{benchmark}: {images}: no such folder of frames; set"
                f" benchmarks.{benchmark}.images to the place where they are"
            )
    for cell in study.cells_run:
        if cell in study.offline:
            for name, entry in json.loads(study.offline[cell].sets).items():
                if entry.get("root") and not Path(entry["root"]).exists():
                    raise DsltError(
                        f"cell {cell} is trained on {name}: {entry['root']}: not there; set"
                        f" training.sets.{name}.root to the place where it is unpacked"
                    )
