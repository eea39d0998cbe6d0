"""The verdicts on claims and printed numbers."""

from dslt.compare.bootstrap import VIDEOS_FOR_VERDICT, Interval
from dslt.score.metrics import METRICS

SUPPORTED = "supported"
CONTRADICTED = "contradicted"
INCONCLUSIVE = "inconclusive"
NOT_COMPARABLE = "not comparable"
NOT_RUN = "not run"


def judge(interval: Interval, videos: int, metric: str) -> tuple[str, str]:
    """Judge the claim that a difference (better minus worse) has the sign of `metric`.

    Args:
        interval: Interval of the difference.
        videos: Number of source videos behind it.
        metric: Name of the metric, which says whether more or less is better.

    Returns:
        The verdict, and the reason where there is an interval and it decides nothing.
    """
    if interval.low is None or interval.high is None:
        return INCONCLUSIVE, ""
    if interval.low <= 0 <= interval.high:
        return INCONCLUSIVE, "the interval contains 0"
    if videos < VIDEOS_FOR_VERDICT:
        chance = 100 * 2.0 ** (1 - videos)
        return INCONCLUSIVE, (
            f"the interval excludes 0, but {videos} source videos agree by chance in {chance:.0f} %"
            f" of cases; a verdict needs {VIDEOS_FOR_VERDICT} videos"
        )
    gains = interval.high < 0 if METRICS[metric].less_is_better else interval.low > 0
    return (SUPPORTED if gains else CONTRADICTED), ""
