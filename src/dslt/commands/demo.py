"""`dslt demo`: track targets in your own video."""

from dataclasses import asdict
from pathlib import Path

import click

from dslt.commands.options import DEVICE, ENGINE, OVERRIDES, PATH, PRESETS, SEED, WEIGHTS
from dslt.core.device import Device, choose_device, frozen_networks
from dslt.demo.choice import choose
from dslt.demo.follow import DemoRun, TargetTrack
from dslt.demo.footage import Moment, open_footage, parse_moment
from dslt.demo.lost import LostRule, below_level, read_lost_settings
from dslt.demo.outputs import Outputs
from dslt.demo.show import demonstrate
from dslt.demo.targets import make_targets, parse_targets
from dslt.settings.registry import entry_of
from dslt.trackers.make import prepare, prepare_stream


@click.command()
@click.argument("source", type=PATH)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    metavar="[NAME=]X,Y,W,H",
    help="Target in the first frame, in pixels, 0-based; repeat for several. Default: they are "
    "drawn by hand in a window.",
)
@click.option("--out", required=True, type=PATH, help="Video to write: .webm, .mp4, .mkv or .avi.")
@click.option("--overwrite", is_flag=True, help="Write over files that dslt demo did not make.")
@click.option("--start", metavar="WHEN", help="First frame: its number, or a time (4.8s, 1:04.8).")
@click.option("--end", metavar="WHEN", help="Last frame, likewise.")
@click.option(
    "--tracker", default="dslt/lite", show_default=True, help="tracker/preset, or a cell's id."
)
@OVERRIDES
@PRESETS
@click.option(
    "--lost",
    "below",
    type=click.FloatRange(0, 1),
    help="Fraction of the score's level on the first frames up to which a target is lost. "
    "Default: by tracker, from config/lost.yaml.",
)
@click.option(
    "--graphs",
    is_flag=True,
    help="Less latency on a CUDA GPU: each frame is one graph, with the arithmetic of lockstep. "
    "Elsewhere the same without graphs. Not for RT-MDNet.",
)
@WEIGHTS
@SEED
@DEVICE
@ENGINE
def command(
    source: Path,
    boxes: tuple[str, ...],
    out: Path,
    overwrite: bool,
    start: str | None,
    end: str | None,
    tracker: str,
    overrides: tuple[str, ...],
    trackers: Path | None,
    below: float | None,
    graphs: bool,
    weights: Path | None,
    seed: int,
    device: Device,
) -> None:
    """Track targets in SOURCE: a video, a folder of images, or a camera's number.

    Writes the video with the boxes drawn and, beside it, named after it: a text of each target's
    boxes (x,y,w,h, 0-based, a row per frame), a table (.csv) and a summary (.json) of boxes, scores
    and states, MOTChallenge's text (.mot.txt), and a contact sheet (.png).

    A target is drawn dashed and grey while it counts as lost: its score is not above a fraction of
    its level, the median over the first frames. A camera is recorded until --end or Ctrl-C.

    A tracker that learns offline takes its network from --weights, or else from the study in the
    current folder (results/train).
    """
    outputs, targets = Outputs(out), parse_targets(boxes)
    if not targets:
        from dslt.demo.by_hand import check_display, draw_boxes  # here: they need matplotlib

        check_display()
    outputs.check([target.name for target in targets], source, overwrite)
    choice = choose(tracker, ";".join(overrides), trackers, weights, seed)
    lost = read_lost_settings()
    if below is None:
        below = below_level(lost, choice.settings.tracker)
    footage = open_footage(source, moment("--start", start), moment("--end", end))
    for note in footage.notes():
        click.echo(f"note: {note}", err=True)
    if not targets:
        frame, footage = footage.shown_first()
        targets = make_targets(draw_boxes(frame))
        outputs.check([target.name for target in targets], source, overwrite)
    run = DemoRun([TargetTrack(target, LostRule(below, lost.frames)) for target in targets])
    learns = entry_of(choice.settings).learns != "never"
    place = choose_device(device) if learns else "cpu"
    about = {
        "source": str(source),
        "first_frame": footage.first,
        "rate": footage.rate,
        "tracker": choice.about(),
        "device": place,
        "frozen": asdict(frozen_networks()) if learns and place == "cpu" else None,
        "graphs": graphs,
    }
    make = (prepare_stream if graphs else prepare)(choice.settings, seed, device, choice.weights)
    for line in demonstrate(footage, run, make, outputs, about):
        click.echo(line)


def moment(option: str, text: str | None) -> Moment | None:
    """Read --start or --end, where it is given."""
    return None if text is None else parse_moment(text, option)
