"""Scores of a network on held-out sequences while it is trained offline (Fig. 16, lower part)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dslt.core.csvfile import read_frame
from dslt.core.errors import DsltError, cut
from dslt.core.names import split_seed
from dslt.core.text import split_pair

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("epoch", "sequence", "video", "success_auc")
FORM = "CELL@SEED=FILE"


def read_validation(path: Path) -> pd.DataFrame:
    """Read `validation.csv` of a training.

    Returns:
        Success AUC in [0, 1]: a row for each epoch that was validated, in order, 0 for the
        untrained network; a column `(sequence, video)` for each sequence, by name.

    Raises:
        DsltError: The file is missing, malformed or incomplete.
    """
    if not path.is_file():
        raise DsltError(f"{path}: no such file; rule `train` (`dslt train`) makes it")
    rows = read_frame(
        path,
        "a validation record",
        dtype={"sequence": str, "video": str},
        keep_default_na=False,
        na_values={"success_auc": [""]},
    )
    lacking = [name for name in COLUMNS if name not in rows]
    if lacking:
        raise DsltError(f"{path}: lacks the columns {', '.join(lacking)}")
    if rows.empty:
        raise DsltError(f"{path}: holds no score; was the training validated?")
    try:
        table = rows.pivot(index="epoch", columns=["sequence", "video"], values="success_auc")
        table = table.astype(np.float64).sort_index(axis=0).sort_index(axis=1)
    except ValueError as error:
        raise DsltError(f"{path}: not a validation record ({cut(error)})") from None
    if not np.isfinite(table.to_numpy()).all():
        raise DsltError(f"{path}: not every sequence has a score after every epoch: incomplete")
    return table


def read_validations(specs: Iterable[str]) -> dict[str, dict[int, pd.DataFrame]]:
    """Read the validations of cells and seeds; all seeds of a cell have the same sequences.

    Args:
        specs: `CELL@SEED=FILE`.

    Returns:
        Cell -> seed -> table as `read_validation` returns it; seeds ascend.

    Raises:
        DsltError: As `read_validation`; a spec is malformed or given twice; or the files of one
            cell hold different sequences or epochs.
    """
    found: dict[str, dict[int, pd.DataFrame]] = {}
    first: dict[str, tuple[str, pd.DataFrame]] = {}
    for spec in specs:
        key, name = split_pair(spec, f"--validation {FORM}")
        cell, seed = split_seed(key, f"--validation {FORM}")
        if seed in found.setdefault(cell, {}):
            raise DsltError(f"--validation: {key} was given twice")
        table = read_validation(Path(name))
        other, known = first.setdefault(cell, (name, table))
        if not table.columns.equals(known.columns):
            differing = table.columns.symmetric_difference(known.columns)
            odd = sorted(set(differing.get_level_values(0)))
            raise DsltError(
                f"{name}: other sequences than {other} ({', '.join(odd)}); "
                "validate all seeds of a cell alike"
            )
        found[cell][seed] = table
    for cell, seeds in found.items():
        tables = list(seeds.values())
        if not all(table.index.equals(tables[0].index) for table in tables):
            raise DsltError(f"{cell}: its seeds were validated after different epochs")
    return {cell: dict(sorted(seeds.items())) for cell, seeds in found.items()}
