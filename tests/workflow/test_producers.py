"""How Snakemake finds the rule of a file: as without our index, and with few comparisons."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from snakemake import api, dag
from snakemake.io import _IOFile
from snakemake.output_index import OutputIndex
from snakemake.rules import Rule
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

from dslt.study.producers import EndIndex
from places import ROOT

# One of each benchmark of the paper, of kinds that are alike, and of none.
FILES = [
    "results/track/dslt_star/OTB-2015/seed0/Basketball.txt",
    "results/track/dslt_star/OTB-2013/seed2/Basketball.csv",
    "results/track/siamrpn_bce/LaSOT/seed0/airplane-1.training.csv",
    "results/track/siamrpn_bce/LaSOT/seed0/airplane-1.csv",
    "results/track/siamrpn_bce/LaSOT/seed0/airplane-1.response.npz",
    "results/track/dslt_star/VOT-2018/seed0/ants1.txt",
    "results/track/dslt_star/UAV123/seed0/bike1.csv",
    "results/track/nosuch/UAV123/seed0/bike1.csv",
    "results/score/dslt_star/OTB-2015/seed0.json",
    "results/score/dslt_star/confidence.json",
    "results/compare/dslt_star.json",
    "results/compare/scorecard.csv",
    "results/tables/table1.tex",
    "results/report/sequences/OTB-2015/Basketball.html",
    "logs/track/dslt_star/UAV123/seed0/unit0.log",
    "Basketball.txt",
    ".txt",
    "",
]


@pytest.fixture(scope="module")
def rules() -> Iterator[list[Rule]]:
    """The rules of the paper's study; their number does not depend on what is there."""
    before, index = Path.cwd(), dag.OutputIndex
    environment = dict(os.environ)
    os.chdir(ROOT)
    try:
        with api.SnakemakeApi(OutputSettings()) as planner:
            workflow = planner.workflow(
                resource_settings=ResourceSettings(cores=1),
                config_settings=ConfigSettings(configfiles=[ROOT / "config" / "paper.yaml"]),
                snakefile=ROOT / "Snakefile",
            )._workflow
            assert dag.OutputIndex is EndIndex  # the rules have set it
            yield list(workflow.rules)
    finally:
        dag.OutputIndex = index
        os.chdir(before)
        os.environ.clear()
        os.environ.update(environment)


def test_the_same_rules_make_a_file(rules: list[Rule]) -> None:
    ours, theirs = EndIndex(rules), OutputIndex(rules)
    found = {file: {rule.name for rule in ours.match_producers(file)} for file in FILES}
    assert found == {file: {rule.name for rule in theirs.match_producers(file)} for file in FILES}
    assert {len(names) for names in found.values()} == {0, 1}
    assert found[FILES[0]] == {"track_OTB-2015_0"}


def test_a_file_is_compared_with_few_patterns(
    rules: list[Rule], monkeypatch: pytest.MonkeyPatch
) -> None:
    patterns = sum(1 for rule in rules for _ in rule.products())
    assert patterns > 2_000  # so many comparisons would it be without an index
    index, compared = EndIndex(rules), list[str]()
    match = _IOFile.match

    def counted(pattern: _IOFile, file: str) -> object:
        compared.append(file)
        return match(pattern, file)

    monkeypatch.setattr(_IOFile, "match", counted)
    for file in FILES:
        index.match_producers(file)
    # As many as there are sequences of a name: benchmarks share some, units of all have numbers.
    assert max(map(compared.count, FILES)) <= 6
