"""Fig. 7: what Siamese networks, trained with different losses, answer to the same frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from dslt.core.errors import DsltError
from dslt.core.names import split_part
from dslt.core.text import split_pair
from dslt.figures import inputs, style
from dslt.figures.boxes_on_frames import draw_box
from dslt.figures.style import Labels

MADE_BY = "`dslt respond`"
FORM = "CELL=NPZ or CELL@ROW=NPZ"
COVERED: dict[str, Any] = {"edgecolor": "white", "linewidth": 0.8, "linestyle": style.SHORT}


@dataclass(frozen=True)
class Answer:
    """What `dslt respond` wrote; its attributes are those of `dslt.track.responses.Response`."""

    template: np.ndarray
    search: np.ndarray
    probability: np.ndarray
    box: np.ndarray
    stride: np.ndarray
    frame: np.ndarray
    sequence: np.ndarray
    loss: np.ndarray

    @property
    def place(self) -> tuple[float, float]:
        """First and last edge of the map in pixels of the search patch, the same on both axes."""
        middle, half = len(self.search) / 2, len(self.probability) * float(self.stride) / 2
        return middle - half, middle + half

    def peaks(self) -> tuple[float, float]:
        """Return the largest probability among the cells in the true box, and among the others.

        NaN where there is no such cell.
        """
        low, high = self.place
        step = float(self.stride)
        middles = np.arange(low + step / 2, high, step)
        x, y, w, h = self.box
        columns = (middles >= x) & (middles <= x + w)
        rows = (middles >= y) & (middles <= y + h)
        inside = rows[:, None] & columns
        found = (self.probability[inside], self.probability[~inside])
        own, other = (float(values.max()) if values.size else float("nan") for values in found)
        return own, other


def load(specs: Sequence[str]) -> dict[str, dict[str, Answer]]:
    """Read the responses.

    Args:
        specs: `CELL=NPZ`, or `CELL@ROW=NPZ` with any names of rows, one row for each.

    Returns:
        Row ("" where none was named) -> cell -> answer.

    Raises:
        DsltError: A file is missing, malformed or given twice, or the cells of a row look at
            different frames or search regions.
    """
    rows: dict[str, dict[str, Answer]] = {}
    files: dict[str, Path] = {}
    for spec in specs:
        key, name = split_pair(spec, f"--maps {FORM}")
        cell, row = split_part(key, f"--maps {FORM}")
        answers, path = rows.setdefault(row, {}), Path(name)
        if cell in answers:
            raise DsltError(f"--maps: {key} was given twice; name the rows with {FORM}")
        answers[cell] = _read(path)
        first = next(iter(answers.values()))
        _check_same(first, answers[cell], files.setdefault(row, path), path)
    return rows


def _read(path: Path) -> Answer:
    with inputs.open_npz(path, MADE_BY) as archive:
        names = [field.name for field in fields(Answer)]
        lacking = [name for name in names if name not in archive.files]
        if lacking:
            raise DsltError(f"{path}: no {', '.join(lacking)}; expected a file of {MADE_BY}")
        return Answer(*(archive[name] for name in names))


def _check_same(first: Answer, other: Answer, first_path: Path, path: Path) -> None:
    """Refuse to compare answers to different questions."""
    asked, expected = (f"{a.sequence}, frame {a.frame}" for a in (other, first))
    if asked != expected:
        raise DsltError(
            f"{path}: is of {asked}, {first_path} of {expected}; name the rows with {FORM}"
        )
    for name in ("template", "search", "box"):
        if not np.array_equal(getattr(first, name), getattr(other, name)):
            raise DsltError(
                f"{path}: its {name} differs from that of {first_path}; compare cells with the "
                "same crops"
            )


def figure(rows: Mapping[str, Mapping[str, Answer]], labels: Labels = None) -> Figure:
    """Draw a row of template, search region and the cells' maps, all maps on one colour scale.

    Args:
        rows: What `load` returns.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks((cell for answers in rows.values() for cell in answers), labels)
    columns = 2 + len(looks)
    with style.styled():
        height = style.PAGE_WIDTH / (columns + 0.45) + 0.2
        canvas = style.new_figure(style.PAGE_WIDTH, height * len(rows) + 0.2)
        axes = canvas.subplots(len(rows), columns, squeeze=False)
        for line, (answers, row) in enumerate(zip(rows.values(), axes, strict=True)):
            first = next(iter(answers.values()))
            row[0].imshow(first.template, interpolation="antialiased")
            name = style.wrapped(style.plain(str(first.sequence)), 18)
            _panel(row[0], style.lettered(line, name))
            _search(row[1], first)
            for ax, cell in zip(row[2:], looks, strict=True):
                if cell in answers:
                    drawn = _map(ax, answers[cell])
                else:
                    ax.set_axis_off()
        titles = ["Template", "Search region", *(look.label for look in looks.values())]
        for ax, title in zip(axes[0], titles, strict=True):
            ax.set_title(style.wrapped(title, 22), fontsize=7)
        bar = canvas.colorbar(drawn, ax=axes, fraction=0.02, pad=0.01, aspect=24)
        bar.set_label("Probability of the target")
        bar.outline.set_visible(False)  # type: ignore[operator]
    return canvas


def _panel(ax: Axes, below: str) -> None:
    """Write below an image without axes."""
    ax.set(xticks=[], yticks=[])
    ax.set_xlabel(below, fontsize=7)
    ax.spines[:].set_visible(False)


def _search(ax: Axes, answer: Answer) -> None:
    """Draw the search patch, the true box on it, and dashed what the map covers."""
    side = len(answer.search)
    ax.imshow(answer.search, extent=(0, side, side, 0), interpolation="antialiased")
    low, high = answer.place
    ax.add_patch(Rectangle((low, low), high - low, high - low, fill=False, **COVERED))
    draw_box(ax, answer.box, "white", style.SOLID, 1.3)
    _panel(ax, f"frame {answer.frame}")


def _map(ax: Axes, answer: Answer) -> AxesImage:
    """Draw a map over the part of the search region that it covers, with the true box."""
    low, high = answer.place
    drawn = style.heat_map(ax, answer.probability, 0, 1, extent=(low, high, high, low))
    draw_box(ax, answer.box, "white", style.SOLID, 1.3)
    ax.set(xlim=(low, high), ylim=(high, low))
    own, other = ("–" if np.isnan(peak) else f"{peak:.2f}" for peak in answer.peaks())
    _panel(ax, f"max. in box {own}, outside {other}")
    return drawn
