"""The score file: what one run of a cell over a benchmark scores, with the conventions named."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dslt.data.jsonfile import read_json
from dslt.evaluation.attributes import per_attribute
from dslt.evaluation.formats import RawResult
from dslt.evaluation.ope import OpeScores, score
from dslt.evaluation.protocols import OpeProtocol
from dslt.settings import Settings, validate

METRICS = ("success_auc", "precision_20")


class Summary(Settings):
    """Means over the sequences; frames per second is the median sequence's."""

    success_auc: float
    precision_20: float
    fps: float | None


class Curve(Settings):
    """A curve: its thresholds and, at each, the mean over the sequences."""

    thresholds: tuple[float, ...]
    values: tuple[float, ...]


class Curves(Settings):
    """The two curves of one-pass evaluation."""

    success: Curve
    precision: Curve


class AttributeScore(Settings):
    """Means over the sequences that carry an attribute."""

    success_auc: float
    precision_20: float
    sequences: int


class SequenceScore(Settings):
    """One sequence: its source video, curves, scores and speed."""

    video: str
    attributes: tuple[str, ...]
    frames: int
    success_auc: float
    precision_20: float
    success: tuple[float, ...]
    precision: tuple[float, ...]
    fps: float | None
    init_seconds: float | None


class Scores(Settings):
    """One cell on one benchmark with one seed. Scores are parts of 1, never percent."""

    cell: str
    benchmark: str
    seed: int
    conventions: dict[str, Any]
    notes: tuple[str, ...]
    overall: Summary
    curves: Curves
    attributes: dict[str, AttributeScore]
    sequences: dict[str, SequenceScore]


@dataclass(frozen=True)
class Run:
    """What was run: ids of the cell and the benchmark, the seed, and the protocol's name."""

    cell: str
    benchmark: str
    seed: int
    protocol: str


@dataclass(frozen=True)
class Target:
    """What a sequence's result is scored against.

    Attributes:
        truth: (N, 4) 0-based ground truth, NaN where the target is absent.
        attributes: codes.
        video: the source video, the unit of resampling.
    """

    truth: NDArray[np.float64]
    attributes: tuple[str, ...]
    video: str


def build_scores(
    run: Run,
    targets: Mapping[str, Target],
    results: Mapping[str, RawResult],
    notes: Sequence[str],
    protocol: OpeProtocol,
    origin: int,
) -> Scores:
    """Score a cell's results on a benchmark.

    Args:
        run: what was run.
        targets: the benchmark's sequences.
        results: the raw results of the same sequences.
        notes: about the results, carried along.
        protocol: the conventions.
        origin: 0 or 1, of the benchmark's ground-truth files.

    Raises:
        DsltError: as `dslt.evaluation.ope.score`.
    """
    ordered = [results[name] for name in targets]
    truths = [target.truth for target in targets.values()]
    found = score([result.boxes for result in ordered], truths, protocol, origin)
    conventions = {"protocol": run.protocol, **protocol.model_dump(mode="json")}
    return Scores(
        cell=run.cell,
        benchmark=run.benchmark,
        seed=run.seed,
        conventions={**conventions, "truth_origin": origin},
        notes=tuple(notes),
        overall=_summary(found, ordered),
        curves=_mean_curves(found, protocol),
        attributes=_attributes(found, list(targets.values())),
        sequences={
            name: _sequence(target, ordered[i], found, i)
            for i, (name, target) in enumerate(targets.items())
        },
    )


def _summary(found: OpeScores, results: Sequence[RawResult]) -> Summary:
    """Average the scores over the sequences."""
    speeds = [fps for result in results if (fps := result.fps) is not None]
    return Summary(
        success_auc=float(found.success_auc.mean()),
        precision_20=float(found.precision_20.mean()),
        fps=float(np.median(speeds)) if speeds else None,
    )


def _attributes(found: OpeScores, targets: Sequence[Target]) -> dict[str, AttributeScore]:
    """Average the scores over the sequences of each attribute."""
    by_metric = {"success_auc": found.success_auc, "precision_20": found.precision_20}
    rows = per_attribute([target.attributes for target in targets], by_metric)
    return {code: AttributeScore.model_validate(row) for code, row in rows.items()}


def _mean_curves(found: OpeScores, protocol: OpeProtocol) -> Curves:
    """Average the curves over the sequences."""
    return Curves(
        success=Curve(
            thresholds=tuple(protocol.success.values().tolist()),
            values=tuple(found.success.mean(axis=0).tolist()),
        ),
        precision=Curve(
            thresholds=tuple(protocol.precision.values().tolist()),
            values=tuple(found.precision.mean(axis=0).tolist()),
        ),
    )


def _sequence(target: Target, result: RawResult, found: OpeScores, index: int) -> SequenceScore:
    """Put one sequence's record together."""
    return SequenceScore(
        video=target.video,
        attributes=target.attributes,
        frames=len(target.truth),
        success_auc=float(found.success_auc[index]),
        precision_20=float(found.precision_20[index]),
        success=tuple(found.success[index].tolist()),
        precision=tuple(found.precision[index].tolist()),
        fps=result.fps,
        init_seconds=result.init_seconds,
    )


def load_scores(path: Path) -> Scores:
    """Read a score file.

    Raises:
        DsltError: The file is missing, is not JSON, or is not a score file.
    """
    return validate(Scores, read_json(path), str(path))


def to_json(record: Settings) -> str:
    """Text of a record: indented, NaN refused, one trailing newline."""
    return json.dumps(record.model_dump(mode="json"), indent=1, allow_nan=False) + "\n"
