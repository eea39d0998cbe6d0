"""What the commands of the workflow that write tables get."""

from collections.abc import Callable, Mapping

from dslt.settings.catalog import TABLES, TableSource
from dslt.study import confidence, paths
from dslt.study.job import Job, pairs, repeat
from dslt.study.study import Study


def table_jobs(study: Study) -> dict[str, Job]:
    """Map the tables that can be written to their commands."""
    compared = [paths.COMPARISON.format(cell=cell) for cell in study.cells_run]
    jobs = {}
    for name in study.settings.tables:
        own = BUILDERS[TABLES[name].source](study, name)
        if own is not None:
            options = (*repeat("--compare", compared), *own.options)
            jobs[name] = Job(name, (*compared, *own.files), options)
    return jobs


def _printed(study: Study, table: str) -> Job:
    """Put ours beside a printed table."""
    path = f"{study.settings.paper}/{table}.csv"
    return Job(table, (path,), ("--paper", path))


def _confidence(study: Study, table: str) -> Job | None:
    """List the confidence of all cells that have one, and name those that have none."""
    files = tuple(confidence.files(study).values())
    options = [*repeat("--confidence", files), *pairs("--left-out", confidence.left_out(study))]
    return Job(table, files, tuple(options)) if files else None


# What makes the command of a table, by what it is made from.
BUILDERS: Mapping[TableSource, Callable[[Study, str], Job | None]] = {
    "printed": _printed,
    "confidence": _confidence,
}
