"""`dslt demo`: track a target in your own video."""

from collections.abc import Iterator
from pathlib import Path

import click
import cv2
import numpy as np
from tqdm import tqdm

from dslt.commands.options import DEVICE, ENGINE, PATH, SEED, WEIGHTS
from dslt.core.device import Device
from dslt.core.errors import DsltError
from dslt.core.files import sha256_file
from dslt.core.images import Frame, is_image
from dslt.data.sequences.frames import FrameSource, ImageFolder
from dslt.data.sequences.recording import FORMATS, description, write_video
from dslt.data.sequences.survey import survey_video
from dslt.data.sequences.video import VideoClip
from dslt.geometry.boxes import parse_box, write_boxes
from dslt.study.cells import resolve_settings
from dslt.track.one_pass import TrackerRun, run_tracker
from dslt.trackers.make import make_tracker

COLOUR = (213, 94, 0)  # vermillion, RGB
FALLBACK_RATE = 25.0
# Of the repository that this file belongs to, wherever the command is called from.
TRACKERS = Path(__file__).parents[3] / "config" / "trackers"
MARK = "made by dslt demo; SHA-256 of its boxes: "


def open_frames(source: Path) -> tuple[FrameSource, float, list[str]]:
    """Open a video file, a folder of images, or one image.

    Returns:
        The frames, their rate per second (25 for images), and what to know about them.

    Raises:
        DsltError: if there is nothing to read.
    """
    if source.is_dir():
        images = ImageFolder.scan(source)
        images[0]  # before its notes
        return images, FALLBACK_RATE, [f"{source}: {note}" for note in images.notes()]
    if not source.is_file():
        raise DsltError(f"{source}: no such video or folder of images")
    if is_image(source.name):
        return ImageFolder([source]), FALLBACK_RATE, []
    video = survey_video(source)
    clip = VideoClip(source, frames=video.frames)
    return clip, video.rate or FALLBACK_RATE, list(video.notes)


def draw(frame: Frame, box: np.ndarray, score: float) -> Frame:
    """Return a copy of a frame with a box and its score."""
    image = frame.copy()
    if not np.isfinite(box).all():
        return image
    x, y, w, h = (round(float(value)) for value in box)
    width = max(1, round(min(frame.shape[:2]) / 200))
    cv2.rectangle(image, (x, y), (x + w, y + h), COLOUR, width)
    if np.isfinite(score):
        place = (x, max(y - 2 * width, 12))
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(image, f"{score:.2f}", place, font, 0.2 * width + 0.3, COLOUR, width)
    return image


def check_out(path: Path, text: Path, source: Path, overwrite: bool) -> None:
    """Refuse files that cannot be written, or that are the user's, before anything is tracked.

    Raises:
        DsltError: if the suffix is unknown, the source would be overwritten, or so would a file
            that no earlier demo wrote.
    """
    if path.suffix.lower() not in FORMATS:
        raise DsltError(f"--out {path}: unknown video suffix; allowed: {', '.join(FORMATS)}")
    for made in (path, text):
        if made.exists() and source.exists() and made.samefile(source):
            what = f"{text}, where the boxes would go, " if made == text else ""
            raise DsltError(f"--out {path}: {what}is the source itself; expected another file")
    if overwrite:
        return
    mark = description(path) if path.exists() else ""
    if path.exists() and not mark.startswith(MARK):
        raise DsltError(
            f"--out {path}: is there already and was not written by dslt demo; choose another "
            "name, or say --overwrite"
        )
    if text.exists() and not mark:
        raise DsltError(
            f"{text}: is there already, where the boxes are to go, without the video {path.name} "
            "that would show that dslt demo wrote it (as after a demo that was ended early); say "
            "--overwrite if it may go, or choose another --out"
        )
    if text.exists() and mark != MARK + sha256_file(text):
        raise DsltError(
            f"{text}: is there already, where the boxes are to go, and is not (or no longer) what "
            f"dslt demo wrote beside {path.name}; choose another --out, or say --overwrite"
        )


def drawn(frames: FrameSource, run: TrackerRun) -> Iterator[Frame]:
    """Yield the frames with their boxes."""
    for index in tqdm(range(len(frames)), desc="writing", unit="frame"):
        yield draw(frames[index], run.boxes[index], run.scores[index])


@click.command()
@click.argument("source", type=PATH)
@click.option("--box", required=True, help="Target in the first frame: x,y,w,h in pixels, 0-based.")
@click.option("--out", required=True, type=PATH, help="Video to write.")
@click.option("--overwrite", is_flag=True, help="Write over files that dslt demo did not make.")
@click.option("--tracker", default="dslt/lite", show_default=True, help="tracker/preset.")
@click.option(
    "--set", "overrides", multiple=True, help="Setting, for example tracking.scale.step=1.05."
)
@click.option(
    "--trackers",
    type=PATH,
    default=TRACKERS,
    show_default=True,
    help="Folder of the presets.",
)
@WEIGHTS
@SEED
@DEVICE
@ENGINE
def command(
    source: Path,
    box: str,
    out: Path,
    overwrite: bool,
    tracker: str,
    overrides: tuple[str, ...],
    trackers: Path,
    weights: Path | None,
    seed: int,
    device: Device,
) -> None:
    """Track a target in SOURCE, a video or a folder of images.

    Writes the video with the boxes drawn, and beside it a text file of the boxes (x,y,w,h, 0-based,
    one row per frame).
    """
    text = out.with_suffix(".txt")
    check_out(out, text, source, overwrite)
    settings = resolve_settings(tracker, ";".join(overrides), trackers, f"--tracker {tracker}")
    start = parse_box(box, "--box")
    frames, rate, notes = open_frames(source)
    for note in notes:
        click.echo(f"note: {note}", err=True)
    with tqdm(total=len(frames), desc="tracking", unit="frame") as bar:
        made = make_tracker(settings, seed, device, weights)
        run = run_tracker(made, frames, start, f"{source}, --box", bar.update)
    if isinstance(frames, ImageFolder):  # of which all are read now
        for note in frames.notes():
            if f"{source}: {note}" not in notes:
                click.echo(f"note: {source}: {note}", err=True)
    write_boxes(text, run.boxes, origin=0)
    try:
        write_video(out, drawn(frames, run), rate, MARK + sha256_file(text))
    except DsltError as error:
        raise DsltError(f"{error}; the boxes are in {text}") from error
    click.echo(f"{out}: {len(frames)} frames; boxes in {text}")
