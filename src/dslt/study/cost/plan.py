"""The plan of a study: jobs, hours, disk and downloads of each stem; as text and as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tabulate import tabulate

from dslt.study.cost.amounts import Amount, known_or, total
from dslt.study.cost.downloads import Needed
from dslt.study.cost.hours import Hours, TaskGroup, tasks_of, whole_tasks
from dslt.study.cost.jobs import STEMS, PlannedJob
from dslt.study.cost.speeds import Speeds

# Bytes of what is written, guesses from studies that were run. Of a network: its parameters and
# buffers in float32; its state while it is trained is so many times as large.
MODEL = {
    "siamfc-alexnet_groups": 9.4e6,
    "siamfc-efficientnet_lite0": 0.4e6,
    "rtmdnet-vgg_m": 34e6,
    "rtmdnet-efficientnet_lite0": 0.6e6,
    "siamrpn-alexnet": 25e6,
    "siamrpn-resnet50_dilated": 216e6,
}
STATE = 3.0
# A frame's box and records; curves and maps of a recorded first frame; what another job leaves.
FRAME = 100.0
RECORD = 120e3
JOB = {"data": 0.5e6, "score": 50e3, "compare": 5e3, "figures": 0.7e6, "report": 0.6e6}
LEGEND = "`~`: a guess is in it. `?`: not known and not counted."
WIDTH = 98
RECORDED = "First frames recorded up to the cap"
# The head and the first titles of the table of each kind of tasks.
TASKS = {
    "trainings": ("Training", "preset", "network", "runs", "pairs"),
    "runs": ("Tracking", "network", "benchmark", "runs", "frames"),
    "records": (RECORDED, "network", "benchmark", "cells", "first frames"),
}
# The last two titles: of runs, what is left one by one and in lockstep; and of the others.
WAYS, EACH = ("one by one", "lockstep"), ("h each", "h left")


class StemCost(NamedTuple):
    """What is left of a stem.

    Attributes:
        jobs: Number of jobs to do.
        hours_left: Hours of these jobs.
        hours: Hours of the stem in the whole study.
        disk: Bytes that the jobs add.
        fetch: Bytes to fetch.
    """

    jobs: int
    hours_left: Amount
    hours: Amount
    disk: Amount
    fetch: Amount


@dataclass(frozen=True)
class StudyPlan:
    """What a study costs.

    Attributes:
        target: What Snakemake was asked for.
        speeds: Speeds that hours are made of.
        stems: Mapping of stems to what is left of them.
        groups: Mapping of `trainings`, `runs` and `records` to their groups.
        downloads: What comes from elsewhere.
    """

    target: str
    speeds: Speeds
    stems: dict[str, StemCost]
    groups: dict[str, list[TaskGroup]]
    downloads: list[Needed]

    @property
    def everything(self) -> StemCost:
        """Sum over all stems."""
        jobs, *amounts = zip(*self.stems.values(), strict=True)
        return StemCost(sum(jobs), *map(total, amounts))

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is not counted, in words."""
        return total(self.everything[1:]).unknown

    def to_json(self) -> str:
        """Write the plan as JSON; each amount says whether it is a guess and what it lacks."""
        device, measured = self.speeds, self.speeds.measured
        values = {
            "target": self.target,
            "device": {
                "name": device.name,
                "kind": device.kind,
                "date": measured and measured.date,
                "command": measured and measured.command,
                "given": device.given,
            },
            "stems": {name: stem._asdict() for name, stem in self.stems.items()},
            **self.groups,
            "downloads": self.downloads,
            "unknown": self.unknown,
        }
        return json.dumps(values, indent=1, default=vars) + "\n"


def make_plan(
    target: str, jobs: Sequence[PlannedJob], hours: Hours, downloads: list[Needed]
) -> StudyPlan:
    """Put a plan together.

    Args:
        target: What is to be made.
        jobs: What Snakemake would run for it.
        hours: Hours of the study's tasks.
        downloads: What the study needs.
    """
    left = tasks_of((path for job in jobs for path in job.outputs), hours.study)
    groups = hours.groups(left, whole_tasks(hours.study))
    trainings, runs, records = groups.values()
    tasks = {"train": [*trainings, *records], "track": runs}
    fetched = [one for one in downloads if not one.there]
    disk = {
        "data": total(one.disk for one in fetched),
        "train": _models(trainings) + _output_bytes(records, RECORD),
        "track": _output_bytes(runs, FRAME),
    }
    counts = Counter(job.stem for job in jobs)
    stems = {
        stem: StemCost(
            jobs=counts[stem],
            hours_left=total(group.hours_left for group in tasks.get(stem, ())),
            hours=total(group.hours for group in tasks.get(stem, ())),
            disk=Amount(JOB.get(stem, 0.0), guess=True) * counts[stem] + disk.get(stem, Amount()),
            fetch=total(one.bytes for one in fetched if stem == "data"),
        )
        for stem in STEMS
    }
    return StudyPlan(target, hours.speeds, stems, groups, downloads)


