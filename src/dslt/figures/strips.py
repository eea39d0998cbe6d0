"""Fig. 1, 17 and 18: which sequences and frames are shown, and the boxes on them.

Neither is chosen by hand. Each figure has a rule of its own, stated in its caption:

- `fig01`: the sequences on which the trackers' mean overlaps differ most (best minus worst);
- `fig17`: those on which the reference's mean overlap exceeds the median of the others' most, as
  far as it does (or else the nearest to it);
- `fig18`: those on which the reference's mean overlap is lowest; the frames are spread over half
  of the sequence around the reference's first failure, which is among them.
"""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, unknown
from dslt.core.names import split_part
from dslt.core.text import split_pair
from dslt.data.benchmarks.index_entry import IndexEntry
from dslt.data.benchmarks.index_file import BenchmarkIndex, load_index
from dslt.data.sequences.target import INITIALIZED
from dslt.figures import inputs
from dslt.figures.strip_frames import around, evenly_spaced, first_failure, visible
from dslt.geometry import boxes
from dslt.geometry.regions import bounding_boxes
from dslt.score.formats.vot import is_supervised, read_vot
from dslt.score.read_boxes import read_results

MADE_BY = "rule `track` (`dslt track`)"
Overlaps = Mapping[str, float]  # cell id -> mean overlap on one sequence


@dataclass(frozen=True)
class Strip:
    """One row: some frames of a sequence with the boxes of every cell.

    Attributes:
        name: Name of the sequence.
        indices: Frame numbers, 0-based, K of them.
        frames: K arrays (H, W, 3) uint8.
        truth: (K, 4) boxes, 0-based.
        boxes: Cell id -> (K, 4) boxes, 0-based.
        overlap: Cell id -> mean overlap over all frames with a visible target.
        benchmark: Name of its benchmark.
        mark: A frame and what the reference does there, where the figure is about that.
    """

    name: str
    indices: tuple[int, ...]
    frames: tuple[np.ndarray, ...]
    truth: np.ndarray
    boxes: Mapping[str, np.ndarray]
    overlap: Mapping[str, float]
    benchmark: str = ""
    mark: tuple[int, str] | None = None


@dataclass(frozen=True)
class Request:
    """What to show of each benchmark.

    Attributes:
        rule: `fig01`, `fig17` or `fig18`.
        reference: Cell that the rules of Fig. 17 and 18 are about.
        rows: How many sequences; fewer where the benchmark has fewer.
        columns: How many frames of each.
        named: Sequences to show instead of those that the rule finds, each on the first benchmark
            that has it.
        among: Sequences that the rule chooses among; empty: all.
    """

    rule: str
    reference: str = ""
    rows: int = 4
    columns: int = 5
    named: tuple[str, ...] = ()
    among: tuple[str, ...] = ()


Tracks = Mapping[tuple[str, str], Path]


def parse_tracks(
    specs: Sequence[str], benchmarks: Sequence[str], option: str = "--tracks"
) -> Tracks:
    """Read `CELL@BENCHMARK=DIR`; with one benchmark its name may be left out.

    Raises:
        DsltError: A spec has another form, stands twice, or names a benchmark without an index.
    """
    form = "CELL=DIR or CELL@BENCHMARK=DIR"
    found: dict[tuple[str, str], Path] = {}
    for spec in specs:
        key, folder = split_pair(spec, f"{option} {form}")
        cell, benchmark = split_part(key, f"{option} {form}")
        if not benchmark and len(benchmarks) > 1:
            raise DsltError(f"{option} {spec}: expected CELL@BENCHMARK=DIR with several indexes")
        benchmark = benchmark or benchmarks[0]
        if benchmark not in benchmarks:
            known = ", ".join(benchmarks)
            raise DsltError(f"{option} {spec}: no index of {benchmark!r}; there are {known}")
        if (benchmark, cell) in found:
            raise DsltError(f"{option}: {key} was given twice")
        found[benchmark, cell] = Path(folder)
    return found


@dataclass(frozen=True)
class Published:
    """Raw results of other trackers.

    Attributes:
        folders: As `parse_tracks` reads them; any layout that `dslt score` reads.
        origins: Cell to 0 or 1, where its files count pixels from; 1 for the others.
    """

    folders: Sequence[str] = ()
    origins: Mapping[str, int] = field(default_factory=dict)


def load(
    indexes: Sequence[Path],
    tracks: Sequence[str],
    request: Request,
    published: Published = Published(),
) -> list[Strip]:
    """Read the boxes of all cells, choose sequences and frames, and decode those frames.

    Args:
        indexes: Indexes of one or more benchmarks.
        tracks: As `parse_tracks` reads them, folders with `<sequence>.txt` boxes.
        request: What to show.
        published: Cells of other trackers.

    Raises:
        DsltError: A boxes file is missing or has another number of rows than the sequence, or the
            reference has no boxes, or a sequence that is named is in no index.
    """
    made_by = "rule `index` (`dslt index`)"
    found = [load_index(inputs.existing(index, made_by)) for index in indexes]
    names = {name for index in found for name in index.names}
    for name in sorted({*request.named, *request.among} - names):
        where = " or ".join(index.benchmark for index in found)
        raise unknown(f"sequence of benchmark {where}:", name, names)
    benchmarks = [index.benchmark for index in found]
    folders = parse_tracks(tracks, benchmarks)
    others = parse_tracks(published.folders, benchmarks, "--published")
    strips: list[Strip] = []
    for index in found:
        shown = {strip.name for strip in strips}
        named = tuple(name for name in request.named if name in index.names and name not in shown)
        if request.named and not named:
            continue
        own = {cell: path for (name, cell), path in folders.items() if name == index.benchmark}
        if not own:
            raise DsltError(f"--tracks: no boxes on benchmark {index.benchmark}")
        if request.rule != "fig01" and request.reference not in own:
            raise DsltError(
                f"reference {request.reference!r}: no boxes on benchmark {index.benchmark};"
                f" there are those of {', '.join(own)}"
            )
        foreign = {
            cell: (path, published.origins.get(cell, 1))
            for (name, cell), path in others.items()
            if name == index.benchmark
        }
        strips += _of_benchmark(index, own, foreign, replace(request, named=named))
    return strips


