"""The picture of the first page: judged claims as intervals, on one scale for each unit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from dslt.compare.verdicts import INCONCLUSIVE, VERDICTS
from dslt.report import html
from dslt.report.summary import judged_rows, place
from dslt.score.metrics import METRICS
from dslt.settings.catalog import listed

POINTS = "percentage points"


@dataclass(frozen=True)
class ClaimInterval:
    """What our videos say of a claim.

    Attributes:
        text: The claim.
        where: Preset and videos.
        metric: What it is judged by.
        value_text: Our difference, as the scorecard has it.
        interval: Its interval, likewise.
        verdict: What came out.
        low: Lower end of the interval; positive is as claimed.
        value: The difference.
        high: Upper end.
    """

    text: str
    where: str
    metric: str
    value_text: str
    interval: str
    verdict: str
    low: float
    value: float
    high: float


@dataclass(frozen=True)
class ClaimScale:
    """Claims in one unit.

    Attributes:
        unit: The unit.
        claims: The claims, by verdict and then by size.
        reach: Both ends of the scale, which has 0 in the middle.
    """

    unit: str
    claims: Sequence[ClaimInterval]
    reach: float

    @property
    def told(self) -> list[ClaimInterval]:
        """The claims with a verdict for or against them."""
        return [claim for claim in self.claims if claim.verdict != INCONCLUSIVE]

    @property
    def untold(self) -> list[ClaimInterval]:
        """The others."""
        return [claim for claim in self.claims if claim.verdict == INCONCLUSIVE]

    @property
    def metrics(self) -> str:
        """What they are judged by, in words."""
        return listed(list(dict.fromkeys(claim.metric for claim in self.claims)))

    @property
    def end(self) -> str:
        """The upper end of the scale, with two digits that count."""
        return f"{float(f'{self.reach:.2g}'):g}"

    def place(self, value: float) -> str:
        """Place a value on the scale, in percent of its width from the left."""
        part = 50 + 50 * value / self.reach
        return f"{min(max(part, 0.0), 100.0):.2f}%"


def picture(scorecard: Path) -> Markup:
    """Draw the claims that were judged with an interval; empty where there are none.

    Raises:
        DsltError: The file is missing or not a scorecard.
    """
    return html.fill("found", scales=list(_scales(judged_rows(scorecard))))


def _scales(rows: pd.DataFrame) -> Iterator[ClaimScale]:
    """Sort the rows of a scorecard by unit: what is told first, then the scores."""
    bounded = rows[(rows["ours"] != "") & (rows["low"] != "") & (rows["high"] != "")]
    told = set(bounded.loc[bounded["verdict"] != INCONCLUSIVE, "unit"])
    units = sorted(set(bounded["unit"]), key=lambda unit: (unit not in told, unit != POINTS, unit))
    for unit in units:
        claims = [_claim(row) for row in bounded[bounded["unit"] == unit].to_dict("records")]
        claims.sort(key=lambda claim: (VERDICTS.index(claim.verdict), -claim.value))
        reach = max(max(abs(claim.low), abs(claim.high)) for claim in claims)
        yield ClaimScale(unit, claims, 1.05 * reach or 1.0)


def _claim(row: dict[str, str]) -> ClaimInterval:
    """Turn a row so that positive is as claimed."""
    less = METRICS[row["metric"]].less_is_better
    ends = [float(row[name]) * (-1 if less else 1) for name in ("low", "ours", "high")]
    low, value, high = sorted(ends) if less else ends
    return ClaimInterval(
        row["text"][:1].upper() + row["text"][1:],
        place(row["preset"], row["our_benchmark"]),
        METRICS[row["metric"]].title,
        row["ours"],
        row["interval"],
        row["verdict"],
        low,
        value,
        high,
    )
