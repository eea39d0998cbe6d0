"""A logger plugin for Snakemake: how many minutes are left, from the jobs that are done.

The name of the package is how Snakemake finds it; `make` and `profiles/slurm` switch it on.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from logging import LogRecord
from statistics import mean, median
from typing import Any

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

FEWEST = 5  # jobs done before anything is said
PAUSE = 30.0  # seconds between two lines


class Forecast:
    """What is left of a run.

    A job is expected to take as long as those of its rule did on average, or where none is done
    yet, as long as the middle one of the other rules; as many run side by side as so far.
    """

    def __init__(self) -> None:
        self.left: dict[str, int] = {}
        self.rules: dict[int, str] = {}
        self.started: dict[int, float] = {}
        self.took: dict[str, list[float]] = defaultdict(list)
        self.begin: float | None = None

    def plan(self, counts: Mapping[str, int]) -> None:
        """Take the number of jobs of each rule."""
        self.left = {rule: count for rule, count in counts.items() if rule != "total"}

    def start(self, job: int, now: float) -> None:
        """Note that a job began at `now`, in seconds."""
        self.begin = now if self.begin is None else self.begin
        self.started[job] = now

    def finish(self, job: int, now: float) -> None:
        """Note that a job ended at `now`, in seconds."""
        rule = self.rules.get(job, "")
        if job in self.started:
            self.took[rule].append(now - self.started.pop(job))
        if self.left.get(rule):
            self.left[rule] -= 1

    def fail(self, job: int) -> None:
        """Note that a job ended without success; it is left, and may be tried again."""
        self.started.pop(job, None)

    def seconds(self, now: float) -> float | None:
        """Return the seconds that are left; None as long as too few jobs are done."""
        if self.begin is None or sum(map(len, self.took.values())) < FEWEST:
            return None
        means = {rule: mean(seconds) for rule, seconds in self.took.items()}
        other = median(means.values())
        work = sum(count * means.get(rule, other) for rule, count in self.left.items())
        ran = {job: now - begin for job, begin in self.started.items()}
        for job, seconds in ran.items():  # one that overruns has nothing left, no less
            work -= min(seconds, means.get(self.rules.get(job, ""), other))
        done = sum(map(sum, self.took.values())) + sum(ran.values())
        at_once = max(done / max(now - self.begin, 1e-3), 1e-3)
        return float(max(work, 0) / at_once)


def text(seconds: float) -> str:
    """Write a span of time in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    if minutes < 120:
        return f"about {minutes} minute{'s' if minutes > 1 else ''} left"
    return f"about {minutes / 60:.0f} hours left"


class LogHandler(LogHandlerBase):
    """Print a line now and then."""

    writes_to_stream = False  # Snakemake's own messages shall stay
    writes_to_file = False
    has_filter = True  # none: what Snakemake hides counts, too
    has_formatter = True  # none: nothing is formatted
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Begin with no jobs."""
        self.forecast = Forecast()
        self.printed = 0.0

    def emit(self, record: LogRecord) -> None:
        """Follow the jobs."""
        now, forecast, event = record.created, self.forecast, getattr(record, "event", None)
        told: Any = record
        if event == LogEvent.RUN_INFO:
            forecast.plan(told.stats)
        elif event == LogEvent.JOB_INFO:
            # Not at JOB_STARTED, which names a group of jobs and not its members.
            forecast.rules[told.jobid] = told.rule_name
            forecast.start(told.jobid, now)
        elif event == LogEvent.JOB_FINISHED:
            forecast.finish(told.job_id, now)
        elif event == LogEvent.JOB_ERROR:
            forecast.fail(told.jobid)
        elif event == LogEvent.PROGRESS:
            self._tell(told.done, told.total, now)

    def _tell(self, done: int, total: int, now: float) -> None:
        """Say how long it will take, unless it was said just now."""
        left = self.forecast.seconds(now)
        if left is None or done == total or now - self.printed < PAUSE:
            return
        self.printed = now
        clock = time.strftime("%H:%M", time.localtime(now + left))
        print(f"{text(left)} (until {clock}): {done} of {total} jobs are done", file=sys.stderr)
