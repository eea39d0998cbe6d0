"""What the workflow's commands get: files and options of figures and pages, spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from dslt.study import Study
from dslt.study_settings import ResponsesSettings, SelectionSettings, StripsSettings

Chosen = Mapping[str, tuple[str, ...]]


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
        "fig01": _strips(study, figures.fig01),
        "fig03": _responses(study, figures.fig03),
        "fig04": Job("fig04", (), ()),
        "fig15": _plots(study, study.select(figures.fig15, "fig15")),
        "fig16": _convergence(study, figures.fig16),
    }
    chosen = {name: job for name in figures.make if (job := jobs[name])}
    plots = _plots(study, {quick.benchmark: quick.cells})
    return chosen | ({"quick": plots} if plots else {})


def page_jobs(study: Study, figures: Iterable[str]) -> dict[str, Job]:
    """Map the report's pages to their commands.

    Args:
        study: The study.
        figures: Those that are drawn; a page notes the others.
    """
    drawn = {name: [f"results/figures/{name}.png"] for name in figures}
    records = study.records(study.converged)
    shown: dict[str, tuple[dict[str, list[str]], tuple[str, ...]]] = {
        "data": ({"index": [f"results/data/{name}.json" for name in study.runs]}, ()),
        "convergence": ({"convergence": list(records.values())}, ("fig03", "fig04", "fig16")),
        "ablation": (
            {
                "table": [f"results/tables/{name}.csv" for name in study.settings.tables],
                "compare": [f"results/compare/{cell}.json" for cell in study.cells_run],
            },
            ("fig01", "fig15"),
        ),
        "scorecard": ({"scorecard": ["results/compare/scorecard.csv"]}, ()),
    }
    jobs: dict[str, Job] = {}
    for page in study.settings.pages:
        values = shown[page][0] | {name: drawn[name] for name in shown[page][1] if name in drawn}
        files = tuple(chain(*values.values()))
        if page == "convergence":
            values["convergence"] = [f"{key}={path}" for key, path in records.items()]
        words = [("-p", name, text) for name, texts in values.items() for text in texts]
        if page != "convergence" or records:
            jobs[page] = Job("page", files, tuple(chain(*words)))
    return jobs


def _labels(study: Study, cells: Iterable[str]) -> list[str]:
    """Name cells in a legend as the sheet does."""
    return pairs("--label", {cell: study.cells[cell].label for cell in cells})


def _strips(study: Study, choice: StripsSettings) -> Job | None:
    """Fig. 1: the first seed's boxes of some cells on the same frames."""
    for benchmark, cells in study.select(choice, "fig01").items():
        seeds = {cell: study.cells[cell].seeds[0] for cell in cells}
        folders = {c: f"results/track/{c}/{benchmark}/seed{s}" for c, s in seeds.items()}
        boxes = chain(*(study.box_files(c, benchmark, s, ".txt") for c, s in seeds.items()))
        index = f"results/data/{benchmark}.json"
        options = ["--index", index, "--sequences", str(choice.sequences)]
        options += ["--frames", str(choice.frames), *pairs("--tracks", folders)]
        files = (index, *study.clips(benchmark), *boxes)
        return Job("fig01", files, (*options, *_labels(study, cells)))
    return None


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


def _plots(study: Study, chosen: Chosen) -> Job | None:
    """Fig. 15: the scores of cells, all seeds, one row of plots per benchmark."""
    scores = [
        path for b, cells in chosen.items() for c in cells for path in study.scores_of(c, [b])
    ]
    options = [*repeat("--score", scores), *_labels(study, chain(*chosen.values()))]
    return Job("fig15", tuple(scores), tuple(options)) if scores else None


def _convergence(study: Study, choice: SelectionSettings) -> Job | None:
    """Fig. 16: the recorded first-frame training of cells."""
    chosen = {
        name: [c for c in cells if c in (choice.cells or cells)]
        for name, cells in study.converged.items()
        if name in (choice.benchmarks or study.converged)
    }
    records = study.records(chosen)
    cells = (key.split("@")[0] for key in records)
    options = [*pairs("--convergence", records), *_labels(study, cells)]
    return Job("fig16", tuple(records.values()), tuple(options)) if records else None
