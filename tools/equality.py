"""How far lockstep and the exact path are apart on benchmarks, beside the bounds that were set.

    python tools/equality.py --index results/data/clips.parquet --tracker dslt/lite
    python tools/equality.py --index FILE --tracker siamfc/lite --weights model.pt --lockstep coarse
    python tools/equality.py --index FILE --tracker dslt/paper --as-on-gpu

Prints a row per benchmark: the part of the boxes that overlap by more than 0.9, the difference of
mean success AUC (lockstep minus exact, points) with its 95 % interval over source videos, and
whether all three are within the bounds of docs/deviations.md. `--as-on-gpu` computes on a CPU in
the ways of a GPU.
"""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path

import click
import numpy as np

from dslt.compare.intervals import interval_of_difference
from dslt.compare.ratios import RatioSums
from dslt.core.device import Device, arithmetic_of_gpu, choose_device, limit_threads
from dslt.core.errors import DsltError
from dslt.data.benchmarks.index_file import load_index
from dslt.geometry.boxes import iou
from dslt.score.ope import score
from dslt.settings.protocols import OpeProtocol, load_protocols
from dslt.settings.registry import entry_of
from dslt.study.cells import resolve_settings
from dslt.track.lockstep import SIZE, SequenceJob, run_lockstep
from dslt.track.one_pass import one_pass, run_tracker
from dslt.track.team import Team
from dslt.trackers.make import prepare, prepare_lanes

ROOT = Path(__file__).parents[1]
BOUNDS = {False: (0.99, 0.1, 0.5), True: (0.95, 0.5, 1.5)}
"""By whether it learns on the video: part of the boxes, points of AUC, points of its interval."""


@click.command()
@click.option("--index", "indices", multiple=True, required=True, type=Path)
@click.option("--tracker", "base", default="dslt/lite", show_default=True)
@click.option("--set", "overrides", default="", help="Settings, a.b=c; d=e.")
@click.option("--weights", type=Path)
@click.option("--sequence", "names", multiple=True, help="Default: all.")
@click.option("--lockstep", type=click.Choice(["exact", "coarse"]), default="exact")
@click.option("--lanes", default=8, show_default=True)
@click.option("--size", type=int, help="Lanes of a block. Default: the device's.")
@click.option("--as-on-gpu", is_flag=True)
@click.option("--device", default="cpu", show_default=True)
@click.option("--threads", default=1, show_default=True)
def main(
    indices: tuple[Path, ...],
    base: str,
    overrides: str,
    weights: Path | None,
    names: tuple[str, ...],
    lockstep: str,
    lanes: int,
    size: int | None,
    as_on_gpu: bool,
    device: Device,
    threads: int,
) -> None:
    """Run a tracker both ways and compare."""
    limit_threads(threads)
    settings = resolve_settings(base, overrides, ROOT / "config" / "trackers", base)
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["otb"]
    assert isinstance(protocol, OpeProtocol)
    share, points, width = BOUNDS[entry_of(settings).on_first_frame]
    make = prepare(settings, 0, device, weights)
    maker = prepare_lanes(settings, 0, device, weights, coarse=lockstep == "coarse")
    good = True
    for index in indices:
        benchmark = load_index(index)
        chosen = [name for name in benchmark.names if not names or name in names]
        exact, jobs = {}, []
        for name in chosen:
            frames, box = benchmark.sequence(name).frames, benchmark.entry(name).boxes()[0]
            exact[name] = run_tracker(make(), frames, box, name).boxes
            course = partial(one_pass, frames, box, name)
            jobs.append(SequenceJob(name, course, box, len(frames)))
        team = Team(maker, size or SIZE.get(choose_device(device), 1))
        found = {}
        with arithmetic_of_gpu() if as_on_gpu else nullcontext():
            for name, run in run_lockstep(jobs, team, lanes):
                if isinstance(run, DsltError):
                    raise run
                found[name] = run.boxes
        near = np.concatenate([iou(found[name], exact[name])[1:] for name in chosen])
        targets = [benchmark.entry(name) for name in chosen]
        aucs = [
            score([boxes[name] for name in chosen], targets, protocol).success_auc
            for boxes in (found, exact)
        ]
        first, second = (RatioSums.of_means(100 * auc[:, None]) for auc in aucs)
        videos = [target.video for target in targets]
        apart = interval_of_difference(first, second, videos, paired_seeds=True)
        low, high = apart.low, apart.high
        alike = float((near > 0.9).mean())
        fits = alike >= share and abs(apart.value) <= points
        fits = fits and low is not None and high is not None and max(-low, high) <= width
        good &= fits
        ends = "no interval" if low is None else f"[{low:+.2f}, {high:+.2f}]"
        equal = sum(np.array_equal(found[name], exact[name]) for name in chosen)
        click.echo(
            f"{base} {lockstep} on {benchmark.benchmark}: {len(chosen)} sequences, {equal} of them"
            f" the same to the bit; {100 * alike:.2f} % of {len(near)} boxes above 0.9; AUC"
            f" {100 * aucs[1].mean():.2f} exact, {apart.value:+.3f} {ends};"
            f" {'within' if fits else 'OUTSIDE'} the bounds"
        )
    sys.exit(not good)


if __name__ == "__main__":
    main()
