"""A second scorer, frame by frame, written from the conventions and from nothing of `dslt`.

It is slow and plain on purpose: lists, loops and the standard library, no arrays, readers of its
own. `make_golden.py` takes the expected values of the golden set from it, and `test_golden_set.py`
holds both scorers to them. It knows the layouts of files that the golden set has, no more.
Supervised runs are in `slow_vot.py`, their regions in `slow_regions.py`.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

from slow_files import first_of, flags, mean, rows
from slow_vot import score_supervised

OFFICIAL = {
    "success_steps": 20,
    "inclusive": False,
    "first_frame": "truth",
    "invalid_truth": "official",
    "absent": "drop",
    "denominator": "all",
}
# What changes under each named alternative (config/protocols.yaml).
ALTERNATIVES = {
    "invalid_truth_skipped": {"invalid_truth": "skip"},
    "thresholds_101": {"success_steps": 100},
    "at_or_above": {"inclusive": True},
    "first_frame_of_result": {"first_frame": "result"},
}
LASOT_ALTERNATIVES = {
    **ALTERNATIVES,
    "visible_denominator": {"denominator": "visible"},
    "absent_scored": {"absent": "score"},
}
UAV123_FLAGS = ("SV", "ARC", "LR", "FM", "FOC", "POC", "OV", "BC", "IV", "VC", "CM", "SOB")
SCORED_FROM = {"Tiger1": (6, 354)}  # first row that counts, and rows of the whole annotation

Box = tuple[float, float, float, float]


def score_case(case: dict, data: Path) -> dict:
    """Score one case of the golden set; the answer has the form of a score file."""
    if case["benchmark"].startswith("VOT"):
        return score_supervised(case, data)
    lasot = case["benchmark"] == "LaSOT"
    sequences = [_read(case, data, name) for name in case["sequences"]]
    official = [_score(one, OFFICIAL, lasot) for one in sequences]
    carried = [one["attributes"] for one in sequences]
    codes = sorted({code for attributes in carried for code in attributes})
    changes = LASOT_ALTERNATIVES if lasot else ALTERNATIVES
    return {
        "overall": _means(official),
        "curves": {
            name: {"values": [mean(one[name][k] for one in official) for k in range(len(curve))]}
            for name, curve in official[0].items()
            if isinstance(curve, list)
        },
        "attributes": {
            code: _means([s for s, c in zip(official, carried, strict=True) if code in c])
            for code in codes
        },
        "sequences": dict(zip(case["sequences"], map(_headlines, official), strict=True)),
        "alternatives": {
            name: _means([_score(one, OFFICIAL | change, lasot) for one in sequences])
            for name, change in changes.items()
        },
    }


def _headlines(scores: dict) -> dict:
    return {key: value for key, value in scores.items() if not isinstance(value, list)}


def _means(scores: list[dict]) -> dict:
    found = [_headlines(one) for one in scores]
    return {key: mean(row[key] for row in found) for key in found[0]}


def _score(sequence: dict, rule: dict, lasot: bool) -> dict:
    """Curves and headlines of one sequence."""
    frames, denominator = _frames(sequence, rule)

    def within(place: int, bounds) -> list[float]:
        return [sum(frame[place] <= bound for frame in frames) / denominator for bound in bounds]

    success = [
        sum(o > t or (rule["inclusive"] and o == t) for o, _, _ in frames) / denominator
        for t in _colon(1.0, rule["success_steps"])
    ]
    precision = within(1, range(51))
    scores = {
        "success": success,
        "precision": precision,
        "success_auc": mean(success),
        "precision_20": precision[20],
    }
    if lasot:
        curve = within(2, _colon(0.5, 50))
        scores |= {"norm_precision": curve, "norm_precision_20": curve[20]}
    return scores


def _frames(sequence: dict, rule: dict) -> tuple[list[tuple[float, float, float]], int]:
    """Overlap, distance and normalised distance of the frames to look at; the denominator."""
    frames, denominator = [], 0
    result = _repaired(sequence["result"], sequence["truth"], rule["first_frame"])
    for box, target, gone in zip(result, sequence["truth"], sequence["absent"], strict=True):
        valid = all(value > 0 for value in target)  # false for NaN
        if rule["invalid_truth"] == "skip" and not valid:
            continue
        dropped = gone and rule["absent"] == "drop"
        if not dropped or rule["denominator"] == "all":
            denominator += 1
        if not dropped:
            frames.append(_compared(box, target) if valid else (-1.0, -1.0, -1.0))
    return frames, denominator


def _compared(box: Box | None, target: Box) -> tuple[float, float, float]:
    """Overlap, distance and normalised distance of a box and a valid truth."""
    if box is None:
        return -1.0, math.inf, math.inf
    dx = (box[0] + box[2] / 2) - (target[0] + target[2] / 2)
    dy = (box[1] + box[3] / 2) - (target[1] + target[3] / 2)
    normalised = math.sqrt((dx / target[2]) ** 2 + (dy / target[3]) ** 2)
    return _overlap(box, target), math.sqrt(dx * dx + dy * dy), normalised


def _colon(last: float, count: int) -> list[float]:
    """MATLAB's 0:step:last, whose upper half counts down from the end."""
    step = {20: 0.05, 50: 0.01, 100: 0.01}[count]
    return [k * step if k <= count // 2 else last - (count - k) * step for k in range(count + 1)]


def _repaired(rows: list[Box], truth: list[Box], first_frame: str) -> list[Box | None]:
    """One box per frame of the truth: the previous one where a box is unusable, None for none."""
    repaired: list[Box | None] = []
    previous = None
    for frame, target in enumerate(truth):
        if frame >= len(rows):
            repaired.append(None)
            continue
        box = target if frame == 0 and first_frame == "truth" else rows[frame]
        if box[2] > 0 and box[3] > 0 and not any(math.isnan(value) for value in box):
            previous = box
        repaired.append(previous)
    return repaired


def _overlap(one: Box, other: Box) -> float:
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return min(1.0, shared / (one[2] * one[3] + other[2] * other[3] - shared))


def _read(case: dict, data: Path, name: str) -> dict:
    """Boxes as the annotation counts them, from 1; results are shifted to that."""
    root, results = data / case["annotations"], data / case["results"]
    base, _, number = name.rpartition("-")
    truth_file = first_of(
        root / name / "groundtruth_rect.txt",
        root / base / f"groundtruth_rect.{number}.txt",
        root / "anno" / f"{name}.txt",
        root / "anno" / "UAV123" / f"{name}.txt",
        root / base / name / "groundtruth.txt",
    )
    truth = rows(truth_file)
    result = rows(first_of(results / f"{name}.txt", results / name / f"{name}_001.txt"))
    first, whole = SCORED_FROM.get(name, (1, 0))
    if len(truth) == whole:
        truth = truth[first - 1 :]
    if len(result) == whole:
        result = result[first - 1 :]
    shift = 1 - case["origin"]
    absent = [False] * len(truth)
    for path in (truth_file.parent / "full_occlusion.txt", truth_file.parent / "out_of_view.txt"):
        if path.is_file():
            absent = [old or new for old, new in zip(absent, flags(path), strict=True)]
    return {
        "truth": truth,
        "result": [(x + shift, y + shift, w, h) for x, y, w, h in result],
        "absent": absent,
        "attributes": _attributes(truth_file, name),
    }


def _attributes(truth_file: Path, name: str) -> list[str]:
    words = truth_file.parent / "attributes.txt"
    if words.is_file():
        return re.findall(r"\w+", words.read_text(encoding="utf-8"))
    path = truth_file.parent / "att" / f"{name}.txt"
    if path.is_file():
        return [code for code, flag in zip(UAV123_FLAGS, flags(path), strict=True) if flag]
    return []
