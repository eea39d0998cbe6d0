"""The scorecard: every printed number and claim with ours beside it, and a verdict.

Claims of our own come last; they are corrected in families of their own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields, replace

from dslt.compare.claims import Measured, claim_rows
from dslt.compare.numbers import number_rows
from dslt.compare.paper import Claim, PrintedNumber
from dslt.compare.scorecard_row import OWN_CLAIM, ScorecardRow
from dslt.core.csvfile import csv_text


def scorecard(
    claims: Sequence[Claim],
    numbers: Sequence[PrintedNumber],
    tolerances: Mapping[str, float],
    measured: Measured,
    own: Sequence[Claim] = (),
) -> list[ScorecardRow]:
    """Judge every claim and every printed number of the paper's own methods.

    Args:
        claims: The paper's claims, in the order in which they are listed.
        numbers: The paper's numbers.
        tolerances: Metric to how far ours may lie from a printed number, in the unit of print.
        measured: What this study knows.
        own: Claims of ours.

    Raises:
        DsltError: Two cells of a claim were scored on different sequences of one benchmark.
    """
    return [
        *claim_rows(claims, measured),
        *number_rows(numbers, tolerances, measured.comparisons),
        *(replace(row, kind=OWN_CLAIM) for row in claim_rows(own, measured)),
    ]


def to_csv(rows: Sequence[ScorecardRow]) -> str:
    """Text of the scorecard, one header line."""
    names = [field.name for field in fields(ScorecardRow)]
    return csv_text(names, map(astuple, rows))
