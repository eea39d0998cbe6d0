"""Scoring one run by the benchmark's protocol, whichever kind it is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from dslt.core.arrays import Floats
from dslt.core.errors import DsltError
from dslt.data.sequences.target import Target
from dslt.score.formats.found import some
from dslt.score.formats.layouts import checksum
from dslt.score.formats.vot import is_supervised
from dslt.score.metrics import OPE, VOT
from dslt.score.ope import OpeScores, per_attribute, score
from dslt.score.read_boxes import read_results
from dslt.score.read_runs import read_runs
from dslt.score.scores import Scores
from dslt.score.vot import VotScores, analyse
from dslt.settings.protocols import AnyProtocol, OpeProtocol, Protocol, VotProtocol, alternatives

Found = TypeVar("Found", OpeScores, VotScores)
_OF_OURS = "training.csv"  # what `dslt track` alone leaves beside its boxes
_SLOW = 0.1  # frames per second; less is no tracker's speed


@dataclass(frozen=True)
class Suite:
    """What results are scored against.

    Attributes:
        benchmark: Name of the benchmark.
        targets: Sequence to ground truth, in the order of the tables.
        protocol: The conventions of scoring.
        name: Name of the protocol.
        origin: 0 or 1, where the ground-truth files count pixels from.
        skipped: Sequence to the rows of its annotation that are not scored at its start.
        notes: What there is to say about the ground truth.
        complete: False where sequences of the benchmark are missing.
    """

    benchmark: str
    targets: Mapping[str, Target]
    protocol: Protocol
    name: str
    origin: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    complete: bool = True

    def usual_origin(self, folder: Path) -> int:
        """Where the files of a tracker's folder count pixels from unless told.

        VOT's from 0, one-pass boxes of `dslt track` from 1, others as the truth.
        """
        if isinstance(self.protocol, VotProtocol):
            return 0
        ours = [name for name in self.targets if (folder / f"{name}.{_OF_OURS}").is_file()]
        return 1 if any(not is_supervised(folder / f"{name}.txt") for name in ours) else self.origin

    def conventions(self) -> dict[str, object]:
        """Everything that has to be equal between scores that are compared."""
        settings = self.protocol.model_dump(mode="json", exclude={"alternatives"})
        return {"protocol": self.name, **settings, "truth_origin": self.origin}


def evaluate(
    cell: str, suite: Suite, folder: Path, origin: int, *, seed: int = 0, others: bool = False
) -> Scores:
    """Read and score a folder of raw results.

    Where results of less than half of the sequences are missing, the others are scored, and the
    scores say that they are those of a part.

    Args:
        cell: Id of the cell, or the tracker's name.
        suite: What it is scored against.
        folder: The results, in any layout of `dslt.score.formats`.
        origin: 0 or 1, where the result files count pixels from.
        seed: Seed of the run.
        others: Whether to score by the protocol's named alternatives, too.

    Raises:
        DsltError: Results are missing, unreadable or another sequence's.
    """
    protocol = suite.protocol
    if isinstance(protocol, OpeProtocol):
        parts = _one_pass(suite, _protocols(protocol, suite, others), folder, origin)
    else:
        parts = _supervised(suite, _protocols(protocol, suite, others), folder, origin)
    values = {"cell": cell, "benchmark": suite.benchmark, "seed": seed, "box_origin": origin}
    values |= parts | {"notes": (*suite.notes, *parts["notes"])}
    values["complete"] = suite.complete and len(parts["sequences"]) == len(suite.targets)
    values["conventions"] = suite.conventions() | parts.get("conventions", {})
    values["sequences"] = {
        name: {"video": one.video, "attributes": one.attributes, "frames": len(one.truth)} | row
        for name, row in parts["sequences"].items()
        for one in (suite.targets[name],)
    }
    return Scores.model_validate(values)


def _protocols(protocol: AnyProtocol, suite: Suite, others: bool) -> dict[str, AnyProtocol]:
    """The protocol, under an empty name, and its named alternatives where they are asked for."""
    named = alternatives(protocol, f"protocol {suite.name!r}") if others else {}
    return {"": protocol, **named}


def _tried(
    protocols: Mapping[str, AnyProtocol], analysis: Callable[[AnyProtocol], Found]
) -> tuple[dict[str, Found], list[str]]:
    """Score by the protocol and by its alternatives; of those, leave out what fails.

    Raises:
        DsltError: By the protocol itself nothing can be scored.
    """
    scored: dict[str, Found] = {}
    notes = []
    for name, protocol in protocols.items():
        try:
            scored[name] = analysis(protocol)
        except DsltError as error:
            if not name:
                raise
            notes.append(f"alternative {name}: cannot be scored ({error})")
    return scored, notes


def _summaries(
    values: Mapping[str, Mapping[str, float]], speeds: Iterable[float | None]
) -> dict[str, Any]:
    """The numbers over all sequences, by the protocol and by its alternatives."""
    overall, *others = map(_known, values.values())
    known = [speed for speed in speeds if speed is not None]
    return {
        "overall": {**overall, "fps": float(np.median(known)) if known else None},
        "alternatives": dict(zip([*values][1:], others, strict=True)) or None,
    }


def _known(values: Mapping[str, float]) -> dict[str, float]:
    """Leave out what is undefined, because no frame counts."""
    return {name: value for name, value in values.items() if not np.isnan(value)}


# ---------------------------------------------------------------------- one pass


def _one_pass(
    suite: Suite, protocols: Mapping[str, OpeProtocol], folder: Path, origin: int
) -> dict[str, Any]:
    """Score one-pass results; returns the fields of a score file that depend on them."""
    results, notes = read_results(folder, suite.targets, origin, skipped=suite.skipped, part=True)
    targets = [suite.targets[name] for name in results]
    if alone := [name for name in results if len(suite.targets[name].truth) == 1]:
        raise DsltError(
            f"the ground truth of {some(alone)} has one row, the box that a tracker is given; there"
            " is nothing to score: leave such sequences out, or get all rows"
        )
    boxes = [result.boxes for result in results.values()]
    scored, failed = _tried(protocols, lambda one: score(boxes, targets, one))
    columns = {name: _columns(one) for name, one in scored.items()}
    means = {
        name: {metric: float(values.mean()) for metric, values in found.items()}
        for name, found in columns.items()
    }
    rows = {
        name: {metric: float(values[i]) for metric, values in columns[""].items()}
        | {kind: getattr(scored[""], kind)[i].tolist() for kind in ("success", "precision")}
        | {"fps": result.fps, "init_seconds": result.init_seconds}
        for i, (name, result) in enumerate(results.items())
    }
    notes += _slow_note(folder, [name for name, one in results.items() if (one.fps or 1) < _SLOW])
    notes += _invalid_note(protocols[""], scored[""], [len(target.truth) for target in targets])
    return {
        "curves": _mean_curves(protocols[""], scored[""]),
        "attributes": per_attribute([target.attributes for target in targets], columns[""]),
        "sequences": rows,
        "raw": checksum(folder, suite.targets, "boxes"),
        "notes": [*notes, *failed],
        **_summaries(means, [result.fps for result in results.values()]),
    }


def _slow_note(folder: Path, slow: list[str]) -> list[str]:
    """Say so where a frame took so long that the unit may be another one."""
    if not slow:
        return []
    return [
        f"HINT: {folder}: frames of {some(slow)} took more than {1 / _SLOW:g} s each, as their"
        " records of time say; if these are milliseconds, divide them by 1000"
    ]


def _invalid_note(protocol: OpeProtocol, found: OpeScores, frames: list[int]) -> list[str]:
    """Count the frames whose truth is invalid, and say how they count."""
    if not found.invalid.any():
        return []
    how = (
        "each is a success miss and a precision hit"
        if protocol.invalid_ground_truth == "official"
        else "they are left out"
    )
    return [
        f"{found.invalid.sum()} of {sum(frames)} frames, in {(found.invalid > 0).sum()} of"
        f" {len(frames)} sequences, have an invalid ground truth (absent, without area, or over the"
        f" left or upper edge): {how}"
    ]


def _columns(found: OpeScores) -> dict[str, Floats]:
    """Metric to (S,) scores, those that are defined."""
    columns = {name: getattr(found, name) for name in OPE}
    return {name: values for name, values in columns.items() if values is not None}


def _mean_curves(protocol: OpeProtocol, found: OpeScores) -> dict[str, dict[str, list[float]]]:
    """Average the curves that the protocol has over the sequences."""
    return {
        kind: {"thresholds": thresholds.values().tolist(), "values": values.mean(axis=0).tolist()}
        for kind in ("success", "precision", "norm_precision")
        if (thresholds := getattr(protocol, kind)) is not None
        and (values := getattr(found, kind)) is not None
    }


# ---------------------------------------------------------------------- supervised


def _supervised(
    suite: Suite, protocols: Mapping[str, VotProtocol], folder: Path, origin: int
) -> dict[str, Any]:
    """Score supervised results; returns the fields of a score file that depend on them."""
    runs, seconds, notes = read_runs(folder, suite.targets, origin=origin, part=True)
    targets = [suite.targets[name] for name in runs]
    scored, failed = _tried(protocols, lambda one: analyse(targets, [*runs.values()], one))
    found = scored[""]
    speeds = [None if t is None else float(1 / np.median(t)) for t in seconds.values()]
    defined = np.flatnonzero(~np.isnan(found.curve))
    curve = {"thresholds": (defined + 1.0).tolist(), "values": found.curve[defined].tolist()}
    values = {name: {m: float(getattr(one, m)) for m in VOT} for name, one in scored.items()}
    return {
        "curves": {"expected_overlap": curve},
        "attributes": {tag: _known(asdict(one)) for tag, one in found.tags.items()},
        "sequences": {
            name: _vot_row(found, i, protocols[""], len(suite.targets[name].truth)) | {"fps": fps}
            for i, (name, fps) in enumerate(zip(runs, speeds, strict=True))
        },
        "raw": checksum(folder, suite.targets, "runs"),
        "notes": [*notes, *failed],
        "conventions": {"eao_interval": list(found.eao_interval)},
        **_summaries(values, speeds),
    }


def _vot_row(found: VotScores, i: int, protocol: VotProtocol, frames: int) -> dict[str, Any]:
    """The scores of one sequence of so many frames."""
    total, weight = float(found.overlap_sum[i]), float(found.overlap_frames[i])
    mean = total / weight if weight else None
    if protocol.accuracy == "by_length" and mean is not None:
        total, weight = mean * frames, float(frames)
    return {
        "accuracy": mean,
        "failures": float(found.failure_count[i]),
        "overlap_sum": total,
        "overlap_weight": weight,
        "expected": {
            "overlaps": found.eao_sum[i].tolist(),
            "weights": found.eao_weight[i].tolist(),
        },
    }
