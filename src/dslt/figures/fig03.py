"""Fig. 3: why the data are imbalanced: patch, label, responses, histogram of the errors."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from dslt.core.errors import DsltError
from dslt.figures import inputs, style
from dslt.figures.style import Labels, Look

MADE_BY = "rule `converge` (`dslt converge`)"
PARTS = ("patch", "label", "response")
EASY = 0.1
BINS = 40


@dataclass(frozen=True)
class Maps:
    """What first-frame training on one sequence ended with.

    Attributes:
        patch: (H, W, 3) uint8, the search patch.
        label: (h, w) the soft label Y in [0, 1].
        response: (h, w) the response P of the trained network.
    """

    patch: np.ndarray
    label: np.ndarray
    response: np.ndarray

    @property
    def error(self) -> np.ndarray:
        """|P - Y| of every cell, (h * w,)."""
        error: np.ndarray = np.abs(self.response - self.label).ravel()
        return error


def load(paths: Mapping[str, Path], sequence: str | None = None) -> dict[str, Maps]:
    """Read the maps of one sequence for each cell.

    Args:
        paths: Cell id -> npz file.
        sequence: Its name; by default the first sequence of the first file.

    Raises:
        DsltError: A file is missing or malformed, lacks the sequence, or was trained to another
            label than the first (the maps would not be comparable).
    """
    found: dict[str, Maps] = {}
    for cell, path in paths.items():
        name, maps = _read(path, sequence)
        sequence = name
        found[cell] = maps
        first = next(iter(found.values()))
        if maps.label.shape != first.label.shape or not np.allclose(maps.label, first.label):
            raise DsltError(
                f"{path}: sequence {name}: its label differs from that of "
                f"{next(iter(paths.values()))}; compare cells with the same crop and label"
            )
    return found


def _read(path: Path, sequence: str | None) -> tuple[str, Maps]:
    with inputs.open_npz(path, MADE_BY) as archive:
        names = dict.fromkeys(name.rpartition("/")[0] for name in archive.files)
        if not names:
            raise DsltError(f"{path}: holds no maps; the cell may have no first-frame training")
        name = next(iter(names)) if sequence is None else sequence
        lacking = [part for part in PARTS if f"{name}/{part}" not in archive.files]
        if lacking:
            raise DsltError(
                f"{path}: no {', '.join(lacking)} of sequence {name!r}; it has {', '.join(names)}"
            )
        maps = Maps(*(archive[f"{name}/{part}"] for part in PARTS))
    if maps.patch.ndim != 3 or maps.label.ndim != 2 or maps.label.shape != maps.response.shape:
        raise DsltError(
            f"{path}: sequence {name}: shapes {maps.patch.shape}, {maps.label.shape}, "
            f"{maps.response.shape} of patch, label, response do not go together"
        )
    return name, maps


def figure(maps: Mapping[str, Maps], labels: Labels = None) -> Figure:
    """Draw patch and label, the response of each cell, and the histogram of |P - Y|.

    Args:
        maps: What `load` returns; all with the same patch and label.
        labels: Cell id -> label, where the default should be replaced.
    """
    looks = style.looks(maps, labels)
    ordered = sorted(looks, key=lambda cell: -looks[cell].order)  # the reference last
    first = maps[ordered[0]]
    titles = {cell: style.wrapped(f"Response: {looks[cell].label}", 26) for cell in ordered}
    shown = [("Label $Y$", first.label), *((titles[c], maps[c].response) for c in ordered)]
    low = min(0.0, *(float(values.min()) for _, values in shown))
    high = max(1.0, *(float(values.max()) for _, values in shown))
    aspect = first.patch.shape[1] / first.patch.shape[0]
    with style.styled():
        columns = len(shown) + 1
        width = style.PAGE_WIDTH / columns
        canvas = style.new_figure(style.PAGE_WIDTH, min(width / aspect, 2.4) + 2.05)
        grid = canvas.add_gridspec(2, columns, height_ratios=[min(width / aspect, 2.4), 1.7])
        axes = [canvas.add_subplot(grid[0, column]) for column in range(columns)]
        _image(axes[0], 0, "Patch", first.patch)
        for index, (title, values) in enumerate(shown, 1):
            drawn = _image(axes[index], index, title, values, low, high)
        bar = canvas.colorbar(drawn, ax=axes[1:], fraction=0.03, pad=0.01, aspect=18)
        bar.outline.set_visible(False)  # type: ignore[operator]
        _histogram(canvas.add_subplot(grid[1, :]), columns, maps, looks)
    return canvas


def _image(
    ax: Axes, index: int, title: str, values: np.ndarray, low: float = 0, high: float = 1
) -> AxesImage:
    """Draw an RGB patch or a map."""
    style.panel_title(ax, index, title)
    ax.set_axis_off()
    return style.heat_map(ax, values, low, high)


def _histogram(ax: Axes, index: int, maps: Mapping[str, Maps], looks: dict[str, Look]) -> None:
    """Count |P - Y| of all cells on a logarithmic axis; the legend gives the easy share."""
    errors = {cell: maps[cell].error for cell in looks}
    largest = max(float(error.max()) for error in errors.values())
    edges = np.linspace(0, max(0.1, np.ceil(10 * largest) / 10), BINS + 1)
    for cell, look in reversed(looks.items()):
        easy = float(np.mean(errors[cell] < EASY))
        mean = float(errors[cell].mean())
        counts, _ = np.histogram(errors[cell], edges)
        label = f"{look.label}: {100 * easy:.1f}% below {EASY:g}, mean {mean:.4f}"
        ax.stairs(counts, edges, fill=True, color=look.color, alpha=0.12)
        ax.stairs(counts, edges, label=label, linewidth=1.2, **look.line)
    style.panel_title(ax, index, "Histogram of the errors")
    ax.set_yscale("log")
    ax.set(xlim=(0, edges[-1]), ylim=(0.7, None), xlabel="$|P - Y|$", ylabel="Cells of the map")
    ax.legend(loc="upper right")
