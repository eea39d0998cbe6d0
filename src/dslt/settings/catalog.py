"""Names of benchmarks, figures and tables in headings; what each shows in the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BENCHMARKS: Mapping[str, str] = {
    "clips": "Real clips",
    "clips_vot": "Real clips with resets",
    "quick": "Real clips (short list)",
    "synthetic": "Synthetic videos",
    "synthetic_vot": "Synthetic videos with resets",
}
TITLES: Mapping[str, str] = {
    "fig01": "Fig. 1: the losses on the same frames",
    "fig03": "Fig. 3: imbalance of the regression data",
    "fig04": "Fig. 4: modulating factor and losses",
    "fig06": "Fig. 6: modulating factors and losses of classification",
    "fig07": "Fig. 7: responses by loss",
    "fig08": "Fig. 8: success and precision (in the paper: OTB-2013 and OTB-2015)",
    "fig09": "Fig. 9: success and precision (in the paper: UAV-123)",
    "fig10": "Fig. 10: expected average overlap (in the paper: VOT-2016)",
    "fig11": "Fig. 11: with and without shrinkage (in the paper: OTB-2015)",
    "fig12": "Fig. 12: expected average overlap (in the paper: VOT-2018)",
    "fig13": "Fig. 13: success and precision (in the paper: LaSOT)",
    "fig14": "Fig. 14: score over time",
    "fig15": "Fig. 15: ablation of the regression loss",
    "fig16": "Fig. 16: convergence of first-frame and offline training",
    "fig17": "Fig. 17: where the tracker does best",
    "fig18": "Fig. 18: where the tracker fails",
    "attributes": "Scores by attribute",
    "quick": "A taste: success and precision on three clips",
    "table1": "Table 1: expected average overlap (in the paper: VOT-2016)",
    "table2": "Table 2: expected average overlap (in the paper: VOT-2018)",
    "table3": "Table 3: settings of the loss",
}
# Of the tables and figures that are about one benchmark or two.
PAPER_BENCHMARKS: Mapping[str, tuple[str, ...]] = {
    "fig08": ("OTB-2013", "OTB-2015"),
    "fig09": ("UAV-123",),
    "fig10": ("VOT-2016",),
    "fig11": ("OTB-2015",),
    "fig12": ("VOT-2018",),
    "fig13": ("LaSOT",),
    "table1": ("VOT-2016",),
    "table2": ("VOT-2018",),
}


def benchmark_title(name: str) -> str:
    """Name a benchmark in words; one of the user's is called by its key."""
    return BENCHMARKS.get(name, name)


def listed(names: Sequence[str]) -> str:
    """Join names as in a sentence: `a`, `a and b`, `a, b and c`."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
