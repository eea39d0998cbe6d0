"""The jobs that Snakemake would run, read from its dry run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from dslt.core.errors import DsltError

STEMS = ("data", "train", "track", "score", "compare", "figures", "report")
NOTHING = "Nothing to be done"
_HEAD = re.compile(r"^(?:local)?(?:rule|checkpoint) (\S+):$", re.MULTILINE)
_FIELD = re.compile(r"^ {4}(output|log): (.+)$", re.MULTILINE)
_BANNER = re.compile(r"^SNAKEMAKE\n=+\n.*?\n\n", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"(\S+) +(\d+)")


@dataclass(frozen=True)
class Job:
    """One job of a dry run.

    Attributes:
        rule: Its rule.
        stem: Where it belongs, which its log says; empty: a named target, which runs nothing.
        outputs: The files that it makes.
    """

    rule: str
    stem: str
    outputs: tuple[str, ...]


def plan_jobs(target: str, configfiles: Sequence[str], fresh: bool = False) -> list[Job]:
    """Ask Snakemake, in the project's folder, what it would run.

    Args:
        target: A rule or a file.
        configfiles: Overlays, as `snakemake --configfile` takes them.
        fresh: All jobs, whatever is there.

    Raises:
        DsltError: Snakemake cannot plan that, in its words; or its answer is not understood.
    """
    command = [sys.executable, "-m", "snakemake", target, "--dry-run"]
    command += ["--forceall"] if fresh else []
    command += ["--configfile", *configfiles] if configfiles else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = _BANNER.sub("", done.stderr + done.stdout).strip()
        raise DsltError(f"Snakemake cannot plan {target!r}; it says:\n{said}")
    return read_jobs(done.stdout)


def read_jobs(text: str) -> list[Job]:
    """Read what `snakemake --dry-run` printed.

    Raises:
        DsltError: There is no table of jobs, or the jobs listed below it are others.
    """
    counts, jobs = job_table(text), _listed(text)
    if not counts and not jobs and NOTHING in text:
        return []
    found = Counter(job.rule for job in jobs)
    if not counts or found != counts:
        raise DsltError(
            f"the dry run of Snakemake announced {sum(counts.values())} jobs and listed"
            f" {sum(found.values())}; is it kept quiet by a profile (`quiet`, SNAKEMAKE_PROFILE)?"
        )
    return [job for job in jobs if job.stem]


def job_table(text: str) -> Counter[str]:
    """Read the first table `Job stats`: rule -> number of jobs.

    Raises:
        DsltError: The table's total is not that of its rows.
    """
    counts: Counter[str] = Counter()
    for line in text.partition("\nJob stats:\n")[2].splitlines()[2:]:
        row = _ROW.fullmatch(line.rstrip())
        if not row:
            break
        if row[1] == "total":
            if int(row[2]) != counts.total():
                raise DsltError(
                    f"Snakemake's table of jobs: {row[2]} in all, {counts.total()} read"
                )
            break
        counts[row[1]] = int(row[2])
    return counts


def _listed(text: str) -> list[Job]:
    """Read the jobs one by one, named targets included."""
    _, *parts = _HEAD.split(text)
    return [
        _job(rule, dict(_FIELD.findall(body)))
        for rule, body in zip(parts[::2], parts[1::2], strict=True)
    ]


def _job(rule: str, fields: dict[str, str]) -> Job:
    outputs = tuple(fields.get("output", "").split(", ")) if "output" in fields else ()
    if not outputs:
        return Job(rule, "", ())
    log = PurePosixPath(fields.get("log", "").split(", ")[0]).parts
    if len(log) < 3 or log[0] != "logs" or log[1] not in STEMS:
        raise DsltError(f"rule {rule}: expected a log below logs/<stem>, one of {', '.join(STEMS)}")
    return Job(rule, log[1], outputs)


def count_stems(jobs: Iterable[Job]) -> dict[str, int]:
    """Count the jobs of each stem."""
    counts = Counter(job.stem for job in jobs)
    return {stem: counts[stem] for stem in STEMS}
