"""The table of confidence for the reader of a page."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dslt.compare.tables.confidence import JUDGED
from dslt.report.links import links
from dslt.report.tables import decimals, read_table
from dslt.score.metrics import CONFIDENCE, METRICS
from dslt.settings.catalog import benchmark_title


def table(path: Path) -> pd.DataFrame:
    """Read the table: metrics with 95 % intervals, and differences in those that are judged.

    Raises:
        DsltError: The file is missing or not that table.
    """
    found = _read(path)
    rows = found[found["benchmark"] != ""]
    columns: dict[str, Sequence[str] | pd.Series] = {
        "Benchmark": rows["benchmark"].map(benchmark_title),
        "Tracker": links(
            [(t, b, [t]) for t, b in zip(rows["tracker"], rows["benchmark"], strict=True)], rows
        ),
        "Preset": rows["preset"],
        "Seeds": rows["seeds"],
    }
    for metric in CONFIDENCE:
        columns[METRICS[metric].title] = _shown(rows, metric)
    for metric in JUDGED:
        columns[f"{METRICS[metric].title} minus reference"] = _shown(rows, f"{metric}_difference")
    shown = pd.DataFrame(columns)
    shown.attrs["numbers"] = list(shown)[3:]
    return shown


def left_out(path: Path) -> str:
    """Name the trackers without a confidence and say why; empty where all have one.

    Raises:
        DsltError: As `table`.
    """
    found = _read(path)
    rows = found[found["benchmark"] == ""]
    texts = [f"{name} ({why})" for name, why in zip(rows["tracker"], rows["note"], strict=True)]
    return f"Left out: {', '.join(texts)}." if texts else ""


def _read(path: Path) -> pd.DataFrame:
    shown = (*CONFIDENCE, *(f"{metric}_difference" for metric in JUDGED))
    ends = (f"{name}{end}" for name in shown for end in ("", "_low", "_high"))
    needed = ("benchmark", "tracker", "preset", "seeds", "note", *ends)
    return read_table(path, needed, "the table of confidence")


def _shown(rows: pd.DataFrame, metric: str) -> list[str]:
    """Write values with their intervals, as far as there are some."""
    form = f".{decimals('confidence_f')}f"
    ends = (rows[metric], rows[f"{metric}_low"], rows[f"{metric}_high"])
    return [
        f"{float(value):{form}} ({float(low):{form}} to {float(high):{form}})"
        if low and high
        else value and f"{float(value):{form}}"
        for value, low, high in zip(*ends, strict=True)
    ]
