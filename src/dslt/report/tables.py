"""Result files as the tables that the report shows."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from dslt.compare.cell import BenchmarkResult, CellComparison, DifferenceValue, load_comparison
from dslt.compare.scorecard_row import OWN_CLAIM
from dslt.compare.sensitivity import read_verdicts
from dslt.compare.verdicts import CONTRADICTED, INCONCLUSIVE, SUPPORTED, VERDICTS
from dslt.core.csvfile import read_frame
from dslt.core.errors import DsltError
from dslt.report.links import Link, links
from dslt.score.metrics import METRICS, SCORES
from dslt.settings.site import SEQUENCE_PAGE

DECIMALS = {"failures": 1, "failures_weighted": 2}  # of metrics without a unit, others have 3
RESULT = ("ours", "interval", "videos", "verdict", "note")
CLAIMS = ("source", "item", "our_benchmark", "metric", "paper_value", "p", *RESULT)
NUMBERS = (
    *("source", "item", "benchmark_paper", "metric", "paper_value", "cell", "our_benchmark"),
    *RESULT,
)
LINKED = ("item", "our_benchmark", "metric", "cell")
HELD_OUT = "validation_auc"  # is of made-up videos, which have no pages
MARKS = {SUPPORTED: "+", CONTRADICTED: "-", INCONCLUSIVE: "?"}
# Of columns that are not called by their own names.
TITLES = {
    "our_benchmark": "Our data",
    "benchmark_paper": "Paper's data",
    "paper_value": "Paper",
    "interval": "95 % interval",
    "p": "p",
}


def read_csv(path: Path) -> pd.DataFrame:
    """Read a table as text, as it was written; an empty field stays empty.

    Raises:
        DsltError: The file is missing or not a table.
    """
    if not path.is_file():
        raise DsltError(f"{path}: no such file; run the rule that makes it")
    return read_frame(path, "a readable CSV table", dtype=str, keep_default_na=False)


def read_table(path: Path, needed: Iterable[str], what: str) -> pd.DataFrame:
    """Read a table that must have certain columns."""
    found = read_csv(path)
    lacking = sorted(set(needed) - set(found))
    if lacking:
        raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}; is it {what}?")
    return found


def comparisons(paths: Sequence[Path]) -> dict[str, pd.DataFrame]:
    """Put the cells of each benchmark side by side; benchmarks never share a table.

    Args:
        paths: Files of `dslt compare cell`.

    Returns:
        Benchmark -> one row per cell, scores in percent with 95 % intervals.
    """
    tables: dict[str, list[dict[str, object]]] = {}
    cells: dict[str, list[Link]] = {}
    for path in paths:
        cell = load_comparison(path)
        for benchmark, result in cell.benchmarks.items():
            tables.setdefault(benchmark, []).append(_row(cell, result))
            cells.setdefault(benchmark, []).append((cell.label, benchmark, [cell.cell]))
    frames = {benchmark: pd.DataFrame(rows) for benchmark, rows in tables.items()}
    for benchmark, frame in frames.items():
        frame["Cell"] = links(cells[benchmark], frame)
        frame.attrs["digits"] = {
            title: decimals(m) for m in SCORES for title in (METRICS[m].with_unit, _minus(m))
        }
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
        row[METRICS[name].with_unit] = METRICS[name].factor * value.value
        if value.low is not None:
            row[f"{METRICS[name].title} interval"] = interval(value, name)
    first = next(iter(result.metrics))
    gap = result.gap(first)
    row[_minus(first)] = METRICS[first].factor * gap.value if gap else None
    row["its interval"] = interval(gap, first) if gap else ""
    return row | {"Frames/s": result.fps.median}


def _minus(metric: str) -> str:
    return f"{METRICS[metric].title} minus reference"


def decimals(metric: str) -> int:
    """Return how many decimals a metric is shown with."""
    return 1 if METRICS[metric].unit == "%" else DECIMALS.get(metric, 3)


def interval(value: DifferenceValue, metric: str) -> str:
    """Write a 95 % interval in the unit of print, empty where there is none."""
    if value.low is None or value.high is None:
        return ""
    form, factor = f".{decimals(metric)}f", METRICS[metric].factor
    return f"{factor * value.low:{form}} to {factor * value.high:{form}}"


def intervals(lows: Iterable[str], highs: Iterable[str]) -> list[str]:
    """Write columns of lower and upper ends as intervals, empty where there is none."""
    return [f"{a} to {b}" if a and b else "" for a, b in zip(lows, highs, strict=True)]


def state_of_sensitivity(path: Path, key: str) -> str:
    """Say what is wrong with the last result of the target `sensitivity`; empty: nothing.

    Args:
        path: The file, which may not be there.
        key: What it should have been computed with.
    """
    if not path.is_file():
        return "Not run: the target sensitivity makes a table of it."
    stale = any(one.key != key for one in read_verdicts(path))
    words = "Stale: computed with other settings, data or code than this report; the scorecard"
    return f"{words} does not heed it. The target sensitivity makes it again." * stale


def sensitivity(path: Path) -> pd.DataFrame:
    """Tabulate verdicts on pairs of cells, a column for each change of tracking constants.

    Returns:
        A row for each pair, benchmark and metric; none where there is no file.

    Raises:
        DsltError: The file is not a table of `dslt compare sensitivity`.
    """
    rows: dict[tuple[str, ...], dict[str, str]] = {}
    for one in read_verdicts(path) if path.is_file() else []:
        shown = rows.setdefault((one.better, one.worse, one.benchmark, one.metric), {})
        shown[one.change.replace("_", " ")] = f"{one.difference} {MARKS[one.verdict]}"
    frame = pd.DataFrame(
        [
            {"Cells": "", "Our data": benchmark, "Metric": METRICS[metric].title} | row
            for (_, _, benchmark, metric), row in rows.items()
        ]
    )
    named = [(f"{better} - {worse}", data, (better, worse)) for better, worse, data, _ in rows]
    return frame.assign(Cells=links(named, frame)) if named else frame


def read_scorecard(path: Path) -> pd.DataFrame:
    """Read the rows of a scorecard as text, with the ends of their intervals in one column.

    Raises:
        DsltError: The file is missing or not a scorecard.
    """
    found = read_table(path, {"kind", "low", "high", *NUMBERS} - {"interval"}, "a scorecard")
    return found.assign(interval=intervals(found["low"], found["high"]))


def claims(path: Path) -> pd.DataFrame:
    """Read the claims of a scorecard with their verdicts."""
    return _statements(path, "claim", CLAIMS, "Claim of the paper")


def own_claims(path: Path) -> pd.DataFrame:
    """Read the claims of ours in a scorecard with their verdicts."""
    columns = [name for name in CLAIMS if name not in ("source", "paper_value")]
    return _statements(path, OWN_CLAIM, columns, "Claim of ours, not the paper's")


def numbers(path: Path) -> pd.DataFrame:
    """Read the printed numbers of a scorecard with ours beside them."""
    return _statements(path, "number", NUMBERS, "Printed number")


def _statements(path: Path, kind: str, columns: Iterable[str], item: str) -> pd.DataFrame:
    """Read the rows of one kind, with titles for the reader of a page."""
    titles = TITLES | {"item": item}
    found = read_scorecard(path).query("kind == @kind")
    rows = found[list(columns)].copy()
    rows["item"] = links(
        [
            (text, None if metric == HELD_OUT else benchmark, cells.split(" - "))
            for text, benchmark, metric, cells in found[list(LINKED)].to_numpy()
        ],
        rows,
    )
    metrics = {name: metric.title for name, metric in METRICS.items()}
    rows["metric"] = rows["metric"].replace(metrics)
    shown = rows.rename(columns=lambda name: titles.get(name, name.capitalize()))
    shown.attrs["numbers"] = ["Paper", "p", "Ours", "95 % interval", "Videos"]
    return shown


def verdicts(path: Path) -> pd.DataFrame:
    """Count the verdicts of a scorecard: the paper's claims, its numbers, and claims of ours."""
    rows = read_scorecard(path)
    counts = pd.crosstab(rows["verdict"], rows["kind"])
    shown = counts.reindex(index=VERDICTS, columns=["claim", "number", OWN_CLAIM], fill_value=0)
    return (
        shown.set_axis(["Claims", "Numbers", "Claims of ours"], axis=1)
        .rename_axis("Verdict")
        .reset_index()
    )


