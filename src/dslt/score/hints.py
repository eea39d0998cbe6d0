"""Conventions that results may follow instead of x, y, w, h: found by their first rows.

Nothing is converted here. A result that fits the ground truth far better in another convention than
in the one that it was read in is told of, so that its number is not taken for the tracker's.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dslt.core.arrays import Floats, Mask
from dslt.geometry.boxes import centers, from_file_origin, iou, to_file_origin
from dslt.geometry.forms import CENTRE, CORNERS, FORMS
from dslt.score.formats.found import some

ROWS = 30  # of each result that are looked at
ONE_PIXEL = 1e-3  # tolerance of "exactly one pixel", for files with few decimals
_FAR = 0.2  # mean overlap by which another convention has to be better
_GOOD = 0.8  # mean overlap that it has to reach,
_MUCH = 0.5  # or mean overlap by which it is better
_FAIR = 0.4  # the same of supervised runs, which have no row that is known to be right
_NEAR = 0.03  # enough where the first row, which is the initial box, or the length says so, too
_MANY, _MORE_ROWS = 10, 100  # results from which on all of them together show a shift; rows of each
_ANY = 0.003  # mean overlap by which a result is better a row later or earlier
_ABOUT = 0.35  # pixels; how far from one the offset of supervised runs may be
_WIDE = 4.0  # pixels; a target that wide is not in fractions of the frame


class Fit(NamedTuple):
    """A convention that fits better.

    Attributes:
        what: What the rows look like.
        plain: Mean overlap with the truth as they were read.
        other: Mean overlap in the other convention.
    """

    what: str
    plain: float
    other: float

    def __str__(self) -> str:
        """In words."""
        if np.isnan(self.other):
            return self.what
        return f"{self.what} (mean overlap {self.other:.2f}, not {self.plain:.2f})"


_LATER = "rows of one frame later, as if that of the first frame were missing"
_EARLIER = "rows of one frame earlier, as if there were one too many at the start"
_SCALED = "boxes in frames of another size"
_FRACTIONS = "fractions of the frame's width and height"
# Share of the results from which on a shift is told of: those that fit better one row off than both
# as they are and two rows off. A tracker that lags or is lost fits better the farther they are off.
_SHARE = 0.35
_TRUTH = {form: f"boxes, if the ground truth is {form}" for form in (CORNERS, CENTRE)}
_ADVICE = dict.fromkeys(_TRUTH.values(), "convert the ground truth to x,y,w,h") | {
    _LATER: "put a row with the initial box in front",
    _EARLIER: "take the first row out",
    _SCALED: "multiply them by the ratio of the sizes",
    _FRACTIONS: "multiply them by the frame's width and height",
}


def better_fits(
    results: Sequence[Floats], truths: Sequence[Floats], origin: int, good: float = _GOOD
) -> list[Fit | None]:
    """Find for each of S results the convention that fits far better, None where none does.

    Args:
        results: S arrays (M, 4), 0-based boxes.
        truths: S arrays (N, 4), 0-based boxes.
        origin: 0 or 1, where the result files were taken to count pixels from.
        good: Mean overlap that another convention has to reach.
    """
    if not results:
        return []
    boxes, truth = _first_rows(results, ROWS), _first_rows(truths, ROWS)
    plain = iou(boxes, truth)
    extra = np.array([len(r) - len(t) for r, t in zip(results, truths, strict=True)])
    found: list[tuple[str, Floats, Floats, Mask]] = []
    for what, other in _in_forms(boxes, truth, origin).items():
        found.append((what, *_compared(plain, other, _starts_better(plain, other), good)))
    shifted = _shifted(boxes, truth)
    sure = {_LATER: (extra == -1) | _starts_better(*shifted[_LATER]), _EARLIER: extra == 1}
    found += [(what, *_compared(*both, sure[what], good)) for what, both in shifted.items()]
    fractions = _are_fractions(to_file_origin(boxes, origin), truth)
    fits: list[Fit | None] = []
    for i in range(len(results)):
        better = [Fit(w, float(p[i]), float(o[i])) for w, p, o, yes in found if yes[i]]
        best = max(better, key=lambda fit: fit.other, default=None)
        fits.append(Fit(_FRACTIONS, 0.0, np.nan) if fractions[i] else best)
    return fits


def _in_forms(boxes: Floats, truth: Floats, origin: int) -> dict[str, Floats]:
    """Overlaps where the rows of the results, or those of the truth, are in another form."""

    def converted(rows: Floats, form: str) -> Floats:
        return from_file_origin(FORMS[form](to_file_origin(rows, origin)), origin)

    found = {form: iou(converted(boxes, form), truth) for form in FORMS}
    found[_SCALED] = iou(boxes * _scales(boxes, truth), truth)
    found[_SCALED][:, 0] = np.nan  # the initial box, in frames as they are
    return found | {what: iou(boxes, converted(truth, form)) for form, what in _TRUTH.items()}


def _scales(boxes: Floats, truth: Floats) -> Floats:
    """By how much the truth is larger, the median over the rows but the first (S, 1, 1)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.sqrt(truth[:, 1:, 2:].prod(axis=2) / boxes[:, 1:, 2:].prod(axis=2))
    ratios[~np.isfinite(ratios) | (ratios == 0)] = np.nan
    some = ~np.isnan(ratios).all(axis=1)
    scales = np.ones(len(boxes))
    scales[some] = np.nanmedian(ratios[some], axis=1)
    return scales[:, None, None]


