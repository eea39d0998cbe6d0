"""Protocols as typed data: what `config/protocols.yaml` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import Field, model_validator

from dslt.errors import DsltError, unknown
from dslt.settings import Settings, validate

HEADLINE_PIXELS = 20.0


class Thresholds(Settings):
    """An evenly spaced list of thresholds, both ends included.

    Attributes:
        start: first threshold.
        step: distance of two thresholds.
        stop: last threshold, a whole number of steps from the first.
    """

    start: float
    step: float = Field(gt=0)
    stop: float

    @model_validator(mode="after")
    def _whole_steps(self) -> Thresholds:
        count = (self.stop - self.start) / self.step
        if count < 1 or abs(count - round(count)) > 1e-9:
            raise ValueError("stop - start must be a whole number of steps, at least one")
        return self

    def values(self) -> NDArray[np.float64]:
        """Build the thresholds as MATLAB's colon operator does.

        The lower half counts up from `start`, the upper half counts down from `stop`; a threshold
        of the upper half can differ from `start + k * step` in its last bit, which decides frames
        whose overlap is a round number.
        """
        count = round((self.stop - self.start) / self.step)
        index = np.arange(count + 1)
        upwards = self.start + index * self.step
        downwards = self.stop - (count - index) * self.step
        return np.where(index <= count // 2, upwards, downwards)


class SuccessThresholds(Thresholds):
    """Overlap thresholds; `counts` says whether an overlap equal to the threshold succeeds."""

    counts: Literal["above", "at_or_above"]


class PrecisionThresholds(Thresholds):
    """Centre distances in pixels; `counts` says whether a distance equal to the threshold hits."""

    counts: Literal["up_to", "below"]

    @model_validator(mode="after")
    def _has_headline(self) -> PrecisionThresholds:
        if HEADLINE_PIXELS not in self.values():
            raise ValueError(f"the thresholds must contain {HEADLINE_PIXELS:g} px, the headline")
        return self

    def headline(self) -> int:
        """Index of the 20 px threshold."""
        return int(np.flatnonzero(self.values() == HEADLINE_PIXELS)[0])


class OpeProtocol(Settings):
    """One-pass evaluation (Wu, Lim, Yang: Object Tracking Benchmark, TPAMI 2015).

    Attributes:
        kind: `ope`.
        title: for captions.
        success: overlap thresholds of the success curve.
        precision: centre distances of the precision curve.
        first_frame: `ground_truth` replaces the result's first box by the truth.
        invalid_result: a box that is NaN or has no area repeats the previous one, or fails.
        invalid_ground_truth: `official` scores such a frame as a success miss and a precision
            hit, `skip` leaves it out.
    """

    kind: Literal["ope"]
    title: str
    success: SuccessThresholds
    precision: PrecisionThresholds
    first_frame: Literal["ground_truth", "result"]
    invalid_result: Literal["repeat", "failure"]
    invalid_ground_truth: Literal["official", "skip"]


Protocol = OpeProtocol
KINDS: dict[str, type[Protocol]] = {"ope": OpeProtocol}


def parse_protocol(values: Any, where: str) -> Protocol:
    """Check one protocol's definition; `values["kind"]` chooses the model.

    Raises:
        DsltError: unknown kind, unknown or missing key, or a value outside what is allowed.
    """
    kind = values.get("kind") if isinstance(values, dict) else None
    if not isinstance(kind, str) or kind not in KINDS:
        raise DsltError(f"{where}: {unknown('kind of protocol', kind, KINDS)}")
    return validate(KINDS[kind], values, where)


def load_protocols(path: Path) -> dict[str, Protocol]:
    """Read every protocol of a YAML file.

    Raises:
        DsltError: the file is missing or not a mapping, or an entry is wrong.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DsltError(f"{path}: cannot be read as YAML: {error}") from None
    if not isinstance(entries, dict):
        raise DsltError(f"{path}: expected a mapping from names to protocols")
    return {str(name): parse_protocol(entry, f"{path}: {name}") for name, entry in entries.items()}
