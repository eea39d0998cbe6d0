"""Fixtures: a finished run of the tiny study, and copies of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tiny import Repository, copy_repository


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A finished run of the tiny study; tests change copies of it."""
    repository = copy_repository(tmp_path_factory.mktemp("finished"))
    repository.snakemake("all")
    return repository


@pytest.fixture
def copied(finished: Repository, tmp_path: Path) -> Repository:
    """A copy of the finished run at another path, time stamps kept."""
    shutil.copytree(finished.path, tmp_path / "copy")
    return Repository(tmp_path / "copy")


@pytest.fixture
def fresh(tmp_path: Path) -> Repository:
    """A repository in which nothing has run."""
    return copy_repository(tmp_path / "fresh")
