"""profiles/slurm without a Slurm: what it repeats, and what Slurm would be asked for.

Slurm's commands are stand-ins: `sbatch` notes what it is asked, and `squeue` says that it failed.
tests/slurm runs the profile on a real one.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from dslt.settings.catalog import FIGURES, PAGES, TABLES
from places import ROOT
from tiny import Repository

pytest.importorskip("snakemake_executor_plugin_slurm", reason="needs the extra slurm")

PROFILES = {
    name: yaml.safe_load((ROOT / "profiles" / name / "profile.yaml").read_text())
    for name in ("default", "slurm")
}
JOBS = {
    "index": {"mem_mb": 700, "runtime": 7, "threads": 2},
    "train": {"mem_mb": 900, "runtime": 9},
    "track": {"mem_mb": 800, "runtime": 8},
}
TRACK = "track_tiny_0"
STANDINS = {
    "sbatch": 'for word; do echo "$word"; done > asked/$$.txt; echo $$',
    "squeue": 'for file in asked/*.txt; do echo "$(basename $file .txt)|FAILED"; done',
    "sinfo": "echo PARTITION; echo 'main*'",
    "scontrol": "echo 'MinJobAge = 300 sec'",
    "sacct": "exit 1",
}


@pytest.fixture
def standins(fresh: Repository, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put the stand-ins first on the path; the folder of what sbatch was asked."""
    monkeypatch.chdir(fresh.path)
    folder = fresh.path / "standins"
    folder.mkdir()
    for name, text in STANDINS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    (fresh.path / "asked").mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return fresh.path / "asked"


def test_the_profile_repeats_what_decides_results() -> None:
    default, slurm = PROFILES["default"], PROFILES["slurm"]
    assert {key for key in default if key not in slurm} == set()
    differing = {key for key in default if slurm[key] != default[key]}
    assert differing == {"resources", "latency-wait"}
    assert "gpu" not in slurm["resources"]  # it would be a limit for the whole cluster


def test_short_jobs_are_grouped() -> None:
    slurm = PROFILES["slurm"]
    named = {"table": TABLES, "figure": ["quick", *FIGURES], "page": PAGES}
    named["plot"] = [name for name, figure in FIGURES.items() if figure.plot]
    rules = [f"{stem}_{name}" for stem, names in named.items() for name in names]
    site = ["site_figure", "site_tables", "site_assets", "matrix_page"]
    assert sorted(slurm["groups"]) == sorted(["score", "confidence", "compare", *site, *rules])
    assert set(slurm["groups"].values()) == set(slurm["group-components"])


def asked_for(words: list[str]) -> tuple[str, dict[str, str]]:
    """Read the rule and the options of a call of sbatch."""
    assert "--requeue" in words
    text = " ".join(words[: next(n for n, w in enumerate(words) if w.startswith("--wrap"))])
    found = dict(re.findall(r"--?(mem|t|cpus-per-task|gpus|comment)[ =](\S*)", text))
    return re.sub(r"^rule_|_wildcards.*", "", found.pop("comment")), found


def tried(fresh: Repository, standins: Path, *targets: str) -> dict[str, list[dict[str, str]]]:
    """Let a run fail, and read what each rule asked for at each try."""
    options = ["--slurm-init-seconds-before-status-checks", "1", "--latency-wait", "0"]
    profile = ["--workflow-profile", "slurm", "--slurm-status-command", "squeue"]
    done = fresh.snakemake(*targets, *profile, *options, check=False)
    assert done.returncode == 1
    calls = [asked_for(path.read_text().splitlines()) for path in standins.glob("*.txt")]
    assert calls, done.stdout
    tries: dict[str, list[dict[str, str]]] = {}
    for rule, found in sorted(calls, key=lambda call: int(call[1]["mem"])):
        tries.setdefault(rule, []).append(found)
    return tries


def test_slurm_is_asked_for_what_the_rules_say(fresh: Repository, standins: Path) -> None:
    overlay = yaml.safe_load((fresh.path / "tiny.yaml").read_text())
    overlay |= {"device": "cuda", "jobs": JOBS}
    overlay["benchmarks"]["other"] = overlay["benchmarks"]["tiny"]
    overlay["run"]["other"] = ["kcf"]
    (fresh.path / "tiny.yaml").write_text(yaml.safe_dump(overlay))
    fresh.snakemake("results/data/tiny.parquet")  # else nothing would be tracked
    track, train = (
        "results/track/dslt/tiny/seed0/left.txt",
        "results/train/siamfc_bce/seed0/model.pt",
    )
    tries = tried(fresh, standins, track, train, "results/data/other.parquet")
    # Tracking asks for four to decode ahead, here for as many as `--cores` allows.
    for rule, key, threads in (("index", "index", 2), ("train", "train", 1), (TRACK, "track", 2)):
        wanted, gpus = JOBS[key], {} if rule == "index" else {"gpus": "1"}
        assert [found["mem"] for found in tries[rule]] == [
            str(wanted["mem_mb"] * attempt) for attempt in (1, 2, 3)
        ]
        for found in tries[rule]:
            assert found["t"] == str(wanted["runtime"])
            assert found["cpus-per-task"] == str(threads)
            assert {key: found[key] for key in found if key == "gpus"} == gpus
