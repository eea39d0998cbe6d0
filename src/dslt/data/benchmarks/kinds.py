"""The kinds of benchmarks: what an entry of `config/benchmarks.yaml` may say.

That of published annotations is in `dslt.data.benchmarks.annotations`.

This module is read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from dslt.core.errors import DsltError, quote
from dslt.core.names import NAME
from dslt.data.downloads.sources import PackageSource
from dslt.data.sequences.folders import (
    ATTRIBUTES,
    META,
    FolderTarget,
    scan_targets,
    select_targets,
)
from dslt.settings.base import Natural, Settings


def _sequence_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(f"{quote(name)} cannot name a sequence")
    if len(set(names)) != len(names):
        raise ValueError("a sequence occurs twice")
    return names


def _in_order(span: tuple[int, int]) -> tuple[int, int]:
    first, last = span
    if first > last:
        raise ValueError(f"the first frame {first} comes after the last one, {last}")
    return span


def _different_files(packages: tuple[PackageSource, ...]) -> tuple[PackageSource, ...]:
    names = [name for package in packages for name in package.members]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{', '.join(sorted(twice))}: members of two packages under one name")
    return packages


def check_keys(field: str, keys: Iterable[str], names: Collection[str], where: str) -> None:
    """Check that what a field of a benchmark says is said of its sequences.

    Args:
        field: Name of the field.
        keys: The sequences that it names.
        names: Those that there are.
        where: Names their folder in the error.

    Raises:
        DsltError: It names another one; the message has names that are near.
    """
    for key in keys:
        if key not in names:
            near = get_close_matches(key, names)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise DsltError(
                f"{where}: the benchmark's `{field}` has {quote(key)}, but no sequence is called"
                f" so{hint}"
            )


SequenceNames = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_sequence_names)]
Packages = Annotated[
    tuple[PackageSource, ...], Field(min_length=1), AfterValidator(_different_files)
]
FrameNumbers = Annotated[tuple[Natural, Natural], AfterValidator(_in_order)]


class BenchmarkSettings(Settings):
    """What all benchmarks have."""

    title: str = ""
    """Name in tables and figures."""
    protocol: str
    """Entry of `config/protocols.yaml` that scores it."""
    box_origin: Literal[0, 1] = 1
    """Where result and annotation files count pixels from."""

    def fetched_files(self) -> list[str]:
        """Names of the files that `dslt fetch` makes for it."""
        return []

    def input_files(self) -> list[str]:
        """Paths of the files, besides fetched ones and frames, that its index is made of."""
        return []


class _Named(BenchmarkSettings):
    """A benchmark whose definition names all sequences."""

    sequences: SequenceNames
    """Names, in the order of the tables."""

    def sequence_names(self) -> list[str]:
        """Names of the sequences."""
        return list(self.sequences)


class ClipsBenchmark(_Named):
    """Sequences cut from video files that ship in packages."""

    kind: Literal["clips"]
    packages: Packages
    """The packages that the videos ship in."""
    annotations: str
    """Folder with `NAME/groundtruth_rect.txt` and `NAME/meta.json`."""

    def fetched_files(self) -> list[str]:
        """Names of the videos."""
        return [name for package in self.packages for name in package.members]

    @property
    def checksums(self) -> dict[str, str]:
        """SHA-256 of each video, by name."""
        return {
            name: sha256 for package in self.packages for name, sha256 in package.checksums.items()
        }

    def input_files(self) -> list[str]:
        """Paths of the annotation files."""
        files = ("groundtruth_rect.txt", META)
        return [
            Path(self.annotations, name, file).as_posix()
            for name in self.sequences
            for file in files
        ]


class SyntheticBenchmark(_Named):
    """Videos composed on the spot (`dslt.data.synthetic.render`); sequences are its scenes."""

    kind: Literal["synthetic"]
    seed: Natural
    """Seed of everything random in them."""


class FolderBenchmark(BenchmarkSettings):
    """A folder of sequences in the OTB layout (`dslt.data.sequences.folders`)."""

    kind: Literal["folder"]
    root: str
    """The folder, relative to the working directory or absolute."""
    sequences: SequenceNames | None = None
    """Names, in the order of the tables; default every one under the root."""
    frames: dict[str, FrameNumbers] = Field(default_factory=dict)
    """First and last frame of a sequence, as numbered in its file names, both included (OTB's David
    starts at 300).
    """

    def targets(self) -> list[FolderTarget]:
        """Targets of the sequences; reads the root's names.

        Raises:
            DsltError: The root or a sequence is missing, or `frames` names none under the root.
        """
        targets = select_targets(self.root, self.sequences)
        if self.frames:
            names = {target.name for target in targets} | scan_targets(self.root).keys()
            check_keys("frames", self.frames, names, self.root)
        return targets

    def sequence_names(self) -> list[str]:
        """Names of the sequences; see `targets`."""
        return [target.name for target in self.targets()]

    def input_files(self) -> list[str]:
        """Paths of the ground truth and, where there are any, of the meta files."""
        files = []
        for target in self.targets():
            folder = Path(self.root, target.folder)
            more = [path for name in (META, ATTRIBUTES) if (path := folder / name).is_file()]
            files += [path.as_posix() for path in (folder / target.boxes, *more)]
        return files


class Totals(Settings):
    """What the whole of a published benchmark holds."""

    sequences: Annotated[int, Field(gt=0)]
    """Number of targets."""
    frames: Annotated[int, Field(gt=0)] | None = None
    """Number of annotated frames of all of them, those that are not scored included, if it is
    known.
    """
