"""What the paper prints: numbers and claims, read from `config/paper/*.csv`; and claims of ours."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field

from dslt.core.errors import DsltError, quote
from dslt.score.metrics import METRICS
from dslt.settings.base import Settings, validate

# Beside the tables: what the claims are, our cells for them, and how both are judged.
CLAIMS, PAIRS, FAMILIES, TOLERANCES = "claims.csv", "pairs.csv", "families.csv", "tolerances.csv"
PRINTED = (
    *("precision_20", "success_auc"),
    *("eao", "accuracy", "robustness", "failures_weighted", "fps"),
)
# Columns that a table may have.
OPTIONAL = ("preset", "part", "a", "c", "alpha", "gamma")
PAPER_PRESET = "paper"
Row = TypeVar("Row", bound=Settings)
ClaimMetric = Literal[
    "precision_20",
    "success_auc",
    "eao",
    "iterations_own",
    "iterations_common",
    "validation_auc",
    "confidence_f",
    "confidence_ap",
    "confidence_auroc",
    "confidence_ece",
]


class PrintedNumber(Settings):
    """One number of the paper.

    Attributes:
        source: Table or figure, the name of its file.
        item: The row as the paper names it.
        tracker: The paper's tracker.
        backbone: Backbone of that tracker; empty where the paper does not say.
        training_data: Training data of that tracker; empty where the paper does not say.
        benchmark: Benchmark, as the paper names it.
        protocol: Entry of `config/protocols.yaml`, or the name of one that is not built yet.
        preset: Preset of those cells: `paper`, unless the row is of another recipe.
        cells: Our cells that stand for this row.
        reproduce: True for the paper's own methods and their baselines, false for rivals.
        metric: One of `METRICS`.
        value: The number exactly as printed.
        note: Contradictions and doubts.
    """

    source: str
    item: str
    tracker: str
    backbone: str
    training_data: str
    benchmark: str
    protocol: str
    preset: str = PAPER_PRESET
    cells: tuple[str, ...]
    reproduce: bool
    metric: str
    value: float
    note: str

    @property
    def fraction(self) -> float:
        """The value in the unit of our own files (percent become parts of 1)."""
        return round(self.value / METRICS[self.metric].factor, 6)


COMMON = tuple(
    name
    for name in PrintedNumber.model_fields
    if name not in ("source", "metric", "value", "preset")
)


class CellPair(Settings):
    """Two cells of ours that stand for a claim.

    Attributes:
        claim: Id of the claim.
        preset: Preset of both; `paper` is the paper's own setting. Empty: no matter which.
        better: The cell that should win.
        worse: The cell that should lose.
        note: What is special about them.
    """

    claim: str = Field(min_length=1)
    preset: Literal["paper", "lite", ""]
    better: str = Field(min_length=1)
    worse: str = Field(min_length=1)
    note: str = ""


class Family(Settings):
    """Claims that are corrected together, on each benchmark of ours and for each preset apart.

    Attributes:
        family: Its name.
        title: What its claims are about.
        metric: The metric by which they are judged.
        same_within: Differences up to this, in the unit of print, are none; None: no such bound.
    """

    family: str = Field(min_length=1)
    title: str = Field(min_length=1)
    metric: ClaimMetric
    same_within: float | None


class Claim(Settings):
    """One ordering that the paper states.

    Attributes:
        id: Unique name of the claim.
        family: Claims that it is corrected with.
        source: Table or figure.
        text: The claim in words.
        benchmark: Benchmark on which the paper states it.
        printed: Metric to the printed difference, better minus worse; None where only the order is
            stated.
        note: Contradictions and doubts.
        missing: Why no study has cells for it; empty where one has.
        pairs: Our cells that stand for it, of all sheets.
    """

    id: str = Field(min_length=1)
    family: Family
    source: str = Field(min_length=1)
    text: str = Field(min_length=1)
    benchmark: str
    printed: dict[ClaimMetric, float | None]
    note: str
    missing: str
    pairs: tuple[CellPair, ...]

    @property
    def metrics(self) -> list[ClaimMetric]:
        """Its metrics, the one by which it is judged first."""
        return sorted(self.printed, key=lambda metric: metric != self.family.metric)


def pooled(numbers: Iterable[PrintedNumber]) -> list[str]:
    """Names of benchmarks that the paper averages over as one, such as `OTB-2015+UAV-123`."""
    return list(dict.fromkeys(one.benchmark for one in numbers if "+" in one.benchmark))


def read_rows(path: Path, columns: Iterable[str] = ()) -> list[dict[str, str]]:
    """Read a CSV file as rows of stripped texts.

    Args:
        path: The file.
        columns: Columns that it must have, and at least one row with them.

    Raises:
        DsltError: The file is missing or not text, a row has another number of fields, or a column
            is missing.
    """
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle, strict=True)
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DsltError(f"{path}: unreadable table ({error})") from None
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise DsltError(f"{path}, row {number}: expected {len(reader.fieldnames or [])} fields")
    lacking = [name for name in columns if not rows or name not in rows[0]]
    if lacking:
        raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}, or has no row")
    return [{key: value.strip() for key, value in row.items()} for row in rows]


def read_numbers(folder: Path) -> list[PrintedNumber]:
    """Read every printed number of a folder, table by table in alphabetical order.

    Raises:
        DsltError: The folder is missing or empty, or a table is malformed.
    """
    others = {CLAIMS, PAIRS, FAMILIES, TOLERANCES}
    paths = [path for path in sorted(folder.glob("*.csv")) if path.name not in others]
    if not paths:
        raise DsltError(f"{folder}: no tables of the paper (*.csv)")
    return [number for path in paths for number in _numbers(path)]


def _numbers(path: Path) -> Iterator[PrintedNumber]:
    """Read one table: a row has one or more metric columns."""
    rows = read_rows(path)
    known = [*COMMON, *OPTIONAL, *PRINTED]
    for index, row in enumerate(rows, start=2):
        where = f"{path}, row {index}"
        odd, lacking = set(row) - set(known), set(COMMON) - set(row)
        if odd or lacking:
            raise DsltError(
                f"{where}: unknown columns {sorted(odd)}, missing columns {sorted(lacking)};"
                f" allowed: {', '.join(known)}"
            )
        fields: dict[str, object] = {key: row[key] for key in COMMON}
        fields |= {"source": path.stem, "cells": tuple(row["cells"].split())}
        fields |= {"preset": row.get("preset") or PAPER_PRESET}
        for metric in PRINTED:
            if row.get(metric):
                yield validate(
                    PrintedNumber, fields | {"metric": metric, "value": row[metric]}, where
                )


def read_claims(folder: Path) -> list[Claim]:
    """Read the claims of a folder with their families and our pairs of cells.

    Raises:
        DsltError: A file is missing or malformed, an id occurs twice, or one file names what
            another does not have.
    """
    families = _named(Family, folder / FAMILIES, "family")
    pairs: dict[str, list[CellPair]] = {}
    for where, row in _rows(folder / PAIRS):
        pair = validate(CellPair, row, where)
        own = pairs.setdefault(pair.claim, [])
        if any((pair.better, pair.worse) == (one.better, one.worse) for one in own):
            raise DsltError(f"{where}: {pair.better} and {pair.worse} are there twice")
        own.append(pair)
    claims = {}
    for where, row in _rows(folder / CLAIMS):
        family = families.get(row.get("family", ""))
        if family is None:
            raise DsltError(f"{where}: unknown family {quote(row.get('family'))}; see {FAMILIES}")
        values: dict[str, object] = {**row, "family": family, "printed": _printed(row, where)}
        claim = validate(Claim, values | {"pairs": tuple(pairs.pop(row.get("id", ""), ()))}, where)
        if claim.id in claims:
            raise DsltError(f"{where}: the id {claim.id} occurs more than once")
        if family.metric not in claim.printed:
            raise DsltError(f"{where}: lacks its family's metric, {family.metric}, in `printed`")
        claims[claim.id] = claim
    if pairs:
        raise DsltError(f"{folder / PAIRS}: no such claim: {', '.join(pairs)}")
    return list(claims.values())


def read_tolerances(folder: Path) -> dict[str, float]:
    """Read how far ours may lie from a printed number: metric to tolerance in the unit of print.

    Raises:
        DsltError: The file is missing or malformed.
    """
    rows = _named(Tolerance, folder / TOLERANCES, "metric")
    return {metric: row.tolerance for metric, row in rows.items()}


class Tolerance(Settings):
    """How far ours may lie from a printed number, in the unit of print."""

    metric: Literal[
        "precision_20", "success_auc", "eao", "accuracy", "robustness", "failures_weighted"
    ]
    tolerance: float = Field(gt=0)


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Read a file as rows with their place."""
    for number, row in enumerate(read_rows(path), start=2):
        yield f"{path}, row {number}", row


def _named(kind: type[Row], path: Path, key: str) -> dict[str, Row]:
    """Read a file by one of its columns."""
    found: dict[str, Row] = {}
    for where, row in _rows(path):
        values: dict[str, object] = {name: text or None for name, text in row.items()}
        one = validate(kind, values, where)
        if row[key] in found:
            raise DsltError(f"{where}: {row[key]} occurs more than once")
        found[row[key]] = one
    return found


def _printed(row: dict[str, str], where: str) -> dict[str, float | None]:
    """Read `success_auc=0.2 precision_20`: a metric with its printed difference, or its name."""
    found: dict[str, float | None] = {}
    for part in row.get("printed", "").split():
        metric, equals, text = part.partition("=")
        try:
            found[metric] = float(text) if equals else None
        except ValueError:
            raise DsltError(f"{where}: printed = {quote(part)}: expected METRIC=NUMBER") from None
    return found
