"""What the pages of sequences show of trackers, as plain values for their scripts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from dslt.data.benchmarks.truth.codes import words_of
from dslt.report.tables import decimals
from dslt.score.metrics import METRICS
from dslt.score.scores import Scores

# What sequences are scored by, the first one first, in words.
WORDS = {
    "success_auc": "AUC is the area under the success curve, in percent",
    "precision_20": "DP is the part of the frames within 20 px of the truth's centre, in percent",
    "norm_precision_20": "NP is the part of the frames within 0.2 of the truth's size, in percent",
    "accuracy": "A is the mean overlap while tracking",
    "failures": "failures, after each of which the tracker was started again",
}
DIGITS = 3  # more than are shown, so that orders and means are those of the files


@dataclass(frozen=True)
class ShownTracker:
    """A tracker on one benchmark, as the pages show it.

    Attributes:
        id: Its name in addresses.
        label: Its name for a reader.
        scores: Seed to scores.
        loss: The loss that it was trained with; empty where there is none, or it is not known.
    """

    id: str
    label: str
    scores: Mapping[int, Scores]
    loss: str = ""

    def values(self, seed: int, sequence: str, metrics: Iterable[str]) -> list[float | None]:
        """Give the metrics of one sequence in the unit of print; None where there is none."""
        row = self.scores[seed].sequences.get(sequence)
        found = [(name, getattr(row, name, None)) for name in metrics]
        return [None if v is None else round(METRICS[n].factor * v, DIGITS) for n, v in found]


def sequence_metrics(trackers: Sequence[ShownTracker]) -> list[str]:
    """Name the metrics that the trackers' sequences have."""
    rows = [
        row for one in trackers for run in one.scores.values() for row in run.sequences.values()
    ]
    return [name for name in WORDS if any(getattr(row, name) is not None for row in rows)]


def described(metrics: Iterable[str]) -> list[dict[str, Any]]:
    """Describe metrics for the scripts."""
    return [
        {
            "title": METRICS[name].with_unit,
            "words": WORDS[name],
            "unit": METRICS[name].unit,
            "digits": decimals(name),
            "less_is_better": METRICS[name].less_is_better,
        }
        for name in metrics
    ]


def attribute_words(codes: Iterable[str]) -> dict[str, str]:
    """Map attributes, in their alphabetical order, to what they stand for."""
    return {code: words_of(code) for code in sorted(set(codes))}


def script_data(values: Mapping[str, Any]) -> Markup:
    """Write values as JSON that can stand in a `<script>`; NaN is refused."""
    text = json.dumps(values, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c"))
