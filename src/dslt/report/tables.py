"""Result files as the tables that the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from dslt.compare.cell import (
    BenchmarkResult,
    CellComparison,
    DifferenceValue,
    Value,
    load_comparison,
)
from dslt.compare.paper import same_name
from dslt.core.errors import DsltError
from dslt.score.metrics import (
    METRICS,
    SCORES,
    VOT,
    Metric,
)

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
    frames = {benchmark: pd.DataFrame(rows) for benchmark, rows in tables.items()}
    for frame in frames.values():
        frame.attrs["digits"] = DIGITS
        frame.attrs["numbers"] = [name for name in frame if str(name).endswith("interval")]
    return frames


def _row(cell: CellComparison, result: BenchmarkResult) -> dict[str, object]:
    row: dict[str, object] = {
        "Cell": cell.label,
        "Preset": cell.preset,
        "Sequences": result.sequences if result.complete else f"only {result.sequences}",
        "Videos": result.videos,
        "Seeds": len(result.seeds),
    }
    for name, value in result.metrics.items():
        metric = METRICS[name]
        row[_title(metric)] = metric.factor * value.value
        if value.low is not None:
            row[f"{metric.title} interval"] = interval(value, metric)
    first, difference = next(iter(result.metrics)), result.difference_to
    gap = difference.metrics.get(first) if difference else None
    row[_minus(METRICS[first])] = METRICS[first].factor * gap.value if gap else None
    row["its interval"] = interval(gap, METRICS[first]) if gap else ""
    return row | {"Frames/s": result.fps.median}


def _title(metric: Metric) -> str:
    return f"{metric.title} (%)" if metric.unit == "%" else metric.title


def _minus(metric: Metric) -> str:
    return f"{metric.title} minus reference"


def decimals(metric: Metric) -> int:
    """How many decimals a metric is shown with."""
    if metric.unit == "%" or metric.title == METRICS["failures"].title:
        return 1
    return 2 if metric.title == METRICS["failures_weighted"].title else 3


# Column to its decimals, where it is a metric.
DIGITS: dict[str, int] = {
    title(METRICS[name]): decimals(METRICS[name]) for name in SCORES for title in (_title, _minus)
}


def interval(value: Value | DifferenceValue, metric: Metric) -> str:
    """Write a 95 % interval in the unit of print, empty where there is none."""
    if value.low is None or value.high is None:
        return ""
    form = f".{decimals(metric)}f"
    return f"{metric.factor * value.low:{form}} to {metric.factor * value.high:{form}}"


def vot(path: Path) -> pd.DataFrame:
    """Read Table 1 or 2 for the reader of a page: metrics with intervals, without empty columns.

    Raises:
        DsltError: The file is missing or not such a table.
    """
    found = read_csv(path)
    metrics = [name for name in VOT if name in found]
    lacking = sorted({"benchmark", "tracker", "source", "note"} - set(found.columns))
    if lacking or not metrics:
        raise DsltError(f"{path}: lacks {', '.join(lacking) or 'metrics'}; is it Table 1 or 2?")
    shown = found[["benchmark", "tracker", "source"]].rename(columns=str.capitalize)
    for name in metrics:
        metric = METRICS[name]
        shown[metric.title] = _shortened(found, name, decimals(metric))
        parts = [_shortened(found, f"{name}_{end}", decimals(metric)) for end in ("low", "high")]
        if any(parts[0]):
            shown[f"{metric.title} interval"] = [
                f"{low} to {high}" if low and high else "" for low, high in zip(*parts, strict=True)
            ]
    shown["Note"] = found["note"]
    shown.attrs["numbers"] = list(shown)[3:-1]
    return shown


def vot_not_run(path: Path) -> str:
    """Say that nothing was run on the paper's benchmark of Table 1 or 2; empty where it was.

    Raises:
        DsltError: As `vot`.
    """
    shown = vot(path)
    printed = shown["Source"] == "printed"
    lacking = set(shown["Benchmark"][printed])
    for benchmark in shown["Benchmark"][~printed]:
        lacking = {name for name in lacking if not same_name(name, benchmark)}
    return f"{', '.join(sorted(lacking))}: not run in this study." if lacking else ""


def _shortened(frame: pd.DataFrame, column: str, digits: int) -> list[str]:
    """Texts of numbers with fewer decimals; what the paper prints stays as it is."""
    if column not in frame:
        return [""] * len(frame)
    return [
        value if not value or source == "printed" else f"{float(value):.{digits}f}"
        for value, source in zip(frame[column], frame["source"], strict=True)
    ]


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


def training(path: Path) -> pd.DataFrame:
    """Read what offline training did to each cell, in percent.

    Raises:
        DsltError: The file is missing or not of `dslt compare training`.
    """
    found = read_csv(path)
    words = ["cell", "epochs", "sequences", "videos", "seeds"]
    lacking = sorted({*words, "before", "after", "gain", "low", "high"} - {*found})
    if lacking:
        raise DsltError(f"{path}: lacks {', '.join(lacking)}; is it of `dslt compare training`?")
    metric = METRICS["validation_auc"]
    shown = found[words].rename(columns=str.capitalize)
    for name in ("before", "after", "gain"):
        shown[f"AUC {name} (%)" if name != "gain" else "Gain"] = [
            metric.factor * float(value) for value in found[name]
        ]
    shown["its 95 % interval"] = [
        f"{metric.factor * float(low):.1f} to {metric.factor * float(high):.1f}" if low else ""
        for low, high in zip(found["low"], found["high"], strict=True)
    ]
    shown.attrs["numbers"] = ["its 95 % interval"]
    return shown


def sequences(index: Path) -> pd.DataFrame:
    """List the sequences of an index: where they come from and what makes them hard."""
    from dslt.data.benchmarks.index_file import load_index

    rows = []
    for entry in load_index(index).sequences:
        boxes = entry.boxes()
        rows.append(
            {
                "Sequence": entry.name,
                "Source video": entry.video,
                "Frames": entry.frames,
                "Target absent": int(np.isnan(boxes).any(axis=1).sum()),
                "Frame size": f"{entry.size[0]} x {entry.size[1]}" if entry.size else "",
                "Initial target": f"{boxes[0, 2]:.0f} x {boxes[0, 3]:.0f}",
                "Attributes": " ".join(entry.attributes),
            }
        )
    return pd.DataFrame(rows)
