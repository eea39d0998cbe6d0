"""First-frame training records: when did the loss fall to a twentieth of its start?

Fig. 16 compares the losses by the number of iterations. A loss's own value is not comparable
between losses, so both readings are kept: by its own value and by the criterion that all losses
share.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError, cut

WINDOW = 5
FRACTION = 0.05
COLUMNS = ("sequence", "iteration", "loss", "criterion")
CURVES = ("loss", "criterion")


@dataclass(frozen=True)
class Convergence:
    """Iterations until convergence of one sequence.

    Attributes:
        iterations: The first converged iteration, or the last recorded one where none is.
        censored: True where the record ended before the training converged.
    """

    iterations: int
    censored: bool

    def checked(self, cap: int, where: str) -> Self:
        """Return it, unless the record ended without convergence while others go on to `cap`.

        Raises:
            DsltError: It did; the message starts with `where`.
        """
        if self.censored and self.iterations < cap:
            raise DsltError(
                f"{where}: the record ends at iteration {self.iterations} without convergence,"
                f" others of different length go on to {cap}: incomplete"
            )
        return self


def iterations_to_converge(values: Floats, window: int = WINDOW, part: float = FRACTION) -> int:
    """First iteration at which the moving mean over the start value falls below `part`.

    Args:
        values: (K + 1,) loss or criterion at iterations 0..K; iteration 0 is the start.
        window: Number of latest values that the mean is taken over, the current one included; no
            iteration before `window` - 1 can be the first.
        part: Fraction of the start value.

    Returns:
        An iteration in 0..K, or -1 where the mean never falls below.
    """
    if len(values) < window:
        return -1
    means = np.convolve(values / values[0], np.full(window, 1 / window), mode="valid")
    below = np.flatnonzero(means < part)
    return int(below[0]) + window - 1 if len(below) else -1


def read_records(path: Path) -> dict[str, dict[str, Floats]]:
    """Read a convergence file.

    Returns:
        Sequence to `loss` and `criterion`, each (K + 1,) over iterations 0..K.

    Raises:
        DsltError: The file is missing, lacks a column or a row's number, or the iterations of a
            sequence are not 0, 1, 2, ... with a positive start value.
    """
    rows: dict[str, list[tuple[int, float, float]]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            lacking = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if lacking:
                raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}")
            for row in reader:
                entry = int(row["iteration"]), float(row["loss"]), float(row["criterion"])
                rows.setdefault(row["sequence"], []).append(entry)
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise DsltError(f"{path}: not a convergence record ({cut(error)})") from None
    return {name: _curves(entries, f"{path}, {cut(name)}") for name, entries in rows.items()}


def _curves(entries: list[tuple[int, float, float]], where: str) -> dict[str, Floats]:
    """Check the order of one sequence's rows and split them into curves."""
    table = np.array(entries, dtype=np.float64)
    if not np.array_equal(table[:, 0], np.arange(len(table))):
        raise DsltError(f"{where}: expected the iterations 0..{len(table) - 1}, one row each")
    if not np.isfinite(table).all() or (table[0, 1:] <= 0).any():
        raise DsltError(f"{where}: loss and criterion must be finite, and positive at iteration 0")
    return dict(zip(CURVES, table[:, 1:].T, strict=True))


def convergence(values: Floats) -> Convergence:
    """Find where one sequence's loss or criterion, (K + 1,) as above, converged."""
    first = iterations_to_converge(values)
    return Convergence(len(values) - 1 if first < 0 else first, first < 0)
