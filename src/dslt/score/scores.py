"""The score file: what one run of a cell over a benchmark scores, with the conventions named."""

import json
from pathlib import Path
from typing import Any, Literal

from dslt.core.errors import DsltError
from dslt.core.jsonfile import read_json
from dslt.score.metrics import SCORES
from dslt.settings.base import Model, Settings, validate

Values = tuple[float, ...]


class _Metrics(Settings):
    """Scores, those that the protocol defines. Rates are parts of 1, never percent.

    Attributes:
        success_auc: Area under the success curve.
        precision_20: Part of the frames whose centre is within 20 px of the truth's.
        norm_precision_20: Part of the frames whose centre is within 0.2 of the truth's size.
        accuracy: Mean overlap while tracking; None where no frame counts.
        robustness: Failures per 100 frames.
        failures: Number of failures, averaged over repetitions.
        failures_weighted: Mean of the failures by tag, weighted by the tags' lengths.
        eao: Expected average overlap.
    """

    success_auc: float | None = None
    precision_20: float | None = None
    norm_precision_20: float | None = None
    accuracy: float | None = None
    robustness: float | None = None
    failures: float | None = None
    failures_weighted: float | None = None
    eao: float | None = None

    def defined(self) -> dict[str, float]:
        """Map the metrics that there are to their values, in the order of the tables."""
        values = {name: getattr(self, name) for name in SCORES}
        return {name: value for name, value in values.items() if value is not None}


class Summary(_Metrics):
    """Scores over all sequences; frames per second is the median sequence's."""

    fps: float | None = None


class Curve(Settings):
    """A curve: its thresholds (or lengths) and the mean at each."""

    thresholds: Values
    values: Values


class Curves(Settings):
    """The curves that the protocol defines.

    `expected_overlap` is over sequence lengths in frames, the others are over thresholds.
    """

    success: Curve | None = None
    precision: Curve | None = None
    norm_precision: Curve | None = None
    expected_overlap: Curve | None = None


class AttributeScore(_Metrics):
    """Scores over the sequences (one pass) or frames (supervised) that carry an attribute."""

    sequences: int | None = None
    frames: float | None = None


class ExpectedOverlaps(Settings):
    """What one sequence adds to the expected average overlap, for each length of the interval.

    EAO is the mean over the lengths of the sum of `overlaps` over the sum of `weights`, both over
    the sequences.
    """

    overlaps: Values
    weights: Values


class SequenceScore(_Metrics):
    """One sequence: its source video, scores, curves and speed.

    Attributes:
        overlap_sum: Sum of the overlaps that count for accuracy, of a supervised run.
        overlap_weight: Number of these overlaps, or what the protocol weights the sequence by.
        expected: What a supervised run adds to the EAO.
    """

    video: str
    attributes: tuple[str, ...]
    frames: int
    success: Values | None = None
    precision: Values | None = None
    overlap_sum: float | None = None
    overlap_weight: float | None = None
    expected: ExpectedOverlaps | None = None
    fps: float | None = None
    init_seconds: float | None = None

    def sums(self, metric: str) -> tuple[Values, Values] | None:
        """What the sequence adds to a metric.

        Returns:
            `top` and `bottom`, both (K,): the metric over sequences is the mean over K of the sum
            of `top` over the sum of `bottom`. None where it is no such ratio, or not defined.
        """
        if metric == "eao" and self.expected is not None:
            return self.expected.overlaps, self.expected.weights
        if metric == "accuracy" and self.overlap_sum is not None:
            return (self.overlap_sum,), (self.overlap_weight or 0.0,)
        if metric == "robustness" and self.failures is not None:
            return (100 * self.failures,), (float(self.frames),)
        if metric in ("success_auc", "precision_20", "norm_precision_20"):
            value = getattr(self, metric)
            return None if value is None else ((value,), (1.0,))
        return None


class Scores(Settings):
    """One cell on one benchmark with one seed.

    Attributes:
        box_origin: Where the result files count pixels from.
        complete: False where annotations of some of the benchmark's sequences were missing.
        alternatives: Overall scores under the protocol's named alternatives, where asked for.
        raw: SHA-256 of the raw results that were scored, see `formats.layouts.checksum`. What reads
            those as well depends on this file: scores of others are another file.
    """

    cell: str
    benchmark: str
    seed: int
    conventions: dict[str, Any]
    box_origin: Literal[0, 1]
    notes: tuple[str, ...]
    complete: bool = True
    overall: Summary
    curves: Curves
    attributes: dict[str, AttributeScore]
    sequences: dict[str, SequenceScore]
    alternatives: dict[str, Summary] | None = None
    raw: str | None = None


def load_scores(path: Path) -> Scores:
    """Read a score file.

    Raises:
        DsltError: The file is missing, is not JSON, or is not a score file.
    """
    return read_made(Scores, path, "rule `score` (`dslt score`)")


def read_made(model: type[Model], path: Path, maker: str) -> Model:
    """Read a JSON record; where there is none, the error says what makes it.

    Raises:
        DsltError: The file is missing, is not JSON, or does not fit the model.
    """
    if not path.exists():
        raise DsltError(f"{path}: no such file; it is made by {maker}")
    return validate(model, read_json(path), str(path))


def to_json(record: Settings) -> str:
    """Text of a record: indented, NaN refused, unset values left out, one trailing newline."""
    values = record.model_dump(mode="json", exclude_none=True)
    return json.dumps(values, indent=1, allow_nan=False) + "\n"
