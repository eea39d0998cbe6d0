"""Speed of the default cell beside OpenCV's CSRT and KCF and a plain implementation, in one run.

    python speed/tracking.py --index results/data/clips.parquet
    python speed/tracking.py --root FOLDER_OF_SEQUENCES --threads 2

Prints, per tracker, the median over sequences of the median frames/s after the first frame
(tracking alone, decoding excluded), the median initialisation, and the accuracy, so that a faster
but worse setting shows. Machines differ: compare the rows of one run. A tracker `plain:dslt/PRESET`
is that preset with the loops of `plain.py`.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import click
import numpy as np
from plain import plain_loops

from dslt.core.device import Device, limit_threads
from dslt.data.benchmarks.build_index import build_index
from dslt.data.benchmarks.definitions import parse_benchmark
from dslt.data.benchmarks.index_file import load_index
from dslt.score.ope import score
from dslt.settings.protocols import OpeProtocol, load_protocols
from dslt.study.cells import resolve_settings
from dslt.track.one_pass import run_tracker
from dslt.trackers.make import make_tracker

ROOT = Path(__file__).parents[1]


@click.command()
@click.option("--index", type=click.Path(path_type=Path), help="Benchmark index.")
@click.option("--root", type=click.Path(path_type=Path), help="Folder of sequences (OTB layout).")
@click.option(
    "--tracker",
    "bases",
    multiple=True,
    default=("dslt/lite", "plain:dslt/lite", "opencv/csrt", "opencv/kcf"),
)
@click.option("--set", "overrides", default="", help="Settings of the DSLT trackers, a.b=c; d=e.")
@click.option("--sequence", "names", multiple=True, help="Default: all.")
@click.option("--threads", default=2, show_default=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--seed", default=0, show_default=True)
def main(
    index: Path | None,
    root: Path | None,
    bases: tuple[str, ...],
    overrides: str,
    names: tuple[str, ...],
    threads: int,
    device: Device,
    seed: int,
) -> None:
    """Measure the trackers one after the other."""
    limit_threads(threads)
    if (index is None) == (root is None):
        raise click.UsageError("give either --index or --root")
    if index is not None:
        benchmark = load_index(index)
    else:
        definition = {"kind": "folder", "title": "folder", "root": str(root), "protocol": "otb"}
        benchmark = build_index("folder", parse_benchmark("folder", definition), Path("data"))
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["otb"]
    assert isinstance(protocol, OpeProtocol)
    chosen = list(names or benchmark.names)
    for base in bases:
        preset = base.removeprefix("plain:")
        if preset != base and not preset.startswith("dslt/"):
            raise click.UsageError(f"--tracker {base}: only DSLT has plain loops")
        changes = overrides if preset.startswith("dslt") else ""
        settings = resolve_settings(preset, changes, ROOT / "config" / "trackers", preset)
        boxes, targets, rates, starts = [], [], [], []
        for name in chosen:
            sequence = benchmark.sequence(name)
            with plain_loops() if base.startswith("plain:") else nullcontext():
                tracker = make_tracker(settings, seed, device)
                run = run_tracker(tracker, sequence.frames, sequence.initial_box, name)
            boxes.append(run.boxes)
            targets.append(benchmark.entry(name))
            rates.append(1 / np.median(run.seconds[1:]))
            starts.append(run.seconds[0])
            one = score(boxes[-1:], targets[-1:], protocol)
            click.echo(
                f"  {base:15} {name:24} {rates[-1]:7.1f} frames/s, first frame "
                f"{starts[-1]:5.2f} s, AUC {one.success_auc[0]:.3f}, DP {one.precision_20[0]:.3f}"
            )
        result = score(boxes, targets, protocol)
        click.echo(
            f"{base:15} median {np.median(rates):7.1f} frames/s, first frame "
            f"{np.median(starts):5.2f} s (worst {max(starts):.2f}), mean AUC "
            f"{np.mean(result.success_auc):.3f}, DP {np.mean(result.precision_20):.3f}, "
            f"{len(chosen)} sequences, {threads} threads"
        )


if __name__ == "__main__":
    main()
