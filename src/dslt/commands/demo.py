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
from dslt.core.files import atomic_write
from dslt.core.images import Frame
from dslt.data.sequences.frames import FrameSource, ImageFolder
from dslt.data.sequences.video import VideoClip, count_frames
from dslt.geometry.boxes import parse_box, write_boxes
from dslt.study.cells import resolve_settings
from dslt.track.one_pass import TrackerRun, run_tracker
from dslt.trackers.make import make_tracker

COLOUR = (213, 94, 0)  # vermillion, RGB
FALLBACK_RATE = 25.0
# Of the repository that this file belongs to, wherever the command is called from.
TRACKERS = Path(__file__).parents[3] / "config" / "trackers"
CODECS = {".mp4": "mp4v", ".avi": "MJPG", ".mkv": "mp4v"}


def open_frames(source: Path) -> tuple[FrameSource, float]:
    """Open a video file or a folder of images.

    Returns:
        The frames, and their rate per second (25 for a folder).

    Raises:
        DsltError: if there is nothing to read.
    """
    if source.is_dir():
        return ImageFolder.scan(source), FALLBACK_RATE
    if not source.is_file():
        raise DsltError(f"{source}: no such video or folder of images")
    capture = cv2.VideoCapture(str(source))
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return VideoClip(source), rate if rate and np.isfinite(rate) else FALLBACK_RATE


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


def check_out(path: Path, source: Path) -> None:
    """Refuse a video that cannot be written, before anything is tracked.

    Raises:
        DsltError: if the suffix is unknown or the source would be overwritten.
    """
    if path.suffix.lower() not in CODECS:
        raise DsltError(f"--out {path}: unknown video suffix; allowed: {', '.join(CODECS)}")
    if path.resolve() == source.resolve():
        raise DsltError(f"--out {path}: is the source itself; expected another file")


def write_video(path: Path, frames: Iterator[Frame], size: tuple[int, int], rate: float) -> None:
    """Write frames as a video whose format follows from the suffix.

    Raises:
        DsltError: if the format cannot be written here, or not all frames arrived.
    """
    codec = CODECS[path.suffix.lower()]
    with atomic_write(path) as temporary:
        writer = cv2.VideoWriter(str(temporary), cv2.VideoWriter.fourcc(*codec), rate, size)
        if not writer.isOpened():
            raise DsltError(f"{path}: OpenCV cannot write {codec} video here")
        count = 0
        for frame in frames:
            writer.write(frame[:, :, ::-1])
            count += 1
        writer.release()
        # OpenCV says nothing of a full disk.
        if count_frames(temporary) != count:
            raise DsltError(f"{path}: the video lost frames; is the disk full?")


def drawn(frames: FrameSource, run: TrackerRun) -> Iterator[Frame]:
    """Yield the frames with their boxes."""
    for index in tqdm(range(len(frames)), desc="writing", unit="frame"):
        yield draw(frames[index], run.boxes[index], run.scores[index])


@click.command()
@click.argument("source", type=PATH)
@click.option("--box", required=True, help="Target in the first frame: x,y,w,h in pixels, 0-based.")
@click.option("--out", required=True, type=PATH, help="Video to write.")
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
    check_out(out, source)
    settings = resolve_settings(tracker, ";".join(overrides), trackers, f"--tracker {tracker}")
    start = parse_box(box, "--box")
    frames, rate = open_frames(source)
    with tqdm(total=len(frames), desc="tracking", unit="frame") as bar:
        made = make_tracker(settings, seed, device, weights)
        run = run_tracker(made, frames, start, f"{source}, --box", bar.update)
    text = out.with_suffix(".txt")
    write_boxes(text, run.boxes, origin=0)
    height, width = frames[0].shape[:2]
    write_video(out, drawn(frames, run), (width, height), rate)
    click.echo(f"{out}: {len(frames)} frames; boxes in {text}")
