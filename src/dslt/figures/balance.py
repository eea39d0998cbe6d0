"""The balance of the two heads: how much of the trained response comes from which."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dslt.core.errors import DsltError
from dslt.core.names import split_part
from dslt.core.text import split_pair
from dslt.figures import inputs, style
from dslt.figures.fig16 import FORM, MADE_BY
from dslt.figures.style import Labels


def shares(specs: Sequence[str], labels: Labels = None) -> pd.DataFrame:
    """Tabulate how much of the trained response's peak the fused head gives (Section 3.3).

    Args:
        specs: As of `fig16.load`; the maps stand beside each record.
        labels: Map from cells to names.

    Returns:
        One row per benchmark and cell: median, least and largest share over sequences and seeds, in
        percent, where there is a peak.

    Raises:
        DsltError: A file of maps is missing, malformed, or holds no share.
    """
    found: dict[tuple[str, str], list[float]] = {}
    for spec in specs:
        key, name = split_pair(spec, FORM)
        cell, benchmark = split_part(key, FORM)
        path = Path(name).with_suffix(".npz")
        with inputs.open_npz(path, MADE_BY) as archive:
            names = [name for name in archive.files if name.endswith("/fused_share")]
            values = [float(archive[name]) for name in names]
        if not values:
            raise DsltError(f"{path}: no fused_share in it; {MADE_BY} makes it anew")
        found.setdefault((benchmark, cell), []).extend(values)
    looks = style.looks(dict.fromkeys(cell for _, cell in found), labels)
    rows = [
        {
            "benchmark": benchmark,
            "cell": cell,
            "loss": looks[cell].label,
            "first frames": len(values),
            "without a peak": int(np.isnan(values).sum()),
            "median, %": 100 * float(np.nanmedian(values)),
            "least, %": 100 * float(np.nanmin(values)),
            "largest, %": 100 * float(np.nanmax(values)),
        }
        for (benchmark, cell), values in found.items()
    ]
    return pd.DataFrame(rows)
