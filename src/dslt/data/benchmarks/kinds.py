"""The kinds of benchmarks and of fetched files: what an entry of `config/benchmarks.yaml` may say.

This module is read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from dslt.core.errors import DsltError
from dslt.core.names import NAME
from dslt.data.benchmarks.truth.load import annotation_files, annotation_names
from dslt.data.downloads.sources import PackageSource
from dslt.data.sequences.folders import ATTRIBUTES, META, select_targets
from dslt.settings.base import Settings


def _sequence_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a sequence")
    if len(set(names)) != len(names):
        raise ValueError("a sequence occurs twice")
    return names


SequenceNames = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_sequence_names)]
FrameNumbers = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class _Benchmark(Settings):
    """What all benchmarks have.

    Attributes:
        title: For tables and figures.
        protocol: Entry of `config/protocols.yaml` that scores it.
        box_origin: Where result and annotation files count pixels from.
    """

    title: str = ""
    protocol: str
    box_origin: Literal[0, 1] = 1

    def fetched_files(self) -> list[str]:
        """Names of the files that `dslt fetch` makes for it."""
        return []

    def input_files(self) -> list[str]:
        """Paths of the files, besides fetched ones and frames, that its index is made of."""
        return []


class ClipsBenchmark(_Benchmark, PackageSource):
    """Sequences cut from video files that ship in a package.

    Attributes:
        annotations: Folder with `NAME/groundtruth_rect.txt` and `NAME/meta.json`.
        sequences: Names, in the order of the tables.
    """

    kind: Literal["clips"]
    annotations: str
    sequences: SequenceNames

    def sequence_names(self) -> list[str]:
        """Names of the sequences."""
        return list(self.sequences)

    def fetched_files(self) -> list[str]:
        """Names of the clips."""
        return list(self.members)

    def input_files(self) -> list[str]:
        """Paths of the annotation files."""
        files = ("groundtruth_rect.txt", META)
        return [
            Path(self.annotations, name, file).as_posix()
            for name in self.sequences
            for file in files
        ]


class SyntheticBenchmark(_Benchmark):
    """Videos composed on the spot (`dslt.data.synthetic.render`).

    Attributes:
        seed: Of everything random in them.
        sequences: Names of scenes, in the order of the tables.
    """

    kind: Literal["synthetic"]
    seed: Annotated[int, Field(ge=0)]
    sequences: SequenceNames

    def sequence_names(self) -> list[str]:
        """Names of the sequences."""
        return list(self.sequences)


class FolderBenchmark(_Benchmark):
    """A folder of sequences in the OTB layout (`dslt.data.sequences.folders`).

    Attributes:
        root: The folder, relative to the working directory or absolute.
        sequences: Names, in the order of the tables; default every one under the root.
        frames: First and last frame of a sequence, as numbered in its file names, both included
            (OTB's David starts at 300).
    """

    kind: Literal["folder"]
    root: str
    sequences: SequenceNames | None = None
    frames: dict[str, FrameNumbers] = Field(default_factory=dict)

    def sequence_names(self) -> list[str]:
        """Names of the sequences; reads the root's names.

        Raises:
            DsltError: The root or a sequence is missing.
        """
        return [target.name for target in select_targets(self.root, self.sequences)]

    def input_files(self) -> list[str]:
        """Paths of the ground truth and, where there are any, of the meta files."""
        files = []
        for target in select_targets(self.root, self.sequences):
            folder = Path(self.root, target.folder)
            files.append((folder / target.boxes).as_posix())
            files += [
                (folder / name).as_posix()
                for name in (META, ATTRIBUTES)
                if (folder / name).is_file()
            ]
        return files


class Totals(Settings):
    """What the whole of a published benchmark holds.

    Attributes:
        sequences: Targets.
        frames: Annotated frames of all of them, those that are not scored included, if known.
    """

    sequences: Annotated[int, Field(gt=0)]
    frames: Annotated[int, Field(gt=0)] | None = None


class AnnotationsBenchmark(_Benchmark):
    """Published ground truth, against which results of any tracker are scored.

    Attributes:
        aliases: Other names of it; case and punctuation do not matter.
        family: Whose files they are (`dslt.data.benchmarks.truth.load`).
        download: Entry of `config/downloads.yaml` that has annotations and images; used where no
            root is named.
        totals: What the whole of it holds, for a check of the index.
        root: Folder, or JSON file, with the annotations; null until the user names one.
        images: Folder of the sequences' images as the benchmark hands them out; null where there
            are annotations only, and trackers cannot be run.
        frames: First and last frame of a sequence, as numbered in its file names, where a part of
            its folder is used.
        sequences: Names, in the order of the tables; default every one under the root.
        scored_from: First row, 1-based, that counts, where it is not the first one.
        annotated_rows: Of these sequences, the rows of the whole annotation, which tell whether
            files have the rows before the first one that counts.
    """

    kind: Literal["annotations"]
    aliases: tuple[str, ...] = ()
    family: Literal["otb", "uav123", "lasot", "vot"]
    download: str | None = None
    totals: Totals | None = None
    root: str | None = None
    images: str | None = None
    frames: dict[str, FrameNumbers] = Field(default_factory=dict)
    sequences: SequenceNames | None = None
    scored_from: dict[str, Annotated[int, Field(ge=2)]] = Field(default_factory=dict)
    annotated_rows: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _rows_are_known(self) -> AnnotationsBenchmark:
        for name, first in self.scored_from.items():
            if self.annotated_rows.get(name, 0) < first:
                raise ValueError(
                    f"annotated_rows.{name} must say how many rows the annotation has, at least"
                    f" {first}"
                )
        return self

    def folder(self) -> Path:
        """The root.

        Raises:
            DsltError: None is named.
        """
        if self.root is None:
            raise DsltError(
                f"{self.title or 'annotations'}: no folder of annotations is named; set `root` of"
                " this benchmark in an overlay's `benchmarks`, or give --annotations"
            )
        return Path(self.root)

    def sequence_names(self) -> list[str]:
        """Names of the sequences: of those under the root, or as defined where no root is named.

        Raises:
            DsltError: Neither a root nor names are given, or the root has no annotations.
        """
        if self.root is None and self.sequences is not None:
            return list(self.sequences)
        return annotation_names(self, self.folder())

    def input_files(self) -> list[str]:
        """Paths of the annotation files; none where no root is named."""
        if self.root is None:
            return []
        return [path.as_posix() for path in annotation_files(self, self.folder())]
