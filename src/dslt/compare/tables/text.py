"""A table as text: CSV, Markdown and LaTeX (booktabs)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dslt.compare.cell import BenchmarkResult, DifferenceValue
from dslt.compare.intervals import VIDEOS_FOR_VERDICT
from dslt.core.csvfile import csv_text


@dataclass(frozen=True)
class TextTable:
    """What is printed, column by column.

    Attributes:
        name: Label in LaTeX, such as `table3`.
        caption: One sentence above the table.
        titles: Titles of the columns; the first ones hold words, the others numbers.
        words: Number of columns that hold words.
        parts: Heading -> lines, each as long as `titles`.
        notes: Sentences under the table.
    """

    name: str
    caption: str
    titles: Sequence[str]
    words: int
    parts: Mapping[str, Sequence[Sequence[str]]]
    notes: Sequence[str]


def to_csv(records: Sequence[Mapping[str, str]]) -> str:
    """Text of a CSV file, one header line; the records have the same keys."""
    return csv_text(records[0], (record.values() for record in records))


def to_markdown(table: TextTable) -> str:
    """The table as GitHub Markdown."""
    numbers = len(table.titles) - table.words
    lines = [_pipe(table.titles), _pipe(["---"] * table.words + ["---:"] * numbers)]
    for name, rows in table.parts.items():
        lines.append(_pipe([f"**{name}**"] + [""] * (len(table.titles) - 1)))
        lines += [_pipe(row) for row in rows]
    return "\n".join([*lines, "", *(f"{note}  " for note in table.notes)]).rstrip() + "\n"


def to_latex(table: TextTable) -> str:
    """The table as a LaTeX float; needs only the package booktabs."""
    width = len(table.titles)
    lines = [
        "% needs \\usepackage{booktabs}",
        "\\begin{table*}",
        "\\centering\\scriptsize\\setlength{\\tabcolsep}{3pt}",
        f"\\caption{{{_tex(' '.join([table.caption, *table.notes]))}}}",
        f"\\label{{tab:{table.name}}}",
        f"\\begin{{tabular}}{{{'l' * table.words}{'r' * (width - table.words)}}}",
        "\\toprule",
        " & ".join(_tex(title) for title in table.titles) + r" \\",
    ]
    for name, rows in table.parts.items():
        lines += ["\\midrule", f"\\multicolumn{{{width}}}{{l}}{{\\emph{{{_tex(name)}}}}} \\\\"]
        lines += [" & ".join(_tex(cell) for cell in row) + r" \\" for row in rows]
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}", "\\end{table*}"]) + "\n"


def number(value: float | None, form: str) -> str:
    """A number, empty where there is none; what rounds to zero has no sign of its own."""
    if value is None:
        return ""
    text = f"{value:{form}}"
    return text.replace("-", "+" if "+" in form else "") if float(text) == 0 else text


def with_interval(part: DifferenceValue, form: str, factor: float = 1.0) -> str:
    """`84.3 [80.1, 88.0]`, without brackets where there is no interval; all times `factor`."""
    value = number(factor * part.value, form)
    if part.low is None or part.high is None:
        return value
    return f"{value} [{number(factor * part.low, form)}, {number(factor * part.high, form)}]"


def interval_columns(
    key: str, part: DifferenceValue | None, form: str, factor: float = 1.0
) -> dict[str, str]:
    """A value and the ends of its interval as columns of a CSV file, empty where there is none."""
    values = (part.value, part.low, part.high) if part else (None, None, None)
    return {
        f"{key}{end}": number(None if value is None else factor * value, form)
        for end, value in zip(("", "_low", "_high"), values, strict=True)
    }


def size_columns(result: BenchmarkResult | None) -> dict[str, str]:
    """How large a benchmark is as columns of a CSV file, empty where it was not run."""
    sizes = (result.sequences, result.videos, len(result.seeds)) if result else ("", "", "")
    return dict(zip(("sequences", "videos", "seeds"), map(str, sizes), strict=True))


def size_note(benchmark: str, results: Sequence[BenchmarkResult], protocols: str = "") -> str:
    """Sentence on how large a benchmark is, and by which protocols it was scored."""
    videos = min(result.videos for result in results)
    seeds = sorted({len(result.seeds) for result in results})
    few = f"; fewer than {VIDEOS_FOR_VERDICT} source videos: too few for a verdict"
    return (
        f"{benchmark} {results[0].sequences} sequences from {videos} source videos,"
        f" {' or '.join(map(str, seeds))} {'seed' if seeds == [1] else 'seeds'}"
        f"{protocols}{few if videos < VIDEOS_FOR_VERDICT else ''}."
    )


def _pipe(cells: Sequence[str]) -> str:
    """One Markdown line."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_TEX = str.maketrans(
    {sign: f"\\{sign}" for sign in "%_&#${}"}
    | {
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
    }
)


def _tex(text: str) -> str:
    """Escape text for LaTeX; the sign of a number becomes a mathematical one."""
    return re.sub(r"(?<!\w)([+-])(?=\d)", r"$\1$", text.translate(_TEX))
