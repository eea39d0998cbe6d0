"""What the workflow's commands get: files and options of figures, spelled out."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from dslt.core.errors import unknown
from dslt.settings.catalog import FIGURES, Source, Takes, paper_benchmarks
from dslt.settings.protocols import OpeProtocol, Protocol
from dslt.study import confidence, paths
from dslt.study.data import StudyData
from dslt.study.job import Job, pairs, repeat
from dslt.study.settings import (
    MapsSettings,
    ResponsesSettings,
    SelectionSettings,
    StripsSettings,
    TimelineSettings,
)
from dslt.study.study import Study

Chosen = Mapping[str, tuple[str, ...]]


def figure_jobs(study: Study) -> dict[str, Job]:
    """Map the figures that can be drawn to their commands; `quick` is Fig. 15 in small."""
    choices = study.settings.figures.choices()
    jobs = {
        name: BUILDERS[FIGURES[name].source](study, name, choices.get(name))
        for name in study.settings.figures.make
    }
    quick = study.settings.quick
    jobs["quick"] = _plots(study, "fig15", {quick.benchmark: quick.cells})
    return {name: job for name, job in jobs.items() if job}


def _protocol(study: Study, benchmark: str) -> Protocol:
    return study.protocols[study.benchmarks[benchmark].protocol]


def _has(study: Study, benchmark: str, takes: Takes) -> bool:
    """Tell whether a benchmark has the scores that a figure is about."""
    protocol = _protocol(study, benchmark)
    if isinstance(protocol, OpeProtocol):
        return takes in ("one_pass", "attributes")
    return takes == "supervised" or (takes == "attributes" and bool(protocol.tags))


def _labels(study: Study, cells: Iterable[str]) -> list[str]:
    """Name cells in a legend as the sheet does."""
    return pairs("--label", {cell: study.cells[cell].label for cell in cells})


def _strips(study: Study, figure: str, choice: StripsSettings) -> Job | None:
    """Show the first seed's boxes of some cells on the same frames.

    Raises:
        DsltError: A sequence is named that no benchmark of a whole study has.
    """
    reference = study.settings.reference_cell
    files: list[str] = []
    named = () if isinstance(choice.sequences, int) else choice.sequences
    left = list(named)
    known = set(chain(*study.sequences.values()))
    for name in () if study.settings.only else set(named) - known:
        raise unknown(f"sequence of figures.{figure}.sequences", name, sorted(known))
    options = ["--frames", str(choice.frames)]
    options += [] if named else ["--sequences", str(choice.sequences)]
    about_reference = FIGURES[figure].about_reference
    options += ["--reference", reference] if about_reference else []
    used: list[str] = []
    origins: dict[str, int] = {}
    for benchmark, chosen in study.select(choice, figure).items():
        cells = [cell for cell in chosen if not study.is_external(cell)]
        one_pass = _has(study, benchmark, "one_pass")
        others = [cell for cell in chosen if study.is_external(cell) and one_pass]
        framed = StudyData(study).has_frames(benchmark)
        about = not about_reference or reference in cells
        there = [name for name in left if name in study.sequences[benchmark]]
        about &= bool(there) if named else one_pass
        if cells and framed and about:
            left = [name for name in left if name not in there]
            seeds = {cell: study.cells[cell].seeds[0] for cell in (*cells, *others)}
            boxes = chain(*(study.box_files(c, benchmark, s, ".txt") for c, s in seeds.items()))
            index = paths.INDEX.format(benchmark=benchmark)
            files += [index, *StudyData(study).clips(benchmark), *boxes]
            options += ["--index", index]
            for option, shown in (("--tracks", cells), ("--published", others)):
                folders = {
                    f"{cell}@{benchmark}": study.first_folder(cell, benchmark) for cell in shown
                }
                options += pairs(option, folders)
            origins |= {c: o[0] for c in others if (o := study.result_origin(c, benchmark))}
            options += repeat("--among", study.among(benchmark))
            options += repeat("--sequence", there)
            used += chosen
            if not about_reference:
                break
    if not files:
        return None
    options += [*pairs("--origin", origins), *_labels(study, used)]
    return Job(figure, tuple(dict.fromkeys(files)), tuple(options))


def _maps(study: Study, figure: str, choice: MapsSettings) -> Job | None:
    """Fig. 3: the first frame's maps of some cells."""
    for benchmark, cells in study.select(choice, figure).items():
        records = study.records({benchmark: cells})
        maps = {key.split("@")[0]: path[:-4] + ".npz" for key, path in records.items()}
        if maps:
            named = _named(study, figure, benchmark, choice.sequence)
            options = ["--sequence", named or study.sequences[benchmark][0]]
            options += [*pairs("--maps", maps), *_labels(study, maps)]
            return Job(figure, tuple(maps.values()), tuple(options))
    return None


