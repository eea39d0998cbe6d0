"""Scoring one run by the benchmark's protocol, whichever kind it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from dslt.core.arrays import Floats
from dslt.data.sequences.target import Target
from dslt.score.attributes import per_attribute
from dslt.score.metrics import OPE, VOT
from dslt.score.ope import OpeScores, score
from dslt.score.read_boxes import RawResult, read_results
from dslt.score.read_runs import read_runs
from dslt.score.scores import (
    AttributeScore,
    Curve,
    Curves,
    ExpectedOverlaps,
    Scores,
    SequenceScore,
    Summary,
)
from dslt.score.vot import VotScores, analyse
from dslt.settings.protocols import (
    OpeProtocol,
    Protocol,
    Thresholds,
    VotProtocol,
    alternatives,
)


@dataclass(frozen=True)
class RunKey:
    """What was run.

    Attributes:
        cell: id of the cell, or the tracker's name.
        benchmark: name.
        seed: of the run.
    """

    cell: str
    benchmark: str
    seed: int


@dataclass(frozen=True)
class Suite:
    """What results are scored against.

    Attributes:
        targets: sequence to ground truth, in the order of the tables.
        protocol: the conventions.
        name: of the protocol.
        origin: 0 or 1, where the ground-truth files count pixels from.
        skipped: sequence to the rows of its annotation that are not scored at its start.
        notes: about the ground truth.
        complete: false where sequences of the benchmark are missing.
    """

    targets: Mapping[str, Target]
    protocol: Protocol
    name: str
    origin: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    complete: bool = True

    @property
    def usual_origin(self) -> int:
        """Where result files count from unless told: VOT's from 0, others as the truth."""
        return 0 if isinstance(self.protocol, VotProtocol) else self.origin

    def conventions(self) -> dict[str, object]:
        """Everything that has to be equal between scores that are compared."""
        settings = self.protocol.model_dump(mode="json", exclude={"alternatives"})
        return {"protocol": self.name, **settings, "truth_origin": self.origin}


def evaluate(
    run: RunKey, suite: Suite, folder: Path, origin: int, *, others: bool = False
) -> Scores:
    """Read and score a folder of raw results.

    Args:
        run: what was run.
        suite: what it is scored against.
        folder: the results, in any layout of `dslt.score.formats`.
        origin: 0 or 1, where the result files count pixels from.
        others: score by the protocol's named alternatives, too.

    Raises:
        DsltError: Results are missing, unreadable or another sequence's.
    """
    if isinstance(suite.protocol, OpeProtocol):
        return _one_pass(run, suite, suite.protocol, folder, origin, others)
    return _supervised(run, suite, suite.protocol, folder, origin, others)


# ---------------------------------------------------------------------- one pass


def _one_pass(
    run: RunKey, suite: Suite, protocol: OpeProtocol, folder: Path, origin: int, others: bool
) -> Scores:
    """Score one-pass results."""
    found, notes = read_results(folder, suite.targets, origin, skipped=suite.skipped)
    targets = list(suite.targets.values())
    results = [found[name] for name in suite.targets]
    boxes = [result.boxes for result in results]
    scores = score(boxes, targets, protocol, suite.origin)
    speeds = [fps for result in results if (fps := result.fps) is not None]
    other = _alternatives(protocol, suite.name) if others else {}
    return Scores(
        **_head(run, suite, [*suite.notes, *notes], origin),
        overall=_ope_summary(scores, float(np.median(speeds)) if speeds else None),
        curves=Curves(
            success=_mean_curve(protocol.success, scores.success),
            precision=_mean_curve(protocol.precision, scores.precision),
            norm_precision=_mean_curve(protocol.norm_precision, scores.norm_precision),
        ),
        attributes=_ope_attributes(scores, targets),
        sequences={
            name: _ope_sequence(target, results[i], scores, i)
            for i, (name, target) in enumerate(suite.targets.items())
        },
        alternatives={
            name: _ope_summary(score(boxes, targets, one, suite.origin))
            for name, one in other.items()
            if isinstance(one, OpeProtocol)
        }
        or None,
    )


def _columns(found: OpeScores) -> dict[str, Floats]:
    """Metric to (S,) scores, those that are defined."""
    columns = {name: getattr(found, name) for name in OPE}
    return {name: values for name, values in columns.items() if values is not None}


def _ope_summary(found: OpeScores, fps: float | None = None) -> Summary:
    """Average the scores over the sequences."""
    means = {name: float(values.mean()) for name, values in _columns(found).items()}
    return Summary.model_validate(means | {"fps": fps})


