"""The metrics: names, units of print, directions, ranges."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """How a metric is shown and read.

    Attributes:
        title: Short title for columns and axes.
        unit: Unit of print; what is printed in percent is a part of 1 in our files.
        less_is_better: True where a small value is good.
        bounds: The least and the largest value that there can be, in our files.
        decimals: How many are written, in the unit of print.
    """

    title: str
    unit: str
    less_is_better: bool = False
    bounds: tuple[float, float] = (0.0, 1.0)
    decimals: int = 2

    @property
    def with_unit(self) -> str:
        """The title, and that it is in percent where it is."""
        return f"{self.title} (%)" if self.unit == "%" else self.title

    @property
    def factor(self) -> float:
        """From our files to print."""
        return 100.0 if self.unit == "%" else 1.0


OPEN = (0.0, math.inf)
METRICS: dict[str, Metric] = {
    "success_auc": Metric("AUC", "%"),
    "precision_20": Metric("DP", "%"),
    "norm_precision_20": Metric("NP", "%"),
    "eao": Metric("EAO", "", decimals=4),
    "accuracy": Metric("A", "", decimals=4),
    "robustness": Metric("R", "failures/100 frames", less_is_better=True, bounds=OPEN, decimals=4),
    "failures": Metric("failures", "", less_is_better=True, bounds=OPEN),
    "failures_weighted": Metric("failures by tag", "", less_is_better=True, bounds=OPEN),
    "fps": Metric("frames/s", "frames/s", bounds=OPEN),
    "validation_auc": Metric("held-out AUC", "%"),
    "iterations_own": Metric("own iterations", "iterations", less_is_better=True, bounds=OPEN),
    "iterations_common": Metric(
        "common iterations", "iterations", less_is_better=True, bounds=OPEN
    ),
    "confidence_f": Metric("F", "", decimals=4),
    "confidence_precision": Metric("Pr", "", decimals=4),
    "confidence_recall": Metric("Re", "", decimals=4),
    "confidence_ap": Metric("AP", "", decimals=4),
    "confidence_auroc": Metric("AUROC", "", decimals=4),
    "confidence_ece": Metric("ECE", "", less_is_better=True, decimals=4),
    "confidence_absent": Metric("TNR", "", decimals=4),
}
# By protocol, in the order of the tables; the first one ranks.
OPE = ("success_auc", "precision_20", "norm_precision_20")
VOT = ("eao", "accuracy", "robustness", "failures", "failures_weighted")
SCORES = (*OPE, *VOT)
# Of the scores that a tracker gives its own boxes.
CONFIDENCE = (
    *("confidence_f", "confidence_precision", "confidence_recall"),
    *("confidence_ap", "confidence_auroc", "confidence_ece", "confidence_absent"),
)
