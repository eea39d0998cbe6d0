"""Tables 1 and 2, the trackers under resets, for the reader of a page."""

from pathlib import Path

import pandas as pd

from dslt.core.errors import DsltError
from dslt.core.names import same_name
from dslt.report import tables
from dslt.report.links import links
from dslt.score.metrics import METRICS, VOT


def scores(path: Path) -> pd.DataFrame:
    """Read Table 1 or 2 for the reader of a page: metrics with intervals, without empty columns.

    Raises:
        DsltError: The file is missing or not such a table.
    """
    found = tables.read_table(path, {"benchmark", "tracker", "source", "note"}, "Table 1 or 2")
    metrics = [name for name in VOT if name in found]
    if not metrics:
        raise DsltError(f"{path}: lacks metrics; is it Table 1 or 2?")
    shown = found[["benchmark", "tracker", "source"]].rename(columns=str.capitalize)
    for name in metrics:
        title = METRICS[name].title
        shown[title] = _shortened(found, name, tables.decimals(name))
        lows, highs = (
            _shortened(found, f"{name}_{e}", tables.decimals(name)) for e in ("low", "high")
        )
        if any(lows):
            shown[f"{title} interval"] = tables.intervals(lows, highs)
    shown["Note"] = found["note"]
    shown["Tracker"] = links(
        [
            (tracker, "" if source == "printed" else benchmark, [tracker])
            for benchmark, tracker, source in shown[list(shown)[:3]].to_numpy()
        ],
        shown,
    )
    shown.attrs["numbers"] = list(shown)[3:-1]
    return shown


def not_run(path: Path) -> str:
    """Say that nothing was run on the paper's benchmark of Table 1 or 2; empty where it was.

    Raises:
        DsltError: As `scores`.
    """
    shown = scores(path)
    printed = shown["Source"] == "printed"
    theirs, ours = (sorted(set(shown["Benchmark"][rows])) for rows in (printed, ~printed))
    lacking = [name for name in theirs if not any(same_name(name, other) for other in ours)]
    return f"{', '.join(lacking)}: not run in this study." if lacking else ""


def _shortened(frame: pd.DataFrame, column: str, digits: int) -> list[str]:
    """Write numbers with fewer decimals; what the paper prints stays as it is."""
    if column not in frame:
        return [""] * len(frame)
    return [
        value if not value or source == "printed" else f"{float(value):.{digits}f}"
        for value, source in zip(frame[column], frame["source"], strict=True)
    ]