def _responses(study: Study, figure: str, choice: ResponsesSettings) -> Job | None:
    """Fig. 7: what the first seed's networks answer in the middle of some sequences."""
    for benchmark, cells in _offline(study, choice, figure).items():
        names = study.sequences[benchmark]
        count = min(choice.sequences, len(names))
        chosen = [names[index * len(names) // count] for index in range(count)]
        maps = {
            f"{cell}@{name}": study.response(cell, benchmark, name)
            for name in chosen
            for cell in cells
        }
        options = [*pairs("--maps", maps), *_labels(study, cells)]
        return Job(figure, tuple(maps.values()), tuple(options))
    return None


def _timeline(study: Study, figure: str, choice: TimelineSettings) -> Job | None:
    """Fig. 14: the first seed's scores over the frames of a sequence."""
    for benchmark, cells in _offline(study, choice, figure).items():
        index = paths.INDEX.format(benchmark=benchmark)
        folders = {cell: study.first_folder(cell, benchmark) for cell in cells}
        files = [
            path
            for cell in cells
            for path in study.box_files(cell, benchmark, study.cells[cell].seeds[0], ".txt", ".csv")
        ]
        options = ["--index", index, *pairs("--tracks", folders), *_labels(study, cells)]
        options += ["--frames", str(choice.frames)]
        named = _named(study, figure, benchmark, choice.sequence)
        options += ["--sequence", named] if named else []
        options += repeat("--among", study.among(benchmark))
        return Job(figure, (index, *StudyData(study).clips(benchmark), *files), tuple(options))
    return None


def _named(study: Study, figure: str, benchmark: str, sequence: str | None) -> str | None:
    """Return the sequence that a figure's settings name; None where it is in no part that is run.

    Raises:
        DsltError: The benchmark has no such sequence, nor another one that `only` leaves out.
    """
    here = study.sequences[benchmark]
    known = chain(*study.all_sequences.values()) if study.settings.only else here
    if sequence and sequence not in (names := tuple(known)):
        raise unknown(f"sequence of figures.{figure}.sequence", sequence, names)
    return sequence if sequence in here else None


def _offline(study: Study, choice: SelectionSettings, figure: str) -> Chosen:
    """Select the cells with an offline training, on benchmarks without resets."""
    return {
        name: offline
        for name, cells in study.select(choice, figure).items()
        if _has(study, name, "one_pass")
        and (offline := tuple(c for c in cells if c in study.offline))
    }


def _scores(study: Study, figure: str, choice: SelectionSettings) -> Job | None:
    """Draw the chosen cells on the benchmarks that have the scores that a figure is about."""
    takes = FIGURES[figure].takes
    chosen = study.select(choice, figure)
    return _plots(study, figure, {b: c for b, c in chosen.items() if _has(study, b, takes)})


def _plots(study: Study, figure: str, chosen: Chosen) -> Job | None:
    """Draw the scores of cells, all seeds, benchmarks apart, beside what the paper prints."""
    scores = [
        path for b, cells in chosen.items() for c in cells for path in study.scores_of(c, [b])
    ]
    cells = tuple(dict.fromkeys(chain(*chosen.values())))
    options = [*repeat("--score", scores), *_labels(study, cells)]
    options += repeat("--rescored", (cell for cell in cells if study.is_external(cell)))
    printed: list[str] = []
    if paper_benchmarks(figure):
        options += ["--paper", study.settings.paper]
        printed = [path.as_posix() for path in sorted(Path(study.settings.paper).glob("*.csv"))]
    return Job(figure, (*scores, *printed), tuple(options)) if scores else None


def _confidence(study: Study, figure: str, choice: SelectionSettings) -> Job | None:
    """Draw the confidence of the chosen cells on the benchmarks that are run in one pass."""
    chosen = {
        b: c for b, c in study.select(choice, figure).items() if confidence.is_scored(study, b)
    }
    files = confidence.files(study, chain(*chosen.values()))
    options = [*repeat("--confidence", files.values()), *repeat("--benchmark", chosen)]
    return Job(figure, tuple(files.values()), (*options, *_labels(study, files))) if files else None


def _records(study: Study, figure: str, choice: SelectionSettings) -> Job | None:
    """Fig. 16: the recorded first-frame training of cells, and the validation of offline ones."""
    chosen = {
        name: [c for c in cells if c in (choice.cells or cells)]
        for name, cells in study.converged.items()
        if name in (choice.benchmarks or study.converged)
    }
    records = study.records(chosen)
    trained = {key: key.split("@")[0] for key in study.validations}
    shown = choice.cells or [c for c in trained.values() if figure in study.cells[c].shown_in]
    validations = {
        key: study.validations[key] for key, cell in trained.items() if cell in shown or not shown
    }
    files = (*records.values(), *validations.values())
    cells = dict.fromkeys(key.split("@")[0] for key in (*records, *validations))
    options = [*pairs("--convergence", records), *pairs("--validation", validations)]
    return Job(figure, files, (*options, *_labels(study, cells))) if files else None


# What makes the command of a figure, by what it is drawn from.
BUILDERS: Mapping[Source, Callable[[Study, str, Any], Job | None]] = {
    "nothing": lambda study, figure, choice: Job(figure, (), ()),
    "factors": lambda study, figure, choice: Job(figure, (), ()),
    "scores": _scores,
    "boxes": _strips,
    "maps": _maps,
    "responses": _responses,
    "timeline": _timeline,
    "records": _records,
    "confidence": _confidence,
}