def training(path: Path) -> pd.DataFrame:
    """Read what offline training did to each cell, in percent.

    Raises:
        DsltError: The file is missing or not of `dslt compare training`.
    """
    words, values = ["cell", "epochs", "sequences", "videos", "seeds"], ["before", "after", "gain"]
    ends = ["low", "high"]
    found = read_table(path, [*words, *values, *ends], "of `dslt compare training`")
    percent = found[values + ends].apply(pd.to_numeric) * METRICS[HELD_OUT].factor
    shown = found[words].rename(columns=str.capitalize)
    shown["Cell"] = links([(cell, None, [cell]) for cell in found["cell"]], shown)
    shown[["AUC before (%)", "AUC after (%)", "Gain"]] = percent[values]
    lows, highs = (percent[end].map("{:.1f}".format, na_action="ignore").fillna("") for end in ends)
    shown["its 95 % interval"] = intervals(lows, highs)
    shown.attrs["numbers"] = ["its 95 % interval"]
    return shown


def sequences(index: Path, among: Sequence[str] = ()) -> pd.DataFrame:
    """List the sequences of an index, linked: where they are from and what makes them hard.

    Args:
        index: The index.
        among: Sequences that have a page; empty: all of the index.
    """
    from dslt.data.benchmarks.index_file import load_index

    found = load_index(index)
    entries = [entry for entry in found.sequences if not among or entry.name in among]
    pages = [
        quote(SEQUENCE_PAGE.format(benchmark=found.benchmark, sequence=entry.name))
        for entry in entries
    ]
    link = Markup('<a href="{}">{}</a>')
    links = [link.format(page, entry.name) for page, entry in zip(pages, entries, strict=True)]
    boxes = [entry.boxes() for entry in entries]
    columns: dict[str, object] = {
        "Sequence": pd.Series(links, dtype=object),  # else pandas makes plain text of them
        "Source video": [entry.video for entry in entries],
        "Frames": [entry.frames for entry in entries],
        "Target absent": [int((~entry.present()).sum()) for entry in entries],
        "Frame size": [f"{e.size[0]} x {e.size[1]}" if e.size else "" for e in entries],
        "Initial target": [f"{b[0, 2]:.0f} x {b[0, 3]:.0f}" for b in boxes],
        "Attributes": [" ".join(entry.attributes) for entry in entries],
    }
    return pd.DataFrame(columns)
