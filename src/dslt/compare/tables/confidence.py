"""The table of confidence: what the score of each tracker is worth; ours, not the paper's."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from dslt.compare.cell import CellComparison, DifferenceValue, differences, intervals_of
from dslt.compare.confidences import ConfidenceRuns, confidence_tables
from dslt.compare.intervals import VIDEOS_FOR_VERDICT, Interval
from dslt.compare.stacks import CellScores, ScoreTables
from dslt.compare.tables import text
from dslt.core.errors import DsltError
from dslt.score.confidence_file import ConfidenceRun
from dslt.score.metrics import CONFIDENCE, METRICS
from dslt.settings.catalog import benchmark_title, listed

# Metrics whose differences a reader of the text sees; the CSV file has those of all.
JUDGED = ("confidence_auroc", "confidence_ece")
ABSENT = "confidence_absent"
FORM = ".3f"


@dataclass(frozen=True)
class ConfidenceRow:
    """One cell on one benchmark.

    Attributes:
        cell: Id of the cell.
        label: Its name.
        preset: Its preset, where that is known.
        reference: The cell that differences are taken to; empty where there is none.
        scores: All seeds.
        first: The first seed's run.
        values: Metric to its value with its interval.
        gaps: Metric to the paired difference to the reference.
        notes: Why there is no interval, or what it leaves out.
    """

    cell: str
    label: str
    preset: str
    reference: str
    scores: CellScores
    first: ConfidenceRun
    values: Mapping[str, DifferenceValue]
    gaps: Mapping[str, DifferenceValue]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ConfidenceTable:
    """All cells that have a confidence.

    Attributes:
        rows: Benchmark -> its cells, in the order of the files.
        labels: Cell -> its name.
        left_out: Cell -> why it has none.
    """

    rows: Mapping[str, Sequence[ConfidenceRow]]
    labels: Mapping[str, str]
    left_out: Mapping[str, str]

    @property
    def counts(self) -> str:
        """How many rows there are, in words."""
        return f"{sum(map(len, self.rows.values()))} rows, {len(self.left_out)} cells left out"


def build(
    runs: ConfidenceRuns, cells: Mapping[str, CellComparison], left_out: Mapping[str, str]
) -> ConfidenceTable:
    """Put the cells together.

    Args:
        runs: What confidence files hold.
        cells: Id to comparison, for labels and for what a cell is compared with.
        left_out: Cells without a confidence, and why.

    Raises:
        DsltError: There is no run.
    """
    if not runs:
        raise DsltError("no run in the confidence files: nothing for a table")
    tables = confidence_tables(runs)
    rows = {
        benchmark: [_row(cell, benchmark, runs, tables, cells) for cell in runs[benchmark]]
        for benchmark in sorted(runs)
    }
    labels = {name: comparison.label for name, comparison in cells.items()}
    return ConfidenceTable(rows, labels, left_out)


def _row(
    cell: str,
    benchmark: str,
    runs: ConfidenceRuns,
    tables: ScoreTables,
    cells: Mapping[str, CellComparison],
) -> ConfidenceRow:
    """One cell on one benchmark."""
    known, scores = cells.get(cell), tables[cell, benchmark]
    result = known.benchmarks.get(benchmark) if known else None
    reference = result.difference_to.cell if result and result.difference_to else ""
    other = tables.get((reference, benchmark))
    first = runs[benchmark][cell][0]
    intervals = intervals_of(scores)
    gaps = differences(scores, other, f"{cell} and {reference} on {benchmark}") if other else {}
    if ABSENT in intervals and first.absent_videos < VIDEOS_FOR_VERDICT:
        few = f"no interval: {first.absent_videos} source videos have frames without target"
        intervals[ABSENT] = Interval(intervals[ABSENT].value, notes=(few,))
        if ABSENT in gaps:
            gaps[ABSENT] = DifferenceValue(value=gaps[ABSENT].value)
    return ConfidenceRow(
        cell=cell,
        label=known.label if known else cell,
        preset=known.preset if known else "",
        reference=reference if other else "",
        scores=scores,
        first=first,
        values={metric: DifferenceValue.of(found) for metric, found in intervals.items()},
        gaps=gaps,
        notes=tuple(_notes(intervals)),
    )


def _notes(intervals: Mapping[str, Interval]) -> Iterator[str]:
    """What there is to note about all metrics, and about some of them."""
    shared = next(iter(intervals.values())).notes if intervals else ()
    yield from shared
    for metric, interval in intervals.items():
        yield from (f"{METRICS[metric].title}: {n}" for n in interval.notes if n not in shared)


# ---------------------------------------------------------------------- CSV


def records(table: ConfidenceTable) -> list[dict[str, str]]:
    """All numbers of the table, one per column; cells that are left out have a note alone."""
    return [
        *(_record(row, name) for name, rows in table.rows.items() for row in rows),
        *(
            _blank() | {"cell": cell, "tracker": table.labels.get(cell, cell), "note": why}
            for cell, why in table.left_out.items()
        ),
    ]


def _blank() -> dict[str, str]:
    """A line without anything."""
    names = ["benchmark", "cell", "tracker", "preset", "reference"]
    for metric in CONFIDENCE:
        for kind in (metric, f"{metric}_difference"):
            names += [kind, f"{kind}_low", f"{kind}_high"]
    sizes = ["sequences", "videos", "seeds", "frames", "absent_frames"]
    return dict.fromkeys([*names, *sizes, "complete", "note"], "")


def _record(row: ConfidenceRow, benchmark: str) -> dict[str, str]:
    scores = row.scores
    record = _blank() | {
        "benchmark": benchmark,
        "cell": row.cell,
        "tracker": row.label,
        "preset": row.preset,
        "reference": row.reference,
        "sequences": str(len(scores.names)),
        "videos": str(len(set(scores.videos))),
        "seeds": str(len(scores.seeds)),
        "frames": str(row.first.frames),
        "absent_frames": str(row.first.absent),
        "complete": "yes" if scores.complete else "no",
        "note": "; ".join(row.notes),
    }
    for metric in CONFIDENCE:
        record |= text.interval_columns(metric, row.values.get(metric), ".6f")
        record |= text.interval_columns(f"{metric}_difference", row.gaps.get(metric), ".6f")
    return record


# ---------------------------------------------------------------------- text


def to_text(table: ConfidenceTable) -> text.TextTable:
    """The table as its reader sees it: a part for each benchmark."""
    titles = [METRICS[metric].title for metric in CONFIDENCE]
    return text.TextTable(
        name="confidence",
        caption="What the scores of trackers are worth; not in the paper.",
        titles=["tracker", *titles, *(f"difference, {METRICS[metric].title}" for metric in JUDGED)],
        words=1,
        parts={
            benchmark_title(name): [_line(row) for row in rows] for name, rows in table.rows.items()
        },
        notes=list(notes(table)),
    )


def _line(row: ConfidenceRow) -> list[str]:
    """One line."""
    values = [row.values.get(metric) for metric in CONFIDENCE]
    gaps = [row.gaps.get(metric) for metric in JUDGED]
    return [
        row.label,
        *(text.with_interval(value, FORM) if value else "" for value in values),
        *(text.with_interval(gap, f"+{FORM}") if gap else "" for gap in gaps),
    ]


def notes(table: ConfidenceTable) -> Iterator[str]:
    """Sentences under the table: what the columns are, what is left out, sizes."""
    yield (
        "F, Pr, Re: the largest F over confidence thresholds, with precision and recall there, as"
        " in long-term tracking. AP, AUROC: hits (overlap of at least one half) ranked by score."
        " ECE: expected calibration error of probabilities of a hit, each video's by a map that was"
        " fitted on the others; less is better. TNR: true negative rate, share of the frames"
        " without target whose score is below the threshold of F."
    )
    rows = [row for rows in table.rows.values() for row in rows]
    labels = {row.cell: row.label for row in rows} | dict(table.labels)
    references = dict.fromkeys(labels[row.reference] for row in rows if row.reference)
    taken = f" Differences are paired and taken to {' or '.join(references)}." * bool(references)
    yield f"In brackets: 95 % intervals over source videos and seeds.{taken}"
    reasons: dict[str, list[str]] = {}
    for cell, why in table.left_out.items():
        reasons.setdefault(why, []).append(labels.get(cell, cell))
    for why, cells in reasons.items():
        yield f"Left out: {listed(cells)}; {why}."
    for name, some in table.rows.items():
        first, scores = some[0].first, some[0].scores
        yield (
            f"{benchmark_title(name)}: {len(scores.names)} sequences from"
            f" {len(first.videos)} source videos, {first.frames} frames,"
            f" {first.absent} of them without target."
        )
