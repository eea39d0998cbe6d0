"""Published annotations and raw results, which are not handed out here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dslt.core.definitions import read_definitions
from dslt.data.benchmarks.annotations import load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.sequences.target import Target
from places import ROOT

PUBLISHED = Path(os.environ.get("DSLT_PUBLISHED", ROOT.parent / "shared" / "published"))
ANNOTATIONS = PUBLISHED / "annotations"
RESULTS = PUBLISHED / "results"


def needs(*parts: str) -> pytest.MarkDecorator:
    """Skip where one of these paths of the published files is not there."""
    lacking = [part for part in parts if not (PUBLISHED / part).is_dir()]
    return pytest.mark.skipif(bool(lacking), reason=f"not at {PUBLISHED}: {', '.join(lacking)}")


def vot_targets(year: int) -> dict[str, Target]:
    """The ground truth of VOT-2016 or VOT-2018."""
    known = read_definitions(ROOT / "config" / "benchmarks.yaml")
    benchmark = find_benchmark(known, f"VOT{year}")[1]
    return load_targets(benchmark, ANNOTATIONS / f"VOT{year}")[0]
