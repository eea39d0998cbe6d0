"""Reset-based evaluation of VOT: accuracy, robustness and expected average overlap (EAO).

The measures of Kristan et al. (A novel performance evaluation methodology for single-target
trackers, TPAMI 2016) as the VOT-2016 and VOT-2018 challenges computed them. Every measure is a sum
over sequences divided by another, and the scores keep both sums per sequence, so that resampling
sequences needs no second analysis.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dslt.core.arrays import Floats, Mask
from dslt.core.errors import DsltError
from dslt.data.sequences.target import FAILED, INITIALIZED, SKIPPED, TRACKED, Target, Trajectory
from dslt.geometry.regions import box_corners, overlaps
from dslt.score.expected_overlap import interval_of_lengths, mean_overlaps
from dslt.settings.protocols import VotProtocol

States = NDArray[np.int8]

EMPTY = "empty"  # the tag of frames without a tag


@dataclass(frozen=True)
class TagScores:
    """Scores of the frames that carry a tag.

    Attributes:
        accuracy: Mean overlap, NaN where no such frame was tracked.
        failures: Failures at such frames, mean over repetitions.
        frames: Number of frames that carry the tag.
    """

    accuracy: float
    failures: float
    frames: int


@dataclass(frozen=True)
class VotScores:
    """Scores of a tracker on S sequences; H lengths are in the EAO's interval.

    Attributes:
        accuracy: Mean overlap of the tracked frames outside burn-in; NaN without any.
        robustness: Failures per 100 frames.
        failures: All failures, mean over repetitions.
        failures_weighted: Failures at the frames of each tag, averaged over the tags by their
            numbers of frames; equal to `failures` where the sequences have no tags.
        eao: Mean of `curve` over `eao_interval`, of the lengths that it is defined at.
        curve: (L,) expected overlap of sequences of 1 to L frames, NaN where it is not defined.
        eao_interval: First and last length, 1-based: the protocol's, cut at the longest sequence.
        overlap_sum: (S,) sum of overlaps behind `accuracy`, repetitions averaged per frame.
        overlap_frames: (S,) number of frames behind `overlap_sum`. Pooled accuracy is sum over
            sum; `by_length` is the mean of the ratios weighted by `frames`, without sequences that
            have no overlap.
        failure_count: (S,) failures, mean over repetitions.
        frames: (S,) lengths of the sequences.
        eao_sum: (S, H) with `eao_weight` as `eao` = mean over H of the ratio of sums over S.
        eao_weight: (S, H), 0 where a sequence says nothing about a length.
        tags: Tag to its scores, for the protocol's tags and `empty`; empty where there are no tags.
    """

    accuracy: float
    robustness: float
    failures: float
    failures_weighted: float
    eao: float
    curve: Floats
    eao_interval: tuple[int, int]
    overlap_sum: Floats
    overlap_frames: Floats
    failure_count: Floats
    frames: Floats
    eao_sum: Floats
    eao_weight: Floats
    tags: Mapping[str, TagScores]


@dataclass(frozen=True)
class _Runs:
    """R repetitions on one sequence: states (R, N), overlaps (R, N) and the frames with a truth.

    An overlap is NaN unless the frame is tracked and has a truth.
    """

    states: States
    overlap: Floats
    known: Mask

    def scored(self, burn_in: int) -> Floats:
        """Mean overlap per frame over the repetitions that count it, NaN without any, (N,)."""
        young = np.zeros(self.states.shape, dtype=bool)
        started = self.states == INITIALIZED
        for age in range(min(burn_in, started.shape[1])):
            young[:, age:] |= started[:, : started.shape[1] - age]
        counted = ~young & ~np.isnan(self.overlap)
        total = np.where(counted, self.overlap, 0).sum(axis=0)
        number = counted.sum(axis=0)
        return _ratio(total, number)


def analyse(
    targets: Sequence[Target], runs: Sequence[Sequence[Trajectory]], protocol: VotProtocol
) -> VotScores:
    """Score the supervised runs of one tracker on S sequences.

    A frame whose truth is NaN counts neither for accuracy nor in the mean overlap of a sequence.

    Args:
        targets: S ground truths.
        runs: For each sequence one trajectory or more, its repetitions, of the truth's length.
        protocol: The conventions of scoring.

    Raises:
        DsltError: A run does not fit its sequence, does not start with an initialisation or tracks
            a frame without a region; or no sequence is long enough for the interval of the EAO.
    """
    _check(targets, runs)
    compared = [_compare(t, r, protocol) for t, r in zip(targets, runs, strict=True)]
    scored = [run.scored(protocol.burn_in) for run in compared]
    failed = [np.asarray((run.states == FAILED).mean(axis=0)) for run in compared]
    frames = np.array([len(target.truth) for target in targets], dtype=np.float64)
    overlap_frames = np.array([(~np.isnan(values)).sum() for values in scored], dtype=np.float64)
    overlap_sum = np.array([np.nansum(values) for values in scored])
    failure_count = np.array([values.sum() for values in failed])
    failures = float(failure_count.sum())
    low, high = _interval(protocol, frames)
    after, longest = protocol.reinitialize_after, int(frames.max())
    pieces = [mean_overlaps(r.states, r.overlap, r.known, after, longest) for r in compared]
    sums, weights = (np.stack(part) for part in zip(*pieces, strict=True))
    curve = _ratio(sums.sum(axis=0), weights.sum(axis=0))
    tags = _tag_scores(targets, scored, failed, protocol.tags)
    return VotScores(
        accuracy=_accuracy(overlap_sum, overlap_frames, frames, protocol),
        robustness=float(100 * failures / frames.sum()),
        failures=failures,
        failures_weighted=_weighted(tags) if tags else failures,
        eao=_mean(curve[low - 1 : high]),
        curve=curve,
        eao_interval=(low, high),
        overlap_sum=overlap_sum,
        overlap_frames=overlap_frames,
        failure_count=failure_count,
        frames=frames,
        eao_sum=sums[:, low - 1 : high].copy(),
        eao_weight=weights[:, low - 1 : high].copy(),
        tags=tags,
    )


def truth_corners(target: Target) -> tuple[Floats, Mask]:
    """Corners (N, K, 2) of the truth and which of them are boxes (N,)."""
    if target.corners is not None:
        return target.corners, np.zeros(len(target.corners), dtype=bool)
    return box_corners(target.truth), np.ones(len(target.truth), dtype=bool)


def _check(targets: Sequence[Target], runs: Sequence[Sequence[Trajectory]]) -> None:
    """Refuse what would give a number that means something else."""
    if not targets or len(runs) != len(targets):
        raise DsltError(f"runs of {len(runs)} sequences for {len(targets)}: nothing to score")
    for index, (target, repetitions) in enumerate(zip(targets, runs, strict=True), 1):
        where = f"sequence {index} of {len(targets)}" + (
            f" ({target.video})" if target.video else ""
        )
        _check_target(target, where)
        if not repetitions:
            raise DsltError(f"{where}: no run; expected at least one")
        for number, run in enumerate(repetitions, 1):
            _check_run(run, len(target.truth), f"{where}, run {number}")


def _check_target(target: Target, where: str) -> None:
    """Refuse a truth without frames, or with tags of another length."""
    frames = len(target.truth)
    if frames == 0:
        raise DsltError(f"{where}: no frame; expected at least one")
    for tag, mask in target.tags.items():
        if len(mask) != frames:
            raise DsltError(
                f"{where}: tag {tag} has {len(mask)} frames; expected {frames}, the length of the"
                " ground truth"
            )


def _check_run(run: Trajectory, frames: int, where: str) -> None:
    """Refuse a run that does not fit its sequence or is not a supervised one."""
    if len(run.states) != frames:
        raise DsltError(
            f"{where}: {len(run.states)} frames; expected {frames}, the length of the ground truth"
        )
    active = np.flatnonzero(run.states != SKIPPED)
    if len(active) == 0 or run.states[active[0]] != INITIALIZED:
        raise DsltError(
            f"{where}: does not start with an initialisation (code {INITIALIZED}); expected the"
            " result of a supervised run, not of one pass"
        )
    empty = (run.states == TRACKED) & np.isnan(run.corners).any(axis=(1, 2))
    if empty.any():
        raise DsltError(
            f"{where}, frame {int(empty.argmax()) + 1}: tracked, but without a region; expected"
            f" finite numbers, or the code {FAILED} for a failure"
        )


def frame_overlaps(target: Target, run: Trajectory, protocol: VotProtocol) -> Floats:
    """Overlaps (N,) of a run with the truth; NaN unless the frame is tracked and has a truth."""
    corners, boxes = truth_corners(target)
    overlap = np.full(len(corners), np.nan)
    frames = np.flatnonzero((run.states == TRACKED) & ~np.isnan(corners).any(axis=(1, 2)))
    overlap[frames] = overlaps(
        corners[frames],
        boxes[frames],
        run.corners[frames],
        run.rectangles[frames],
        rule=protocol.overlap,
        rectangles=protocol.rectangles,
        size=target.size if protocol.bounds == "image" else None,
    )
    return overlap


def _compare(target: Target, repetitions: Sequence[Trajectory], protocol: VotProtocol) -> _Runs:
    """Overlaps of all repetitions with the truth, those of the tracked frames only."""
    states = np.stack([run.states for run in repetitions])
    overlap = np.stack([frame_overlaps(target, run, protocol) for run in repetitions])
    known = np.asarray(~np.isnan(truth_corners(target)[0]).any(axis=(1, 2)))
    return _Runs(states, overlap, known)


def _accuracy(total: Floats, number: Floats, frames: Floats, protocol: VotProtocol) -> float:
    """Mean overlap by the protocol's way of averaging; NaN without any overlap."""
    if not number.any():
        return float("nan")
    if protocol.accuracy == "pooled":
        return float(total.sum() / number.sum())
    some = number > 0
    return float(np.average(total[some] / number[some], weights=frames[some]))


