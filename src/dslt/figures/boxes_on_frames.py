"""Fig. 1, 17 and 18: the trackers' boxes on the same frames, one row per sequence.

`strips` chooses sequences and frames.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from dslt.figures import style
from dslt.figures.strips import Strip
from dslt.figures.style import Dash, Labels, Look
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
        Left, top, right and bottom in pixels, the right and bottom edges excluded.
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


def figure(strips: Sequence[Strip], labels: Labels = None) -> Figure:
    """Draw the strips under one legend; each row's heading gives the mean overlaps.

    Args:
        strips: What `load` returns.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks((cell for strip in strips for cell in strip.boxes), labels)
    columns = style.legend_columns([TRUTH_LABEL, *(look.label for look in looks.values())])
    several = len({strip.benchmark for strip in strips}) > 1
    width = style.PAGE_WIDTH / max(len(strip.frames) for strip in strips)
    heights = [row_height(strip, width) for strip in strips]
    head = LEGEND * -(-(len(looks) + 1) // columns)
    total = head + sum(heights) + (HEADING + GAP) * len(strips)
    with style.styled():
        # Laid out by hand: the frames' own aspects fix every size.
        canvas = Figure(figsize=(style.PAGE_WIDTH, total))
        top = total - head
        for row, (strip, height) in enumerate(zip(strips, heights, strict=True)):
            where = f"{benchmark_title(strip.benchmark)}, " if several else ""
            start = style.plain(style.lettered(row, f"{where}{strip.name}.  Mean overlap:  "))
            heading(canvas, top - 0.13, _with_overlaps(start, strip, looks))
            top -= HEADING + height
            draw_row(canvas, strip, looks, width, top, height - GAP / 2)
            top -= GAP
        known: dict[str, Any] = {"label": TRUTH_LABEL, "path_effects": outline(2)}
        handles = [Line2D([], [], color=TRUTH, linewidth=2, **known)]
        handles += [Line2D([], [], label=look.label, **look.line) for look in looks.values()]
        place: dict[str, Any] = {"loc": "upper center", "borderaxespad": 0.1}
        canvas.legend(handles=handles, ncols=columns, frameon=False, **place)
    return canvas


def row_height(strip: Strip, width: float) -> float:
    """Height of a row whose frames are `width` wide, both in inches."""
    left, top, right, bottom = view(strip)
    return width * (bottom - top) / (right - left)


def draw_row(
    canvas: Figure,
    strip: Strip,
    looks: dict[str, Look],
    width: float,
    bottom: float,
    tall: float,
) -> None:
    """Draw the frames of a strip beside each other, each `width` by `tall` inches."""
    shown = view(strip)
    for column in range(len(strip.frames)):
        ax = axes_at(canvas, column * width + GAP / 2, bottom, width - GAP, tall)
        _draw_frame(ax, strip, column, looks, shown)


def heading(canvas: Figure, y: float, text: str) -> None:
    """Write a heading whose line is `y` inches above the bottom; `$` is mathematics."""
    wide, high = canvas.get_size_inches()
    canvas.text(GAP / 2 / wide, y / high, text, fontsize=8, va="baseline")


def outline(width: float) -> list[patheffects.AbstractPathEffect]:
    """Give a line of `width` points a dark edge, so that it is seen on any picture."""
    edge = patheffects.withStroke(linewidth=width + 0.9, foreground="black", alpha=0.55)
    return [edge, patheffects.Normal()]


def draw_box(ax: Axes, box: Iterable[float], color: str, dash: Dash, width: float) -> None:
    """Outline a box (x, y, w, h) in the units of the axes with a line of `width` points."""
    x, y, w, h = (float(value) for value in box)
    look: dict[str, Any] = {"edgecolor": color, "linestyle": dash, "linewidth": width}
    ax.add_patch(Rectangle((x, y), w, h, fill=False, path_effects=outline(width), **look))


def axes_at(canvas: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Add axes to a figure without layout, at a place in inches."""
    wide, high = canvas.get_size_inches()
    return canvas.add_axes((left / wide, bottom / high, width / wide, height / high))


def _with_overlaps(start: str, strip: Strip, looks: dict[str, Look]) -> str:
    """Add the cells' mean overlaps to a heading, without the labels where they do not fit."""
    shown = {look.label: strip.overlap[cell] for cell, look in looks.items() if cell in strip.boxes}
    named = ",  ".join(f"{label} {overlap:.2f}" for label, overlap in shown.items())
    if len(start) + len(named) > LONGEST:
        numbers = ",  ".join(f"{overlap:.2f}" for overlap in shown.values())
        named = f"{numbers} (in the order of the legend)"
    return start + named


def _draw_frame(
    ax: Axes, strip: Strip, column: int, looks: dict[str, Look], shown: Sequence[float]
) -> None:
    """Draw one frame with the ground truth below the cells' boxes, the reference on top."""
    ax.imshow(strip.frames[column], aspect="auto", interpolation="antialiased")
    ax.set_axis_off()
    _box(ax, strip.truth[column], TRUTH, style.SOLID, 2.0)
    for cell, look in style.on_top(looks, strip.boxes):
        _box(ax, strip.boxes[cell][column], look.color, look.dash, 1.1)
    left, top, right, bottom = shown
    index = strip.indices[column]
    ax.set(xlim=(left - 0.5, right - 0.5), ylim=(bottom - 0.5, top - 0.5))
    mark = f", {strip.mark[1]}" if strip.mark and index == strip.mark[0] else ""
    edge = patheffects.withStroke(linewidth=1.5, foreground="black")
    place: dict[str, Any] = {"transform": ax.transAxes, "color": "white", "path_effects": [edge]}
    ax.text(0.02, 0.97, f"#{index}{mark}", fontsize=7, va="top", **place)


def _box(ax: Axes, box: np.ndarray, color: str, dash: Dash, width: float) -> None:
    """Draw a box in pixels where there is one; pixel 0 spans -0.5 to 0.5 in the axes."""
    if not np.isnan(box).any():
        draw_box(ax, box - [0.5, 0.5, 0, 0], color, dash, width)
