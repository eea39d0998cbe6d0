"""Making the index of a benchmark: one file with all that later stages need to open it."""

import functools
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.core.workers import spread
from dslt.data.benchmarks.annotations import UNCLIPPED, AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.checks import (
    ImageCheck,
    Report,
    check_entry,
    check_totals,
)
from dslt.data.benchmarks.clips import read_annotation
from dslt.data.benchmarks.definitions import Benchmark
from dslt.data.benchmarks.frame_files import FoundFrames, WantedFrames, find_frames
from dslt.data.benchmarks.index_entry import IndexEntry, SyntheticSource, VideoSource
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.benchmarks.kinds import (
    ClipsBenchmark,
    FolderBenchmark,
    SyntheticBenchmark,
)
from dslt.data.benchmarks.published import (
    is_whole,
    located,
    packed_folders,
    remedy_of,
    wanted_frames,
)
from dslt.data.downloads.definitions import Download, downloads_folder
from dslt.data.sequences.folders import ATTRIBUTES, META, select_targets
from dslt.data.sequences.target import Target
from dslt.data.sequences.video import count_frames
from dslt.data.synthetic.render import SyntheticFrames, find_scene
from dslt.geometry.boxes import DECIMALS, read_boxes

_clip_length = functools.cache(count_frames)  # sequences share a clip, which is decoded to count


@dataclass
class _Run:
    """One indexing.

    Attributes:
        benchmark: Name of the benchmark.
        remedy: What to do about files that do not fit.
        images: Which images are decoded.
        jobs: Processes that look for images.
        report: Takes what is wrong.
        complete: Whether all of a published benchmark is there.
    """

    benchmark: str
    remedy: str
    images: ImageCheck
    jobs: int
    report: Report = field(default_factory=Report)
    complete: bool = True


def build_index(
    name: str,
    benchmark: Benchmark,
    data: str | os.PathLike[str],
    *,
    download: Download | None = None,
    images: ImageCheck = "sampled",
    jobs: int = 1,
) -> BenchmarkIndex:
    """Index a benchmark and check it (`dslt.data.benchmarks.checks`).

    Args:
        name: The benchmark's name.
        benchmark: Its definition.
        data: The folder with fetched files: clips, downloads, what is unpacked.
        download: The definition of the download that the benchmark names, where it names one.
        images: Which images are decoded.
        jobs: Processes that look for images.

    Raises:
        DsltError: Frames, boxes or meta data of sequences are missing or wrong, or do not fit. All
            that is wrong is in the message.
    """
    run = _Run(name, remedy_of(benchmark), images, jobs)
    if isinstance(benchmark, ClipsBenchmark | SyntheticBenchmark):
        entries = list(_made_entries(benchmark, Path(data), run))
    elif isinstance(benchmark, FolderBenchmark):
        entries = _folder_entries(benchmark, run)
    else:
        entries = _annotated_entries(benchmark, Path(data), download, run)
    for entry in entries:
        check_entry(entry, run.report)
    run.report.finish(name)
    return BenchmarkIndex(
        benchmark=name,
        protocol=benchmark.protocol,
        box_origin=benchmark.box_origin,
        sequences=entries,
        notes=tuple(run.report.notes()),
        complete=run.complete,
    )


def _made_entries(
    benchmark: ClipsBenchmark | SyntheticBenchmark, data: Path, run: _Run
) -> Iterator[IndexEntry]:
    """Describe sequences whose frames are no image files."""
    for name in benchmark.sequences:
        try:
            if isinstance(benchmark, ClipsBenchmark):
                yield _clip_entry(benchmark, name, data)
            else:
                yield _synthetic_entry(name, benchmark.seed)
        except DsltError as error:
            run.report.problems.append(f"sequence {name}: {error}")


def _clip_entry(benchmark: ClipsBenchmark, name: str, data: Path) -> IndexEntry:
    annotation, boxes = read_annotation(benchmark, name)
    path = downloads_folder(data, "clips") / annotation.clip
    first, count = annotation.first_frame, annotation.frames
    source = VideoSource(
        path=path.as_posix(), sha256=annotation.sha256, first_frame=first, frames=count
    )
    frames = source.open()
    if first + count > (there := _clip_length(path)):
        raise DsltError(f"frames {first} to {first + count - 1} of {path}, which has only {there}")
    size = _size(frames[0].shape)
    return IndexEntry(
        _rounded(boxes),
        annotation.attributes,
        annotation.clip,
        size=size,
        name=name,
        source=source,
    )


