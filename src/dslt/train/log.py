"""What a training tells while it runs: a line per step, and tables per epoch."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dslt.core.csvfile import write_rows
from dslt.core.errors import DsltError
from dslt.core.files import atomic_write, write_errors
from dslt.train.state import Progress

STEPS = "steps.jsonl"


class StepLog:
    """JSON lines, one per step, added to as the training goes on.

    Args:
        path: The file. Lines of steps after `step` are dropped: they were lost with the state, and
            are done again.
        step: Number of steps done so far.

    Raises:
        DsltError: The file is damaged, or cannot be written.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        # A killed writer may have left half a line at the end.
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        try:
            kept = [line + b"\n" for line in lines if json.loads(line)["step"] <= step]
        except (ValueError, TypeError, KeyError) as error:
            raise DsltError(
                f"{path}: not a readable log of steps ({error}); remove {path.parent} to start "
                "again"
            ) from None
        with atomic_write(path) as temporary:
            temporary.write_bytes(b"".join(kept))
        self.file = path.open("a", encoding="utf-8")

    def write(self, values: Mapping[str, Any]) -> None:
        """Add a line."""
        with write_errors(self.path):
            self.file.write(json.dumps(values) + "\n")
            self.file.flush()


def write_tables(progress: Progress, folder: Path) -> None:
    """Write `log.csv`, one row per epoch, and `validation.csv`, one row per epoch and sequence.

    Epoch 0 is the untrained network; epoch `k` is what `k` epochs of training made of it.

    Raises:
        DsltError: A file cannot be written.
    """
    # An epoch of which every step was left out has no means.
    header = max((list(row) for row in progress.epochs), key=len)
    rows = ([_text(row.get(name)) for name in header] for row in progress.epochs)
    write_rows(folder / "log.csv", header, rows)
    scores = ((epoch, name, video, _text(auc)) for epoch, name, video, auc in progress.scores)
    write_rows(folder / "validation.csv", ("epoch", "sequence", "video", "success_auc"), scores)


def _text(value: float | None) -> str:
    """Write a number with six digits; what is not there stays empty."""
    return "" if value is None else f"{value:.6g}"
