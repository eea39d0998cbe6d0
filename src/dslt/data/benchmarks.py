"""Benchmarks as data: where sequences come from, which they are, how they are scored.

One entry of `config/benchmarks.yaml` is one benchmark; an overlay may add more. This module is
read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, Field

from dslt.data.folders import ATTRIBUTES, META, NAME, select_targets
from dslt.errors import DsltError, unknown
from dslt.settings import Settings, validate

BENCHMARKS_FILE = "config/benchmarks.yaml"
WEIGHTS_FILE = Path(__file__).parents[1] / "backbones" / "weights.yaml"


def _plain_file(name: str) -> str:
    if PurePosixPath(name).name != name or name.startswith(".") or "\\" in name:
        raise ValueError("must be a file name without folders")
    return name


def _sequence_names(names: tuple[str, ...]) -> tuple[str, ...]:
    for name in names:
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot name a sequence")
    if len(set(names)) != len(names):
        raise ValueError("a sequence occurs twice")
    return names


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
FileName = Annotated[str, AfterValidator(_plain_file)]
SequenceNames = Annotated[tuple[str, ...], Field(min_length=1), AfterValidator(_sequence_names)]
FrameNumbers = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]


class Member(Settings):
    """A file inside a package.

    Attributes:
        path: Where it is in the package's wheel.
        sha256: Of the file.
    """

    path: str
    sha256: Sha256


class PackageSource(Settings):
    """Files that ship in a package of the package index.

    Attributes:
        package: The exact requirement, `name==version`.
        sha256: Of the wheel.
        members: The files by the name that they get.
    """

    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+==[A-Za-z0-9.+!_-]+$")]
    sha256: Sha256
    members: Annotated[dict[FileName, Member], Field(min_length=1)]


class PackageFiles(PackageSource):
    """Files of a package that are no benchmark (weights), with a title for the reader."""

    kind: Literal["package"]
    title: str = ""

    def fetched_files(self) -> list[str]:
        """Names of the files that `dslt fetch` makes."""
        return list(self.members)


class UrlFile(Settings):
    """One file at a web address.

    Attributes:
        url: Where it is.
        file: The name that it gets.
        sha256: Of the file.
    """

    kind: Literal["url"]
    title: str = ""
    url: Annotated[str, Field(pattern=r"^(https?|file)://\S+$")]
    file: FileName
    sha256: Sha256

    def fetched_files(self) -> list[str]:
        """Name of the file that `dslt fetch` makes."""
        return [self.file]


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
    """Videos composed on the spot (`dslt.data.synthetic`).

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
    """A folder of sequences in the OTB layout (`dslt.data.folders`).

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


Benchmark = ClipsBenchmark | SyntheticBenchmark | FolderBenchmark
_KINDS: dict[str, type[Benchmark]] = {
    "clips": ClipsBenchmark,
    "synthetic": SyntheticBenchmark,
    "folder": FolderBenchmark,
}


def parse_benchmark(name: str, definition: Any) -> Benchmark:
    """Check the definition of a benchmark.

    Raises:
        DsltError: An unknown kind or key (the error lists the allowed ones), a missing key, or a
            value of the wrong type.
    """
    kind = definition.get("kind") if isinstance(definition, dict) else definition
    if kind not in _KINDS:
        raise unknown(f"kind of benchmark {name}:", kind, _KINDS)
    if not NAME.fullmatch(name):
        raise DsltError(f"benchmark {name!r}: the name has a space, a slash or a quote in it")
    return validate(_KINDS[kind], definition, f"benchmark {name}")


def parse_fetchable(name: str, definition: Any) -> Benchmark | PackageFiles | UrlFile:
    """Check the definition of anything that `dslt fetch` knows: a benchmark or other files."""
    kind = definition.get("kind") if isinstance(definition, dict) else None
    if kind == "package":
        return validate(PackageFiles, definition, f"package files {name}")
    if kind == "url":
        return validate(UrlFile, definition, f"file {name}")
    return parse_benchmark(name, definition)


def read_definitions(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the entries of a YAML file of definitions, unchecked.

    Raises:
        DsltError: The file is missing, not YAML, or not a mapping.
    """
    try:
        values = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DsltError(f"{os.fspath(path)}: no such file of definitions") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DsltError(f"{os.fspath(path)}: not a readable YAML file ({error})") from error
    if not isinstance(values, dict):
        raise DsltError(f"{os.fspath(path)}: expected a mapping of names to definitions")
    return values


def load_benchmarks(
    path: str | os.PathLike[str], extra: dict[str, Any] | None = None
) -> dict[str, Benchmark]:
    """Read and check all benchmarks of a file, with `extra` added over them.

    Raises:
        DsltError: As `read_definitions` and `parse_benchmark`.
    """
    definitions = read_definitions(path) | (extra or {})
    return {name: parse_benchmark(name, values) for name, values in definitions.items()}
