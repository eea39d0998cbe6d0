"""Tables 1 and 2: the printed VOT scores, with re-scored and own trackers beside them.

Each of our benchmarks is a block of its own: scores on other videos are not VOT scores.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dslt.compare.cell import CellComparison
from dslt.compare.paper import read_rows
from dslt.compare.tables import text
from dslt.core.names import same_name
from dslt.score.metrics import METRICS
from dslt.settings.catalog import TABLES, benchmark_title

PRINTED, RESCORED, RUN = "printed", "re-scored here", "run here"
EXTERNAL = "external"  # `CellComparison.base` of published boxes
# Metrics and their decimals, as printed.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "table1": {"eao": ".3f", "accuracy": ".3f", "failures_weighted": ".2f"},
    "table2": {"eao": ".3f", "accuracy": ".3f", "robustness": ".3f"},
}


@dataclass(frozen=True)
class VotTable:
    """Table 1 or 2 with our cells.

    Attributes:
        name: `table1` or `table2`.
        benchmark: Name of the paper's benchmark.
        printed: The paper's rows, in its order: column to text as printed.
        ours: Benchmark of ours -> cells that ran on it, the best EAO first.
        references: Id -> label of the cells that differences are taken to; in a study one.
    """

    name: str
    benchmark: str
    printed: Sequence[Mapping[str, str]]
    ours: Mapping[str, Sequence[CellComparison]]
    references: Mapping[str, str]

    @property
    def columns(self) -> Mapping[str, str]:
        """Metrics and their decimals."""
        return COLUMNS[self.name]

    @property
    def run(self) -> bool:
        """Whether the paper's benchmark was run."""
        return any(same_name(name, self.benchmark) for name in self.ours)

    @property
    def counts(self) -> str:
        """How many rows are printed and how many are ours, in words."""
        return f"{len(self.printed)} printed rows, {sum(map(len, self.ours.values()))} of ours"


def build(name: str, paper: Path, cells: Mapping[str, CellComparison]) -> VotTable:
    """Put our cells beside the printed rows.

    Args:
        name: `table1` or `table2`.
        paper: The printed table.
        cells: Id to comparison.

    Raises:
        DsltError: The file lacks a column or a row.
    """
    printed = read_rows(paper, ("item", "note", *COLUMNS[name]))
    (benchmark,) = TABLES[name].paper
    elsewhere = {own for table in COLUMNS for own in TABLES[table].paper} - {benchmark}
    ours: dict[str, list[CellComparison]] = {}
    for cell in cells.values():
        for own, result in cell.benchmarks.items():
            if "eao" in result.metrics and not any(same_name(own, other) for other in elsewhere):
                ours.setdefault(own, []).append(cell)
    blocks = {
        own: sorted(ours[own], key=lambda cell: -cell.benchmarks[own].metrics["eao"].value)
        for own in sorted(ours, key=lambda own: (not same_name(own, benchmark), own))
    }
    gaps = [cell.benchmarks[own].difference_to for own, ran in blocks.items() for cell in ran]
    found = dict.fromkeys(gap.cell for gap in gaps if gap and gap.metrics)
    references = {name: cells[name].label if name in cells else name for name in found}
    return VotTable(name, benchmark, printed, blocks, references)


def _source(cell: CellComparison) -> str:
    """Say where the boxes of a cell come from."""
    return RESCORED if cell.base == EXTERNAL else RUN


# ---------------------------------------------------------------------- CSV


def records(table: VotTable) -> list[dict[str, str]]:
    """All numbers of the table, one per column, each row with where it comes from."""
    return [
        *(_printed_record(table, row) for row in table.printed),
        *(_our_record(table, cell, own) for own, cells in table.ours.items() for cell in cells),
    ]


def _blank(table: VotTable) -> dict[str, str]:
    """A line without anything."""
    names = ["benchmark", "tracker", "source", "cell", "preset", "backbone", "protocol"]
    for metric in table.columns:
        for kind in (metric, f"{metric}_difference"):
            names += [kind, f"{kind}_low", f"{kind}_high"]
    return dict.fromkeys([*names, "sequences", "videos", "seeds", "complete", "note"], "")


