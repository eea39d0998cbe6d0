"""How fast trackers follow made-up videos: one stream, and many in lockstep; used by other scripts.

Frames are JPEG images of 480p in memory and are decoded as files are, so one run tells both: the
speed with decoding, and the speed apart from it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence as Several
from dataclasses import replace
from functools import partial

import cv2
import numpy as np

from dslt.core.images import Frame
from dslt.data.pairs.heldout import heldout
from dslt.data.sequences.frames import ImageFrames, Sequence
from dslt.study.cost.speeds import LockstepSpeed, TrackingSpeed
from dslt.track.lockstep import SIZE, SequenceJob, run_lockstep
from dslt.track.one_pass import TrackerRun, one_pass, run_tracker
from dslt.track.team import Team
from dslt.trackers.base import Tracker
from dslt.trackers.lanes import LaneMaker

ROWS, COLUMNS = 480, 640
DIFFERENT = 8  # videos that are rendered; more targets are other boxes in them


class JpegFrames(ImageFrames):
    """Frames from JPEG images in memory; a `FrameSource`."""

    def __init__(self, images: Several[bytes]) -> None:
        """Take the images."""
        super().__init__(len(images), None)
        self.images = images

    def _where(self, position: int) -> str:
        return f"made-up frame {position}"

    def _data(self, position: int) -> bytes:
        return self.images[position]


def jpeg_videos(procedural: int, texture: int, frames: int) -> list[Sequence]:
    """Make the videos of `heldout`, with a mirrored margin about them that makes them 480p."""
    made = []
    for one in heldout(procedural, texture, frames, 0):
        images = [one.frames[number] for number in range(frames)]
        height, width = images[0].shape[:2]
        margin = np.array([(COLUMNS - width) / 2, (ROWS - height) / 2, 0, 0])
        source = JpegFrames([_jpeg(image) for image in images])
        made.append(Sequence(one.name, source, one.ground_truth + margin, video=one.video))
    return made


def _jpeg(frame: Frame) -> bytes:
    """Frame with a margin, as a JPEG image."""
    height, width = frame.shape[:2]
    rows, columns = (ROWS - height) // 2, (COLUMNS - width) // 2
    wide = np.pad(frame, ((rows, rows), (columns, columns), (0, 0)), mode="reflect")
    _, image = cv2.imencode(".jpg", cv2.cvtColor(wide, cv2.COLOR_RGB2BGR))
    return image.tobytes()


def many_targets(count: int, frames: int) -> list[Sequence]:
    """Make sequences whose targets differ in size and ratio, as those of a benchmark do."""
    videos = jpeg_videos(min(count, DIFFERENT), 0, frames)
    random, made = np.random.default_rng(0), []
    for number in range(count):
        video = videos[number % len(videos)]
        boxes = video.ground_truth.copy()
        sides = np.exp(random.uniform(np.log(0.6), np.log(1.6), 2)) * boxes[:, 2:]
        boxes[:, :2] += (boxes[:, 2:] - sides) / 2
        boxes[:, 2:] = sides
        made.append(replace(video, name=f"target-{number:03d}", ground_truth=boxes))
    return made


def stream_speed(tracker: Tracker, frames: int) -> TrackingSpeed:
    """Run a fresh tracker over a video.

    With decoding it is timed from the second frame on, in which the first search compiles a network
    or captures a graph. Decoded frames that waited then, at most four, count as decoded since.
    """
    (video,) = jpeg_videos(1, 0, frames)
    stamps: list[float] = []
    run = run_tracker(
        tracker,
        video.frames,
        video.initial_box,
        video.name,
        lambda: stamps.append(time.perf_counter()),
    )
    return TrackingSpeed(
        frames=rounded(1 / np.median(run.seconds[1:])),
        decoded=rounded((frames - 2) / (stamps[-1] - stamps[1])),
        first=rounded(run.seconds[0]),
    )


def lockstep_speed(maker: LaneMaker, device: str, sequences: Several[Sequence]) -> LockstepSpeed:
    """Run sequences of one length in lockstep, all at once; see `stream_speed`."""
    stamps: list[float] = []
    lanes = len(sequences)
    runs = run_together(maker, SIZE[device], sequences, lanes, stamps)
    # Each has an equal share of what a step took.
    steps = np.sum([run.seconds for run in runs], axis=0)
    frames = len(steps) - 1
    return LockstepSpeed(
        lanes=lanes,
        frames=rounded(lanes / np.median(steps[1:])),
        decoded=rounded(lanes * frames / (stamps[-1] - stamps[lanes - 1])),
        first=rounded(steps[0] / lanes),
    )


def run_together(
    maker: LaneMaker,
    size: int,
    sequences: Several[Sequence],
    lanes: int,
    stamps: list[float] | None = None,
) -> list[TrackerRun]:
    """Run sequences in lockstep; the runs in their order.

    Args:
        maker: Makes the lanes.
        size: Lanes of a block.
        sequences: The sequences, of different names.
        lanes: Most sequences at a time.
        stamps: Gets the time of each frame that is done.

    Raises:
        DsltError: What ended one of them.
    """
    times = [] if stamps is None else stamps
    jobs = [
        SequenceJob(
            one.name,
            partial(
                one_pass,
                one.frames,
                one.initial_box,
                one.name,
                lambda: times.append(time.perf_counter()),
            ),
            one.initial_box,
            len(one),
        )
        for one in sequences
    ]
    found: dict[str, TrackerRun] = {}
    for name, run in run_lockstep(jobs, Team(maker, size), lanes):
        if isinstance(run, Exception):
            raise run
        found[name] = run
    return [found[one.name] for one in sequences]


def rounded(value: float | np.floating) -> float:
    """Keep three digits."""
    return float(f"{value:.3g}")
