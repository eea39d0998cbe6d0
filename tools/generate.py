"""Write what follows from the code: the schema of `config.yaml`, tables, lists of figures.

python tools/generate.py            write
python tools/generate.py --check    say which file is not as it would be written, and fail
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel

from dslt.data.benchmarks.definitions import Benchmark
from dslt.data.downloads.definitions import Download
from dslt.data.pairs.sets.kinds import TrainingSet
from dslt.demo.lost import LostSettings
from dslt.settings.base import json_schema, models_in, notes
from dslt.settings.catalog import FIGURES, PAGES, TABLES
from dslt.settings.kinds import kinds_of
from dslt.settings.protocols import ConfidenceProtocol, Protocol
from dslt.settings.registry import TRACKERS
from dslt.study.cells import COLUMNS
from dslt.study.settings import CHOICES, StudySettings

ROOT = Path(__file__).resolve().parents[1]
SCHEMA = ROOT / "workflow" / "schemas" / "config.schema.yaml"
README = ROOT / "config" / "README.md"
SLURM = ROOT / "profiles" / "slurm" / "profile.yaml"
DVC = ROOT / "dvc.yaml"


def keys_of(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str]]:
    """List the keys of a model with what they mean, those of models inside it by their path."""
    for name, field in model.model_fields.items():
        inner = models_in(field.annotation)
        if name in FIGURES and inner:
            continue  # they have a table of their own
        if name in notes(model):
            yield f"`{above}{name}`", notes(model)[name]
        if len(inner) == 1:
            yield from keys_of(inner[0], f"{above}{name}.")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write a Markdown table."""
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in r] for r in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace(" --- ", "---")


def config() -> str:
    """Describe the keys of `config.yaml`."""
    return table(["key", "meaning"], keys_of(StudySettings))


def figures() -> str:
    """List the figures and tables of the catalog with the keys of their choices."""
    drawn = [
        (f"`{name}`", entry.heading, ", ".join(f"`{key}`" for key in choice.model_fields))
        if (choice := CHOICES.get(entry.source))
        else (f"`{name}`", entry.heading, "")
        for name, entry in FIGURES.items()
    ]
    written = [(f"`{name}`", entry.heading, "") for name, entry in TABLES.items()]
    users: dict[tuple[str, str], list[str]] = {}
    for name, entry in FIGURES.items():
        if choice := CHOICES.get(entry.source):
            for row in keys_of(choice):
                users.setdefault(row, []).append(f"`{name}`")
    of_all = max(map(len, users.values()))
    choices = (
        (key, "all" if len(names) == of_all else ", ".join(names), text)
        for (key, text), names in users.items()
    )
    first = table(["name", "shows", "keys"], [*drawn, *written])
    return first + "\n" + table(["key", "figures", "meaning"], choices)


def cells() -> str:
    """Describe the columns of the sheet of cells."""
    return table(["column", "meaning"], ((f"`{name}`", text) for name, text in COLUMNS.items()))


def trackers() -> str:
    """Describe the keys of every tracker's settings."""
    parts = []
    for name, entry in TRACKERS.items():
        rows = [row for row in keys_of(entry.settings) if row[0] != "`tracker`"]
        parts.append(f"### `{name}.yaml`\n\n{table(['key', 'meaning'], rows)}")
    return "\n".join(parts)


def kinds(models: Mapping[str, type[BaseModel]]) -> str:
    """Describe the keys of entries of several kinds, each with the kinds that have it."""
    users: dict[tuple[str, str], list[str]] = {}
    for kind, model in models.items():
        for row in keys_of(model):
            users.setdefault(row, []).append(f"`{kind}`")
    rows = (
        (key, "all" if len(names) == len(models) else ", ".join(names), text)
        for (key, text), names in users.items()
    )
    return table(["key", "kinds", "meaning"], rows)


def groups() -> str:
    """Put the short jobs of the catalog together, as Slurm shall see them."""
    rules = {f"table_{name}": "tables" for name in TABLES}
    rules |= {f"figure_{name}": "figures" for name in FIGURES}
    rules |= {f"plot_{name}": "figures" for name, entry in FIGURES.items() if entry.plot}
    rules |= {f"page_{name}": "pages" for name in PAGES}
    return "".join(f"  {rule}: {group}\n" for rule, group in rules.items())


def plots() -> str:
    """List the pictures of the figures."""
    return "".join(f"  - results/figures/{name}.png\n" for name in FIGURES)


Parts = Mapping[str, Callable[[], str]]
PARTS: Parts = {
    "config.yaml": config,
    "figures": figures,
    "cells": cells,
    "trackers": trackers,
    "benchmarks": lambda: kinds(kinds_of(Benchmark)),
    "training sets": lambda: kinds(kinds_of(TrainingSet)),
    "downloads": lambda: kinds(kinds_of(Download)),
    "protocols": lambda: kinds(kinds_of(Protocol | ConfidenceProtocol)),
    "lost": lambda: table(["key", "meaning"], keys_of(LostSettings)),
}


def filled(path: Path, parts: Parts, comment: str = "# {}") -> str:
    """Put what is written between the marks of a file."""
    text = path.read_text(encoding="utf-8")
    for name, write in parts.items():
        begin = comment.format(f"{name}: written by tools/generate.py") + "\n"
        end = comment.format("end")
        mark = re.compile(rf"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        if not mark.search(text):
            raise SystemExit(f"{path}: no mark {begin.strip()}")
        made = f"{begin}{write()}{end}"
        text = mark.sub(made.replace("\\", r"\\"), text, count=1)
    return text


def main() -> None:
    """Write the files, or check them."""
    made = {
        SCHEMA: yaml.safe_dump(json_schema(StudySettings), width=100, allow_unicode=True),
        README: filled(README, PARTS, "<!-- {} -->"),
        SLURM: filled(SLURM, {"catalog": groups}),
        DVC: filled(DVC, {"figures": plots}),
    }
    stale = [path for path, text in made.items() if path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        if stale:
            names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
            raise SystemExit(f"{names}: not what the code says; run `python tools/generate.py`")
        return
    for path in stale:
        path.write_text(made[path], encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
