"""One look for every figure: sizes, fonts, colours, and how a figure is written.

Widths are the column and page widths of an IEEE journal, so a figure is included without scaling
and its 7 to 8 point text stays that size in print. Each line has a colour of `colours` and a dash
pattern of its own for grey prints.
"""

import textwrap
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase
from matplotlib.image import AxesImage

from dslt.core.files import atomic_write, check_named
from dslt.figures.colours import BLACK as BLACK
from dslt.figures.colours import BLUE as BLUE
from dslt.figures.colours import GREEN as GREEN
from dslt.figures.colours import GREY as GREY
from dslt.figures.colours import ORANGE as ORANGE
from dslt.figures.colours import PURPLE as PURPLE
from dslt.figures.colours import SKY as SKY
from dslt.figures.colours import VERMILLION as VERMILLION
from dslt.settings import catalog as titles

COLUMN_WIDTH = 3.5
PAGE_WIDTH = 7.16
DPI = 300
PDF_DPI = 130  # of what is a picture in the PDF: strips of frames have megabytes at 300

Dash = str | tuple[float, tuple[float, ...]]
SOLID: Dash = "-"
DASHED: Dash = (0, (4, 1.5))
DOTTED: Dash = (0, (1.1, 0.9))
DASH_DOT: Dash = (0, (5, 1.3, 1, 1.3))
DASH_DOT_DOT: Dash = (0, (5, 1.2, 1, 1.2, 1, 1.2))
SHORT: Dash = (0, (2.2, 1.2))
LONG: Dash = (0, (8, 2))


Labels = Mapping[str, str] | None  # cell -> label, where the default should be replaced


@dataclass(frozen=True)
class Look:
    """How one cell is drawn in every figure.

    Attributes:
        label: Name in legends and on axes.
        color: Hexadecimal colour.
        dash: Line style, a matplotlib name or `(offset, (on, off, ...))` in line widths.
        marker: Marker of the cell's points.
        order: Place in legends; the reference is drawn last and so on top.
    """

    label: str
    color: str
    dash: Dash
    marker: str
    order: int

    @property
    def line(self) -> dict[str, Any]:
        """Keyword arguments for `Axes.plot`."""
        return {"color": self.color, "linestyle": self.dash}

    @property
    def layered(self) -> dict[str, Any]:
        """The same for lines that are drawn in the order of the legend, the first one on top."""
        return self.line | {"zorder": 3 - 0.01 * self.order}


LOOKS: Mapping[str, Look] = {
    "dslt": Look("Shrinkage", VERMILLION, SOLID, "o", 0),
    "dslt_l2": Look("L2", BLUE, DASHED, "s", 1),
    "dslt_l3": Look("L3", GREEN, DASH_DOT, "D", 2),
    "dslt_ohnm": Look("OHNM", PURPLE, DOTTED, "P", 3),
    "dslt_mul": Look("DSLT_mul", ORANGE, DASH_DOT_DOT, "v", 4),
    "dslt_no_exp": Look("Without exp(Y)", SKY, SHORT, "H", 5),
    "dslt_only_exp": Look("Only exp(Y)", BLACK, DASH_DOT, "X", 6),
    "dslt_a6_c02": Look("a = 6, c = 0.2", BLUE, LONG, "<", 7),
    "dslt_a10_c06": Look("a = 10, c = 0.6", GREEN, LONG, ">", 8),
    "dslt_a6_c06": Look("a = 6, c = 0.6", PURPLE, LONG, "p", 9),
    "dslt_paper": Look("Shrinkage, paper preset", VERMILLION, SHORT, "h", 10),
    "dslt_paper_l2": Look("L2, paper preset", BLUE, DOTTED, "d", 11),
    "dslt_paper_l3": Look("L3, paper preset", GREEN, DOTTED, "*", 12),
    "dslt_released": Look("Released code", ORANGE, DASHED, "8", 13),
    "siamfc_shrinkage": Look("SiamFC, shrinkage", VERMILLION, LONG, "^", 14),
    "siamfc_bce": Look("SiamFC, BCE", SKY, DASH_DOT_DOT, "1", 15),
    "siamfc_focal": Look("SiamFC, focal", BLACK, DASH_DOT_DOT, "2", 16),
    "rtmdnet_shrinkage": Look("RT-MDNet, shrinkage", VERMILLION, DASH_DOT, "v", 17),
    "rtmdnet_bce": Look("RT-MDNet, BCE", SKY, DASHED, "p", 18),
    "rtmdnet_focal": Look("RT-MDNet, focal", BLACK, DOTTED, "d", 19),
    "csrt": Look("CSRT", GREY, DASHED, "+", 20),
    "kcf": Look("KCF", GREY, DOTTED, "x", 21),
}

