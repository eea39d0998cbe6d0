"""What got10k 0.1.3 says about the golden set, where its conventions are ours.

- One pass: numpy's thresholds (our sequences without exact ties); NaN, boxes without area, results
  of another length and truth with x or y <= 0 are not handled (only sequences without them); where
  the truth is NaN frames are left out (`invalid_truth_skipped`), so LaSOT with its absent frames
  set to NaN is over the visible ones (`visible_denominator`). No inclusive thresholds, no
  normalised precision.
- VOT: exact areas (`exact_polygons`); tags, burn-in, repetitions are ours; its tag `all` pools the
  accuracy. No expected average overlap.
"""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import got10k.experiments.vot
import numpy as np
from golden_vot_toolkit import read_trajectory
from got10k.experiments.otb import ExperimentOTB
from got10k.experiments.uav123 import ExperimentUAV123
from got10k.experiments.vot import ExperimentVOT
from got10k.utils.metrics import poly_iou
from PIL import Image
from slow_files import first_of, flags, frame_size, lines, numbers
from slow_vot import TAGS


def case_says(case: dict, data: Path) -> dict | None:
    """Values for a case, in the form of a score file; None where it has none."""
    if "got10k" not in case["toolkits"]:
        return None
    return (_supervised if case["benchmark"].startswith("VOT") else _one_pass)(case, data)


def pairs_say(pairs: list[tuple]) -> dict[str, list[float | None]]:
    """Overlaps by exact areas of pairs of regions; None where it has no such polygon."""
    overlaps: list[float | None] = []
    for one, other, size in pairs:
        known = {len(one), len(other)} <= {4, 8}
        solid = all(len(region) == 8 or region[2] * region[3] > 0 for region in (one, other))
        overlap = poly_iou(np.array(one), np.array(other), size)[0] if known and solid else None
        overlaps.append(None if overlap is None else float(overlap))
    return {"polygon": overlaps}


class _Given:
    """Stands for got10k's data sets: what it scores, without images."""

    def __init__(self, names: list[str], rows: list[tuple]):
        self.seq_names, self.rows = names, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple:
        return self.rows[index]


def _one_pass(case: dict, data: Path) -> dict:
    """Curves of the clean sequences of a case; the case says which conventions they are under."""
    root, results = data / case["annotations"], data / case["results"]
    rows = [([], _truth(root, name)) for name in case["sequences"]]
    kind = ExperimentOTB if case["benchmark"].startswith("OTB") else ExperimentUAV123
    official = _report(kind, case["sequences"], rows, results)
    finer = _report(kind, case["sequences"], rows, results, nbins_iou=101)
    if any(np.isnan(truth).any() for _, truth in rows):
        name = "visible_denominator" if case["benchmark"] == "LaSOT" else "invalid_truth_skipped"
        return {"alternatives": {name: _headlines(official["overall"])}}
    return {
        "overall": _headlines(official["overall"]),
        "curves": {
            "success": {"values": official["overall"]["success_curve"]},
            "precision": {"values": official["overall"]["precision_curve"]},
        },
        "sequences": {n: _headlines(one) for n, one in official["seq_wise"].items()},
        "alternatives": {
            "invalid_truth_skipped": _headlines(official["overall"]),
            "thresholds_101": _headlines(finer["overall"]),
        },
    }


def _headlines(scores: dict) -> dict:
    return {
        "success_auc": float(scores["success_score"]),
        "precision_20": float(scores["precision_score"]),
    }


def _truth(root: Path, name: str) -> np.ndarray:
    """Boxes of a sequence; NaN where LaSOT's flags say that the target is absent."""
    base, _, number = name.rpartition("-")
    path = first_of(
        root / base / f"groundtruth_rect.{number}.txt",
        root / name / "groundtruth_rect.txt",
        root / "anno" / "UAV123" / f"{name}.txt",
        root / base / name / "groundtruth.txt",
    )
    truth = np.array([numbers(line) for line in lines(path)])
    for absence in (path.parent / "full_occlusion.txt", path.parent / "out_of_view.txt"):
        if absence.is_file():
            truth[flags(absence)] = np.nan
    return truth


def _report(
    kind: type, names: list[str], rows: list[tuple], results: Path, nbins_iou: int = 21
) -> dict:
    """Run got10k's own report over result files."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = kind.__new__(kind)
        experiment.dataset = _Given(names, rows)
        experiment.result_dir, experiment.report_dir = str(results.parent), folder
        experiment.nbins_iou, experiment.nbins_ce = nbins_iou, 51
        experiment.plot_curves = lambda names: None
        return experiment.report([results.name])[results.name]


def _supervised(case: dict, data: Path) -> dict:
    """Accuracy of exact areas, pooled, and failures, in total and weighted by tag."""
    root = data / case["annotations"]
    # It puts arrays of one value and numbers into one list, which numpy refuses from 1.24 on.
    got10k.experiments.vot.poly_iou = lambda *regions: poly_iou(*regions)[0]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of means over nothing
        image = Path(folder, "frame.png")
        Image.new("L", frame_size(root / case["sequences"][0])).save(image)
        rows = []
        for name in case["sequences"]:
            truth = np.array([numbers(line) for line in lines(root / name / "groundtruth.txt")])
            rows.append(([str(image)] * len(truth), truth, _tags(root / name, len(truth))))
            _as_text(data / case["results"], name, Path(folder, "results/tracker/baseline", name))
        experiment = ExperimentVOT.__new__(ExperimentVOT)
        experiment.result_dir, experiment.report_dir = f"{folder}/results", f"{folder}/reports"
        experiment.burnin, experiment.repetitions = 10, 15
        experiment.tags = [*TAGS, "empty"]
        experiment.dataset = _Given(case["sequences"], rows)
        tagged = experiment.report(["tracker"])["tracker"]
        experiment.tags = ["all"]
        everything = [(i, t, {"all": np.ones(len(t), bool)}) for i, t, _ in rows]
        experiment.dataset = _Given(case["sequences"], everything)
        total = experiment.report(["tracker"])["tracker"]
    return {
        "overall": {
            "failures": float(total["robustness"]),
            "failures_weighted": float(tagged["robustness"]),
        },
        "alternatives": {"exact_polygons": {"accuracy": float(total["accuracy"])}},
    }


def _tags(folder: Path, frames: int) -> dict[str, np.ndarray]:
    """Flags of each tag, filled up with zeros."""
    carried = {path.stem: flags(path) for path in folder.glob("*.tag")} or {"none": []}
    return {
        tag: np.array(values + [False] * (frames - len(values))) for tag, values in carried.items()
    }


def _as_text(results: Path, name: str, folder: Path) -> None:
    """Copy the runs of a sequence as text; what is binary vot-toolkit reads."""
    folder.mkdir(parents=True)
    for path in sorted((results / "baseline" / name).glob(f"{name}_*")):
        text = path.read_text(encoding="utf-8") if path.suffix == ".txt" else None
        regions = [] if text else [str(region) for region in read_trajectory(str(path))]
        (folder / f"{path.stem}.txt").write_text(text or "\n".join(regions), encoding="utf-8")
