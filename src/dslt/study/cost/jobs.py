"""The jobs that Snakemake would run, read from its dry run."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from dslt.core.errors import DsltError

STEMS = ("data", "train", "track", "score", "compare", "figures", "report")
NOTHING = "Nothing to be done"
_HEAD = re.compile(r"^(?:local)?(?:rule|checkpoint) (\S+):$", re.MULTILINE)
_FIELD = re.compile(r"^ {4}(output|log): (.+)$", re.MULTILINE)
_BANNER = re.compile(r"^SNAKEMAKE\n=+\n.*?\n\n", re.MULTILINE | re.DOTALL)
_TOTAL = re.compile(r"^Job stats:\n(?:.+\n)*?total +(\d+) *$", re.MULTILINE)


class PlannedJob(NamedTuple):
    """One job of a dry run.

    Attributes:
        stem: Stem that it belongs to, by the folder of its log.
        outputs: Paths of the files that it makes.
    """

    stem: str
    outputs: tuple[str, ...]


def plan_jobs(target: str, configfiles: Sequence[str], fresh: bool = False) -> list[PlannedJob]:
    """Ask Snakemake, in the project's folder, what it would run.

    Args:
        target: A rule or a file.
        configfiles: Overlays, as `snakemake --configfile` takes them.
        fresh: Whether all jobs are listed, also those whose files are there.

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


def read_jobs(text: str) -> list[PlannedJob]:
    """Read what `snakemake --dry-run` printed; named targets, which run nothing, are left out.

    Raises:
        DsltError: The number of jobs is not the one that Snakemake announces in its table, or a
            job has no log that tells its stem.
    """
    _, *parts = _HEAD.split(text)
    rules, bodies = parts[::2], parts[1::2]
    table = _TOTAL.search(text)
    announced = int(table[1]) if table else 0
    if announced != len(rules) or not (rules or NOTHING in text):
        raise DsltError(
            f"the dry run of Snakemake announced {announced} jobs and listed {len(rules)}; is it"
            " kept quiet by a profile (`quiet`, SNAKEMAKE_PROFILE)?"
        )
    jobs = zip(rules, (dict(_FIELD.findall(body)) for body in bodies), strict=True)
    return [_job(rule, fields) for rule, fields in jobs if "output" in fields]


def _job(rule: str, fields: dict[str, str]) -> PlannedJob:
    log = PurePosixPath(fields.get("log", "").split(", ")[0]).parts
    if len(log) < 3 or log[0] != "logs" or log[1] not in STEMS:
        raise DsltError(f"rule {rule}: expected a log below logs/<stem>, one of {', '.join(STEMS)}")
    return PlannedJob(log[1], tuple(fields["output"].split(", ")))
