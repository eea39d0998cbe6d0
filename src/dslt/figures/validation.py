"""Lower part of Fig. 16: the score on held-out sequences while a network is trained offline."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dslt.core.arrays import Floats, Ints
from dslt.figures import style
from dslt.figures.style import Labels

HEIGHT = 2.0  # inches
Validated = Mapping[str, Mapping[int, pd.DataFrame]]  # as `read_validations` returns it


def draw(ax: Axes, index: int, validated: Validated, labels: Labels) -> None:
    """Draw each cell's mean over sequences and seeds, and as a band the range of its seeds."""
    looks = style.looks(validated, labels)
    style.panel_title(ax, index, title(validated))
    alike, last = len(_counts(validated)) == 1, 1
    for cell, look in looks.items():
        epochs, auc = curves(validated[cell])
        last = max(last, int(epochs[-1]))
        if len(auc) > 1:
            low, high = auc.min(axis=0), auc.max(axis=0)
            ax.fill_between(epochs, low, high, color=look.color, alpha=0.13, lw=0)
        seeds = "1 seed" if len(auc) == 1 else f"{len(auc)} seeds"
        of = "" if alike else f", {next(iter(validated[cell].values())).shape[1]} sequences"
        point = style.marker(look, 3.5) | look.layered
        ax.plot(epochs, auc.mean(axis=0), label=f"{look.label} ({seeds}{of})", **point)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlim=(-0.02 * last, 1.02 * last), xlabel="Epoch (0: untrained)", ylabel="Success AUC")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def curves(tables: Mapping[int, pd.DataFrame]) -> tuple[Ints, Floats]:
    """Average the held-out sequences of each seed.

    Returns:
        (E,) epochs, and (S, E) success AUC of each seed.
    """
    epochs = next(iter(tables.values())).index.to_numpy()
    return epochs, np.stack([table.to_numpy().mean(axis=1) for table in tables.values()])


def _counts(validated: Validated) -> set[int]:
    """Count the sequences of the cells; several numbers where they have not the same ones."""
    return {table.shape[1] for tables in validated.values() for table in tables.values()}


def title(validated: Validated) -> str:
    """Say what the panel shows."""
    count, *others = _counts(validated)
    counted = "1 held-out sequence" if count == 1 else f"{count} held-out sequences"
    if others:
        counted = "held-out sequences"
    seeds = any(len(tables) > 1 for tables in validated.values())
    band = " and seeds; band: range over seeds" if seeds else ""
    return f"Offline training: mean over {counted}{band}"