def _interval(protocol: VotProtocol, frames: Floats) -> tuple[int, int]:
    """First and last length of the EAO, within the longest sequence."""
    longest = int(frames.max())
    if protocol.eao_interval == "lengths":
        return interval_of_lengths(frames)
    low, high = protocol.eao_interval
    if longest < low:
        raise DsltError(
            f"the longest sequence has {longest} frames; expected at least {low}, where the"
            f" interval of the expected average overlap begins ({low} to {high}); for short"
            " sequences take a protocol with `eao_interval: lengths`"
        )
    return low, min(high, longest)


def _tag_scores(
    targets: Sequence[Target],
    scored: Sequence[Floats],
    failed: Sequence[Floats],
    names: Sequence[str],
) -> dict[str, TagScores]:
    """Scores per tag and of the frames without one; nothing where no sequence has tags."""
    if not any(name in target.tags for target in targets for name in names):
        return {}
    overlap, failures = np.concatenate(scored), np.concatenate(failed)
    carried = {
        name: np.concatenate([t.tags.get(name, np.zeros(len(t.truth), bool)) for t in targets])
        for name in names
    }
    carried[EMPTY] = ~np.any(list(carried.values()), axis=0)
    return {
        name: TagScores(_mean(overlap[mask]), float(failures[mask].sum()), int(mask.sum()))
        for name, mask in carried.items()
    }


def _weighted(tags: Mapping[str, TagScores]) -> float:
    """Failures of the tags averaged by their numbers of frames."""
    weights = [tag.frames for tag in tags.values()]
    return float(np.average([tag.failures for tag in tags.values()], weights=weights))


def _mean(values: Floats) -> float:
    """Mean of the values that are not NaN, NaN without any."""
    some = values[~np.isnan(values)]
    return float(some.mean()) if len(some) else float("nan")


def _ratio(total: Floats, weight: NDArray[np.float64 | np.int_]) -> Floats:
    """Quotients, NaN where the weight is 0."""
    return np.asarray(np.divide(total, weight, out=np.full(len(total), np.nan), where=weight > 0))
