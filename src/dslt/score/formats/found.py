"""The result files of a folder, however they lie there."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dslt.core.errors import DsltError

Content = Literal["boxes", "runs"]


@dataclass(frozen=True)
class ResultFiles:
    """The result files of a folder.

    Attributes:
        layout: One of `LAYOUTS` or `otb-json`; `otb` stands for `pysot` too.
        files: Name of the sequence, as the files spell it, to its repetitions in their order.
        seconds: The same name to its records of time: one file for all repetitions, or one each.
        notes: What was chosen where there was a choice.
    """

    layout: str
    files: dict[str, tuple[Path, ...]]
    seconds: dict[str, tuple[Path, ...]]
    notes: tuple[str, ...]


def scan(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the files and of the folders in a folder, sorted; hidden ones are left out."""
    try:
        shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise DsltError(f"{folder}: not a readable folder ({error.strerror})") from None
    folders = {path.name for path in shown if path.is_dir()}
    return [path.name for path in shown if path.name not in folders], sorted(folders)


def nothing(folder: Path, files: list[str], folders: list[str]) -> DsltError:
    """The error for a folder without results, with what is in it instead."""
    inside = [*(f"{name}/" for name in folders), *files]
    hint = "; give the tracker's own folder" if folders and not files else ""
    for name in () if folders else files:
        end = name.rpartition(".")[2]
        if end == "csv" or (end != end.lower() and end.lower() in {"txt", "mat", "json"}):
            hint = f"; rename the .{end} files to .{'txt' if end == 'csv' else end.lower()}"
    hint = "; give the tracker's folder in results/" if "results" in folders else hint
    return DsltError(
        f"{folder}: no result files; expected <sequence>.txt, <sequence>_<tracker>.mat,"
        " <sequence>.json or <sequence>/<sequence>_001.txt, found"
        f" {some(inside) or 'nothing'}{hint}"
    )


def some(names: Sequence[str], most: int = 8) -> str:
    """Name the first few of a list."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
