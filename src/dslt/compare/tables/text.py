"""A table as text: CSV, Markdown and LaTeX (booktabs)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TextTable:
    """What is printed, column by column.

    Attributes:
        name: `table3`, the label in LaTeX.
        caption: one sentence.
        titles: of the columns; the first ones hold words, the others numbers.
        words: how many columns hold words.
        parts: heading -> lines, each as long as `titles`.
        notes: sentences under the table.
    """

    name: str
    caption: str
    titles: Sequence[str]
    words: int
    parts: Mapping[str, Sequence[Sequence[str]]]
    notes: Sequence[str]


def to_csv(records: Sequence[Mapping[str, str]]) -> str:
    """Text of a CSV file, one header line; the records have the same keys."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue()


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


def with_interval(value: float, low: float | None, high: float | None, form: str) -> str:
    """`84.3 [80.1, 88.0]`, without brackets where there is no interval."""
    if low is None or high is None:
        return number(value, form)
    return f"{number(value, form)} [{number(low, form)}, {number(high, form)}]"


def _pipe(cells: Sequence[str]) -> str:
    """One Markdown line."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_TEX = str.maketrans(
    {
        "%": r"\%",
        "_": r"\_",
        "&": r"\&",
        "#": r"\#",
        "$": r"\$",
        "{": r"\{",
        "}": r"\}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "\\": r"\textbackslash{}",
    }
)


def _tex(text: str) -> str:
    """Escape text for LaTeX; the sign of a number becomes a mathematical one."""
    return re.sub(r"(?<!\w)([+-])(?=\d)", r"$\1$", text.translate(_TEX))
