"""Fig. 6: what the factors of the classification losses do to the cross-entropy."""

from typing import Any

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dslt.core.arrays import Floats
from dslt.figures import style
from dslt.figures.fig04 import error_axis, zoom_inset
from dslt.losses.classification import elementwise, modulation
from dslt.settings.offline import ClassificationLossSettings

A, C, GAMMA = 10.0, 0.6, 2.0  # the paper's choices
SIGMOID = f"(1 + e^{{{A:g}(p_t - {C:g})}})"
# Curve -> its names among the factors and among the losses, its colour and its dashes.
CURVES = {
    "bce": ("1 (cross-entropy)", "Cross-entropy", style.BLACK, style.DOTTED),
    "focal": (f"$(1 - p_t)^{GAMMA:g}$ (focal)", "Focal", style.BLUE, style.DASHED),
    "no_exp": (f"$1\\,/\\,{SIGMOID}$", "Shrinkage, w/o $e^{p_t}$", style.PURPLE, style.DASH_DOT),
    "full": (f"$e^{{p_t}}\\,/\\,{SIGMOID}$", "Shrinkage", style.VERMILLION, style.SOLID),
}
NEAREST = 0.0025  # to 0 and 1, where the logit is infinite
SAMPLES = 799
HIGHEST = 3.0  # of the losses; they have no bound at l = 1


def figure() -> Figure:
    """Draw (a) the modulating factors of Eq. 10 to 13 and (b) the losses; p_t > c is shaded."""
    error = np.linspace(NEAREST, 1 - NEAREST, SAMPLES)
    factors, losses = evaluate(error)
    with style.styled():
        canvas = style.new_figure(style.COLUMN_WIDTH, 2.7)
        left, right = canvas.subplots(1, 2)
        _curves(left, error, factors, 0)
        style.panel_title(left, 0, "Modulating factor")
        left.set(ylim=(0, 1.5), ylabel="$f(p_t)$")
        _peak(left, error, factors["full"])
        _curves(right, error, losses, 1)
        style.panel_title(right, 1, f"Loss ($a={A:g},\\ c={C:g}$)")
        right.set(ylim=(0, HIGHEST), ylabel="$-f(p_t)\\,\\log p_t$")
        inset = zoom_inset(right, (0.13, 0.47, 0.4, 0.4), 0.3, 0.2)  # easy samples
        _plot(inset, error, losses, 1)
    return canvas


def evaluate(error: Floats) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """Evaluate factors and losses with the package's own functions.

    Args:
        error: (N,) errors l = 1 - p_t, between 0 and 1, both excluded.

    Returns:
        Curve (`bce`, `focal`, `no_exp`, `full`) -> (N,) modulating factor, and the same of the
        losses of one sample without its class's weight.
    """
    # The losses take the logit of the true class: p_t = sigmoid(z).
    logit = torch.logit(1 - torch.from_numpy(error))
    # Of the settings, those of weights and bounds do not enter.
    full = ClassificationLossSettings(
        name="shrinkage",
        factor="full",
        a=A,
        c=C,
        alpha=1,
        gamma=GAMMA,
        balance="half",
        fixed=(1, 1),
        clamp=None,
        scale=1,
    )
    changes = {"bce": {"name": "bce"}, "focal": {"name": "focal"}, "no_exp": {"factor": "no_exp"}}
    chosen = {name: full.model_copy(update=changes.get(name, {})) for name in CURVES}
    factors = {name: modulation(logit, values).numpy() for name, values in chosen.items()}
    losses = {name: elementwise(logit, values).numpy() for name, values in chosen.items()}
    return factors, losses


def _curves(ax: Axes, error: Floats, values: dict[str, Floats], panel: int) -> None:
    """Draw one panel's curves over l, and where samples count as easy."""
    ax.axvspan(0, 1 - C, color=style.GREY, alpha=0.15, lw=0)
    _plot(ax, error, values, panel)
    place: dict[str, Any] = {"transform": ax.get_xaxis_transform(), "fontsize": 7}
    ax.text((1 - C) / 2, 0.985, "easy", ha="center", va="top", **place)
    error_axis(ax, "Error $l = 1 - p_t$", 0.24)


def _plot(ax: Axes, error: Floats, values: dict[str, Floats], panel: int) -> None:
    for name, (*labels, color, dash) in CURVES.items():
        ax.plot(error, values[name], label=labels[panel], color=color, linestyle=dash)


def _peak(ax: Axes, error: Floats, factor: Floats) -> None:
    """Mark the largest factor, which enhances what is neither easy nor hopeless."""
    place = int(np.argmax(factor))
    at = (float(error[place]), float(factor[place]))
    ax.plot(*at, marker="o", color=style.VERMILLION, markersize=2.5)
    text = f"{at[1]:.2f} at $p_t = {1 - at[0]:.2f}$"
    ax.annotate(
        text, at, xytext=(0, 3.5), textcoords="offset points", fontsize=7, ha="center", va="bottom"
    )
