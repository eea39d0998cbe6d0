"""The verdicts on claims and printed numbers."""

from dataclasses import dataclass

from dslt.compare.intervals import LEVEL, VIDEOS_FOR_VERDICT, Interval
from dslt.score.metrics import METRICS

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
SAME = "no difference"
INCONCLUSIVE = "inconclusive"
SECONDARY = "not judged"
NOT_COMPARABLE = "not comparable"
NOT_RUN = "not run"
JUDGED = (SUPPORTED, CONTRADICTED, SAME, INCONCLUSIVE)
VERDICTS = (*JUDGED, SECONDARY, NOT_COMPARABLE, NOT_RUN)

SEEDS_FOR_VERDICT = 3
COUNTS = ("no", "one", "two")
NEEDED = "; a verdict needs {}"


@dataclass(frozen=True)
class Evidence:
    """What a claim is judged by.

    Attributes:
        interval: Of the difference, better minus worse.
        metric: Name of the metric, which says whether more or less is better.
        trained: Whether the cells are networks that were trained offline.
        seeds: Number of seeds, the smaller one of the two cells.
    """

    interval: Interval
    metric: str
    trained: bool = False
    seeds: int = SEEDS_FOR_VERDICT

    def refusal(self) -> str:
        """Say why this is too little for a verdict, whatever it shows; empty where it is not."""
        videos = self.interval.videos
        if self.interval.error is None:
            return f"no interval{NEEDED.format('one')}"
        if videos < VIDEOS_FOR_VERDICT:
            return f"{videos} source videos{NEEDED.format(VIDEOS_FOR_VERDICT)}"
        if self.trained and self.seeds < SEEDS_FOR_VERDICT:
            return few_seeds(self.seeds)
        return ""


def few_seeds(seeds: int) -> str:
    """Say that there are too few seeds for a verdict."""
    noun = "seed" if seeds == 1 else "seeds"
    count = COUNTS[seeds] if seeds < len(COUNTS) else str(seeds)
    return f"{count} {noun}{NEEDED.format(SEEDS_FOR_VERDICT)}"


def judge(
    evidence: Evidence, corrected: float, claims: int, same_within: float | None = None
) -> tuple[str, str]:
    """Judge the claim that a difference has the sign of its metric.

    Args:
        evidence: What it is judged by.
        corrected: Its p value, corrected for the comparisons that are judged with it.
        claims: Number of comparisons that are judged together.
        same_within: Differences up to this, in the unit of print, are none.

    Returns:
        The verdict, and the reason where it is no plain one.
    """
    if reason := evidence.refusal():
        return INCONCLUSIVE, reason
    interval = evidence.interval
    if corrected <= LEVEL:
        gains = (interval.value < 0) == METRICS[evidence.metric].less_is_better
        return (SUPPORTED if gains else CONTRADICTED), ""
    factor = METRICS[evidence.metric].factor
    wide = [factor * abs(end) for end in interval.ends(LEVEL / claims) if end is not None]
    if same_within is not None and max(wide) <= same_within:
        return SAME, f"the interval{_for(claims)} is within {same_within:g} of 0"
    low, high = interval.ends()
    if low is not None and high is not None and low <= 0 <= high:
        return INCONCLUSIVE, "the interval contains 0"
    if claims == 1:
        return INCONCLUSIVE, "the interval all but contains 0"
    return INCONCLUSIVE, f"the interval excludes 0, but not{_for(claims)}"


def _for(claims: int) -> str:
    """Say for how many comparisons an interval is corrected."""
    return f" if corrected for {claims} comparisons" if claims > 1 else ""


def judge_number(gap: float, half: float | None, tolerance: float, seeds: int) -> tuple[str, str]:
    """Judge whether ours is a printed number.

    Args:
        gap: Ours, the mean over seeds, minus the printed value.
        half: Half the width of the 95 % interval of ours over seeds; None where there is none.
        tolerance: How far ours may lie from the printed value.
        seeds: Number of seeds.
    """
    if half is None or seeds < SEEDS_FOR_VERDICT:
        return INCONCLUSIVE, few_seeds(seeds)
    if abs(gap) + half <= tolerance:
        return SUPPORTED, ""
    if abs(gap) - half > tolerance:
        return CONTRADICTED, ""
    return INCONCLUSIVE, "the interval over seeds is neither within nor beyond the tolerance"
