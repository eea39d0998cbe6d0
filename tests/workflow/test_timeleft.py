"""The line that says how long a run will take."""

import logging

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from snakemake_logger_plugin_timeleft import FEWEST, Forecast, LogHandler, text


def ran(forecast, rule, jobs, seconds, begin=0.0):
    """Run jobs of a rule one after the other."""
    for number, job in enumerate(jobs):
        forecast.rules[job] = rule
        forecast.start(job, begin + number * seconds)
        forecast.finish(job, begin + (number + 1) * seconds)


def test_jobs_take_as_long_as_those_of_their_rule():
    forecast = Forecast()
    forecast.plan({"track": 10, "score": 20, "total": 30})
    assert forecast.seconds(0.0) is None
    ran(forecast, "track", range(4), 60.0)
    ran(forecast, "score", range(4, 8), 2.0, begin=240.0)
    assert forecast.seconds(248.0) == pytest.approx(6 * 60 + 16 * 2)


def test_what_runs_at_once_and_what_is_under_way_counts():
    forecast = Forecast()
    forecast.plan({"track": 10})
    for lane in (0, 10):
        ran(forecast, "track", range(lane, lane + 3), 50.0)
    for job in (20, 21):
        forecast.rules[job] = "track"
        forecast.start(job, 150.0)
    assert forecast.seconds(175.0) == pytest.approx((4 * 50 - 50) / 2)


def test_a_rule_without_a_job_done_is_guessed():
    forecast = Forecast()
    forecast.plan({"a": FEWEST, "b": 2})
    ran(forecast, "a", range(FEWEST), 10.0)
    assert forecast.seconds(10.0 * FEWEST) == pytest.approx(2 * 10)


def test_a_job_that_failed_is_left_and_does_not_run():
    forecast = Forecast()
    forecast.plan({"track": 40})
    forecast.rules[99] = "track"
    forecast.start(99, 0.0)
    forecast.fail(99)
    ran(forecast, "track", range(20), 60.0)
    assert forecast.seconds(1200.0) == pytest.approx(20 * 60)


def test_a_job_that_overruns_takes_nothing_from_the_others():
    forecast = Forecast()
    forecast.plan({"track": 10})
    ran(forecast, "track", range(FEWEST), 10.0)
    forecast.rules[50] = "track"
    forecast.start(50, 50.0)
    assert forecast.seconds(150.0) == pytest.approx((10 - FEWEST - 1) * 10)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(10, "less than a minute"), (70, "about 1 minute left"), (3600, "about 60 minutes")],
)
def test_words(seconds, words):
    assert words in text(seconds)
    assert text(5 * 3600) == "about 5 hours left"


def test_a_line_is_printed_now_and_then(capsys):
    handler = LogHandler(None, None)

    def tell(now, **more):
        record = logging.makeLogRecord(more)
        record.created = now
        handler.emit(record)

    tell(0.0, event=LogEvent.RUN_INFO, stats={"track": 20, "total": 20})
    for job in range(FEWEST + 2):
        tell(job * 10.0, event=LogEvent.JOB_INFO, jobid=job, rule_name="track")
        tell(job * 10.0, event=LogEvent.JOB_STARTED, jobs=[f"uuid of the group of {job}"])
        tell(job * 10.0 + 10, event=LogEvent.JOB_FINISHED, job_id=job)
        tell(job * 10.0 + 10, event=LogEvent.PROGRESS, done=job + 1, total=20)
    tell(1.0, event=None, msg="something else")
    tell(95.0, event=LogEvent.JOB_INFO, jobid=77, rule_name="track")
    tell(96.0, event=LogEvent.JOB_ERROR, jobid=77)
    assert not handler.forecast.started
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("about 2 minutes left")
    assert f"{FEWEST} of 20 jobs" in lines[0]
