"""What the commands of the site get: files and options of its pages, spelled out."""

from collections.abc import Iterable, Mapping
from itertools import chain

from dslt.core.text import digest
from dslt.settings.catalog import FIGURES, TABLES
from dslt.settings.site import SITE
from dslt.study import paths
from dslt.study.job import Job, assignments, pairs, repeat
from dslt.study.sensitivity import sensitivity_key
from dslt.study.study import Study


def page_jobs(study: Study, figures: Iterable[str], tables: Iterable[str]) -> dict[str, Job]:
    """Map the report's pages to their commands.

    Args:
        study: The study.
        figures: Those that are drawn; a page notes the others.
        tables: Those that are written.
    """
    written = {name: paths.TABLE.format(table=name, kind="csv") for name in tables}
    drawn = [name for name in figures if name in FIGURES]
    records = study.records(study.converged)
    compared = [paths.COMPARISON.format(cell=cell) for cell in study.cells_run]
    offline = [paths.TRAINING_GAINS] if study.validations else []
    shown: dict[str, dict[str, list[str]]] = {
        "data": {"index": [paths.INDEX.format(benchmark=name) for name in study.runs]},
        "convergence": {"convergence": list(records.values())},
        "offline": {"training": offline},
        "ablation": {"table": _of_page(written, "ablation"), "compare": compared},
        "benchmarks": {"table": _of_page(written, "benchmarks")},
        "confidence": {
            "table": _of_page(written, "confidence"),
            "scorecard": [paths.SCORECARD],
        },
        "scorecard": {"scorecard": [paths.SCORECARD]},
    }
    jobs: dict[str, Job] = {}
    for page in study.settings.pages:
        own = [path for name in drawn if page in FIGURES[name].pages for path in _shown(name)]
        values = shown[page] | {"figures": own}
        files = tuple(chain(*values.values()))
        if page == "data":  # the others have no page
            values["sequences"] = sorted(study.part.sequences)
        if page == "convergence":
            values["convergence"] = assignments(records)
            files += tuple(path[:-4] + ".npz" for path in records.values())
        if page == "scorecard":  # no file of it: it would be made
            values |= {"sensitivity": [paths.SENSITIVITY], "key": [sensitivity_key(study)]}
        words = [("-p", name, text) for name, texts in values.items() for text in texts]
        needed = {
            "convergence": bool(records),
            "offline": bool(offline),
            "confidence": "confidence" in written or "confidence" in drawn,
        }
        if needed.get(page, True):
            jobs[page] = Job("page", files, tuple(chain(*words)))
    return jobs


def provenance_job(study: Study) -> Job:
    """Make the command of the page that says what each result was made from."""
    compared = [paths.COMPARISON.format(cell=cell) for cell in study.cells_run]
    scores = [path for cell in study.cells_run for path in study.scores_of(cell)]
    indexes = [paths.INDEX.format(benchmark=name) for name in study.runs]
    models = {
        f"{cell}@{seed}": paths.TRAINING.format(cell=study.trained_as[cell], seed=seed)
        for cell in study.cells_run
        if cell in study.offline
        for seed in study.cells[cell].seeds
    }
    settings = {cell: digest(study.cells[cell].settings_json()) for cell in study.cells_run}
    files = {"--compare": compared, "--score": scores, "--index": indexes}
    options = [word for name, given in files.items() for word in repeat(name, given)]
    options += [*pairs("--model", models), *pairs("--settings", settings)]
    inputs = dict.fromkeys(chain(*files.values(), models.values()))
    return Job("provenance", tuple(inputs), tuple(options))


def site_pages(pages: Iterable[str]) -> list[str]:
    """List the pages of the site, the entrance first, in the order of its navigation.

    Args:
        pages: Those of notebooks.
    """
    made = {"index", "sequences", "provenance", *pages}
    return [page for page in SITE if page in made]


def _shown(figure: str) -> list[str]:
    """Name a figure's picture and, where there is one, its interactive plot."""
    plots = [paths.PLOT.format(figure=figure, kind="js")] if FIGURES[figure].plot else []
    return [paths.PICTURE.format(figure=figure), *plots]


def _of_page(tables: Mapping[str, str], page: str) -> list[str]:
    """List the tables of a page."""
    return [path for name, path in tables.items() if page in TABLES[name].pages]
