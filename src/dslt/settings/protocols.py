"""Protocols as typed data: what `config/protocols.yaml` may say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from dslt.core.definitions import read_definitions
from dslt.core.errors import DsltError, unknown
from dslt.core.text import merge
from dslt.settings.base import Settings, validate


class Thresholds(Settings):
    """An evenly spaced list of thresholds, both ends included."""

    start: float
    """First threshold."""
    step: float = Field(gt=0)
    """Distance of two thresholds."""
    stop: float
    """Last threshold, a whole number of steps from the first."""

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
    """Overlap thresholds."""

    counts: Literal["above", "at_or_above"]
    """Whether an overlap equal to the threshold succeeds (`at_or_above`) or not (`above`)."""


class DistanceThresholds(Thresholds):
    """Centre distances."""

    HEADLINE: ClassVar[float]
    UNIT: ClassVar[str]

    counts: Literal["up_to", "below"]
    """Whether a distance equal to the threshold hits (`up_to`) or not (`below`)."""

    @model_validator(mode="after")
    def _has_headline(self) -> Self:
        if abs(self.values()[self.headline()] - self.HEADLINE) > 1e-9:
            raise ValueError(
                f"the thresholds must contain {self.HEADLINE:g} {self.UNIT}, the headline"
            )
        return self

    def headline(self) -> int:
        """Index of the headline's threshold."""
        return int(np.argmin(np.abs(self.values() - self.HEADLINE)))


class PrecisionThresholds(DistanceThresholds):
    """Centre distances in pixels; the headline is 20 px."""

    HEADLINE: ClassVar[float] = 20.0
    UNIT: ClassVar[str] = "px"


class NormPrecisionThresholds(DistanceThresholds):
    """Centre distances per axis over the width and height of the ground truth; headline 0.2."""

    HEADLINE: ClassVar[float] = 0.2
    UNIT: ClassVar[str] = "of the size"


class _Protocol(Settings):
    """What all protocols have."""

    title: str
    """Name for captions."""
    alternatives: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Map from names to changes of this protocol, other conventions that are in use; a table can
    show them side by side.
    """


class OpeProtocol(_Protocol):
    """One-pass evaluation (Wu, Lim, Yang: Object Tracking Benchmark, TPAMI 2015)."""

    kind: Literal["ope"]
    success: SuccessThresholds
    """Overlap thresholds of the success curve."""
    precision: PrecisionThresholds
    """Centre distances of the precision curve."""
    norm_precision: NormPrecisionThresholds | None
    """Normalised centre distances; null where the benchmark does not use them."""
    first_frame: Literal["ground_truth", "result"]
    """Whether the first box is the result's, or replaced by the truth (`ground_truth`)."""
    invalid_result: Literal["repeat", "failure"]
    """What a box that is NaN or has no area does: it repeats the previous one, or fails."""
    invalid_ground_truth: Literal["official", "skip"]
    """How a frame with invalid truth counts: as a success miss and a precision hit (`official`), or
    not at all (`skip`).
    """
    absent: Literal["drop", "score"]
    """Whether frames that the annotation flags as without target are dropped, or scored by their
    boxes like any other.
    """
    denominator: Literal["all", "visible"]
    """What rates are over: `all` frames of a sequence, or those that are left when absent ones are
    dropped (`visible`).
    """


