"""Makes the golden set: files of boxes and regions, and what independent programs score them.

The files come from a seed (`golden_data.py`). The expected values come from the plain scorer beside
this script (`slow_scorer.py`) and, wherever the convention is the same, from got10k and vot-toolkit
(`golden_got10k.py` and `golden_vot_toolkit.py` say where it is not). Nothing here imports `dslt`.
The values that are committed were made by Python 3.10 in an environment of its own; vot-toolkit
does not start in Python 3.11, got10k needs numpy 1:

    pip install got10k==0.1.3 vot-toolkit==0.9.0 vot-trax==4.0.2 'numpy<2' 'opencv-python<4.12'
    python tests/golden/make_golden.py
"""

from __future__ import annotations

import json
import platform
import re
import shutil
from importlib.metadata import version
from pathlib import Path

import golden_data
from golden_regions import SEQUENCES
from slow_files import lines, numbers
from slow_regions import region_overlap
from slow_scorer import score_case

PACKAGES = ("got10k", "vot-toolkit", "numpy", "numba", "shapely", "opencv-python")
HERE = Path(__file__).resolve().parent
DATA = HERE / "data"
EXPECTED = HERE / "expected.json"

OTB = ["border", "grid", "twins-1", "twins-2", "wander"]
UAV123 = ["kite1_1", "kite1_2", "quay3", "shore2"]
LASOT = ["kettle-1", "kettle-2", "lantern-3"]
VOT = list(SEQUENCES)


def _case(
    benchmark: str,
    results: str,
    sequences: list[str],
    *toolkits: str,
    origin: int = 1,
) -> dict:
    """One run of the scorer: `sequences` are all of the folder or a part of it."""
    return {
        "benchmark": benchmark,
        "annotations": results.split("/")[0],
        "results": results,
        "sequences": sequences,
        "origin": origin,
        "toolkits": list(toolkits),
    }


CASES = {
    "otb steady": _case("OTB-2015", "otb/results/steady", OTB),
    "otb steady, clean": _case("OTB-2015", "otb/results/steady", OTB[2:], "got10k"),
    "otb broken": _case("OTB-2015", "otb/results/broken", OTB),
    "otb from zero": _case("OTB-2015", "otb/results/from_zero", OTB, origin=0),
    "otb from zero, as is": _case("OTB-2015", "otb/results/from_zero", OTB),
    "otb rows": _case("OTB-2015", "otb_rows/results/whole", ["Jogging-1", "Jogging-2", "Tiger1"]),
    "otb rows, cut": _case(
        "OTB-2015", "otb_rows/results/cut", ["Jogging-1", "Jogging-2", "Tiger1"]
    ),
    "uav123 steady": _case("UAV123", "uav123/results/steady", UAV123),
    "uav123 steady, clean": _case("UAV123", "uav123/results/steady", UAV123[:2], "got10k"),
    "uav123 steady, absent": _case("UAV123", "uav123/results/steady", UAV123[:3], "got10k"),
    "uav123 broken": _case("UAV123", "uav123/results/broken", UAV123),
    "lasot steady": _case("LaSOT", "lasot/results/steady", LASOT),
    "lasot steady, absent": _case("LaSOT", "lasot/results/steady", LASOT[:1], "got10k"),
    "lasot broken": _case("LaSOT", "lasot/results/broken", LASOT),
    "vot polygons": _case(
        "VOT-2018", "vot/results/polygons", VOT, "vot-toolkit", "got10k", origin=0
    ),
    "vot polygons, 2016": _case(
        "VOT-2016", "vot/results/polygons", VOT, "vot-toolkit", "got10k", origin=0
    ),
    "vot boxes": _case("VOT-2018", "vot/results/boxes", VOT, "vot-toolkit", "got10k", origin=0),
    "vot late": _case("VOT-2018", "vot/results/late", VOT, "vot-toolkit", "no eao", origin=0),
    "vot absent": _case("VOT-2018", "vot_absent/results/polygons", ["heron"], origin=0),
}


def read_pairs(data: Path) -> list[tuple]:
    """The pairs of regions, each with the size of its frame."""
    rows = [[numbers(part) for part in line.split(";")] for line in lines(data / "regions.txt")]
    return [(one, other, (int(width), int(height))) for one, other, (width, height) in rows]


def slow_values(data: Path) -> dict:
    """Everything that the slow scorer says: cases, and overlaps of pairs by each rule."""
    pairs = read_pairs(data)
    rules = {"raster": ("raster", "edges"), "pixels": ("raster", "pixels")}
    rules["polygon"] = ("polygon", "edges")
    return {
        "cases": {name: score_case(case, data) for name, case in CASES.items()},
        "pairs": {
            name: [region_overlap(one, other, *rule, size) for one, other, size in pairs]
            for name, rule in rules.items()
        },
    }


def _plain(value):
    """Twelve decimals, and nothing that says nothing."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return round(value, 12) if isinstance(value, float) else value


def main() -> None:
    """Write the files and the expected values."""
    import golden_got10k
    import golden_vot_toolkit

    programs = {
        f"{name} {version(name)}": module
        for name, module in (("got10k", golden_got10k), ("vot-toolkit", golden_vot_toolkit))
    }
    shutil.rmtree(DATA, ignore_errors=True)
    golden_data.write(DATA)
    slow = slow_values(DATA)
    cases = {
        name: {"slow scorer": slow["cases"][name]}
        | {program: module.case_says(case, DATA) for program, module in programs.items()}
        for name, case in CASES.items()
    }
    pairs = {"slow scorer": slow["pairs"]}
    pairs |= {name: module.pairs_say(read_pairs(DATA)) for name, module in programs.items()}
    made_with = {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}
    record = {"made with": made_with, "cases": cases, "pairs": pairs}
    text = json.dumps(_plain(record), indent=1, allow_nan=False)
    text = re.sub(r"\[[^\[\]{}]*\]", lambda found: " ".join(found[0].split()), text)
    EXPECTED.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
