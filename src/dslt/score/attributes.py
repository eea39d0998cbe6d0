"""Scores per attribute: the mean over the sequences that carry it."""

from collections.abc import Mapping, Sequence

import numpy as np

from dslt.core.arrays import Floats


def per_attribute(
    attributes: Sequence[Sequence[str]], scores: Mapping[str, Floats]
) -> dict[str, dict[str, float]]:
    """Average scores over the sequences of each attribute.

    Args:
        attributes: Attribute codes of each of S sequences.
        scores: Metric name to (S,) scores.

    Returns:
        Code to the metrics' means and `sequences`, the number of sequences behind them; codes in
        alphabetical order.
    """
    rows: dict[str, dict[str, float]] = {}
    for code in sorted({code for codes in attributes for code in codes}):
        carries = np.array([code in codes for codes in attributes])
        rows[code] = {metric: float(values[carries].mean()) for metric, values in scores.items()}
        rows[code]["sequences"] = int(carries.sum())
    return rows
