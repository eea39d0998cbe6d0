"""Scoring one run by the benchmark's protocol, whichever kind it is."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
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
from dslt.settings.protocols import OpeProtocol, Protocol, Thresholds, VotProtocol, alternatives


@dataclass(frozen=True)
class RunKey:
    """What was run.

    Attributes:
        cell: Id of the cell, or the tracker's name.
        benchmark: Name of the benchmark.
        seed: Seed of the run.
    """

    cell: str
    benchmark: str
    seed: int


@dataclass(frozen=True)
class Suite:
    """What results are scored against.

    Attributes:
        targets: Sequence to ground truth, in the order of the tables.
        protocol: The conventions of scoring.
        name: Name of the protocol.
        origin: 0 or 1, where the ground-truth files count pixels from.
        skipped: Sequence to the rows of its annotation that are not scored at its start.
        notes: What there is to say about the ground truth.
        complete: False where sequences of the benchmark are missing.
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
        run: What was run.
        suite: What it is scored against.
        folder: The results, in any layout of `dslt.score.formats`.
        origin: 0 or 1, where the result files count pixels from.
        others: Whether to score by the protocol's named alternatives, too.

    Raises:
        DsltError: Results are missing, unreadable or another sequence's.
    """
    protocol = suite.protocol
    named = alternatives(protocol, f"protocol {suite.name!r}") if others else {}
    conventions = suite.conventions()
    if isinstance(protocol, OpeProtocol):
        parts, notes = _one_pass(suite, protocol, folder, origin, named)
    else:
        parts, notes, interval = _supervised(suite, protocol, folder, origin, named)
        conventions["eao_interval"] = interval
    rest = {"notes": (*suite.notes, *notes), "complete": suite.complete}
    values = asdict(run) | parts | rest | {"conventions": conventions, "box_origin": origin}
    return Scores.model_validate(values)


def _summary(values: Mapping[str, float], speeds: Sequence[float] = ()) -> Summary:
    """The numbers over all sequences; undefined ones (no frame counts) are left out."""
    known = {name: value for name, value in values.items() if not np.isnan(value)}
    return Summary(**known, fps=float(np.median(speeds)) if speeds else None)


# ---------------------------------------------------------------------- one pass


def _one_pass(
    suite: Suite, protocol: OpeProtocol, folder: Path, origin: int, named: Mapping[str, Protocol]
) -> tuple[dict[str, Any], list[str]]:
    """Score one-pass results; returns the fields of a score file that depend on them, and notes."""
    results, notes = read_results(folder, suite.targets, origin, skipped=suite.skipped)
    targets = list(suite.targets.values())
    boxes = [results[name].boxes for name in suite.targets]
    found = score(boxes, targets, protocol, suite.origin)
    columns = _columns(found)
    attributes = per_attribute([target.attributes for target in targets], columns)
    curves = {
        kind: _mean_curve(getattr(protocol, kind), getattr(found, kind))
        for kind in ("success", "precision", "norm_precision")
    }
    others = {
        name: _columns(score(boxes, targets, one, suite.origin))
        for name, one in named.items()
        if isinstance(one, OpeProtocol)
    }
    speeds = [fps for result in results.values() if (fps := result.fps) is not None]
    return {
        "overall": _summary(_means(columns), speeds),
        "curves": Curves(**curves),
        "attributes": {c: AttributeScore.model_validate(row) for c, row in attributes.items()},
        "sequences": {
            name: _ope_sequence(target, results[name], found, i)
            for i, (name, target) in enumerate(suite.targets.items())
        },
        "alternatives": {name: _summary(_means(one)) for name, one in others.items()} or None,
    }, notes


def _columns(found: OpeScores) -> dict[str, Floats]:
    """Metric to (S,) scores, those that are defined."""
    columns = {name: getattr(found, name) for name in OPE}
    return {name: values for name, values in columns.items() if values is not None}


def _means(columns: Mapping[str, Floats]) -> dict[str, float]:
    """Average the scores over the sequences."""
    return {name: float(values.mean()) for name, values in columns.items()}


def _mean_curve(thresholds: Thresholds | None, values: Floats | None) -> Curve | None:
    """Average a curve over the sequences."""
    if thresholds is None or values is None:
        return None
    means = tuple(values.mean(axis=0).tolist())
    return Curve(thresholds=tuple(thresholds.values().tolist()), values=means)


def _ope_sequence(target: Target, result: RawResult, found: OpeScores, i: int) -> SequenceScore:
    """Put one sequence's record together."""
    rest = {
        "video": target.video,
        "attributes": target.attributes,
        "frames": len(target.truth),
        "success": tuple(found.success[i].tolist()),
        "precision": tuple(found.precision[i].tolist()),
        "fps": result.fps,
        "init_seconds": result.init_seconds,
    }
    scores = {name: float(values[i]) for name, values in _columns(found).items()}
    return SequenceScore.model_validate(scores | rest)


# ---------------------------------------------------------------------- supervised


def _supervised(
    suite: Suite, protocol: VotProtocol, folder: Path, origin: int, named: Mapping[str, Protocol]
) -> tuple[dict[str, Any], list[str], list[int]]:
    """Score supervised results; returns fields of a score file, notes, and the EAO's interval."""
    runs, seconds, notes = read_runs(folder, suite.targets, origin=origin)
    targets = list(suite.targets.values())
    ordered = [runs[name] for name in suite.targets]
    found = analyse(targets, ordered, protocol)
    speeds = {n: float(1 / np.median(times)) for n, times in seconds.items() if times is not None}
    drawn = [(float(i), y) for i, y in enumerate(found.curve.tolist(), 1) if not np.isnan(y)]
    expected = Curve(thresholds=tuple(x for x, _ in drawn), values=tuple(y for _, y in drawn))
    others = {
        name: analyse(targets, ordered, one)
        for name, one in named.items()
        if isinstance(one, VotProtocol)
    }
    parts = {
        "overall": _summary(_vot_values(found), list(speeds.values())),
        "curves": Curves(expected_overlap=expected),
        "attributes": {
            tag: AttributeScore(
                accuracy=None if np.isnan(one.accuracy) else one.accuracy,
                failures=one.failures,
                frames=one.frames,
            )
            for tag, one in found.tags.items()
        },
        "sequences": {
            name: _vot_sequence(target, found, i, speeds.get(name))
            for i, (name, target) in enumerate(suite.targets.items())
        },
        "alternatives": {name: _summary(_vot_values(one)) for name, one in others.items()} or None,
    }
    return parts, notes, list(found.eao_interval)


def _vot_values(found: VotScores) -> dict[str, float]:
    """Metric to its value over all sequences."""
    return {name: float(getattr(found, name)) for name in VOT}


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
