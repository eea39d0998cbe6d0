"""A plan as text for a terminal of 100 columns (Markdown tables), and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from tabulate import tabulate

from dslt.study.cost.amounts import total
from dslt.study.cost.costs import Row
from dslt.study.cost.downloads import Needed
from dslt.study.cost.make import Plan, Stem

LEGEND = "`~`: a guess is in it. `?`: not known and not counted."
WIDTH = 98


def plan_text(plan: Plan) -> str:
    """Write the whole plan."""
    parts = [
        "\n".join([f"To make `{plan.target}`. {LEGEND}", *_speeds(plan)]),
        stem_table(plan),
        *work_tables(plan),
        download_table(plan.downloads),
        to_do(plan.downloads),
        _unknown(plan.unknown),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def stem_table(plan: Plan) -> str:
    """Jobs, hours, disk and download volume of each stem; hours of the whole study beside them."""
    unit = plan.speeds.unit
    titles = ("stem", "jobs left", f"{unit} left", "of", "on disk", "to fetch")
    everything = sum(plan.stems.values(), Stem(0))
    rows = [
        (
            name,
            f"{stem.jobs:,}",
            str(stem.hours_left) if stem.hours else "",
            str(stem.hours) if stem.hours else "",
            stem.disk.as_bytes() if stem.disk else "",
            stem.fetch.as_bytes() if stem.fetch else "",
        )
        for name, stem in {**plan.stems, "all": everything}.items()
    ]
    return _table(titles, rows, words=1)


def work_tables(plan: Plan) -> list[str]:
    """Trainings, runs and recorded first frames that are left."""
    unit = plan.speeds.unit
    kinds = (
        (f"Training, {unit}:", plan.trainings, ("preset", "network", "runs", "pairs")),
        (f"Tracking, {unit}:", plan.runs, ("network", "benchmark", "runs", "frames")),
        (
            f"First frames recorded up to the cap, {unit}:",
            plan.records,
            ("network", "benchmark", "cells", "first frames"),
        ),
    )
    return [
        f"{head}\n\n{_work(rows, titles)}"
        for head, rows, titles in kinds
        if any(row.left for row in rows)
    ]


def _work(rows: Sequence[Row], titles: tuple[str, ...]) -> str:
    """One line for each group of which anything is left."""
    shown = [row for row in rows if row.left]
    lines = [
        (*row.names, _share(row), str(row.size), str(row.one), str(row.hours_left)) for row in shown
    ]
    hours = total(row.hours_left for row in shown)
    lines.append(("all", "", str(sum(row.left for row in shown)), "", "", str(hours)))
    return _table((*titles[:3], f"{titles[3]} each", "h each", "h left"), lines, words=2)


def download_table(downloads: Sequence[Needed]) -> str:
    """What comes from elsewhere, whether it is there, and who may fetch it."""
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
    return f"Downloads:\n\n{_table(titles, rows, words=2, last=1)}" if rows else ""


def to_do(downloads: Iterable[Needed]) -> str:
    """What a person has to do, once for downloads that ask for the same."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in downloads:
        if one.steps and not one.there:
            alike.setdefault((one.steps, one.page), []).append(one.name)
    items = [
        textwrap.fill(
            f"- {', '.join(names)}: {steps} {f'({page})' if page else ''}".rstrip(),
            WIDTH,
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
        for (steps, page), names in alike.items()
    ]
    return "\n".join(["For a person to do:", "", *items]) if items else ""


def to_json(plan: Plan) -> str:
    """Write the plan as JSON; each amount says whether it is a guess and what it lacks."""
    measured = plan.speeds.measured
    values = {
        "target": plan.target,
        "device": {
            "name": plan.speeds.name,
            "kind": plan.speeds.kind,
            "date": measured.date if measured else None,
            "command": measured.command if measured else None,
            "given": plan.speeds.given,
        },
        "stems": {name: asdict(stem) for name, stem in plan.stems.items()},
        "trainings": [asdict(row) for row in plan.trainings],
        "runs": [asdict(row) for row in plan.runs],
        "records": [asdict(row) for row in plan.records],
        "downloads": [asdict(one) for one in plan.downloads],
        "unknown": plan.unknown,
    }
    return json.dumps(values, indent=1) + "\n"


def _speeds(plan: Plan) -> list[str]:
    """Say whose hours these are."""
    measured, name = plan.speeds.measured, plan.speeds.name
    when = f", measured {measured.date}" if measured else ""
    lines = [f"Hours are those of: {name}{when}."]
    for rate, numbers in plan.speeds.given.items():
        lines += [f"As given: {rate} of {n} = {number:g}." for n, number in numbers.items()]
    return lines


def _unknown(parts: Sequence[str]) -> str:
    if not parts:
        return ""
    text = f"Not known, not counted: {', '.join(parts)}."
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _share(row: Row) -> str:
    return str(row.left) if row.left >= row.of else f"{row.left} of {row.of}"


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], words: int, last: int = 0) -> str:
    """A Markdown table; the first and last columns of words to the left, numbers to the right."""
    align = ["left"] * words + ["right"] * (len(titles) - words - last) + ["left"] * last
    return tabulate(rows, titles, tablefmt="pipe", disable_numparse=True, colalign=align)
