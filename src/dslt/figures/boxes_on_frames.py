"""Fig. 1, 17 and 18: the trackers' boxes on the same frames, one row per sequence.

`strips` chooses sequences and frames.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from dslt.figures import style
from dslt.figures.strips import Strip
from dslt.figures.style import Dash, Look
from dslt.settings.catalog import benchmark_title

TRUTH = "white"
TRUTH_LABEL = "Ground truth"
LEGEND = 0.2  # inches, like the next two
HEADING = 0.18
GAP = 0.04
LONGEST = 130  # characters of a heading that fit across the page
MARGIN = 0.6  # of the drawn boxes' extent, both sides together
SMALLEST = 0.2  # of the frame: a lower bound of the extent that the margin is taken of


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
    several = len({strip.benchmark for strip in strips}) > 1
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
            _heading(canvas, (top - 0.13) / total, row, strip, looks, several)
            top -= HEADING + heights[row]
            for column in range(len(strip.frames)):
                place = (column * width + GAP / 2, top, width - GAP, heights[row] - GAP / 2)
                ax = canvas.add_axes(_fractions(place, total))
                draw_frame(ax, strip, column, looks, views[row])
            top -= GAP
        _legend(canvas, looks)
    return canvas


def _fractions(place: tuple[float, ...], total: float) -> tuple[float, float, float, float]:
    """Turn left, bottom, width, height in inches into fractions of the figure."""
    left, bottom, width, height = place
    return left / style.PAGE_WIDTH, bottom / total, width / style.PAGE_WIDTH, height / total


def _heading(
    canvas: Figure, y: float, row: int, strip: Strip, looks: dict[str, Look], several: bool
) -> None:
    """Write the row's letter, the sequence and the cells' mean overlaps above its frames."""
    shown = {look.label: strip.overlap[cell] for cell, look in looks.items() if cell in strip.boxes}
    named = ",  ".join(f"{label} {overlap:.2f}" for label, overlap in shown.items())
    where = f"{benchmark_title(strip.benchmark)}, " if several else ""
    start = style.plain(f"({chr(ord('a') + row)}) {where}{strip.name}.  Mean overlap:  ")
    if len(start) + len(named) > LONGEST:
        numbers = ",  ".join(f"{overlap:.2f}" for overlap in shown.values())
        named = f"{numbers} (in the order of the legend)"
    canvas.text(GAP / 2 / style.PAGE_WIDTH, y, start + named, fontsize=8, va="baseline")


def draw_frame(
    ax: Axes, strip: Strip, column: int, looks: dict[str, Look], shown: tuple[float, ...]
) -> None:
    """Draw one frame with the ground truth below the cells' boxes, the reference on top."""
    ax.imshow(strip.frames[column], aspect="auto", interpolation="antialiased")
    ax.set_axis_off()
    _box(ax, strip.truth[column], TRUTH, style.SOLID, 2.0)
    for cell, look in reversed(looks.items()):
        if cell in strip.boxes:
            _box(ax, strip.boxes[cell][column], look.color, look.dash, 1.1)
    left, top, right, bottom = shown
    index = strip.indices[column]
    ax.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5))
    ax.text(
        0.02,
        0.97,
        f"#{index}" + (f", {strip.mark[1]}" if strip.mark and index == strip.mark[0] else ""),
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
