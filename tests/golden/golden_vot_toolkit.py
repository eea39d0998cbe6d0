"""What vot-toolkit 0.9.0 says about the golden set, where its conventions are ours.

- A box as such is drawn to x + w - 1 from rounded x and w (`pixel_rectangles`, whole numbers
  only). Handed over as the polygon of its corners it is drawn as in the challenges, to x + w.
- Where a slanted edge crosses a row is a float that is cut off towards 0: single pixels differ, in
  less than two overlaps of a hundred. More do where slanted edges lie left of the frame, which can
  give a polygon one more column there; those of the set stand all but upright there.
- Halves are rounded to even (pairs with halves are left out); a pair whose common window is one
  pixel wide gets 0 or 1 (there is none).
- Accuracy of a run is its mean and the number of frames behind it; of several sequences the mean
  weighted by length (`accuracy_by_length`), which we also pool by those numbers. Repetitions are
  averaged as whole runs, not per frame (one repetition only).
- Expected overlap: all pieces weigh the same (equal numbers of repetitions only); a failure that no
  start follows is padded with zeros (runs without one only); the curve ends with the longest piece
  (only where one is as long as the interval); the interval is 0-based (we give it one less).
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from slow_files import frame_size, lines
from slow_vot import EAO_LENGTHS
from vot.analysis.supervised import (
    AccuracyRobustness,
    AverageAccuracyRobustness,
    EAOCurve,
    EAOScore,
    compute_accuracy,
    count_failures,
)
from vot.region import Polygon, Rectangle, Special, calculate_overlap
from vot.region.io import parse_region, read_trajectory


def case_says(case: dict, data: Path) -> dict | None:
    """Values of vot-toolkit for a case, in the form of a score file; None where it has none."""
    if "vot-toolkit" not in case["toolkits"]:
        return None
    sequences = [_Sequence(case, data, name) for name in case["sequences"]]
    cornered = [one.cornered() for one in sequences]
    rows = {one.name: one.scores() for one in cornered}
    failures = sum(row["failures"] for row in rows.values())
    robustness = 100 * failures / sum(len(one) for one in sequences)
    overall = {"failures": failures, "robustness": robustness}
    others: dict[str, dict] = {"unbounded": {}, "pixel_rectangles": {}}
    whole = all(_whole(one.regions()) for one in sequences)
    if all(len(one.runs) == 1 for one in sequences):
        overall["accuracy"] = _pooled(cornered)
        others["accuracy_by_length"] = {"accuracy": _by_length(cornered)}
        others["unbounded"]["accuracy"] = _pooled(cornered, bounded=False)
        others["pixel_rectangles"]["accuracy"] = _pooled(sequences) if whole else None
    if "no eao" not in case["toolkits"]:
        low, high = EAO_LENGTHS[case["benchmark"]]
        overall["eao"] = _eao(cornered, low, high)
        others["unbounded"]["eao"] = _eao(cornered, low, high, bounded=False)
        others["pixel_rectangles"]["eao"] = _eao(sequences, low, high) if whole else None
    return {"overall": overall, "sequences": rows, "alternatives": others}


def pairs_say(pairs: list[tuple]) -> dict[str, list[float | None]]:
    """Overlaps in pixels of pairs of regions; None where conventions differ."""
    drawn: dict[str, list[float | None]] = {"raster": [], "pixels": []}
    for one, other, size in pairs:
        halves = any(value % 1 == 0.5 for region in (one, other) for value in region)
        regions = [parse_region(",".join(map(str, region))) for region in (one, other)]
        cornered = calculate_overlap(*map(as_polygon, regions), size)
        drawn["raster"].append(None if halves else cornered)
        known = _whole(regions) and not halves
        drawn["pixels"].append(calculate_overlap(*regions, size) if known else None)
    return drawn


class _Sequence:
    """Stands for vot-toolkit's sequence, and holds its runs."""

    def __init__(self, case: dict, data: Path, name: str):
        self.name = name
        folder = data / case["annotations"] / name
        self.truth = [parse_region(line) for line in lines(folder / "groundtruth.txt")]
        self.size = frame_size(folder)
        files = sorted((data / case["results"] / "baseline" / name).glob(f"{name}_*"))
        self.runs = [read_trajectory(str(path)) for path in files]

    def regions(self) -> list:
        """The truth's and all runs'."""
        return [region for regions in [self.truth, *self.runs] for region in regions]

    def cornered(self) -> _Sequence:
        """The same with boxes as polygons."""
        other = object.__new__(_Sequence)
        other.name, other.size = self.name, self.size
        other.truth = [as_polygon(region) for region in self.truth]
        other.runs = [[as_polygon(region) for region in run] for run in self.runs]
        return other

    def __len__(self) -> int:
        return len(self.truth)

    def groundtruth(self) -> list:
        return self.truth

    def scores(self) -> dict:
        failures = [count_failures(run)[0] for run in self.runs]
        scores = {"failures": sum(failures) / len(failures), "frames": len(self.truth)}
        if len(self.runs) == 1:
            scores["accuracy"] = float(compute_accuracy(self.runs[0], self)[0])
        return scores


class _Experiment:
    """Gives the runs of a sequence."""

    def gather(self, tracker: None, sequence: _Sequence) -> list:
        return [SimpleNamespace(regions=lambda run=run: run) for run in sequence.runs]


def _whole(regions: list) -> bool:
    """Tell whether all boxes are of whole numbers."""
    boxes = [region for region in regions if isinstance(region, Rectangle)]
    return all(value == round(value) for b in boxes for value in (b.x, b.y, b.width, b.height))


def as_polygon(region: Rectangle | Polygon | Special) -> Rectangle | Polygon | Special:
    """Corners of a box up to x + w, y + h; a box without area stays one, which holds no pixel."""
    if not isinstance(region, Rectangle) or region.width <= 0 or region.height <= 0:
        return region
    x, y, right, bottom = region.x, region.y, region.x + region.width, region.y + region.height
    return Polygon([(x, y), (right, y), (right, bottom), (x, bottom)])


def _pooled(sequences: list[_Sequence], bounded: bool = True) -> float:
    parts = [compute_accuracy(one.runs[0], one, bounded=bounded) for one in sequences]
    return float(sum(mean * number for mean, number in parts) / sum(n for _, n in parts))


def _by_length(sequences: list[_Sequence]) -> float:
    analysis = AccuracyRobustness()
    rows = [analysis.subcompute(_Experiment(), None, one, []) for one in sequences]
    return float(AverageAccuracyRobustness().aggregate(None, sequences, rows)[0])


def _eao(sequences: list[_Sequence], low: int, high: int, bounded: bool = True) -> float:
    """Mean of the toolkit's curve over the lengths low to high, which it counts from 0."""
    curve = EAOCurve(bounded=bounded).subcompute(_Experiment(), None, sequences, [])
    score = EAOScore(low=low - 1, high=high - 1)
    given = SimpleNamespace(foreach=lambda take: take(curve, 0, 0))
    return score.compute(None, [], sequences, [given])[0]
