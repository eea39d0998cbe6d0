"""A copy of the repository with a tiny study: the real workflow on a few small frames."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from places import ROOT

FRAMES = 8
MOVED = yaml.safe_load((ROOT / "config.yaml").read_text())["sensitivity"]["changes"]["dslt/lite"]

TINY = """\
benchmarks:
  tiny: {kind: folder, root: frames, protocol: otb, box_origin: 1}
run:
  tiny: [dslt, dslt_l2, kcf, siamfc_bce]
references: {siamfc: siamfc_bce}
quick: {benchmark: tiny, cells: [dslt_l2, kcf]}
convergence: {run: {tiny: [dslt, dslt_l2]}, iterations: 3}
training: {validation: {procedural: 1, texture: 1, frames: 3}}
sensitivity:
  pairs: [[dslt, dslt_l2]]
  benchmarks: [tiny]
  changes: {dslt/lite: {moved: tracking.update.every=2, OTHERS}}
figures: {make: [fig04, fig07, fig14, fig15, fig16]}
pages: [data, offline, scorecard]
device: cpu
"""
TINY = TINY.replace("OTHERS", ", ".join(f'{name}: ""' for name in MOVED))
SMALL = """\
benchmarks:
  mine: {kind: folder, root: frames, protocol: otb, box_origin: 1}
run: {mine: [kcf]}
reference_cell: kcf
references: {}
"""
"""A study of one cell that learns nothing."""
STUDY = ["--cores", "2", "--configfile", "tiny.yaml"]
TINY_TRAINING = (
    "training.channels=4; training.crops.search=143; training.pairs.per_epoch=8;"
    "training.schedule.epochs=2; training.schedule.batch=4; tracking.scales=1"
)


@dataclass(frozen=True)
class Repository:
    """A working copy with its own `src`, driven by this environment's tools."""

    path: Path

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the copy's package before the installed one."""
        drop = ("PYTEST_", "SNAKEMAKE_", "COV_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
        folders = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
        return kept | {"PYTHONPATH": str(self.path / "src"), "PATH": folders}

    def call(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command here; its output, standard error included, is in `stdout`."""
        done = subprocess.run(
            command,
            cwd=self.path,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not check or done.returncode == 0, self.failure(done.stdout)
        return done

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with the tiny study."""
        return self.call(*self.command(*arguments), check=check)

    def command(self, *arguments: str) -> list[str]:
        """Make the command that runs Snakemake with the tiny study."""
        return [sys.executable, "-m", "snakemake", *arguments, *STUDY]

    def launcher(self, *arguments: str) -> list[str]:
        """Make the command that runs the tiny study through the launcher."""
        script = "tools/launch.py"
        return [sys.executable, script, "--here", "run", *arguments, *STUDY]

    def planned(self, target: str = "all") -> set[tuple[str, str]]:
        """List what Snakemake would run: pairs of rule and cell, the cell empty where none is."""
        text = self.snakemake(target, "--dry-run").stdout
        jobs = listed_jobs(text)
        assert jobs or "Nothing to be done" in text, text
        return {job for job in jobs if job[0] != target}

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that occurs in a file."""
        path = self.path / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def edit_cell(self, cell: str, overrides: str) -> None:
        """Add overrides to a row of the sheet."""
        path = self.path / "config" / "cells.tsv"
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        (row,) = [row for row in rows if row[0] == cell]
        row[3] = "; ".join(filter(None, [row[3], overrides]))
        path.write_text("".join("\t".join(row) + "\n" for row in rows))

    def one_seed(self, cell: str) -> None:
        """Let a row of the sheet have the seed 0 alone."""
        path = self.path / "config" / "cells.tsv"
        rows = [line.split("\t") for line in path.read_text().splitlines()]
        (row,) = [row for row in rows if row[0] == cell]
        row[5] = "0"
        path.write_text("".join("\t".join(row) + "\n" for row in rows))

    def boxes(self) -> dict[str, bytes]:
        """Read every boxes file."""
        folder = self.path / "results" / "track"
        return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.txt")}

    def failure(self, text: str) -> str:
        """Join a command's output with the logs of the jobs."""
        logs = [f"== {log}\n{log.read_text()}" for log in self.path.glob("logs/**/*.log")]
        return "\n".join([text, *logs])[-8000:]


def listed_jobs(text: str) -> set[tuple[str, str]]:
    """Read the jobs in what Snakemake printed, run or dry run, as pairs like those of `planned`."""
    jobs = set()
    for block in re.split(r"\n(?=(?:local)?rule )", text.partition("\nReasons:")[0]):
        if rule := re.match(r"(?:local)?rule (\w+):", block):
            cell = re.search(r"wildcards: .*?cell=(\w+)", block)
            jobs.add((rule[1], cell[1] if cell else ""))
    return jobs


def draw_frames(folder: Path, seed: int) -> None:
    """Draw a textured square that moves over a textured background, with its boxes."""
    random = np.random.default_rng(seed)
    scene = cv2.resize(random.integers(0, 120, (12, 16, 3), np.uint8), (160, 120))
    target = cv2.resize(random.integers(120, 255, (4, 4, 3), np.uint8), (28, 28))
    (folder / "img").mkdir(parents=True)
    rows = []
    for number in range(FRAMES):
        x, y = 40 + 3 * number, 45 + 2 * number
        frame = scene.copy()
        frame[y : y + 28, x : x + 28] = target
        cv2.imwrite(str(folder / "img" / f"{number + 1:04d}.png"), frame)
        rows.append(f"{x + 1},{y + 1},28,28\n")
    (folder / "groundtruth_rect.txt").write_text("".join(rows))


def keep_download(repository: Repository) -> None:
    """Put something where original files of others lie; the tiny study fetches none."""
    folder = repository.path / "data" / "downloads"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "none.txt").write_text("an original file\n")


def make_commit(repository: Repository) -> None:
    """Commit everything that git does not ignore."""
    repository.call("git", "add", "--all")
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@localhost"]
    repository.call(*git, "commit", "--quiet", "--message", "a finished study")


def copy_repository(path: Path) -> Repository:
    """Copy the files that git knows or would add, and lay the tiny study over them."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    (path / "tiny.yaml").write_text(TINY)
    for seed, name in enumerate(["left", "right"]):
        draw_frames(path / "frames" / name, seed)
    repository = Repository(path)
    for cell in ("dslt", "dslt_l2"):
        repository.edit_cell(cell, "training.iterations=5")
    repository.edit_cell("siamfc_bce", TINY_TRAINING)
    repository.one_seed("siamfc_bce")
    return repository
