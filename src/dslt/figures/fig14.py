"""Fig. 14: the score of each tracker over the frames of a sequence, and its overlap with the truth.

Boxes, sequence and frames are those of Fig. 1: `strips` chooses them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dslt.data.benchmarks.index_file import load_index
from dslt.figures import boxes_on_frames, strips, style
from dslt.figures.strips import Request, Strip
from dslt.figures.style import Labels, Look
from dslt.geometry import boxes
from dslt.score.records import read_record

RULE = "where the mean overlaps differ most"
TITLES = {"score": "Score: the tracker's own confidence", "overlap": "Overlap (IoU) with the truth"}
HEADING = 0.2  # inches, like all below
ABOVE = 0.06  # from the frames or the legend to the heading's line
LEFT, RIGHT = 0.42, 0.06
PANEL = 1.15
TICKS, BELOW = 0.2, 0.34  # below a panel, without and with the axis's name
LINE = 0.15  # of a legend


@dataclass(frozen=True)
class Trace:
    """What a tracker said of each frame.

    Attributes:
        score: (N,) its own confidence; NaN in the first frame, where it is given the box.
        overlap: (N,) with the ground truth; NaN where the target is absent.
    """

    score: np.ndarray
    overlap: np.ndarray


@dataclass(frozen=True)
class Film:
    """One sequence.

    Attributes:
        strip: Some of its frames with the boxes.
        traces: Cell id -> what it said.
        by_rule: Whether the rule chose the sequence, and not the user.
    """

    strip: Strip
    traces: Mapping[str, Trace]
    by_rule: bool


def load(
    index: Path,
    tracks: Sequence[str],
    sequence: str | None,
    frames: int,
    among: tuple[str, ...] = (),
) -> Film:
    """Read boxes and scores of one sequence.

    Args:
        index: Index of the benchmark.
        tracks: As for Fig. 1 (`strips.parse_tracks`), folders with `<sequence>.txt` boxes and
            `<sequence>.csv` records.
        sequence: Its name; None: the one on which the cells' mean overlaps differ most.
        frames: How many to show.
        among: Sequences to choose among; empty: all.

    Raises:
        DsltError: A file is missing, malformed or of another length than the sequence, or a
            tracker has no scores.
    """
    named = (sequence,) if sequence else ()
    request = Request("fig01", rows=1, columns=frames, named=named, among=among)
    (strip,) = strips.load([index], tracks, request)
    found = load_index(index)
    truth = found.entry(strip.name).boxes()
    folders = strips.parse_tracks(tracks, [found.benchmark])
    traces = {
        cell: _trace(folder / f"{strip.name}.csv", truth) for (_, cell), folder in folders.items()
    }
    return Film(strip, traces, sequence is None)


def _trace(path: Path, truth: np.ndarray) -> Trace:
    """Read one record and compare its boxes with the truth."""
    record = read_record(path, len(truth))
    overlap = np.nan_to_num(boxes.iou(record.boxes, truth))
    overlap[np.isnan(truth).any(axis=1)] = np.nan
    return Trace(record.scores, overlap)


def figure(film: Film, labels: Labels = None) -> Figure:
    """Draw frames with boxes and, below them, score and overlap over the frames.

    Args:
        film: What `load` returns.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks(film.traces, labels)
    width = style.PAGE_WIDTH / len(film.strip.frames)
    tall = boxes_on_frames.row_height(film.strip, width)
    columns = style.legend_columns([f"{look.label}, mean 0.00" for look in looks.values()])
    head = HEADING + LINE * -(-len(looks) // columns)
    total = HEADING + tall + 2 * (head + PANEL) + TICKS + BELOW
    with style.styled():
        # Laid out by hand, as the strips are: the frames' own aspects fix their size.
        canvas = Figure(figsize=(style.PAGE_WIDTH, total))
        top = total - HEADING
        chosen = f", {RULE}" if film.by_rule else ""
        title = style.plain(f"{film.strip.name}{chosen}.  White: ground truth")
        boxes_on_frames.heading(canvas, top + ABOVE, style.lettered(0, title))
        top -= tall
        boxes_on_frames.draw_row(canvas, film.strip, looks, width, top, tall)
        for index, (name, below) in enumerate({"score": TICKS, "overlap": BELOW}.items(), start=1):
            title = style.lettered(index, TITLES[name])
            boxes_on_frames.heading(canvas, top - HEADING + ABOVE, title)
            top -= head + PANEL
            ax = boxes_on_frames.axes_at(canvas, LEFT, top, style.PAGE_WIDTH - LEFT - RIGHT, PANEL)
            _panel(ax, film, name, looks)
            place: dict[str, Any] = {"loc": "lower left", "bbox_to_anchor": (0, 1)}
            ax.legend(ncols=columns, frameon=False, borderaxespad=0.1, **place)
            top -= below
        ax.set_xlabel("Frame")
    return canvas


def _panel(ax: Axes, film: Film, name: str, looks: Mapping[str, Look]) -> None:
    """Draw one value over the frames; grey where the target is absent, dotted the shown frames."""
    truth_gone = np.isnan(next(iter(film.traces.values())).overlap)
    frames = np.arange(len(truth_gone))
    highest = 1.0
    for cell, look in looks.items():
        values = getattr(film.traces[cell], name)
        label = f"{look.label}, mean {np.nanmean(values):.2f}"
        ax.plot(frames, values, label=label, linewidth=0.9, **look.layered)
        highest = max(highest, float(np.nanmax(values)))
    for index in film.strip.indices:
        ax.axvline(index, color=style.GREY, linewidth=0.6, linestyle=style.DOTTED, zorder=1)
    edges = np.flatnonzero(np.diff(truth_gone, prepend=False, append=False))
    for first, end in edges.reshape(-1, 2).tolist():
        ax.axvspan(first - 0.5, end - 0.5, color=style.GREY, alpha=0.25, lw=0)
    ax.set(xlim=(0, max(1, len(frames) - 1)), ylim=(-0.03, 1.03 * highest))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_ylabel("Score" if name == "score" else "IoU")
