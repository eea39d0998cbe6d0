"""How far lockstep and the exact path are apart on benchmarks, beside the bounds that were set.

    python speed/equality.py --index results/data/clips.parquet --tracker dslt/lite
    python speed/equality.py --index FILE --tracker siamfc/lite --weights model.pt --lockstep coarse
    python speed/equality.py --index FILE --tracker dslt/paper --as-on-gpu

Prints a row per benchmark: the part of the boxes that overlap by more than 0.9, the difference of
mean success AUC (lockstep minus exact, points) with its 95 % interval over source videos, and
whether all three are within the bounds of docs/deviations.md. `--as-on-gpu` computes on a CPU in
the ways of a GPU.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence as Several
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from streams import run_together

from dslt.compare.intervals import Interval, interval_of_difference
from dslt.compare.ratios import RatioSums
from dslt.core.device import Device, arithmetic_of_gpu, choose_device, limit_threads
from dslt.data.benchmarks.index_file import load_index
from dslt.data.sequences.target import Target
from dslt.geometry.boxes import Boxes, iou
from dslt.score.ope import score
from dslt.settings.protocols import OpeProtocol, load_protocols
from dslt.settings.registry import entry_of
from dslt.study.cells import resolve_settings
from dslt.track.lockstep import SIZE
from dslt.track.one_pass import run_tracker
from dslt.trackers.make import prepare, prepare_lanes

ROOT = Path(__file__).parents[1]
SAME = 0.9  # overlap from which a box counts as the same


@dataclass(frozen=True)
class Bounds:
    """How far lockstep may differ from the exact path.

    Attributes:
        same: Least part of the boxes that overlap by more than `SAME`, %.
        difference: Largest difference of mean success AUC, points.
        farthest: Largest distance of its interval's ends from 0, points.
    """

    same: float
    difference: float
    farthest: float


BOUNDS = {False: Bounds(99, 0.1, 0.5), True: Bounds(95, 0.5, 1.5)}
"""By whether the tracker learns on the video."""


@dataclass(frozen=True)
class Apart:
    """How far lockstep is from the exact path.

    Attributes:
        equal: Sequences whose boxes are the same to the bit.
        boxes: Boxes that were compared.
        same: Part of them that overlap by more than `SAME`, %.
        auc: Mean success AUC of the exact path, %.
        difference: That of lockstep minus it, points, with its interval over source videos.
    """

    equal: int
    boxes: int
    same: float
    auc: float
    difference: Interval

    @property
    def farthest(self) -> float | None:
        """Distance of the farther end of the interval from 0; None without an interval."""
        low, high = self.difference.low, self.difference.high
        return None if low is None or high is None else max(abs(low), abs(high))

    def fits(self, bounds: Bounds) -> bool:
        """Tell whether all three are within the bounds; without an interval they are not."""
        near = self.same >= bounds.same and abs(self.difference.value) <= bounds.difference
        return near and self.farthest is not None and self.farthest <= bounds.farthest


def compare(together: Several[Boxes], exact: Several[Boxes], targets: Several[Target]) -> Apart:
    """Compare the boxes of sequences from lockstep with those of the exact path."""
    protocol = load_protocols(ROOT / "config" / "protocols.yaml")["otb"]
    assert isinstance(protocol, OpeProtocol)
    pairs = list(zip(together, exact, strict=True))
    overlaps = np.concatenate([iou(one[1:], other[1:]) for one, other in pairs])
    first, second = (
        RatioSums.of_means(100 * score(boxes, targets, protocol).success_auc[:, None])
        for boxes in (together, exact)
    )
    videos = [target.video for target in targets]
    return Apart(
        equal=sum(np.array_equal(one, other) for one, other in pairs),
        boxes=len(overlaps),
        same=100 * float((overlaps > SAME).mean()),
        auc=second.value(),
        difference=interval_of_difference(first, second, videos, paired_seeds=True),
    )


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
    make = prepare(settings, 0, device, weights)
    maker = prepare_lanes(settings, 0, device, weights, coarse=lockstep == "coarse")
    bounds = BOUNDS[entry_of(settings).on_first_frame]
    good = True
    for index in indices:
        benchmark = load_index(index)
        chosen = [name for name in benchmark.names if not names or name in names]
        sequences = [benchmark.sequence(name) for name in chosen]
        exact = [
            run_tracker(make(), one.frames, one.initial_box, one.name).boxes for one in sequences
        ]
        with arithmetic_of_gpu() if as_on_gpu else nullcontext():
            runs = run_together(maker, size or SIZE.get(choose_device(device), 1), sequences, lanes)
        targets = [benchmark.entry(name) for name in chosen]
        apart = compare([run.boxes for run in runs], exact, targets)
        fits = apart.fits(bounds)
        good &= fits
        low, high = apart.difference.low, apart.difference.high
        ends = "no interval" if low is None else f"[{low:+.2f}, {high:+.2f}]"
        click.echo(
            f"{base} {lockstep} on {benchmark.benchmark}: {len(chosen)} sequences,"
            f" {apart.equal} of them the same to the bit; {apart.same:.2f} % of {apart.boxes} boxes"
            f" above {SAME}; AUC {apart.auc:.2f} exact, {apart.difference.value:+.3f} {ends};"
            f" {'within' if fits else 'OUTSIDE'} the bounds"
        )
    sys.exit(not good)


if __name__ == "__main__":
    main()
