"""Kill a small study at random moments, run it again, and compare what comes out.

    python tests/campaign/kills.py --out FOLDER [--kills 100] [--per-run 5] [--seed 0] [--from RUN]

The study is a real one: data are fetched from a server on this machine, pairs of two training sets
train a network, trackers run, and tables, figures and pages are made; at the end DVC records it.
The whole process group is killed, by SIGKILL and SIGTERM in turn, while a job of a chosen stem
runs, and the study is started again through the launcher. A study that was killed `--per-run` times
is allowed to end; then its files are compared, byte for byte, with those of studies that nobody
disturbed. What two such studies do not have in common is left out, and listed: the seconds that
`tools/digest.py` leaves out, and files that name times.

FOLDER gets `kills.csv` (each kill: moment, signal, the jobs that were running), `runs.csv` (each
study: the verdict) and `summary.txt`. `--from RUN` goes on after an interruption. Run it by hand: a
hundred kills take an hour on one core.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
for _place in ("tests/helpers", "tools"):
    sys.path.insert(0, str(ROOT / _place))

from digest import content  # noqa: E402

from download_examples import at_server, make_example  # noqa: E402
from http_server import Server  # noqa: E402
from tiny import TINY, Repository, copy_repository, make_commit  # noqa: E402

PORT = 8471  # the same in every run: receipts name addresses
FETCHED = ("otb", "coco2017", "ilsvrc_vid")
STEMS = ("data", "train", "track", "score", "compare", "tables", "figures", "report")
KEPT = ("results", "data")  # what is compared
PATIENCE = 3600  # seconds for a study to end, on a machine that others use, too
GRACE = 20  # seconds from SIGTERM to SIGKILL, as schedulers have them
# Rules whose names do not begin with their stem's.
_STEM_OF = {
    **dict.fromkeys(("fetch", "index"), "data"),
    **dict.fromkeys(("train", "converge"), "train"),
    **dict.fromkeys(("track", "respond"), "track"),
    **dict.fromkeys(("score",), "score"),
    **dict.fromkeys(("compare", "scorecard"), "compare"),
    **dict.fromkeys(("table",), "tables"),
    **dict.fromkeys(("figure",), "figures"),
    **dict.fromkeys(("page", "index_page", "workflow_report"), "report"),
}


def stem_of(rule: str) -> str:
    """Name the stem of a rule; empty of a target that only collects."""
    for length in range(rule.count("_") + 1, 0, -1):
        if found := _STEM_OF.get("_".join(rule.split("_")[:length])):
            return found
    return ""


def overlay(url: str) -> dict[str, object]:
    """The small study."""
    sets = {"vid": {"held_out": 0}, "coco": {"held_out": 0}}
    return yaml.safe_load(TINY) | {
        "benchmarks": {"OTB-2015": {"sequences": ["Basketball", "Walking"], "totals": None}},
        "downloads": {n: at_server(make_example(n).definition, url) for n in FETCHED},
        "agreed": ["ilsvrc_vid"],
        "run": {"OTB-2015": ["dslt_l2", "kcf", "siamfc_bce"]},
        "reference_cell": "kcf",
        "quick": {"benchmark": "OTB-2015", "cells": ["kcf"]},
        "convergence": {"run": {"OTB-2015": ["dslt_l2"]}, "iterations": 3},
        "sensitivity": {"pairs": [], "benchmarks": []},
        "training": {"sets": sets, "validation": {"procedural": 1, "texture": 0, "frames": 3}},
        "figures": {"make": ["fig04", "fig16"]},
        "tables": ["table3"],
        "pages": ["scorecard"],
    }


@dataclass(frozen=True)
class Job:
    """A job of a run: rule, output and number, and when it began and ended, in seconds."""

    rule: str
    output: str
    number: str
    begun: float
    ended: float

    @property
    def name(self) -> str:
        """What tells it from others, in every run."""
        return f"{self.rule} {self.output}".strip()


class Log:
    """What Snakemake prints, read while it is written."""

    def __init__(self, path: Path) -> None:
        self.path, self.start = path, time.monotonic()
        self._read, self._rule, self._output, self._rest = 0, "", "", ""
        self.running: dict[str, Job] = {}
        self.done: list[Job] = []

    def update(self) -> None:
        """Read what is new."""
        with self.path.open(errors="replace") as handle:
            handle.seek(self._read)
            text = handle.read()
            self._read = handle.tell()
        *lines, self._rest = (self._rest + text).split("\n")
        now = time.monotonic() - self.start
        for line in lines:
            if match := re.match(r"(?:local)?rule ([^:\s]+):", line):
                self._rule, self._output = match[1], ""
            elif match := re.match(r"    output: (.*)", line):
                self._output = match[1]
            elif match := re.match(r"    jobid: (\d+)", line):
                self.running[match[1]] = Job(self._rule, self._output, match[1], now, 0)
            elif match := re.match(r"Finished jobid: (\d+)", line):
                job = self.running.pop(match[1])
                self.done.append(Job(job.rule, job.output, job.number, job.begun, now))


class Campaign:
    """The studies, one after another in one place."""

    def __init__(self, out: Path, cores: int) -> None:
        self.out, self.cores = out, cores
        self.template = out / "template"
        self.study = Repository(out / "study")

    def make_template(self, url: str) -> None:
        """Make the repository in which nothing has run."""
        if self.template.exists():
            return
        building = copy_repository(self.out / "building")
        overrides = "training.pairs.sources={procedural: 0, coco: 4, vid: 4}"
        building.edit_cell("siamfc_bce", overrides)
        (building.path / "tiny.yaml").write_text(yaml.safe_dump(overlay(url)))
        shutil.rmtree(building.path / "frames")
        building.call("git", "init", "--quiet")
        make_commit(building)
        building.path.rename(self.template)

    def renew(self) -> None:
        """Begin with a study in which nothing has run."""
        shutil.rmtree(self.study.path, ignore_errors=True)
        shutil.copytree(self.template, self.study.path, symlinks=True)

    @contextmanager
    def running(self, name: str) -> Iterator[tuple[subprocess.Popen[bytes], Log]]:
        """Start the launcher in a process group of its own."""
        path = self.out / "logs" / f"{name}.txt"
        path.parent.mkdir(exist_ok=True)
        command = self.study.launcher("all")
        command[command.index("--cores") + 1] = str(self.cores)
        with path.open("wb") as handle:
            run = subprocess.Popen(
                command,
                cwd=self.study.path,
                env=self.study.environment | {"PYTHONUNBUFFERED": "1"},
                stdout=handle,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            yield run, Log(path)
        finally:
            if run.poll() is None:
                os.killpg(run.pid, signal.SIGKILL)
            run.wait()

    def complete(self, name: str) -> list[Job]:
        """Run the study to its end and let DVC record it."""
        with self.running(name) as (run, log):
            end = time.monotonic() + PATIENCE
            while run.poll() is None:
                log.update()
                if time.monotonic() > end:
                    raise SystemExit(f"{log.path}: not done after {PATIENCE} s")
                time.sleep(0.05)
            log.update()
        if run.returncode:
            raise RuntimeError(
                self.study.failure(f"exit code {run.returncode}\n{log.path.read_text()}")
            )
        self.study.call("dvc", "commit", "--force", "study")
        return log.done

    def kill(
        self, name: str, target: Job, share: float, number: int, done: set[str]
    ) -> dict[str, object] | None:
        """Run until a job is so far, and kill the process group; `None` where it came to its end.

        Args:
            name: Of the log.
            target: The job, as it was when nobody disturbed it.
            share: Part of its length after which the kill comes.
            number: Signal.
            done: Names of the jobs that are done; more are added.
        """
        with self.running(name) as (run, log):
            while True:
                if run.poll() is not None:
                    log.update()
                    if run.returncode:
                        raise RuntimeError(self.study.failure(log.path.read_text()))
                    return None
                log.update()
                now = time.monotonic() - log.start
                job = next((job for job in log.running.values() if job.name == target.name), None)
                gone = job is None and any(job.name == target.name for job in log.done)
                if gone or (job and now >= job.begun + share * (target.ended - target.begun)):
                    break
                time.sleep(0.01)
            moment = time.monotonic() - log.start
            os.killpg(run.pid, number)
            began, stayed = time.monotonic(), ""
            while group_lives(run):
                if not stayed and time.monotonic() - began > GRACE:
                    stayed = "yes"
                    os.killpg(run.pid, signal.SIGKILL)
                time.sleep(0.02)
            log.update()
            done.update(job.name for job in log.done)
            rules = sorted({job.rule for job in log.running.values()})
            return {
                "seconds": f"{moment:.2f}",
                "signal": signal.Signals(number).name,
                "aimed_at": target.name.partition(",")[0],
                "into_it": f"{share:.2f}",
                "running": " ".join(rules),
                "stems": " ".join(sorted({stem_of(rule) for rule in rules} - {""})),
                "done_before": len(log.done),
                "ended_after": f"{time.monotonic() - began:.2f}",
                "killed_after_all": stayed,
                "exit": run.poll(),
            }

    def files(self) -> dict[str, bytes]:
        """Everything that the study made, without what measures time."""
        found = {}
        for root in KEPT:
            for path in sorted((self.study.path / root).rglob("*")):
                if path.is_file() and ".cache" not in path.parts:
                    found[path.relative_to(self.study.path).as_posix()] = content(path)
        return found


def group_lives(run: subprocess.Popen[bytes]) -> bool:
    """Whether a process of the group is left; the first one is waited for on the way."""
    run.poll()
    try:
        os.killpg(run.pid, 0)
    except ProcessLookupError:
        return False
    return run.poll() is None or not _zombies_only(run.pid)


def _zombies_only(group: int) -> bool:
    """Whether all that is left of a group waits for a parent outside of it."""
    listed = subprocess.run(
        ["ps", "-eo", "pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return all(state.startswith("Z") for pgid, state in rows if int(pgid) == group)


def differences(first: dict[str, bytes], second: dict[str, bytes]) -> list[str]:
    """Name the files that differ or that one of them has not."""
    return sorted(
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    )


def plan(jobs: Sequence[Job], hits: Counter[str], count: int, chance: random.Random) -> list[Job]:
    """Choose the jobs that are killed in one study: stems that were hit least go first."""
    chosen: list[Job] = []
    counts = Counter(hits)
    for _ in range(count):
        left = [job for job in jobs if job not in chosen and stem_of(job.rule)]
        stems = sorted({stem_of(job.rule) for job in left})
        if not stems:
            break
        least = min(counts[stem] for stem in stems)
        stem = chance.choice([stem for stem in stems if counts[stem] == least])
        chosen.append(chance.choice([job for job in left if stem_of(job.rule) == stem]))
        counts[stem] += 1
    return sorted(chosen, key=lambda job: job.begun)


def append(path: Path, row: Mapping[str, object]) -> None:
    """Add a row to a CSV file."""
    new = not path.exists()
    with path.open("a", newline="") as handle:
        writer = csv.DictWriter(handle, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV file, none where there is none."""
    if not path.exists():
        return []
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def undisturbed(campaign: Campaign) -> tuple[list[Job], dict[str, bytes], list[str]]:
    """Run the study twice without a kill: its jobs, its files, and the files that differ anyway."""
    import pickle

    kept = campaign.out / "undisturbed.pickle"
    if not kept.exists():
        found = []
        for number in range(2):
            campaign.renew()
            jobs = campaign.complete(f"undisturbed-{number}")
            found.append(campaign.files())
        kept.write_bytes(pickle.dumps((jobs, found[0], differences(*found))))
    return pickle.loads(kept.read_bytes())


