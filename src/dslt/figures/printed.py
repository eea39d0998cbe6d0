"""What stands beside our runs in a figure: printed numbers, differences, benchmarks not run."""

import textwrap
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from matplotlib.figure import Figure

from dslt.compare.paper import Claim, PrintedNumber, read_claims, read_numbers
from dslt.core.names import same_name
from dslt.figures import style
from dslt.figures.style import Labels, Look
from dslt.score.metrics import METRICS
from dslt.settings.catalog import listed, paper_benchmarks

PRINTED = "printed"
RESCORED = "re-scored"
NOT_RUN = "not run in this study"
OTHER_VIDEOS = "What is drawn are other videos; their scores are not comparable with printed ones."
# Files with the numbers of a figure, where they are not those of its own name.
SOURCES: Mapping[str, tuple[str, ...]] = {"fig10": ("fig10", "table1"), "fig12": ("table2",)}
LINE = 148  # characters across the page at 7 points
KEY = f"Unmarked: run here. {RESCORED}: published boxes, scored here. {PRINTED}: in the paper."


@dataclass(frozen=True)
class Printed:
    """What the paper prints for one figure, and which of our scores are of published boxes.

    Attributes:
        benchmarks: Benchmarks on which it draws the figure.
        numbers: Its numbers, in the order of the files.
        claims: Its orderings, most with a printed difference.
        rescored: Cells whose boxes were published and are scored here.
    """

    benchmarks: tuple[str, ...] = ()
    numbers: tuple[PrintedNumber, ...] = ()
    claims: tuple[Claim, ...] = ()
    rescored: Collection[str] = ()

    def looks(self, cells: Iterable[str], labels: Labels = None) -> dict[str, Look]:
        """Choose looks as `style.looks`; the labels say which cells were not run here."""
        return {
            cell: replace(k, label=f"{k.label}, {RESCORED}") if cell in self.rescored else k
            for cell, k in style.looks(cells, labels).items()
        }

    def on(self, benchmark: str, metric: str) -> list[PrintedNumber]:
        """List the numbers on a benchmark of ours that is the paper's, too."""
        return [
            number
            for number in self.numbers
            if number.metric == metric and number.tracker and same_name(number.benchmark, benchmark)
        ]


NOTHING = Printed()


def load(figure: str, folder: Path | None, rescored: Collection[str] = ()) -> Printed:
    """Read what the paper prints for a figure; without a folder only its benchmarks are known.

    Args:
        figure: Its name.
        folder: The folder of the printed numbers.
        rescored: Cells whose boxes were published and are scored here.

    Raises:
        DsltError: The folder is missing or a file in it is malformed.
    """
    benchmarks = paper_benchmarks(figure)
    if folder is None:
        return Printed(benchmarks, rescored=rescored)
    sources = SOURCES.get(figure, (figure,))
    return Printed(
        benchmarks,
        tuple(number for number in read_numbers(folder) if number.source in sources),
        tuple(claim for claim in read_claims(folder) if claim.source == figure),
        rescored,
    )


def shown(value: float, metric: str) -> str:
    """Write a value of ours (parts of 1) as the paper prints it."""
    unit = METRICS[metric].unit
    return f"{value * METRICS[metric].factor:.1f}" if unit == "%" else f"{value:.3f}"


def foot(canvas: Figure, printed: Printed, run: Collection[str], *, numbers: bool = True) -> float:
    """Say under a figure with constrained layout what the paper prints for it and what was not run.

    Args:
        canvas: The figure.
        printed: What `load` returns.
        run: Benchmarks of ours in the figure.
        numbers: Whether to list the printed values on benchmarks that were not run; the others
            are in the legends.

    Returns:
        The height that the sentences need, in inches.
    """
    lines = []
    lacking = [b for b in printed.benchmarks if not any(same_name(b, name) for name in run)]
    facts = _numbers(n for n in printed.numbers if numbers and n.benchmark in lacking)
    facts += _differences(printed.claims)
    if facts:
        lines.append(f"Printed in the paper, not measured here: {'; '.join(facts)}.")
    if lacking:
        lines.append(f"{listed(lacking)}: {NOT_RUN}.")
        if len(lacking) == len(printed.benchmarks):
            lines[-1] += f" {OTHER_VIDEOS}"
    if printed.rescored or any(printed.on(name, "success_auc") for name in run):
        lines.append(KEY)
    wrapped = [part for line in lines for part in textwrap.wrap(line, LINE)]
    if not wrapped:
        return 0.0
    text = style.plain("\n".join(wrapped))
    canvas.supxlabel(text, x=0.005, ha="left", fontsize=7, color=style.BLACK, linespacing=1.25)
    return 0.13 * len(wrapped) + 0.08


def _numbers(numbers: Iterable[PrintedNumber]) -> list[str]:
    """Write one fact per tracker and benchmark."""
    rows: dict[tuple[str, str], list[str]] = {}
    for number in numbers:
        text = f"{METRICS[number.metric].title} {shown(number.fraction, number.metric)}"
        rows.setdefault((number.item, number.benchmark), []).append(text)
    return [f"{item} on {where} {', '.join(texts)}" for (item, where), texts in rows.items()]


def _differences(claims: Iterable[Claim]) -> list[str]:
    """Write one fact per claim with a printed difference."""
    rows: dict[tuple[str, str], dict[str, None]] = {}
    for claim in claims:
        for metric in claim.metrics:
            if (gap := claim.printed[metric]) is not None:
                text = f"{METRICS[metric].title} by {gap:.{1 if METRICS[metric].unit else 3}f}"
                rows.setdefault((claim.text, claim.benchmark), {})[text] = None
    return [f"{text} on {where} ({', '.join(parts)})" for (text, where), parts in rows.items()]
