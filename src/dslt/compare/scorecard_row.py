"""One line of the scorecard."""

from dataclasses import dataclass

from dslt.compare.verdicts import NOT_RUN
from dslt.score.metrics import METRICS

OWN_CLAIM = "own claim"  # `ScorecardRow.kind` of a claim of ours


@dataclass(frozen=True)
class ScorecardRow:
    """One line; numbers are in the unit of print, empty text where there is none.

    `low` and `high` are the ends of a 95 % interval: of a claim's difference over source videos and
    seeds, without correction; of a number over seeds. `p` is corrected for the family.
    """

    kind: str
    source: str
    item: str
    benchmark_paper: str
    paper_value: str
    claim: str = ""
    family: str = ""
    cell: str = ""
    our_benchmark: str = ""
    metric: str = ""
    unit: str = ""
    ours: str = ""
    low: str = ""
    high: str = ""
    p: str = ""
    sequences: str = ""
    videos: str = ""
    seeds: str = ""
    verdict: str = NOT_RUN
    note: str = ""


def shown(value: float, low: float | None, high: float | None, metric: str) -> dict[str, str]:
    """Ours in the unit of print, with the metric's decimals."""
    factor, decimals = METRICS[metric].factor, METRICS[metric].decimals
    ends = {"ours": value, "low": low, "high": high}
    shown = {name: round(end * factor, decimals) for name, end in ends.items() if end is not None}
    return {name: f"{end + 0.0:.{decimals}f}" for name, end in shown.items()}  # + 0.0: no -0


def join(*notes: str) -> str:
    """Join notes, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
