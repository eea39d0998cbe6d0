"""A run of the tiny study on a cluster, and what Slurm says about its jobs."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass

from cluster import Cluster
from tiny import Repository

PATIENCE = 1200.0
"""Seconds in which a thing that has to happen happens, on a machine with other work."""
OPTIONS = [
    *("--workflow-profile", "slurm", "--latency-wait", "20"),
    *("--slurm-init-seconds-before-status-checks", "3"),  # jobs are short
]


@dataclass(frozen=True)
class SlurmJob:
    """A job, as squeue tells it; `rule` is Snakemake's comment, with wildcards."""

    number: str
    state: str
    nodes: str
    rule: str


def hear_interrupts() -> None:
    """Undo what a shell does to all that it starts in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class SlurmRun:
    """Snakemake on this machine, its jobs on the cluster."""

    def __init__(self, cluster: Cluster, repository: Repository) -> None:
        self.cluster, self.repository = cluster, repository
        self.log = repository.path / "run.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        """Start Snakemake, after whose end it may be started again."""
        environment = self.repository.environment
        path = os.pathsep.join([self.cluster.environment["PATH"], environment["PATH"]])
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.repository.command(*arguments, *OPTIONS),
                cwd=self.repository.path,
                env=environment | self.cluster.environment | {"PATH": path},
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=hear_interrupts,
            )

    def wait(self) -> int:
        """Wait for Snakemake's end; its exit status."""
        assert self.process is not None
        return self.process.wait(PATIENCE)

    def succeed(self, *arguments: str) -> None:
        """Run to the end, without a failure."""
        self.start(*arguments)
        assert self.wait() == 0, self.failure()

    def interrupt(self) -> None:
        """Ask Snakemake to end, as Ctrl-C does."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """Kill Snakemake, which can tell nobody."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End what is left."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        self.cluster.cancel()

    def jobs(self, rule: str = "") -> list[SlurmJob]:
        """List the jobs of this run, ended ones too, whose rule begins so."""
        path = self.repository.path
        text = self.cluster.call(
            "squeue", "--noheader", "--states=all", "--format=%i|%T|%N|%k|%Z", "--sort=i"
        )
        rows = [line.split("|") for line in text.splitlines()]
        found = [SlurmJob(*row[:4]) for row in rows if row[4] == str(path)]
        return [job for job in found if job.rule.startswith(f"rule_{rule}")]

    def running(self, rule: str) -> SlurmJob:
        """Wait until a job of a rule runs."""
        found: list[SlurmJob] = []

        def runs() -> bool:
            found[:] = [job for job in self.jobs(rule) if job.state == "RUNNING"]
            return bool(found)

        self.until(runs)
        return found[0]

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds while Snakemake runs."""

        def held() -> bool:
            assert self.process is not None
            done = holds()
            assert done or self.process.poll() is None, self.failure()
            return done

        self.cluster.wait_for(held, PATIENCE)

    def said(self) -> str:
        """What Snakemake has printed."""
        return self.log.read_text()

    def failure(self) -> str:
        """Join all that was printed by Snakemake, by the jobs and by Slurm."""
        own = self.repository.path.glob(".snakemake/slurm_logs/**/*.log")
        logs = [f"== {log}\n{log.read_text()[-3000:]}" for log in own]
        return self.repository.failure("\n".join([self.cluster.logs(), *logs, self.said()]))
