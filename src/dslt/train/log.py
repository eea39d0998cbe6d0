"""What a training tells while it runs: a line per step, and tables per epoch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from dslt.core.csvfile import write_rows
from dslt.core.files import atomic_write, write_error
from dslt.train.state import Progress

FILE = "steps.jsonl"


class StepLog:
    """JSON lines, one per step, added to as the training goes on.

    Args:
        path: the file. Lines of steps after `step` are dropped: they were lost with the state, and
            are done again.
        step: steps done so far.

    Raises:
        DsltError: if it cannot be written.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        kept = [line for line in _lines(path) if _step_of(line) <= step]
        with atomic_write(path) as temporary:
            temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        self.file: IO[str] = path.open("a", encoding="utf-8")

    def write(self, values: Mapping[str, Any]) -> None:
        """Add a line."""
        try:
            self.file.write(json.dumps(values) + "\n")
            self.file.flush()
        except OSError as error:
            raise write_error(self.path, error) from error

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def _lines(path: Path) -> list[str]:
    """Read the whole lines of a file; a killed writer may have left half a line at its end."""
    if not path.exists():
        return []
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def _step_of(line: str) -> int:
    """Read the step of a line."""
    return int(json.loads(line)["step"])


def write_tables(progress: Progress, folder: Path) -> None:
    """Write `log.csv`, one row per epoch, and `validation.csv`, one row per epoch and sequence.

    Epoch 0 is the untrained network; epoch `k` is what `k` epochs of training made of it.

    Raises:
        DsltError: if a file cannot be written.
    """
    header = list(progress.epochs[-1])
    rows = ([_text(row.get(name)) for name in header] for row in progress.epochs)
    write_rows(folder / "log.csv", header, rows)
    scores = ((epoch, name, video, _text(auc)) for epoch, name, video, auc in progress.scores)
    write_rows(folder / "validation.csv", ("epoch", "sequence", "video", "success_auc"), scores)


def _text(value: float | None) -> str:
    """Write a number with six digits; what is not there stays empty."""
    return "" if value is None else f"{value:.6g}"
