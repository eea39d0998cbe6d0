"""Published ground truth: the benchmark that names it, and how its sequences are read.

A benchmark names its family; the layout is found by what is there. Frames are not needed. This
module is read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from dslt.core.errors import DsltError, quote
from dslt.data.benchmarks.kinds import (
    BenchmarkSettings,
    FrameNumbers,
    SequenceNames,
    Totals,
    check_keys,
)
from dslt.data.benchmarks.truth import lasot, otb, uav123, vot
from dslt.data.benchmarks.truth.source import Layout, TruthSource
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target

UNCLIPPED = "the frames' size is not known: regions are not clipped to the image"

_LAYOUTS: dict[str, Callable[[Path, int], Iterator[Layout]]] = {
    "otb": otb.layouts,
    "uav123": uav123.layouts,
    "uav123_10fps": partial(uav123.layouts, own="UAV123_10fps"),
    "lasot": lasot.layouts,
    "vot": vot.layouts,
}
_UAV123 = ("uav123", "uav123_10fps")
# What a sequence's name has over its video's, where several were cut from one video.
_PART = {"otb": re.compile(r"-\d+$")} | dict.fromkeys(_UAV123, re.compile(r"_\d+$"))
_EXPECTED = {
    "otb": "anno/<name>.txt, <Name>/groundtruth_rect.txt, or a JSON file with gt_rect",
    "uav123": "anno/UAV123/<name>.txt, anno/<name>.txt, or a JSON file with gt_rect",
    "uav123_10fps": "anno/UAV123_10fps/<name>.txt, anno/<name>.txt, or a JSON file with gt_rect",
    "lasot": "boxes/<name>.txt with absent/<name>.txt, <category>/<name>/groundtruth.txt, or a"
    " JSON file with gt_rect",
    "vot": "<name>/groundtruth.txt, or a JSON file with gt_rect",
}


class AnnotationsBenchmark(BenchmarkSettings):
    """Published ground truth, against which results of any tracker are scored."""

    kind: Literal["annotations"]
    aliases: tuple[str, ...] = ()
    """Other names of it; case and punctuation do not matter."""
    family: Literal["otb", "uav123", "uav123_10fps", "lasot", "vot"]
    """Whose files they are (`dslt.data.benchmarks.truth`)."""
    download: str | None = None
    """Entry of `config/downloads.yaml` that has annotations and images; it is used where no root is
    named.
    """
    totals: Totals | None = None
    """What the whole of it holds, for a check of the index."""
    root: str | None = None
    """Folder, or JSON file, with the annotations; null until the user names one."""
    images: str | None = None
    """Folder of the sequences' images as the benchmark hands them out; null where there are
    annotations only, and trackers cannot be run.
    """
    frames: dict[str, FrameNumbers] = Field(default_factory=dict)
    """First and last frame of a sequence, as numbered in its file names, where a part of its folder
    is used.
    """
    sequences: SequenceNames | None = None
    """Names, in the order of the tables; default every one under the root."""
    scored_from: dict[str, Annotated[int, Field(ge=2)]] = Field(default_factory=dict)
    """First row, 1-based, that counts, where it is not the first one."""
    annotated_rows: dict[str, int] = Field(default_factory=dict)
    """Number of rows of the whole annotation of these sequences, which tells whether files have the
    rows before the first one that counts.
    """

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
        return list(_choose(self, self.folder()).sources)

    def input_files(self) -> list[str]:
        """Paths of the annotation files; none where no root is named."""
        if self.root is None:
            return []
        sources = _choose(self, self.folder()).sources.values()
        files = [path.as_posix() for source in sources for path in source.files]
        return list(dict.fromkeys(files))


def load_targets(
    benchmark: AnnotationsBenchmark, root: Path
) -> tuple[dict[str, Target], list[str]]:
    """Read the ground truth of a benchmark's sequences.

    Args:
        benchmark: It says what the sequences are called, and from which row on they are scored.
        root: Folder (or JSON file) with the annotations.

    Returns:
        The targets in the benchmark's order, and notes: what is missing or was cut. Where only a
        part of the sequences is there, these are given; where none is, all that are there.

    Raises:
        DsltError: There are no annotations of the benchmark's family, or a file of a sequence is
            broken; the message names file and line.
    """
    chosen = _choose(benchmark, root)
    targets = {}
    notes = list(chosen.notes)
    for name, source in chosen.sources.items():
        part = _PART.get(benchmark.family)
        target = replace(source.read(), video=part.sub("", name) if part else name)
        targets[name], note = _from_first_row(benchmark, name, source, target)
        notes += note
    if benchmark.family == "vot" and any(target.size is None for target in targets.values()):
        notes.append(UNCLIPPED)
    return targets, notes


def _choose(benchmark: AnnotationsBenchmark, root: Path) -> Layout:
    """Choose the layout that has the most of the wanted sequences, the first one of equals."""
    if not root.exists():
        raise DsltError(f"{root}: no such folder of annotations of {benchmark.title}")
    best: tuple[Layout, dict[str, str]] | None = None
    for layout in _LAYOUTS[benchmark.family](root, benchmark.box_origin):
        wanted = benchmark.sequences or tuple(layout.sources)
        pairs = match_names(wanted, list(layout.sources))
        if best is None or len(pairs) > len(best[1]):
            best = layout, pairs
        if len(pairs) == len(wanted):
            break
    if best is None:
        raise DsltError(
            f"{root}: no annotations of {benchmark.title}; expected {_EXPECTED[benchmark.family]}"
        )
    layout, pairs = best
    for name in pairs or layout.sources:
        if not name or name.startswith(".") or {*name} & {*"/\\"}:
            raise DsltError(
                f"{root}: sequence {quote(name)}; expected what can name a file: no slash, no dot "
                "at its start"
            )
    _check_keys(benchmark, pairs, layout, root)
    notes = [*_missing(benchmark, pairs, layout), *layout.notes]
    if not pairs:
        return Layout(layout.sources, tuple(notes))
    return Layout({name: layout.sources[found] for name, found in pairs.items()}, tuple(notes))


def _check_keys(
    benchmark: AnnotationsBenchmark, pairs: dict[str, str], layout: Layout, root: Path
) -> None:
    """Check that fields of a benchmark name its sequences, or others that are there.

    Of a part of a benchmark they may name the rest, which an overlay cannot take away.

    Raises:
        DsltError: A key is no sequence.
    """
    if benchmark.totals is not None:
        is_part = len(pairs) < benchmark.totals.sequences
    else:
        is_part = benchmark.sequences is not None
    if is_part:
        return
    names = {*pairs, *{*layout.sources}.difference(pairs.values())}
    for field in ("frames", "scored_from"):
        check_keys(field, getattr(benchmark, field), names, str(root))


def _missing(benchmark: AnnotationsBenchmark, pairs: dict[str, str], layout: Layout) -> list[str]:
    """Say loudly that a part of a benchmark is not the benchmark."""
    wanted, title = benchmark.sequences or (*layout.sources, *layout.lacking), benchmark.title
    if len(pairs) == len(wanted):
        return []
    if not pairs:
        return [
            f"none of the {len(wanted)} sequences of {title} is there; the {len(layout.sources)}"
            f" that are there are scored instead: not a score of {title}"
        ]
    missing = [name for name in wanted if name not in pairs]
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    return [
        f"{len(pairs)} of {len(wanted)} sequences: not a score of {title}; there is no ground truth"
        f" of {', '.join(missing[:8])}{more}"
    ]


def _from_first_row(
    benchmark: AnnotationsBenchmark, name: str, source: TruthSource, target: Target
) -> tuple[Target, list[str]]:
    """Drop the rows before the first one that the benchmark scores, unless they are gone already.

    Raises:
        DsltError: The annotation has neither all rows nor those that are scored.
    """
    first = benchmark.scored_from.get(name)
    if first is None:
        return target, []
    skipped, given, whole = first - 1, len(target.truth), benchmark.annotated_rows[name]
    if given == whole - skipped:
        return target, []
    if given != whole:
        raise DsltError(
            f"{source.files[0]}: {given} rows for {name}; expected {whole}, or the"
            f" {whole - skipped} from row {first} on, which are scored"
        )
    return target.part(slice(skipped, None)), [f"{name} is scored from row {first} of {whole} on"]