def _first_rows(boxes: Sequence[Floats], count: int) -> Floats:
    """The first rows of S arrays (S, count, 4), NaN where there are none."""
    first = np.full((len(boxes), count, 4), np.nan)
    for place, rows in zip(first, boxes, strict=True):
        place[: len(rows)] = rows[:count]
    return first


def _shifted(boxes: Floats, truth: Floats, by: int = 1) -> dict[str, tuple[Floats, Floats]]:
    """Overlaps of the same rows as they are and with the truth of so many rows after or before."""
    plain = iou(boxes, truth)
    return {
        _LATER: (plain[:, :-by], iou(boxes[:, :-by], truth[:, by:])),
        _EARLIER: (plain[:, by:], iou(boxes[:, by:], truth[:, :-by])),
    }


def _starts_better(plain: Floats, other: Floats) -> Mask:
    """Tell where the first row is the initial box in another convention only (S,)."""
    with np.errstate(invalid="ignore"):
        return np.asarray((other[:, 0] > 0.95) & (other[:, 0] > plain[:, 0] + _NEAR))


def _compared(
    plain: Floats, other: Floats, sure: Mask, good: float = _GOOD
) -> tuple[Floats, Floats, Mask]:
    """Means over the rows that both have (S,), and where the other is far better."""
    both = ~np.isnan(plain) & ~np.isnan(other)
    count = np.maximum(both.sum(axis=1), 1)
    ours, theirs = (np.where(both, values, 0).sum(axis=1) / count for values in (plain, other))
    better = theirs > ours + np.where(sure, _NEAR, _FAR)
    return ours, theirs, better & (sure | (theirs > good) | (theirs > ours + _MUCH))


def _are_fractions(rows: Floats, truth: Floats) -> Mask:
    """Tell where all numbers are about 0 to 1, though the targets are wide (S,)."""
    with np.errstate(invalid="ignore"):
        small = (np.isnan(rows) | (np.abs(rows) <= 1.5)).all(axis=(1, 2))
        wide = (truth[..., 2:] > _WIDE).any(axis=(1, 2))
    return np.asarray(small & wide & ~np.isnan(rows).all(axis=(1, 2)))


def form_hint(folder: Path, fits: Sequence[Fit | None]) -> list[str]:
    """Say so where most results fit better in one other convention."""
    counts = Counter(fit.what for fit in fits if fit is not None)
    what, count = next(iter(counts.most_common(1)), ("", 0))
    if 2 * count <= len(fits):
        return []
    plain, other = (
        float(np.mean([getattr(fit, name) for fit in fits if fit is not None and fit.what == what]))
        for name in ("plain", "other")
    )
    return [_hint(folder, Fit(what, plain, other), count, len(fits))]


