"""Fig. 4: what the shrinkage factor does to the L2 loss."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dslt.core.errors import DsltError
from dslt.figures import style
from dslt.figures.style import LOOKS
from dslt.losses import regression as losses

# The settings of Table 3; the first is the paper's choice.
PAIRS = ((10.0, 0.2), (6.0, 0.2), (10.0, 0.6), (6.0, 0.6))
PAIR_LOOKS: tuple[dict[str, Any], ...] = (
    {"color": style.VERMILLION, "linestyle": style.SOLID},
    {"color": style.BLUE, "linestyle": style.DASHED},
    {"color": style.GREEN, "linestyle": style.DASH_DOT},
    {"color": style.BLACK, "linestyle": style.DOTTED},
    {"color": style.PURPLE, "linestyle": style.LONG},
    {"color": style.ORANGE, "linestyle": style.DASH_DOT_DOT},
)
SAMPLES = 401


def figure(pairs: Sequence[tuple[float, float]] = PAIRS) -> Figure:
    """Draw (a) the modulating factor f(l) of Eq. 5 and (b) the losses of Eqs. 3, 4 and 6.

    Args:
        pairs: Settings (a, c): all in panel (a), the first in panel (b). At most six.
    """
    with style.styled():
        canvas = style.new_figure(style.COLUMN_WIDTH, 2.35)
        left, right = canvas.subplots(1, 2)
        _factors(left, pairs)
        _losses(right, *pairs[0])
        for ax in (left, right):
            ax.set_ylim(0, 1.02)
            error_axis(ax, "Error $l = |P - Y|$", 0.28)
    return canvas


def _factors(ax: Axes, pairs: Sequence[tuple[float, float]]) -> None:
    """Draw 1 / (1 + exp(a (c - l))) for each setting."""
    error = torch.linspace(0, 1, SAMPLES)
    for (a, c), look in zip(pairs, PAIR_LOOKS, strict=False):
        factor = losses.modulation(error, a, c)
        ax.plot(error.numpy(), factor.numpy(), label=f"$a={a:g},\\ c={c:g}$", **look)
    style.panel_title(ax, 0, "Modulating factor")
    ax.set_ylabel("$f(l)$")


def _losses(ax: Axes, a: float, c: float) -> None:
    """Draw the losses of one pixel whose label is 0, where the exp(Y) importance is 1."""
    error = np.linspace(0, 1, SAMPLES)
    curves = elementwise(error, a, c)
    names = {"dslt_l2": "L2: $l^2$", "dslt_l3": "L3: $l^3$", "dslt": "Shrinkage: $f(l)\\,l^2$"}
    for cell, name in names.items():
        ax.plot(error, curves[cell], label=name, **LOOKS[cell].line)
    style.panel_title(ax, 1, f"Loss ($a={a:g},\\ c={c:g}$)")
    ax.set_ylabel("Loss")
    inset = zoom_inset(ax, (0.2, 0.56, 0.36, 0.4), 0.3, 0.06)  # small errors, where they differ
    for line in ax.get_lines():
        inset.plot(*line.get_data(), color=line.get_color(), linestyle=line.get_linestyle())


def error_axis(ax: Axes, label: str, below: float) -> None:
    """Let the first axis span errors from 0 to 1, and put the legend below it.

    Args:
        ax: The panel, with its curves.
        label: Name of the axis.
        below: Distance of the legend from the panel in parts of the panel's height.
    """
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
    ax.set_xlabel(label)
    ax.legend(loc="upper left", bbox_to_anchor=(-0.12, -below), borderaxespad=0)


def zoom_inset(ax: Axes, place: tuple[float, float, float, float], x: float, y: float) -> Axes:
    """Add an inset that shows `ax` from 0 to `x` and from 0 to `y`, without curves, and mark it.

    Args:
        ax: The panel.
        place: Left, bottom, width and height of the inset in parts of the panel.
        x: End of the inset's first axis.
        y: End of the second.
    """
    inset = ax.inset_axes(place, xlim=(0, x), ylim=(0, y))
    inset.set_xticks([0, x], ["0", f"{x:g}"])
    inset.set_yticks([0, y], ["0", f"{y:g}"])
    inset.tick_params(labelsize=7, pad=1.5, length=1.5)
    inset.spines[["top", "right"]].set_visible(True)
    inset.grid(visible=False)
    marked = ax.indicate_inset_zoom(inset, edgecolor=style.GREY, linewidth=0.5, alpha=1)
    for connector in marked.connectors or ():
        connector.set_visible(False)
    return inset


def elementwise(error: np.ndarray, a: float, c: float) -> dict[str, np.ndarray]:
    """Evaluate the losses of Fig. 4(b) with the package's own functions.

    Args:
        error: (N,) absolute errors l.
        a: Shrinkage speed.
        c: Localisation of the shrinkage.

    Returns:
        Cell id of the loss (`dslt_l2`, `dslt_l3`, `dslt`) -> (N,) values.
    """
    response = torch.from_numpy(error)
    label = torch.zeros_like(response)
    return {
        "dslt_l2": losses.l2(response, label).numpy(),
        "dslt_l3": losses.l3(response, label).numpy(),
        "dslt": losses.shrinkage(response, label, a, c).numpy(),
    }


def parse_pairs(texts: Sequence[str]) -> list[tuple[float, float]]:
    """Read settings from `A,C` texts.

    Raises:
        DsltError: A text is not two finite numbers, or there are more than six.
    """
    if len(texts) > len(PAIR_LOOKS):
        raise DsltError(f"{len(texts)} settings (a, c) in one figure; at most {len(PAIR_LOOKS)}")
    pairs = []
    for text in texts:
        try:
            a, c = (float(part) for part in text.split(","))
        except ValueError as error:
            raise DsltError(f"{text!r}: expected two numbers A,C such as 10,0.2") from error
        if not np.isfinite([a, c]).all():
            raise DsltError(f"{text!r}: a and c must be finite")
        pairs.append((a, c))
    return pairs
