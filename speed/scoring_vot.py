"""Speed of scoring VOT-2018 beside the official toolkit's own analysis, on the same files.

    python3 -m venv PEER; PEER/bin/pip install vot-toolkit==0.9.0 attributee==0.1.9
    python speed/scoring_vot.py --annotations VOT2018.json --results DIR --peer PEER/bin/python

DIR is one tracker's folder, `baseline/<sequence>/<sequence>_001.txt` in it. Both go from files to
accuracy, robustness and EAO in one process, imports not counted. The toolkit compiles its overlap
on first use and keeps it in a cache: the first run, with an empty cache, is shown apart.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from dslt.core.definitions import BENCHMARKS, PROTOCOLS, config_file, read_definitions
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.score.evaluate import Suite, evaluate
from dslt.settings.protocols import load_protocols

STACK = """title: VOT-2018
experiments:
  baseline:
    type: supervised
    repetitions: 15
    skip_initialize: 5
    analyses:
      - {type: supervised_average_ar, sensitivity: 30}
      - {type: supervised_eao_score, low: 100, high: 356}
"""
PEER = """
import json, sys, time
from cachetools import LRUCache
import vot.experiment
from vot.analysis import AnalysisProcessor, process_stack_analyses
from vot.utilities import ThreadPoolExecutor
from vot.workspace import Workspace

def once():
    start = time.perf_counter()
    workspace = Workspace.load(sys.argv[1])
    storage = workspace.storage.substorage("results")
    trackers = workspace.registry.resolve(sys.argv[2], storage=storage, skip_unknown=False)
    executor = ThreadPoolExecutor(1)
    with AnalysisProcessor(executor, LRUCache(1000)):
        process_stack_analyses(workspace, trackers)
    executor.shutdown(wait=True)
    return time.perf_counter() - start

print(json.dumps([once() for _ in range(int(sys.argv[3]))]))
"""


@click.command()
@click.option("--annotations", required=True, type=click.Path(path_type=Path))
@click.option("--results", required=True, type=click.Path(path_type=Path))
@click.option("--repeats", default=3, show_default=True, help="Runs of each; medians are shown.")
@click.option("--peer", help="A Python that has vot-toolkit.")
def main(annotations: Path, results: Path, repeats: int, peer: str | None) -> None:
    """Measure both toolkits on the same files."""
    ours = statistics.median(_ours(annotations, results) for _ in range(repeats))
    click.echo(f"dslt                    {ours:8.2f} s")
    if peer is None:
        return
    with tempfile.TemporaryDirectory() as text:
        workspace = Path(text, "workspace")
        _write(workspace, json.loads(annotations.read_text()), results)
        first, *later = _peer(peer, workspace, results.name, repeats + 1, Path(text, "cache"))
    theirs = statistics.median(later)
    click.echo(f"vot-toolkit, first run  {first:8.2f} s, ratio {first / ours:6.1f}")
    click.echo(f"vot-toolkit, later      {theirs:8.2f} s, ratio {theirs / ours:6.1f}")


def _ours(annotations: Path, results: Path) -> float:
    """From files to the scores, in this process."""
    start = time.perf_counter()
    name, definition = find_benchmark(read_definitions(config_file(BENCHMARKS)), "VOT-2018")
    assert isinstance(definition, AnnotationsBenchmark)
    targets, _ = load_targets(definition, annotations)
    protocol = load_protocols(config_file(PROTOCOLS))[definition.protocol]
    suite = Suite(name, targets, protocol, definition.protocol, definition.box_origin)
    evaluate(results.name, suite, results, definition.box_origin)
    return time.perf_counter() - start


def _write(out: Path, sequences: dict[str, Any], results: Path) -> None:
    """Make the toolkit's workspace; its analysis opens no image."""
    for name, entry in sequences.items():
        folder = out / "sequences" / name
        folder.mkdir(parents=True)
        rows = [",".join(f"{value:.4f}" for value in row) for row in entry["gt_rect"]]
        (folder / "groundtruth.txt").write_text("\n".join(rows) + "\n")
        (folder / "sequence").write_text(
            f"channels.color=color/%08d.jpg\nfps=30\nformat=default\nname={name}\n"
            f"length={len(rows)}\nwidth={entry['width']}\nheight={entry['height']}\n"
        )
    (out / "sequences" / "list.txt").write_text("\n".join(sequences) + "\n")
    (out / "stack.yaml").write_text(STACK)
    (out / "config.yaml").write_text("registry: [./trackers.ini]\nstack: ./stack.yaml\n")
    (out / "trackers.ini").write_text(f"[{results.name}]\nprotocol = trax\ncommand = none\n")
    shutil.copytree(results, out / "results" / results.name)


def _peer(python: str, workspace: Path, tracker: str, runs: int, cache: Path) -> list[float]:
    """Seconds of each run of the toolkit's analysis, in a process of its own."""
    done = subprocess.run(
        [python, "-c", PEER, str(workspace), tracker, str(runs)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=os.environ | {"NUMBA_CACHE_DIR": str(cache)},
    )
    return [float(seconds) for seconds in json.loads(done.stdout.splitlines()[-1])]


if __name__ == "__main__":
    main()
