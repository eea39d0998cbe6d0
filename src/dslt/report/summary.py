"""What a scorecard says of the paper's claims, in a few sentences for a newcomer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from dslt.compare.intervals import LEVEL
from dslt.compare.sensitivity import DEPENDS
from dslt.compare.verdicts import CONTRADICTED, NEEDED, NOT_COMPARABLE, NOT_RUN, SAME, SUPPORTED
from dslt.report.tables import read_scorecard
from dslt.settings.catalog import benchmark_title

SHOWN = 6
_PRESET = re.compile(r" \[preset (\w+)\]$")
_FEW = NEEDED.format("")
# What becomes of a claim, beside the three verdicts and `not run`.
MIXED, FEW, CONSTANT, CHANCE = "mixed", "few", "constant", "chance"
DOUBTS = {
    CHANCE: "in {} the trackers differ no more than chance would have it",
    FEW: "for {} there are too few videos or seeds",
    CONSTANT: "in {} the verdict depends on constants of tracking",
    MIXED: "in {} the verdict depends on which trackers or videos are taken",
}


@dataclass(frozen=True)
class _Row:
    """A judged row of a claim: where, and what came out."""

    text: str
    preset: str
    benchmark: str
    verdict: str
    p: str
    note: str


def place(preset: str, benchmark: str) -> str:
    """Name a preset, where it is no matter of course, and a benchmark within a sentence."""
    title = benchmark_title(benchmark)
    named = title if title == benchmark else title[:1].lower() + title[1:]
    return named if preset in ("", "paper") else f"{preset}, {named}"


def sentences(path: Path) -> list[str]:
    """Say which claims hold, which do not, and which cannot be told.

    A claim is counted once, by cells of the preset `paper` where they ran, else by ours. Where it
    was judged several times, on other benchmarks or by other cells, one verdict is enough if it
    stands a correction for their number and none is against it. What the paper's own numbers
    contradict is no claim here.

    Args:
        path: The scorecard.

    Raises:
        DsltError: The file is missing or not a scorecard.
    """
    groups: dict[str, list[str]] = {}
    for rows in _claims(path).values():
        outcome, where = _outcome(rows)
        groups.setdefault(outcome, []).append(rows[0].text + (f" ({where})" if where else ""))

    def count(*outcomes: str) -> int:
        return sum(len(groups.get(outcome, ())) for outcome in outcomes)

    def named(outcome: str) -> str:
        texts = groups.get(outcome, [])
        more = f"; and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
        return f": {'; '.join(texts[:SHOWN])}{more}" if texts else ""

    untested = count(NOT_RUN, NOT_COMPARABLE)
    tested = count(*groups) - untested
    doubts = [text.format(count(o)) for o, text in DOUBTS.items() if count(o)]
    if not tested:
        return [f"This study could test none of the {untested} claims of the paper."]
    are = "is" if count(CONTRADICTED) < 2 else "are"
    same = f"; in {count(SAME)} there is no difference worth the name{named(SAME)}"
    left = [f"{count(*DOUBTS)} cannot be told: {', '.join(doubts)}"] if doubts else []
    left += [f"{untested} could not be tested"] if untested else []
    return [
        f"{count(SUPPORTED) or 'None'} of the {tested} claims of the paper that this study could"
        f" test {'holds' if count(SUPPORTED) < 2 else 'hold'} in our data{named(SUPPORTED)}.",
        f"{count(CONTRADICTED) or 'None'} of them {are} contradicted{named(CONTRADICTED)}"
        f"{same if count(SAME) else ''}.",
        *([f"{'; '.join(left)}."] if left else []),
    ]


def judged_rows(path: Path) -> pd.DataFrame:
    """Read the rows of a scorecard that a claim is judged by, of one preset.

    The paper's preset is taken where it ran, else ours. `text` and `preset` are parts of `item`.

    Raises:
        DsltError: The file is missing or not a scorecard.
    """
    rows = read_scorecard(path).query("kind == 'claim'")
    against = [bool(printed) and float(printed) <= 0 for printed in rows["paper_value"]]
    judged = (rows["p"] != "") | rows["verdict"].isin([NOT_RUN, NOT_COMPARABLE])
    judged |= rows["note"].str.contains(_FEW, regex=False)
    rows = rows[judged & ~np.array(against, dtype=bool)]
    preset = rows["item"].str.extract(_PRESET, expand=False).fillna("")
    rows = rows.assign(text=rows["item"].str.replace(_PRESET, "", regex=True), preset=preset)
    others = (preset != "lite").groupby(rows["claim"]).transform("any")
    return rows[(preset != "lite") | ~others]


def _claims(path: Path) -> Mapping[str, Sequence[_Row]]:
    """Claim to its judged rows, of one preset."""
    columns = ["text", "preset", "our_benchmark", "verdict", "p", "note"]
    found: dict[str, list[_Row]] = {}
    for claim, *values in judged_rows(path)[["claim", *columns]].to_numpy().tolist():
        found.setdefault(claim, []).append(_Row(*values))
    return found


def _outcome(rows: Sequence[_Row]) -> tuple[str, str]:
    """What becomes of a claim, and where it was found so."""
    for outcome in (NOT_RUN, NOT_COMPARABLE):
        if {row.verdict for row in rows} <= {NOT_RUN, outcome}:
            return outcome, ""
    boards = [row for row in rows if row.p]
    told = [
        row
        for row in boards
        if row.verdict == SAME
        or (row.verdict in (SUPPORTED, CONTRADICTED) and float(row.p) * len(boards) <= LEVEL)
    ]
    opposite = {SUPPORTED, CONTRADICTED} <= {row.verdict for row in boards}
    if len({row.verdict for row in told}) == 1 and not opposite:
        where = dict.fromkeys(place(row.preset, row.benchmark) for row in told)
        return told[0].verdict, "; ".join(where)
    return (MIXED if told else next(_doubts(rows))), ""


def _doubts(rows: Sequence[_Row]) -> Iterator[str]:
    """Why a claim cannot be told, the strongest reason first."""
    if any(DEPENDS in row.note for row in rows):
        yield CONSTANT
    if all(_FEW in row.note for row in rows if row.verdict not in (NOT_RUN, NOT_COMPARABLE)):
        yield FEW
    yield CHANCE