def disturbed(
    campaign: Campaign, number: int, jobs: Sequence[Job], hits: Counter[str], most: int, seed: int
) -> None:
    """Run one study and kill it on the way.

    Args:
        campaign: Where it runs.
        number: Of the study.
        jobs: The jobs of one that nobody disturbed.
        hits: How often a job of each stem was running when a kill came; more are added.
        most: Kills.
        seed: Of the campaign.
    """
    chance = random.Random(f"{seed}/{number}")
    campaign.renew()
    planned = plan(jobs, hits, most, chance)
    done: set[str] = set()
    kills = 0
    while left := [job for job in planned if job.name not in done]:
        planned = left[1:]
        share, how = chance.uniform(0, 0.9), chance.choice((signal.SIGKILL, signal.SIGTERM))
        killed = campaign.kill(f"{number:03d}-{kills}", left[0], share, how, done)
        if killed is None:
            break
        row = {"run": number, "kill": kills, "stem": stem_of(left[0].rule), **killed}
        append(campaign.out / "kills.csv", row)
        hits.update(str(row["stems"]).split())
        kills += 1


def keep_before(first: int, out: Path) -> list[dict[str, str]]:
    """Drop what was written of the studies from one on; gives the kills of those before."""
    kept: list[dict[str, str]] = []
    for path in (out / "runs.csv", out / "kills.csv"):
        kept = [row for row in rows_of(path) if int(row["run"]) < first]
        path.unlink(missing_ok=True)
        for row in kept:
            append(path, row)
    return kept


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--per-run", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--from", type=int, default=0, dest="first", metavar="RUN")
    parser.add_argument("--keep", action="store_true", help="keep each study that differs")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # with what it runs
    options.out = options.out.resolve()
    options.out.mkdir(parents=True, exist_ok=True)
    campaign = Campaign(options.out, options.cores)
    with Server(PORT) as server:
        for name in FETCHED:
            make_example(name).serve(server)
        server.slow_down(0.002)
        campaign.make_template(server.url)
        jobs, expected, apart = undisturbed(campaign)
        print(
            f"{len(jobs)} jobs, {len(expected)} files, left out: {', '.join(apart) or 'none'}",
            flush=True,
        )
        earlier = keep_before(options.first, options.out)
        hits = Counter(stem for row in earlier for stem in row["stems"].split())
        count = len(earlier)
        number = options.first
        while count < options.kills:
            start = time.monotonic()
            try:
                most = min(options.per_run, options.kills - count)
                disturbed(campaign, number, jobs, hits, most, options.seed)
                campaign.complete(f"{number:03d}-end")
                odd = sorted(set(differences(expected, campaign.files())) - set(apart))
                verdict = f"differs: {' '.join(odd)}" if odd else "identical"
                if "Nothing to be done" not in campaign.study.snakemake("all", "--dry-run").stdout:
                    verdict = f"{verdict}; something is left to do"
            except (AssertionError, RuntimeError) as error:
                verdict = "failed"
                (options.out / "logs" / f"{number:03d}-error.txt").write_text(str(error))
            seconds = time.monotonic() - start
            kills = sum(row["run"] == str(number) for row in rows_of(options.out / "kills.csv"))
            row = {"run": number, "kills": kills, "seconds": f"{seconds:.0f}", "verdict": verdict}
            append(options.out / "runs.csv", row)
            print(f"run {number}: {kills} kills, {seconds:.0f} s, {verdict}", flush=True)
            if verdict != "identical" and options.keep:
                campaign.study.path.rename(options.out / f"study-{number:03d}")
            if not kills:
                raise SystemExit(f"run {number} ended before it was killed; see {options.out}/logs")
            number, count = number + 1, count + kills
    text = summary(options.out)
    (options.out / "summary.txt").write_text(text)
    print(text)
    return int("not identical: 0 " not in text)


def summary(out: Path) -> str:
    """Say how many kills there were, of what, and what came of it."""
    kills, runs = rows_of(out / "kills.csv"), rows_of(out / "runs.csv")
    stems = Counter(stem for row in kills for stem in (row["stems"].split() or ["between jobs"]))
    signals = Counter(row["signal"] for row in kills)
    odd = [row for row in runs if row["verdict"] != "identical"]
    lines = [
        f"{len(kills)} kills in {len(runs)} studies; not identical: {len(odd)} ",
        "signals: " + ", ".join(f"{name} {count}" for name, count in sorted(signals.items())),
        "stems that were running: "
        + ", ".join(f"{name} {stems[name]}" for name in (*STEMS, "between jobs")),
        "moments, in seconds after the start: " + " ".join(row["seconds"] for row in kills),
        *(f"run {row['run']}: {row['verdict']}" for row in odd),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
