"""Making the index of a benchmark: one JSON file with all that later stages need to open it."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dslt.boxes import DECIMALS, Boxes, read_boxes
from dslt.data.annotations import load_targets
from dslt.data.benchmarks import (
    AnnotationsBenchmark,
    Benchmark,
    ClipsBenchmark,
    FolderBenchmark,
    SyntheticBenchmark,
)
from dslt.data.clips import clip_length, read_annotation
from dslt.data.folders import ATTRIBUTES, META, Target, select_targets
from dslt.data.images import SUFFIXES, list_images
from dslt.data.index_file import (
    BenchmarkIndex,
    ImagesSource,
    IndexEntry,
    SyntheticSource,
    VideoSource,
    load_index,
    write_index,
)
from dslt.data.jsonfile import read_json
from dslt.data.sequences import FrameSource, validate_initial_box
from dslt.data.synthetic import scene_attributes, scene_boxes, scene_photo
from dslt.errors import DsltError
from dslt.evaluation import targets

__all__ = ["BenchmarkIndex", "IndexEntry", "build_index", "load_index", "write_index"]


def build_index(name: str, benchmark: Benchmark, data: str | os.PathLike[str]) -> BenchmarkIndex:
    """Index a benchmark: check each sequence's annotation and its first frame, not every frame.

    Args:
        name: The benchmark's name.
        benchmark: Its definition.
        data: The folder with fetched files; clips are under `clips/`.

    Raises:
        DsltError: Frames, boxes or meta data of a sequence are missing or wrong, frames and boxes
            differ in number, or an initial box is unusable.
    """
    entries: list[IndexEntry]
    if isinstance(benchmark, ClipsBenchmark):
        entries = [_clip_entry(benchmark, item, Path(data)) for item in benchmark.sequences]
    elif isinstance(benchmark, SyntheticBenchmark):
        entries = [_synthetic_entry(item, benchmark.seed) for item in benchmark.sequences]
    elif isinstance(benchmark, AnnotationsBenchmark):
        found, _ = load_targets(benchmark, benchmark.folder())
        entries = [_annotated_entry(benchmark, item, target) for item, target in found.items()]
    else:
        selected = select_targets(benchmark.root, benchmark.sequences)
        entries = [_folder_entry(benchmark, target) for target in selected]
    return BenchmarkIndex(
        benchmark=name,
        protocol=benchmark.protocol,
        box_origin=benchmark.box_origin,
        sequences=tuple(entries),
    )


def _clip_entry(benchmark: ClipsBenchmark, name: str, data: Path) -> IndexEntry:
    annotation, boxes = read_annotation(benchmark, name)
    path = data / "clips" / annotation.clip
    source = VideoSource(
        kind="video",
        path=path.as_posix(),
        sha256=annotation.sha256,
        first_frame=annotation.first_frame,
        frames=annotation.frames,
    )
    frames = source.open()
    if annotation.first_frame + annotation.frames > clip_length(path):
        raise DsltError(
            f"sequence {name}: frames {annotation.first_frame} to "
            f"{annotation.first_frame + annotation.frames - 1} of {path}, which has only "
            f"{clip_length(path)}"
        )
    return _entry(name, annotation.clip, annotation.attributes, source, frames, boxes)


def _synthetic_entry(name: str, seed: int) -> IndexEntry:
    source = SyntheticSource(kind="synthetic", scene=name, seed=seed)
    boxes = scene_boxes(name, seed)
    return _entry(name, scene_photo(name), scene_attributes(name), source, source.open(), boxes)


def _folder_entry(benchmark: FolderBenchmark, target: Target) -> IndexEntry:
    root = Path(benchmark.root)
    folder = root / target.folder
    boxes = read_boxes(folder / target.boxes, benchmark.box_origin)
    files = list_images(folder / "img")
    if target.name in benchmark.frames:
        files, boxes = _cut(files, boxes, benchmark.frames[target.name])
    if len(files) != len(boxes):
        raise DsltError(
            f"{folder / target.boxes}: {len(boxes)} boxes for {len(files)} frames in "
            f"{folder / 'img'}{_gap(files)}"
        )
    source = ImagesSource(
        kind="images",
        root=benchmark.root,
        files=tuple(file.relative_to(root).as_posix() for file in files),
        bytes=tuple(file.stat().st_size for file in files),
    )
    attributes = _folder_attributes(folder)
    return _entry(target.name, target.folder, attributes, source, source.open(), boxes)


def _entry(
    name: str,
    video: str,
    attributes: tuple[str, ...],
    source: VideoSource | ImagesSource | SyntheticSource,
    frames: FrameSource,
    boxes: Boxes,
) -> IndexEntry:
    """Check the first frame and its box, and describe the sequence."""
    shape = frames[0].shape
    validate_initial_box(boxes[0], shape, f"sequence {name}")
    return IndexEntry(
        name=name,
        video=video,
        attributes=attributes,
        frames=len(frames),
        size=(shape[1], shape[0]),
        source=source,
        ground_truth=_rows(boxes),
    )


def _rows(values: NDArray[np.float64]) -> tuple[Any, ...]:
    """Rows (N, K) as tuples of rounded numbers, null for those with a NaN."""
    return tuple(
        None if math.isnan(sum(row)) else tuple(round(value, DECIMALS) + 0.0 for value in row)
        for row in values.tolist()
    )


def _annotated_entry(
    benchmark: AnnotationsBenchmark, name: str, target: targets.Target
) -> IndexEntry:
    """Describe a sequence of published annotations, with its frames where there are any."""
    source, size = None, target.size
    if benchmark.images is not None:
        source = _published_frames(benchmark, benchmark.images, name, target)
        shape = source.open()[0].shape
        size = shape[1], shape[0]
        validate_initial_box(target.truth[0], shape, f"sequence {name}")
    corners = target.corners
    return IndexEntry(
        name=name,
        video=target.video,
        attributes=target.attributes,
        frames=len(target.truth),
        size=size,
        source=source,
        ground_truth=_rows(target.truth),
        polygons=None if corners is None else _rows(corners.reshape(len(corners), -1)),
        absent=None if target.absent is None else _numbers(target.absent),
        tags={tag: _numbers(flags) for tag, flags in target.tags.items()} or None,
        skipped=benchmark.scored_from.get(name, 1) - 1,
    )


def _numbers(flags: targets.Mask) -> tuple[int, ...]:
    """Numbers of the frames whose flag is set."""
    return tuple(np.flatnonzero(flags).tolist())


def _published_frames(
    benchmark: AnnotationsBenchmark, images: str, name: str, target: targets.Target
) -> ImagesSource:
    """Find the frames of a sequence in the folders that the benchmarks' archives have."""
    root = Path(images)
    category = name.rpartition("-")[0] or name
    places = [
        root / place
        for folder in dict.fromkeys((name, target.video, f"{category}/{name}"))
        for place in (f"{folder}/img", f"{folder}/color", folder)
    ]
    folder = next((place for place in places if _has_images(place)), None)
    if folder is None:
        raise DsltError(f"{root}: no frames of {name}; looked in {', '.join(map(str, places))}")
    files, rows = list_images(folder), len(target.truth)
    if name in benchmark.frames:
        files, _ = _cut(files, target.truth, benchmark.frames[name])
    elif len(files) == benchmark.annotated_rows.get(name):
        files = files[benchmark.scored_from[name] - 1 :]
    if len(files) != rows:
        raise DsltError(
            f"{folder}: {len(files)} frames for {rows} rows of ground truth of {name}; where a part"
            " of the frames is used, name it in the benchmark's `frames`"
        )
    return ImagesSource(
        kind="images",
        root=images,
        files=tuple(file.relative_to(root).as_posix() for file in files),
        bytes=tuple(file.stat().st_size for file in files),
    )