def _printed_record(table: VotTable, row: Mapping[str, str]) -> dict[str, str]:
    where = {"benchmark": table.benchmark, "tracker": row["item"], "source": PRINTED}
    return _blank(table) | where | {name: row[name] for name in (*table.columns, "note")}


def _our_record(table: VotTable, cell: CellComparison, benchmark: str) -> dict[str, str]:
    result = cell.benchmarks[benchmark]
    record = _blank(table) | cell.model_dump(include={"cell", "preset", "backbone"})
    record |= {
        "benchmark": benchmark,
        "tracker": cell.label,
        "source": _source(cell),
        "protocol": result.protocol,
        **text.size_columns(result),
        "complete": "yes" if result.complete else "no",
        "note": "; ".join(result.notes),
    }
    for metric in table.columns:
        record |= text.interval_columns(metric, result.metrics.get(metric), ".6f")
        record |= text.interval_columns(f"{metric}_difference", result.gap(metric), ".6f")
    return record


# ---------------------------------------------------------------------- text


def to_text(table: VotTable) -> text.TextTable:
    """The table as its reader sees it: a part for each benchmark, the paper's first."""
    parts: dict[str, list[list[str]]] = {
        table.benchmark: [
            [row["item"], PRINTED, *(row[metric] for metric in table.columns), ""]
            for row in table.printed
        ]
    }
    for benchmark, cells in table.ours.items():
        same = same_name(benchmark, table.benchmark)
        title = benchmark_title(benchmark)
        named = benchmark if title == benchmark else f"{title} ({benchmark})"
        heading = table.benchmark if same else f"{named}, not {table.benchmark}"
        parts.setdefault(heading, []).extend(_line(table, cell, benchmark) for cell in cells)
    titles = [METRICS[metric].title for metric in table.columns]
    return text.TextTable(
        name=table.name,
        caption=f"Table {table.name[-1]} of the paper ({table.benchmark}), ours beside it.",
        titles=["tracker", "source", *titles, "difference, EAO"],
        words=2,
        parts=parts,
        notes=list(notes(table)),
    )


def _line(table: VotTable, cell: CellComparison, benchmark: str) -> list[str]:
    """One line of ours; `-` marks the reference's difference to itself."""
    result, line = cell.benchmarks[benchmark], [cell.label, _source(cell)]
    for metric, form in table.columns.items():
        value = result.metrics.get(metric)
        line.append(text.with_interval(value, form) if value else "")
    itself = "-" if cell.cell in table.references else ""
    gap = result.gap("eao")
    return [*line, text.with_interval(gap, "+.3f") if gap else itself]


def notes(table: VotTable) -> Iterator[str]:
    """Sentences under the table: where rows come from, what may be compared, sizes."""
    yield (
        f"Source: {PRINTED}, as the paper has it; {RESCORED}, published boxes scored by this"
        f" project; {RUN}, tracked and scored by it."
    )
    if not table.run:
        yield (
            f"{table.benchmark}: not run in this study."
            + " Rows of other benchmarks are not comparable with the printed ones."
            * bool(table.ours)
        )
    if table.ours:
        names = " or ".join(table.references.values())
        taken = f" Differences are paired and taken to {names}." * bool(names)
        yield f"In brackets: 95 % intervals over source videos and seeds.{taken}"
    if "failures_weighted" in table.columns:
        yield (
            "Failures by tag: per attribute, weighted by the attributes' lengths; all failures"
            " where frames have no attributes."
        )
    for benchmark, cells in table.ours.items():
        results = [cell.benchmarks[benchmark] for cell in cells]
        part = "" if all(one.complete for one in results) else " only a part of the benchmark,"
        protocols = " and ".join(dict.fromkeys(result.protocol for result in results))
        yield text.size_note(f"{benchmark}:{part}", results, f", protocol {protocols}")
