"""Fig. 1: the trackers' boxes on the same frames, one row per sequence.

Neither sequences nor frames are chosen by hand: the sequences are those on which the cells' mean
overlaps differ most, the frames are evenly spaced over the frames with a visible target.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from dslt import boxes
from dslt.data.index import load_index
from dslt.data.sequences import Sequence as Video
from dslt.errors import DsltError
from dslt.figures import inputs, style
from dslt.figures.style import Dash, Look

MADE_BY = "rule `track` (`dslt track`)"
TRUTH = "white"
TRUTH_LABEL = "Ground truth"
LEGEND = 0.2  # inches, like the next two
HEADING = 0.18
GAP = 0.04
LONGEST = 90  # characters of overlaps with labels that fit into a heading
MARGIN = 0.6  # of the drawn boxes' extent, both sides together
SMALLEST = 0.2  # of the frame: a lower bound of the extent that the margin is taken of


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
    """

    name: str
    indices: tuple[int, ...]
    frames: tuple[np.ndarray, ...]
    truth: np.ndarray
    boxes: Mapping[str, np.ndarray]
    overlap: Mapping[str, float]


def load(
    index: Path,
    tracks: Mapping[str, Path],
    rows: int = 4,
    columns: int = 5,
    named: Sequence[str] = (),
) -> list[Strip]:
    """Read the boxes of all cells, choose sequences and frames, and decode those frames.

    Args:
        index: Index of a benchmark.
        tracks: Cell id -> folder with `<sequence>.txt` boxes.
        rows: How many sequences; fewer where the benchmark has fewer.
        columns: How many frames of each.
        named: Sequences to show instead of those that the rule finds.

    Raises:
        DsltError: A boxes file is missing or has another number of rows than the sequence.
    """
    benchmark = load_index(inputs.existing(index, "rule `index` (`dslt index`)"))
    found: dict[str, dict[str, np.ndarray]] = {}
    overlaps: dict[str, dict[str, float]] = {}
    for name in named or benchmark.names:
        truth = benchmark.entry(name).boxes()
        found[name] = {cell: _boxes(path, name, len(truth)) for cell, path in tracks.items()}
        overlaps[name] = {cell: mean_overlap(b, truth) for cell, b in found[name].items()}
    return [
        _strip(benchmark.sequence(name), found[name], overlaps[name], columns)
        for name in named or widest_spread(overlaps, rows)
    ]


def _strip(
    sequence: Video, found: Mapping[str, np.ndarray], overlap: Mapping[str, float], columns: int
) -> Strip:
    """Take the boxes of the chosen frames and decode these frames."""
    indices = evenly_spaced(sequence.ground_truth, columns)
    return Strip(
        name=sequence.name,
        indices=indices,
        frames=tuple(sequence.frames[i] for i in indices),
        truth=sequence.ground_truth[list(indices)],
        boxes={cell: b[list(indices)] for cell, b in found.items()},
        overlap=overlap,
    )


def _boxes(folder: Path, sequence: str, frames: int) -> np.ndarray:
    """Read the boxes of one sequence from a folder of raw results."""
    path = inputs.existing(inputs.existing(folder, MADE_BY) / f"{sequence}.txt", MADE_BY)
    found = boxes.read_boxes(path, origin=1)
    if len(found) != frames:
        raise DsltError(
            f"{path}: {len(found)} boxes, but sequence {sequence} has {frames} frames; "
            "is it from another sequence or an older run?"
        )
    return found


def mean_overlap(found: np.ndarray, truth: np.ndarray) -> float:
    """Average the overlap over the frames with a visible target; a NaN box overlaps by 0.

    Args:
        found: (N, 4) boxes of a tracker.
        truth: (N, 4) ground truth, NaN rows where the target is absent.
    """
    visible = ~np.isnan(truth).any(axis=1)
    return float(np.nan_to_num(boxes.iou(found[visible], truth[visible])).mean())


def widest_spread(overlaps: Mapping[str, Mapping[str, float]], count: int) -> list[str]:
    """Name the `count` sequences with the largest (best - worst) mean overlap, widest first."""
    spread = {name: max(cells.values()) - min(cells.values()) for name, cells in overlaps.items()}
    return sorted(spread, key=lambda name: -spread[name])[:count]


def evenly_spaced(truth: np.ndarray, count: int) -> tuple[int, ...]:
    """Choose up to `count` visible frames, evenly spaced and ending with the last visible one.

    The first frame, where every tracker has the given box, is left out unless it is the only one.

    Args:
        truth: (N, 4) ground truth, NaN rows where the target is absent.
        count: How many frames.
    """
    visible = np.flatnonzero(~np.isnan(truth).any(axis=1))
    places = np.linspace(0, len(visible) - 1, count + 1)[1:]
    places = np.unique(np.ceil(places - 1e-9).astype(int))  # up, so that none falls on the first
    return tuple(int(visible[place]) for place in places)


