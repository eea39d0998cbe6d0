"""DVC's links into its cache: nothing is written through them, whatever their kind."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tiny import SMALL, Repository, copy_repository, make_commit

# As somebody who is not root: who owns a file that may not be written has no right to write it.
PLAIN_USER = [
    *("setpriv", "--bounding-set", "-dac_override,-dac_read_search"),
    *("--inh-caps", "-dac_override,-dac_read_search"),
]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A small study that ran and was recorded by DVC; its cache has copies."""
    repository = copy_repository(tmp_path_factory.mktemp("recorded"))
    (repository.path / "tiny.yaml").write_text(SMALL)
    repository.snakemake("ablation")
    repository.call("git", "init", "--quiet")
    repository.call("dvc", "commit", "--force", "study")
    make_commit(repository)
    return repository


def damaged(cache: Path) -> list[Path]:
    """List files of a cache that are not what their names say."""
    return [
        path
        for path in (cache / "files" / "md5").glob("*/*")
        if path.suffix != ".dir"
        and hashlib.md5(path.read_bytes()).hexdigest() != path.parent.name + path.name
    ]


def scores(repository: Repository) -> dict[str, float]:
    path = repository.path / "results" / "score" / "kcf" / "mine" / "seed0.json"
    sequences = json.loads(path.read_text())["sequences"]
    return {name: values["success_auc"] for name, values in sequences.items()}


def clone(recorded: Repository, cache: Path, path: Path, kind: str) -> Repository:
    """Clone the study; what the cache has is linked."""
    subprocess.run(["git", "clone", "--quiet", str(recorded.path), str(path)], check=True)
    repository = Repository(path)
    repository.call("dvc", "cache", "dir", "--local", str(cache))
    repository.call("dvc", "config", "--local", "cache.type", kind)
    done = repository.call("dvc", "checkout", check=False)
    if kind == "reflink" and done.returncode:
        pytest.skip("this file system has no reflinks")
    assert done.returncode == 0, done.stdout
    return repository


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "reflink", "copy"])
def test_nothing_is_written_through_a_link(recorded: Repository, tmp_path: Path, kind: str) -> None:
    cache = tmp_path / "cache"
    shutil.copytree(recorded.path / ".dvc" / "cache", cache)
    one = clone(recorded, cache, tmp_path / "one", kind)
    record = next(path for path in (one.path / ".snakemake" / "metadata").iterdir())
    if kind in ("symlink", "hardlink"):
        assert record.is_symlink() or record.stat().st_nlink > 1
    before = scores(one)
    truth = one.path / "frames" / "left" / "groundtruth_rect.txt"
    rows = truth.read_text().splitlines()
    truth.write_text("\n".join([*rows[:2], "70,90,28,28", *rows[3:]]) + "\n")
    plain = PLAIN_USER if os.geteuid() == 0 and shutil.which("setpriv") else []
    one.call(*plain, *one.command("ablation"))
    after = scores(one)
    assert after != before
    assert damaged(cache) == []
    shared = [path for path in (one.path / "results").rglob("*") if path.is_symlink()]
    assert shared == []

    # A later clone gets the records of the study that was recorded, so it runs again what differs.
    two = clone(recorded, cache, tmp_path / "two", "copy")
    assert scores(two) == before
    shutil.copy(truth, two.path / "frames" / "left" / "groundtruth_rect.txt")
    assert {("index", ""), ("track_mine_0", "kcf"), ("score", "kcf")} <= two.planned("ablation")
