"""What the commands of the sequences' pages get: files and options, spelled out."""

from collections.abc import Iterable

from dslt.study import paths
from dslt.study.data import StudyData
from dslt.study.describe import loss_of
from dslt.study.job import Job, pairs, repeat
from dslt.study.study import Study

SHOWN_IN, MOST = "fig17", 4  # the figure whose cells are shown at first, and how many of them


def sequence_jobs(study: Study) -> dict[str, Job]:
    """Map each benchmark that is run to the command that writes its sequences' pages."""
    return {benchmark: _pages(study, benchmark) for benchmark in study.runs}


def matrix_job(study: Study) -> Job:
    """Give the command that writes the matrix of all sequences."""
    scores = [path for name, cells in study.runs.items() for path in _scores(study, name, cells)]
    folders = {name: _folder(paths.SEQUENCE_PAGE, name) for name in study.runs}
    options = [*repeat("--score", scores), *pairs("--pages", folders)]
    return Job("matrix", tuple(scores), (*options, *_names(study, study.cells_run)))


def _pages(study: Study, benchmark: str) -> Job:
    """Read the index, and of every cell and seed the scores, and the results that they stand for.

    A score file has the checksum of its results; that they are no inputs too halves the planning.
    """
    cells = study.runs[benchmark]
    index, scores = paths.INDEX.format(benchmark=benchmark), _scores(study, benchmark, cells)
    runs = [(cell, seed) for cell in cells for seed in study.cells[cell].seeds]
    folders = {f"{c}@{s}": study.result_folder(c, benchmark, s) for c, s in runs}
    options = ["--index", index, "--protocol-definition", study.protocol(benchmark)]
    options += repeat("--sequence", study.among(benchmark))
    options += [*pairs("--run", folders), *repeat("--score", scores), *_names(study, cells)]
    first = [cell for cell in cells if SHOWN_IN in study.cells[cell].shown_in] or list(cells)
    options += repeat("--chosen", first[:MOST])
    if StudyData(study).has_frames(benchmark):
        options += ["--videos", _folder(paths.VIDEO, benchmark)]
    return Job("sequences", (index, *scores), tuple(options))


def _scores(study: Study, benchmark: str, cells: Iterable[str]) -> list[str]:
    return [path for cell in cells for path in study.scores_of(cell, [benchmark])]


def _folder(pattern: str, benchmark: str) -> str:
    """Name the folder of a benchmark's files of one kind."""
    return pattern.rpartition("/")[0].format(benchmark=benchmark)


def _names(study: Study, cells: Iterable[str]) -> list[str]:
    """Say what cells are called, and which loss they were trained with."""
    cells = list(cells)
    losses = {cell: loss for cell in cells if (loss := loss_of(study.cells[cell]))}
    labels = {cell: study.cells[cell].label for cell in cells}
    return [*pairs("--label", labels), *pairs("--loss", losses)]
