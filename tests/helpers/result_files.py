"""Small result files for the tests of figures, in the form in which the workflow writes them."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner
from matplotlib.figure import Figure

from dslt.commands.figure import command
from places import ROOT

PAPER = ROOT / "config" / "paper"
NAMES = ["alpha", "beta", "gamma"]


def write_score(
    path: Path,
    cell: str,
    benchmark: str,
    seed: int,
    auc: float,
    names: list[str] = NAMES,
    norm: bool = False,
    conventions: dict[str, object] | None = None,
) -> Path:
    """Write one-pass scores; the precision is the AUC plus 0.1, the normalised one minus 0.1."""
    success = {"thresholds": [0, 0.5, 1], "values": [1.0, auc, 0.0]}
    precision = {"thresholds": [0, 20, 50], "values": [0.0, auc + 0.1, 1.0]}
    curves = {"success": success, "precision": precision}
    overall = {"success_auc": auc, "precision_20": auc + 0.1}
    if norm:
        curves["norm_precision"] = {"thresholds": [0, 0.2, 0.5], "values": [0.0, auc - 0.1, 1.0]}
        overall["norm_precision_20"] = auc - 0.1
    sequence = {"video": "film", "attributes": ["OCC"], "frames": 9, **overall}
    sequence |= {"success": [1.0, auc, 0.0], "precision": [0.0, auc + 0.1, 1.0]}
    attributes = {
        "OCC": {"success_auc": auc - 0.2, "sequences": 2},
        "SV": {"success_auc": auc, "sequences": 1},
    }
    record = {
        "overall": overall | {"fps": 20.0},
        "curves": curves,
        "attributes": attributes,
        "sequences": dict.fromkeys(names, sequence),
        "conventions": conventions or {},
    }
    return _write(path, cell, benchmark, seed, record)


def write_vot_score(
    path: Path, cell: str, benchmark: str, eao: float, seed: int = 0, **more: object
) -> Path:
    """Write supervised scores whose expected overlap falls from 1 to the EAO in five lengths."""
    curve = {"thresholds": [1, 2, 3, 4, 5], "values": [1.0, 0.9, eao, eao, eao]}
    sequence = {"video": "film", "attributes": [], "frames": 50, "failures": 1.0}
    tags = {
        "occlusion": {"accuracy": 0.5, "failures": 3.0, "frames": 60},
        "empty": {"failures": 0.0, "frames": 90},
    }
    record = {
        "overall": {"eao": eao, "accuracy": 0.6, "robustness": 2.0, "failures": 3.0},
        "curves": {"expected_overlap": curve},
        "attributes": tags,
        "sequences": dict.fromkeys(NAMES, sequence),
        "conventions": {"protocol": "vot_short", "eao_interval": [3, 5]},
    }
    return _write(path, cell, benchmark, seed, record | more)


def _write(path: Path, cell: str, benchmark: str, seed: int, record: dict[str, object]) -> Path:
    head = {"cell": cell, "benchmark": benchmark, "seed": seed, "box_origin": 1, "notes": []}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(head | record))
    return path


def texts(figure: Figure) -> str:
    """Everything that is written in a figure."""
    figure.draw_without_rendering()
    found = [text.get_text() for text in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return "\n".join(text for text in found if text)


def call(*arguments: object) -> list[Path]:
    """Run `dslt figure` and return what it says it wrote."""
    done = CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [Path(line) for line in done.output.split()]