def _of_benchmark(
    index: BenchmarkIndex,
    tracks: Mapping[str, Path],
    foreign: Mapping[str, tuple[Path, int]],
    request: Request,
) -> list[Strip]:
    """Choose the sequences of one benchmark."""
    found: dict[str, dict[str, np.ndarray]] = {}
    overlaps: dict[str, Overlaps] = {}
    there = [name for name in index.names if name in request.among] or index.names
    entries = {name: index.entry(name) for name in request.named or there}
    others = {cell: _foreign(entries, *place) for cell, place in foreign.items()}
    for name, entry in entries.items():
        truth = entry.visible()
        found[name] = {cell: _boxes(path, name, entry.truth) for cell, path in tracks.items()}
        found[name] |= {cell: of_cell[name] for cell, of_cell in others.items()}
        overlaps[name] = {cell: mean_overlap(b, truth) for cell, b in found[name].items()}
    chosen = request.named or choose(overlaps, request)
    return [_strip(index, name, found[name], overlaps[name], request) for name in chosen]


def _strip(
    index: BenchmarkIndex,
    name: str,
    found: Mapping[str, Floats],
    overlap: Overlaps,
    request: Request,
) -> Strip:
    """Take the boxes of the chosen frames and decode these frames."""
    sequence, mark = index.sequence(name), None
    truth = index.entry(name).visible()
    if request.rule == "fig18":
        mark = first_failure(found[request.reference], truth)
        indices = around(truth, mark[0], request.columns)
    else:
        indices = evenly_spaced(truth, request.columns)
    return Strip(
        name=name,
        indices=indices,
        frames=tuple(sequence.frames[i] for i in indices),
        truth=truth[list(indices)],
        boxes={cell: b[list(indices)] for cell, b in found.items()},
        overlap=overlap,
        benchmark=index.benchmark,
        mark=mark,
    )


def _boxes(folder: Path, sequence: str, truth: Floats) -> np.ndarray:
    """Read raw results; with resets, a start has the truth's box, a failure or a pause none."""
    path = inputs.existing(inputs.existing(folder, MADE_BY) / f"{sequence}.txt", MADE_BY)
    run = read_vot(path)[0] if is_supervised(path) else None
    found = boxes.read_boxes(path, origin=1) if run is None else bounding_boxes(run.corners)
    if len(found) != len(truth):
        raise DsltError(
            f"{path}: {len(found)} boxes, but sequence {sequence} has {len(truth)} frames; "
            "is it from another sequence or an older run?"
        )
    if run is not None:
        started = run.states == INITIALIZED
        found[started] = truth[started]
    return found


def _foreign(entries: Mapping[str, IndexEntry], folder: Path, origin: int) -> dict[str, Floats]:
    """Read another tracker's boxes of some sequences; frames that it lacks are NaN."""
    skipped = {name: entry.skipped for name, entry in entries.items()}
    results, _ = read_results(folder, entries, origin, skipped=skipped)
    found = {}
    for name, entry in entries.items():
        found[name] = np.full((entry.frames, 4), np.nan)
        rows = results[name].boxes[: entry.frames]
        found[name][: len(rows)] = rows
    return found


# ---------------------------------------------------------------------- which sequences


def mean_overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Average the overlap over the frames with a visible target; a NaN box overlaps by 0.

    Args:
        found: (N, 4) boxes of a tracker.
        truth: (N, 4) ground truth, NaN rows where the target is absent.
    """
    seen = visible(truth)
    return float(np.nan_to_num(boxes.iou(found[seen], truth[seen])).mean())


def spread(cells: Overlaps, reference: str) -> float:
    """Best minus worst mean overlap."""
    return max(cells.values()) - min(cells.values())


def lead(cells: Overlaps, reference: str) -> float:
    """By how much the reference's mean overlap exceeds the median of the others."""
    others = [value for cell, value in cells.items() if cell != reference]
    return cells[reference] - float(np.median(others or [0.0]))


def deficit(cells: Overlaps, reference: str) -> float:
    """Mean overlap of the reference with a minus sign, so that the lowest is the largest."""
    return -cells[reference]


# What is largest on the sequences that a figure shows.
RULES: Mapping[str, Callable[[Overlaps, str], float]] = {
    "fig01": spread,
    "fig17": lead,
    "fig18": deficit,
}


def choose(overlaps: Mapping[str, Overlaps], request: Request) -> list[str]:
    """Name up to `request.rows` sequences by the rule of its figure, the first one first.

    Where the reference leads nowhere, Fig. 17 has the one sequence where it comes nearest.
    """
    rule = RULES[request.rule]
    values = {name: rule(cells, request.reference) for name, cells in overlaps.items()}
    first = heapq.nlargest(request.rows, values, key=values.__getitem__)
    if rule is lead:
        return [name for name in first if values[name] > 0] or first[:1]
    return first
