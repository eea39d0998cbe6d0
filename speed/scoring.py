"""Speed of scoring OTB-2015 beside the got10k toolkit, on the same files in one run.

    python3 -m venv PEER; PEER/bin/pip install got10k six
    python speed/scoring.py --annotations OTB2015 --results KCF MDNet SiamFC SiamRPN \
      --peer PEER/bin/python

Makes as many trackers as asked for, the given ones and jittered copies of them, as files that both
toolkits read. Both then go from files to the table, each in one process, imports not counted; the
peer's plots and its listing of image files are left out. Prints seconds, the ratio, and the largest
difference of the scores.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

import click
import numpy as np

from dslt.commands.options import SpreadCommand
from dslt.compare.trackers import contest, overall_rows
from dslt.core.definitions import BENCHMARKS, PROTOCOLS, config_file, read_definitions
from dslt.data.benchmarks.annotations import AnnotationsBenchmark, load_targets
from dslt.data.benchmarks.definitions import find_benchmark
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import write_boxes
from dslt.score.evaluate import Suite, evaluate
from dslt.score.read_boxes import read_results
from dslt.settings.protocols import load_protocols

PEER = """
import json, sys, time
import numpy as np
from got10k.experiments import ExperimentOTB
ExperimentOTB.plot_curves = lambda self, names: None
class Quiet:
    def write(self, text): pass
    def flush(self): pass
root, results, names = sys.argv[1], sys.argv[2], sys.argv[3:]
from got10k.datasets import OTB
OTB._download = lambda self, root, version: None
OTB.__getitem__ = lambda self, i: ([], np.loadtxt(self.anno_files[i], delimiter=","))
out, sys.stdout = sys.stdout, Quiet()
start = time.perf_counter()
experiment = ExperimentOTB(root, 2015, results, results + "/reports")
found = experiment.report(names)
seconds = time.perf_counter() - start
sys.stdout = out
print(json.dumps([seconds, {n: found[n]["overall"]["success_score"] for n in names}]))
"""


@click.command(cls=SpreadCommand)
@click.option("--annotations", required=True, type=click.Path(path_type=Path))
@click.option("--results", multiple=True, required=True, type=click.Path(path_type=Path))
@click.option("--trackers", default=10, show_default=True, help="Number of trackers to score.")
@click.option("--repeats", default=3, show_default=True, help="Runs of each; medians are shown.")
@click.option("--peer", help="A Python that has got10k.")
def main(
    annotations: Path, results: tuple[Path, ...], trackers: int, repeats: int, peer: str | None
) -> None:
    """Measure both toolkits on the same files."""
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        targets = load_targets(_definition(), annotations)[0]
        names = _write(folder, targets, results, trackers)
        runs = [_ours(folder, names) for _ in range(repeats)]
        ours = statistics.median(seconds for seconds, _ in runs)
        frames = sum(len(target.truth) for target in targets.values())
        click.echo(f"{trackers} trackers x {len(targets)} sequences, {trackers * frames} boxes")
        click.echo(f"dslt      {ours:8.2f} s")
        if peer is None:
            return
        peers = [_peer(peer, folder, names) for _ in range(repeats)]
        theirs = statistics.median(seconds for seconds, _ in peers)
        gaps = [abs(runs[0][1][name] - peers[0][1][name]) for name in names]
        click.echo(f"got10k    {theirs:8.2f} s")
        click.echo(f"ratio     {theirs / ours:8.1f}")
        click.echo(f"largest difference of the success AUC: {max(gaps):.4f}")


def _definition() -> AnnotationsBenchmark:
    _, found = find_benchmark(read_definitions(config_file(BENCHMARKS)), "OTB-2015")
    assert isinstance(found, AnnotationsBenchmark)
    return found


def _write(
    folder: Path, targets: dict[str, Target], results: tuple[Path, ...], count: int
) -> list[str]:
    """Write ground truth and results as both toolkits read them: equal lengths, commas."""
    random = np.random.default_rng(0)
    for name, target in targets.items():
        write_boxes(folder / "truth" / _peer_name(name)[0] / _peer_name(name)[1], target.truth)
    names = []
    for number, source in enumerate(islice(cycle(results), count)):
        names.append(f"{source.name}-{number}")
        found = read_results(source, targets)[0]
        jitter = 2.0 * (number >= len(results))
        for name, target in targets.items():
            boxes = target.truth.copy()
            given = found[name].boxes[: len(boxes)]
            boxes[: len(given)] = given + random.normal(0, jitter, (len(given), 4))
            boxes[:, 2:] = np.maximum(boxes[:, 2:], 1)
            boxes[0] = target.truth[0]
            where = folder / "results" / "OTB2015" / names[-1]
            write_boxes(where / f"{name.replace('-', '.')}.txt", boxes)
        # Of a video with one target only, the peer drops the number.
        (where / "Human4.txt").write_bytes((where / "Human4.2.txt").read_bytes())
    return names


def _peer_name(name: str) -> tuple[str, str]:
    """Folder and file of a sequence's ground truth."""
    video, *number = name.split("-")
    return video, f"groundtruth_rect{''.join('.' + part for part in number)}.txt"


def _ours(folder: Path, names: list[str]) -> tuple[float, dict[str, float]]:
    """From files to the table, in this process."""
    start = time.perf_counter()
    definition = _definition()
    protocol = load_protocols(config_file(PROTOCOLS))[definition.protocol]
    targets, _ = load_targets(definition, folder / "truth")
    suite = Suite("OTB-2015", targets, protocol, name="otb", origin=1)
    results = folder / "results" / "OTB2015"
    scores = [evaluate(name, suite, results / name, 1) for name in names]
    overall_rows(contest(scores))
    seconds = time.perf_counter() - start
    return seconds, {one.cell: one.overall.success_auc or 0.0 for one in scores}


def _peer(python: str, folder: Path, names: list[str]) -> tuple[float, dict[str, float]]:
    """The same by got10k, in a process of its own."""
    command = [python, "-c", PEER, str(folder / "truth"), str(folder / "results"), *names]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, scores = json.loads(done.stdout.splitlines()[-1])
    return float(seconds), dict(scores)


if __name__ == "__main__":
    main()
