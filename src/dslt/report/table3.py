"""Table 3, the losses, for the reader of a page."""

import re
from collections.abc import Hashable
from pathlib import Path

import pandas as pd

from dslt.report import tables
from dslt.report.links import links
from dslt.score.metrics import METRICS, SCORES
from dslt.settings.catalog import benchmark_title

# Where, what, and whether it is a difference to the reference.
_COLUMN = re.compile(
    rf"(?P<where>.+?)_(?P<what>{'|'.join(SCORES)}|sequences|videos|seeds)(?P<difference>_difference)?"
)


def losses(path: Path) -> pd.DataFrame:
    """Read Table 3 for the reader of a page: titles in words, ends of intervals in one column.

    Raises:
        DsltError: The file is missing or not Table 3.
    """
    found = tables.read_table(path, {"part", "item", "paper_success_auc"}, "Table 3")
    shown = pd.DataFrame(index=found.index)
    numbers: list[str] = []
    for name in (name for name in map(str, found) if not name.endswith(("_low", "_high"))):
        title = _spoken(name)
        shown[title] = found[name]
        if f"{name}_low" in found:
            shown[f"{title}, interval"] = tables.intervals(
                found[f"{name}_low"], found[f"{name}_high"]
            )
        numbers += [title, f"{title}, interval"] if _COLUMN.fullmatch(name) else []
    shown["Item"] = links(
        [(row["item"], _benchmark(row), [row.get("cell", "")]) for row in found.to_dict("records")],
        shown,
    )
    shown.attrs["numbers"] = numbers
    return shown


def _benchmark(row: dict[Hashable, str]) -> str:
    """Name the first of our benchmarks on which a row's tracker ran; empty: none."""
    places = (_COLUMN.fullmatch(str(name)) for name, value in row.items() if value)
    found = [parts["where"] for parts in places if parts and parts["what"] in SCORES]
    return next((where for where in found if where not in ("paper", "validation")), "")


def _spoken(name: str) -> str:
    """Name a column of Table 3 in words: where, what, and whether it is a difference."""
    parts = _COLUMN.fullmatch(name)
    if not parts:
        return name if len(name) == 1 else name.capitalize()
    where = "Paper" if parts["where"] == "paper" else benchmark_title(parts["where"])
    what = METRICS[parts["what"]].title if parts["what"] in METRICS else parts["what"]
    return f"{where}: {what}" + (" minus reference" if parts["difference"] else "")
