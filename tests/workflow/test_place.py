"""Where Snakemake is started, and what DVC says after a part of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tiny import Repository, make_commit


@pytest.mark.parametrize("name", ["Snakefile", "workflow/Snakefile"])
def test_another_folder_is_told_in_a_sentence(fresh: Repository, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command = ["snakemake", "--dry-run", "--cores", "1", "--snakefile", str(fresh.path / name)]
    done = Repository(elsewhere).call(*command, check=False)
    assert done.returncode == 1
    sentence = f"{elsewhere} is not the project's folder, in which all paths begin: cd to"
    assert f"{sentence} {fresh.path} first, or name it with --directory" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_part_of_a_run_can_be_recorded(fresh: Repository, tmp_path: Path) -> None:
    index = "results/data/tiny.parquet"
    fresh.snakemake(index)
    fresh.call("git", "init", "--quiet")
    fresh.call("dvc", "commit", "--force", "study")
    make_commit(fresh)
    clone = Repository(tmp_path / "clone")
    fresh.call("git", "clone", "--quiet", str(fresh.path), str(clone.path))
    clone.call("dvc", "cache", "dir", "--local", str(fresh.path / ".dvc" / "cache"))
    clone.call("dvc", "checkout")
    assert (clone.path / index).read_bytes() == (fresh.path / index).read_bytes()
    assert "Nothing to be done" in clone.snakemake(index, "--dry-run").stdout
