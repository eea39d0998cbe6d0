"""Verdicts on published results: another tracker's never reproduce a row of the paper."""

from __future__ import annotations

import pytest

from dslt.compare.cell import CellInfo, compare_cell
from dslt.compare.numbers import number_rows
from dslt.compare.paper import read_numbers, read_tolerances
from dslt.compare.stacks import stack
from dslt.score.evaluate import Suite, evaluate
from dslt.settings.protocols import load_protocols
from places import ROOT
from published import RESULTS, needs, vot_targets

PAPER = ROOT / "config" / "paper"

pytestmark = needs("annotations/VOT2018", "results/VOT2018/DaSiamRPN")


@pytest.fixture(scope="module")
def scores():
    """DaSiamRPN's published results, scored as a run of ours."""
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["vot2018"]
    suite = Suite("VOT-2018", vot_targets(2018), protocol, name="vot2018", origin=1)
    return evaluate("DaSiamRPN", suite, RESULTS / "VOT2018" / "DaSiamRPN", 1)


@pytest.mark.parametrize("seeds", [1, 3])
@pytest.mark.parametrize("row", ["SiamRPN_sl", "SiamRPN_fl", "SiamRPN"])
def test_dasiamrpn_reproduces_no_row_of_table_2(scores, row, seeds):
    """Not even with everything made comparable, and with three seeds that agree to the digit."""
    numbers = [n for n in read_numbers(PAPER) if n.source == "table2" and n.item == row]
    assert {number.metric for number in numbers} == {"eao", "accuracy", "robustness"}
    info = CellInfo(
        label="DaSiamRPN",
        base="siamrpn",
        preset=numbers[0].preset,
        backbone=numbers[0].backbone,
        training_data=numbers[0].training_data,
        trained=True,
    )
    table = stack([(seed, scores.model_copy(update={"seed": seed})) for seed in range(seeds)])
    cell = numbers[0].cells[0]
    found = compare_cell(cell, info, {(cell, "VOT-2018"): table}, "", [])
    rows = number_rows(numbers, read_tolerances(PAPER), {cell: found})
    verdicts = {row.metric: row.verdict for row in rows}
    assert "supported" not in verdicts.values()
    assert "not comparable" not in verdicts.values()
    assert verdicts["eao"] == ("inconclusive" if seeds == 1 else "contradicted")
