"""Rows of tables lead to what their trackers did on every sequence."""

import pandas as pd
import pytest

from dslt.report import table3
from dslt.report.links import by_cell, links


@pytest.mark.parametrize(
    ("benchmark", "cells", "target"),
    [
        ("clips", ["dslt", "dslt_l2"], "benchmark=clips&cells=dslt&cells=dslt_l2"),
        (None, ["dslt"], "cells=dslt"),
        ("", ["dslt"], None),
        ("clips", [""], None),
        ("OTB-2013+OTB-2015", ["dslt"], None),
    ],
)
def test_where_a_row_leads(benchmark, cells, target):
    frame = pd.DataFrame({"a": [1]}, index=[7])
    (text,) = links([("x < y", benchmark, cells)], frame)
    plain = "x &lt; y"
    shown = f'<a href="sequences.html#{target}">{plain}</a>'.replace("&cells", "&amp;cells")
    assert str(text) == (shown if target else plain)


def test_a_column_leads_by_the_ids_beside_it():
    frame = pd.DataFrame({"benchmark": ["clips"], "cell": ["dslt"], "loss": ["L2"], "runs": [3]})
    shown = by_cell(frame, "loss")
    assert list(shown) == ["benchmark", "loss", "runs"]
    assert str(shown["loss"][0]) == '<a href="sequences.html#benchmark=clips&amp;cells=dslt">L2</a>'


def test_rows_of_table_3_lead_where_their_tracker_ran(tmp_path):
    head = "part,item,paper_success_auc,cell,clips_success_auc,synthetic_success_auc"
    rows = [head, "regression,both,1,a,70,60", "regression,one,1,b,,60", "regression,none,1,c,,"]
    path = tmp_path / "table3.csv"
    path.write_text("\n".join(rows) + "\n")
    both, one, none = map(str, table3.losses(path)["Item"])
    assert "benchmark=clips&amp;cells=a" in both
    assert "benchmark=synthetic&amp;cells=b" in one
    assert none == "none"
    path.write_text("\n".join([head.replace("clips", "OTB-2015"), *rows[1:]]) + "\n")
    shown = table3.losses(path)
    assert "benchmark=OTB-2015&amp;cells=a" in str(shown["Item"][0])
    assert {"OTB-2015: AUC", "Synthetic videos: AUC"} <= {*shown} & {*shown.attrs["numbers"]}