def _ope_attributes(found: OpeScores, targets: Sequence[Target]) -> dict[str, AttributeScore]:
    """Average the scores over the sequences of each attribute."""
    rows = per_attribute([target.attributes for target in targets], _columns(found))
    return {code: AttributeScore.model_validate(row) for code, row in rows.items()}


def _mean_curve(thresholds: Thresholds | None, values: Floats | None) -> Curve | None:
    """Average a curve over the sequences."""
    if thresholds is None or values is None:
        return None
    means = tuple(values.mean(axis=0).tolist())
    return Curve(thresholds=tuple(thresholds.values().tolist()), values=means)


def _ope_sequence(target: Target, result: RawResult, found: OpeScores, i: int) -> SequenceScore:
    """Put one sequence's record together."""
    scores = {name: float(values[i]) for name, values in _columns(found).items()}
    rest = {
        "video": target.video,
        "attributes": target.attributes,
        "frames": len(target.truth),
        "success": tuple(found.success[i].tolist()),
        "precision": tuple(found.precision[i].tolist()),
        "fps": result.fps,
        "init_seconds": result.init_seconds,
    }
    return SequenceScore.model_validate(scores | rest)


# ---------------------------------------------------------------------- supervised


def _supervised(
    run: RunKey, suite: Suite, protocol: VotProtocol, folder: Path, origin: int, others: bool
) -> Scores:
    """Score supervised results."""
    runs, seconds, notes = read_runs(folder, suite.targets, origin=origin)
    targets = list(suite.targets.values())
    ordered = [runs[name] for name in suite.targets]
    found = analyse(targets, ordered, protocol)
    measured = {name: _fps(record) for name, record in seconds.items() if record is not None}
    speeds = list(measured.values())
    other = _alternatives(protocol, suite.name) if others else {}
    lengths = tuple(float(length) for length in range(1, len(found.curve) + 1))
    drawn = [(x, y) for x, y in zip(lengths, found.curve.tolist(), strict=True) if y == y]
    head = _head(run, suite, [*suite.notes, *notes], origin)
    head["conventions"]["eao_interval"] = list(found.eao_interval)
    return Scores(
        **head,
        overall=_vot_summary(found, float(np.median(speeds)) if speeds else None),
        curves=Curves(
            expected_overlap=Curve(
                thresholds=tuple(x for x, _ in drawn), values=tuple(y for _, y in drawn)
            )
        ),
        attributes={
            tag: AttributeScore(
                accuracy=None if np.isnan(one.accuracy) else one.accuracy,
                failures=one.failures,
                frames=one.frames,
            )
            for tag, one in found.tags.items()
        },
        sequences={
            name: _vot_sequence(target, found, i, measured.get(name))
            for i, (name, target) in enumerate(suite.targets.items())
        },
        alternatives={
            name: _vot_summary(analyse(targets, ordered, one))
            for name, one in other.items()
            if isinstance(one, VotProtocol)
        }
        or None,
    )


def _vot_summary(found: VotScores, fps: float | None = None) -> Summary:
    """The numbers over all sequences; undefined ones (no frame counts) are left out."""
    values = {name: float(getattr(found, name)) for name in VOT}
    known = {name: value for name, value in values.items() if not np.isnan(value)}
    return Summary.model_validate(known | {"fps": fps})


def _vot_sequence(target: Target, found: VotScores, i: int, fps: float | None) -> SequenceScore:
    """Put one sequence's record together."""
    total, weight = float(found.overlap_sum[i]), float(found.overlap_frames[i])
    return SequenceScore(
        video=target.video,
        attributes=target.attributes,
        frames=len(target.truth),
        accuracy=total / weight if weight else None,
        failures=float(found.failure_count[i]),
        overlap_sum=total,
        overlap_weight=weight,
        expected=ExpectedOverlaps(
            overlaps=tuple(found.eao_sum[i].tolist()), weights=tuple(found.eao_weight[i].tolist())
        ),
        fps=fps,
    )


def _fps(seconds: Floats) -> float:
    """One over the median of the seconds per frame."""
    return float(1 / np.median(seconds))


# ---------------------------------------------------------------------- both


def _head(run: RunKey, suite: Suite, notes: list[str], origin: int) -> dict[str, Any]:
    """The fields that all score files share."""
    return {
        "cell": run.cell,
        "benchmark": run.benchmark,
        "seed": run.seed,
        "conventions": suite.conventions(),
        "box_origin": origin,
        "notes": tuple(notes),
        "complete": suite.complete,
    }


def _alternatives(protocol: Protocol, name: str) -> dict[str, Protocol]:
    return alternatives(protocol, f"protocol {name!r}")
