"""Time and memory of an index of 1,000,000 frames in 4,000 sequences.

    python speed/indexing.py
    python speed/indexing.py --frames 100000 --sequences 400 --folder /fast/disk

Makes a folder of sequences (small JPEGs, hard links of a few), and prints the time to list it and
to ask for each file's length, which is what the disk allows, beside the time of `dslt index`,
without and with decoded images; then the time to load the index and to open its sequences, in a
process of its own. The folder is removed at the end. Files that were just written are in memory:
on a cold disk both take longer, and their ratio is smaller.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np
from PIL import Image

_LINKS = 50_000  # of one file; file systems allow 65,000
_LOAD = """
import resource, sys, time
start = time.perf_counter()
from dslt.data.benchmarks.index_file import load_index
imported = time.perf_counter()
index = load_index(sys.argv[1])
loaded = time.perf_counter()
entry = index.entry(index.names[-1])
boxes, files = entry.boxes(), entry.source.files
opened = time.perf_counter()
for entry in index.sequences:
    entry.boxes()
every = time.perf_counter()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"load: {loaded - imported:.3f} s (imports {imported - start:.2f} s before)")
print(f"one sequence: {1000 * (opened - loaded):.1f} ms; truth of all: {every - opened:.2f} s")
print(f"peak memory of loading: {peak:.0f} MB")
"""


def make_set(root: Path, sequences: int, frames: int) -> None:
    """Make the folder: `frames` frames in `sequences` sequences of equal length."""
    random = np.random.default_rng(0)
    length = frames // sequences
    pictures: list[Path] = []
    root.mkdir()
    for number in range(sequences * length // _LINKS + 1):
        pictures.append(root / f".picture{number}.jpg")
        pixels = random.integers(0, 256, (36, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(pictures[-1])
    made = 0
    for number in range(sequences):
        images = root / f"sequence-{number:04d}" / "img"
        images.mkdir(parents=True)
        for frame in range(1, length + 1):
            os.link(pictures[made // _LINKS], images / f"{frame:08d}.jpg")
            made += 1
        boxes = np.round(random.uniform(1, 15, (length, 4)), 2)
        text = "\n".join(",".join(map(str, row)) for row in boxes.tolist())
        (images.parent / "groundtruth_rect.txt").write_text(text + "\n")


def listed(root: Path) -> tuple[int, float]:
    """List every folder of images and ask for each file's length; their number and the seconds."""
    start, files, total = time.perf_counter(), 0, 0
    with os.scandir(root) as folders:
        for folder in folders:
            if folder.is_dir():
                with os.scandir(f"{folder.path}/img") as entries:
                    for entry in entries:
                        total += entry.stat().st_size
                        files += 1
    return files, time.perf_counter() - start


def index(root: Path, out: Path, images: str, jobs: int) -> float:
    """Run `dslt index` on the folder; the seconds."""
    definition = json.dumps({"kind": "folder", "root": str(root), "protocol": "otb"})
    words = ["index", "made-up", "--definition", definition, "--out", str(out)]
    words += ["--check-images", images, "--jobs", str(jobs)]
    start = time.perf_counter()
    subprocess.run([sys.executable, "-m", "dslt", *words], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def peak_memory() -> float:
    """Largest memory of any process that was waited for, MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


@click.command()
@click.option("--frames", default=1_000_000, show_default=True)
@click.option("--sequences", default=4_000, show_default=True)
@click.option("--jobs", default=1, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where the set is made.")
def main(frames: int, sequences: int, jobs: int, folder: Path | None) -> None:
    """Make the set, index it, load the index."""
    root = Path(tempfile.mkdtemp(prefix="dslt-indexing-", dir=folder))
    try:
        start = time.perf_counter()
        make_set(root / "set", sequences, frames)
        click.echo(f"made in {time.perf_counter() - start:.0f} s")
        listed(root / "set")
        files, disk = listed(root / "set")
        click.echo(f"list {files} files with their lengths: {disk:.1f} s")
        out = root / "index.parquet"
        for images in ("none", "sampled"):
            took = index(root / "set", out, images, jobs)
            click.echo(
                f"index, images {images}, {jobs} processes: {took:.1f} s, {took / disk:.1f} times"
            )
        click.echo(f"peak memory of indexing: {peak_memory():.0f} MB")
        click.echo(f"file: {out.stat().st_size / 1e6:.1f} MB")
        subprocess.run([sys.executable, "-c", _LOAD, str(out)], check=True)
    finally:
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
