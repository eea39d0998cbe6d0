"""What the workflow's commands get: files and options of figures and pages, spelled out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dslt.settings.catalog import PAPER_BENCHMARKS
from dslt.settings.protocols import OpeProtocol, Protocol, VotProtocol
from dslt.study.data import StudyData
from dslt.study.settings import (
    MapsSettings,
    ResponsesSettings,
    SelectionSettings,
    StripsSettings,
    TimelineSettings,
)
from dslt.study.study import Study

Chosen = Mapping[str, tuple[str, ...]]
TRAINED = "results/compare/training.csv"
BENCHMARK_FIGURES = (
    *("fig08", "fig09", "fig10", "fig11", "fig12", "fig13"),
    *("attributes", "fig17", "fig18"),
)


@dataclass(frozen=True)
class Job:
    """One command: the files that it reads and its options.

    Attributes:
        verb: Sub-command.
        files: Inputs.
        options: Words of the command line.
    """

    verb: str
    files: tuple[str, ...]
    options: tuple[str, ...]


def repeat(option: str, values: Iterable[object]) -> list[str]:
    """Spell an option out once for each value."""
    return [word for value in values for word in (option, str(value))]


def pairs(option: str, mapping: Mapping[str, object]) -> list[str]:
    """Spell an option out as KEY=VALUE for each pair."""
    return repeat(option, (f"{key}={value}" for key, value in mapping.items()))


def gpu_jobs(device: str) -> int:
    """Say how many GPUs a job asks for: one where it would find one by itself, too."""
    found = Path("/proc/driver/nvidia/gpus").is_dir()
    return int(device == "cuda" or (device == "auto" and found))


def figure_jobs(study: Study) -> dict[str, Job]:
    """Map the figures that can be drawn to their commands; `quick` is Fig. 15 in small."""
    figures = study.settings.figures
    quick = study.settings.quick
    jobs = {
        "fig01": _strips(study, "fig01", figures.fig01),
        "fig03": _responses(study, figures.fig03),
        "fig04": Job("fig04", (), ()),
        "fig06": Job("fig06", (), ()),
        "fig07": _offline_responses(study, figures.fig07),
        "fig14": _timeline(study, figures.fig14),
        "fig16": _convergence(study, figures.fig16),
        "fig17": _strips(study, "fig17", figures.fig17),
        "fig18": _strips(study, "fig18", figures.fig18),
    }
    for name, kind in PLOTS.items():
        chosen = study.select(figures.choices()[name], name)
        jobs[name] = _plots(study, name, {b: c for b, c in chosen.items() if kind(study, b)})
    drawn = {name: job for name in figures.make if (job := jobs[name])}
    plots = _plots(study, "fig15", {quick.benchmark: quick.cells})
    return drawn | ({"quick": plots} if plots else {})


def _one_pass(study: Study, benchmark: str) -> bool:
    """Tell whether a benchmark has success and precision."""
    return isinstance(_protocol(study, benchmark), OpeProtocol)


def _supervised(study: Study, benchmark: str) -> bool:
    """Tell whether a benchmark has an expected average overlap."""
    return isinstance(_protocol(study, benchmark), VotProtocol)


def _by_attribute(study: Study, benchmark: str) -> bool:
    """Tell whether a benchmark may have scores by attribute."""
    protocol = _protocol(study, benchmark)
    return isinstance(protocol, OpeProtocol) or bool(protocol.tags)


def _protocol(study: Study, benchmark: str) -> Protocol:
    return study.protocols[study.benchmarks[benchmark].protocol]


# Figures that are drawn from score files, and the benchmarks that they take.
PLOTS: Mapping[str, Callable[[Study, str], bool]] = {
    **dict.fromkeys(("fig08", "fig09", "fig11", "fig13", "fig15"), _one_pass),
    **dict.fromkeys(("fig10", "fig12"), _supervised),
    "attributes": _by_attribute,
}


def page_jobs(study: Study, figures: Iterable[str]) -> dict[str, Job]:
    """Map the report's pages to their commands.

    Args:
        study: The study.
        figures: Those that are drawn; a page notes the others.
    """
    drawn = {name: [f"results/figures/{name}.png"] for name in figures}
    records = study.records(study.converged)
    compared = [f"results/compare/{cell}.json" for cell in study.cells_run]
    offline = [TRAINED] if study.validations else []
    shown: dict[str, tuple[dict[str, list[str]], tuple[str, ...]]] = {
        "data": ({"index": [f"results/data/{name}.parquet" for name in study.runs]}, ()),
        "convergence": ({"convergence": list(records.values())}, ("fig03", "fig04", "fig16")),
        "offline": ({"training": offline}, ("fig06", "fig07", "fig14", "fig16")),
        "ablation": (
            {"table": _tables(study, "table3"), "compare": compared},
            ("fig01", "fig15"),
        ),
        "benchmarks": ({"table": _tables(study, "table1", "table2")}, BENCHMARK_FIGURES),
        "scorecard": ({"scorecard": ["results/compare/scorecard.csv"]}, ()),
    }
    jobs: dict[str, Job] = {}
    for page in study.settings.pages:
        values = shown[page][0] | {name: drawn[name] for name in shown[page][1] if name in drawn}
        files = tuple(chain(*values.values()))
        if page == "convergence":
            values["convergence"] = [f"{key}={path}" for key, path in records.items()]
        words = [("-p", name, text) for name, texts in values.items() for text in texts]
        needed = {"convergence": bool(records), "offline": bool(offline)}
        if needed.get(page, True):
            jobs[page] = Job("page", files, tuple(chain(*words)))
    return jobs


def _tables(study: Study, *names: str) -> list[str]:
    """List the tables among `names` that the study writes."""
    return [f"results/tables/{name}.csv" for name in names if name in study.settings.tables]


def _labels(study: Study, cells: Iterable[str]) -> list[str]:
    """Name cells in a legend as the sheet does."""
    return pairs("--label", {cell: study.cells[cell].label for cell in cells})


def _strips(study: Study, figure: str, choice: StripsSettings) -> Job | None:
    """Fig. 1, 17 and 18: the first seed's boxes of some cells on the same frames."""
    reference = study.settings.reference_cell
    files: list[str] = []
    options = ["--sequences", str(choice.sequences), "--frames", str(choice.frames)]
    options += ["--reference", reference] if figure != "fig01" else []
    used: list[str] = []
    for benchmark, chosen in study.select(choice, figure).items():
        cells = [cell for cell in chosen if not study.is_external(cell)]
        framed = StudyData(study).has_frames(benchmark)
        about = figure == "fig01" or reference in cells
        if cells and framed and about and _one_pass(study, benchmark):
            seeds = {cell: study.cells[cell].seeds[0] for cell in cells}
            boxes = chain(*(study.box_files(c, benchmark, s, ".txt") for c, s in seeds.items()))
            index = f"results/data/{benchmark}.parquet"
            files += [index, *StudyData(study).clips(benchmark), *boxes]
            folders = {
                f"{cell}@{benchmark}": study.result_folder(cell, benchmark, seed)
                for cell, seed in seeds.items()
            }
            options += ["--index", index, *pairs("--tracks", folders)]
            options += repeat("--among", study.among(benchmark))
            used += cells
            if figure == "fig01":
                break
    if not files:
        return None
    return Job(figure, tuple(dict.fromkeys(files)), (*options, *_labels(study, used)))


