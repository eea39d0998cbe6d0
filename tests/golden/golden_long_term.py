"""Makes runs with confidence, and what vot-toolkit 0.9.0 says of them: `long_term.json`.

The runs come from a seed: boxes of whole numbers inside of the frame, so that its overlaps in
pixels are those of areas; frames without target; equal scores. What `vot.analysis.longterm` makes
of them is called as its own pipeline calls it. Nothing here imports `dslt`. The toolkit asks for a
decorator that Python 3.11 has changed; it is stood in for here, nothing else is. In an environment
of its own:

    pip install vot-toolkit==0.9.0 vot-trax==4.0.2 'numpy<2' 'opencv-python<4.12'
    python tests/golden/golden_long_term.py
"""

from __future__ import annotations

import json
import random
import typing
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

OUT = Path(__file__).resolve().parent / "long_term.json"
SIZE = (160, 120)
# Case -> frames of its sequences: more frames than thresholds, and fewer.
CASES = {"long": (60, 90, 45), "short": (7, 12), "one": (30,)}


def make_case(frames: tuple[int, ...], seed: int) -> list[dict]:
    """Make sequences: boxes `[x, y, w, h]` of the truth, None where it is absent, and of a run."""
    source = random.Random(seed)
    return [_sequence(source, count) for count in frames]


def _sequence(source: random.Random, count: int) -> dict:
    truth: list[list[int] | None] = []
    boxes, scores = [], []
    x, y = 60, 40
    for frame in range(count):
        x, y = (min(max(v + source.randint(-4, 4), 25), 90) for v in (x, y - 5))
        w, h = source.randint(15, 30), source.randint(12, 25)
        y = min(y + 5, 70)
        off = source.choice([0, 1, 3, 8, 25])
        truth.append([x, y, w, h] if frame == 0 or source.random() > 0.15 else None)
        boxes.append([x + off, y + off // 2, w, h] if frame else [x, y, w, h])
        certain = 0.9 - off / 30 if truth[-1] else 0.2
        scores.append(round(min(max(certain + source.gauss(0, 0.2), 0), 1), 2))
    return {"truth": truth, "boxes": boxes, "scores": [None, *scores[1:]]}


class _Sequence:
    """Stands for the toolkit's sequence and holds its run."""

    def __init__(self, values: dict):
        from vot.region import Rectangle, Special

        self.name, self.size, self.scores = "", SIZE, values["scores"]
        self.truth = [Rectangle(*box) if box else Special(0) for box in values["truth"]]
        self.run = [Special(1), *(Rectangle(*box) for box in values["boxes"][1:])]

    def __len__(self) -> int:
        return len(self.truth)

    def groundtruth(self) -> list:
        return self.truth

    def object(self, name: str) -> None:
        return None


class _Run:
    """Gives the regions of a run and its confidence, NaN in the first frame, as it is read."""

    def __init__(self, sequence: _Sequence):
        self.sequence = sequence

    def __len__(self) -> int:
        return len(self.sequence)

    def regions(self) -> list:
        return self.sequence.run

    def properties(self, frame: int) -> dict:
        score = self.sequence.scores[frame]
        return {"confidence": float("nan") if score is None else score}


def toolkit_says(sequences: list[dict]) -> dict:
    """Curves and scores by the toolkit's own analyses, each given what it asks for."""
    from vot.analysis import longterm
    from vot.utilities.data import Grid

    experiment = SimpleNamespace(gather=lambda tracker, sequence: [_Run(sequence)])
    own = [_Sequence(values) for values in sequences]
    scores = [longterm._ConfidenceScores().subcompute(experiment, None, one, []) for one in own]
    thresholds = longterm._Thresholds().aggregate(None, own, scores)
    given, curves = Grid.scalar(thresholds), longterm.PrecisionRecallCurves()
    parts = [curves.subcompute(experiment, None, one, given) for one in own]
    mean = Grid.scalar(longterm.PrecisionRecallCurve().aggregate(None, own, parts))
    f_curve = longterm.FScoreCurve().compute(experiment, [None], own, [mean])
    best = longterm.PrecisionRecall().compute(experiment, [None], own, [mean, f_curve])
    precision, recall, f = best[0, 0]
    return {
        "thresholds": [float(value) for value in thresholds[0][0][1:-1]],
        "precision": [float(pr) for re, pr in mean[0, 0][0]],
        "recall": [float(re) for re, pr in mean[0, 0][0]],
        "f_curve": [float(value) for value in f_curve[0, 0][0]],
        "best": {"f": float(f), "precision": float(precision), "recall": float(recall)},
    }


def main() -> None:
    """Write the runs and what the toolkit says."""
    typing.dataclass_transform = lambda decorated: decorated  # type: ignore[assignment, misc]
    cases = {name: make_case(frames, seed) for seed, (name, frames) in enumerate(CASES.items())}
    record = {
        "made with": f"vot-toolkit {version('vot-toolkit')}",
        "cases": {
            name: {"sequences": sequences, "says": toolkit_says(sequences)}
            for name, sequences in cases.items()
        },
    }
    OUT.write_text(json.dumps(record, allow_nan=False).replace('{"truth', '\n{"truth') + "\n")


if __name__ == "__main__":
    main()
