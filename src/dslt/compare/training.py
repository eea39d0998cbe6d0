"""What offline training made of the networks: held-out success AUC before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dslt.compare.ratios import RatioSums
from dslt.compare.stacks import CellScores, ScoreTables, difference

if TYPE_CHECKING:
    import pandas as pd

METRIC = "validation_auc"
BENCHMARK = "held-out videos"
COLUMNS = (
    *("cell", "epochs", "sequences", "videos", "seeds"),
    *("before", "after", "gain", "low", "high", "note"),
)

Validations = Mapping[str, Mapping[int, "pd.DataFrame"]]


def table_at(seeds: Mapping[int, pd.DataFrame], row: int) -> CellScores:
    """Stack the seeds of a cell after one of the epochs.

    Args:
        seeds: Seed to validation record, as `read_validations` returns them.
        row: 0 is the untrained network, -1 the trained one.
    """
    columns = next(iter(seeds.values())).columns.to_frame(index=False)
    values = np.stack([table.to_numpy()[row] for table in seeds.values()], axis=1)
    names, videos = (tuple(columns[name].tolist()) for name in ("sequence", "video"))
    return CellScores(names, videos, tuple(seeds), {METRIC: RatioSums.of_means(values)})


def trained_tables(validations: Validations) -> ScoreTables:
    """Tables of the trained networks, in the form in which claims are judged."""
    return {(cell, BENCHMARK): table_at(seeds, -1) for cell, seeds in validations.items()}


def gains(validations: Validations) -> list[dict[str, object]]:
    """Compare each cell's trained networks with their own untrained starts, paired.

    Returns:
        A record of `COLUMNS` for each cell; AUC in [0, 1], the interval is that of the gain,
        over source videos and seeds.
    """
    return [_gain(cell, seeds) for cell, seeds in validations.items()]


def _gain(cell: str, seeds: Mapping[int, pd.DataFrame]) -> dict[str, object]:
    start, end = table_at(seeds, 0), table_at(seeds, -1)
    gap = difference(end, start, METRIC)
    values = (
        cell,
        int(next(iter(seeds.values())).index[-1]),
        *(len(end.names), len(set(end.videos)), len(end.seeds)),
        *(start.values[METRIC].value(), end.values[METRIC].value()),
        *(gap.value, gap.low, gap.high, "; ".join(gap.notes)),
    )
    return dict(zip(COLUMNS, values, strict=True))