def _responses(study: Study, choice: ResponsesSettings) -> Job | None:
    """Fig. 3: the first frame's maps of some cells."""
    for benchmark, cells in study.select(choice, "fig03").items():
        records = study.records({benchmark: cells})
        maps = {key.split("@")[0]: path[:-4] + ".npz" for key, path in records.items()}
        sequence = choice.sequence or study.sequences[benchmark][0]
        options = ["--sequence", sequence, *pairs("--maps", maps), *_labels(study, maps)]
        if maps:
            return Job("fig03", tuple(maps.values()), tuple(options))
    return None


def _offline_responses(study: Study, choice: MapsSettings) -> Job | None:
    """Fig. 7: what the first seed's networks answer in the middle of some sequences."""
    for benchmark, cells in _offline(study, choice, "fig07").items():
        names = study.sequences[benchmark]
        count = min(choice.sequences, len(names))
        chosen = [names[index * len(names) // count] for index in range(count)]
        maps = {
            f"{cell}@{name}": f"{study.first_folder(cell, benchmark)}/{name}.response.npz"
            for name in chosen
            for cell in cells
        }
        options = [*pairs("--maps", maps), *_labels(study, cells)]
        return Job("fig07", tuple(maps.values()), tuple(options))
    return None


def _timeline(study: Study, choice: TimelineSettings) -> Job | None:
    """Fig. 14: the first seed's scores over the frames of a sequence."""
    for benchmark, cells in _offline(study, choice, "fig14").items():
        index = f"results/data/{benchmark}.parquet"
        folders = {cell: study.first_folder(cell, benchmark) for cell in cells}
        files = [
            path
            for cell in cells
            for path in study.box_files(cell, benchmark, study.cells[cell].seeds[0], ".txt", ".csv")
        ]
        options = ["--index", index, *pairs("--tracks", folders), *_labels(study, cells)]
        options += ["--frames", str(choice.frames)]
        options += ["--sequence", choice.sequence] if choice.sequence else []
        options += repeat("--among", study.among(benchmark))
        return Job("fig14", (index, *StudyData(study).clips(benchmark), *files), tuple(options))
    return None


def _offline(study: Study, choice: SelectionSettings, figure: str) -> Chosen:
    """Select the cells with an offline training, on benchmarks without resets."""
    return {
        name: offline
        for name, cells in study.select(choice, figure).items()
        if _one_pass(study, name) and (offline := tuple(c for c in cells if c in study.offline))
    }


def _plots(study: Study, figure: str, chosen: Chosen) -> Job | None:
    """Draw the scores of cells, all seeds, benchmarks apart, beside what the paper prints."""
    scores = [
        path for b, cells in chosen.items() for c in cells for path in study.scores_of(c, [b])
    ]
    cells = tuple(dict.fromkeys(chain(*chosen.values())))
    options = [*repeat("--score", scores), *_labels(study, cells)]
    options += repeat("--rescored", (cell for cell in cells if study.is_external(cell)))
    printed: list[str] = []
    if figure in PAPER_BENCHMARKS:
        options += ["--paper", study.settings.paper]
        printed = [path.as_posix() for path in sorted(Path(study.settings.paper).glob("*.csv"))]
    return Job(figure, (*scores, *printed), tuple(options)) if scores else None


def _convergence(study: Study, choice: SelectionSettings) -> Job | None:
    """Fig. 16: the recorded first-frame training of cells, and the validation of offline ones."""
    chosen = {
        name: [c for c in cells if c in (choice.cells or cells)]
        for name, cells in study.converged.items()
        if name in (choice.benchmarks or study.converged)
    }
    records = study.records(chosen)
    validations = {
        key: path
        for key, path in study.validations.items()
        if not choice.cells or key.split("@")[0] in choice.cells
    }
    files = (*records.values(), *validations.values())
    cells = dict.fromkeys(key.split("@")[0] for key in (*records, *validations))
    options = [*pairs("--convergence", records), *pairs("--validation", validations)]
    return Job("fig16", files, (*options, *_labels(study, cells))) if files else None
