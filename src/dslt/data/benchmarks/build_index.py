"""Making the index of a benchmark: one file with all that later stages need to open it."""

import functools
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.core.workers import spread
from dslt.data.benchmarks.annotations import UNCLIPPED, AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.checks import ImageCheck, Report, check_entry, check_totals
from dslt.data.benchmarks.clips import read_annotation
from dslt.data.benchmarks.definitions import Benchmark
from dslt.data.benchmarks.frame_files import FoundFrames, WantedFrames, find_frames
from dslt.data.benchmarks.index_entry import FrameOrigin, IndexEntry, SyntheticSource, VideoSource
from dslt.data.benchmarks.index_file import BenchmarkIndex
from dslt.data.benchmarks.kinds import ClipsBenchmark, FolderBenchmark, SyntheticBenchmark
from dslt.data.benchmarks.published import located, packed_folders, remedy_of, wanted_frames
from dslt.data.benchmarks.truth.codes import code_of, codes_in
from dslt.data.benchmarks.truth.source import read_text
from dslt.data.downloads.definitions import Download, downloads_folder
from dslt.data.sequences.folders import ATTRIBUTES, META, unused_files
from dslt.data.sequences.survey import survey_video
from dslt.data.sequences.target import Target
from dslt.data.synthetic.render import SyntheticFrames, find_scene
from dslt.geometry.boxes import DECIMALS, read_boxes

_survey = functools.cache(survey_video)  # sequences share a clip, which is decoded once


_Sought = tuple[Target, WantedFrames | FoundFrames]
"""Ground truth of a sequence, and its frames or where to look for them."""


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
    report = Report(remedy_of(benchmark))
    if isinstance(benchmark, ClipsBenchmark | SyntheticBenchmark):
        sought = _made(benchmark, Path(data), report)
    elif isinstance(benchmark, FolderBenchmark):
        sought = _in_folders(benchmark, images, report)
    else:
        sought = _annotated(benchmark, Path(data), download, images, report)
    entries = _with_frames(name, sought, jobs, report)
    complete = True
    if isinstance(benchmark, AnnotationsBenchmark):
        first = benchmark.scored_from
        entries = [replace(entry, skipped=first.get(entry.name, 1) - 1) for entry in entries]
        complete = _is_complete(benchmark, sought, entries, report)
    for entry in entries:
        check_entry(entry, report)
    report.finish(name)
    return BenchmarkIndex(
        benchmark=name,
        protocol=benchmark.protocol,
        box_origin=benchmark.box_origin,
        sequences=entries,
        notes=tuple(report.notes()),
        complete=complete,
    )


def _made(
    benchmark: ClipsBenchmark | SyntheticBenchmark, data: Path, report: Report
) -> dict[str, _Sought]:
    """Describe sequences whose frames are no image files."""
    sought: dict[str, _Sought] = {}
    for name in benchmark.sequences:
        try:
            if isinstance(benchmark, ClipsBenchmark):
                target, source, notes = _clip(benchmark, name, data)
            else:
                (target, source), notes = _scene(name, benchmark.seed), ()
            height, width = source.open()[0].shape[:2]
        except DsltError as error:
            report.problems.append(f"sequence {name}: {error}")
        else:
            sought[name] = target, FoundFrames(source, (width, height), notes=notes)
    return sought


def _clip(
    benchmark: ClipsBenchmark, name: str, data: Path
) -> tuple[Target, FrameOrigin, tuple[str, ...]]:
    annotation, boxes = read_annotation(benchmark, name)
    path = downloads_folder(data, "clips") / annotation.clip
    first, count = annotation.first_frame, annotation.frames
    source = VideoSource(
        path=path.as_posix(), sha256=annotation.sha256, first_frame=first, frames=count
    )
    source.open()
    video = _survey(path)
    if first + count > video.frames:
        last = first + count - 1
        notes = "".join(f"; {note}" for note in video.notes)
        raise DsltError(f"frames {first} to {last} of {path}, which has only {video.frames}{notes}")
    return Target(boxes, annotation.attributes, annotation.clip), source, video.notes


def _scene(name: str, seed: int) -> tuple[Target, FrameOrigin]:
    scene, source = find_scene(name), SyntheticSource(scene=name, seed=seed)
    video = scene.target.cutout.photo  # scenes that share it are not independent
    return Target(SyntheticFrames(name, seed).boxes(), scene.take.attributes, video), source