def _output_bytes(groups: Iterable[TaskGroup], each: float) -> Amount:
    """Give the bytes of what is left of some tasks, at so many bytes for each frame or sequence."""
    return total(group.size_left for group in groups) * Amount(each, guess=True)


def _models(trainings: Iterable[TaskGroup]) -> Amount:
    """Give the bytes of trained networks, and of one state: it goes when its training ends."""
    sizes = {
        group: known_or(f"bytes of {group.names[1]} when trained", MODEL.get(group.names[1]), True)
        for group in trainings
        if group.left
    }
    state = max(sizes.values(), key=lambda size: size.value, default=Amount())
    return total(size * group.left for group, size in sizes.items()) + state * STATE


def plan_text(plan: StudyPlan) -> str:
    """Write the whole plan."""
    parts = [
        f"To make `{plan.target}`. {LEGEND}\n{_speeds(plan)}",
        stem_table(plan),
        *task_tables(plan),
        download_table(plan.downloads),
        to_do(plan.downloads),
        _fill(f"Not known, not counted: {', '.join(plan.unknown)}.") if plan.unknown else "",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def stem_table(plan: StudyPlan) -> str:
    """Write jobs, hours, disk and download volume of each stem; hours of the whole study beside."""
    unit = plan.speeds.unit
    titles = ("stem", "jobs left", f"{unit} left", "of", "on disk", "to fetch")
    rows = [
        (
            name,
            f"{stem.jobs:,}",
            *(str(hours) if stem.hours else "" for hours in (stem.hours_left, stem.hours)),
            *(size.as_bytes() if size else "" for size in (stem.disk, stem.fetch)),
        )
        for name, stem in {**plan.stems, "all": plan.everything}.items()
    ]
    return _table(titles, rows, "lrrrrr")


def task_tables(plan: StudyPlan) -> list[str]:
    """Write the trainings, runs and recorded first frames that are left."""
    tables = []
    for kind, (head, *titles, size) in TASKS.items():
        groups = [group for group in plan.groups[kind] if group.left]
        if kind == "runs":
            heads = WAYS
            pairs = [(group.alone_left, group.lockstep_left) for group in groups]
            sums = [str(total(amounts)) for amounts in zip(*pairs, strict=True)]
        else:
            heads, pairs = EACH, [(group.one, group.hours_left) for group in groups]
            sums = ["", str(total(group.hours_left for group in groups))]
        rows = [
            (
                *group.names,
                str(group.left) if group.left >= group.of else f"{group.left} of {group.of}",
                *map(str, (group.size, *pair)),
            )
            for group, pair in zip(groups, pairs, strict=True)
        ]
        rows.append(("all", "", str(sum(group.left for group in groups)), "", *sums))
        table = _table((*titles, f"{size} each", *heads), rows, "llrrrr")
        tables += [f"{head}, {plan.speeds.unit}:\n\n{table}"] if groups else []
    return tables


def download_table(downloads: Sequence[Needed]) -> str:
    """Write what comes from elsewhere, whether it is there, and who may fetch it."""
    rows = [
        (
            one.name,
            ", ".join(one.users),
            one.bytes.as_bytes(),
            one.disk.as_bytes(),
            "there" if one.there else one.access,
        )
        for one in downloads
    ]
    titles = ("download", "for", "size", "on disk", "access")
    return f"Downloads:\n\n{_table(titles, rows, 'llrrl')}" if rows else ""


def to_do(downloads: Iterable[Needed]) -> str:
    """Write what a person has to do, once for downloads that ask for the same."""
    alike: dict[str, list[str]] = {}
    for one in downloads:
        if one.steps and not one.there:
            text = f"{one.steps} ({one.page})" if one.page else one.steps
            alike.setdefault(text, []).append(one.name)
    items = [_fill(f"- {', '.join(names)}: {text}", "  ") for text, names in alike.items()]
    return "\n".join(["For a person to do:", "", *items]) if items else ""


def _speeds(plan: StudyPlan) -> str:
    """Name the device whose hours these are, and what was given in place of its speeds."""
    measured, name = plan.speeds.measured, plan.speeds.name
    lines = [f"Hours are those of: {name}{f', measured {measured.date}' if measured else ''}."]
    for rate, numbers in plan.speeds.given.items():
        lines += [f"As given: {rate} of {n} = {number:g}." for n, number in numbers.items()]
    tracked = dict.fromkeys(group.names[0] for group in plan.groups["runs"])
    apart = [network for network in tracked if plan.speeds.decoding_apart(network)]
    if apart:
        which = "" if len(apart) == len(tracked) else f" of {', '.join(apart)}"
        lines.append(_fill(f"Decoding of frames comes on top{which}."))
    if plan.speeds.lockstep not in ("never", "graphs"):
        lines.append(
            "Tracking counts in lockstep where it runs so and was measured, else one by one."
        )
    return "\n".join(lines)


def _fill(text: str, indent: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], align: str) -> str:
    """Write a Markdown table; `l` and `r` align its columns to the left and to the right."""
    sides = ["left" if side == "l" else "right" for side in align]
    return tabulate(rows, titles, tablefmt="pipe", disable_numparse=True, colalign=sides)
