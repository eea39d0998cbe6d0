"""The lower part of Fig. 16: success on held-out sequences while a Siamese network is trained."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from dslt.figures import style

Validated = Mapping[str, Mapping[int, pd.DataFrame]]  # as `read_validations` returns it


def panel(ax: Axes, validated: Validated, labels: Mapping[str, str] | None = None) -> None:
    """Draw each cell's mean over sequences and seeds, and as a band the range of its seeds."""
    looks = style.looks(validated, labels)
    last = 1
    for cell, look in looks.items():
        tables = list(validated[cell].values())
        epochs = tables[0].index.to_numpy()
        auc = np.stack([table.to_numpy().mean(axis=1) for table in tables])
        last = max(last, int(epochs[-1]))
        if len(auc) > 1:
            low, high = auc.min(axis=0), auc.max(axis=0)
            ax.fill_between(epochs, low, high, color=look.color, alpha=0.13, lw=0)
        seeds = "1 seed" if len(auc) == 1 else f"{len(auc)} seeds"
        point = style.marker(look, 3.5) | look.line
        label, zorder = f"{look.label} ({seeds})", 3 - 0.01 * look.order
        ax.plot(epochs, auc.mean(axis=0), label=label, zorder=zorder, **point)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set(xlim=(-0.02 * last, 1.02 * last), xlabel="Epoch (0: untrained)", ylabel="Success AUC")
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))


def heading(validated: Validated) -> str:
    """Say what the panel shows."""
    count = next(iter(next(iter(validated.values())).values())).shape[1]
    counted = "1 held-out sequence" if count == 1 else f"{count} held-out sequences"
    if all(len(seeds) == 1 for seeds in validated.values()):
        return f"Offline training: mean over {counted}"
    return f"Offline training: mean over {counted} and seeds; band: range over seeds"
