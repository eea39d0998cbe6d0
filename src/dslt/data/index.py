"""The index of a benchmark: one JSON file that says all that later stages need to open it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from dslt.boxes import DECIMALS, Boxes, read_boxes
from dslt.data.benchmarks import Benchmark, ClipsBenchmark, FolderBenchmark, SyntheticBenchmark
from dslt.data.clips import clip_length, open_clip, read_annotation
from dslt.data.files import atomic_write
from dslt.data.folders import ATTRIBUTES, META, Target, select_targets
from dslt.data.images import list_images
from dslt.data.jsonfile import read_json
from dslt.data.sequences import FrameSource, ImageFolder, Sequence, validate_initial_box
from dslt.data.synthetic import SyntheticFrames, scene_attributes, scene_boxes, scene_photo
from dslt.errors import DsltError, unknown
from dslt.settings import Settings, validate


class VideoSource(Settings):
    """Frames of a video file."""

    kind: Literal["video"]
    path: str
    sha256: str
    first_frame: int
    frames: int

    def open(self) -> FrameSource:
        """Check the file and open it."""
        return open_clip(self.path, self.sha256, self.first_frame, self.frames)


class ImagesSource(Settings):
    """Image files: names relative to the root, and their lengths in bytes."""

    kind: Literal["images"]
    root: str
    files: tuple[str, ...]
    bytes: tuple[int, ...]

    def open(self) -> FrameSource:
        """Take the files; each is checked when it is read."""
        root = Path(self.root)
        return ImageFolder([root / file for file in self.files], self.bytes)


class SyntheticSource(Settings):
    """A scene that is rendered when it is read."""

    kind: Literal["synthetic"]
    scene: str
    seed: int

    def open(self) -> FrameSource:
        """Make the scene."""
        return SyntheticFrames(self.scene, self.seed)


class IndexEntry(Settings):
    """One sequence of an index; boxes are 0-based, null where the target is absent."""

    name: str
    video: str
    attributes: tuple[str, ...]
    frames: int
    size: tuple[int, int]
    source: Annotated[VideoSource | ImagesSource | SyntheticSource, Field(discriminator="kind")]
    ground_truth: tuple[tuple[float, float, float, float] | None, ...]

    def boxes(self) -> Boxes:
        """Ground truth (N, 4), NaN rows where the target is absent."""
        absent = (np.nan,) * 4
        rows = [absent if box is None else box for box in self.ground_truth]
        return np.array(rows, dtype=np.float64).reshape(-1, 4)


class BenchmarkIndex(Settings):
    """An index: what `results/data/<benchmark>.json` holds."""

    benchmark: str
    protocol: str
    box_origin: Literal[0, 1]
    sequences: tuple[IndexEntry, ...]

    @property
    def names(self) -> list[str]:
        """Names of the sequences, in the order of the tables."""
        return [entry.name for entry in self.sequences]

    def entry(self, name: str) -> IndexEntry:
        """What the index says about one sequence.

        Raises:
            DsltError: There is no such sequence; the error lists the names.
        """
        for entry in self.sequences:
            if entry.name == name:
                return entry
        raise unknown(f"sequence of benchmark {self.benchmark}:", name, self.names)

    def sequence(self, name: str) -> Sequence:
        """Open one sequence.

        Raises:
            DsltError: There is no such sequence, or its frames are missing or were exchanged.
        """
        entry = self.entry(name)
        return Sequence(name, entry.source.open(), entry.boxes(), entry.attributes, entry.video)


def load_index(path: str | os.PathLike[str]) -> BenchmarkIndex:
    """Read an index.

    Raises:
        DsltError: The file is missing or not an index.
    """
    return validate(BenchmarkIndex, read_json(path), os.fspath(path))


def write_index(path: str | os.PathLike[str], index: BenchmarkIndex) -> None:
    """Write an index as JSON, one sequence per line; the same index gives the same bytes."""
    head = index.model_dump(mode="json", exclude={"sequences"})
    lines = ",\n".join(
        json.dumps(entry.model_dump(mode="json"), separators=(",", ":"))
        for entry in index.sequences
    )
    text = json.dumps(head, indent=1)[:-2] + f',\n "sequences": [\n{lines}\n ]\n}}\n'
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


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
    rows: list[Any] = [
        None if np.isnan(row).any() else tuple(round(value, DECIMALS) + 0.0 for value in row)
        for row in boxes.tolist()
    ]
    return IndexEntry(
        name=name,
        video=video,
        attributes=attributes,
        frames=len(frames),
        size=(shape[1], shape[0]),
        source=source,
        ground_truth=tuple(rows),
    )


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