class VotProtocol(_Protocol):
    """Reset-based supervised evaluation (Kristan et al., VOT challenges 2013 to 2018)."""

    kind: Literal["vot"]
    burn_in: Annotated[int, Field(ge=0)]
    """Frames from an initialisation on, itself included, that are left out of accuracy."""
    reinitialize_after: Annotated[int, Field(ge=1)]
    """Frames from a failure to the next initialisation."""
    repetitions: Annotated[int, Field(ge=1)]
    """Number of runs of a tracker that is not deterministic."""
    initial_box: Literal["area_preserving", "bounding"]
    """How a polygon becomes the box of a tracker that takes boxes."""
    overlap: Literal["raster", "polygon"]
    """Overlap of regions rasterised at rounded corners (`raster`), or of exact areas (`polygon`).
    """
    rectangles: Literal["edges", "pixels"]
    """How far a box `x, y, w, h` reaches: to x + w (`edges`) or to x + w - 1 (`pixels`)."""
    bounds: Literal["image", "none"]
    """Whether regions are clipped to the image."""
    accuracy: Literal["pooled", "by_length"]
    """Mean over all frames of all sequences, or over sequences weighted by their lengths."""
    eao_interval: tuple[int, int] | Literal["lengths"]
    """First and last sequence length, 1-based, over which the expected overlap is averaged;
    `lengths` takes it from the sequences' lengths as the challenge did: the interval of equal
    density at both ends that holds half of a kernel density estimate.
    """
    tags: tuple[str, ...]
    """Per-frame attributes that failures are weighted by; frames without any of them make up one
    more, `empty`.
    """

    @model_validator(mode="after")
    def _ascending(self) -> VotProtocol:
        if self.eao_interval != "lengths" and not 1 < self.eao_interval[0] <= self.eao_interval[1]:
            raise ValueError("eao_interval must be two ascending lengths above 1")
        return self

    def supervision(self) -> VotProtocol:
        """The same for the run itself: what only scoring reads is put to fixed values.

        A change of those then tracks nothing again.
        """
        scoring = {
            "title": "",
            "alternatives": {},
            "burn_in": 0,
            "repetitions": 1,
            "accuracy": "pooled",
            "eao_interval": "lengths",
            "tags": (),
        }
        return self.model_copy(update=scoring)


class ConfidenceProtocol(Settings):
    """What the scores of one-pass runs are worth; see `dslt.score.confidence`."""

    kind: Literal["confidence"]
    title: str
    """Name for captions."""
    resolution: int = Field(ge=3)
    """Number of confidence thresholds of precision, recall and F, the two infinite ones included.
    """
    first_frame: Literal["counted", "left_out"]
    """Whether recall counts the first frame as visible, though no tracker reports it (`counted`, as
    vot-toolkit does), or not at all.
    """
    hit: float = Field(gt=0, le=1)
    """Overlap from which a frame counts as tracked."""
    bins: int = Field(ge=2)
    """Number of bins, of equal weight, of the reliability curves and the calibration error."""
    levels: int = Field(ge=2)
    """Number of quantiles by which scores are told apart where there are more of them."""


Protocol = OpeProtocol | VotProtocol
AnyProtocol = TypeVar("AnyProtocol", bound=Protocol)
KINDS: dict[str, type[OpeProtocol] | type[VotProtocol]] = {"ope": OpeProtocol, "vot": VotProtocol}
CONFIDENCE = "confidence"
"""Name and kind of the one entry that says how confidence is scored."""


def alternatives(protocol: AnyProtocol, where: str) -> dict[str, AnyProtocol]:
    """Make the protocol's named alternatives, which are of the same kind.

    Raises:
        DsltError: An alternative changes a key that does not exist, or to a value not allowed.
    """
    plain = protocol.model_dump(mode="json") | {"alternatives": {}}
    return {
        name: validate(type(protocol), merge(plain, changes), f"{where}, alternative {name}")
        for name, changes in protocol.alternatives.items()
    }


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
    """Read every protocol of a YAML file by which benchmarks are scored.

    Raises:
        DsltError: the file is missing or not a mapping, or an entry is wrong.
    """
    entries = read_definitions(path)
    return {
        name: parse_protocol(entry, f"{path}: {name}")
        for name, entry in entries.items()
        if name != CONFIDENCE
    }


def load_confidence(path: Path) -> ConfidenceProtocol:
    """Read the entry of a YAML file of protocols that says how confidence is scored.

    Raises:
        DsltError: the file is missing or not a mapping, or lacks the entry, or it is wrong.
    """
    entries = read_definitions(path)
    if CONFIDENCE not in entries:
        raise DsltError(f"{path}: lacks the entry `{CONFIDENCE}`; see config/protocols.yaml")
    return validate(ConfidenceProtocol, entries[CONFIDENCE], f"{path}: {CONFIDENCE}")
