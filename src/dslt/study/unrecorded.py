"""Results that Snakemake has no record of are made again."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snakemake.jobs import Job
    from snakemake.persistence import PersistenceBase


def remake_unrecorded() -> None:
    """Let Snakemake, in this process, make again what lies below `results` without a record.

    By itself it believes such a file whatever is edited, for it cannot know of what settings it is.
    That is so where nobody saw a job end: a cluster went on when its run was broken off. A workflow
    that has this one as a module is treated alike; under a prefix of a module, nothing is.
    """
    from snakemake import persistence

    persistence.PersistenceBase.has_metadata = _has_metadata  # type: ignore[method-assign]


def _has_metadata(self: "PersistenceBase", job: "Job") -> bool:
    """Stand in for Snakemake's own, which is asked when nothing else speaks for a job."""
    there = [path for path in job.output if path.startswith("results/") and Path(path).exists()]
    if any(self.metadata(path) is None for path in there):
        self.dag.reason(job).forced = True
    return all(self.metadata(path) is not None for path in job.output)  # ends at the first
