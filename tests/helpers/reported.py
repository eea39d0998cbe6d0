"""Result files as the report reads them: a scorecard, comparisons and scores of a few runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from dslt.compare.tables.confidence import JUDGED
from dslt.score.metrics import CONFIDENCE

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


TABLE1 = """\
benchmark,tracker,source,eao,eao_low,eao_high,eao_difference,accuracy,accuracy_low,accuracy_high,note
VOT-2016,ECO,printed,0.374,,,,0.546,,,
clips_vot,Shrinkage,run here,0.412345,0.398765,0.45,,0.60,,,one seed
"""

TRAINING = """\
cell,epochs,sequences,videos,seeds,before,after,gain,low,high,note
siamfc_bce,5,12,8,3,0.7,0.75,0.05,0.01,0.09,
siamfc_focal,5,12,1,3,0.7,0.75,0.05,,,no interval: one source video
"""

SENSITIVITY = """\
better,worse,benchmark,metric,change,difference,low,high,videos,verdict,key
dslt,dslt_l2,clips,success_auc,as it is,17.60,8.50,32.40,7,supported,k
dslt,dslt_l2,clips,success_auc,gate_on,-0.10,-1.50,1.80,7,inconclusive,k
dslt,dslt_l2,clips,precision_20,as it is,-2.00,-3.00,-1.00,7,contradicted,k
"""


def write_result_files(folder: Path) -> None:
    """Write a scorecard, tables, two comparisons and a record of first frames, made up."""
    (folder / "scorecard.csv").write_text(SCORECARD)
    (folder / "table3.csv").write_text("item,paper DP\n<full>,84.3\nNone,\n")
    (folder / "table3.tex").write_text("booktabs")
    (folder / "losses.csv").write_text("part,item,paper_success_auc\nregression,full,59.9\n")
    (folder / "table1.csv").write_text(TABLE1)
    (folder / "training.csv").write_text(TRAINING)
    (folder / "sensitivity.csv").write_text(SENSITIVITY)
    differences = [f"{metric}_difference" for metric in JUDGED]
    names = [
        f"{name}{end}" for name in (*CONFIDENCE, *differences) for end in ("", "_low", "_high")
    ]
    row = {"benchmark": "clips", "tracker": "dslt", "preset": "lite", "seeds": "1", "note": ""}
    values = dict.fromkeys(names, "0.5") | {"confidence_auroc": "0.8764"}
    pd.DataFrame([row | values]).to_csv(folder / "confidence.csv", index=False)
    lines = [f"s0,{step},{0.9**step},{0.9**step},1,0" for step in range(101)]
    heads = "sequence,iteration,loss,criterion,peak,background"
    (folder / "seed0.csv").write_text("\n".join([heads, *lines]))
    np.savez(folder / "seed0.npz", **{"s0/fused_share": np.float64(0.775)})
    write_compare(folder / "dslt.json", "dslt", "Shrinkage", 0.701)
    write_compare(folder / "dslt_l2.json", "dslt_l2", "L2", 0.6)


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
