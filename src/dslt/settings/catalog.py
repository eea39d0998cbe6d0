"""Every figure, table and page once, and what benchmarks are called in headings.

The allowed names of the configuration, its schema, the verbs of `dslt figure`, the workflow's jobs,
the report's headings and the list in `config/README.md` come from here. A figure is added with one
row, its module and its caption (`docs/extend.md`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Source = Literal[
    "nothing",
    "factors",
    "scores",
    "boxes",
    "maps",
    "responses",
    "timeline",
    "records",
    "confidence",
]
TableSource = Literal["printed", "confidence"]
Takes = Literal["one_pass", "supervised", "attributes"]


@dataclass(frozen=True)
class FigureEntry:
    """A figure.

    Attributes:
        title: Its name in headings, without its number.
        words: What it shows, for `--help` and alternative texts; empty: as the title says.
        module: Module that draws it, loaded when it is drawn. `figure` makes it of what `load`
            reads; `dslt.commands.figure` says with which arguments, source by source.
        source: What it is drawn from. `scores`: score files; `boxes`: result boxes on frames;
            `maps`: first-frame maps; `responses`: responses of trained networks; `timeline`: boxes
            and scores over a sequence; `records`: records of trainings; `confidence`: confidence
            files; `factors`: settings of a modulating factor; `nothing`.
        takes: Benchmarks that have what it is about: those with success and precision, with an
            expected average overlap, or with scores by attribute.
        pages: Pages of the report that show it.
        number: Its number in the paper; None: it is not in the paper.
        paper: Benchmarks that the paper draws it for.
        rule: How the sequences of strips are chosen.
        about_reference: Whether strips are about the reference cell, on every benchmark, and not
            about all cells on the first one.
        defaults: Values of its choice that differ from the settings' own.
        plot: Module that makes an interactive plot of the same files; its `panels` says what is
            shown. Empty: there is none.
    """

    title: str
    source: Source
    pages: tuple[str, ...]
    module: str
    words: str = ""
    takes: Takes = "one_pass"
    number: int | None = None
    paper: tuple[str, ...] = ()
    rule: str = ""
    about_reference: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)
    plot: str = ""

    @property
    def heading(self) -> str:
        """Number, title, and what the paper shows it for."""
        number = f"Fig. {self.number}: " if self.number else ""
        return f"{number}{self.title}" + _in_the_paper(self.paper)


@dataclass(frozen=True)
class TableEntry:
    """A table.

    Attributes:
        title: Its name in headings, without its number.
        pages: Pages of the report that show it.
        module: Module that makes it, loaded when it is made: `build`, `records` and `to_text`.
        source: What it is made from, beside the comparisons of all cells. `printed`: the printed
            table; `confidence`: confidence files.
        number: Its number in the paper; None: it is not in the paper.
        paper: Benchmarks that the paper prints it for.
    """

    title: str
    pages: tuple[str, ...]
    module: str
    source: TableSource = "printed"
    number: int | None = None
    paper: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """Number, title, and what the paper prints it for."""
        number = f"Table {self.number}: " if self.number else ""
        return f"{number}{self.title}" + _in_the_paper(self.paper)


def _numbered(
    number: int, title: str, source: Source, *pages: str, words: str = "", plot: str = ""
) -> FigureEntry:
    """Make the row of a figure that has a module of its own."""
    module = f"dslt.figures.fig{number:02d}"
    return FigureEntry(title, source, pages, module, words=words, number=number, plot=plot)


def _curves(
    number: int, title: str, *paper: str, words: str = "", page: str = "benchmarks"
) -> FigureEntry:
    """Make the row of a figure of success and precision plots."""
    words = words or "success and precision plots"
    return FigureEntry(
        title,
        "scores",
        (page,),
        "dslt.figures.one_pass",
        words=words,
        number=number,
        paper=paper,
        plot="dslt.report.plots.one_pass",
    )


def _overlap(number: int, *paper: str) -> FigureEntry:
    """Make the row of a figure of the expected average overlap."""
    return FigureEntry(
        "expected average overlap",
        "scores",
        ("benchmarks",),
        "dslt.figures.eao",
        words="ranking by expected average overlap, and its curves",
        takes="supervised",
        number=number,
        paper=paper,
        plot="dslt.report.plots.eao",
    )


def _strips(number: int, title: str, words: str, rule: str, *, reference: bool) -> FigureEntry:
    """Make the row of a figure of boxes on frames."""
    return FigureEntry(
        title,
        "boxes",
        ("benchmarks" if reference else "ablation",),
        "dslt.figures.boxes_on_frames",
        words=words,
        number=number,
        rule=rule,
        about_reference=reference,
        defaults={"sequences": 2 if reference else 4},
    )


def _vot_table(number: int, paper: str) -> TableEntry:
    """Make the row of a table of runs with resets."""
    title, module = "expected average overlap", "dslt.compare.tables.vot"
    return TableEntry(title, ("benchmarks",), module, number=number, paper=(paper,))


CONFIDENCE = "Confidence: does the score tell where the target is?"
FIGURES: Mapping[str, FigureEntry] = {
    "fig01": _strips(
        1,
        "the losses on the same frames",
        "boxes of several cells on the same frames",
        "those on which the cells' mean overlaps differ most",
        reference=False,
    ),
    "fig03": _numbered(
        3,
        "imbalance of the regression data",
        "maps",
        "convergence",
        words="patch, label, responses and histogram of the errors",
    ),
    "fig04": _numbered(4, "modulating factor and losses", "factors", "convergence"),
    "fig06": _numbered(6, "modulating factors and losses of classification", "nothing", "offline"),
    "fig07": _numbered(
        7,
        "responses by loss",
        "responses",
        "offline",
        words="responses of Siamese networks to one frame",
    ),
    "fig08": _curves(8, "success and precision", "OTB-2013", "OTB-2015"),
    "fig09": _curves(9, "success and precision", "UAV-123"),
    "fig10": _overlap(10, "VOT-2016"),
    "fig11": _curves(
        11,
        "with and without shrinkage",
        "OTB-2015",
        words="success and precision plots with and without shrinkage",
    ),
    "fig12": _overlap(12, "VOT-2018"),
    "fig13": _curves(13, "success and precision", "LaSOT"),
    "fig14": _numbered(
        14,
        "score over time",
        "timeline",
        "offline",
        words="scores and overlaps over the frames of a sequence",
    ),
    "fig15": _curves(
        15,
        "ablation of the regression loss",
        words="success and precision plots of the ablation",
        page="ablation",
    ),
    "fig16": _numbered(
        16,
        "convergence of first-frame and offline training",
        "records",
        "convergence",
        "offline",
        plot="dslt.report.plots.convergence",
    ),
    "fig17": _strips(
        17,
        "where the tracker does best",
        "boxes where the reference does best",
        "those on which its mean overlap exceeds the median of the others' most",
        reference=True,
    ),
    "fig18": _strips(
        18,
        "where the tracker fails",
        "boxes where the reference fails",
        "those on which its mean overlap is lowest, around its first failure",
        reference=True,
    ),
    "attributes": FigureEntry(
        "Scores by attribute",
        "scores",
        ("benchmarks",),
        "dslt.figures.attributes",
        takes="attributes",
        plot="dslt.report.plots.attributes",
    ),
    "confidence": FigureEntry(
        CONFIDENCE,
        "confidence",
        ("confidence",),
        "dslt.figures.confidence",
        words="precision over recall by confidence threshold, and reliability of scores",
    ),
}
TABLES: Mapping[str, TableEntry] = {
    "table1": _vot_table(1, "VOT-2016"),
    "table2": _vot_table(2, "VOT-2018"),
    "table3": TableEntry(
        "settings of the loss", ("ablation",), "dslt.compare.tables.table3", number=3
    ),
    "confidence": TableEntry(
        CONFIDENCE, ("confidence",), "dslt.compare.tables.confidence", source="confidence"
    ),
}
# In the order of the report, with what each shows beside figures and tables.
PAGES: tuple[str, ...] = (
    *("data", "convergence", "offline", "ablation", "benchmarks", "confidence", "scorecard"),
)

BENCHMARKS: Mapping[str, str] = {
    "clips": "Real clips",
    "clips_vot": "Real clips with resets",
    "quick": "Real clips (short list)",
    "synthetic": "Synthetic videos",
    "synthetic_vot": "Synthetic videos with resets",
}


def heading(name: str) -> str:
    """Name a figure or table in a heading; one that is not in the catalog is called by its id."""
    if name == "quick":
        return "A taste: success and precision on three clips"
    entry = FIGURES.get(name) or TABLES.get(name)
    return entry.heading if entry else name


def paper_benchmarks(name: str) -> tuple[str, ...]:
    """Name the benchmarks that the paper shows a figure or table for, if it is about some."""
    entry = FIGURES.get(name) or TABLES.get(name)
    return entry.paper if entry else ()


def benchmark_title(name: str) -> str:
    """Name a benchmark in words; one of the user's is called by its key."""
    return BENCHMARKS.get(name, name)


def listed(names: Sequence[str]) -> str:
    """Join names as in a sentence: `a`, `a and b`, `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def _in_the_paper(benchmarks: Sequence[str]) -> str:
    return f" (in the paper: {listed(benchmarks)})" if benchmarks else ""
