"""Table 3, the ablation of the losses: ours beside the printed rows, each benchmark apart."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dslt.compare.cell import CellComparison
from dslt.compare.paper import read_rows
from dslt.compare.tables.text import TextTable, interval_columns, size_note, with_interval
from dslt.core.errors import DsltError

METRICS = {"precision_20": "DP", "success_auc": "AUC"}
NOT_RUN = "not run yet"
COLUMNS = ("part", "item", "a", "c", "alpha", "gamma", "precision_20", "success_auc", "cells")


@dataclass(frozen=True)
class TableRow:
    """One printed row and, where there is one, our cell for it."""

    printed: Mapping[str, str]
    cell: CellComparison | None
    label: str


@dataclass(frozen=True)
class Table3:
    """Table 3 with our cells.

    Attributes:
        rows: Rows in the paper's order; a printed row with two of our cells appears twice.
        benchmarks: Our benchmarks, each a block of columns of its own; they are never averaged.
        references: Part -> the row that its differences are taken to, in words.
    """

    rows: tuple[TableRow, ...]
    benchmarks: tuple[str, ...]
    references: Mapping[str, str]


def build_table3(paper: Path, cells: Mapping[str, CellComparison]) -> Table3:
    """Put our cells beside the printed rows.

    Args:
        paper: The printed table, `table3.csv`.
        cells: Id to comparison.

    Raises:
        DsltError: The file lacks a column, or cells of one part were compared with several others.
    """
    printed = read_rows(paper, COLUMNS)
    one_pass = {name: kept for name, cell in cells.items() if (kept := _one_pass(cell))}
    rows = tuple(row for entry in printed for row in _rows_of(entry, one_pass))
    benchmarks = sorted({name for row in rows if row.cell for name in row.cell.benchmarks})
    parts = dict.fromkeys(row.printed["part"] for row in rows)
    return Table3(rows, tuple(benchmarks), {part: _reference(part, rows) for part in parts})


def _reference(part: str, rows: Sequence[TableRow]) -> str:
    """Name the row, or the cell, that the differences of a part are taken to."""
    results = [
        result
        for row in rows
        if row.cell and row.printed["part"] == part
        for result in row.cell.benchmarks.values()
    ]
    references = {result.difference_to.cell for result in results if result.difference_to}
    if len(references) > 1:
        raise DsltError(
            f"{part}: differences to several cells: {', '.join(sorted(references))}; expected one"
        )
    reference = next(iter(references), "")
    named = [
        f"{row.label} ({row.printed['part']})"
        for row in rows
        if row.cell and row.cell.cell == reference
    ]
    return named[0] if named else reference


def _one_pass(cell: CellComparison) -> CellComparison | None:
    """Keep the benchmarks that have the table's metrics; None where none has."""
    kept = {n: result for n, result in cell.benchmarks.items() if set(METRICS) <= {*result.metrics}}
    return cell.model_copy(update={"benchmarks": kept}) if kept else None


def _rows_of(entry: Mapping[str, str], cells: Mapping[str, CellComparison]) -> Iterator[TableRow]:
    """The rows for one printed row."""
    found = [cells[cell] for cell in entry["cells"].split() if cell in cells]
    for cell in found:
        preset = f", preset {cell.preset}" if len(found) > 1 else ""
        yield TableRow(entry, cell, entry["item"] + preset)
    if not found:
        yield TableRow(entry, None, entry["item"])


# ---------------------------------------------------------------------- CSV


def records(table: Table3) -> list[dict[str, str]]:
    """All numbers of the table, one per column, in percent."""
    return [_record(row, table.benchmarks) for row in table.rows]


def _record(row: TableRow, benchmarks: Sequence[str]) -> dict[str, str]:
    """One line of the CSV."""
    record = {key: row.printed[key] for key in ("part", "item", "a", "c", "alpha", "gamma")}
    record |= {f"paper_{metric}": row.printed[metric] for metric in METRICS}
    record["cell"] = row.cell.cell if row.cell else ""
    record["preset"] = row.cell.preset if row.cell else ""
    for benchmark in benchmarks:
        result = row.cell.benchmarks.get(benchmark) if row.cell else None
        for metric in METRICS:
            key = f"{benchmark}_{metric}"
            value, gap = (result.metrics[metric], result.gap(metric)) if result else (None, None)
            record |= interval_columns(key, value, ".2f", 100)
            record |= interval_columns(f"{key}_difference", gap, ".2f", 100)
        record[f"{benchmark}_sequences"] = str(result.sequences) if result else ""
        record[f"{benchmark}_videos"] = str(result.videos) if result else ""
        record[f"{benchmark}_seeds"] = str(len(result.seeds)) if result else ""
    record["status"] = "run" if row.cell else NOT_RUN
    return record


# ---------------------------------------------------------------------- text tables


def _header(table: Table3) -> list[str]:
    """Column titles of the text tables."""
    titles = ["loss", "paper DP", "paper AUC"]
    for benchmark in table.benchmarks:
        for metric in METRICS.values():
            titles += [f"{benchmark} {metric}", f"difference, {benchmark} {metric}"]
    return titles


def _cells(row: TableRow, benchmarks: Sequence[str]) -> list[str]:
    """One line of the text tables; `-` marks the reference's difference to itself."""
    line = [row.label, row.printed["precision_20"], row.printed["success_auc"]]
    for benchmark in benchmarks:
        result = row.cell.benchmarks.get(benchmark) if row.cell else None
        for metric in METRICS:
            if result is None:
                line += [NOT_RUN, ""]
                continue
            gap = result.gap(metric)
            line.append(with_interval(result.metrics[metric], ".1f", 100))
            line.append(with_interval(gap, "+.1f", 100) if gap else "-")
    return line


def notes(table: Table3) -> list[str]:
    """Sentences under the table: conditions, sizes, and what may be compared."""
    printed = dict.fromkeys(
        f"{row.printed['tracker']} with {row.printed['backbone']} ({row.printed['part']})"
        for row in table.rows
    )
    run = [(row.cell, row.printed["part"]) for row in table.rows if row.cell]
    ours = dict.fromkeys(f"{cell.base} with {cell.backbone} ({part})" for cell, part in run)
    references = dict.fromkeys(filter(None, table.references.values()))
    lines = [
        f"Values in percent. Paper: {', '.join(printed)} on the pool of OTB-2015 and UAV-123."
        f" Ours: {', '.join(ours) or 'not run'}. A printed value and ours are comparable only"
        " where tracker, backbone, training data, benchmark and protocol are the same; differences"
        " within a part of a column always are.",
        "In brackets: 95 % percentile bootstrap over source videos and seeds. Differences are"
        f" paired and taken, in each tracker, to {' or '.join(references) or 'no row'}.",
    ]
    for benchmark in table.benchmarks:
        found = [
            r.cell.benchmarks[benchmark]
            for r in table.rows
            if r.cell and benchmark in r.cell.benchmarks
        ]
        lines.append(size_note(f"{benchmark}:", found))
    return lines


def to_text(table: Table3) -> TextTable:
    """The table as its reader sees it, rows grouped by the part of the table."""
    parts = dict.fromkeys(row.printed["part"] for row in table.rows)
    return TextTable(
        name="table3",
        caption="Table 3 of the paper, ours beside it.",
        titles=_header(table),
        words=1,
        parts={
            name: [_cells(r, table.benchmarks) for r in table.rows if r.printed["part"] == name]
            for name in parts
        },
        notes=notes(table),
    )