def _in_folders(
    benchmark: FolderBenchmark, images: ImageCheck, report: Report
) -> dict[str, _Sought]:
    """Describe the sequences of a folder in the OTB layout."""
    sought: dict[str, _Sought] = {}
    chosen = benchmark.targets()
    report.said += unused_files(benchmark.root, chosen, all_folders=benchmark.sequences is None)
    for found in chosen:
        folder = Path(benchmark.root, found.folder)
        try:
            boxes = read_boxes(folder / found.boxes, benchmark.box_origin)
            target = Target(boxes, _folder_attributes(folder), found.folder)
        except DsltError as error:
            report.wrong(found.name, str(error))
            continue
        wanted = WantedFrames(
            name=found.name,
            root=benchmark.root,
            places=(f"{found.folder}/img",),
            rows=len(boxes),
            span=benchmark.frames.get(found.name),
            images=images,
        )
        sought[found.name] = target, wanted
    return sought


def _annotated(
    benchmark: AnnotationsBenchmark,
    data: Path,
    download: Download | None,
    images: ImageCheck,
    report: Report,
) -> dict[str, _Sought]:
    """Describe the sequences of published annotations, with their frames where there are any."""
    place = located(benchmark, data)
    targets, notes = load_targets(place, place.folder())
    if place.images is None:
        report.said += notes
        return {name: (target, FoundFrames(size=target.size)) for name, target in targets.items()}
    report.said += [note for note in notes if note != UNCLIPPED]  # the images say their size
    packed = packed_folders(place.download, download, data)
    return {
        name: (target, wanted_frames(place, name, target, packed, images))
        for name, target in targets.items()
    }


def _is_complete(
    benchmark: AnnotationsBenchmark,
    sought: Mapping[str, _Sought],
    entries: Sequence[IndexEntry],
    report: Report,
) -> bool:
    """Tell whether a whole published benchmark is there, and check its totals.

    A benchmark that was fetched must have all its sequences; `sequences` may name a part of it.
    """
    named, totals = benchmark.sequences, benchmark.totals
    if benchmark.root is None:
        for name in named or ():
            if name not in sought:
                report.wrong(name, "no ground truth")
    complete = (named is None or len(named) == len(sought)) and (
        totals is None or totals.sequences == len(sought)
    )
    if totals is not None and (complete or named is None) and not report.problems:
        check_totals(entries, totals, report)
    return complete


def _with_frames(
    benchmark: str, sought: Mapping[str, _Sought], jobs: int, report: Report
) -> list[IndexEntry]:
    """Find the images of sequences, and describe the sequences whose frames fit."""
    wanted = [frames for _, frames in sought.values() if isinstance(frames, WantedFrames)]
    answers = list(spread(find_frames, wanted, jobs, f"{benchmark} images", "sequences"))
    images = {frames.name: found for frames, found in zip(wanted, answers, strict=True)}
    entries = []
    for name, (target, frames) in sought.items():
        found = frames if isinstance(frames, FoundFrames) else images[name]
        for problem in found.problems:
            report.wrong(name, problem)
        for what, frames_of_it in found.odd.items():
            report.count(what, name, frames_of_it)
        report.said += [note for note in found.notes if note not in report.said]
        if found.size is not None or not found.problems:
            entries.append(_entry(name, target, found))
    return entries


def _entry(name: str, target: Target, found: FoundFrames) -> IndexEntry:
    """Describe a sequence by its ground truth, of which the rows without a frame are left out."""
    kept = target if found.keep is None else target.part(found.keep)
    values = vars(kept) | {
        "truth": _rounded(kept.truth),
        "corners": None if kept.corners is None else _rounded(kept.corners),
        "size": found.size,
    }
    return IndexEntry(**values, name=name, source=found.source)


def _rounded(values: Floats) -> Floats:
    """Numbers as they are kept."""
    return np.round(values, DECIMALS) + 0.0  # no -0


def _folder_attributes(folder: Path) -> tuple[str, ...]:
    """Attribute codes of `meta.json` (key `attributes`) or `attributes.txt`, if they are there."""
    if (folder / META).is_file():
        values = read_json(folder / META)
        codes = values.get("attributes", []) if isinstance(values, dict) else None
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
            raise DsltError(f"{folder / META}: 'attributes' must be a list of codes")
        if codes:
            return tuple(map(code_of, codes))
    if (folder / ATTRIBUTES).is_file():
        return tuple(codes_in(read_text(folder / ATTRIBUTES)))
    return ()
