"""Result files as the report reads them: a scorecard, comparisons and scores of a few runs."""

from __future__ import annotations

import json
from pathlib import Path

SCORECARD = """\
kind,source,item,benchmark_paper,paper_value,claim,family,cell,our_benchmark,metric,unit,ours,low,\
high,p,sequences,videos,seeds,verdict,note
claim,fig15,Shrinkage beats L2,OTB-2015,,l2,f,dslt - dslt_l2,clips,success_auc,points,1.20,-0.50,\
2.90,1,10,3,1,inconclusive,the interval contains 0
claim,fig15,OHNM is below [preset lite],OTB-2015,,ohnm,f,dslt - dslt_ohnm,clips,success_auc,points,\
4.00,2.00,6.00,0.01,10,3,1,supported,
claim,fig15,OHNM is below [preset lite],OTB-2015,,ohnm,f,dslt - dslt_ohnm,clips,precision_20,\
points,4.00,2.00,6.00,,10,3,1,not judged,
number,table3,"(10, 0.2)",OTB-2015+UAV123,59.9,,,dslt,clips,success_auc,%,70.10,60.00,80.00,,\
10,3,1,not comparable,<other> & data
number,table3,classification,OTB-2015+UAV123,61.1,,,,,success_auc,%,,,,,,,,not run,
"""


def write_compare(path: Path, cell: str, label: str, auc: float) -> Path:
    value = {"value": auc, "low": auc - 0.1, "high": auc + 0.1, "seed_sd": None}
    difference = {"value": -0.02, "low": -0.05, "high": 0.01}
    result = {
        "protocol": "otb",
        "sequences": 10,
        "videos": 3,
        "seeds": [0],
        "metrics": {"success_auc": value, "precision_20": value},
        "fps": {"median": 21.0},
        "difference_to": None
        if cell == "dslt"
        else {"cell": "dslt", "metrics": {"success_auc": difference, "precision_20": difference}},
        "notes": [],
    }
    record = {
        "cell": cell,
        "label": label,
        "base": "dslt",
        "preset": "lite",
        "backbone": "efficientnet_lite0",
        "shown_in": ["fig15"],
        "benchmarks": {"clips": result},
        "paper": [],
    }
    path.write_text(json.dumps(record))
    return path


SUPERVISED = {"eao": 0.31, "accuracy": 0.6, "robustness": 1.2}


def write_scores(folder: Path, benchmark: str, cell: str, seed: int, shift: float) -> Path:
    """Write a score file of two sequences, of one pass or supervised by the benchmark's name."""
    thresholds = [0.0, 0.5, 1.0]
    supervised = benchmark.endswith("_vot")
    overall = SUPERVISED | {"eao": 0.31 + shift} if supervised else {"success_auc": 0.6 + shift}
    values = [1.0, 0.6 + shift, 0.0]
    curve = {"thresholds": [1, 2, 3] if supervised else thresholds, "values": values}
    one = {"video": "v", "attributes": ["OCC"], "frames": 5, "success_auc": 0.6}
    attribute = {"success_auc": 0.4 + shift, "sequences": 2}
    record = {
        "cell": cell,
        "benchmark": benchmark,
        "seed": seed,
        "conventions": {"eao_interval": [2, 3]} if supervised else {},
        "box_origin": 1,
        "notes": [],
        "complete": True,
        "overall": overall,
        "curves": {"expected_overlap" if supervised else "success": curve},
        "attributes": {} if supervised else {"OCC": attribute},
        "sequences": {"a": one, "b": one},
    }
    path = folder / f"{cell}-{benchmark}-{seed}.json"
    path.write_text(json.dumps(record))
    return path