DASHES = (SOLID, DASHED, DOTTED, DASH_DOT, DASH_DOT_DOT, SHORT, LONG)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "H", "d")
# For cells that a user adds, and the paper's sheet: pairs of colour and dash that the known cells
# leave free, neighbours in different colours. A colour has each marker once: points have no dash.
SPARE: tuple[tuple[str, Dash, str], ...] = tuple(
    (color, dash, MARKERS[(hue + 5 * kind) % len(MARKERS)])
    for kind, dash in enumerate(DASHES)
    for hue, color in enumerate((BLACK, SKY, PURPLE, ORANGE, GREEN, BLUE, VERMILLION, GREY))
    if (color, dash) not in {(look.color, look.dash) for look in LOOKS.values()}
)

UNFILLED = ("+", "x", "1", "2")  # markers that are lines

TICKS = {
    "labelsize": 7,
    "major.width": 0.5,
    "minor.width": 0.4,
    "major.size": 2.5,
    "minor.size": 1.5,
}
RC: dict[Any, Any] = {
    f"{axis}tick.{key}": value for axis in "xy" for key, value in TICKS.items()
} | {
    "font.family": "STIXGeneral",
    "mathtext.fontset": "stix",
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "legend.fontsize": 7,
    "axes.linewidth": 0.5,
    "axes.titlepad": 4,
    "axes.labelpad": 2,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.4,
    "lines.linewidth": 1.2,
    "lines.markersize": 3.5,
    "patch.linewidth": 0.5,
    "legend.frameon": True,
    "legend.framealpha": 0.9,
    "legend.edgecolor": "none",
    "legend.borderpad": 0.3,
    "legend.handlelength": 2.6,
    "legend.labelspacing": 0.3,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.hashsalt": "dslt",
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style to what is drawn and saved inside the `with` block."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(RC)
        yield


def dashes(dash: Dash) -> list[float]:
    """Return on and off lengths in line widths; solid lines have none."""
    return [] if isinstance(dash, str) else list(dash[1])


def plain(text: str) -> str:
    """Escape what matplotlib would read as mathematics."""
    return text.replace("$", r"\$")


def looks(cells: Iterable[str], labels: Labels = None) -> dict[str, Look]:
    """Choose the look of each cell, in legend order.

    A known cell looks the same in every figure. Unknown cells follow in the order given, each with
    a colour and dash pair that no known cell has; after some forty of them the pairs repeat.

    Args:
        cells: Cell ids; repeated ids count once.
        labels: Labels that replace the default ones; an unknown cell's default is its id.
    """
    labels, names = labels or {}, dict.fromkeys(cells)
    added = enumerate(name for name in names if name not in LOOKS)
    known = {**LOOKS, **{n: Look(n, *SPARE[i % len(SPARE)], 100 + i) for i, n in added}}
    found = {n: replace(known[n], label=plain(labels.get(n, known[n].label))) for n in names}
    return dict(sorted(found.items(), key=lambda pair: pair[1].order))


def on_top(looks: Mapping[str, Look], drawn: Collection[str]) -> list[tuple[str, Look]]:
    """List those cells that are drawn with their looks, the reference last and so on top."""
    return [pair for pair in reversed(list(looks.items())) if pair[0] in drawn]


def wrapped(text: str, width: int) -> str:
    """Break a label into lines of about `width` characters."""
    return "\n".join(textwrap.wrap(text, width, break_long_words=False)) or text


def legend_columns(labels: Sequence[str]) -> int:
    """Choose how many columns of a legend fit across the page, at 7 points."""
    widest = 0.55 + 0.055 * max(len(label) for label in labels)
    return max(1, min(len(labels), int(PAGE_WIDTH / widest)))


def legend_above(canvas: FigureBase, handles: Sequence[Artist]) -> float:
    """Add one legend above all panels of a figure with constrained layout.

    Returns:
        The height that it needs, in inches.
    """
    columns = legend_columns([str(handle.get_label()) for handle in handles])
    canvas.legend(handles=handles, loc="outside upper center", ncols=columns)
    return 0.16 * -(-len(handles) // columns) + 0.1


def benchmark_title(benchmark: str) -> str:
    """Name a benchmark in a heading."""
    return plain(titles.benchmark_title(benchmark))


def lettered(index: int, text: str) -> str:
    """Put a letter before a text: `(a) text` for index 0, and so on."""
    return f"({chr(ord('a') + index)}) {text}"


def panel_title(ax: Axes, index: int, text: str) -> None:
    """Set a left-aligned panel heading with its letter."""
    ax.set_title(lettered(index, text), loc="left")


def marker(look: Look, size: float) -> dict[str, Any]:
    """Keyword arguments of `Axes.plot` for a point of `size` points without a line.

    Crosses are lines and get a wider one; the other markers get a white edge.
    """
    cross = look.marker in UNFILLED
    return {
        "linestyle": "none",
        "marker": look.marker,
        "color": look.color,
        "markersize": size,
        "markeredgecolor": look.color if cross else "white",
        "markeredgewidth": 1.3 if cross else 0.4,
    }


def heat_map(ax: Axes, values: np.ndarray, low: float, high: float, **more: Any) -> AxesImage:
    """Draw a map; cividis is even in lightness and safe for colour-blind eyes."""
    look: dict[str, Any] = {"cmap": "cividis", "interpolation": "nearest"}
    return ax.imshow(values, vmin=low, vmax=high, **look | more)


def note(
    ax: Axes, text: str, at: tuple[float, float], shift: tuple[float, float], **more: Any
) -> None:
    """Write 7-point text at a place of the data, moved by `shift` points."""
    place: dict[str, Any] = {"xytext": shift, "textcoords": "offset points", "fontsize": 7}
    ax.annotate(plain(text), at, **place | more)


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of `width` x `height` inches with constrained layout."""
    return Figure(figsize=(width, height), layout="constrained")


def save(figure: Figure, out: Path) -> tuple[Path, Path]:
    """Write `out`.pdf and `out`.png (300 dpi), each whole or not at all.

    The files carry no date and no software version, so the same figure gives the same bytes.

    Args:
        figure: The figure to write.
        out: Path without suffix; a given `.pdf` or `.png` is dropped.

    Returns:
        The paths of the PDF and of the PNG.

    Raises:
        DsltError: The path has no name, or the place is not writable.
    """
    check_named(out)
    stem = out.with_suffix("") if out.suffix in {".pdf", ".png"} else out
    stem.parent.mkdir(parents=True, exist_ok=True)
    pdf, png = (stem.with_name(stem.name + suffix) for suffix in (".pdf", ".png"))
    nameless: dict[str, None] = {"Creator": None, "Producer": None, "CreationDate": None}
    with styled():
        with atomic_write(pdf) as path:
            figure.savefig(path, format="pdf", dpi=PDF_DPI, metadata=nameless)
        with atomic_write(png) as path:
            figure.savefig(path, format="png", metadata={"Software": None})
    return pdf, png
