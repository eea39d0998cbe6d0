"""Cells of a grid of settings, one row each: what was set, and the scores on each benchmark."""

from collections.abc import Mapping

from dslt.compare.stacks import ScoreTables
from dslt.core.errors import DsltError
from dslt.score.metrics import METRICS

SHOWN = ("success_auc", "precision_20", "eao", "failures")
HEADER = ("cell", "settings", "benchmark", "sequences", "videos", "seeds", *SHOWN)


def grid_rows(settings: Mapping[str, str], tables: ScoreTables) -> list[tuple[object, ...]]:
    """List the cells in the order of the sheet, on each benchmark apart.

    Args:
        settings: Cell to what was set.
        tables: (cell, benchmark) to its scores.

    Returns:
        Rows under `HEADER`; scores are means over seeds, in the unit of print.

    Raises:
        DsltError: It is not said what was set in one of the cells.
    """
    if unsaid := sorted({cell for cell, _ in tables} - set(settings)):
        raise DsltError("--cell is missing for " + ", ".join(unsaid))
    order = {cell: place for place, cell in enumerate(settings)}
    rows: list[tuple[object, ...]] = []
    for (cell, benchmark), table in sorted(
        tables.items(), key=lambda pair: (pair[0][1], order[pair[0][0]])
    ):
        scores = [
            f"{METRICS[metric].factor * float(table.overall[metric].mean()):.6g}"
            if metric in table.overall
            else ""
            for metric in SHOWN
        ]
        counts = (len(table.names), len(set(table.videos)), len(table.seeds))
        rows.append((cell, settings[cell], benchmark, *counts, *scores))
    return rows
