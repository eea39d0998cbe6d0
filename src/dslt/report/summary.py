"""What a scorecard says of the paper's claims, in three sentences for a newcomer."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from dslt.compare.verdicts import (
    CONTRADICTED,
    INCONCLUSIVE,
    NOT_COMPARABLE,
    NOT_RUN,
    SAME,
    SECONDARY,
    SUPPORTED,
)
from dslt.report.tables import read_scorecard

SHOWN = 6
_PRESET = re.compile(r" \[preset (\w+)\]$")


def sentences(path: Path) -> list[str]:
    """Say which claims hold, which do not, and which cannot be told.

    A claim is counted by what its cells show on all benchmarks of ours together: one verdict is
    enough, two that contradict each other are none.

    Args:
        path: The scorecard.

    Raises:
        DsltError: The file is missing or not a scorecard.
    """
    found = _verdicts(path)
    holds = {claim: rows for claim, rows in found.items() if _only(rows, SUPPORTED)}
    fails = {claim: rows for claim, rows in found.items() if _only(rows, CONTRADICTED)}
    same = {claim: rows for claim, rows in found.items() if _only(rows, SAME)}
    run = {claim for claim, rows in found.items() if {v for v, _ in rows} != {NOT_RUN}}
    doubtful = len(run) - len(holds) - len(fails) - len(same)
    none = _number(len(same)).lower()
    rest = _number(len(found) - len(run)).lower()
    return [
        f"{_number(len(holds))} of {len(run)} claims of the paper that this study could test hold"
        f" in our data{_list(holds)}.",
        f"{_number(len(fails))} fail, the opposite being so{_list(fails)}; in {none} there is no"
        f" difference worth the name{_list(same)}.",
        f"Of {_number(doubtful).lower()} we cannot tell, since with our videos and seeds the"
        f" trackers differ no more than chance would have it, and {rest} more were not tested.",
    ]


def _verdicts(path: Path) -> Mapping[str, Sequence[tuple[str, str]]]:
    """Claim to its verdicts, each with where it was found."""
    rows = read_scorecard(path).query("kind == 'claim'")
    found: dict[str, list[tuple[str, str]]] = {}
    columns = ("item", "our_benchmark", "verdict")
    for item, benchmark, verdict in rows[list(columns)].itertuples(index=False):
        preset = _PRESET.search(item)
        where = ", ".join(filter(None, [preset[1] if preset else "", benchmark]))
        verdicts = found.setdefault(_PRESET.sub("", item), [])
        if verdict not in (SECONDARY, NOT_COMPARABLE):
            verdicts.append((verdict, where))
    return {claim: verdicts or [(INCONCLUSIVE, "")] for claim, verdicts in found.items()}


def _only(rows: Sequence[tuple[str, str]], verdict: str) -> bool:
    """Whether this is the one verdict of a claim, beside none at all."""
    return {v for v, _ in rows} - {INCONCLUSIVE, NOT_RUN} == {verdict}


def _list(claims: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Name claims with where they were judged so."""
    if not claims:
        return ""
    named = [
        f"{claim} ({'; '.join(where for v, where in rows if v not in (INCONCLUSIVE, NOT_RUN))})"
        for claim, rows in claims.items()
    ]
    more = len(named) - SHOWN
    return ": " + "; ".join(named[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _number(count: int) -> str:
    return str(count) if count else "None"
