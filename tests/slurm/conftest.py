"""Fixtures: a cluster for all tests here, fresh copies of the repository, and what a run gives."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import Cluster, missing
from runs import SlurmRun
from tiny import Repository, copy_repository

EPOCHS = 60  # of a training that is long enough to be met half done


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running cluster; sockets want a short path."""
    if reason := missing():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder:
        found = Cluster(Path(folder))
        try:
            found.up()
            yield found
        finally:
            found.down()


def prepare(path: Path) -> Repository:
    """Make a copy in which nothing has run, with a training that takes a while."""
    repository = copy_repository(path)
    repository.edit_cell("siamfc_bce", f"training.schedule.epochs={EPOCHS}")
    repository.edit("tiny.yaml", "frames: 3}}", "frames: 3, every: 20}}")
    return repository


@pytest.fixture
def run(cluster: Cluster, tmp_path: Path) -> Iterator[SlurmRun]:
    """A run that has not begun; what a failed test left of it is cancelled."""
    found = SlurmRun(cluster, prepare(tmp_path / "fresh"))
    yield found
    found.end()


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """What the same study gives on this machine without Slurm: all boxes, hence the training."""
    repository = prepare(tmp_path_factory.mktemp("local") / "local")
    repository.snakemake("track")
    return repository
