"""What the paper prints: numbers and claims, read from `config/paper/*.csv`."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from dslt.core.errors import DsltError
from dslt.score.metrics import METRICS
from dslt.settings.base import Settings, validate

CLAIMS_FILE = "claims.csv"
PRINTED = (
    *("precision_20", "success_auc"),
    *("eao", "accuracy", "robustness", "failures_weighted", "fps"),
)
VARIABLES = ("part", "a", "c", "alpha", "gamma")


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
    name for name in PrintedNumber.model_fields if name not in ("source", "metric", "value")
)


class Claim(Settings):
    """One ordering that the paper states: `better_cell` beats `worse_cell` in `metric`.

    Attributes:
        id: Unique name of the claim.
        source: Table or figure.
        text: The claim in words.
        preset: Preset of our two cells; `paper` is the paper's own setting.
        better_cell: Our cell that should win; empty where we have none yet.
        worse_cell: Our cell that should lose.
        metric: One of `METRICS`.
        printed_difference: Better minus worse as printed; None where only the order is stated.
        benchmark: Benchmark on which the paper states it.
        note: Contradictions and doubts.
    """

    id: str = Field(min_length=1)
    source: str = Field(min_length=1)
    text: str = Field(min_length=1)
    preset: Literal["paper", "lite", ""]
    better_cell: str
    worse_cell: str
    metric: Literal[
        "precision_20",
        "success_auc",
        "eao",
        "fps",
        "iterations_own",
        "iterations_common",
        "validation_auc",
    ]
    printed_difference: float | None
    benchmark: str
    note: str


def same_name(first: str, second: str) -> bool:
    """Compare names without case and punctuation; an empty name equals nothing."""
    left, right = (re.sub(r"[^a-z0-9+]", "", name.lower()) for name in (first, second))
    return bool(left) and left == right


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
    paths = [path for path in sorted(folder.glob("*.csv")) if path.name != CLAIMS_FILE]
    if not paths:
        raise DsltError(f"{folder}: no tables of the paper (*.csv)")
    return [number for path in paths for number in _numbers(path)]


def _numbers(path: Path) -> Iterator[PrintedNumber]:
    """Read one table: a row has one or more metric columns."""
    rows = read_rows(path)
    known = {*COMMON, *VARIABLES, *PRINTED}
    for index, row in enumerate(rows, start=2):
        where = f"{path}, row {index}"
        odd, lacking = set(row) - known, set(COMMON) - set(row)
        if odd or lacking:
            raise DsltError(
                f"{where}: unknown columns {sorted(odd)}, missing columns {sorted(lacking)};"
                f" allowed: {', '.join([*COMMON, *VARIABLES, *PRINTED])}"
            )
        fields: dict[str, object] = {key: row[key] for key in COMMON}
        fields |= {"source": path.stem, "cells": tuple(row["cells"].split())}
        for metric in PRINTED:
            if row.get(metric):
                yield validate(
                    PrintedNumber, fields | {"metric": metric, "value": row[metric]}, where
                )


def read_claims(folder: Path) -> list[Claim]:
    """Read the claims of a folder.

    Raises:
        DsltError: `claims.csv` is missing or malformed, or an id occurs twice.
    """
    path = folder / CLAIMS_FILE
    claims = []
    for index, row in enumerate(read_rows(path), start=2):
        values: dict[str, object] = {**row}
        values["printed_difference"] = row.get("printed_difference") or None
        claims.append(validate(Claim, values, f"{path}, row {index}"))
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise DsltError(f"{path}: the id {', '.join(twice)} occurs more than once")
    return claims
