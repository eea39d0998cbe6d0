"""Result files as the tables that the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from dslt.compare.cell import BenchmarkResult, CellComparison, load_comparison
from dslt.errors import DsltError

CLAIM = {
    "source": "Source",
    "item": "Claim of the paper",
    "our_benchmark": "Our data",
    "metric": "Metric",
    "paper_value": "Paper",
    "ours": "Ours",
    "interval": "95 % interval",
    "videos": "Videos",
    "verdict": "Verdict",
    "note": "Note",
}
NUMBER = CLAIM | {"item": "Printed number", "benchmark_paper": "Paper's data", "cell": "Cell"}
NUMBER_ORDER = (
    "source",
    "item",
    "benchmark_paper",
    "metric",
    "paper_value",
    "cell",
    "our_benchmark",
    "ours",
    "interval",
    "videos",
    "verdict",
    "note",
)


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table as text, as it was written; an empty field stays empty.

    Raises:
        DsltError: The file is missing or not a table.
    """
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except FileNotFoundError:
        raise DsltError(f"{path}: no such file; run the rule that makes it") from None
    except (OSError, ValueError) as error:
        raise DsltError(f"{path}: not a readable CSV table ({error})") from error


def comparisons(paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """Put the cells of each benchmark side by side; benchmarks never share a table.

    Args:
        paths: Files of `dslt compare cell`.

    Returns:
        benchmark -> one row per cell, scores in percent with 95 % intervals.
    """
    tables: dict[str, list[dict[str, object]]] = {}
    for path in paths:
        cell = load_comparison(path)
        for benchmark, result in cell.benchmarks.items():
            tables.setdefault(benchmark, []).append(_row(cell, result))
    return {benchmark: pd.DataFrame(rows) for benchmark, rows in tables.items()}


def _row(cell: CellComparison, result: BenchmarkResult) -> dict[str, object]:
    difference = result.difference_to
    return {
        "Cell": cell.label,
        "Preset": cell.preset,
        "Sequences": result.sequences,
        "Videos": result.videos,
        "Seeds": len(result.seeds),
        "AUC (%)": 100 * result.success_auc.value,
        "AUC interval": interval(result.success_auc),
        "DP (%)": 100 * result.precision_20.value,
        "DP interval": interval(result.precision_20),
        "AUC minus reference": 100 * difference.success_auc.value if difference else None,
        "its interval": interval(difference.success_auc) if difference else "",
        "Frames/s": result.fps.median,
    }


def interval(value: object) -> str:
    """Write a 95 % interval in percent, empty where there is none."""
    low, high = getattr(value, "low", None), getattr(value, "high", None)
    return "" if low is None or high is None else f"{100 * low:.1f} to {100 * high:.1f}"


def _with_intervals(scorecard: pd.DataFrame, kind: str, path: Path) -> pd.DataFrame:
    needed = {"kind", "low", "high", *NUMBER_ORDER} - {"interval"}
    lacking = sorted(needed - set(scorecard.columns))
    if lacking:
        raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}; is it a scorecard?")
    rows = scorecard[scorecard["kind"] == kind].copy()
    rows["interval"] = [
        f"{low} to {high}" if low and high else ""
        for low, high in zip(rows["low"], rows["high"], strict=True)
    ]
    return rows


def claims(path: Path) -> pd.DataFrame:
    """Read the claims of a scorecard with their verdicts."""
    rows = _with_intervals(read_csv(path), "claim", path)
    return rows[list(CLAIM)].rename(columns=CLAIM)


def numbers(path: Path) -> pd.DataFrame:
    """Read the printed numbers of a scorecard with ours beside them."""
    rows = _with_intervals(read_csv(path), "number", path)
    return rows[list(NUMBER_ORDER)].rename(columns=NUMBER)


def verdicts(path: Path) -> pd.DataFrame:
    """Count the verdicts of a scorecard, claims and numbers apart."""
    frames = {kind: _with_intervals(read_csv(path), kind, path) for kind in ("claim", "number")}
    from dslt.report.html import VERDICTS

    return pd.DataFrame(
        [
            {"Verdict": verdict}
            | {
                f"{kind.capitalize()}s": int((rows["verdict"] == verdict).sum())
                for kind, rows in frames.items()
            }
            for verdict in VERDICTS
        ]
    )


def sequences(index: Path) -> pd.DataFrame:
    """List the sequences of an index: where they come from and what makes them hard."""
    from dslt.data.index import load_index

    rows = []
    for entry in load_index(index).sequences:
        boxes = entry.boxes()
        rows.append(
            {
                "Sequence": entry.name,
                "Source video": entry.video,
                "Frames": entry.frames,
                "Target absent": sum(box is None for box in entry.ground_truth),
                "Frame size": f"{entry.size[0]} x {entry.size[1]}",
                "Initial target": f"{boxes[0, 2]:.0f} x {boxes[0, 3]:.0f}",
                "Attributes": " ".join(entry.attributes),
            }
        )
    return pd.DataFrame(rows)