def shift_hint(folder: Path, results: Sequence[Floats], truths: Sequence[Floats]) -> list[str]:
    """Say so where many results taken together fit better a row later or earlier."""
    if len(results) < _MANY:
        return []
    boxes, truth = (_first_rows(rows, _MORE_ROWS) for rows in (results, truths))
    once, twice = _shifted(boxes, truth), _shifted(boxes, truth, 2)
    nobody = np.zeros(len(results), dtype=bool)
    for what, both in once.items():
        plain, other, _ = _compared(*both, nobody)
        start, end = (None, -1) if what == _LATER else (1, None)
        near, far, _ = _compared(both[1][:, start:end], twice[what][1], nobody)
        better = (other > plain + _ANY) & (near > far + _ANY)
        if better.mean() > _SHARE:
            fit = Fit(what, float(plain[better].mean()), float(other[better].mean()))
            hint = _hint(folder, fit, int(better.sum()), len(results))
            return [f"{hint}, or the tracker {'lags' if what == _EARLIER else 'is ahead'}"]
    return []


def _hint(folder: Path, fit: Fit, count: int, results: int) -> str:
    return (
        f"HINT: {folder}: {count} of {results} results fit the ground truth better as {fit}; they"
        f" were scored as they are: {_ADVICE.get(fit.what, 'convert them to x,y,w,h')}"
    )


def origin_hint(folder: Path, names: Sequence[str], offset: Floats, origin: int) -> list[str]:
    """Say so where first boxes are off by exactly one pixel: most of them, or some beside others.

    Args:
        folder: Folder of the results.
        names: S names of the sequences.
        offset: (S, 2) from the corner of each initial box to that of the first box.
        origin: 0 or 1, where the files were taken to count pixels from.
    """
    exact = _within(offset, 0)
    for shift, looks_like in ((-1, origin - 1), (1, origin + 1)):
        off = _within(offset, shift)
        count = int(off.sum())
        where = "above and left" if shift < 0 else "below and right"
        if 2 * count > len(offset):
            advice = (
                f"if they count pixels from {looks_like}, give --box-origin {looks_like}"
                if looks_like in (0, 1)
                else "check where the annotations count pixels from"
            )
            start, what = "start", f"{count} of {len(offset)} results"
        elif count and 2 * int(exact.sum()) >= len(offset):
            advice = "the others start on it: check where these files count pixels from"
            odd = [name for name, yes in zip(names, off.tolist(), strict=True) if yes]
            start, what = ("starts" if count == 1 else "start"), some(odd)
        else:
            continue
        return [
            f"HINT: {folder}: {what} {start} exactly one pixel {where} of the initial box, read as"
            f" {origin}-based; {advice}"
        ]
    return []


def _within(offset: Floats, shift: int) -> Mask:
    """Tell where both coordinates are off by just so much."""
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(offset - shift) < ONE_PIXEL).all(axis=1))


def run_hints(
    folder: Path, runs: Sequence[Floats], truths: Sequence[Floats], origin: int
) -> list[str]:
    """Say so where most supervised runs fit better in another form, or lie one pixel off.

    Args:
        folder: Folder of the results.
        runs: S arrays (M, 4), the 0-based boxes of tracked frames.
        truths: S arrays (M, 4), the truth of the same frames.
        origin: 0 or 1, where the files were taken to count pixels from.
    """
    fits = better_fits(runs, truths, origin, _FAIR)
    known = {*FORMS, *_TRUTH.values()}
    if hints := form_hint(folder, [fit if fit and fit.what in known else None for fit in fits]):
        return hints
    both = [~np.isnan(run + truth).any(axis=1) for run, truth in zip(runs, truths, strict=True)]
    offset = np.array(
        [
            np.median(centers(run[there]) - centers(truth[there]), axis=0)
            for run, truth, there in zip(runs, truths, both, strict=True)
            if there.any()
        ]
    )
    middle = np.median(offset, axis=0) if len(offset) >= _MANY else np.zeros(2)
    shift = 1 if origin == 0 else -1
    if (np.abs(middle - shift) > _ABOUT).any():
        return []
    return [
        f"HINT: {folder}: the regions lie about one pixel"
        f" {'below and right' if shift > 0 else 'above and left'} of the ground truth, read as"
        f" {origin}-based; if they count pixels from {1 - origin}, give --box-origin {1 - origin}"
    ]
