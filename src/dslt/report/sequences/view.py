"""A folder with the pages of anybody's results: matrix, sequences, and videos where frames are."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dslt.core.errors import DsltError
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.frame_files import find_frames
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.benchmarks.published import wanted_frames
from dslt.data.sequences.target import Target
from dslt.report.files import write_assets
from dslt.report.html import Site
from dslt.report.sequences.load import Runs, load_benchmark
from dslt.report.sequences.matrix import write_matrix
from dslt.report.sequences.page import write_pages
from dslt.report.sequences.shown import ShownTracker
from dslt.report.sequences.video import write_videos
from dslt.score.evaluate import Suite
from dslt.settings.site import MATRIX

CHOSEN = 4  # trackers that are shown at first


def check_place(folder: Path) -> None:
    """Refuse a folder that holds something else than an earlier view.

    Raises:
        DsltError: It does, or it is no folder.
    """
    if folder.exists() and not folder.is_dir():
        raise DsltError(f"--out {folder}: is a file; expected a folder, which may be new")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MATRIX).is_file():
        raise DsltError(
            f"--out {folder}: holds files, but no {MATRIX} of an earlier view; choose another"
        )


def images_of(
    benchmark: AnnotationsBenchmark, images: Path, targets: Mapping[str, Target], usual: str
) -> tuple[BenchmarkIndex, list[str]]:
    """Find the images of published sequences.

    Args:
        benchmark: Its definition.
        images: Folder of the images as the benchmark hands them out.
        targets: The ground truth.
        usual: Name of the benchmark.

    Returns:
        An index of the sequences whose images are there and fit, and notes on the others.

    Raises:
        DsltError: There is no such folder.
    """
    if not images.is_dir():
        raise DsltError(f"--frames {images}: no such folder of images")
    place = benchmark.model_copy(update={"images": images.as_posix()})
    entries, notes = [], []
    for name, target in targets.items():
        wanted = wanted_frames(place, name, target, {}, "none")
        found = find_frames(wanted)
        if found.keep is not None:  # the results have rows for all images
            found = find_frames(replace(wanted, span=None))
        notes += [f"{name}: no video ({problem})" for problem in found.problems]
        if found.source is not None and not found.problems:
            values = vars(target) | {"size": found.size}
            entries.append(IndexEntry(name=name, source=found.source, **values))
    index = BenchmarkIndex(usual, benchmark.protocol, benchmark.box_origin, entries)
    return index, notes


def with_frames(index: BenchmarkIndex, names: Iterable[str]) -> tuple[BenchmarkIndex, list[str]]:
    """Leave the sequences of an index whose frames can be opened; notes tell of the others."""
    kept, notes = [], []
    for name in names:
        try:
            index.sequence(name).frames[0]
        except DsltError as error:
            notes.append(f"{name}: no video ({error})")
        else:
            kept.append(index.entry(name))
    return replace(index, sequences=kept), notes


def write_view(
    suite: Suite,
    trackers: Sequence[ShownTracker],
    runs: Runs,
    frames: BenchmarkIndex,
    folder: Path,
    progress: Callable[[], object] = lambda: None,
) -> Path:
    """Write the folder.

    Args:
        suite: The ground truth.
        trackers: The trackers with their scores.
        runs: Folders of their raw results.
        frames: The sequences that have frames.
        folder: Where to write.
        progress: Called once per video.

    Returns:
        The page to begin with.

    Raises:
        DsltError: Results or frames are unreadable, or a file cannot be written.
    """
    site = Site(("sequences",), "sequences", folder, name=suite.benchmark)
    films, pages = folder / "videos" / suite.benchmark, folder / "sequences" / suite.benchmark
    videos = {name: films / f"{name}.webm" for name in frames.names}
    chosen = [one.id for one in trackers[:CHOSEN]]
    shown = load_benchmark(suite, trackers, runs, chosen, videos)
    sized = {
        name: replace(target, size=frames.entry(name).size) if name in videos else target
        for name, target in suite.targets.items()
    }
    write_assets(folder / "assets", plots=False)
    write_matrix({suite.benchmark: trackers}, {suite.benchmark: pages}, folder / MATRIX, site)
    for _ in write_pages(replace(shown, suite=replace(suite, targets=sized)), pages, site):
        pass
    for _ in write_videos(frames, frames.names, films):
        progress()
    return folder / MATRIX