def view(strip: Strip) -> tuple[float, float, float, float]:
    """Choose the part of the frame that a row shows: the same for all its frames.

    It holds every drawn box as far as the frame reaches, with a margin, and its width is 1.3 to 2.2
    times its height unless the frame's border forbids it.

    Returns:
        left, top, right, bottom in pixels, the right and bottom edges excluded.
    """
    height, width = strip.frames[0].shape[:2]
    drawn = np.concatenate([strip.truth, *strip.boxes.values()])
    drawn = drawn[~np.isnan(drawn).any(axis=1)]
    limit = np.array([width, height])
    low = np.clip(drawn[:, :2], 0, limit).min(axis=0)
    high = np.clip(drawn[:, :2] + drawn[:, 2:], 0, limit).max(axis=0)
    wide, tall = (high - low) + MARGIN * np.maximum(high - low, SMALLEST * limit)
    size = np.array([max(wide, 1.3 * tall), max(tall, wide / 2.2)])
    size = np.minimum(size, limit)
    start = np.clip((low + high - size) / 2, 0, limit - size)
    left, top = start.tolist()
    right, bottom = (start + size).tolist()
    return left, top, right, bottom


def figure(strips: Sequence[Strip], labels: Mapping[str, str] | None = None) -> Figure:
    """Draw the strips under one legend; each row's heading gives the mean overlaps.

    Args:
        strips: What `load` returns.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks((cell for strip in strips for cell in strip.boxes), labels)
    width = style.PAGE_WIDTH / max(len(strip.frames) for strip in strips)
    views = [view(strip) for strip in strips]
    heights = [width * (bottom - top) / (right - left) for left, top, right, bottom in views]
    lines = -(-(len(looks) + 1) // _columns(looks))
    head = LEGEND * lines
    total = head + sum(heights) + (HEADING + GAP) * len(strips)
    with style.styled():
        # Laid out by hand: the frames' own aspects fix every size.
        canvas = Figure(figsize=(style.PAGE_WIDTH, total))
        top = total - head
        for row, strip in enumerate(strips):
            _heading(canvas, (top - 0.13) / total, row, strip, looks)
            top -= HEADING + heights[row]
            for column in range(len(strip.frames)):
                place = (column * width + GAP / 2, top, width - GAP, heights[row] - GAP / 2)
                ax = canvas.add_axes(_fractions(place, total))
                _frame(ax, strip, column, looks, views[row])
            top -= GAP
        _legend(canvas, looks)
    return canvas


def _fractions(place: tuple[float, ...], total: float) -> tuple[float, float, float, float]:
    """Turn left, bottom, width, height in inches into fractions of the figure."""
    left, bottom, width, height = place
    return left / style.PAGE_WIDTH, bottom / total, width / style.PAGE_WIDTH, height / total


def _heading(canvas: Figure, y: float, row: int, strip: Strip, looks: dict[str, Look]) -> None:
    """Write the row's letter, the sequence and the cells' mean overlaps above its frames."""
    numbers = [f"{strip.overlap[cell]:.2f}" for cell in looks]
    named = ",  ".join(
        f"{look.label} {number}" for look, number in zip(looks.values(), numbers, strict=True)
    )
    if len(named) > LONGEST:
        named = f"{',  '.join(numbers)} (in the order of the legend)"
    text = f"({chr(ord('a') + row)}) {style.plain(strip.name)}.  Mean overlap:  {named}"
    canvas.text(GAP / 2 / style.PAGE_WIDTH, y, text, fontsize=8, va="baseline")


def _frame(
    ax: Axes, strip: Strip, column: int, looks: dict[str, Look], shown: tuple[float, ...]
) -> None:
    """Draw one frame with the ground truth below the cells' boxes, the reference on top."""
    ax.imshow(strip.frames[column], aspect="auto", interpolation="antialiased")
    ax.set_axis_off()
    _box(ax, strip.truth[column], TRUTH, style.SOLID, 2.0)
    for cell, look in reversed(looks.items()):
        _box(ax, strip.boxes[cell][column], look.color, look.dash, 1.1)
    left, top, right, bottom = shown
    ax.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5))
    ax.text(
        0.02,
        0.97,
        f"#{strip.indices[column]}",
        transform=ax.transAxes,
        color="white",
        fontsize=7,
        va="top",
        path_effects=[patheffects.withStroke(linewidth=1.5, foreground="black")],
    )


def _box(ax: Axes, box: np.ndarray, color: str, dash: Dash, width: float) -> None:
    """Draw a box (x, y, w, h); pixel 0 spans -0.5 to 0.5 in the axes."""
    if np.isnan(box).any():
        return
    x, y, w, h = box
    outline = patheffects.withStroke(linewidth=width + 0.9, foreground="black", alpha=0.55)
    ax.add_patch(
        Rectangle(
            (x - 0.5, y - 0.5),
            w,
            h,
            fill=False,
            edgecolor=color,
            linestyle=dash,
            linewidth=width,
            path_effects=[outline, patheffects.Normal()],
        )
    )


def _legend(canvas: Figure, looks: dict[str, Look]) -> None:
    """Name the boxes once, above all rows."""
    outline = [
        patheffects.withStroke(linewidth=2.9, foreground="black", alpha=0.55),
        patheffects.Normal(),
    ]
    handles = [Line2D([], [], color=TRUTH, linewidth=2, label=TRUTH_LABEL, path_effects=outline)]
    handles += [Line2D([], [], label=look.label, **look.line) for look in looks.values()]
    canvas.legend(
        handles=handles, loc="upper center", ncols=_columns(looks), borderaxespad=0.1, frameon=False
    )


def _columns(looks: dict[str, Look]) -> int:
    return style.legend_columns([TRUTH_LABEL, *(look.label for look in looks.values())])
