"""Published data through the real workflow: fetched from a server on this machine, or adopted."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from download_examples import FRAMES, at_server, make_example
from dslt.geometry.boxes import read_boxes
from http_server import Server
from tiny import TINY, Repository, copy_repository

FETCHED = ("otb", "coco2017", "ilsvrc_vid", "tracking_raw_results")
ADOPTED = "got10k"
SEQUENCES = ["Basketball", "Jogging-2", "Walking"]
FIRST = "Walking"
CELLS = ["kcf", "siamfc_bce"]
RIVAL = (
    "rival\tMDNet\texternal/default\tdownload=tracking_raw_results; results=OTB100/MDNet"
    "\t\t0\tfig08\t\n"
)
TARGETS = [f"results/compare/{cell}.json" for cell in (*CELLS, "rival")]
SETS = "training.pairs.sources={procedural: 0, coco: 4, vid: 2, got10k: 2}"


def study(server: Server) -> dict[str, object]:
    """A study of three sequences of OTB and of pairs of three training sets."""
    names = (*FETCHED, ADOPTED)
    return yaml.safe_load(TINY) | {
        "benchmarks": {"OTB-2015": {"sequences": SEQUENCES, "totals": None}},
        "downloads": {n: at_server(make_example(n).definition, server.url) for n in names},
        "run": {"OTB-2015": [*CELLS, "rival"]},
        "reference_cell": "kcf",
        "quick": {"benchmark": "OTB-2015", "cells": ["kcf"]},
        "convergence": {},
        "sensitivity": {"pairs": [], "benchmarks": []},
        "training": {"validation": None},
        "unit_size": 1,
    }


@dataclass
class Ran:
    """What came of runs of Snakemake, by their names.

    Attributes:
        repository: The working copy.
        server: The publishers.
        printed: What a run printed.
        asked: The files that the server was asked for in a run.
        logs: Logs of the fetches after a run, by download.
        boxes: Boxes after a run, with their time stamps, by `CELL/SEQUENCE`.
    """

    repository: Repository
    server: Server
    printed: dict[str, str] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=dict)
    logs: dict[str, dict[str, str]] = field(default_factory=dict)
    boxes: dict[str, dict[str, tuple[bytes, int]]] = field(default_factory=dict)

    def snakemake(self, run: str, *arguments: str, fails: bool = False) -> None:
        """Run Snakemake and take notes."""
        self.server.asked.clear()
        done = self.repository.snakemake(*arguments, check=False)
        assert (done.returncode != 0) == fails, self.repository.failure(done.stdout)
        self.printed[run] = done.stdout
        self.asked[run] = {Path(path).name for _, path, _ in self.server.asked}
        logs = (self.repository.path / "logs" / "data").glob("fetch_*.log")
        self.logs[run] = {log.stem.removeprefix("fetch_"): log.read_text() for log in logs}
        self.boxes[run] = {
            f"{path.parts[-4]}/{path.stem}": (path.read_bytes(), path.stat().st_mtime_ns)
            for path in (self.repository.path / "results" / "track").rglob("*.txt")
        }

    def jobs(self, run: str) -> dict[str, int]:
        """How many jobs of each rule a run had, units of tracking together."""
        found = re.findall(
            r"^(?:local)?rule ([a-z_]+?)(?:_OTB-2015_\d)?:$", self.printed[run], re.M
        )
        return {rule: found.count(rule) for rule in found}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """The study: planned, stopped by what a person has to do, for one sequence, for the rest."""
    repository = copy_repository(tmp_path_factory.mktemp("downloads"))
    repository.edit_cell("siamfc_bce", SETS)
    with (repository.path / "config" / "cells.tsv").open("a") as sheet:
        sheet.write(RIVAL)
    overlay = repository.path / "tiny.yaml"
    with Server() as server:
        for name in FETCHED:
            make_example(name).serve(server)
        overlay.write_text(yaml.safe_dump(study(server)))
        ran = Ran(repository, server)
        ran.snakemake("planned", "--dry-run", *TARGETS)
        sets = ("results/data/sets/vid.parquet", "results/data/sets/got10k.parquet")
        ran.snakemake("stopped", *sets, fails=True)
        overlay.write_text(yaml.safe_dump(study(server) | {"agreed": ["ilsvrc_vid"]}))
        copy = make_example(ADOPTED).copy(repository.path / "copies" / ADOPTED)
        repository.call("dslt", "fetch", ADOPTED, "--from", str(copy))
        ran.snakemake("one", *TARGETS, "--config", f"only=[{FIRST}]")
        ran.snakemake("rest", *TARGETS)
        ran.snakemake("again", *TARGETS)
        shutil.rmtree(repository.path / "data" / "unpacked")
        ran.snakemake("without what was unpacked", *TARGETS)
        yield ran


def test_planning_fetches_nothing(ran: Ran) -> None:
    assert ran.jobs("planned") == {
        **{"fetch_download": 5, "index": 1, "index_set": 3, "train": 1},
        **{"track": 6, "score": 3, "compare": 3},
    }
    assert ran.asked["planned"] == set()


def test_what_a_person_has_to_do_is_said(ran: Ran) -> None:
    assert ran.jobs("stopped") == {"fetch_download": 2}
    assert ran.asked["stopped"] == set()
    for name, words in (
        ("ilsvrc_vid", "terms that you have to accept first: ImageNet's terms of access"),
        ("ilsvrc_vid", "Then run: dslt fetch ilsvrc_vid --agree"),
        (ADOPTED, "has to be fetched by hand from http://got-10k.aitestunion.com/downloads"),
        (ADOPTED, "Then give the folder: dslt fetch got10k --from DIR, where DIR has train.zip"),
    ):
        assert words in ran.logs["stopped"][name]
        assert f"log: logs/data/fetch_{name}.log (check log file" in ran.printed["stopped"]


def test_data_come_from_the_server_to_scores(ran: Ran) -> None:
    """An adopted set is not fetched again."""
    assert ran.jobs("one") == {
        **{"fetch_download": 4, "index": 1, "index_set": 3, "train": 1},
        **{"track": 2, "score": 3, "compare": 3},
    }
    # A commit's archive is called by the commit.
    asked = {re.sub(r"^[0-9a-f]{40}\.", "tracking_raw_results.", one) for one in ran.asked["one"]}
    assert asked == {file for name in FETCHED for file in make_example(name).files}
    assert set(ran.boxes["one"]) == {f"{cell}/{FIRST}" for cell in CELLS}
    results = ran.repository.path / "results"
    for cell in CELLS:
        for sequence in SEQUENCES:
            path = results / "track" / cell / "OTB-2015" / "seed0" / f"{sequence}.txt"
            assert read_boxes(path, 1).shape == (FRAMES, 4)
        scores = json.loads((results / "score" / cell / "OTB-2015" / "seed0.json").read_text())
        assert list(scores["sequences"]) == SEQUENCES
    assert scores["overall"]["success_auc"] > 0.3


def test_published_results_are_fetched_and_scored(ran: Ran) -> None:
    results = ran.repository.path / "results"
    scores = json.loads((results / "score" / "rival" / "OTB-2015" / "seed0.json").read_text())
    assert list(scores["sequences"]) == SEQUENCES
    assert 0.8 < scores["overall"]["success_auc"] < 1  # a pixel off
    assert not (results / "track" / "rival").exists()


def test_the_rest_is_tracked_and_the_first_stays(ran: Ran) -> None:
    assert ran.jobs("rest") == {"track": 4, "score": 3, "compare": 3}
    assert ran.asked["rest"] == set()
    assert ran.boxes["rest"].items() >= ran.boxes["one"].items()
    assert len(ran.boxes["rest"]) == len(CELLS) * len(SEQUENCES)


@pytest.mark.parametrize("run", ["again", "without what was unpacked"])
def test_nothing_is_to_be_done(ran: Ran, run: str) -> None:
    assert "Nothing to be done" in ran.printed[run]
    assert ran.jobs(run) == {}
    assert ran.asked[run] == set()
