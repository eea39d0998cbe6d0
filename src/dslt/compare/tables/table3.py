"""Table 3, the ablation of the losses: ours beside the printed rows, each benchmark apart."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from dslt.compare.cell import BenchmarkResult, CellComparison
from dslt.compare.paper import read_rows
from dslt.compare.tables import text
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

    def result(self, benchmark: str) -> BenchmarkResult | None:
        """Our cell's scores on a benchmark, if it ran there."""
        return self.cell.benchmarks.get(benchmark) if self.cell else None


@dataclass(frozen=True)
class Table3:
    """Table 3 with our cells.

    Attributes:
        name: `table3`.
        rows: Rows in the paper's order; a printed row with two of our cells appears twice.
        benchmarks: Our benchmarks, each a block of columns of its own; they are never averaged.
        references: Part -> the row that its differences are taken to, in words.
    """

    name: str
    rows: tuple[TableRow, ...]
    benchmarks: tuple[str, ...]
    references: Mapping[str, str]

    @property
    def counts(self) -> str:
        """How many rows were run, in words."""
        return f"{sum(row.cell is not None for row in self.rows)} of {len(self.rows)} rows run"


def build(name: str, paper: Path, cells: Mapping[str, CellComparison]) -> Table3:
    """Put our cells beside the printed rows.

    Args:
        name: `table3`.
        paper: The printed table.
        cells: Id to comparison.

    Raises:
        DsltError: The file lacks a column, or cells of one part were compared with several others.
    """
    printed = read_rows(paper, COLUMNS)
    one_pass = {id_: kept for id_, cell in cells.items() if (kept := _one_pass(cell))}
    rows = tuple(row for entry in printed for row in _rows_of(entry, one_pass))
    benchmarks = sorted({own for row in rows if row.cell for own in row.cell.benchmarks})
    parts = dict.fromkeys(row.printed["part"] for row in rows)
    references = {part: _reference(part, rows) for part in parts}
    return Table3(name, rows, tuple(benchmarks), references)


def _reference(part: str, rows: Sequence[TableRow]) -> str:
    """Name the row, or the cell, that the differences of a part are taken to."""
    references = _compared_with(row for row in rows if row.printed["part"] == part)
    if len(references) > 1:
        raise DsltError(
            f"{part}: differences to several cells: {', '.join(sorted(references))}; expected one"
        )
    reference = next(iter(references), "")
    named = (
        f"{r.label} ({r.printed['part']})" for r in rows if r.cell and r.cell.cell == reference
    )
    return next(named, reference)


def _compared_with(rows: Iterable[TableRow]) -> set[str]:
    """Name the cells that differences are taken to."""
    ran = [result for row in rows if row.cell for result in row.cell.benchmarks.values()]
    return {result.difference_to.cell for result in ran if result.difference_to}


def _one_pass(cell: CellComparison) -> CellComparison | None:
    """Keep the benchmarks that have the table's metrics; None where none has."""
    kept = {n: result for n, result in cell.benchmarks.items() if set(METRICS) <= {*result.metrics}}
    return cell.model_copy(update={"benchmarks": kept}) if kept else None


def _rows_of(entry: Mapping[str, str], cells: Mapping[str, CellComparison]) -> Iterator[TableRow]:
    """The rows for one printed row."""
    names = entry["cells"].split()
    found: list[CellComparison | None] = [cells[name] for name in names if name in cells]
    for cell in found or [None]:
        preset = f", preset {cell.preset}" if cell and len(found) > 1 else ""
        yield TableRow(entry, cell, entry["item"] + preset)


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
        result = row.result(benchmark)
        for metric in METRICS:
            key = f"{benchmark}_{metric}"
            value, gap = (result.metrics[metric], result.gap(metric)) if result else (None, None)
            record |= text.interval_columns(key, value, ".2f", 100)
            record |= text.interval_columns(f"{key}_difference", gap, ".2f", 100)
        record |= {f"{benchmark}_{key}": size for key, size in text.size_columns(result).items()}
    record["status"] = "run" if row.cell else NOT_RUN
    return record


# ---------------------------------------------------------------------- text tables


def _cells(row: TableRow, benchmarks: Sequence[str], references: Collection[str]) -> list[str]:
    """One line of the text tables; `-` marks the reference's difference to itself."""
    itself = "-" if row.cell and row.cell.cell in references else ""
    line = [row.label, row.printed["precision_20"], row.printed["success_auc"]]
    for benchmark, metric in product(benchmarks, METRICS):
        if result := row.result(benchmark):
            gap = result.gap(metric)
            line.append(text.with_interval(result.metrics[metric], ".1f", 100))
            line.append(text.with_interval(gap, "+.1f", 100) if gap else itself)
        else:
            line += [NOT_RUN, ""]
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
        "In brackets: 95 % intervals over source videos and seeds. Differences are"
        f" paired and taken, in each tracker, to {' or '.join(references) or 'no row'}.",
    ]
    for benchmark in table.benchmarks:
        found = [result for row in table.rows if (result := row.result(benchmark))]
        lines.append(text.size_note(f"{benchmark}:", found))
    return lines


def _part(table: Table3, part: str) -> list[list[str]]:
    """The lines of a part."""
    rows = [row for row in table.rows if row.printed["part"] == part]
    references = _compared_with(rows)
    return [_cells(row, table.benchmarks, references) for row in rows]


def to_text(table: Table3) -> text.TextTable:
    """The table as its reader sees it, rows grouped by the part of the table."""
    titles = ["loss", "paper DP", "paper AUC"]
    for benchmark, metric in product(table.benchmarks, METRICS.values()):
        titles += [f"{benchmark} {metric}", f"difference, {benchmark} {metric}"]
    return text.TextTable(
        name=table.name,
        caption="Table 3 of the paper, ours beside it.",
        titles=titles,
        words=1,
        parts={part: _part(table, part) for part in table.references},
        notes=notes(table),
    )