def _has_images(folder: Path) -> bool:
    return folder.is_dir() and any(file.suffix.lower() in SUFFIXES for file in folder.iterdir())


def _number(file: Path) -> int | None:
    """Frame number in a file name (its last digits)."""
    match = re.search(r"(\d+)\D*$", file.stem)
    return int(match[1]) if match else None


def _cut(files: list[Path], boxes: Boxes, span: tuple[int, int]) -> tuple[list[Path], Boxes]:
    """Keep the frames numbered first to last; boxes of all frames are cut alike."""
    first, last = span
    inside: Callable[[Path], bool] = lambda file: first <= (_number(file) or 0) <= last  # noqa: E731
    keep = [inside(file) for file in files]
    kept = [file for file in files if inside(file)]
    if len(kept) != last - first + 1:
        raise DsltError(
            f"{files[0].parent}: {len(kept)} frames numbered {first} to {last}, expected "
            f"{last - first + 1}"
        )
    return kept, boxes[keep] if len(boxes) == len(files) else boxes


def _gap(files: list[Path]) -> str:
    """Name the first frame that is missing in the numbering, if one is."""
    numbers = [number for file in files if (number := _number(file)) is not None]
    for file, one, following in zip(files, numbers, numbers[1:], strict=False):
        if len(numbers) == len(files) and following != one + 1:
            digits = re.search(r"(\d+)\D*$", file.stem)
            width = len(digits[1]) if digits else 0
            return f"; frame {one + 1:0{width}d} is missing after {file.name}"
    return ""


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
