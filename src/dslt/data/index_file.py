"""The form of an index: what `results/data/<benchmark>.json` holds, and how it is opened."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from dslt.boxes import Boxes
from dslt.data.clips import open_clip
from dslt.data.files import atomic_write
from dslt.data.jsonfile import read_json
from dslt.data.sequences import FrameSource, ImageFolder, Sequence
from dslt.data.synthetic import SyntheticFrames
from dslt.errors import DsltError, unknown
from dslt.evaluation.targets import Mask, Target
from dslt.settings import Settings, validate

_OPTIONAL = ("polygons", "absent", "tags", "skipped")


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


Source = Annotated[VideoSource | ImagesSource | SyntheticSource, Field(discriminator="kind")]


class IndexEntry(Settings):
    """One sequence of an index; places are 0-based.

    Attributes:
        name: Unique within the benchmark.
        video: Its source video.
        attributes: Codes.
        frames: Their number.
        size: Width and height of the frames in pixels, null where they are not known.
        source: Where the frames are, null where there are annotations only.
        ground_truth: Boxes `(x, y, w, h)`, of polygons those around them; null where the target
            is absent.
        polygons: x and y of the corners, null where the target is absent; left out where the
            ground truth is boxes.
        absent: Numbers of the frames that are flagged as without target; left out where the
            annotation has no such flags.
        tags: Attributes of frames by name, with the numbers of the frames that carry them; left
            out where the annotation has none.
        skipped: Rows of the annotation before the first one that is scored and that is listed
            here; left out where there are none.
    """

    name: str
    video: str
    attributes: tuple[str, ...]
    frames: int
    size: tuple[int, int] | None
    source: Source | None
    ground_truth: tuple[tuple[float, float, float, float] | None, ...]
    polygons: tuple[tuple[float, ...] | None, ...] | None = None
    absent: tuple[int, ...] | None = None
    tags: dict[str, tuple[int, ...]] | None = None
    skipped: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _frames_exist(self) -> IndexEntry:
        flagged = [
            *(self.absent or ()),
            *(n for frames in (self.tags or {}).values() for n in frames),
        ]
        if flagged and not 0 <= min(flagged) <= max(flagged) < self.frames:
            raise ValueError(f"flags frames that are not among the {self.frames}")
        if self.polygons is not None and len(self.polygons) != len(self.ground_truth):
            raise ValueError("polygons and ground_truth differ in length")
        return self

    def boxes(self) -> Boxes:
        """Ground truth (N, 4), NaN rows where the target is absent."""
        absent = (np.nan,) * 4
        rows = [absent if box is None else box for box in self.ground_truth]
        return np.array(rows, dtype=np.float64).reshape(-1, 4)

    def target(self) -> Target:
        """What results are scored against."""
        return Target(
            truth=self.boxes(),
            attributes=self.attributes,
            video=self.video,
            corners=None if self.polygons is None else _corners(self.polygons),
            absent=None if self.absent is None else self._flags(self.absent),
            tags={tag: self._flags(frames) for tag, frames in (self.tags or {}).items()},
            size=self.size,
        )

    def _flags(self, frames: tuple[int, ...]) -> Mask:
        flags = np.zeros(self.frames, dtype=bool)
        flags[list(frames)] = True
        return flags


def _corners(polygons: tuple[tuple[float, ...] | None, ...]) -> NDArray[np.float64]:
    """Corners (N, K, 2); shorter polygons repeat their last corner."""
    most = max((len(row) for row in polygons if row is not None), default=8) // 2
    corners = np.full((len(polygons), most, 2), np.nan)
    for place, row in zip(corners, polygons, strict=True):
        if row is not None:
            points = np.array(row).reshape(-1, 2)
            place[: len(points)], place[len(points) :] = points, points[-1]
    return corners


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
            DsltError: There is no such sequence, or its frames are missing or were exchanged, or
                the index was made of annotations only.
        """
        entry = self.entry(name)
        if entry.source is None:
            raise DsltError(
                f"sequence {name} of benchmark {self.benchmark}: there are annotations but no"
                " frames; name the folder of images in the benchmark's `images`"
            )
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
        json.dumps(_written(entry), separators=(",", ":")) for entry in index.sequences
    )
    text = json.dumps(head, indent=1)[:-2] + f',\n "sequences": [\n{lines}\n ]\n}}\n'
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _written(entry: IndexEntry) -> dict[str, Any]:
    """An entry without the optional keys that it does not use."""
    values = entry.model_dump(mode="json")
    unused = {key for key in _OPTIONAL if values[key] == IndexEntry.model_fields[key].default}
    return {key: value for key, value in values.items() if key not in unused}