def _synthetic_entry(name: str, seed: int) -> IndexEntry:
    scene, frames = find_scene(name), SyntheticFrames(name, seed)
    source = SyntheticSource(scene=name, seed=seed)
    truth = _rounded(frames.boxes())
    video = scene.target.cutout.photo  # scenes that share it are not independent
    size = _size(frames[0].shape)
    return IndexEntry(truth, scene.take.attributes, video, size=size, name=name, source=source)


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    return shape[1], shape[0]


def _rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers as they are kept."""
    return np.round(values, DECIMALS) + 0.0  # no -0


def _folder_entries(benchmark: FolderBenchmark, run: _Run) -> list[IndexEntry]:
    """Describe the sequences of a folder in the OTB layout."""
    jobs: dict[str, tuple[Target, WantedFrames]] = {}
    root = Path(benchmark.root)
    for found in select_targets(benchmark.root, benchmark.sequences):
        folder = root / found.folder
        try:
            boxes = read_boxes(folder / found.boxes, benchmark.box_origin)
            target = Target(boxes, _folder_attributes(folder), found.folder)
        except DsltError as error:
            run.report.wrong(found.name, str(error), run.remedy)
            continue
        wanted = WantedFrames(
            name=found.name,
            root=benchmark.root,
            places=(f"{found.folder}/img",),
            rows=len(boxes),
            span=benchmark.frames.get(found.name),
            images=run.images,
        )
        jobs[found.name] = target, wanted
    return _with_images(jobs, run)


def _annotated_entries(
    benchmark: AnnotationsBenchmark, data: Path, download: Download | None, run: _Run
) -> list[IndexEntry]:
    """Describe the sequences of published annotations, with their frames where there are any."""
    place = located(benchmark, data)
    targets, notes = load_targets(place, place.folder())
    # The images say their size.
    run.report.said += [note for note in notes if place.images is None or note != UNCLIPPED]
    if place.images is None:
        entries = [_entry(name, target) for name, target in targets.items()]
    else:
        packed = packed_folders(place.download, download, data)
        jobs = {
            name: (target, wanted_frames(place, name, target, packed, run.images))
            for name, target in targets.items()
        }
        entries = _with_images(jobs, run)
    entries = [
        replace(entry, skipped=benchmark.scored_from.get(entry.name, 1) - 1) for entry in entries
    ]
    _check_all_there(benchmark, targets, entries, run)
    return entries


def _check_all_there(
    benchmark: AnnotationsBenchmark,
    targets: Mapping[str, Target],
    entries: Sequence[IndexEntry],
    run: _Run,
) -> None:
    """Check that a benchmark that was fetched has all its sequences, and a whole one its totals."""
    if benchmark.root is None:
        for name in benchmark.sequences or ():
            if name not in targets:
                run.report.wrong(name, "no ground truth", run.remedy)
    run.complete = is_whole(benchmark, targets)
    every = run.complete or benchmark.sequences is None
    if benchmark.totals is not None and every and not run.report.problems:
        check_totals(entries, benchmark.totals, run.remedy, run.report)


def _with_images(jobs: Mapping[str, tuple[Target, WantedFrames]], run: _Run) -> list[IndexEntry]:
    """Find the images of sequences, and describe those whose images fit."""
    entries = []
    asked = [wanted for _, wanted in jobs.values()]
    answers = spread(find_frames, asked, run.jobs, f"{run.benchmark} images", "sequences")
    for (name, (target, _)), found in zip(jobs.items(), answers, strict=True):
        for problem in found.problems:
            run.report.wrong(name, problem, run.remedy)
        if found.has_gap:
            run.report.count("numbers of frames are missing", name, len(target.truth))
        if found.source is not None and found.size is not None:
            entries.append(_entry(name, target, found))
    return entries


def _entry(name: str, target: Target, found: FoundFrames | None = None) -> IndexEntry:
    """Describe a sequence by its ground truth, of which the rows without a frame are left out."""
    found = found or FoundFrames(size=target.size)
    kept = target if found.keep is None else target.part(found.keep)
    values = vars(kept) | {
        "truth": _rounded(kept.truth),
        "corners": None if kept.corners is None else _rounded(kept.corners),
        "size": found.size,
    }
    return IndexEntry(**values, name=name, source=found.source)


def _folder_attributes(folder: Path) -> tuple[str, ...]:
    """Attribute codes of `meta.json` (key `attributes`) or `attributes.txt`, if they are there."""
    if (folder / META).is_file():
        values = read_json(folder / META)
        codes = values.get("attributes", []) if isinstance(values, dict) else None
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise DsltError(f"{folder / META}: 'attributes' must be a list of codes")
        if codes:
            return tuple(codes)
    if (folder / ATTRIBUTES).is_file():
        text = (folder / ATTRIBUTES).read_text(encoding="utf-8-sig")
        return tuple(re.split(r"[,;\s]+", text.strip())) if text.strip() else ()
    return ()
