"""Ground truth of published benchmarks, in the layouts in which they are handed on.

A benchmark names its family; the layout is found by what is there. Frames are not needed. This
package is read while the workflow builds its graph, so it imports neither torch nor OpenCV.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from dslt.core.errors import DsltError
from dslt.data.benchmarks.truth import lasot, otb, uav123, vot
from dslt.data.benchmarks.truth.source import Layout, Source
from dslt.data.sequences.names import match_names
from dslt.data.sequences.target import Target

UNCLIPPED = "the frames' size is not known: regions are not clipped to the image"

_LAYOUTS: dict[str, Callable[[Path, int], Iterator[Layout]]] = {
    "otb": otb.layouts,
    "uav123": uav123.layouts,
    "lasot": lasot.layouts,
    "vot": vot.layouts,
}
# What a sequence's name has over its video's, where several were cut from one video.
_PART = {"otb": re.compile(r"-\d+$"), "uav123": re.compile(r"_\d+$")}
_EXPECTED = {
    "otb": "anno/<name>.txt, <Name>/groundtruth_rect.txt, or a JSON file with gt_rect",
    "uav123": "anno/<name>.txt, or a JSON file with gt_rect",
    "lasot": "boxes/<name>.txt with absent/<name>.txt, <category>/<name>/groundtruth.txt, or a"
    " JSON file with gt_rect",
    "vot": "<name>/groundtruth.txt, or a JSON file with gt_rect",
}


class Annotated(Protocol):
    """What reading needs to know of a benchmark (`dslt.data.benchmarks.kinds` describes it)."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def family(self) -> str: ...  # noqa: D102
    @property
    def box_origin(self) -> int: ...  # noqa: D102
    @property
    def sequences(self) -> tuple[str, ...] | None: ...  # noqa: D102
    @property
    def scored_from(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def annotated_rows(self) -> Mapping[str, int]: ...  # noqa: D102


def load_targets(benchmark: Annotated, root: Path) -> tuple[dict[str, Target], list[str]]:
    """Read the ground truth of a benchmark's sequences.

    Args:
        benchmark: what the sequences are called, and from which row on they are scored.
        root: folder (or JSON file) with the annotations.

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


def annotation_names(benchmark: Annotated, root: Path) -> list[str]:
    """Names of the sequences that `load_targets` gives."""
    return list(_choose(benchmark, root).sources)


def annotation_files(benchmark: Annotated, root: Path) -> list[Path]:
    """Files that `load_targets` reads sequences from."""
    files = (file for source in _choose(benchmark, root).sources.values() for file in source.files)
    return list(dict.fromkeys(files))


@dataclass(frozen=True)
class _Chosen:
    """The sources of a benchmark's sequences, by name, and notes about them."""

    sources: dict[str, Source]
    notes: tuple[str, ...]


def _choose(benchmark: Annotated, root: Path) -> _Chosen:
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
    notes = [*_missing(benchmark, pairs, len(layout.sources)), *layout.notes]
    if not pairs:
        return _Chosen(dict(layout.sources), tuple(notes))
    return _Chosen({name: layout.sources[found] for name, found in pairs.items()}, tuple(notes))


def _missing(benchmark: Annotated, pairs: dict[str, str], there: int) -> list[str]:
    """Say loudly that a part of a benchmark is not the benchmark."""
    wanted, title = benchmark.sequences, benchmark.title
    if wanted is None or len(pairs) == len(wanted):
        return []
    if not pairs:
        return [
            f"none of the {len(wanted)} sequences of {title} is there; the {there} that are there"
            f" are scored instead: not a score of {title}"
        ]
    missing = [name for name in wanted if name not in pairs]
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    return [
        f"{len(pairs)} of {len(wanted)} sequences: not a score of {title}; there is no ground truth"
        f" of {', '.join(missing[:8])}{more}"
    ]


def _from_first_row(
    benchmark: Annotated, name: str, source: Source, target: Target
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
    cut = replace(
        target,
        truth=target.truth[skipped:],
        corners=None if target.corners is None else target.corners[skipped:],
        absent=None if target.absent is None else target.absent[skipped:],
        tags={tag: flags[skipped:] for tag, flags in target.tags.items()},
    )
    return cut, [f"{name} is scored from row {first} of {whole} on"]
